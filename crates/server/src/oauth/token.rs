//! The token endpoint.

use axum::extract::State;
use axum::http::HeaderMap;
use roster_model::oauth::claims::AccessTokenClaims;
use roster_model::oauth::client::GrantType;
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_store::oauth::authorize::AuthorizationGrant;
use roster_store::oauth::client_credentials::ClientCredentialsRequest;
use roster_store::oauth::clients::RegisteredClient;
use roster_store::oauth::codes::CodeRedemption;
use roster_store::oauth::refresh::RefreshRequest;
use roster_store::oauth::user_tokens::{Beside, Recipient};
use roster_store::secret::Secret;
use serde_json::{Map, Value, json};

use super::failure::{OAuthFailure, OAuthHandled};
use super::form::Form;
use super::{Server, client_authentication, dpop};
use crate::App;
use crate::caller::VisitorsChange;
use crate::response::ok;

/// The grant types that this endpoint takes.
pub(crate) const GRANT_TYPES: &[GrantType] =
    &[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];

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
        GrantType::AuthorizationCode => authorization_code(&app, &change, &request).await?,
        GrantType::RefreshToken => refresh_token(&app, &change, &request).await?,
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

impl TokenRequest {
    /// Refuses a grant type that is not among the client's.
    fn may_use(&self, grant_type: GrantType) -> Result<(), OAuthError> {
        let client = &self.client.client;
        if client.may_use(grant_type) {
            return Ok(());
        }
        let configured: Vec<&str> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
        Err(OAuthError::about(OAuthMistake::GrantTypeNotAllowed, configured.join(", ")))
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

async fn authorization_code(app: &App, change: &VisitorsChange, request: &TokenRequest) -> Result<Value, OAuthFailure> {
    request.may_use(GrantType::AuthorizationCode)?;
    let redemption = CodeRedemption {
        issuer: request.server.issuer.clone(),
        client: request.client.clone(),
        code: Secret::from_text(request.form.required("code")?),
        redirect_uri: request.form.text("redirect_uri").map(str::to_owned),
        verifier: request.form.text("code_verifier").map(str::to_owned),
        key_thumbprint: request.key_thumbprint.clone(),
    };
    let grant = app.store().redeem_code(&change.0, redemption).await?;
    tokens(app, change, request, &grant).await
}

async fn refresh_token(app: &App, change: &VisitorsChange, request: &TokenRequest) -> Result<Value, OAuthFailure> {
    request.may_use(GrantType::RefreshToken)?;
    let refresh = RefreshRequest {
        issuer: request.server.issuer.clone(),
        client: request.client.clone(),
        secret: Secret::from_text(request.form.required("refresh_token")?),
        scopes: request.form.scopes(),
        key_thumbprint: request.key_thumbprint.clone(),
    };
    let grant = app.store().refresh(&change.0, refresh).await?;
    tokens(app, change, request, &grant).await
}

/// Makes the tokens of what was granted in the name of a user.
async fn tokens(
    app: &App,
    change: &VisitorsChange,
    request: &TokenRequest,
    grant: &AuthorizationGrant,
) -> Result<Value, OAuthFailure> {
    let server = &request.server;
    let recipient = Recipient {
        issuer: &server.issuer,
        base_url: &server.base_url,
        org_id: &server.org.id,
        client: &request.client,
        key_thumbprint: request.key_thumbprint.clone(),
    };
    let (token, claims) = app.store().issue_access_token(&change.0, &recipient, grant).await?;
    let beside = Beside { access_token: Some(&token), code: None };
    let id_token = app.store().issue_id_token(&change.0, &recipient, grant, beside).await?;
    let mut members = answer(&token, &claims);
    if let Some((_, secret)) = &grant.refresh_token {
        members.insert("refresh_token".to_owned(), json!(secret.reveal()));
    }
    if let Some(id_token) = id_token {
        members.insert("id_token".to_owned(), json!(id_token));
    }
    Ok(Value::Object(members))
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
