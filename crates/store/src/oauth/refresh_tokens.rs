//! Refresh tokens (behaviour.md F.3): what clients hold to act for users who are away.
//!
//! Invariant: a refresh token that has ended is gone, with every secret it ever had; the access tokens that came with it
//! name it, and are no good without it.

use roster_model::authn::Verified;
use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, OrgKey, RefreshTokenId, UserKey};
use roster_model::oauth::server::Issuer;
use roster_model::timestamp::Timestamp;

use super::delegation::{self, Delegation, Of, ScopeDetails, find_client, read_delegation};
use super::grants::client_party;
use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::secret::Secret;
use crate::users::{self, party};
use crate::{Store, applications, params};

/// A refresh token, short of its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub(super) key: i64,
    /// Its id.
    pub id: RefreshTokenId,
    /// Who may act for whom, and where.
    pub delegation: Delegation,
    /// Its scopes.
    pub scopes: Vec<ScopeDetails>,
    /// When it was issued.
    pub created: Timestamp,
    /// When it was last used.
    pub last_updated: Timestamp,
    /// When it ends if nobody uses it.
    pub expires: Timestamp,
}

impl Store {
    /// listRefreshTokensForUserAndClient: a page of the live ones, in the order they were issued.
    ///
    /// # Errors
    /// If there is no such user or client, or the cursor is not of this list.
    pub async fn list_refresh_tokens_for_user_and_client(
        &self,
        org: &Org,
        asked: &str,
        client_id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<RefreshToken>, Error> {
        let (key, asked, client_id) = (org.key, asked.to_owned(), client_id.to_owned());
        let (now, count) = (self.clock().now(), i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let list = format!("tokens of {asked} to {client_id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let rows = self
            .engine()
            .read(move |tx| {
                let user = users::find_key(tx, key, &asked)?;
                let client = find_client(tx, key, &client_id)?;
                let sql = select_sql(
                    "t.user_key = $3 AND t.application_key = $4 AND t.refresh_token_key > $5 \
                     ORDER BY t.refresh_token_key LIMIT $6",
                );
                Ok(tx.query(&sql, params![key, now, user, client.key, start, count], read_refresh_token)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |token| Cursor::at(token.key).encode(org, &list)))
    }

    /// getRefreshTokenForUserAndClient.
    ///
    /// # Errors
    /// If there is no such user or client, or it holds no such token of theirs.
    pub async fn get_refresh_token_for_user_and_client(
        &self,
        org: OrgKey,
        asked: &str,
        client_id: &str,
        id: &str,
    ) -> Result<RefreshToken, Error> {
        let (asked, client_id, id) = (asked.to_owned(), client_id.to_owned(), id.to_owned());
        let now = self.clock().now();
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &asked)?;
                let client = find_client(tx, org, &client_id)?;
                find(tx, org, now, (user, client.key), &id)
            })
            .await
    }

    /// revokeTokenForUserAndClient: the access tokens that came with it end too.
    ///
    /// # Errors
    /// If there is no such user or client, or it holds no such token of theirs.
    pub async fn revoke_token_for_user_and_client(
        &self,
        change: &Change,
        asked: &str,
        client_id: &str,
        id: &str,
    ) -> Result<(), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        let (client_id, id) = (client_id.to_owned(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_for_update(tx, change.org, &asked)?;
                let client = find_client(tx, change.org, &client_id)?;
                let token = find(tx, change.org, change.now, (user.key, client.key), &id)?;
                let targets = [token_party(&token), party(&user), client_party(&token.delegation)];
                Ok(revoke(tx, &change, &token, &targets)?)
            })
            .await
    }

    /// revokeTokensForUserAndClient: the access tokens that came with them end too; those that came without stay.
    ///
    /// # Errors
    /// If there is no such user or client.
    pub async fn revoke_tokens_for_user_and_client(
        &self,
        change: &Change,
        asked: &str,
        client_id: &str,
    ) -> Result<(), Error> {
        let (change, asked, client_id) = (change.clone(), asked.to_owned(), client_id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_for_update(tx, change.org, &asked)?;
                let client = find_client(tx, change.org, &client_id)?;
                if end(tx, change.org, Of::UserAndClient(user.key, client.key))? > 0 {
                    let targets = [party(&user), applications::party(&client)];
                    change.record(tx, EventType::TokenRevokeImplicitClient, &targets)?;
                }
                Ok(())
            })
            .await
    }
}

/// A refresh token to be made.
pub(super) struct NewRefreshToken<'a> {
    pub(super) user: UserKey,
    pub(super) application: ApplicationKey,
    pub(super) issuer: &'a Issuer,
    pub(super) scopes: &'a [String],
    pub(super) verified: &'a Verified,
    pub(super) key_thumbprint: Option<&'a str>,
}

/// Seconds after which a refresh token that nobody uses ends (behaviour.md G.10).
pub(super) const fn idle_seconds(issuer: &Issuer) -> i64 {
    match issuer {
        Issuer::Org => 90 * 86_400,
        Issuer::Custom(_) => 7 * 86_400,
    }
}

/// Makes a refresh token; answers its secret too.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    change: &Change,
    new: &NewRefreshToken<'_>,
) -> Result<(RefreshTokenId, Secret), EngineError> {
    let id = RefreshTokenId::new(change.id_seed());
    let key = tx.query_first(
        "INSERT INTO oauth_refresh_tokens (org_key, user_key, application_key, issuer, scopes, id, verified, created, \
         last_updated, expires, key_thumbprint) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         RETURNING refresh_token_key",
        params![
            change.org,
            new.user,
            new.application,
            new.issuer.as_str(),
            &new.scopes.join(" "),
            &id,
            &serde_json::to_string(new.verified)?,
            change.now,
            change.now,
            change.now.plus_seconds(idle_seconds(new.issuer)),
            new.key_thumbprint
        ],
        |row| row.integer(0),
    )?;
    let secret = insert_secret(tx, key.unwrap_or_default())?;
    Ok((id, secret))
}

/// Gives a token one more secret.
pub(super) fn insert_secret(tx: &mut Tx<'_>, key: i64) -> Result<Secret, EngineError> {
    let secret = Secret::random::<32>("")?;
    let sql = "INSERT INTO oauth_refresh_token_secrets (secret_hash, refresh_token_key) VALUES ($1, $2)";
    tx.execute(sql, params![secret.hash().0.as_slice(), key])?;
    Ok(secret)
}

/// Live tokens: the org is `$1`, the time `$2`.
pub(super) fn select_sql(rest: &str) -> String {
    format!(
        "SELECT t.refresh_token_key, t.id, t.scopes, t.created, t.last_updated, t.expires, {} \
         FROM oauth_refresh_tokens t {} WHERE t.org_key = $1 AND t.expires > $2 AND {rest}",
        delegation::COLUMNS,
        delegation::JOINS
    )
}

pub(super) fn read_refresh_token(row: &Row<'_>) -> Result<RefreshToken, EngineError> {
    Ok(RefreshToken {
        key: row.integer(0)?,
        id: RefreshTokenId::from_text(&row.text(1)?),
        scopes: row.text(2)?.split(' ').map(ScopeDetails::named).collect(),
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
        expires: row.timestamp(5)?,
        delegation: read_delegation(row, 6)?,
    })
}

fn find(
    tx: &mut Tx<'_>,
    org: OrgKey,
    now: Timestamp,
    (user, client): (UserKey, ApplicationKey),
    id: &str,
) -> Result<RefreshToken, Error> {
    let sql = select_sql("t.id = $3 AND t.user_key = $4 AND t.application_key = $5");
    let found = tx.query_first(&sql, params![org, now, id, user, client], read_refresh_token)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::OAuth2RefreshToken))
}

/// The keys of tokens, expired ones too.
fn keys(tx: &mut Tx<'_>, org: OrgKey, of: Of) -> Result<Vec<i64>, EngineError> {
    const SELECT: &str = "SELECT refresh_token_key FROM oauth_refresh_tokens WHERE org_key = $1";
    let key = |row: &Row<'_>| row.integer(0);
    match of {
        Of::User(user) => tx.query(&format!("{SELECT} AND user_key = $2"), params![org, user], key),
        Of::UserAndClient(user, application) => {
            let sql = format!("{SELECT} AND user_key = $2 AND application_key = $3");
            tx.query(&sql, params![org, user, application], key)
        }
        Of::Client(application) => {
            tx.query(&format!("{SELECT} AND application_key = $2"), params![org, application], key)
        }
    }
}

/// Ends one token, and tells the log of it.
pub(super) fn revoke(
    tx: &mut Tx<'_>,
    change: &Change,
    token: &RefreshToken,
    targets: &[Party],
) -> Result<(), EngineError> {
    end_one(tx, change.org, token.key)?;
    let event = match token.delegation.issuer {
        Issuer::Org => EventType::TokenRevoke,
        Issuer::Custom(_) => EventType::CustomTokenRevoke,
    };
    change.record(tx, event, targets)
}

/// Ends one token.
pub(super) fn end_one(tx: &mut Tx<'_>, org: OrgKey, key: i64) -> Result<(), EngineError> {
    tx.execute("DELETE FROM oauth_refresh_token_secrets WHERE refresh_token_key = $1", params![key])?;
    tx.execute("DELETE FROM oauth_refresh_tokens WHERE org_key = $1 AND refresh_token_key = $2", params![org, key])?;
    Ok(())
}

/// Ends the token with this id, if it is still there.
pub(super) fn end_named(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<(), EngineError> {
    let sql = "SELECT refresh_token_key FROM oauth_refresh_tokens WHERE org_key = $1 AND id = $2";
    match tx.query_first(sql, params![org, id], |row| row.integer(0))? {
        Some(key) => end_one(tx, org, key),
        None => Ok(()),
    }
}

/// Ends tokens. Answers how many there were.
pub(super) fn end(tx: &mut Tx<'_>, org: OrgKey, of: Of) -> Result<usize, EngineError> {
    let keys = keys(tx, org, of)?;
    for key in &keys {
        end_one(tx, org, *key)?;
    }
    Ok(keys.len())
}

/// Ends the tokens of a server that have this scope.
pub(super) fn end_with_scope(
    tx: &mut Tx<'_>,
    org: OrgKey,
    of: Of,
    issuer: &Issuer,
    scope: &str,
) -> Result<(), EngineError> {
    for key in keys(tx, org, of)? {
        let sql =
            "SELECT scopes FROM oauth_refresh_tokens WHERE org_key = $1 AND refresh_token_key = $2 AND issuer = $3";
        let scopes = tx.query_first(sql, params![org, key, issuer.as_str()], |row| row.text(0))?;
        if scopes.is_some_and(|scopes| scopes.split(' ').any(|held| held == scope)) {
            end_one(tx, org, key)?;
        }
    }
    Ok(())
}

pub(super) fn token_party(token: &RefreshToken) -> Party {
    party_of(&token.id)
}

/// A refresh token, as the System Log names it.
pub(super) fn party_of(id: &RefreshTokenId) -> Party {
    Party {
        id: id.to_string(),
        kind: "refresh_token".to_owned(),
        alternate_id: id.to_string(),
        display_name: "Refresh Token".to_owned(),
    }
}
