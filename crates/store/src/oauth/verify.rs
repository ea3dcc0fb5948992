//! Whether an access token of ours is good: made by us, for this server, and ended by nothing since.

use roster_model::id::{OrgKey, UserId, UserKey};
use roster_model::oauth::claims::{AccessTokenClaims, AccessTokenId};
use roster_model::oauth::jws::{Algorithm, Jws};
use roster_model::oauth::server::{Issuer, ServerStatus};
use roster_model::timestamp::Timestamp;
use roster_model::user::status::UserStatus;

use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::oauth::clients::{self, RegisteredClient};
use crate::oauth::mint::token_order;
use crate::oauth::{keys, servers, signature};
use crate::roles::{self, HeldRole};
use crate::secret::Secret;
use crate::{Store, params, users};

/// Seconds for which a cut-off must be remembered: no access token lives longer.
const LONGEST_TOKEN_SECONDS: i64 = 86_400;

/// A token that is good.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedToken {
    /// What it says.
    pub claims: AccessTokenClaims,
    /// The client that it was issued to.
    pub client: RegisteredClient,
    /// The user that it speaks for.
    pub user: Option<TokenUser>,
}

/// The user that a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUser {
    /// Their id.
    pub id: UserId,
    /// Their place in the store.
    pub key: UserKey,
    /// The user, as the System Log names them.
    pub party: Party,
    /// Their roles: what the token may do at the management API.
    pub roles: Vec<HeldRole>,
}

impl Store {
    /// What an access token of `issuer` says, if it is good.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn verify_access_token(
        &self,
        org: OrgKey,
        issuer: &Issuer,
        token: &Secret,
    ) -> Result<Option<VerifiedToken>, Error> {
        let (issuer, token, now) = (issuer.clone(), token.clone(), self.clock().now());
        self.engine().read(move |tx| Ok(verify(tx, org, &issuer, token.reveal(), now)?)).await
    }
}

fn verify(
    tx: &mut Tx<'_>,
    org: OrgKey,
    issuer: &Issuer,
    token: &str,
    now: Timestamp,
) -> Result<Option<VerifiedToken>, EngineError> {
    let Some(claims) = signed_claims(tx, org, issuer, token, now)? else { return Ok(None) };
    let Some(client) = clients::find(tx, org, &claims.cid)?.filter(RegisteredClient::is_active) else {
        return Ok(None);
    };
    let user = match &claims.uid {
        None => None,
        Some(id) => match find_user(tx, org, id)? {
            Some(user) => Some(user),
            None => return Ok(None),
        },
    };
    let ended = !is_of_active_server(tx, org, issuer)? || is_revoked(tx, org, &claims)?;
    Ok((!ended).then_some(VerifiedToken { claims, client, user }))
}

/// The claims of a token that one of this server's keys signed and whose time is not up.
fn signed_claims(
    tx: &mut Tx<'_>,
    org: OrgKey,
    issuer: &Issuer,
    token: &str,
    now: Timestamp,
) -> Result<Option<AccessTokenClaims>, EngineError> {
    let Some(token) = Jws::parse(token) else { return Ok(None) };
    // Our keys sign with nothing else; the key decides again below.
    if !matches!(token.algorithm, Algorithm::Rs256 | Algorithm::Es256) {
        return Ok(None);
    }
    let Some(kid) = token.kid.as_deref() else { return Ok(None) };
    let Some(key) = keys::find(tx, org, issuer, kid, now)? else { return Ok(None) };
    if !signature::is_signed_by(&token, &key.public) {
        return Ok(None);
    }
    let claims: Option<AccessTokenClaims> = token.claims();
    Ok(claims.filter(|claims| claims.exp.saturating_mul(1000) > now.as_millis()))
}

fn is_of_active_server(tx: &mut Tx<'_>, org: OrgKey, issuer: &Issuer) -> Result<bool, EngineError> {
    let Issuer::Custom(id) = issuer else { return Ok(true) };
    Ok(servers::find(tx, org, id.as_str())?.is_some_and(|server| server.status == ServerStatus::Active))
}

/// The user of a token, unless they are suspended or deactivated (behaviour.md G.10).
fn find_user(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Option<TokenUser>, EngineError> {
    let sql = "SELECT user_key, status, profile FROM users WHERE org_key = $1 AND id = $2";
    let found = tx.query_first(sql, params![org, id], |row| {
        let id = UserId::from_text(id);
        let party = users::party_of(&id, &row.text(2)?);
        Ok((row.status(1)?, TokenUser { id, key: UserKey(row.integer(0)?), party, roles: Vec::new() }))
    })?;
    let speaks = |status: UserStatus| !matches!(status, UserStatus::Suspended | UserStatus::Deprovisioned);
    let Some((_, mut user)) = found.filter(|(status, _)| speaks(*status)) else { return Ok(None) };
    user.roles = roles::held_by(tx, org, user.key)?;
    Ok(Some(user))
}

fn is_revoked(tx: &mut Tx<'_>, org: OrgKey, claims: &AccessTokenClaims) -> Result<bool, EngineError> {
    let Some(id) = AccessTokenId::parse(&claims.jti) else { return Ok(true) };
    let sql = "SELECT 1 FROM revoked_tokens WHERE org_key = $1 AND jti = $2";
    if tx.query_first(sql, params![org, &claims.jti], |_| Ok(()))?.is_some() {
        return Ok(true);
    }
    if let Some(refresh_token) = id.refresh_token {
        let sql = "SELECT 1 FROM oauth_refresh_tokens WHERE org_key = $1 AND id = $2";
        if tx.query_first(sql, params![org, refresh_token], |_| Ok(()))?.is_none() {
            return Ok(true);
        }
    }
    let sql = "SELECT below FROM token_cut_offs WHERE org_key = $1 AND (user_id = $2 AND client_id = $3 \
         OR user_id = $2 AND client_id = '' OR user_id = '' AND client_id = $3)";
    let user = claims.uid.as_deref().unwrap_or_default();
    let marks = tx.query(sql, params![org, user, &claims.cid], |row| row.text(0))?;
    Ok(marks.iter().any(|below| id.order < below.as_str()))
}

/// Ends one access token.
pub(super) fn revoke(tx: &mut Tx<'_>, org: OrgKey, claims: &AccessTokenClaims) -> Result<(), EngineError> {
    let expires = Timestamp::from_millis(claims.exp.saturating_mul(1000));
    let sql = "INSERT INTO revoked_tokens (org_key, jti, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![org, &claims.jti, expires])?;
    Ok(())
}

/// Ends every access token that was made before now for this user by this client; `None` stands for any.
pub(crate) fn cut_off(
    tx: &mut Tx<'_>,
    change: &Change,
    user: Option<&UserId>,
    client_id: Option<&str>,
) -> Result<(), EngineError> {
    let user = user.map(UserId::as_str).unwrap_or_default();
    let below = token_order(change);
    let expires = change.now.plus_seconds(LONGEST_TOKEN_SECONDS);
    tx.execute(
        "INSERT INTO token_cut_offs (org_key, user_id, client_id, below, expires) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (org_key, user_id, client_id) DO UPDATE SET below = excluded.below, expires = excluded.expires",
        params![change.org, user, client_id.unwrap_or_default(), &below, expires],
    )?;
    Ok(())
}
