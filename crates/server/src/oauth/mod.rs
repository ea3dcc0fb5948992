//! `/oauth2`: the protocol endpoints of the org's authorization server and of custom ones.

mod authorize;
mod authorize_answer;
mod client_authentication;
pub(crate) mod dpop;
mod failure;
mod form;
pub(crate) mod introspect;
pub(crate) mod keys;
pub(crate) mod metadata;
pub(crate) mod token;
pub(crate) mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use roster_model::error::{Problem, ResourceKind};
use roster_model::oauth::server::Issuer;
use roster_store::orgs::Org;

use crate::App;
use crate::caller::Visitor;
use crate::request::optional_segment;
use crate::response::ApiError;

/// What browsers are sent to.
pub(crate) fn pages() -> Router<App> {
    let authorize = || get(authorize::authorize).post(authorize::authorize_by_form);
    Router::new()
        .route("/oauth2/v1/authorize", authorize())
        .route("/oauth2/{authorizationServerId}/v1/authorize", authorize())
        .route("/oauth2/v1/consent", post(authorize::consent))
        .route("/oauth2/{authorizationServerId}/v1/consent", post(authorize::consent))
}

/// The authorization server that a path names: the org's own, or a custom one that is active.
pub(crate) struct Server {
    /// The org that is asked.
    pub(crate) org: Arc<Org>,
    /// Which of its servers.
    pub(crate) issuer: Issuer,
    /// Scheme and host as the caller wrote them.
    pub(crate) base_url: Arc<str>,
    /// The URL that was called, without its query.
    pub(crate) endpoint: String,
}

impl FromRequestParts<App> for Server {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Visitor { org, base_url, .. } = Visitor::from_request_parts(parts, app).await?;
        let issuer = match optional_segment(parts, "authorizationServerId").await? {
            None => Issuer::Org,
            Some(id) => {
                let found = app.store().find_issuer(org.key, &id).await?;
                found.ok_or_else(|| Problem::not_found(&id, ResourceKind::AuthorizationServer))?
            }
        };
        let endpoint = format!("{base_url}{}", parts.uri.path());
        Ok(Self { org, issuer, base_url, endpoint })
    }
}
