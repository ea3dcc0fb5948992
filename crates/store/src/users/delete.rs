//! deactivateOrDeleteUser (behaviour.md C.6).

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::user::User;
use roster_model::user::profile::Profile;
use roster_model::user::status::LifecycleOperation;

use super::lifecycle::{deactivate, start_deactivation};
use super::related::{end_assignments, end_sessions};
use super::{find_to_change, party, reindex, tokens};
use crate::cache::Invalidation;
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::factors::end_factors;
use crate::{Store, api_tokens, groups, identity_providers, linked_objects, messages, params, roles, user_types};

impl Store {
    /// deactivateOrDeleteUser: deactivates a user who is not, and erases one who is. Answers whether a deactivation is
    /// left to be finished.
    ///
    /// # Errors
    /// If there is no such user, or the org would be left without a super administrator.
    pub async fn deactivate_or_delete_user(
        &self,
        change: &Change,
        asked: &str,
        respond_async: bool,
    ) -> Result<bool, Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = find_to_change(tx, change.org, &asked)?;
                if user.apply(LifecycleOperation::Delete).is_ok() {
                    erase(tx, &change, &user)?;
                    return Ok(false);
                }
                if respond_async {
                    start_deactivation(tx, &change, &user)?;
                } else {
                    deactivate(tx, &change, &user)?;
                }
                Ok(respond_async)
            })
            .await
    }
}

fn erase(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), Error> {
    let target = [party(user)];
    change.record(tx, EventType::UserDeleteInitiated, &target)?;
    end_sessions(tx, user.key)?;
    end_factors(tx, change, user)?;
    end_assignments(tx, change, user)?;
    identity_providers::remove_user(tx, user.key)?;
    tokens::void_all(tx, user.key)?;
    messages::delete_of_user(tx, user.key)?;
    api_tokens::delete_of_user(tx, user.key)?;
    roles::remove_user(tx, change, user)?;
    groups::remove_user(tx, user.key)?;
    linked_objects::remove_user(tx, user.key)?;
    delete_attributes(tx, change, user)?;
    tx.execute("DELETE FROM password_history WHERE user_key = $1", params![user.key])?;
    tx.execute("DELETE FROM users WHERE user_key = $1", params![user.key])?;
    tx.invalidate(Invalidation::User(user.id.clone(), user.key));
    Ok(change.record(tx, EventType::UserDeleteCompleted, &target)?)
}

/// Deletes the index rows of a user's profile. The index is ordered by value, so they are found by what they hold.
fn delete_attributes(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), Error> {
    let profile: Profile = user.profile().map_err(EngineError::from)?;
    let schema = user_types::find(tx, change.org, user.type_id.as_str(), ResourceKind::UserType)?.schema;
    reindex(tx, change.org, user.key, &profile.index_values(&schema), &[])?;
    Ok(())
}
