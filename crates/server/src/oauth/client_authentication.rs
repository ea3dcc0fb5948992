//! Who the client says that it is, and whether it is so.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_model::oauth::jws::Jws;
use roster_store::oauth::client_authentication::ClientCredentials;
use roster_store::oauth::clients::RegisteredClient;
use roster_store::secret::Secret;
use serde_json::Value;

use super::Server;
use super::failure::OAuthFailure;
use super::form::Form;
use crate::App;

/// The one type of assertion (RFC 7523, 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a request shows of its client: one way to prove itself, never two (RFC 6749, 2.3).
pub(crate) fn credentials(headers: &HeaderMap, form: &Form) -> Result<ClientCredentials, OAuthError> {
    let (client_id, secret) = (form.text("client_id"), form.text("client_secret"));
    let (basic, assertion) = (basic(headers)?, form.text("client_assertion"));
    if [basic.is_some(), secret.is_some(), assertion.is_some()].into_iter().filter(|given| *given).count() > 1 {
        return Err(OAuthMistake::SeveralCredentials.into());
    }
    if let Some(assertion) = assertion {
        if form.text("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(OAuthMistake::UnknownAssertionType.into());
        }
        let assertion = Secret::from_text(assertion);
        return Ok(ClientCredentials::Assertion { assertion, client_id: client_id.map(str::to_owned) });
    }
    if let Some((named, secret)) = basic {
        if client_id.is_some_and(|client_id| client_id != named) {
            return Err(OAuthMistake::SeveralCredentials.into());
        }
        // Public clients write their name alone there (clients.md 4).
        return Ok(if secret.is_empty() {
            ClientCredentials::Public { client_id: named }
        } else {
            ClientCredentials::Secret { client_id: named, secret: Secret::from_text(&secret) }
        });
    }
    let client_id = client_id.ok_or(OAuthMistake::NoClientId)?.to_owned();
    Ok(match secret {
        Some(secret) => ClientCredentials::Secret { client_id, secret: Secret::from_text(secret) },
        None => ClientCredentials::Public { client_id },
    })
}

/// Name and secret of `Authorization: Basic …`, each encoded as in a form (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed = || OAuthError::from(OAuthMistake::ClientNotAuthenticated);
    let (scheme, encoded) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (client_id, secret) = decoded.as_deref().and_then(|text| text.split_once(':')).ok_or_else(malformed)?;
    let decode = |text: &str| {
        // A form of one nameless value decodes it.
        form_urlencoded::parse(format!("={text}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let both = decode(client_id)
        .zip(decode(secret))
        .filter(|(client_id, secret)| !client_id.is_empty() && !client_id.contains('\0') && !secret.contains('\0'));
    both.map(Some).ok_or_else(malformed)
}

/// The client id that the credentials claim; nothing says yet that it is so.
pub(crate) fn claimed_client_id(credentials: &ClientCredentials) -> Option<String> {
    match credentials {
        ClientCredentials::Public { client_id } | ClientCredentials::Secret { client_id, .. } => {
            Some(client_id.clone())
        }
        ClientCredentials::Assertion { assertion, .. } => {
            let claims: Value = Jws::parse(assertion.reveal())?.claims()?;
            claims.get("sub")?.as_str().map(str::to_owned)
        }
    }
}

/// The client, which has proved who it is.
pub(crate) async fn authenticate(
    app: &App,
    server: &Server,
    credentials: ClientCredentials,
) -> Result<RegisteredClient, OAuthFailure> {
    let token = format!("{}/token", server.issuer.endpoints(&server.base_url));
    let audiences = vec![server.endpoint.clone(), token, server.issuer.url(&server.base_url)];
    Ok(app.store().authenticate_client(server.org.key, credentials, audiences).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(text: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(text));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        basic(&headers).ok().flatten()
    }

    #[test]
    fn name_and_secret_are_encoded_as_in_a_form() {
        assert_eq!(read("a%3Ab:c%2Bd+e"), Some(("a:b".to_owned(), "c+d e".to_owned())));
        assert_eq!(read("a:"), Some(("a".to_owned(), String::new())));
        assert_eq!([read("a"), read(":b")], [None, None]);
    }
}
