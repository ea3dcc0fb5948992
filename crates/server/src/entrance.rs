//! What every request passes first and every answer last.
//!
//! A service of its own around the router, rather than layers on it, since the router boxes each layer for each request.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HeaderMap, HeaderName, HeaderValue, PRAGMA};
use axum::http::{Response, Uri};
use bytes::Bytes;
use roster_model::rate_limit::Bucket;
use tower::{BoxError, Service};

use crate::App;
use crate::response::Answer;

/// The `X-Okta-Request-Id` of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// 32 hex digits, as a real org's (observed.md 1). Unique, not secret, so a generator in the process will do.
    fn new() -> Self {
        let mut digits = [0; 32];
        let digits = data_encoding::HEXLOWER.encode_mut_str(&fastrand::u128(..).to_be_bytes(), &mut digits);
        // Hex digits are a header value.
        Self(HeaderValue::from_str(digits).unwrap_or(HeaderValue::from_static("")))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Makes the path regular, gives the request its id, and the answer the headers that every answer has.
#[derive(Clone)]
pub(crate) struct Entrance<S> {
    app: App,
    inner: S,
}

impl<S> Entrance<S> {
    pub(crate) fn new(app: App, inner: S) -> Self {
        Self { app, inner }
    }
}

impl<S, B> Service<Request> for Entrance<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(uri) = normalized(request.uri()) {
            *request.uri_mut() = uri;
        }
        let id = RequestId::new();
        request.extensions_mut().insert(id.clone());
        let (app, answered) = (self.app.clone(), self.inner.call(request));
        Box::pin(async move {
            let Ok(answer) = answered.await;
            let mut answer = answer.map(Body::new);
            write_headers(&app, id, answer.headers_mut());
            Ok(answer)
        })
    }
}

/// The headers of every answer (observed.md 1).
fn write_headers(app: &App, id: RequestId, headers: &mut HeaderMap) {
    if !headers.contains_key("x-rate-limit-limit") {
        app.limiter().look(Bucket::Other, app.store().clock().now()).write(headers);
    }
    headers.insert(HeaderName::from_static("x-okta-request-id"), id.0);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("0"));
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    }
}

/// A path as the router knows it: doubled slashes are one, and one at the end is none (observed.md 1, clients.md 1).
/// `None` if it is so already.
fn normalized(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.contains("//") && (path.len() == 1 || !path.ends_with('/')) {
        return None;
    }
    let mut clean = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        clean.push('/');
        clean.push_str(part);
    }
    if clean.is_empty() {
        clean.push('/');
    }
    if let Some(query) = uri.query() {
        clean.push('?');
        clean.push_str(query);
    }
    clean.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_and_trailing_slashes_are_dropped() {
        let clean = |uri: &str| normalized(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(clean("//api//v1/users/?limit=2").as_deref(), Some("/api/v1/users?limit=2"));
        assert_eq!(clean("/api/v1/users?x=//"), None);
        assert_eq!(clean("/"), None);
    }
}
