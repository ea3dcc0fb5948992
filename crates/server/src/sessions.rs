//! `/api/v1/sessions` (behaviour.md G.2): by id for administrators, by the `sid` cookie for who holds it.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::timestamp::Timestamp;
use roster_store::secret::Secret;
use roster_store::sessions::Session;
use serde_json::{Value, json};

use crate::base_url::is_same_place;
use crate::caller::{Caller, CallersChange, Visitor, VisitorsChange};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{Answer, ApiError, Handled, no_content, ok};
use crate::{App, cookies};

/// The cookie that carries a session's id.
const COOKIE_NAME: &str = "sid";

/// createSession: for the token that a sign-in ended with, once. Its links are those of who holds the session.
pub(crate) async fn create_session(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let token = body.text("sessionToken")?.ok_or(ErrorCode::NotWellFormed)?;
    let (session, id) = app.store().create_session(&change, &Secret::from_text(token)).await?;
    ok(&view(&session, id.reveal(), Links::Own, &visitor.base_url))
}

/// getSession.
pub(crate) async fn get_session(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    let session = app.store().get_session(caller.org.key, &id).await?;
    ok(&view(&session, &id, Links::Administrators, &caller.base_url))
}

/// endSession.
pub(crate) async fn end_session(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().end_session(&change, &id).await?;
    no_content()
}

/// refreshSession: answers the session, or with `Prefer: return=minimal` nothing.
pub(crate) async fn refresh_session(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Handled {
    let session = app.store().refresh_session(&change, &id).await?;
    if prefers_minimal(&headers) {
        return minimal();
    }
    ok(&view(&session, &id, Links::Administrators, &caller.base_url))
}

/// getCurrentSession.
pub(crate) async fn get_current_session(State(app): State<App>, visitor: Visitor, headers: HeaderMap) -> Handled {
    let id = cookie(&headers).ok_or_else(no_session)?;
    let session = app.store().current_session(visitor.org.key, &id).await?.ok_or_else(no_session)?;
    ok(&view(&session, id.reveal(), Links::Own, &visitor.base_url))
}

/// closeCurrentSession: signs out.
pub(crate) async fn close_current_session(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    headers: HeaderMap,
) -> Handled {
    let id = cookie(&headers).ok_or_else(no_session)?;
    let session = app.store().current_session(visitor.org.key, &id).await?.ok_or_else(no_session)?;
    app.store().end_session(&change, &session.id).await?;
    let mut answer = no_content()?;
    clear_session_cookie(&mut answer, &visitor.base_url);
    Ok(answer)
}

/// refreshCurrentSession.
pub(crate) async fn refresh_current_session(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    headers: HeaderMap,
) -> Handled {
    let id = cookie(&headers).ok_or_else(no_session)?;
    let session = app.store().current_session(visitor.org.key, &id).await?.ok_or_else(no_session)?;
    let session = app.store().refresh_session(&change, &session.id).await?;
    if prefers_minimal(&headers) {
        return minimal();
    }
    ok(&view(&session, id.reveal(), Links::Own, &visitor.base_url))
}

/// sessionCookieRedirect: changes the token of a sign-in for a session cookie and sends the browser on, to where links of
/// this server may lead.
pub(crate) async fn session_cookie_redirect(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    query: Query,
) -> Handled {
    let redirect = query.text("redirectUrl").unwrap_or("/");
    let redirect = is_same_place(redirect, &visitor.base_url).then(|| HeaderValue::from_str(redirect).ok()).flatten();
    let redirect = redirect.ok_or_else(|| ApiError::from(ErrorCode::AccessDenied))?;
    let token = query.text("token").ok_or(ErrorCode::AuthenticationFailed)?;
    let (session, id) = app.store().create_session(&change, &Secret::from_text(token)).await?;
    let mut answer = no_content()?;
    *answer.status_mut() = StatusCode::FOUND;
    answer.headers_mut().insert(LOCATION, redirect);
    set_session_cookie(&mut answer, &visitor.base_url, &session, &id);
    Ok(answer)
}

/// Gives the browser the cookie of a session.
pub(crate) fn set_session_cookie(answer: &mut Answer, base_url: &str, session: &Session, id: &Secret) {
    let seconds = |from: Timestamp, to: Timestamp| (to.as_millis() - from.as_millis()) / 1000;
    let max_age = session.persistent_cookie.then(|| seconds(session.created, session.expires));
    cookies::set(answer, base_url, COOKIE_NAME, id.reveal(), max_age);
}

/// Takes the cookie of a session back.
pub(crate) fn clear_session_cookie(answer: &mut Answer, base_url: &str) {
    cookies::clear(answer, base_url, COOKIE_NAME);
}

/// The session id that a request's cookies carry.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<Secret> {
    cookies::read(headers, COOKIE_NAME)
}

fn no_session() -> ApiError {
    Problem::not_found("me", ResourceKind::Session).into()
}

fn prefers_minimal(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case("return=minimal"))
}

fn minimal() -> Handled {
    let mut answer = no_content()?;
    answer.headers_mut().insert("preference-applied", HeaderValue::from_static("return=minimal"));
    Ok(answer)
}

/// For whom a session's links are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    /// Who holds it.
    Own,
    /// Administrators: they see another name than the id, as in a real org (observed.md 5).
    Administrators,
}

/// A session on the wire, under the id that it was asked for by.
fn view(session: &Session, id: &str, links: Links, base_url: &str) -> Value {
    let (own_path, user_path) = match links {
        Links::Own => ("sessions/me".to_owned(), "users/me".to_owned()),
        Links::Administrators => (format!("sessions/{}", session.id), format!("users/{}", session.user_id)),
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": id,
        "userId": session.user_id,
        "login": session.login,
        "createdAt": session.created.to_string(),
        "expiresAt": session.expires.to_string(),
        "status": "ACTIVE",
        "lastPasswordVerification": time(session.verified.password),
        "lastFactorVerification": time(session.verified.factor()),
        "amr": session.verified.methods(),
        "idp": { "id": session.org_id, "type": "OKTA" },
        "mfaActive": session.mfa_active,
        "_links": {
            "self": { "href": format!("{base_url}/api/v1/{own_path}"), "hints": { "allow": ["GET", "DELETE"] } },
            "refresh": {
                "href": format!("{base_url}/api/v1/{own_path}/lifecycle/refresh"),
                "hints": { "allow": ["POST"] },
            },
            "user": {
                "name": session.user_name,
                "href": format!("{base_url}/api/v1/{user_path}"),
                "hints": { "allow": ["GET"] },
            },
        },
    })
}
