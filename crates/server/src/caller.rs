//! Who calls: the org from the host, the token's owner, the rate-limit bucket. Every operation of the API goes through
//! [`authorize`]; a handler that takes a [`Caller`] cannot be reached without one.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, Method, Uri};
use axum::response::IntoResponse as _;
use roster_model::error::ErrorCode;
use roster_model::operations::{Access, Operation};
use roster_store::change::{Change, Party, RequestContext};
use roster_store::orgs::{DEFAULT_ORG, Org};

use tower::Service;

use crate::attempts::Attempt;
use crate::entrance::RequestId;
use crate::principal::{self, Asked, Principal};
use crate::request::accepts_json;
use crate::response::{Answer, ApiError, RefusalReason};
use crate::{App, permissions};

/// The caller of an operation.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The org that is asked.
    pub(crate) org: Arc<Org>,
    /// Whom the token speaks for.
    pub(crate) principal: Principal,
    /// Scheme and host as the caller wrote them: what links begin with.
    pub(crate) base_url: Arc<str>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Visitor { org, principal, base_url, .. } = Visitor::from_request_parts(parts, app).await?;
        let principal = principal.ok_or(ErrorCode::InvalidToken)?;
        Ok(Self { org, principal, base_url })
    }
}

/// Whoever calls an operation that anyone may call.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// The org that is asked.
    pub(crate) org: Arc<Org>,
    /// Whom the token speaks for, if one came along: the caller is a trusted application.
    pub(crate) principal: Option<Principal>,
    /// Scheme and host as the caller wrote them: what links begin with.
    pub(crate) base_url: Arc<str>,
    /// Where the request came from.
    pub(crate) address: Option<IpAddr>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ErrorCode::InvalidToken.into())
    }
}

/// A change to the caller's org, made by them with this request.
pub(crate) struct CallersChange(pub(crate) Change);

impl FromRequestParts<App> for CallersChange {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let address = Visitor::from_request_parts(parts, app).await?.address;
        let base_url = app.base_url().for_mail(&caller.base_url, caller.org.label(), true);
        let request = request_context(parts, address, base_url);
        Ok(Self(app.store().change(caller.org.key, caller.principal.party().clone(), request)))
    }
}

/// A change to the visitor's org with this request; by the owner of the token, or by nobody known.
pub(crate) struct VisitorsChange(pub(crate) Change);

impl FromRequestParts<App> for VisitorsChange {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let base_url = app.base_url().for_mail(&visitor.base_url, visitor.org.label(), visitor.principal.is_some());
        let request = request_context(parts, visitor.address, base_url);
        let actor = visitor.principal.map_or_else(|| Party::unknown("unknown"), |principal| principal.party().clone());
        Ok(Self(app.store().change(visitor.org.key, actor, request)))
    }
}

/// What is kept of a request that came from this address, for the System Log and for mails with links that begin with
/// `base_url`.
pub(crate) fn request_context(parts: &Parts, address: Option<IpAddr>, base_url: String) -> RequestContext {
    KeptRequest::of(parts).context(address, base_url)
}

/// As much of a request as the System Log wants to know, shared with it rather than copied.
pub(crate) struct KeptRequest {
    id: Option<RequestId>,
    pub(crate) uri: Uri,
    user_agent: Option<HeaderValue>,
}

impl KeptRequest {
    pub(crate) fn of(parts: &Parts) -> Self {
        Self {
            id: parts.extensions.get().cloned(),
            uri: parts.uri.clone(),
            user_agent: parts.headers.get(USER_AGENT).cloned(),
        }
    }

    pub(crate) fn context(&self, address: Option<IpAddr>, base_url: String) -> RequestContext {
        let user_agent = self.user_agent.as_ref().and_then(|text| text.to_str().ok());
        RequestContext {
            id: self.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            uri: self.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            ip_address: address.map(|address| address.to_string()),
            user_agent: user_agent.map(str::to_owned),
            base_url,
        }
    }
}

/// Where a request came from. A proxy on this machine, and a trusted application, say for whom they ask (behaviour.md A.11);
/// anybody else is where they are.
pub(crate) fn address(headers: &HeaderMap, peer: Option<IpAddr>, is_trusted: bool) -> Option<IpAddr> {
    if !is_trusted && !peer.is_some_and(|peer| peer.is_loopback()) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let nearest = forwarded.flat_map(|value| value.split(',')).filter_map(|text| text.trim().parse().ok()).next_back();
    nearest.or(peer)
}

/// Lets a request of `operation` through to `handler`, or answers why not.
pub(crate) async fn authorize<S>(app: &App, operation: &'static Operation, request: Request, handler: S) -> Answer
where
    S: Service<Request, Response = Answer, Error = Infallible>,
{
    let now = app.store().clock().now();
    let untouched = app.limiter().look(operation.bucket, now);
    let peer = peer(request.extensions());
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let (answer, allowance) = match identify(app, operation, method, uri, headers, peer).await {
        Err(error) => (error.into_response(), untouched),
        Ok(visitor) => {
            let allowance = app.limiter().take(visitor.org.key, operation.bucket, now);
            let answer = if !allowance.granted {
                ApiError::from(ErrorCode::TooManyRequests).into_response()
            } else if accepts_json(request.headers()) {
                admit(app, operation, visitor, request, handler).await
            } else {
                ApiError::from(ErrorCode::NotAcceptable).into_response()
            };
            (answer, allowance)
        }
    };
    let mut answer = answer;
    // What throttles one account tells its own limit.
    if !answer.headers().contains_key("x-rate-limit-limit") {
        allowance.write(answer.headers_mut());
    }
    answer
}

/// Lets a visitor through to `handler`, if their roles allow it.
async fn admit<S>(app: &App, operation: &Operation, visitor: Visitor, request: Request, mut handler: S) -> Answer
where
    S: Service<Request, Response = Answer, Error = Infallible>,
{
    let (mut parts, body) = request.into_parts();
    let attempt = Attempt::of(operation, &visitor, &parts);
    let allowed = match &visitor.principal {
        Some(principal) => permissions::check(app, &visitor.org, principal, operation, &mut parts).await,
        None => Ok(()),
    };
    let answer = match allowed {
        Err(refused) => refused.into_response(),
        Ok(()) => {
            parts.extensions.insert(visitor);
            let Ok(answer) = handler.call(Request::from_parts(parts, body)).await;
            answer
        }
    };
    if let Some((attempt, reason)) = attempt.zip(RefusalReason::of(&answer)) {
        attempt.record(app, reason).await;
    }
    answer
}

async fn identify(
    app: &App,
    operation: &Operation,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Visitor, ApiError> {
    let (org, base_url) = org_and_base_url(app, headers).await?;
    // An OAuth client may prove who it is in the same header, which is the endpoint's to read.
    let is_public = operation.access == Access::Client
        || (operation.access == Access::Anyone && !headers.contains_key(AUTHORIZATION));
    if is_public {
        return Ok(Visitor { org, principal: None, base_url, address: address(headers, peer, false) });
    }
    let asked = Asked { org: &org, operation, base_url: &base_url, method, uri, headers };
    let principal = Some(principal::identify(app, &asked).await?);
    Ok(Visitor { org, principal, base_url, address: address(headers, peer, true) })
}

/// The org that a request asks, and what links to its caller begin with.
pub(crate) async fn org_and_base_url(app: &App, headers: &HeaderMap) -> Result<(Arc<Org>, Arc<str>), ApiError> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    Ok((org_of_host(app, host).await?, app.base_url().for_host(host)))
}

/// The other end of the request's connection.
pub(crate) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// The org whose name is the host's first label; any other host is the default org's.
async fn org_of_host(app: &App, host: Option<&str>) -> Result<Arc<Org>, ApiError> {
    if let Some(name) = host.filter(|host| !app.base_url().is_own(host)).and_then(first_label)
        && let Some(org) = app.store().org_named(&name.to_ascii_lowercase()).await?
    {
        return Ok(org);
    }
    let default = app.store().org_named(DEFAULT_ORG).await?;
    default.ok_or_else(|| ErrorCode::Unavailable.into())
}

/// The first of several labels of a host name; an address has no labels.
fn first_label(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').filter(|_| !host.starts_with('[')).map_or(host, |(name, _)| name);
    let (label, _) = name.split_once('.')?;
    (name.parse::<IpAddr>().is_err() && !host.starts_with('[')).then_some(label)
}

/// Whether this may stand in a link: host names, addresses, a port.
fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_here_or_a_trusted_application_says_for_whom_it_asks() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.9, 198.51.100.7"));
        let told = |peer: &str, is_trusted| address(&headers, peer.parse().ok(), is_trusted).map(|it| it.to_string());
        assert_eq!(told("192.0.2.1", false).as_deref(), Some("192.0.2.1"));
        assert_eq!(told("192.0.2.1", true).as_deref(), Some("198.51.100.7"));
        assert_eq!(told("127.0.0.1", false).as_deref(), Some("198.51.100.7"));
        assert_eq!(address(&HeaderMap::new(), "::1".parse().ok(), false), "::1".parse().ok());
    }

    #[test]
    fn the_first_label_of_a_host_name_may_be_an_org() {
        assert_eq!(first_label("acme.localhost:8080"), Some("acme"));
        assert_eq!(first_label("acme.roster.example"), Some("acme"));
        for host in ["localhost:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "localhost"] {
            assert_eq!(first_label(host), None, "{host}");
        }
    }
}
