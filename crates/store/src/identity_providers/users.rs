//! Users linked to an identity provider: whom the provider means by its own id of somebody.

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::{OrgKey, UserId, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use serde_json::{Map, Value, json};

use super::{IdentityProvider, find, find_for_update, read_provider, select_sql};
use crate::change::Change;
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, users};

/// A user as an identity provider has them.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityProviderUser {
    key: UserKey,
    /// The user.
    pub user_id: UserId,
    /// The provider's own id of them.
    pub external_id: String,
    /// When they were linked.
    pub created: Timestamp,
    /// When the link last changed.
    pub last_updated: Timestamp,
    /// What the provider says of them.
    pub profile: Map<String, Value>,
}

impl Store {
    /// listIdentityProviderApplicationUsers: a page in the order the users were made.
    ///
    /// # Errors
    /// If there is no such provider, or the cursor is not of this list.
    pub async fn list_identity_provider_application_users(
        &self,
        org: &Org,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<IdentityProviderUser>, Error> {
        let list = format!("users of idp {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, id, count) = (org.key, id.to_owned(), limit as i64 + 1);
        let rows = self
            .engine()
            .scan(move |tx| {
                let provider = find(tx, key, &id)?;
                let sql = format!("{SELECT_USER} AND l.user_key > $2 ORDER BY l.user_key LIMIT $3");
                Ok(tx.query(&sql, params![provider.key, start, count], read_user)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |user| Cursor::at(user.key.0).encode(org, &list)))
    }

    /// getIdentityProviderApplicationUser.
    ///
    /// # Errors
    /// If there is no such provider or user, or they are not linked.
    pub async fn get_identity_provider_application_user(
        &self,
        org: OrgKey,
        id: &str,
        asked: &str,
    ) -> Result<IdentityProviderUser, Error> {
        let (id, asked) = (id.to_owned(), asked.to_owned());
        self.engine()
            .read(move |tx| {
                let provider = find(tx, org, &id)?;
                let user = users::find_key(tx, org, &asked)?;
                linked(tx, &provider, user)?.ok_or_else(|| not_linked(&asked))
            })
            .await
    }

    /// linkUserToIdentityProvider. Linking who is linked changes the provider's id of them.
    ///
    /// # Errors
    /// If there is no such provider or user, or the provider means another user by this id.
    pub async fn link_user_to_identity_provider(
        &self,
        change: &Change,
        id: &str,
        asked: &str,
        external_id: &str,
    ) -> Result<IdentityProviderUser, Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), asked.to_owned());
        let external_id = external_id.to_owned();
        self.engine()
            .write(move |tx| {
                let provider = find_for_update(tx, change.org, &id)?;
                let user = users::find_for_update(tx, change.org, &asked)?;
                link(tx, &change, &provider, &user, &external_id)?;
                linked(tx, &provider, user.key)?.ok_or_else(|| not_linked(&asked))
            })
            .await
    }

    /// unlinkUserFromIdentityProvider.
    ///
    /// # Errors
    /// If there is no such provider or user, or they are not linked.
    pub async fn unlink_user_from_identity_provider(
        &self,
        change: &Change,
        id: &str,
        asked: &str,
    ) -> Result<(), Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let provider = find_for_update(tx, change.org, &id)?;
                let user = users::find_for_update(tx, change.org, &asked)?;
                let removed = tx.execute(
                    "DELETE FROM identity_provider_users WHERE identity_provider_key = $1 AND user_key = $2",
                    params![provider.key, user.key],
                )?;
                if removed == 0 {
                    return Err(not_linked(&asked));
                }
                Ok(record(tx, &change, &provider, &user, None)?)
            })
            .await
    }

    /// listUserIdentityProviders: the providers linked to the user, in the order they were made.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_user_identity_providers(&self, org: OrgKey, asked: &str) -> Result<Vec<IdentityProvider>, Error> {
        let asked = asked.to_owned();
        let sql = select_sql(
            "JOIN identity_provider_users l ON l.identity_provider_key = i.identity_provider_key \
             WHERE l.user_key = $1 ORDER BY i.identity_provider_key",
        );
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &asked)?;
                Ok(tx.query(&sql, params![user], read_provider)?)
            })
            .await
    }
}

fn not_linked(asked: &str) -> Error {
    Error::not_found(asked, ResourceKind::IdentityProviderUser)
}

const SELECT_USER: &str = "SELECT l.user_key, u.id, l.external_id, l.created, l.last_updated, l.profile \
     FROM identity_provider_users l JOIN users u ON u.user_key = l.user_key WHERE l.identity_provider_key = $1";

fn read_user(row: &Row<'_>) -> Result<IdentityProviderUser, EngineError> {
    Ok(IdentityProviderUser {
        key: UserKey(row.integer(0)?),
        user_id: UserId::from_text(&row.text(1)?),
        external_id: row.text(2)?,
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
        profile: serde_json::from_str(&row.text(5)?)?,
    })
}

fn linked(
    tx: &mut Tx<'_>,
    provider: &IdentityProvider,
    user: UserKey,
) -> Result<Option<IdentityProviderUser>, EngineError> {
    tx.query_first(&format!("{SELECT_USER} AND l.user_key = $2"), params![provider.key, user], read_user)
}

pub(super) fn link(
    tx: &mut Tx<'_>,
    change: &Change,
    provider: &IdentityProvider,
    user: &User,
    external_id: &str,
) -> Result<(), Error> {
    // Until the user signs in through the provider, it is taken to know their name and address.
    let profile: Map<String, Value> = serde_json::from_str(&user.profile_json).map_err(EngineError::from)?;
    let known = ["firstName", "lastName", "email"];
    let profile: Map<String, Value> = profile.into_iter().filter(|(name, _)| known.contains(&name.as_str())).collect();
    let inserted = tx.execute(
        "INSERT INTO identity_provider_users (identity_provider_key, user_key, external_id, created, last_updated, \
         profile) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (identity_provider_key, user_key) DO UPDATE SET \
         external_id = excluded.external_id, last_updated = excluded.last_updated",
        params![
            provider.key,
            user.key,
            external_id,
            change.now,
            change.now,
            &serde_json::to_string(&profile).map_err(EngineError::from)?
        ],
    );
    inserted.map_err(|error| match error {
        EngineError::Conflict => Error::from(Problem::violations(&[Violation::taken("externalId")])),
        other => other.into(),
    })?;
    Ok(record(tx, change, provider, user, Some(external_id))?)
}

/// Whether a user is linked to a provider.
pub(super) fn is_linked(tx: &mut Tx<'_>, provider: &IdentityProvider, user: UserKey) -> Result<bool, EngineError> {
    Ok(linked(tx, provider, user)?.is_some())
}

/// Keeps what a provider says of a user who is linked to it.
pub(super) fn save_profile(
    tx: &mut Tx<'_>,
    change: &Change,
    provider: &IdentityProvider,
    user: UserKey,
    profile: &Map<String, Value>,
) -> Result<(), EngineError> {
    tx.execute(
        "UPDATE identity_provider_users SET profile = $1, last_updated = $2 \
         WHERE identity_provider_key = $3 AND user_key = $4",
        params![&serde_json::to_string(profile)?, change.now, provider.key, user],
    )?;
    Ok(())
}

/// A link is told of as a change of the user, as linked objects are.
fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    provider: &IdentityProvider,
    user: &User,
    external_id: Option<&str>,
) -> Result<(), EngineError> {
    let link = json!({ "id": provider.id, "externalId": external_id });
    let debug = Map::from_iter([("identityProvider".to_owned(), Value::String(link.to_string()))]);
    let targets = [users::party(user), super::party(provider)];
    change.record_with(tx, EventType::UserUpdateProfile, &targets, debug)
}

/// Ends every link of a user who is being erased.
pub(crate) fn remove_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM identity_provider_users WHERE user_key = $1", params![user])?;
    Ok(())
}
