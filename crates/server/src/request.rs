//! What requests bring: path segments, query parameters, JSON bodies. Every mistake has Okta's answer.

use axum::RequestPartsExt as _;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use serde_json::{Map, Value};

use crate::App;
use crate::caller::Caller;
use crate::response::ApiError;

/// Bytes that a body may have.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// The user that a path names: an id, a login or a short name; `me` has become the caller's id (behaviour.md C.0).
pub(crate) struct UserSegment(pub(crate) String);

impl FromRequestParts<App> for UserSegment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        user_segment(parts, app, "userId").await.map(Self)
    }
}

pub(crate) async fn user_segment(parts: &mut Parts, app: &App, name: &str) -> Result<String, ApiError> {
    let asked = segment(parts, name).await?;
    if asked == "me" {
        let caller = Caller::from_request_parts(parts, app).await?;
        // A client that speaks for itself is no user.
        let user = caller.principal.user_id();
        return user.map(ToString::to_string).ok_or_else(|| Problem::not_found("me", ResourceKind::User).into());
    }
    // A real org cannot address logins with these characters (behaviour.md C.0).
    if asked.contains(['/', '?']) {
        return Err(Problem::not_found(&asked, ResourceKind::User).into());
    }
    Ok(asked)
}

/// The two users and the relation in the path of a link.
pub(crate) struct LinkSegments {
    pub(crate) associated: String,
    pub(crate) relation: String,
    pub(crate) primary: String,
}

impl FromRequestParts<App> for LinkSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self {
            associated: user_segment(parts, app, "associatedUserId").await?,
            relation: segment(parts, "primaryRelationshipName").await?,
            primary: user_segment(parts, app, "primaryUserId").await?,
        })
    }
}

/// The resource that a path names, beside a user: the segment before the user, or the only one.
pub(crate) struct Segment(pub(crate) String);

impl FromRequestParts<App> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let params = path_params(parts).await?;
        let other = params.iter().find(|(name, _)| *name != "userId");
        other.map(|(_, value)| Self(value.to_owned())).ok_or_else(|| ErrorCode::PathNotFound.into())
    }
}

/// A policy and one of its rules, as a path names them.
pub(crate) struct RuleSegments {
    pub(crate) policy: String,
    pub(crate) rule: String,
}

impl FromRequestParts<App> for RuleSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { policy: segment(parts, "policyId").await?, rule: segment(parts, "ruleId").await? })
    }
}

/// A group and one of its owners, as a path names them.
pub(crate) struct OwnerSegments {
    pub(crate) group: String,
    pub(crate) owner: String,
}

impl FromRequestParts<App> for OwnerSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { group: segment(parts, "groupId").await?, owner: segment(parts, "ownerId").await? })
    }
}

/// The app and the group in the path of an assignment.
pub(crate) struct AssignmentSegments {
    pub(crate) application: String,
    pub(crate) group: String,
}

impl FromRequestParts<App> for AssignmentSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { application: segment(parts, "appId").await?, group: segment(parts, "groupId").await? })
    }
}

/// The client and the refresh token in the path of the latter.
pub(crate) struct TokenSegments {
    pub(crate) client: String,
    pub(crate) token: String,
}

impl FromRequestParts<App> for TokenSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { client: segment(parts, "clientId").await?, token: segment(parts, "tokenId").await? })
    }
}

/// The app and the grant in the path of a granted scope.
pub(crate) struct GrantSegments {
    pub(crate) application: String,
    pub(crate) grant: String,
}

impl FromRequestParts<App> for GrantSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { application: segment(parts, "appId").await?, grant: segment(parts, "grantId").await? })
    }
}

/// The app and the refresh token in the path of a token that it holds.
pub(crate) struct ApplicationTokenSegments {
    pub(crate) application: String,
    pub(crate) token: String,
}

impl FromRequestParts<App> for ApplicationTokenSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { application: segment(parts, "appId").await?, token: segment(parts, "tokenId").await? })
    }
}

/// The token at the end of a path that opens without an API token.
pub(crate) struct TokenSegment(pub(crate) String);

impl FromRequestParts<App> for TokenSegment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        segment(parts, "token").await.map(Self)
    }
}

/// A path whose escapes are no text names nothing, and neither does a NUL, which PostgreSQL cannot hold.
async fn path_params(parts: &mut Parts) -> Result<RawPathParams, ApiError> {
    let params = parts.extract::<RawPathParams>().await.ok();
    let text = params.filter(|params| params.iter().all(|(_, value)| !value.contains('\0')));
    text.ok_or_else(|| ErrorCode::PathNotFound.into())
}

pub(crate) async fn segment(parts: &mut Parts, name: &str) -> Result<String, ApiError> {
    optional_segment(parts, name).await?.ok_or_else(|| ErrorCode::PathNotFound.into())
}

/// A segment that only some paths of a handler have.
pub(crate) async fn optional_segment(parts: &mut Parts, name: &str) -> Result<Option<String>, ApiError> {
    let params = path_params(parts).await?;
    let found = params.iter().find(|(known, _)| *known == name);
    Ok(found.map(|(_, value)| value.to_owned()))
}

/// The query parameters. Their names are case-sensitive, an empty one is absent, unknown ones do not matter
/// (behaviour.md A.1).
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.uri))
    }
}

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// `true` or `false` in any letter case.
    pub(crate) fn boolean(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(type_mismatch(name, text, "boolean")),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let number = |text: &str| text.trim().parse().map_err(|_| type_mismatch(name, text, "integer"));
        self.text(name).map(number).transpose()
    }

    /// A page's `limit`: above `max` it is `max`; below 1 it is refused.
    pub(crate) fn limit(&self, default: usize, max: usize) -> Result<usize, ApiError> {
        let Some(text) = self.text("limit") else { return Ok(default) };
        match text.trim().parse::<i64>() {
            Ok(limit) if limit < 1 => {
                Err(Problem::violations(&[Violation::new("limit", "The limit must be greater than 0")]).into())
            }
            Ok(limit) => Ok(usize::try_from(limit).unwrap_or(max).min(max)),
            Err(_) => Err(type_mismatch("limit", text, "integer")),
        }
    }

    /// A page's `limit`, which above `max` is refused too (behaviour.md C.11).
    pub(crate) fn limit_up_to(&self, default: usize, max: usize) -> Result<usize, ApiError> {
        let limit = self.limit(default, usize::MAX)?;
        if limit > max {
            let text = format!("The limit must not be greater than {max}");
            return Err(Problem::violations(&[Violation::new("limit", text)]).into());
        }
        Ok(limit)
    }

    /// A page's `limit` where a number below 1 asks for the whole list: `None`.
    pub(crate) fn limit_or_none(&self, default: usize) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.text("limit") else { return Ok(Some(default)) };
        match text.trim().parse::<i64>() {
            Ok(limit) => Ok(usize::try_from(limit).ok().filter(|limit| *limit > 0)),
            Err(_) => Err(type_mismatch("limit", text, "integer")),
        }
    }
}

fn type_mismatch(name: &str, text: &str, wanted: &str) -> ApiError {
    let argument = format!("The value \"{text}\" of the parameter {name} is not of type {wanted}.");
    Problem::new(ErrorCode::TypeMismatch).about(argument).into()
}

/// A JSON body; `None` if there is none.
pub(crate) struct JsonBody(pub(crate) Option<Value>);

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let collected = Limited::new(body, MAX_BODY_BYTES).collect().await;
        let bytes = match collected {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(ErrorCode::BodyTooLarge.into()),
            // The client went away in the middle of it.
            Err(_) => return Err(ErrorCode::NotWellFormed.into()),
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        if !is_json(&parts.headers) {
            return Err(ErrorCode::MediaTypeNotSupported.into());
        }
        let body = serde_json::from_slice(&bytes).map_err(|_| ErrorCode::NotWellFormed)?;
        Ok(Self(Some(body)))
    }
}

/// Whether the body calls itself JSON; some SDKs do not say what it is.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return true };
    let media_type = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json") || media_type.to_ascii_lowercase().ends_with("+json")
}

/// Whether the caller takes JSON.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().peekable();
    let takes = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(range.as_str(), "" | "*/*" | "application/*" | "application/json") || range.ends_with("+json")
    };
    accepted.peek().is_none() || accepted.any(|value| value.to_str().unwrap_or_default().split(',').any(takes))
}

/// An object body, which must be there.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl<S: Sync> FromRequest<S> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, ApiError> {
        match JsonBody::from_request(request, state).await?.0 {
            Some(Value::Object(members)) => Ok(Self(members)),
            _ => Err(ErrorCode::NotWellFormed.into()),
        }
    }
}

/// An object body; no body is an empty one.
pub(crate) struct OptionalObject(pub(crate) JsonObject);

impl<S: Sync> FromRequest<S> for OptionalObject {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, ApiError> {
        match JsonBody::from_request(request, state).await?.0 {
            None => Ok(Self(JsonObject(Map::new()))),
            Some(Value::Object(members)) => Ok(Self(JsonObject(members))),
            Some(_) => Err(ErrorCode::NotWellFormed.into()),
        }
    }
}

impl JsonObject {
    /// A member that is there and not null.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// An object member; another JSON type is not well-formed.
    pub(crate) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, ApiError> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(ErrorCode::NotWellFormed.into()),
        }
    }

    /// A text member; another JSON type is not well-formed. PostgreSQL can hold no NUL.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(Problem::violations(&[Violation::new(name, "The field has an invalid value")]).into())
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ErrorCode::NotWellFormed.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_is_read_in_any_letter_case_and_nothing_else_is_one() {
        let query = Query::of(&"/?a=TRUE&b=False&c=&d=1".parse().unwrap());
        assert!(query.boolean("a", false).unwrap() && !query.boolean("b", true).unwrap());
        assert!(query.boolean("c", true).unwrap());
        assert!(query.boolean("d", true).is_err());
    }

    #[test]
    fn a_limit_is_capped_and_must_be_positive() {
        let limit = |text: &str| Query::of(&format!("/?limit={text}").parse().unwrap()).limit(10, 200).ok();
        assert_eq!(
            [limit("5"), limit("5000"), limit("0"), limit("x"), limit("")],
            [Some(5), Some(200), None, None, Some(10)]
        );
    }
}
