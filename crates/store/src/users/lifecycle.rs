//! The lifecycle operations (behaviour.md B.2, C.7). Which status allows what is in `roster_model::user::status`.

use roster_model::event::EventType;
use roster_model::id::OrgKey;
use roster_model::message::MessageKind;
use roster_model::user::User;
use roster_model::user::credentials::{Provider, ProviderType};
use roster_model::user::password_policy::{TEMPORARY_PASSWORD_RANDOM, generate_temporary_password};
use roster_model::user::status::{LifecycleOperation, UserStatus};

use super::credentials::set_password;
use super::related::{end_assignments, end_sessions};
use super::tokens::{self, Purpose};
use super::{find_for_update, find_to_change, party, save};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::Error;
use crate::factors::end_factors;
use crate::messages::Outbox;
use crate::secret::{Secret, random_bytes};
use crate::{Store, api_tokens, authn, groups, params, roles};

/// A user whose deactivation was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitioningUser {
    /// Their org.
    pub org: OrgKey,
    /// Their id.
    pub id: String,
}

impl Store {
    /// activateUser: answers the activation token, which also an ACTIVE user may sign in with once. With `send_email`
    /// it goes to the user too, if they have no password yet.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn activate_user(&self, change: &Change, asked: &str, send_email: bool) -> Result<Secret, Error> {
        let outbox = self.outbox();
        self.move_user(change, asked, LifecycleOperation::Activate, move |tx, change, user| {
            issue_activation_token(tx, change, user, send_email.then_some(&outbox))
        })
        .await
        .map(|(_, token)| token)
    }

    /// reactivateUser: answers a new activation token, which voids the older ones. With `send_email` it goes to the user
    /// too.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn reactivate_user(&self, change: &Change, asked: &str, send_email: bool) -> Result<Secret, Error> {
        let outbox = self.outbox();
        self.move_user(change, asked, LifecycleOperation::Reactivate, move |tx, change, user| {
            issue_activation_token(tx, change, user, send_email.then_some(&outbox))
        })
        .await
        .map(|(_, token)| token)
    }

    /// deactivateUser: takes credentials, sessions, tokens and assignments. With `respond_async` the user is only marked;
    /// [`Store::finish_deactivation`] does the rest.
    ///
    /// # Errors
    /// If there is no such user, their status refuses it, or the org would be left without a super administrator.
    pub async fn deactivate_user(&self, change: &Change, asked: &str, respond_async: bool) -> Result<(), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = find_to_change(tx, change.org, &asked)?;
                if respond_async { start_deactivation(tx, &change, &user) } else { deactivate(tx, &change, &user) }
            })
            .await
    }

    /// Finishes a deactivation that was answered before it was done; finishing it again changes nothing.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn finish_deactivation(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = match find_for_update(tx, change.org, &id) {
                    Err(Error::NotFound { .. }) => return Ok(()),
                    found => found?,
                };
                if user.transitioning_to_status != Some(UserStatus::Deprovisioned) {
                    return Ok(());
                }
                deactivate(tx, &change, &user)
            })
            .await
    }

    /// Users whose deactivation was begun and not finished, in any org.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn transitioning_users(&self) -> Result<Vec<TransitioningUser>, Error> {
        let sql = "SELECT org_key, id FROM users WHERE transitioning_to_status IS NOT NULL";
        self.engine()
            .read(move |tx| {
                let read = |row: &crate::engine::Row<'_>| {
                    Ok(TransitioningUser { org: OrgKey(row.integer(0)?), id: row.text(1)? })
                };
                Ok(tx.query(sql, &[], read)?)
            })
            .await
    }

    /// suspendUser: ends the user's sessions, keeps everything else.
    ///
    /// # Errors
    /// If there is no such user, their status refuses it, or the org would be left without a super administrator.
    pub async fn suspend_user(&self, change: &Change, asked: &str) -> Result<User, Error> {
        self.move_user(change, asked, LifecycleOperation::Suspend, |tx, _, user| Ok(end_sessions(tx, user.key)?))
            .await
            .map(|(user, _)| user)
    }

    /// unsuspendUser: back to ACTIVE, or to PROVISIONED if there is no password.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn unsuspend_user(&self, change: &Change, asked: &str) -> Result<User, Error> {
        self.move_user(change, asked, LifecycleOperation::Unsuspend, |_, _, _| Ok(())).await.map(|(user, ())| user)
    }

    /// unlockUser: the password stays, the count of failures begins anew.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn unlock_user(&self, change: &Change, asked: &str) -> Result<User, Error> {
        let unlock = |_: &mut Tx<'_>, _: &Change, user: &mut User| {
            user.failed_attempts = 0;
            Ok(())
        };
        self.move_user(change, asked, LifecycleOperation::Unlock, unlock).await.map(|(user, ())| user)
    }

    /// expirePassword: the password stays good for one sign-in, which must change it.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn expire_password(&self, change: &Change, asked: &str) -> Result<User, Error> {
        self.move_user(change, asked, LifecycleOperation::ExpirePassword, |_, _, _| Ok(())).await.map(|(user, ())| user)
    }

    /// expirePasswordAndGetTemporaryPassword: sets a random password that must be changed at the next sign-in, and
    /// answers it.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn expire_password_and_get_temporary_password(
        &self,
        change: &Change,
        asked: &str,
    ) -> Result<Secret, Error> {
        let operation = LifecycleOperation::ExpirePasswordWithTemporaryPassword;
        self.get_user(change.org, asked).await?.allows(operation)?;
        let policy = self.password_policy(change.org).await?;
        let random = random_bytes::<TEMPORARY_PASSWORD_RANDOM>()?;
        let temporary = generate_temporary_password(&random, &policy.complexity);
        let secret = Secret::from_text(temporary.reveal());
        let hashed = self.hasher().hash(temporary).await?;
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find_to_change(tx, change.org, &asked)?;
                let transition = before.apply(operation)?;
                let mut user = before.clone();
                set_password(tx, &change, &mut user, hashed.clone())?;
                user.transition(transition, change.now);
                user.last_updated = change.now;
                tokens::issue(tx, &change, user.key, Purpose::TemporaryPassword)?;
                save(tx, &before, &user)?;
                let target = [party(&user)];
                change.record(tx, EventType::UserResetPassword, &target)?;
                Ok(change.record(tx, transition.event(), &target)?)
            })
            .await?;
        Ok(secret)
    }

    /// resetPassword: the old password is good for nothing until the token that is answered has set a new one. A
    /// federated user becomes one of ours (behaviour.md B.2). With `send_email` the token goes to the user too.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn reset_password(
        &self,
        change: &Change,
        asked: &str,
        revoke_sessions: bool,
        send_email: bool,
    ) -> Result<Secret, Error> {
        let outbox = self.outbox();
        let reset = move |tx: &mut Tx<'_>, change: &Change, user: &mut User| {
            user.failed_attempts = 0;
            if !user.provider().provider_type.is_own() {
                user.credentials.provider = Provider::of(ProviderType::Okta);
            }
            if revoke_sessions {
                end_sessions(tx, user.key)?;
            }
            authn::end_of_user(tx, user.key)?;
            tokens::void(tx, user.key, &[Purpose::Activation, Purpose::ForgotPassword, Purpose::Unlock])?;
            let issued = tokens::issue(tx, change, user.key, Purpose::ResetPassword)?;
            if send_email {
                outbox.send_link(tx, change, user, MessageKind::ResetPassword, &issued)?;
            }
            Ok(issued.token)
        };
        self.move_user(change, asked, LifecycleOperation::ResetPassword, reset).await.map(|(_, token)| token)
    }

    /// Moves a user as the lifecycle table says, and does `and` in the same transaction.
    async fn move_user<T: Send + 'static>(
        &self,
        change: &Change,
        asked: &str,
        operation: LifecycleOperation,
        and: impl Fn(&mut Tx<'_>, &Change, &mut User) -> Result<T, Error> + Send + 'static,
    ) -> Result<(User, T), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find_to_change(tx, change.org, &asked)?;
                let transition = before.apply(operation)?;
                let mut user = before.clone();
                user.transition(transition, change.now);
                let done = and(tx, &change, &mut user)?;
                save(tx, &before, &user)?;
                if operation == LifecycleOperation::Suspend {
                    roles::keep_another_super_administrator(tx, change.org, user.key)?;
                }
                change.record(tx, transition.event(), &[party(&user)])?;
                // Rules may ask for the status, and left a deactivated user alone.
                groups::rules::apply::apply(tx, &change, &user)?;
                Ok((user, done))
            })
            .await
    }
}

/// Makes an activation token, and mails it to a user without a password (behaviour.md B.6) if there is an outbox for it.
fn issue_activation_token(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &User,
    outbox: Option<&Outbox>,
) -> Result<Secret, Error> {
    let issued = tokens::issue(tx, change, user.key, Purpose::Activation)?;
    if let Some(outbox) = outbox.filter(|_| user.credentials.password.is_none()) {
        outbox.send_link(tx, change, user, MessageKind::Activation, &issued)?;
    }
    Ok(issued.token)
}

/// Marks a user who is about to be deactivated; until that is done, nothing else may change them.
pub(super) fn start_deactivation(tx: &mut Tx<'_>, change: &Change, before: &User) -> Result<(), Error> {
    before.allows(LifecycleOperation::Deactivate)?;
    let mut marked = before.clone();
    marked.transitioning_to_status = Some(UserStatus::Deprovisioned);
    save(tx, before, &marked)?;
    roles::keep_another_super_administrator(tx, change.org, marked.key)
}

/// Deactivates a user: takes what behaviour.md B.3 says goes, and keeps memberships, profile and links.
pub(super) fn deactivate(tx: &mut Tx<'_>, change: &Change, before: &User) -> Result<(), Error> {
    let transition = before.apply(LifecycleOperation::Deactivate)?;
    let mut user = before.clone();
    user.transition(transition, change.now);
    user.transitioning_to_status = None;
    user.failed_attempts = 0;
    user.credentials.password = None;
    user.credentials.recovery_question = None;
    if user.provider().provider_type == ProviderType::Import {
        user.credentials.provider = Provider::of(ProviderType::Okta);
    }
    let sessions = end_sessions(tx, user.key)?;
    end_factors(tx, change, &user)?;
    end_assignments(tx, change, &user)?;
    tokens::void_all(tx, user.key)?;
    api_tokens::delete_of_user(tx, user.key)?;
    tx.execute("DELETE FROM password_history WHERE user_key = $1", params![user.key])?;
    save(tx, before, &user)?;
    roles::keep_another_super_administrator(tx, change.org, user.key)?;
    roles::remove_user(tx, change, &user)?;
    let target = [party(&user)];
    change.record(tx, transition.event(), &target)?;
    if sessions > 0 {
        change.record(tx, EventType::UserSessionClear, &target)?;
    }
    Ok(())
}
