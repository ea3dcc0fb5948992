//! The token endpoint.

use axum::extract::State;
use axum::http::HeaderMap;
use roster_model::oauth::claims::AccessTokenClaims;
use roster_model::oauth::client::GrantType;
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_store::oauth::client_credentials::ClientCredentialsRequest;
use roster_store::oauth::clients::RegisteredClient;
use serde_json::{Map, Value, json};

use super::failure::{OAuthFailure, OAuthHandled};
use super::form::Form;
use super::{Server, client_authentication, dpop};
use crate::App;
use crate::caller::VisitorsChange;
use crate::response::ok;

/// The grant types that this endpoint takes.
pub(crate) const GRANT_TYPES: &[GrantType] = &[GrantType::ClientCredentials];

/// A request whose client has proved who it is.
struct TokenRequest {
    server: Server,
    form: Form,
    client: RegisteredClient,
    /// The key that tokens are bound to.
    key_thumbprint: Option<String>,
}

/// token and tokenCustomAS.
pub(crate) async fn token(
    State(app): State<App>,
    server: Server,
    change: VisitorsChange,
    headers: HeaderMap,
    form: Form,
) -> OAuthHandled {
    let grant_type = form.required("grant_type")?;
    let grant_type = GrantType::from_text(grant_type).filter(|known| GRANT_TYPES.contains(known)).ok_or_else(|| {
        let known: Vec<&str> = GRANT_TYPES.iter().map(|known| known.as_str()).collect();
        OAuthError::about(OAuthMistake::UnknownGrantType, known.join(", "))
    })?;
    let request = TokenRequest::admit(&app, server, &headers, form).await?;
    let answer = match grant_type {
        GrantType::ClientCredentials => client_credentials(&app, &change, &request).await?,
        _ => return Err(OAuthMistake::ClientNotAuthenticated.into()),
    };
    let mut answer = ok(&answer)?;
    if request.key_thumbprint.is_some() {
        dpop::write_nonce(&app, &request.server, answer.headers_mut());
    }
    Ok(answer)
}

impl TokenRequest {
    /// Checks proof and credentials. The proof comes first: a client that is told of a nonce asks again with the same
    /// assertion, which must not have been used up.
    async fn admit(app: &App, server: Server, headers: &HeaderMap, form: Form) -> Result<Self, OAuthFailure> {
        let credentials = client_authentication::credentials(headers, &form)?;
        let key_thumbprint = match client_authentication::claimed_client_id(&credentials) {
            Some(claimed) => match app.store().find_client(server.org.key, &claimed).await? {
                Some(client) => dpop::key_thumbprint(app, &server, headers, &client).await?,
                None => None,
            },
            None => None,
        };
        let client = client_authentication::authenticate(app, &server, credentials).await?;
        Ok(Self { server, form, client, key_thumbprint })
    }
}

async fn client_credentials(app: &App, change: &VisitorsChange, request: &TokenRequest) -> Result<Value, OAuthFailure> {
    let asked = ClientCredentialsRequest {
        issuer: request.server.issuer.clone(),
        base_url: request.server.base_url.to_string(),
        client: request.client.clone(),
        scopes: request.form.scopes(),
        key_thumbprint: request.key_thumbprint.clone(),
    };
    let (token, claims) = app.store().client_credentials(&change.0, asked).await?;
    Ok(Value::Object(answer(&token, &claims)))
}

/// What every grant answers.
fn answer(token: &str, claims: &AccessTokenClaims) -> Map<String, Value> {
    let token_type = if claims.cnf.is_some() { "DPoP" } else { "Bearer" };
    let members = [
        ("token_type", json!(token_type)),
        ("expires_in", json!(claims.exp - claims.iat)),
        ("access_token", json!(token)),
        ("scope", json!(claims.scp.join(" "))),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
