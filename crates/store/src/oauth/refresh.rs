//! Using a refresh token (RFC 6749, section 6), and changing its secret each time if the client says so.
//!
//! Invariant: of two who show the same secret one has stolen it. After the leeway that a client is given for answers that
//! get lost, a used secret ends the token with everything that came of it.

use roster_model::authn::Verified;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, OrgKey, RefreshTokenId, UserKey};
use roster_model::oauth::client::RotationType;
use roster_model::oauth::error::{OAuthError, OAuthMistake as Mistake};
use roster_model::oauth::server::Issuer;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;

use super::authorize::{AuthorizationGrant, may_use};
use super::clients::RegisteredClient;
use super::refresh_tokens::{self, idle_seconds, insert_secret};
use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::secret::{Secret, SecretHash};
use crate::users::{self, party};
use crate::{Store, params};

/// A client's request for new tokens.
#[derive(Clone)]
pub struct RefreshRequest {
    /// Which server is asked.
    pub issuer: Issuer,
    /// The client, which has proved who it is.
    pub client: RegisteredClient,
    /// The secret of the refresh token.
    pub secret: Secret,
    /// What the new tokens are to be good for; everything, if none are named.
    pub scopes: Vec<String>,
    /// The key that the client proved to have.
    pub key_thumbprint: Option<String>,
}

/// A refresh token and one of its secrets.
struct Held {
    key: i64,
    id: RefreshTokenId,
    user: UserKey,
    application: ApplicationKey,
    issuer: Issuer,
    scopes: String,
    verified: Verified,
    key_thumbprint: Option<String>,
    used: Option<Timestamp>,
}

impl Store {
    /// token, with `grant_type=refresh_token`, short of the tokens themselves.
    ///
    /// # Errors
    /// If the token is unknown, old, revoked, or another client's, or its secret was used before.
    pub async fn refresh(&self, change: &Change, request: RefreshRequest) -> Result<AuthorizationGrant, Error> {
        let change = change.clone();
        // What a used secret ends stays ended though the answer is an error.
        let decided = self.engine().write(move |tx| refresh(tx, &change, &request)).await?;
        Ok(decided?)
    }
}

fn refresh(
    tx: &mut Tx<'_>,
    change: &Change,
    request: &RefreshRequest,
) -> Result<Result<AuthorizationGrant, OAuthError>, Error> {
    let refuse = |mistake: Mistake| Ok(Err(mistake.into()));
    let hash = request.secret.hash();
    let Some(held) = find(tx, change.org, hash, change.now)? else { return refuse(Mistake::InvalidRefreshToken) };
    // A stranger learns nothing and changes nothing.
    if held.application != request.client.key {
        return refuse(Mistake::GrantOfAnotherClient);
    }
    let Some(user) = users::lock(tx, held.user)? else { return refuse(Mistake::InvalidRefreshToken) };
    // Somebody else may have used it while the user was busy.
    let Some(held) = find(tx, change.org, hash, change.now)? else { return refuse(Mistake::InvalidRefreshToken) };
    if held.issuer != request.issuer || (held.key_thumbprint.is_some() && held.key_thumbprint != request.key_thumbprint)
    {
        return refuse(Mistake::InvalidRefreshToken);
    }
    let leeway = i64::from(request.client.client.refresh_tokens.leeway);
    if held.used.is_some_and(|used| used.plus_seconds(leeway) < change.now || leeway == 0) {
        end_stolen(tx, change, &held, &request.client, &user)?;
        return refuse(Mistake::InvalidRefreshToken);
    }
    if !may_use(tx, change.org, request.client.key, &user)? {
        return refuse(Mistake::InvalidRefreshToken);
    }
    let scopes = match narrowed(&held.scopes, &request.scopes) {
        Ok(scopes) => scopes,
        Err(denied) => return Ok(Err(OAuthError::about(Mistake::RefreshScopesDenied, denied.join(", ")))),
    };
    let secret = match request.client.client.refresh_tokens.rotation {
        RotationType::Static => request.secret.clone(),
        RotationType::Rotate => rotate(tx, change, &held)?,
    };
    let sql = "UPDATE oauth_refresh_tokens SET last_updated = $1, expires = $2 \
         WHERE org_key = $3 AND refresh_token_key = $4";
    let expires = change.now.plus_seconds(idle_seconds(&held.issuer));
    tx.execute(sql, params![change.now, expires, change.org, held.key])?;
    let refresh_token = Some((held.id, secret));
    Ok(Ok(AuthorizationGrant { user, scopes, nonce: None, verified: held.verified, refresh_token }))
}

/// The scopes that the new tokens are good for; or those that the token does not have.
fn narrowed(held: &str, asked: &[String]) -> Result<Vec<String>, Vec<String>> {
    let held: Vec<String> = held.split(' ').map(str::to_owned).collect();
    let denied: Vec<String> = asked.iter().filter(|asked| !held.contains(asked)).cloned().collect();
    match (denied.is_empty(), asked.is_empty()) {
        (false, _) => Err(denied),
        (true, true) => Ok(held),
        (true, false) => Ok(asked.to_vec()),
    }
}

/// Gives a token a new secret. The first time that a secret is used, every other one of the token is used up too: whoever
/// goes on holds the newest.
fn rotate(tx: &mut Tx<'_>, change: &Change, held: &Held) -> Result<Secret, EngineError> {
    if held.used.is_none() {
        let sql = "UPDATE oauth_refresh_token_secrets SET used = $1 WHERE refresh_token_key = $2 AND used IS NULL";
        tx.execute(sql, params![change.now, held.key])?;
    }
    insert_secret(tx, held.key)
}

fn end_stolen(
    tx: &mut Tx<'_>,
    change: &Change,
    held: &Held,
    client: &RegisteredClient,
    user: &User,
) -> Result<(), EngineError> {
    refresh_tokens::end_one(tx, change.org, held.key)?;
    let event = match held.issuer {
        Issuer::Org => EventType::TokenReuse,
        Issuer::Custom(_) => EventType::CustomTokenReuse,
    };
    let token = Party {
        id: held.id.to_string(),
        kind: "refresh_token".to_owned(),
        alternate_id: held.id.to_string(),
        display_name: "Refresh Token".to_owned(),
    };
    let targets = [token, party(user), client.party()];
    change.by(client.party()).record_failure(tx, event, &targets, serde_json::Map::new(), "REUSED_REFRESH_TOKEN")
}

fn find(tx: &mut Tx<'_>, org: OrgKey, hash: SecretHash, now: Timestamp) -> Result<Option<Held>, EngineError> {
    let sql = "SELECT t.refresh_token_key, t.id, t.user_key, t.application_key, t.issuer, t.scopes, t.verified, \
         t.key_thumbprint, s.used FROM oauth_refresh_token_secrets s \
         JOIN oauth_refresh_tokens t ON t.refresh_token_key = s.refresh_token_key \
         WHERE t.org_key = $1 AND s.secret_hash = $2 AND t.expires > $3";
    tx.query_first(sql, params![org, hash.0.as_slice(), now], read)
}

fn read(row: &Row<'_>) -> Result<Held, EngineError> {
    Ok(Held {
        key: row.integer(0)?,
        id: RefreshTokenId::from_text(&row.text(1)?),
        user: UserKey(row.integer(2)?),
        application: ApplicationKey(row.integer(3)?),
        issuer: Issuer::from_text(&row.text(4)?),
        scopes: row.text(5)?,
        verified: serde_json::from_str(&row.text(6)?)?,
        key_thumbprint: row.optional_text(7)?,
        used: row.optional_timestamp(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_may_be_fewer_but_not_others() {
        let asked =
            |text: &str| narrowed("openid email", &text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(asked(""), Ok(owned(&["openid", "email"])));
        assert_eq!(asked("email"), Ok(owned(&["email"])));
        assert_eq!(asked("email phone groups"), Err(owned(&["phone", "groups"])));
    }
}
