//! Tokens are made here.

use roster_model::id::OrgKey;
use roster_model::oauth::claims::{AccessTokenClaims, AccessTokenId, Confirmation, VERSION};
use roster_model::oauth::server::Issuer;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Store;
use crate::change::Change;
use crate::error::{EngineError, Error};
use crate::secret::Secret;

/// Whom an access token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The client itself.
    Client,
    /// A user.
    User {
        /// Their id.
        id: String,
        /// Their login.
        login: String,
        /// When they signed in, in seconds.
        auth_time: Option<i64>,
    },
}

/// What a new access token is to say.
#[derive(Debug, Clone)]
pub struct NewAccessToken {
    /// Who issues it.
    pub issuer: Issuer,
    /// The server, as the client knows it.
    pub base_url: String,
    /// The API that it is for.
    pub audience: String,
    /// The client that gets it.
    pub client_id: String,
    /// Whom it speaks for.
    pub subject: Subject,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Seconds that it lives.
    pub lifetime: i64,
    /// The id of the refresh token that comes with it.
    pub refresh_token: Option<String>,
    /// The thumbprint of the key that it is bound to.
    pub key_thumbprint: Option<String>,
    /// Claims of the authorization server's making.
    pub custom: Map<String, Value>,
}

impl Store {
    /// Makes an access token and tells what it says.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn mint_access_token(
        &self,
        change: &Change,
        new: NewAccessToken,
    ) -> Result<(String, AccessTokenClaims), Error> {
        let issued = change.now.as_millis() / 1000;
        let (uid, sub, auth_time) = match new.subject {
            Subject::Client => (None, new.client_id.clone(), None),
            Subject::User { id, login, auth_time } => (Some(id), login, auth_time),
        };
        let claims = AccessTokenClaims {
            ver: VERSION,
            jti: access_token_id(change, new.refresh_token.as_deref())?,
            iss: new.issuer.url(&new.base_url),
            aud: new.audience,
            iat: issued,
            exp: issued + new.lifetime,
            cid: new.client_id,
            uid,
            scp: new.scopes,
            auth_time,
            sub,
            cnf: new.key_thumbprint.map(|jkt| Confirmation { jkt }),
            custom: new.custom,
        };
        Ok((self.sign_token(change.org, &new.issuer, &claims).await?, claims))
    }

    /// Signs these claims as a token of `issuer`: an id token, or one of another kind.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sign_token(&self, org: OrgKey, issuer: &Issuer, claims: &impl Serialize) -> Result<String, Error> {
        Ok(self.signing_key(org, issuer).await?.sign(claims)?)
    }
}

/// A new id: ascending characters, so that one mark cuts off all tokens before it, and random ones.
fn access_token_id(change: &Change, refresh_token: Option<&str>) -> Result<String, EngineError> {
    let mut id = format!("{}{}", AccessTokenId::PREFIX, token_order(change));
    id.push_str(Secret::random::<19>("")?.reveal());
    if let Some(refresh_token) = refresh_token {
        id.push('.');
        id.push_str(refresh_token);
    }
    Ok(id)
}

/// Where a token that is made now stands among others.
pub(crate) fn token_order(change: &Change) -> String {
    change.id_seed().digits()
}
