//! What the form of a page posts.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderMap;
use http_body_util::{BodyExt as _, Limited};
use roster_model::error::ErrorCode;

use super::{PageError, Visit, csrf};
use crate::App;
use crate::response::ApiError;

/// Bytes that a form may have.
const MAX_FORM_BYTES: usize = 64 << 10;

/// A form that came from one of our pages.
pub(crate) struct Form {
    /// Who sent it.
    pub(crate) visit: Visit,
    fields: Vec<(String, String)>,
}

impl FromRequest<App> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        let body = Limited::new(body, MAX_FORM_BYTES).collect().await;
        let bytes = body.map_err(|_| ApiError::from(ErrorCode::BodyTooLarge))?.to_bytes();
        let fields = form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
        let form = Self { visit, fields: fields.collect() };
        if is_foreign(&parts.headers) || !form.text(csrf::FIELD).is_some_and(|token| form.visit.is_token(token)) {
            return Err(PageError::foreign_form(parts.uri.path()));
        }
        // PostgreSQL can hold no NUL.
        if form.fields.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ApiError::from(ErrorCode::NotWellFormed).into());
        }
        Ok(form)
    }
}

impl Form {
    /// A field, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Whether the browser says that another site had the form sent.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}
