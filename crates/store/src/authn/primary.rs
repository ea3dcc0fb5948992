//! Primary authentication: a login and a password, or the token of an activation link.
//!
//! Nothing tells whether a login exists: whoever is not there, or may not sign in, has a password checked all the same,
//! and gets the same answer after the same work.

use std::future::Future;

use roster_model::authn::{Options, PasswordStanding, RecoveryType, Stage, Transaction, Verified, may_sign_in};
use roster_model::event::EventType;
use roster_model::user::User;
use roster_model::user::credentials::{Provider, ProviderType, StoredPassword};
use roster_model::user::password_policy::{Password, PasswordPolicy};
use roster_model::user::status::{LifecycleOperation, UserStatus};
use serde_json::Map;

use super::{Authentication, Decided, SignIn, count_failure, failed, new_state_token, proceed, record_failure, wait};
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::Error;
use crate::inline_hooks::{self, InlineHook};
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::tokens::{self, Purpose};
use crate::users::{self, party};
use crate::{Store, policies};

/// A request to sign in.
#[derive(Clone)]
pub struct PrimaryAuthentication {
    /// The login, or the part before its `@`.
    pub username: String,
    /// The password.
    pub password: Password,
    /// What is to be handed back at the end.
    pub relay_state: Option<String>,
    /// What the caller opted in to.
    pub options: Options,
}

/// A question to the password-import hook: whether a password is the one that another directory knows.
pub struct ImportCall {
    /// The hook.
    pub hook: InlineHook,
    /// The login as it was typed.
    pub username: String,
    /// The password as it was typed.
    pub password: Password,
}

/// What the password-import hook answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportVerdict {
    /// It is the password.
    Verified,
    /// It is not.
    Unverified,
    /// The hook cannot be asked, or answered nonsense: it is asked again at the next sign-in.
    Unavailable,
}

/// A user who wants to sign in, as they were when the password was checked.
struct Known {
    user: User,
    hook: Option<InlineHook>,
}

/// What came of checking a password outside the transaction.
struct Checked {
    /// Whose it was checked against, and what was stored then.
    user: Option<(User, Option<StoredPassword>)>,
    verdict: ImportVerdict,
    /// Our own hash of a password that was imported.
    replacement: Option<StoredPassword>,
    /// Whether the hook was asked.
    asked_hook: bool,
}

impl Store {
    /// authn with a login and a password. `import` asks the password-import hook.
    ///
    /// # Errors
    /// E0000004 for a wrong login or password, or a user who may not sign in.
    pub async fn authn<F>(
        &self,
        change: &Change,
        request: PrimaryAuthentication,
        import: impl FnOnce(ImportCall) -> F + Send,
    ) -> Result<Authentication, Error>
    where
        F: Future<Output = ImportVerdict> + Send,
    {
        let (org, username, key) = (change.org, request.username.clone(), self.master_key().clone());
        let known = self
            .engine()
            .read(move |tx| {
                let Some(user) = users::find_login(tx, org, &username)? else { return Ok(None) };
                let hook = inline_hooks::active_password_import(tx, org, &key)?;
                Ok(users::find_by_key(tx, user)?.map(|user| Known { user, hook }))
            })
            .await?;
        let checked = self.verify_password(known, &request, import).await?;
        let (change, key) = (change.clone(), self.master_key().clone());
        let decided = self.engine().write(move |tx| decide(tx, &change, &key, &request, &checked)).await?;
        Ok(decided?)
    }

    async fn verify_password<F>(
        &self,
        known: Option<Known>,
        request: &PrimaryAuthentication,
        import: impl FnOnce(ImportCall) -> F + Send,
    ) -> Result<Checked, Error>
    where
        F: Future<Output = ImportVerdict> + Send,
    {
        let password = request.password.clone();
        let Some(Known { user, hook }) = known else {
            self.hasher().verify_nothing(password).await?;
            return Ok(Checked::nobody());
        };
        let stored = user.credentials.password.clone();
        let may = may_sign_in(user.status()) || user.status() == UserStatus::LockedOut;
        let mut asked_hook = false;
        let verdict = match (&stored, hook) {
            (Some(own @ StoredPassword::Argon2id(_)), _) => {
                self.hasher().verify(password.clone(), own.clone()).await?.into()
            }
            (Some(imported @ StoredPassword::Imported(_)), _) => {
                // Digests are fast; the work of ours is done too, so that they do not tell themselves apart.
                self.hasher().verify_nothing(password.clone()).await?;
                self.hasher().verify(password.clone(), imported.clone()).await?.into()
            }
            (Some(StoredPassword::Hook), Some(hook)) if may => {
                asked_hook = true;
                self.hasher().verify_nothing(password.clone()).await?;
                import(ImportCall { hook, username: request.username.clone(), password: password.clone() }).await
            }
            (Some(StoredPassword::Hook), _) => {
                self.hasher().verify_nothing(password.clone()).await?;
                ImportVerdict::Unavailable
            }
            (None, _) => {
                self.hasher().verify_nothing(password.clone()).await?;
                ImportVerdict::Unverified
            }
        };
        let own = matches!(stored, Some(StoredPassword::Argon2id(_)));
        let replacement = match verdict {
            ImportVerdict::Verified if !own => Some(self.hasher().hash(password).await?),
            _ => None,
        };
        Ok(Checked { user: Some((user, stored)), verdict, replacement, asked_hook })
    }

    /// authn with the token of an activation link. Who has a password is signed in, once; who has none sets it, and the
    /// token stays good until they have.
    ///
    /// # Errors
    /// E0000004 for a token that is not good.
    pub async fn authn_activation_token(
        &self,
        change: &Change,
        token: &Secret,
        relay_state: Option<String>,
        options: Options,
    ) -> Result<Authentication, Error> {
        let (change, key, hash) = (change.clone(), self.master_key().clone(), token.hash());
        let decided = self
            .engine()
            .write(move |tx| {
                let found = tokens::find(tx, change.org, hash, &[Purpose::Activation], change.now)?;
                let Some((user, _)) = found else { return Ok(Err(failed())) };
                let Some(user) = users::lock(tx, user)? else { return Ok(Err(failed())) };
                let change = change.by(party(&user));
                if user.allows(LifecycleOperation::CompleteActivation).is_ok() {
                    let stage = Stage::PasswordReset { recovery: RecoveryType::AccountActivation };
                    let transaction = Transaction { stage, relay_state: relay_state.clone(), options };
                    return wait(tx, &change, &key, new_state_token()?, user, transaction).map(Ok);
                }
                if !may_sign_in(user.status()) {
                    return Ok(Err(failed()));
                }
                tokens::void(tx, user.key, &[Purpose::Activation])?;
                let sign_in = SignIn::begin(user, relay_state.clone(), options);
                proceed(tx, &change, &key, sign_in, Verified::default())
            })
            .await?;
        Ok(decided?)
    }
}

impl From<bool> for ImportVerdict {
    fn from(correct: bool) -> Self {
        if correct { Self::Verified } else { Self::Unverified }
    }
}

impl Checked {
    const fn nobody() -> Self {
        Self { user: None, verdict: ImportVerdict::Unverified, replacement: None, asked_hook: false }
    }
}

/// Decides an attempt, on the user as they are by now.
fn decide(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    request: &PrimaryAuthentication,
    checked: &Checked,
) -> Result<Decided<Authentication>, Error> {
    let locked = match &checked.user {
        Some((user, stored)) => users::lock(tx, user.key)?.map(|user| (user, stored)),
        None => None,
    };
    let Some((before, stored)) = locked else {
        let change = change.by(Party::unknown(&request.username));
        change.record_failure(tx, EventType::UserSessionStart, &[], Map::new(), "VERIFICATION_ERROR")?;
        return Ok(Err(failed()));
    };
    let change = change.by(party(&before));
    let policy = policies::password(tx, change.org)?;
    let mut sign_in = SignIn::begin(before, request.relay_state.clone(), request.options);
    if is_auto_unlocked(&sign_in.user, &policy, &change) {
        sign_in.transition(tx, &change, LifecycleOperation::AutoUnlock)?;
        sign_in.user.failed_attempts = 0;
    }
    if let Some(refusal) = refusal(tx, &change, &sign_in.user, &policy, checked, stored.as_ref())? {
        if refusal.counts {
            count_failure(tx, &change, &mut sign_in.user, &policy)?;
        }
        users::save(tx, &sign_in.before, &sign_in.user)?;
        record_failure(tx, &change, &sign_in.user, refusal.reason)?;
        return Ok(if refusal.told { Ok(Authentication::LockedOut) } else { Err(failed()) });
    }
    if let Some(replacement) = &checked.replacement {
        sign_in.user.credentials.password = Some(replacement.clone());
        sign_in.user.credentials.provider = Provider::of(ProviderType::Okta);
    }
    if checked.asked_hook {
        change.record(tx, EventType::UserImportPassword, &[party(&sign_in.user)])?;
    }
    let expired = PasswordStanding::of(&sign_in.user, &policy, change.now) == PasswordStanding::Expired;
    if expired && sign_in.user.status() == UserStatus::Active {
        sign_in.transition(tx, &change, LifecycleOperation::ExpirePasswordByAge)?;
    }
    proceed(tx, &change, key, sign_in, Verified::password(change.now))
}

/// Whether the policy's time of being locked out is up.
fn is_auto_unlocked(user: &User, policy: &PasswordPolicy, change: &Change) -> bool {
    let seconds = i64::from(policy.lockout.auto_unlock_minutes) * 60;
    user.status() == UserStatus::LockedOut
        && seconds > 0
        && user.status_changed.is_some_and(|locked| locked.plus_seconds(seconds) <= change.now)
}

/// Why an attempt failed.
struct AttemptRefusal {
    /// As the log tells it.
    reason: &'static str,
    /// Whether it counts as a failed attempt.
    counts: bool,
    /// Whether the caller is told that the user is locked out.
    told: bool,
}

fn refusal(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &User,
    policy: &PasswordPolicy,
    checked: &Checked,
    stored: Option<&StoredPassword>,
) -> Result<Option<AttemptRefusal>, Error> {
    let refuse = |reason, counts| Ok(Some(AttemptRefusal { reason, counts, told: false }));
    if user.status() == UserStatus::LockedOut {
        let told = policy.lockout.show_lockout_failures;
        return Ok(Some(AttemptRefusal { reason: "LOCKED_OUT", counts: false, told }));
    }
    if !may_sign_in(user.status()) || user.transitioning_to_status.is_some() {
        return refuse(user.status().as_str(), false);
    }
    if checked.asked_hook && checked.verdict != ImportVerdict::Verified {
        let target = [party(user)];
        change.record_failure(tx, EventType::UserImportPassword, &target, Map::new(), "UNVERIFIED")?;
    }
    match checked.verdict {
        ImportVerdict::Unavailable => return refuse("PASSWORD_IMPORT_UNAVAILABLE", false),
        ImportVerdict::Unverified => return refuse("INVALID_CREDENTIALS", true),
        ImportVerdict::Verified => {}
    }
    // Somebody changed it while it was being checked: nobody knows whether this is the new one.
    if user.credentials.password.as_ref() != stored {
        return refuse("INVALID_CREDENTIALS", false);
    }
    if tokens::temporary_password_expired(tx, user.key, change.now)? {
        return refuse("EXPIRED_TEMPORARY_PASSWORD", false);
    }
    Ok(None)
}
