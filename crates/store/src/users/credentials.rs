//! The credential operations (behaviour.md C.8) and what setting a password means.
//!
//! Hashing takes milliseconds on other threads, so it happens before the transaction; the transaction then makes sure that
//! what was checked is still what is stored.

use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::event::EventType;
use roster_model::id::{OrgKey, UserKey};
use roster_model::message::MessageKind;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::credentials::{
    PasswordInput, Provider, StoredCredentials, StoredPassword, StoredRecoveryQuestion,
};
use roster_model::user::password_policy::{Password, PasswordPolicy};
use roster_model::user::profile::Profile;
use roster_model::user::recovery_question::{RecoveryQuestion, fold_answer};
use roster_model::user::status::{LifecycleOperation, Refusal};
use serde_json::{Map, json};

use super::related::end_sessions;
use super::tokens::{self, Purpose};
use super::{find, find_to_change, party, save};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::secret::Secret;
use crate::{Store, authn, params, policies};

/// A request to change a password by its owner.
#[derive(Clone)]
pub struct ChangePassword {
    /// The password they have.
    pub old_password: Password,
    /// The password they want.
    pub new_password: Password,
    /// Whether the minimum age of a password counts.
    pub strict: bool,
    /// Whether to end their sessions.
    pub revoke_sessions: bool,
}

/// A request to change a recovery question by its owner.
#[derive(Clone)]
pub struct ChangeRecoveryQuestion {
    /// Their password.
    pub password: Password,
    /// The question and answer they want.
    pub recovery_question: RecoveryQuestion,
}

/// A request to replace a forgotten password by answering the recovery question.
#[derive(Clone)]
pub struct ForgotPasswordSetNewPassword {
    /// The answer.
    pub answer: String,
    /// The password they want.
    pub new_password: Password,
    /// Whether to tell them by e-mail.
    pub send_email: bool,
}

impl Store {
    /// changePassword.
    ///
    /// # Errors
    /// E0000014 for a wrong old password or one that breaks the policy, or the user's status refuses it.
    pub async fn change_password(
        &self,
        change: &Change,
        asked: &str,
        request: ChangePassword,
    ) -> Result<StoredCredentials, Error> {
        let operation = LifecycleOperation::ChangePassword;
        let known = self.credentials_of(change, asked).await?;
        known.user.allows(operation)?;
        let Some(current) = known.user.credentials.password.clone() else {
            return Err(Refusal::NoPasswordChange.into());
        };
        let correct = self.hasher().verify(request.old_password, current.clone()).await?;
        if !correct || known.temporary_password_expired {
            return Err(old_password_incorrect().into());
        }
        let profile = known.user.profile().map_err(EngineError::from)?;
        let too_young = request.strict && known.is_too_young(change);
        if too_young
            || !known.is_complex(&request.new_password, &profile)
            || self.is_reused(&request.new_password, &known).await?
        {
            return Err(known.update_refused().into());
        }
        let hashed = self.hasher().hash(request.new_password).await?;
        let replacement = Replacement { operation, hashed, revoke_sessions: request.revoke_sessions, send_email: true };
        self.replace_password(change, asked, replacement, move |user| {
            // Somebody changed it while this was being hashed: the old password given is no longer the user's.
            if user.credentials.password.as_ref() == Some(&current) { Ok(()) } else { Err(old_password_incorrect()) }
        })
        .await
    }

    /// changeRecoveryQuestion.
    ///
    /// # Errors
    /// E0000014 for a wrong password, or the user's status refuses it.
    pub async fn change_recovery_question(
        &self,
        change: &Change,
        asked: &str,
        request: ChangeRecoveryQuestion,
    ) -> Result<StoredCredentials, Error> {
        let operation = LifecycleOperation::ChangeRecoveryQuestion;
        let known = self.credentials_of(change, asked).await?;
        known.user.allows(operation)?;
        let Some(current) = known.user.credentials.password.clone() else {
            return Err(Refusal::NoRecoveryQuestionChange.into());
        };
        let correct = self.hasher().verify(request.password, current.clone()).await?;
        if !correct || known.temporary_password_expired {
            return Err(password_incorrect().into());
        }
        let question = self.stored_recovery_question(change.org, request.recovery_question).await?;
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find_to_change(tx, change.org, &asked)?;
                let transition = before.apply(operation)?;
                if before.credentials.password.as_ref() != Some(&current) {
                    return Err(password_incorrect().into());
                }
                let mut user = before.clone();
                user.credentials.recovery_question = Some(question.clone());
                user.last_updated = change.now;
                save(tx, &before, &user)?;
                let mut debug = Map::new();
                debug.insert("changedAttributes".to_owned(), json!("credentials.recovery_question"));
                change.record_with(tx, transition.event(), &[party(&user)], debug)?;
                Ok(user.credentials)
            })
            .await
    }

    /// forgotPassword: answers a token with which a new password can be set; the old one stays good meanwhile. No recovery
    /// question is needed, as a recording shows (test_forgot_password). With `send_email` the token goes to the user too.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn forgot_password(&self, change: &Change, asked: &str, send_email: bool) -> Result<Secret, Error> {
        let (change, asked, outbox) = (change.clone(), asked.to_owned(), self.outbox());
        self.engine()
            .write(move |tx| {
                let user = find_to_change(tx, change.org, &asked)?;
                let transition = user.apply(LifecycleOperation::ForgotPassword)?;
                let issued = tokens::issue(tx, &change, user.key, Purpose::ForgotPassword)?;
                if send_email {
                    outbox.send_link(tx, &change, &user, MessageKind::ForgotPassword, &issued)?;
                }
                change.record(tx, transition.event(), &[party(&user)])?;
                Ok(issued.token)
            })
            .await
    }

    /// forgotPasswordSetNewPassword: sets a new password for who knows the answer to the recovery question.
    ///
    /// # Errors
    /// E0000087 for a wrong answer, E0000014 for a password that breaks the policy, E0000034 if there is no question or
    /// the user's status refuses it.
    pub async fn forgot_password_set_new_password(
        &self,
        change: &Change,
        asked: &str,
        request: ForgotPasswordSetNewPassword,
    ) -> Result<StoredCredentials, Error> {
        let operation = LifecycleOperation::ForgotPasswordSetNewPassword;
        let known = self.credentials_of(change, asked).await?;
        known.user.allows(operation)?;
        let Some(question) = known.user.credentials.recovery_question.clone() else {
            return Err(Refusal::NoForgotPassword.into());
        };
        let answer = Password::new(fold_answer(&request.answer));
        if !self.hasher().verify(answer, question.answer.clone()).await? {
            return Err(Problem::new(ErrorCode::WrongRecoveryAnswer).into());
        }
        let profile = known.user.profile().map_err(EngineError::from)?;
        let complex = known.is_complex(&request.new_password, &profile);
        if !complex || self.is_reused(&request.new_password, &known).await? {
            return Err(known.update_refused().into());
        }
        let hashed = self.hasher().hash(request.new_password).await?;
        let replacement = Replacement { operation, hashed, revoke_sessions: false, send_email: request.send_email };
        self.replace_password(change, asked, replacement, move |user| {
            let same = user.credentials.recovery_question.as_ref() == Some(&question);
            if same { Ok(()) } else { Err(Problem::new(ErrorCode::WrongRecoveryAnswer)) }
        })
        .await
    }

    /// Hashes what a request gave as a password.
    pub(super) async fn stored_password(&self, password: PasswordInput) -> Result<StoredPassword, Error> {
        match password {
            PasswordInput::Value(password) => self.hasher().hash(password).await,
            PasswordInput::Hash(hash) => Ok(StoredPassword::Imported(hash)),
            PasswordInput::Hook => Ok(StoredPassword::Hook),
        }
    }

    /// Hashes the answer of a recovery question, if it is long enough for the org's policy.
    pub(super) async fn stored_recovery_question(
        &self,
        org: OrgKey,
        question: RecoveryQuestion,
    ) -> Result<StoredRecoveryQuestion, Error> {
        let policy = self.password_policy(org).await?;
        question.check_length(policy.recovery.min_answer_length).map_err(|it| Problem::violations(&[it]))?;
        let answer = self.hasher().hash(Password::new(question.folded_answer())).await?;
        Ok(StoredRecoveryQuestion { question: question.question().to_owned(), answer })
    }

    /// Whether the user has this password, or had it lately. A temporary one may not be kept, and takes the place of none.
    pub(crate) async fn is_reused(&self, password: &Password, known: &KnownCredentials) -> Result<bool, Error> {
        let counted = match known.policy.age.history_count as usize {
            0 => 0,
            count => count + usize::from(known.has_temporary_password),
        };
        for stored in known.user.credentials.password.iter().chain(&known.history).take(counted) {
            if self.hasher().verify(password.clone(), stored.clone()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What checking a password needs to know of a user.
    pub(crate) async fn credentials_of(&self, change: &Change, asked: &str) -> Result<KnownCredentials, Error> {
        let (org, now, asked) = (change.org, change.now, asked.to_owned());
        self.engine()
            .read(move |tx| {
                let user = find(tx, org, &asked)?;
                Ok(KnownCredentials::read(tx, org, user, now)?)
            })
            .await
    }

    async fn replace_password(
        &self,
        change: &Change,
        asked: &str,
        replacement: Replacement,
        still_allowed: impl Fn(&User) -> Result<(), Problem> + Send + 'static,
    ) -> Result<StoredCredentials, Error> {
        let (change, asked, outbox) = (change.clone(), asked.to_owned(), self.outbox());
        self.engine()
            .write(move |tx| {
                let before = find_to_change(tx, change.org, &asked)?;
                let transition = before.apply(replacement.operation)?;
                still_allowed(&before)?;
                let mut user = before.clone();
                set_password(tx, &change, &mut user, replacement.hashed.clone())?;
                user.transition(transition, change.now);
                user.last_updated = change.now;
                save(tx, &before, &user)?;
                let target = [party(&user)];
                change.record(tx, transition.event(), &target)?;
                if replacement.revoke_sessions && end_sessions(tx, user.key)? > 0 {
                    change.record(tx, EventType::UserSessionClear, &target)?;
                }
                if replacement.send_email {
                    outbox.send_notice(tx, &change, &user, MessageKind::PasswordChanged, None)?;
                }
                Ok(user.credentials)
            })
            .await
    }
}

/// A password that takes the place of another.
struct Replacement {
    operation: LifecycleOperation,
    hashed: StoredPassword,
    revoke_sessions: bool,
    /// Whether the user is told by e-mail.
    send_email: bool,
}

/// A user with what checking their password needs.
pub(crate) struct KnownCredentials {
    pub(crate) user: User,
    /// What the org asks of passwords.
    pub(crate) policy: PasswordPolicy,
    /// Passwords before the present one, newest first.
    history: Vec<StoredPassword>,
    has_temporary_password: bool,
    temporary_password_expired: bool,
}

/// Gives a user another password: the one before goes into the history unless it was a temporary one (behaviour.md C.7),
/// links that would set one become void.
pub(crate) fn set_password(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &mut User,
    password: StoredPassword,
) -> Result<(), EngineError> {
    if let Some(replaced) = user.credentials.password.take()
        && !tokens::has_temporary_password(tx, user.key)?
    {
        remember(tx, change.org, user.key, &replaced)?;
    }
    user.credentials.provider = Provider::of(password.provider_type());
    user.credentials.password = Some(password);
    user.password_changed = Some(change.now);
    user.failed_attempts = 0;
    authn::end_of_user(tx, user.key)?;
    tokens::void_all(tx, user.key)
}

fn remember(tx: &mut Tx<'_>, org: OrgKey, user: UserKey, password: &StoredPassword) -> Result<(), EngineError> {
    let latest = "SELECT coalesce(max(position), 0) FROM password_history WHERE user_key = $1";
    let latest = tx.query_first(latest, params![user], |row| row.integer(0))?.unwrap_or(0);
    tx.execute(
        "INSERT INTO password_history (user_key, position, password) VALUES ($1, $2, $3)",
        params![user, latest + 1, &password.to_text()?],
    )?;
    let kept = i64::from(policies::password(tx, org)?.age.history_count);
    tx.execute(
        "DELETE FROM password_history WHERE user_key = $1 AND position <= $2",
        params![user, latest + 1 - kept],
    )?;
    Ok(())
}

fn select_history(tx: &mut Tx<'_>, user: UserKey) -> Result<Vec<StoredPassword>, EngineError> {
    let sql = "SELECT password FROM password_history WHERE user_key = $1 ORDER BY position DESC";
    tx.query(sql, params![user], |row| Ok(StoredPassword::from_text(row.text(0)?)?))
}

impl KnownCredentials {
    pub(crate) fn read(tx: &mut Tx<'_>, org: OrgKey, user: User, now: Timestamp) -> Result<Self, EngineError> {
        Ok(Self {
            policy: policies::password(tx, org)?,
            history: select_history(tx, user.key)?,
            has_temporary_password: tokens::has_temporary_password(tx, user.key)?,
            temporary_password_expired: tokens::temporary_password_expired(tx, user.key, now)?,
            user,
        })
    }

    /// Whether the policy takes this password for a user with this profile.
    pub(crate) fn is_complex(&self, password: &Password, profile: &Profile) -> bool {
        self.policy.check(password.reveal(), profile).is_ok()
    }

    /// Whether the user's password is younger than the policy's minimum age.
    pub(crate) fn is_too_young(&self, change: &Change) -> bool {
        let seconds = i64::from(self.policy.age.min_age_minutes) * 60;
        self.user.password_changed.is_some_and(|changed| changed.plus_seconds(seconds) > change.now)
    }

    /// A broken password rule, whichever, as the credential operations word it (behaviour.md E.5).
    pub(crate) fn update_refused(&self) -> Problem {
        Problem::new(ErrorCode::CredentialsUpdateFailed).because(self.policy.requirements_text())
    }
}

/// A broken password rule, whichever, as createUser and the updates word it (behaviour.md E.5, H-9).
pub(crate) fn password_refused(policy: &PasswordPolicy) -> Problem {
    Problem::violations(&[Violation::new("password", policy.requirements_text())])
}

fn old_password_incorrect() -> Problem {
    Problem::new(ErrorCode::CredentialsUpdateFailed).because("Old Password is not correct")
}

fn password_incorrect() -> Problem {
    Problem::new(ErrorCode::CredentialsUpdateFailed).because("The credentials provided were incorrect.")
}

/// Refuses credentials for a user whose provider keeps them (behaviour.md B.4, row 16).
pub(super) fn check_settable(user: &User) -> Result<(), Problem> {
    if user.provider().provider_type.is_own() { Ok(()) } else { Err(Problem::new(ErrorCode::CredentialsNotSettable)) }
}
