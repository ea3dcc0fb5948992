//! Signing in and recovering (behaviour.md G.1): transactions between requests, each a row that is found by the hash of
//! its state token. What may follow on what is in `roster_model::authn`.
//!
//! Invariants: `advance` alone hands out session tokens, and only as [`Verified::next`] says; whatever was checked
//! outside a database transaction is compared there with what is stored by then.

mod factors;
mod password;
mod primary;
mod recovery;
mod recovery_challenge;
mod state;

use roster_model::authn::{
    Next, Options, PasswordStanding, RecoveryType, SESSION_TOKEN_SECONDS, Stage, Standing, TRANSACTION_SECONDS,
    Transaction, Verified, may_sign_in,
};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::factor::{Factor, FactorKind};
use roster_model::id::UserKey;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::password_policy::PasswordPolicy;
use roster_model::user::status::LifecycleOperation;
use serde_json::Map;

pub use primary::{ImportCall, ImportVerdict, PrimaryAuthentication};
pub use recovery::RecoveryToken;
pub use recovery_challenge::RecoveryChallenge;

use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::secret::{Secret, SecretHash};
use crate::users::{self, party};
use crate::{params, policies, sessions};

/// Where a sign-in or a recovery has come to.
pub enum Authentication {
    /// It waits for something.
    Pending(Box<Pending>),
    /// It waits for the passcode that was sent to who wants to recover, if that is anybody.
    RecoveryChallenge(Box<RecoveryChallenge>),
    /// It is done: the token can be changed for a session.
    Success(Box<Success>),
    /// A user has unlocked themselves; they still have to sign in.
    Unlocked {
        /// The user.
        user: Box<User>,
        /// What is to be handed back.
        relay_state: Option<String>,
    },
    /// The user is locked out, and the org says so.
    LockedOut,
}

/// A transaction that waits for something.
pub struct Pending {
    /// Its state token.
    pub token: Secret,
    /// When it is void unless somebody goes on with it.
    pub expires: Timestamp,
    /// Whose it is.
    pub user: User,
    /// What it waits for.
    pub transaction: Transaction,
    /// What the org asks of passwords.
    pub policy: PasswordPolicy,
    /// How old the user's password is.
    pub password: PasswordStanding,
    /// The user's factors, active or not, where the stage is about them.
    pub factors: Vec<Factor>,
}

/// A finished sign-in.
pub struct Success {
    /// What a session is had for.
    pub session_token: Secret,
    /// Until when.
    pub expires: Timestamp,
    /// Who signed in.
    pub user: User,
    /// What is to be handed back.
    pub relay_state: Option<String>,
}

/// What a transaction decided that stands even if it is a refusal: a failed attempt is counted and told to the log.
pub(crate) type Decided<T> = Result<T, Problem>;

/// Wrong credentials, or nobody's; which, nobody is told.
fn failed() -> Problem {
    Problem::new(ErrorCode::AuthenticationFailed)
}

/// A state token that is unknown or void.
fn invalid_token() -> Problem {
    Problem::new(ErrorCode::InvalidToken)
}

/// A step that the transaction does not wait for. The cause repeats the summary, as the Authentication API shows it.
fn wrong_state() -> Problem {
    let code = ErrorCode::WrongAuthenticationState;
    Problem::new(code).because(code.summary_template())
}

/// A new state token: 42 characters, the first two `00` (behaviour.md A.8).
fn new_state_token() -> Result<Secret, EngineError> {
    Secret::random::<30>("00")
}

/// A transaction and its user as they are stored.
struct Loaded {
    token: Secret,
    user: User,
    transaction: Transaction,
}

const SELECT: &str =
    "SELECT user_key, document FROM authn_transactions WHERE token_hash = $1 AND org_key = $2 AND expires > $3";

/// Reads a transaction that is not void yet.
fn read(tx: &mut Tx<'_>, change: &Change, token: &Secret) -> Result<Loaded, Error> {
    let (key, transaction) = select_of_user(tx, change, token)?;
    let user = users::find_by_key(tx, key)?.ok_or_else(invalid_token)?;
    Ok(Loaded { token: token.clone(), user, transaction })
}

/// The same, with its user kept from other writers: first the user, as everything else that touches both does.
fn load(tx: &mut Tx<'_>, change: &Change, token: &Secret) -> Result<Loaded, Error> {
    let (key, _) = select_of_user(tx, change, token)?;
    let user = users::lock(tx, key)?.ok_or_else(invalid_token)?;
    let (_, transaction) = select_of_user(tx, change, token)?;
    Ok(Loaded { token: token.clone(), user, transaction })
}

/// A transaction with a user. One that waits for the passcode of a recovery may be nobody's, and is the same either way.
fn select_of_user(tx: &mut Tx<'_>, change: &Change, token: &Secret) -> Result<(UserKey, Transaction), Error> {
    let found = select(tx, change, token.hash())?.ok_or_else(invalid_token)?;
    if matches!(found.1.stage, Stage::RecoveryChallenge { .. }) {
        return Err(wrong_state().into());
    }
    Ok(found)
}

fn select(tx: &mut Tx<'_>, change: &Change, hash: SecretHash) -> Result<Option<(UserKey, Transaction)>, EngineError> {
    tx.query_first(SELECT, params![hash.0.as_slice(), change.org, change.now], |row| {
        Ok((UserKey(row.integer(0)?), serde_json::from_str(&row.text(1)?)?))
    })
}

/// Writes what a transaction waits for now; its time begins anew. Answers it.
fn wait(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    token: Secret,
    user: User,
    transaction: Transaction,
) -> Result<Authentication, Error> {
    let expires = write(tx, change, &token, user.key, &transaction)?;
    let policy = policies::password(tx, change.org)?;
    let password = PasswordStanding::of(&user, &policy, change.now);
    let shows_factors = transaction.stage.shows_factors();
    let factors = if shows_factors { crate::factors::all(tx, key, user.key)? } else { Vec::new() };
    Ok(Authentication::Pending(Box::new(Pending { token, expires, user, transaction, policy, password, factors })))
}

/// As [`wait`], for the passcode of a recovery; `user` may be nobody's key.
fn store(
    tx: &mut Tx<'_>,
    change: &Change,
    token: &Secret,
    user: UserKey,
    transaction: &Transaction,
) -> Result<Authentication, Error> {
    let Stage::RecoveryChallenge { recovery, channel, .. } = transaction.stage else {
        return Err(wrong_state().into());
    };
    let expires = write(tx, change, token, user, transaction)?;
    let (token, relay_state) = (token.clone(), transaction.relay_state.clone());
    let challenge = RecoveryChallenge { token, expires, recovery, channel, relay_state };
    Ok(Authentication::RecoveryChallenge(Box::new(challenge)))
}

/// Writes a transaction and answers when it is void.
fn write(
    tx: &mut Tx<'_>,
    change: &Change,
    token: &Secret,
    user: UserKey,
    transaction: &Transaction,
) -> Result<Timestamp, Error> {
    let expires = change.now.plus_seconds(TRANSACTION_SECONDS);
    tx.execute(
        "INSERT INTO authn_transactions (token_hash, org_key, user_key, document, expires) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (token_hash) DO UPDATE SET document = excluded.document, expires = excluded.expires",
        params![
            token.hash().0.as_slice(),
            change.org,
            user,
            &serde_json::to_string(transaction).map_err(EngineError::from)?,
            expires
        ],
    )?;
    Ok(expires)
}

/// Ends a transaction.
fn end(tx: &mut Tx<'_>, token: &Secret) -> Result<(), EngineError> {
    tx.execute("DELETE FROM authn_transactions WHERE token_hash = $1", params![token.hash().0.as_slice()])?;
    Ok(())
}

/// Voids what a user has begun and not finished.
pub(crate) fn end_of_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM authn_transactions WHERE user_key = $1", params![user])?;
    Ok(())
}

/// A sign-in on its way: what it carries along, and its user before and after.
pub(crate) struct SignIn {
    /// The state token, if it has one yet.
    token: Option<Secret>,
    relay_state: Option<String>,
    options: Options,
    before: User,
    user: User,
}

impl SignIn {
    /// One that has just begun.
    pub(crate) fn begin(user: User, relay_state: Option<String>, options: Options) -> Self {
        Self { token: None, relay_state, options, before: user.clone(), user }
    }

    /// The user as they are by now.
    pub(crate) const fn user(&self) -> &User {
        &self.user
    }

    /// A transaction that goes on with its user as they are.
    fn of(loaded: Loaded) -> Self {
        let Loaded { token, user, transaction } = loaded;
        let Transaction { relay_state, options, .. } = transaction;
        Self { token: Some(token), relay_state, options, before: user.clone(), user }
    }

    /// Moves the user through the lifecycle, and tells the log.
    pub(crate) fn transition(
        &mut self,
        tx: &mut Tx<'_>,
        change: &Change,
        operation: LifecycleOperation,
    ) -> Result<(), Error> {
        let transition = self.user.apply(operation)?;
        self.user.transition(transition, change.now);
        Ok(change.record(tx, transition.event(), &[party(&self.user)])?)
    }
}

/// Lets a sign-in go on with what was proved so far: to the next stage, or to its end. What became of the user is saved.
pub(crate) fn proceed(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    sign_in: SignIn,
    verified: Verified,
) -> Result<Decided<Authentication>, Error> {
    advance(tx, change, key, sign_in, |standing, options, _| verified.next(standing, options))
}

/// Lets a sign-in go on to what `next` says, which is told which kinds of factors are active.
fn advance(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    mut sign_in: SignIn,
    next: impl FnOnce(Standing, Options, &[FactorKind]) -> Next,
) -> Result<Decided<Authentication>, Error> {
    let sign_on = policies::sign_on(tx, change.org)?;
    if !sign_on.allow || !may_sign_in(sign_in.user.status()) {
        users::save(tx, &sign_in.before, &sign_in.user)?;
        if let Some(token) = &sign_in.token {
            end(tx, token)?;
        }
        let reason = if sign_on.allow { sign_in.user.status().as_str() } else { "POLICY_DENIED" };
        record_failure(tx, change, &sign_in.user, reason)?;
        return Ok(Err(failed()));
    }
    let policy = policies::password(tx, change.org)?;
    let active = crate::factors::active_kinds(tx, key, sign_in.user.key)?;
    let standing = Standing::of(&sign_in.user, &policy, &sign_on, !active.is_empty(), change.now);
    match next(standing, sign_in.options, &active) {
        Next::Stage(stage) => {
            users::save(tx, &sign_in.before, &sign_in.user)?;
            let token = sign_in.token.map_or_else(new_state_token, Ok)?;
            let transaction = Transaction { stage, relay_state: sign_in.relay_state, options: sign_in.options };
            wait(tx, change, key, token, sign_in.user, transaction).map(Ok)
        }
        Next::Success(verified) => {
            if let Some(token) = &sign_in.token {
                end(tx, token)?;
            }
            sign_in.user.last_login = Some(change.now);
            sign_in.user.failed_attempts = 0;
            users::save(tx, &sign_in.before, &sign_in.user)?;
            let expires = change.now.plus_seconds(SESSION_TOKEN_SECONDS);
            let session_token = sessions::issue_token(tx, change, sign_in.user.key, &verified, expires)?;
            change.record(tx, EventType::UserSessionStart, &[party(&sign_in.user)])?;
            let success = Success { session_token, expires, user: sign_in.user, relay_state: sign_in.relay_state };
            Ok(Ok(Authentication::Success(Box::new(success))))
        }
    }
}

/// Tells the log of an attempt to sign in that failed.
fn record_failure(tx: &mut Tx<'_>, change: &Change, user: &User, reason: &str) -> Result<(), EngineError> {
    change.record_failure(tx, EventType::UserSessionStart, &[party(user)], Map::new(), reason)
}

/// Counts a failed attempt of `user`, and locks them out after the last one that the policy allows.
fn count_failure(tx: &mut Tx<'_>, change: &Change, user: &mut User, policy: &PasswordPolicy) -> Result<(), Error> {
    user.failed_attempts += 1;
    let most = i64::from(policy.lockout.max_attempts);
    if most > 0
        && user.failed_attempts >= most
        && let Ok(lock) = user.apply(LifecycleOperation::LockOut)
    {
        user.transition(lock, change.now);
        change.record(tx, lock.event(), &[party(user)])?;
    }
    Ok(())
}

/// A recovery's first stage: the question, if the user has one and the org wants it answered.
fn first_stage(user: &User, policy: &PasswordPolicy, recovery: RecoveryType, asks: bool) -> Option<Stage> {
    let question = asks && policy.recovery.recovery_question && user.credentials.recovery_question.is_some();
    match recovery {
        _ if question => Some(Stage::Recovery { recovery, wrong_answers: 0 }),
        RecoveryType::Unlock => None,
        RecoveryType::Password | RecoveryType::AccountActivation => Some(Stage::PasswordReset { recovery }),
    }
}
