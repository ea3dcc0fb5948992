//! The parameters of a request to a protocol endpoint.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Limited};
use roster_model::oauth::error::{OAuthError, OAuthMistake};

use super::failure::OAuthFailure;
use crate::request::MAX_BODY_BYTES;

/// A form. Some SDKs put a part of it into the query (clients.md 2).
pub(crate) struct Form(Vec<(String, String)>);

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = OAuthFailure;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, OAuthFailure> {
        let (parts, body) = request.into_parts();
        let collected = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|_| OAuthMistake::NoForm)?;
        let body = collected.to_bytes();
        let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = media_type.split(';').next().unwrap_or_default().trim();
        if !body.is_empty() && !is_form.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthMistake::NoForm.into());
        }
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(&body));
        let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let form = Self(pairs);
        form.check()?;
        Ok(form)
    }
}

impl Form {
    /// Refuses parameters that are there twice (RFC 6749, 3.2), and NULs, which PostgreSQL cannot hold.
    fn check(&self) -> Result<(), OAuthError> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if name.contains('\0') || value.contains('\0') {
                return Err(OAuthMistake::NoForm.into());
            }
            if self.0.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err(OAuthError::about(OAuthMistake::RepeatedParameter, printable(name)));
            }
        }
        Ok(())
    }

    /// A parameter; an empty one is none (RFC 6749, 3.2).
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.text(name).ok_or_else(|| OAuthError::about(OAuthMistake::MissingParameter, name))
    }

    /// The words of `scope`, each once.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for scope in self.text("scope").unwrap_or_default().split_ascii_whitespace() {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }
}

/// A text as a description may hold it (RFC 6749, 5.2).
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).take(64).collect()
}
