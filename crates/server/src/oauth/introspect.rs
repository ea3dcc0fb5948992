//! The introspection and the revocation endpoint.

use axum::extract::State;
use axum::http::HeaderMap;
use roster_store::oauth::introspect::{LiveRefreshToken, LiveToken};
use roster_store::oauth::verify::VerifiedToken;
use roster_store::secret::Secret;
use serde_json::{Value, json};

use super::failure::OAuthHandled;
use super::form::Form;
use super::{Server, client_authentication};
use crate::App;
use crate::caller::VisitorsChange;
use crate::response::ok;

/// introspect and introspectCustomAS (RFC 7662). Of a token that is not good, it is told that and no more. The hint of what
/// kind it is does not matter: what it is, is seen at once.
pub(crate) async fn introspect(State(app): State<App>, server: Server, headers: HeaderMap, form: Form) -> OAuthHandled {
    let credentials = client_authentication::credentials(&headers, &form)?;
    let client = client_authentication::authenticate(&app, &server, credentials).await?;
    let token = Secret::from_text(form.required("token")?);
    let found = app.store().introspect(server.org.key, &server.issuer, &client, &token).await?;
    Ok(ok(&match found {
        None => json!({ "active": false }),
        Some(LiveToken::Access(token)) => access_token(&token),
        Some(LiveToken::Refresh(token)) => refresh_token(&token, &server),
    })?)
}

fn access_token(token: &VerifiedToken) -> Value {
    let claims = &token.claims;
    let mut told = json!({
        "active": true,
        "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
        "scope": claims.scp.join(" "),
        "client_id": claims.cid,
        "username": claims.sub,
        "exp": claims.exp,
        "iat": claims.iat,
        "sub": claims.sub,
        "aud": claims.aud,
        "iss": claims.iss,
        "jti": claims.jti,
    });
    if let Some(members) = told.as_object_mut() {
        members.extend(claims.uid.as_ref().map(|uid| ("uid".to_owned(), json!(uid))));
        members.extend(claims.cnf.as_ref().map(|cnf| ("cnf".to_owned(), json!(cnf))));
    }
    told
}

fn refresh_token(token: &LiveRefreshToken, server: &Server) -> Value {
    json!({
        "active": true,
        "token_type": "refresh_token",
        "scope": token.scope,
        "client_id": token.client_id,
        "username": token.user.alternate_id,
        "exp": token.expires.as_millis() / 1000,
        "iat": token.created.as_millis() / 1000,
        "sub": token.user.alternate_id,
        "iss": server.issuer.url(&server.base_url),
        "jti": token.id,
        "uid": token.user_id,
    })
}

/// revoke and revokeCustomAS (RFC 7009): 200 without a body, whether there was such a token or not.
pub(crate) async fn revoke(
    State(app): State<App>,
    server: Server,
    change: VisitorsChange,
    headers: HeaderMap,
    form: Form,
) -> OAuthHandled {
    let credentials = client_authentication::credentials(&headers, &form)?;
    let client = client_authentication::authenticate(&app, &server, credentials).await?;
    let token = Secret::from_text(form.required("token")?);
    app.store().revoke(&change.0, &server.issuer, &client, &token).await?;
    Ok(axum::response::Response::new(axum::body::Body::empty()))
}
