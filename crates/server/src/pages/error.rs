//! What a page says when it cannot be shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use roster_store::Error;

use super::{POLICY, html};
use crate::response::{Answer, ApiError};

/// What every page's handler returns.
pub(crate) type Shown = Result<Answer, PageError>;

/// An error on its way to a person.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    title: &'static str,
    message: String,
    /// Where to go from here.
    way_out: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    way_out: &'a str,
}

impl PageError {
    /// A page that is not, or no longer, there.
    pub(crate) fn new(status: StatusCode, title: &'static str, message: &str) -> Self {
        Self { status, title, message: message.to_owned(), way_out: "/".to_owned() }
    }

    /// Something broke on our side; the visitor learns no more than that.
    pub(crate) fn internal(source: &dyn std::error::Error) -> Self {
        ApiError::internal(source).into()
    }

    /// A form that is not from one of our pages, or of a session that has ended; `path` shows a new one.
    pub(super) fn foreign_form(path: &str) -> Self {
        let message = "It was opened before you signed in or out, or in another browser. Nothing was changed.";
        let title = "This form is no longer good";
        Self { status: StatusCode::FORBIDDEN, title, message: message.to_owned(), way_out: path.to_owned() }
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        let (status, message) = error.told();
        let title = match status {
            StatusCode::NOT_FOUND => "There is no such page",
            StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
            status if status.is_server_error() => "That did not work",
            _ => "That is not possible",
        };
        Self::new(status, title, &message)
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        ApiError::from(error).into()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Answer {
        let Self { status, title, message, way_out } = &self;
        let page = ErrorPage { title, message, way_out };
        html(*status, &page, POLICY).unwrap_or_else(|_| status.into_response())
    }
}
