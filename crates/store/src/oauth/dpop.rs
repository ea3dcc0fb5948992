//! Proofs of possession (RFC 9449): a client shows, with each request, that it has the key that its token is bound to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use roster_model::id::OrgKey;
use roster_model::oauth::error::OAuthMistake;
use roster_model::oauth::jwk::PublicKey;
use roster_model::oauth::jws::Jws;
use roster_model::timestamp::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::Store;
use crate::error::Error;
use crate::oauth::{replay, signature};
use crate::orgs::Org;
use crate::secret::{decode_signed, encode_signed};

/// Seconds that a proof may be old, or ahead (behaviour.md A.4).
const WINDOW_SECONDS: i64 = 300;

/// Seconds that a nonce is taken.
const NONCE_SECONDS: i64 = 86_400;

/// What a proof says.
#[derive(Deserialize)]
struct ProofClaims {
    htm: String,
    htu: String,
    iat: f64,
    jti: String,
    nonce: Option<String>,
    ath: Option<String>,
}

/// The request that a proof comes with.
#[derive(Debug, Clone)]
pub struct ProvenRequest {
    /// Its method.
    pub method: String,
    /// Its URL, without query and fragment.
    pub url: String,
    /// What the proof must be about beside.
    pub about: ProofOf,
}

/// What a proof is about.
#[derive(Debug, Clone)]
pub enum ProofOf {
    /// A request for a token. The server's nonce shows that it was made lately.
    Request,
    /// The use of a token: its SHA-256, in Base64url.
    Use(String),
}

impl ProofOf {
    /// The use of this access token.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self::Use(URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes())))
    }
}

impl Store {
    /// The thumbprint of the key that this proof shows. It cannot be used again.
    ///
    /// # Errors
    /// If it is no proof for this request.
    pub async fn check_dpop_proof(&self, org: &Org, proof: &str, request: ProvenRequest) -> Result<String, Error> {
        let now = self.clock().now();
        let (thumbprint, jti) = check(org, proof, &request, now)?;
        let (key, expires) = (org.key, now.plus_seconds(2 * WINDOW_SECONDS));
        self.use_proof(key, thumbprint, jti, expires).await
    }

    async fn use_proof(
        &self,
        org: OrgKey,
        thumbprint: String,
        jti: String,
        expires: Timestamp,
    ) -> Result<String, Error> {
        let maker = thumbprint.clone();
        let first = self.engine().write(move |tx| Ok(replay::use_once(tx, org, &maker, &jti, expires)?)).await?;
        if first { Ok(thumbprint) } else { Err(OAuthMistake::ProofReplayed.into()) }
    }

    /// A nonce for the next proof. Who knows it asked lately; nothing is kept of it.
    #[must_use]
    pub fn dpop_nonce(&self, org: &Org) -> String {
        encode_signed(&nonce_key(org), &self.clock().now().as_millis().to_be_bytes())
    }
}

/// The thumbprint of the key and the `jti` of a proof that is good for this request.
fn check(org: &Org, proof: &str, request: &ProvenRequest, now: Timestamp) -> Result<(String, String), OAuthMistake> {
    let token = Jws::parse(proof).ok_or(OAuthMistake::MalformedProof)?;
    let key = token.jwk.as_ref().and_then(PublicKey::from_jwk).ok_or(OAuthMistake::MalformedProof)?;
    if token.typ.as_deref() != Some("dpop+jwt") || !signature::is_signed_by(&token, &key) {
        return Err(OAuthMistake::MalformedProof);
    }
    let claims: ProofClaims = token.claims().ok_or(OAuthMistake::MalformedProof)?;
    // Okta's Node SDK writes the method as its caller did, in small letters too.
    if !claims.htm.eq_ignore_ascii_case(&request.method) {
        return Err(OAuthMistake::ProofOfAnotherMethod);
    }
    if regular(&claims.htu) != regular(&request.url) {
        return Err(OAuthMistake::ProofOfAnotherUrl);
    }
    if (claims.iat as i64).abs_diff(now.as_millis() / 1000) > WINDOW_SECONDS.unsigned_abs() {
        return Err(OAuthMistake::ProofNotOfNow);
    }
    if !replay::is_jti(&claims.jti) {
        return Err(OAuthMistake::MalformedProof);
    }
    match &request.about {
        ProofOf::Request => match claims.nonce.as_deref() {
            None => return Err(OAuthMistake::ProofWithoutNonce),
            Some(nonce) if !is_nonce(org, nonce, now) => return Err(OAuthMistake::ProofWithOldNonce),
            Some(_) => {}
        },
        ProofOf::Use(hash) if claims.ath.as_ref() != Some(hash) => return Err(OAuthMistake::ProofOfAnotherToken),
        ProofOf::Use(_) => {}
    }
    Ok((key.thumbprint(), claims.jti))
}

/// A URL as proofs are compared by (RFC 9449, 4.3): without query and fragment, its path regular as the server makes that of a
/// request, and without escapes: one official SDK escapes a login in the proof and not on the wire.
fn regular(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let path = parts.join("/");
    format!("{scheme}://{}", percent_decode_str(&path).decode_utf8_lossy())
}

fn nonce_key(org: &Org) -> Vec<u8> {
    [org.cursor_secret.as_slice(), b"DPoP nonce"].concat()
}

fn is_nonce(org: &Org, nonce: &str, now: Timestamp) -> bool {
    let made =
        decode_signed(&nonce_key(org), nonce).and_then(|payload| payload.try_into().ok()).map(i64::from_be_bytes);
    made.is_some_and(|made| made <= now.as_millis() && now.as_millis() - made <= NONCE_SECONDS * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_compared_without_query_fragment_and_doubled_slashes() {
        for url in ["http://a/api/v1/users", "http://a//api/v1/users/?limit=2", "http://a/api/v1/users#x"] {
            assert_eq!(regular(url), "http://a/api/v1/users");
        }
        assert_eq!(regular("http://a/users/ada%40a.example"), regular("http://a/users/ada@a.example"));
        assert_eq!(regular("nonsense"), "://");
    }
}
