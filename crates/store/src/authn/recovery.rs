//! Recovering a forgotten password, and unlocking oneself: asking for a recovery token, redeeming it, and answering the
//! recovery question.

use roster_model::authn::{MAX_WRONG_ANSWERS, Options, RecoveryType, Stage, Transaction};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::message::MessageKind;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::credentials::StoredRecoveryQuestion;
use roster_model::user::password_policy::Password;
use roster_model::user::recovery_question::fold_answer;
use roster_model::user::status::{LifecycleOperation, Refusal};
use serde_json::Map;

use super::{
    Authentication, Decided, Loaded, count_failure, end, first_stage, invalid_token, load, new_state_token, read, wait,
    wrong_state,
};
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::Error;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::tokens::{self, OneTimeToken, Purpose};
use crate::users::{self, party};
use crate::{Store, policies};

/// What a trusted application gets to hand on to a user.
pub struct RecoveryToken {
    /// The token.
    pub token: Secret,
    /// Until when it is good.
    pub expires: Timestamp,
    /// Whose it is.
    pub user: User,
}

/// What is the same in both kinds of recovery that one can ask for.
pub(super) struct Kind {
    pub(super) operation: LifecycleOperation,
    purpose: Purpose,
    message: MessageKind,
    pub(super) event: EventType,
    pub(super) refusal: Refusal,
}

pub(super) const fn kind(recovery: RecoveryType) -> Kind {
    match recovery {
        RecoveryType::Unlock => Kind {
            operation: LifecycleOperation::SelfServiceUnlock,
            purpose: Purpose::Unlock,
            message: MessageKind::Unlock,
            event: EventType::UserUnlockToken,
            refusal: Refusal::NotLockedOut,
        },
        RecoveryType::Password | RecoveryType::AccountActivation => Kind {
            operation: LifecycleOperation::ForgotPassword,
            purpose: Purpose::ForgotPassword,
            message: MessageKind::ForgotPassword,
            event: EventType::UserResetPassword,
            refusal: Refusal::NoForgotPassword,
        },
    }
}

/// What completes a recovery.
pub(super) const fn completes(recovery: RecoveryType) -> LifecycleOperation {
    match recovery {
        RecoveryType::Unlock => LifecycleOperation::SelfServiceUnlock,
        RecoveryType::Password => LifecycleOperation::CompleteRecovery,
        RecoveryType::AccountActivation => LifecycleOperation::CompleteActivation,
    }
}

impl Store {
    /// authnForgotPassword and authnUnlockAccount from anyone: a token goes to the user's address. Nothing tells whether
    /// there is one: the work for somebody and for nobody is the same, and its time is a password check's.
    ///
    /// # Errors
    /// If the org does not let its users do that for themselves.
    pub async fn authn_begin_recovery(
        &self,
        change: &Change,
        username: &str,
        recovery: RecoveryType,
    ) -> Result<(), Error> {
        self.hasher().verify_nothing(Password::new(username.to_owned())).await?;
        let (change, username, outbox) = (change.clone(), username.to_owned(), self.outbox());
        self.engine()
            .write(move |tx| {
                check_self_service(tx, &change, recovery)?;
                match issue(tx, &change, &username, recovery)? {
                    Ok(RecoveryToken { token, expires, user }) => {
                        let issued = OneTimeToken { token, expires };
                        outbox.send_link(tx, &change, &user, kind(recovery).message, &issued)
                    }
                    Err(_) => {
                        let change = change.by(Party::unknown(&username));
                        Ok(change.record_failure(tx, kind(recovery).event, &[], Map::new(), "NOT_ALLOWED")?)
                    }
                }
            })
            .await
    }

    /// The same from a trusted application, which gets the token.
    ///
    /// # Errors
    /// E0000095 for a login that nobody has; E0000034 or E0000032 if the user cannot recover.
    pub async fn authn_recovery_token(
        &self,
        change: &Change,
        username: &str,
        recovery: RecoveryType,
    ) -> Result<RecoveryToken, Error> {
        let (change, username) = (change.clone(), username.to_owned());
        self.engine()
            .write(move |tx| {
                check_self_service(tx, &change, recovery)?;
                Ok(issue(tx, &change, &username, recovery)??)
            })
            .await
    }

    /// authnVerifyRecoveryToken: changes a recovery token for a transaction, once. An unlock that asks for no answer is
    /// done by that.
    ///
    /// # Errors
    /// E0000011 for a token that is not good.
    pub async fn authn_verify_recovery_token(
        &self,
        change: &Change,
        token: &Secret,
        relay_state: Option<String>,
        options: Options,
    ) -> Result<Authentication, Error> {
        let (change, master_key, hash) = (change.clone(), self.master_key().clone(), token.hash());
        self.engine()
            .write(move |tx| {
                let purposes = [Purpose::ResetPassword, Purpose::ForgotPassword, Purpose::Unlock];
                let (key, purpose) =
                    tokens::find(tx, change.org, hash, &purposes, change.now)?.ok_or_else(invalid_token)?;
                let user = users::lock(tx, key)?.ok_or_else(invalid_token)?;
                tokens::void(tx, key, &[purpose])?;
                let unlocks = purpose == Purpose::Unlock;
                let recovery = if unlocks { RecoveryType::Unlock } else { RecoveryType::Password };
                if user.allows(completes(recovery)).is_err() {
                    return Err(invalid_token().into());
                }
                let policy = policies::password(tx, change.org)?;
                // An administrator who reset a password vouches for the user (behaviour.md G.1).
                let asks = purpose != Purpose::ResetPassword;
                match first_stage(&user, &policy, recovery, asks) {
                    Some(stage) => {
                        let transaction = Transaction { stage, relay_state: relay_state.clone(), options };
                        wait(tx, &change, &master_key, new_state_token()?, user, transaction)
                    }
                    None => unlock(tx, &change, &user, relay_state.clone()),
                }
            })
            .await
    }

    /// authnAnswerRecoveryQuestion.
    ///
    /// # Errors
    /// E0000087 for a wrong answer, of which the last one ends the transaction; E0000011 and E0000079 as ever.
    pub async fn authn_answer_recovery_question(
        &self,
        change: &Change,
        token: &Secret,
        answer: &str,
    ) -> Result<Authentication, Error> {
        let (at, asked) = (change.clone(), token.clone());
        let question = self
            .engine()
            .read(move |tx| {
                let Loaded { user, transaction, .. } = read(tx, &at, &asked)?;
                match (transaction.stage, user.credentials.recovery_question) {
                    (Stage::Recovery { .. }, Some(question)) => Ok(question),
                    _ => Err(wrong_state().into()),
                }
            })
            .await?;
        let correct = self.hasher().verify(Password::new(fold_answer(answer)), question.answer.clone()).await?;
        let (change, key, token) = (change.clone(), self.master_key().clone(), token.clone());
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let change = change.by(party(&loaded.user));
                answered(tx, &change, &key, loaded, &question, correct)
            })
            .await?;
        Ok(decided?)
    }
}

/// Refuses what the org does not let its users do for themselves.
pub(super) fn check_self_service(tx: &mut Tx<'_>, change: &Change, recovery: RecoveryType) -> Result<(), Error> {
    let allowed = policies::password(tx, change.org)?.self_service;
    let allowed = if recovery == RecoveryType::Unlock { allowed.unlock } else { allowed.password_reset };
    if allowed { Ok(()) } else { Err(kind(recovery).refusal.into()) }
}

/// Makes a recovery token for the user with this login.
fn issue(
    tx: &mut Tx<'_>,
    change: &Change,
    username: &str,
    recovery: RecoveryType,
) -> Result<Decided<RecoveryToken>, Error> {
    let Kind { operation, purpose, event, .. } = kind(recovery);
    let key = users::find_login(tx, change.org, username)?;
    let Some(user) = key.map(|key| users::lock(tx, key)).transpose()?.flatten() else {
        return Ok(Err(Problem::new(ErrorCode::RecoveryOfUnknownUser)));
    };
    if let Err(refusal) = user.allows(operation) {
        return Ok(Err(refusal.problem()));
    }
    if user.transitioning_to_status.is_some() {
        return Ok(Err(kind(recovery).refusal.problem()));
    }
    let change = change.by(party(&user));
    let OneTimeToken { token, expires } = tokens::issue(tx, &change, user.key, purpose)?;
    change.record(tx, event, &[party(&user)])?;
    Ok(Ok(RecoveryToken { token, expires, user }))
}

fn answered(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    loaded: Loaded,
    question: &StoredRecoveryQuestion,
    correct: bool,
) -> Result<Decided<Authentication>, Error> {
    let Loaded { token, user, transaction } = loaded;
    let Stage::Recovery { recovery, wrong_answers } = transaction.stage else { return Err(wrong_state().into()) };
    if user.credentials.recovery_question.as_ref() != Some(question) {
        return Err(invalid_token().into());
    }
    if correct {
        return match recovery {
            RecoveryType::Unlock => {
                end(tx, &token)?;
                unlock(tx, change, &user, transaction.relay_state).map(Ok)
            }
            _ => {
                let stage = Stage::PasswordReset { recovery };
                wait(tx, change, key, token, user, Transaction { stage, ..transaction }).map(Ok)
            }
        };
    }
    let mut counted = user.clone();
    let policy = policies::password(tx, change.org)?;
    count_failure(tx, change, &mut counted, &policy)?;
    users::save(tx, &user, &counted)?;
    let wrong_answers = wrong_answers + 1;
    if wrong_answers >= MAX_WRONG_ANSWERS || counted.status() != user.status() {
        end(tx, &token)?;
    } else {
        let stage = Stage::Recovery { recovery, wrong_answers };
        wait(tx, change, key, token, counted, Transaction { stage, ..transaction })?;
    }
    Ok(Err(Problem::new(ErrorCode::WrongRecoveryAnswer)))
}

/// Unlocks a user who has proved who they are.
pub(super) fn unlock(
    tx: &mut Tx<'_>,
    change: &Change,
    before: &User,
    relay_state: Option<String>,
) -> Result<Authentication, Error> {
    let transition = before.apply(LifecycleOperation::SelfServiceUnlock)?;
    let mut user = before.clone();
    user.transition(transition, change.now);
    user.failed_attempts = 0;
    users::save(tx, before, &user)?;
    change.record(tx, transition.event(), &[party(&user)])?;
    Ok(Authentication::Unlocked { user: Box::new(user), relay_state })
}
