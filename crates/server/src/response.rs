//! Answers: JSON bodies, Okta's error body, and the `Link` header of lists.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue, LINK};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::user::profile::ProfileError;
use roster_store::{EngineError, Error};
use serde::Serialize;
use serde_json::{Value, json};

use crate::rate_limit::Allowance;

/// An answer.
pub(crate) type Answer = Response<Body>;

/// What every handler returns.
pub(crate) type Handled = Result<Answer, ApiError>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON answer. Successes and errors alike have this content type, without parameters (observed.md 1).
pub(crate) fn json_with(status: StatusCode, body: &impl Serialize) -> Handled {
    let bytes = serde_json::to_vec(body).map_err(|error| ApiError::internal(&error))?;
    Ok(json_bytes(status, bytes))
}

/// A 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Handled {
    json_with(StatusCode::OK, body)
}

/// A 200 with a body that is JSON already.
pub(crate) fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    // Room for the headers that every answer gets, so that the map grows once.
    *response.headers_mut() = HeaderMap::with_capacity(16);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// 200 with `{}`: what state changes answer.
pub(crate) fn ok_empty() -> Handled {
    Ok(json_bytes(StatusCode::OK, "{}"))
}

/// 204: what removals answer.
pub(crate) fn no_content() -> Handled {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// An error on its way to the client. What few errors have is boxed, since every handler returns one.
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Problem,
    /// What broke, for the log only.
    source: Option<String>,
    challenge: Option<Box<HeaderValue>>,
    /// The limit that was reached, if it is not the bucket's.
    allowance: Option<Box<Allowance>>,
}

impl ApiError {
    /// Something broke on our side; the client learns no more than that.
    pub(crate) fn internal(source: &dyn std::error::Error) -> Self {
        let mut chain = source.to_string();
        let mut cause = source.source();
        while let Some(inner) = cause {
            chain = format!("{chain}: {inner}");
            cause = inner.source();
        }
        Self { problem: Problem::new(ErrorCode::Internal), source: Some(chain), challenge: None, allowance: None }
    }

    /// The same with the limit that was reached.
    pub(crate) fn limited(mut self, allowance: Allowance) -> Self {
        self.allowance = Some(Box::new(allowance));
        self
    }

    /// What a person is told of it; what broke goes to the log.
    pub(crate) fn told(self) -> (StatusCode, String) {
        let Self { problem, source, .. } = self;
        if let Some(source) = source {
            tracing::error!(code = problem.code.code(), "{source}");
        }
        (status_of(&problem), problem.code.summary(&problem.argument))
    }

    /// The same with a `WWW-Authenticate` header.
    pub(crate) fn challenging(mut self, challenge: Option<HeaderValue>) -> Self {
        self.challenge = challenge.map(Box::new);
        self
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, source: None, challenge: None, allowance: None }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Problem::new(code).into()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { asked, kind } => Problem::not_found(&asked, kind).into(),
            Error::Refused(refusal) => refusal.problem().into(),
            Error::StillTransitioning => ErrorCode::StillTransitioning.into(),
            Error::Profile(error) => profile_problem(&error, "profile").into(),
            Error::Schema(error) => Problem::violations(&error.violations).into(),
            Error::DuplicateLogin => Problem::violations(&[Violation::taken("login")]).into(),
            Error::Filter(error) => Problem::new(ErrorCode::InvalidSearch).because(error.to_string()).into(),
            Error::Rule(problem) => problem.into(),
            // A protocol endpoint tells it in OAuth's words (`oauth/failure.rs`).
            Error::OAuth(error) => Problem::new(ErrorCode::InvalidRequest).about(error.description()).into(),
            Error::Busy => ErrorCode::Unavailable.into(),
            Error::Engine(error) => engine_error(&error),
        }
    }
}

fn engine_error(error: &EngineError) -> ApiError {
    match error {
        EngineError::Pool(_) | EngineError::Stopped => {
            ApiError { source: Some(error.to_string()), ..ErrorCode::Unavailable.into() }
        }
        other => ApiError::internal(other),
    }
}

/// A refused profile. The summary of undefined properties names the object: `newUser` on creation, by recording
/// (observed.md 2).
pub(crate) fn profile_problem(error: &ProfileError, object: &str) -> Problem {
    match error {
        ProfileError::Invalid(violations) => Problem::violations(violations),
        ProfileError::UndefinedProperties(_) => {
            let problem = Problem::new(ErrorCode::ApiValidation).about(object);
            error.causes().into_iter().fold(problem, Problem::because)
        }
    }
}

/// Why a request was refused, beside the answer that says so: its first cause, or else the error's summary.
#[derive(Clone)]
pub(crate) struct RefusalReason(pub(crate) String);

impl RefusalReason {
    /// `None` for what was done, for what is not there, and for who may not even ask.
    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        let refused = matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::CONFLICT);
        if refused { answer.extensions().get().cloned() } else { None }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Answer {
        let Self { problem, source, challenge, allowance } = self;
        let id = error_id();
        let status = status_of(&problem);
        if let Some(source) = source {
            tracing::error!(error_id = id, code = problem.code.code(), "{source}");
        }
        let mut response = json_bytes(status, error_body(&problem, &id).to_string());
        let reason = problem.causes.first().cloned().unwrap_or_else(|| problem.code.summary(&problem.argument));
        response.extensions_mut().insert(RefusalReason(reason));
        if let Some(challenge) = challenge {
            response.headers_mut().insert("www-authenticate", *challenge);
        }
        if let Some(allowance) = allowance {
            allowance.write(response.headers_mut());
        }
        response
    }
}

fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// `oae` and 22 characters (observed.md, *Ids*). Unique, not secret.
fn error_id() -> String {
    format!("oae{}", URL_SAFE_NO_PAD.encode(fastrand::u128(..).to_be_bytes()))
}

/// Okta's error body: five members, in this order, always all of them (observed.md 2).
fn error_body(problem: &Problem, id: &str) -> Value {
    let causes: Vec<Value> = problem.causes.iter().map(|cause| json!({ "errorSummary": cause })).collect();
    json!({
        "errorCode": problem.code.code(),
        "errorSummary": problem.code.summary(&problem.argument),
        "errorLink": problem.code.code(),
        "errorId": id,
        "errorCauses": causes,
    })
}

/// A list with its `Link` headers: one line for each relation, as a real org writes them (observed.md 1).
pub(crate) fn list(items: &impl Serialize, links: &ListLinks<'_>) -> Handled {
    let mut response = ok(items)?;
    let headers = response.headers_mut();
    for (after, relation) in [(links.after, "self"), (links.next, "next")] {
        if relation == "next" && after.is_none() {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(&format!("<{}>; rel=\"{relation}\"", links.url(after))) {
            headers.append(LINK, value);
        }
    }
    Ok(response)
}

/// The limit of a list that is to be whole; links write it as the API reference does, -1.
pub(crate) const UNLIMITED: usize = usize::MAX;

/// A text as one segment of a path: logins may hold anything, and a header holds only ASCII.
pub(crate) fn path_segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// What the `Link` headers of a page repeat of its request.
pub(crate) struct ListLinks<'a> {
    /// Scheme, host and path.
    pub(crate) url: String,
    /// The cursor this page began at.
    pub(crate) after: Option<&'a str>,
    /// The cursor of the next page.
    pub(crate) next: Option<&'a str>,
    /// The limit in effect.
    pub(crate) limit: usize,
    /// The other parameters that had an effect, in a real org's order: q, search, filter, then the rest.
    pub(crate) parameters: Vec<(&'static str, &'a str)>,
}

impl ListLinks<'_> {
    fn url(&self, after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(after.map(|after| ("after", after)));
        let limit = if self.limit == UNLIMITED { "-1".to_owned() } else { self.limit.to_string() };
        query.append_pair("limit", &limit);
        query.extend_pairs(self.parameters.iter());
        format!("{}?{}", self.url, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_has_oktas_five_members_in_order() {
        let problem = Problem::new(ErrorCode::ApiValidation).about("login").because("login: no");
        assert_eq!(
            error_body(&problem, "oae1").to_string(),
            r#"{"errorCode":"E0000001","errorSummary":"Api validation failed: login","errorLink":"E0000001","errorId":"oae1","errorCauses":[{"errorSummary":"login: no"}]}"#
        );
    }

    #[test]
    fn an_error_id_has_twenty_five_characters() {
        assert_eq!(error_id().len(), 25);
        assert_ne!(error_id(), error_id());
    }

    #[test]
    fn link_urls_are_escaped_as_forms() {
        let links = ListLinks {
            url: "http://a/api/v1/users".to_owned(),
            after: None,
            next: Some("c"),
            limit: 2,
            parameters: vec![("filter", "status eq \"ACTIVE\"")],
        };
        assert_eq!(links.url(links.next), "http://a/api/v1/users?after=c&limit=2&filter=status+eq+%22ACTIVE%22");
    }
}
