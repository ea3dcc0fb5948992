//! New passwords in a transaction: for one that has expired or is about to, and at the end of a recovery.

use roster_model::authn::{RecoveryType, Stage, Verified, may_sign_in};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::message::MessageKind;
use roster_model::user::User;
use roster_model::user::credentials::StoredPassword;
use roster_model::user::password_policy::Password;
use roster_model::user::status::LifecycleOperation;

use super::{Authentication, Decided, Loaded, SignIn, invalid_token, load, proceed, read, wrong_state};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::messages::Outbox;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::credentials::{KnownCredentials, set_password};
use crate::users::party;
use crate::{Store, sessions};

impl Store {
    /// authnChangePassword: from who knows the password that has expired, or is about to.
    ///
    /// # Errors
    /// E0000014 for a wrong old password or a new one that breaks the policy; E0000011 and E0000079 as ever.
    pub async fn authn_change_password(
        &self,
        change: &Change,
        token: &Secret,
        old_password: Password,
        new_password: Password,
        revoke_sessions: bool,
    ) -> Result<Authentication, Error> {
        let (known, stage) = self.transaction_and_credentials(change, token).await?;
        let expired = match stage {
            Stage::PasswordExpired { .. } => true,
            Stage::PasswordWarn { .. } => false,
            _ => return Err(wrong_state().into()),
        };
        let Some(current) = known.user.credentials.password.clone() else { return Err(wrong_state().into()) };
        if !self.hasher().verify(old_password, current).await? {
            let cause = "oldPassword: The credentials provided were incorrect.";
            return Err(Problem::new(ErrorCode::CredentialsUpdateFailed).because(cause).into());
        }
        // A password that must be changed may be, however young it is.
        if !expired && known.is_too_young(change) {
            return Err(known.update_refused().into());
        }
        let hashed = self.hash_new_password(&known, new_password).await?;
        let step = NewPassword { operation: LifecycleOperation::ChangePassword, hashed, revoke_sessions };
        self.set_password_in_transaction(change, token, known.user, stage, step).await
    }

    /// authnResetPassword: from who holds a recovery or an activation token, and has answered the question if one was
    /// asked.
    ///
    /// # Errors
    /// E0000014 for a password that breaks the policy; E0000011 and E0000079 as ever.
    pub async fn authn_reset_password(
        &self,
        change: &Change,
        token: &Secret,
        new_password: Password,
        revoke_sessions: bool,
    ) -> Result<Authentication, Error> {
        let (known, stage) = self.transaction_and_credentials(change, token).await?;
        let operation = match stage {
            Stage::PasswordReset { recovery: RecoveryType::AccountActivation } => {
                LifecycleOperation::CompleteActivation
            }
            Stage::PasswordReset { .. } => LifecycleOperation::CompleteRecovery,
            _ => return Err(wrong_state().into()),
        };
        let hashed = self.hash_new_password(&known, new_password).await?;
        let step = NewPassword { operation, hashed, revoke_sessions };
        self.set_password_in_transaction(change, token, known.user, stage, step).await
    }

    async fn transaction_and_credentials(
        &self,
        change: &Change,
        token: &Secret,
    ) -> Result<(KnownCredentials, Stage), Error> {
        let (change, token) = (change.clone(), token.clone());
        self.engine()
            .read(move |tx| {
                let Loaded { user, transaction, .. } = read(tx, &change, &token)?;
                Ok((KnownCredentials::read(tx, change.org, user, change.now)?, transaction.stage))
            })
            .await
    }

    /// Hashes a new password that the policy takes.
    async fn hash_new_password(&self, known: &KnownCredentials, password: Password) -> Result<StoredPassword, Error> {
        let profile = known.user.profile().map_err(EngineError::from)?;
        if !known.is_complex(&password, &profile) {
            return Err(Problem::new(ErrorCode::PasswordRefused).because(known.policy.complexity_text()).into());
        }
        if self.is_reused(&password, known).await? {
            return Err(known.update_refused().into());
        }
        self.hasher().hash(password).await
    }

    async fn set_password_in_transaction(
        &self,
        change: &Change,
        token: &Secret,
        checked: User,
        stage: Stage,
        step: NewPassword,
    ) -> Result<Authentication, Error> {
        let (change, token) = (change.clone(), token.clone());
        let (key, outbox) = (self.master_key().clone(), self.outbox());
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                // Somebody got ahead of this request while its password was being checked and hashed.
                if loaded.transaction.stage != stage {
                    return Err(wrong_state().into());
                }
                if loaded.user.credentials.password != checked.credentials.password {
                    return Err(invalid_token().into());
                }
                step.take(tx, &change, &key, &outbox, loaded)
            })
            .await?;
        Ok(decided?)
    }
}

/// A new password for the user of a transaction.
struct NewPassword {
    operation: LifecycleOperation,
    hashed: StoredPassword,
    revoke_sessions: bool,
}

impl NewPassword {
    fn take(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        key: &MasterKey,
        outbox: &Outbox,
        loaded: Loaded,
    ) -> Result<Decided<Authentication>, Error> {
        let change = change.by(party(&loaded.user));
        let verified = match &loaded.transaction.stage {
            Stage::PasswordExpired { verified } | Stage::PasswordWarn { verified } => verified.clone(),
            _ => Verified::default(),
        };
        let mut sign_in = SignIn::of(loaded);
        let changes = self.operation == LifecycleOperation::ChangePassword;
        if (changes && !may_sign_in(sign_in.user.status())) || sign_in.user.transitioning_to_status.is_some() {
            return Err(invalid_token().into());
        }
        // The warning is answered.
        sign_in.options.warn_before_password_expired = false;
        set_password(tx, &change, &mut sign_in.user, self.hashed.clone())?;
        if self.operation == LifecycleOperation::CompleteActivation {
            sign_in.user.activated = sign_in.user.activated.or(Some(change.now));
        } else {
            outbox.send_notice(tx, &change, &sign_in.user, MessageKind::PasswordChanged, None)?;
        }
        sign_in.transition(tx, &change, self.operation)?;
        sign_in.user.last_updated = change.now;
        if self.revoke_sessions && sessions::end_all(tx, sign_in.user.key)? > 0 {
            change.record(tx, EventType::UserSessionClear, &[party(&sign_in.user)])?;
        }
        proceed(tx, &change, key, sign_in, Verified { password: Some(change.now), ..verified })
    }
}
