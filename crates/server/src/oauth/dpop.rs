//! Proofs of possession at the protocol endpoints (RFC 9449).

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use roster_model::oauth::error::{OAuthErrorCode, OAuthMistake};
use roster_store::oauth::clients::RegisteredClient;
use roster_store::oauth::dpop::{ProofOf, ProvenRequest};

use super::Server;
use super::failure::OAuthFailure;
use crate::App;

/// The header that a proof comes in.
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The header that tells the nonce of the next proof.
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The one proof of a request.
pub(crate) fn proof(headers: &HeaderMap) -> Result<&str, OAuthMistake> {
    let mut proofs = headers.get_all(PROOF).iter();
    let first = proofs.next().ok_or(OAuthMistake::NoProof)?;
    let text = first.to_str().map_err(|_| OAuthMistake::MalformedProof)?;
    if proofs.next().is_some() { Err(OAuthMistake::MalformedProof) } else { Ok(text) }
}

/// The thumbprint of the key that a client's tokens are bound to. A client that requires none gets none, whatever it sends:
/// one official SDK sends a proof with every request (clients.md 1).
pub(crate) async fn key_thumbprint(
    app: &App,
    server: &Server,
    headers: &HeaderMap,
    client: &RegisteredClient,
) -> Result<Option<String>, OAuthFailure> {
    if !client.client.dpop_bound_access_tokens {
        return Ok(None);
    }
    let request = ProvenRequest { method: "POST".to_owned(), url: server.endpoint.clone(), about: ProofOf::Request };
    let checked = app.store().check_dpop_proof(&server.org, proof(headers)?, request).await;
    checked.map(Some).map_err(|error| {
        let failure = OAuthFailure::from(error);
        match nonce(app, server) {
            Some(nonce) if failure.is(OAuthErrorCode::UseDpopNonce) => failure.with(NONCE, nonce),
            _ => failure,
        }
    })
}

/// Tells the nonce of the next proof.
pub(crate) fn write_nonce(app: &App, server: &Server, headers: &mut HeaderMap) {
    if let Some(nonce) = nonce(app, server) {
        headers.insert(NONCE, nonce);
    }
}

fn nonce(app: &App, server: &Server) -> Option<HeaderValue> {
    HeaderValue::from_str(&app.store().dpop_nonce(&server.org)).ok()
}
