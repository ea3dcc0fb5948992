//! Errors of the protocol endpoints: OAuth's two members where a rule of OAuth was broken (RFC 6749, 5.2), a real org's five
//! where anything else was.

use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use axum::response::IntoResponse;
use roster_model::oauth::error::{OAuthError, OAuthErrorCode, OAuthMistake};
use roster_store::Error;
use serde_json::json;

use crate::response::{Answer, ApiError, json_bytes};

/// What the handlers of protocol endpoints return.
pub(crate) type OAuthHandled = Result<Answer, OAuthFailure>;

/// An error on its way to an OAuth client.
#[derive(Debug)]
pub(crate) enum OAuthFailure {
    /// In OAuth's words, with these headers.
    OAuth(OAuthError, HeaderMap),
    /// In a real org's.
    Api(ApiError),
}

impl OAuthFailure {
    /// The same with one more header, if it is an OAuth error.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Self::OAuth(_, headers) = &mut self {
            headers.insert(name, value);
        }
        self
    }

    /// Whether this is the error.
    pub(crate) fn is(&self, code: OAuthErrorCode) -> bool {
        matches!(self, Self::OAuth(error, _) if error.mistake.code() == code)
    }
}

impl From<OAuthError> for OAuthFailure {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error, HeaderMap::new())
    }
}

impl From<OAuthMistake> for OAuthFailure {
    fn from(mistake: OAuthMistake) -> Self {
        OAuthError::from(mistake).into()
    }
}

impl From<ApiError> for OAuthFailure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<Error> for OAuthFailure {
    fn from(error: Error) -> Self {
        match error {
            Error::OAuth(error) => error.into(),
            other => Self::Api(other.into()),
        }
    }
}

impl IntoResponse for OAuthFailure {
    fn into_response(self) -> Answer {
        match self {
            Self::Api(error) => error.into_response(),
            Self::OAuth(error, headers) => {
                let code = error.mistake.code();
                let status = StatusCode::from_u16(error.mistake.status()).unwrap_or(StatusCode::BAD_REQUEST);
                let body = json!({ "error": code.as_str(), "error_description": error.description() });
                let mut answer = json_bytes(status, body.to_string());
                answer.headers_mut().extend(headers);
                if code == OAuthErrorCode::InvalidClient {
                    // RFC 6749, 5.2: a client that tried the header is told that it may try again.
                    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"OAuth\""));
                }
                answer
            }
        }
    }
}
