//! What is done to a user, and the request that does it.

use proptest::prelude::*;
use proptest::sample::select;
use reqwest::Method;
use roster_model::user::status::LifecycleOperation as Do;
use serde_json::{Value, json};

use crate::context::profile;

const ANSWER: &str = "Annie Oakley";

/// The password behind [`hash`].
pub(super) const IMPORTED: &str = "Imported0ne";

pub(super) fn hash() -> Value {
    json!({ "algorithm": "SHA-256", "value": "2KvEpfIvDaywPyiAd8KSa7hyDVug/zfr9bPckv0Cxwc=" })
}

fn question() -> Value {
    json!({ "question": "Who shoots best?", "answer": ANSWER })
}

/// A password that a step sets: one of a few, so that some come again, or one that the policy refuses.
pub(super) type NewPassword = &'static str;
pub(super) const PASSWORDS: [NewPassword; 7] =
    ["Abcd1234#0", "Abcd1234#1", "Abcd1234#2", "Abcd1234#3", "Abcd1234#4", "Abcd1234#5", "weak"];

/// What is done to a user.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// createUser with these credentials, activated or not.
    Create(Given, bool),
    /// An operation that brings nothing but itself.
    Plain(Do),
    /// changePassword, with the right password or another one.
    ChangePassword(bool, NewPassword),
    /// changeRecoveryQuestion, with the right password or another one.
    ChangeRecoveryQuestion(bool),
    /// forgotPasswordSetNewPassword, with the right answer or another one.
    ForgotPasswordSetNewPassword(bool, NewPassword),
    /// A profile, by partialUpdateUser or updateUser.
    UpdateProfile(Method),
    /// A password, by partialUpdateUser or updateUser.
    SetPassword(Method, NewPassword),
    /// A hash, by partialUpdateUser or updateUser.
    SetPasswordHash(Method),
    /// A recovery question, by partialUpdateUser or updateUser.
    SetRecoveryQuestion(Method),
    /// Too many failed sign-ins.
    LockOut,
}

/// The steps that bring nothing and do not take the user away.
pub(super) const PLAIN: [Do; 10] = [
    Do::Activate,
    Do::Reactivate,
    Do::Suspend,
    Do::Unsuspend,
    Do::Unlock,
    Do::ExpirePassword,
    Do::ExpirePasswordWithTemporaryPassword,
    Do::ResetPassword,
    Do::ResetFactors,
    Do::ForgotPassword,
];

impl Step {
    /// The row of the table that it asks.
    pub(super) fn operation(&self) -> Option<Do> {
        Some(match self {
            Self::Plain(operation) => *operation,
            Self::ChangePassword(..) => Do::ChangePassword,
            Self::ChangeRecoveryQuestion(_) => Do::ChangeRecoveryQuestion,
            Self::ForgotPasswordSetNewPassword(..) => Do::ForgotPasswordSetNewPassword,
            Self::UpdateProfile(_) | Self::SetRecoveryQuestion(_) => Do::UpdateProfile,
            Self::SetPassword(..) => Do::SetPassword,
            Self::SetPasswordHash(_) => Do::SetPasswordHash,
            Self::Create(..) | Self::LockOut => return None,
        })
    }
}

/// The credentials of a new user.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given {
    Nothing,
    Question,
    Password,
    PasswordAndQuestion,
    Hash,
    Federation,
}

pub(super) fn given() -> impl Strategy<Value = Given> {
    use Given::{Federation, Hash, Nothing, Password, PasswordAndQuestion, Question};
    select(vec![Nothing, Question, Password, PasswordAndQuestion, PasswordAndQuestion, Hash, Federation])
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let method = || select(vec![Method::POST, Method::PUT]);
    let (right, new) = (|| prop::bool::weighted(0.8), || select(&PASSWORDS[..]));
    prop_oneof![
        1 => (given(), any::<bool>()).prop_map(|(given, activate)| Step::Create(given, activate)),
        20 => select(&PLAIN[..]).prop_map(Step::Plain),
        3 => select(vec![Do::Deactivate, Do::Delete]).prop_map(Step::Plain),
        10 => (right(), new()).prop_map(|(right, new)| Step::ChangePassword(right, new)),
        2 => right().prop_map(Step::ChangeRecoveryQuestion),
        4 => (right(), new()).prop_map(|(right, new)| Step::ForgotPasswordSetNewPassword(right, new)),
        2 => method().prop_map(Step::UpdateProfile),
        3 => (method(), new()).prop_map(|(method, new)| Step::SetPassword(method, new)),
        2 => method().prop_map(Step::SetPasswordHash),
        1 => method().prop_map(Step::SetRecoveryQuestion),
        1 => Just(Step::LockOut),
    ]
}

/// The request of a step. `password` is the one that the user has.
pub(super) fn request(step: &Step, login: &str, password: &str) -> (Method, String, Option<Value>) {
    let post = |rest: &str, body| (Method::POST, rest.to_owned(), body);
    let value = |text: &str| json!({ "value": text });
    let guess = |right: bool| value(if right { password } else { "Wrong1234#" });
    match step {
        Step::Create(given, activate) => {
            let credentials = match given {
                Given::Nothing => json!({}),
                Given::Question => json!({ "recovery_question": question() }),
                Given::Password => json!({ "password": value(PASSWORDS[0]) }),
                Given::PasswordAndQuestion => {
                    json!({ "password": value(PASSWORDS[0]), "recovery_question": question() })
                }
                Given::Hash => json!({ "password": { "hash": hash() } }),
                Given::Federation => json!({ "provider": { "type": "FEDERATION" } }),
            };
            let body = json!({ "profile": profile(login), "credentials": credentials });
            post(&format!("?provider=true&activate={activate}"), Some(body))
        }
        Step::Plain(Do::Delete) => (Method::DELETE, String::new(), None),
        Step::Plain(operation) => post(plain_path(*operation), None),
        Step::ChangePassword(right, new) => {
            let body = json!({ "oldPassword": guess(*right), "newPassword": value(new) });
            post("/credentials/change_password", Some(body))
        }
        Step::ChangeRecoveryQuestion(right) => {
            let body = json!({ "password": guess(*right), "recovery_question": question() });
            post("/credentials/change_recovery_question", Some(body))
        }
        Step::ForgotPasswordSetNewPassword(right, new) => {
            let answer = if *right { ANSWER } else { "Calamity Jane" };
            let body = json!({ "password": value(new), "recovery_question": { "answer": answer } });
            post("/credentials/forgot_password_recovery_question", Some(body))
        }
        Step::UpdateProfile(method) => (method.clone(), String::new(), Some(json!({ "profile": profile(login) }))),
        Step::SetPassword(method, new) => set(method, &json!({ "password": value(new) })),
        Step::SetPasswordHash(method) => set(method, &json!({ "password": { "hash": hash() } })),
        Step::SetRecoveryQuestion(method) => set(method, &json!({ "recovery_question": question() })),
        Step::LockOut => unreachable!("no request locks a user out"),
    }
}

fn set(method: &Method, credentials: &Value) -> (Method, String, Option<Value>) {
    (method.clone(), String::new(), Some(json!({ "credentials": credentials })))
}

fn plain_path(operation: Do) -> &'static str {
    match operation {
        Do::Activate => "/lifecycle/activate?sendEmail=false",
        Do::Reactivate => "/lifecycle/reactivate",
        Do::Deactivate => "/lifecycle/deactivate",
        Do::Suspend => "/lifecycle/suspend",
        Do::Unsuspend => "/lifecycle/unsuspend",
        Do::Unlock => "/lifecycle/unlock",
        Do::ExpirePassword => "/lifecycle/expire_password",
        Do::ExpirePasswordWithTemporaryPassword => "/lifecycle/expire_password_with_temp_password",
        Do::ResetPassword => "/lifecycle/reset_password",
        Do::ResetFactors => "/lifecycle/reset_factors",
        Do::ForgotPassword => "/credentials/forgot_password",
        other => unreachable!("{other:?} is a step of its own"),
    }
}
