//! The userinfo endpoint (OpenID Connect Core, section 5.3): what the scopes of an access token tell of its user.

use axum::extract::State;
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use axum::response::IntoResponse as _;
use roster_model::oauth::error::OAuthMistake as Mistake;
use roster_model::oauth::oidc_scope::OidcScope;
use roster_store::Error;
use roster_store::oauth::dpop::{ProofOf, ProvenRequest};
use roster_store::oauth::verify::VerifiedToken;
use serde_json::Value;

use super::failure::{OAuthFailure, OAuthHandled};
use super::{Server, dpop};
use crate::App;
use crate::principal::{Scheme, access_token};
use crate::response::{Answer, ok};

/// userinfo and userinfoCustomAS, by GET and by POST.
pub(crate) async fn userinfo(State(app): State<App>, server: Server, method: Method, headers: HeaderMap) -> Answer {
    match tell(&app, &server, &method, &headers).await {
        Ok(answer) => answer,
        Err(failure) => challenged(failure),
    }
}

async fn tell(app: &App, server: &Server, method: &Method, headers: &HeaderMap) -> OAuthHandled {
    let token = verified(app, server, method, headers).await?;
    let Some(user) = token.user else { return Err(Mistake::NoOpenIdScope.into()) };
    if !token.claims.scp.iter().any(|scope| scope == OidcScope::OpenId.as_str()) {
        return Err(Mistake::NoOpenIdScope.into());
    }
    let claims = app.store().user_info(server.org.key, user.key, &token.claims.scp).await?;
    Ok(ok(&Value::Object(claims.ok_or(Mistake::InvalidAccessToken)?))?)
}

/// What the access token of a request says, if it is one of this server's and good.
async fn verified(
    app: &App,
    server: &Server,
    method: &Method,
    headers: &HeaderMap,
) -> Result<VerifiedToken, OAuthFailure> {
    let header = headers.get(AUTHORIZATION).ok_or(Mistake::NoAccessToken)?;
    let (scheme, token) = access_token(header).ok_or(Mistake::NoAccessToken)?;
    let found = app.store().verify_access_token(server.org.key, &server.issuer, &token).await?;
    let found = found.ok_or(Mistake::InvalidAccessToken)?;
    match (&found.claims.cnf, scheme) {
        (None, Scheme::Bearer) => {}
        (Some(bound), Scheme::Dpop) => {
            let request = ProvenRequest {
                method: method.as_str().to_owned(),
                url: server.endpoint.clone(),
                about: ProofOf::token(token.reveal()),
            };
            let shown = app.store().check_dpop_proof(&server.org, dpop::proof(headers)?, request).await;
            if shown.map_err(|error: Error| OAuthFailure::from(error))? != bound.jkt {
                return Err(Mistake::ProofWithAnotherKey.into());
            }
        }
        (Some(_), Scheme::Bearer) | (None, Scheme::Dpop) => return Err(Mistake::InvalidAccessToken.into()),
    }
    Ok(found)
}

/// An error with the challenge of RFC 6750, section 3.
fn challenged(failure: OAuthFailure) -> Answer {
    let challenge = match &failure {
        OAuthFailure::OAuth(error, _) => {
            format!("Bearer error=\"{}\", error_description=\"{}\"", error.mistake.code().as_str(), error.description())
        }
        OAuthFailure::Api(_) => return failure.into_response(),
    };
    let mut answer = failure.into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}
