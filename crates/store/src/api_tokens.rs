//! API tokens: `Authorization: SSWS …`. Kept as hashes; each dies with its owner, or when unused for 30 days
//! (behaviour.md A.3 and G.11).

use std::sync::Arc;

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApiTokenId, OrgKey, UserId, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::status::UserStatus;

use crate::cache::Invalidation;
use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::roles::{HeldRole, held_role};
use crate::secret::{Secret, SecretHash};
use crate::{Store, params, users};

/// The name of an org's first token.
pub const FIRST_TOKEN_NAME: &str = "Bootstrap token";

/// How long an unused token lives, in seconds: 30 days.
pub const WINDOW_SECONDS: i64 = 30 * 86_400;

/// A use pushes the expiry on only if that gains at least a day, so that one write a day is all that using a token costs.
const REFRESH_AFTER_SECONDS: i64 = 86_400;

/// An API token, short of its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// What its maker called it.
    pub name: String,
    /// Whose rights it carries.
    pub user_id: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// When it dies if nobody uses it.
    pub expires: Timestamp,
}

/// Whom a valid token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// The token.
    pub token_id: ApiTokenId,
    /// Its owner.
    pub user_id: UserId,
    /// The owner's place in the store.
    pub user_key: UserKey,
    /// The owner, as the System Log names them.
    pub party: Party,
    /// The owner's roles: what the token may do.
    pub roles: Vec<HeldRole>,
    /// When the token dies if nobody uses it.
    pub expires: Timestamp,
}

impl Store {
    /// Whom the token speaks for in this org; `None` if it is unknown, revoked or expired, another org's, or its owner is
    /// suspended or deactivated.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn authenticate(&self, org: OrgKey, token: &Secret) -> Result<Option<Arc<TokenOwner>>, Error> {
        let hash = token.hash();
        let found = match self.caches().tokens.get(&hash) {
            Ok((owner_org, owner)) => (owner_org == org).then_some(owner),
            Err(ticket) => {
                let owner = self.engine().read(move |tx| Ok(find_owner(tx, org, hash)?)).await?.map(Arc::new);
                if let (Some(owner), true) = (&owner, self.engine().is_exclusive()) {
                    self.caches().tokens.put(ticket, hash, (org, Arc::clone(owner)));
                }
                owner
            }
        };
        let now = self.clock().now();
        let Some(owner) = found.filter(|owner| owner.expires > now) else { return Ok(None) };
        let fresh = now.plus_seconds(WINDOW_SECONDS);
        if owner.expires < fresh.plus_seconds(-REFRESH_AFTER_SECONDS) {
            self.engine().write(move |tx| Ok(push_expiry(tx, hash, fresh.whole_second())?)).await?;
        }
        Ok(Some(owner))
    }

    /// createApiToken: makes a token with the rights of `owner`, and tells its secret once.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn create_api_token(
        &self,
        change: &Change,
        name: &str,
        owner: &str,
    ) -> Result<(ApiToken, Secret), Error> {
        let (change, name, owner, token) = (change.clone(), name.to_owned(), owner.to_owned(), new_token()?);
        self.engine()
            .write(move |tx| {
                let owner = users::find_for_update(tx, change.org, &owner)?;
                Ok((insert(tx, &change, &name, &owner, &token)?, token.clone()))
            })
            .await
    }

    /// listApiTokens: every live token of the org, in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_api_tokens(&self, org: OrgKey) -> Result<Vec<ApiToken>, Error> {
        let now = self.clock().now();
        let sql = format!("{SELECT_TOKEN} WHERE t.org_key = $1 AND t.expires > $2 ORDER BY t.token_key");
        self.engine().read(move |tx| Ok(tx.query(&sql, params![org, now], read_token)?)).await
    }

    /// getApiToken.
    ///
    /// # Errors
    /// If there is no such token.
    pub async fn get_api_token(&self, org: OrgKey, id: &str) -> Result<ApiToken, Error> {
        let (id, now) = (id.to_owned(), self.clock().now());
        self.engine().read(move |tx| find(tx, org, &id, now)).await
    }

    /// revokeApiToken: ends a token at once.
    ///
    /// # Errors
    /// If there is no such token.
    pub async fn revoke_api_token(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let token = find(tx, change.org, &id, change.now)?;
                tx.execute("DELETE FROM api_tokens WHERE org_key = $1 AND id = $2", params![change.org, &id])?;
                tx.invalidate(Invalidation::ApiTokens);
                Ok(change.record(tx, EventType::ApiTokenRevoke, &[party(&token)])?)
            })
            .await
    }
}

/// A new secret: 42 characters, the first two `00` (behaviour.md A.3).
pub(crate) fn new_token() -> Result<Secret, EngineError> {
    Secret::random::<30>("00")
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    change: &Change,
    name: &str,
    owner: &User,
    token: &Secret,
) -> Result<ApiToken, Error> {
    let created = ApiToken {
        id: ApiTokenId::new(change.id_seed()),
        name: name.to_owned(),
        user_id: owner.id.clone(),
        created: change.now,
        last_updated: change.now,
        expires: change.now.plus_seconds(WINDOW_SECONDS),
    };
    tx.execute(
        "INSERT INTO api_tokens (org_key, id, token_hash, name, user_key, created, last_updated, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            change.org,
            &created.id,
            token.hash().0.as_slice(),
            name,
            owner.key,
            created.created,
            created.last_updated,
            created.expires
        ],
    )?;
    tx.invalidate(Invalidation::ApiTokens);
    change.record(tx, EventType::ApiTokenCreate, &[party(&created)])?;
    Ok(created)
}

/// Ends every token of a user.
pub(crate) fn delete_of_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    if tx.execute("DELETE FROM api_tokens WHERE user_key = $1", params![user])? > 0 {
        tx.invalidate(Invalidation::ApiTokens);
    }
    Ok(())
}

fn push_expiry(tx: &mut Tx<'_>, hash: SecretHash, expires: Timestamp) -> Result<(), EngineError> {
    tx.execute("UPDATE api_tokens SET expires = $1 WHERE token_hash = $2", params![expires, hash.0.as_slice()])?;
    tx.invalidate(Invalidation::ApiTokens);
    Ok(())
}

fn party(token: &ApiToken) -> Party {
    Party {
        id: token.id.to_string(),
        kind: "Token".to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: token.name.clone(),
    }
}

const SELECT_TOKEN: &str = "SELECT t.id, t.name, u.id, t.created, t.last_updated, t.expires \
     FROM api_tokens t JOIN users u ON u.user_key = t.user_key";

fn read_token(row: &Row<'_>) -> Result<ApiToken, EngineError> {
    Ok(ApiToken {
        id: ApiTokenId::from_text(&row.text(0)?),
        name: row.text(1)?,
        user_id: UserId::from_text(&row.text(2)?),
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
        expires: row.timestamp(5)?,
    })
}

/// A live token.
fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str, now: Timestamp) -> Result<ApiToken, Error> {
    let sql = format!("{SELECT_TOKEN} WHERE t.org_key = $1 AND t.id = $2 AND t.expires > $3");
    let found = tx.query_first(&sql, params![org, id, now], read_token)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::ApiToken))
}

fn find_owner(tx: &mut Tx<'_>, org: OrgKey, hash: SecretHash) -> Result<Option<TokenOwner>, EngineError> {
    // A row for each role, and one if there is none.
    let rows = tx.query(
        "SELECT t.id, t.expires, u.user_key, u.id, u.status, u.profile, r.assignment_key, r.type \
         FROM api_tokens t JOIN users u ON u.user_key = t.user_key \
         LEFT JOIN role_assignments r ON r.org_key = t.org_key AND (r.user_key = u.user_key OR r.group_key IN \
         (SELECT m.group_key FROM group_members m WHERE m.user_key = u.user_key)) \
         WHERE t.token_hash = $1 AND t.org_key = $2",
        params![hash.0.as_slice(), org],
        |row| {
            let user_id = UserId::from_text(&row.text(3)?);
            let owner = TokenOwner {
                token_id: ApiTokenId::from_text(&row.text(0)?),
                party: users::party_of(&user_id, &row.text(5)?),
                roles: held_role(row, 6)?.into_iter().collect(),
                user_id,
                user_key: UserKey(row.integer(2)?),
                expires: row.timestamp(1)?,
            };
            Ok((row.status(4)?, owner))
        },
    )?;
    let speaks = |status: UserStatus| !matches!(status, UserStatus::Suspended | UserStatus::Deprovisioned);
    let owners = rows.into_iter().filter(|(status, _)| speaks(*status)).map(|(_, owner)| owner);
    Ok(owners.reduce(|mut owner, next| {
        owner.roles.extend(next.roles);
        owner
    }))
}
