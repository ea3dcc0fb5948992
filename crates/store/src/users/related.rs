//! What hangs on a user: sessions, factors, app links, identity providers, OAuth clients.

use roster_model::event::EventType;
use roster_model::id::UserKey;
use roster_model::message::MessageKind;
use roster_model::user::User;

use super::{find_for_update, find_to_change, party};
use crate::Store;
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::{applications, factors, oauth, sessions};
use roster_model::user::status::LifecycleOperation;

impl Store {
    /// clearUserSessions: ends the user's sessions, and with `oauth_tokens` what clients hold of them, short of their
    /// consent; in every status.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn clear_user_sessions(&self, change: &Change, asked: &str, oauth_tokens: bool) -> Result<(), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = find_for_update(tx, change.org, &asked)?;
                end_sessions(tx, user.key)?;
                if oauth_tokens {
                    oauth::end_tokens_of_user(tx, &change, &user)?;
                }
                Ok(change.record(tx, EventType::UserSessionClear, &[party(&user)])?)
            })
            .await
    }

    /// resetFactors: ends every enrollment of the user; with none enrolled it changes nothing.
    ///
    /// # Errors
    /// If there is no such user, or their status refuses it.
    pub async fn reset_factors(&self, change: &Change, asked: &str) -> Result<(), Error> {
        let (change, asked, outbox) = (change.clone(), asked.to_owned(), self.outbox());
        self.engine()
            .write(move |tx| {
                let user = find_to_change(tx, change.org, &asked)?;
                let reset = user.apply(LifecycleOperation::ResetFactors)?;
                for kind in factors::end_factors(tx, &change, &user)? {
                    outbox.send_notice(tx, &change, &user, MessageKind::FactorReset, Some(kind))?;
                }
                Ok(change.record(tx, reset.event(), &[party(&user)])?)
            })
            .await
    }
}

/// Ends a user's sessions.
pub(super) fn end_sessions(tx: &mut Tx<'_>, user: UserKey) -> Result<u64, EngineError> {
    sessions::end_all(tx, user)
}

/// Ends a user's app assignments and OAuth grants and tokens.
pub(super) fn end_assignments(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    applications::remove_user(tx, change, user)?;
    oauth::end_of_user(tx, change, user)
}
