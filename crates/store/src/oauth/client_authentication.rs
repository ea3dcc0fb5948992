//! Whether a client is who it says: by a secret, by a token that it signed, or, if it is public, by its name alone
//! (RFC 6749, 2.3; RFC 7523).

use roster_model::id::OrgKey;
use roster_model::oauth::client::ClientAuthentication;
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_model::oauth::jws::Jws;
use roster_model::timestamp::Timestamp;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use crate::Store;
use crate::engine::Tx;
use crate::error::Error;
use crate::oauth::clients::{self, RegisteredClient};
use crate::oauth::{replay, signature};
use crate::seal::MasterKey;
use crate::secret::Secret;

/// Seconds that an assertion may still live.
const LONGEST_ASSERTION_SECONDS: i64 = 3600;

/// Seconds that a client's clock may be off.
const SKEW_SECONDS: i64 = 60;

/// Bytes that a secret which signs must have.
const MIN_SIGNING_SECRET_BYTES: usize = 32;

/// What a client shows of itself.
#[derive(Clone)]
pub enum ClientCredentials {
    /// Its name alone.
    Public {
        /// Its client id.
        client_id: String,
    },
    /// Its secret, in the header or in the form.
    Secret {
        /// Its client id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// A token that it signed.
    Assertion {
        /// The token.
        assertion: Secret,
        /// Its client id, if it told that beside.
        client_id: Option<String>,
    },
}

/// What an assertion says (RFC 7523, 3).
#[derive(Deserialize)]
struct AssertionClaims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names_one_of(&self, accepted: &[String]) -> bool {
        match self {
            Self::One(audience) => accepted.contains(audience),
            Self::Several(audiences) => audiences.iter().any(|audience| accepted.contains(audience)),
        }
    }
}

impl Store {
    /// The client that these credentials are of. `audiences` are the URLs that an assertion may be made for.
    ///
    /// # Errors
    /// If there is no such client, or the credentials are not good.
    pub async fn authenticate_client(
        &self,
        org: OrgKey,
        credentials: ClientCredentials,
        audiences: Vec<String>,
    ) -> Result<RegisteredClient, Error> {
        let now = self.clock().now();
        match credentials {
            ClientCredentials::Assertion { assertion, client_id } => {
                let master = self.master_key().clone();
                let asserted = move |tx: &mut Tx<'_>| {
                    let check = Assertion { org, client_id: client_id.as_deref(), audiences: &audiences, now };
                    check.client(tx, assertion.reveal(), &master)
                };
                self.engine().write(asserted).await
            }
            ClientCredentials::Public { client_id } => {
                let client = self.active_client(org, &client_id).await?;
                match client.client.authentication {
                    ClientAuthentication::None => Ok(client),
                    _ => Err(OAuthMistake::ClientNotAuthenticated.into()),
                }
            }
            ClientCredentials::Secret { client_id, secret } => {
                let client = self.active_client(org, &client_id).await?;
                // A real org's settings know one method, "client secret": in the header or in the form.
                match (client.client.authentication, client.secret_hash) {
                    (ClientAuthentication::SecretBasic | ClientAuthentication::SecretPost, Some(hash)) => {
                        let same: bool = hash.0.ct_eq(&secret.hash().0).into();
                        if same { Ok(client) } else { Err(OAuthMistake::WrongSecret.into()) }
                    }
                    _ => Err(OAuthMistake::ClientNotAuthenticated.into()),
                }
            }
        }
    }

    async fn active_client(&self, org: OrgKey, client_id: &str) -> Result<RegisteredClient, Error> {
        let found = self.find_client(org, client_id).await?.filter(RegisteredClient::is_active);
        found.ok_or_else(|| OAuthMistake::UnknownClient.into())
    }
}

struct Assertion<'a> {
    org: OrgKey,
    client_id: Option<&'a str>,
    audiences: &'a [String],
    now: Timestamp,
}

impl Assertion<'_> {
    /// The client that signed this assertion, which cannot be used again.
    fn client(&self, tx: &mut Tx<'_>, text: &str, master: &MasterKey) -> Result<RegisteredClient, Error> {
        let token = Jws::parse(text).ok_or(OAuthMistake::MalformedAssertion)?;
        let claims: AssertionClaims = token.claims().ok_or(OAuthMistake::MalformedAssertion)?;
        let subject = claims.sub.as_deref().ok_or(OAuthMistake::AssertionWithoutSubject)?;
        if claims.iss.as_deref() != Some(subject) || self.client_id.is_some_and(|client_id| client_id != subject) {
            return Err(OAuthMistake::AssertionOfAnother.into());
        }
        let found = clients::find(tx, self.org, subject)?.filter(RegisteredClient::is_active);
        let client = found.ok_or(OAuthMistake::UnknownClient)?;
        if !self.is_signed_by(tx, &token, &client, master)? {
            return Err(OAuthMistake::WrongAssertionSignature.into());
        }
        let expires = self.check(&claims)?;
        if let Some(jti) = &claims.jti
            && !(replay::is_jti(jti) && replay::use_once(tx, self.org, subject, jti, expires)?)
        {
            return Err(OAuthMistake::AssertionReplayed.into());
        }
        Ok(client)
    }

    /// Whether the client signed the token: which kind of signature it takes is the client's setting, never the token's.
    fn is_signed_by(
        &self,
        tx: &mut Tx<'_>,
        token: &Jws<'_>,
        client: &RegisteredClient,
        master: &MasterKey,
    ) -> Result<bool, Error> {
        match client.client.authentication {
            ClientAuthentication::PrivateKeyJwt => {
                let keys = &client.client.keys;
                let named = token.kid.as_ref().and_then(|kid| keys.iter().find(|key| key.kid.as_ref() == Some(kid)));
                // Some SDKs sign with a PEM key and name none (clients.md 2).
                Ok(match (&token.kid, named) {
                    (Some(_), Some(key)) => signature::is_signed_by(token, key),
                    (Some(_), None) => keys.iter().any(|key| key.kid.is_none() && signature::is_signed_by(token, key)),
                    (None, _) => keys.iter().any(|key| signature::is_signed_by(token, key)),
                })
            }
            ClientAuthentication::SecretJwt => {
                let secret = clients::signing_secret(tx, client, master)?;
                Ok(secret.is_some_and(|secret| {
                    secret.reveal().len() >= MIN_SIGNING_SECRET_BYTES && signature::is_signed_with(token, &secret)
                }))
            }
            _ => Ok(false),
        }
    }

    /// Checks audience and times; answers when the assertion ends.
    fn check(&self, claims: &AssertionClaims) -> Result<Timestamp, OAuthError> {
        let now = self.now.as_millis() / 1000;
        if !claims.aud.as_ref().is_some_and(|audience| audience.names_one_of(self.audiences)) {
            return Err(OAuthMistake::WrongAssertionAudience.into());
        }
        let expires = claims.exp.ok_or(OAuthMistake::AssertionWithoutExpiry)? as i64;
        if expires <= now {
            return Err(OAuthMistake::AssertionExpired.into());
        }
        if expires > now + LONGEST_ASSERTION_SECONDS + SKEW_SECONDS {
            return Err(OAuthMistake::AssertionTooLong.into());
        }
        let begins = [claims.iat, claims.nbf].into_iter().flatten().map(|time| time as i64);
        if begins.into_iter().any(|time| time > now + SKEW_SECONDS) {
            return Err(OAuthMistake::AssertionNotYet.into());
        }
        Ok(Timestamp::from_millis(expires.saturating_mul(1000)))
    }
}
