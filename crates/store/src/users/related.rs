//! What hangs on a user: sessions, factors, app links, identity providers, OAuth clients.

use roster_model::event::EventType;
use roster_model::id::{OrgKey, UserKey};
use roster_model::user::User;
use serde_json::Value;

use super::{find_for_update, find_key, find_to_change, party};
use crate::Store;
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::oauth::verify;
use crate::{applications, factors, params, sessions};
use roster_model::user::status::LifecycleOperation;

impl Store {
    /// clearUserSessions: ends the user's sessions, and their access tokens if asked to; in every status.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn clear_user_sessions(&self, change: &Change, asked: &str, tokens: bool) -> Result<(), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = find_for_update(tx, change.org, &asked)?;
                end_sessions(tx, user.key)?;
                if tokens {
                    verify::cut_off(tx, &change, Some(&user.id), None)?;
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
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = find_to_change(tx, change.org, &asked)?;
                let reset = user.apply(LifecycleOperation::ResetFactors)?;
                factors::end_factors(tx, &change, &user)?;
                Ok(change.record(tx, reset.event(), &[party(&user)])?)
            })
            .await
    }

    /// listUserClients: the OAuth clients that hold a grant or token of the user.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_user_clients(&self, org: OrgKey, asked: &str) -> Result<Vec<Value>, Error> {
        let sql = "SELECT document FROM user_clients WHERE user_key = $1 ORDER BY client_id";
        self.documents(org, asked, sql).await
    }

    async fn documents(&self, org: OrgKey, asked: &str, sql: &'static str) -> Result<Vec<Value>, Error> {
        let asked = asked.to_owned();
        self.engine()
            .read(move |tx| {
                let user = find_key(tx, org, &asked)?;
                Ok(tx.query(sql, params![user], |row| Ok(serde_json::from_str(&row.text(0)?)?))?)
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
    tx.execute("DELETE FROM user_clients WHERE user_key = $1", params![user.key])?;
    Ok(())
}
