//! The hosted pages, rendered by the server: signing in and out, and what mails link to.
//!
//! A page is a template in `templates/` that extends `layout.html`. Pages need no JavaScript and allow none. A handler
//! takes a [`Visit`] (who looks, at which org) or, for what a form posts, a [`Form`], which is there only if the form came
//! from one of our pages (`csrf.rs`), and answers [`Shown`]. They use the same operations of the store as the API.

mod csrf;
mod error;
mod factors;
mod federation;
mod form;
mod home;
mod links;
mod mailbox;
mod recovery;
mod sign_in;
mod steps;
mod visit;

use askama::Template;
use axum::Router;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};

pub(crate) use error::{PageError, Shown};
pub(crate) use form::Form;
pub(crate) use visit::{Page, Visit};

use crate::App;
use crate::response::{Answer, no_content};

/// The signed-in home page (Okta's path).
pub(crate) const HOME: &str = "/app/UserHome";

/// The sign-in page (Okta's path).
const SIGN_IN: &str = "/login/login.htm";

/// No script, nothing from elsewhere, no frames around; forms go to this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// The same for a page whose form may end at another site: browsers apply `form-action` to where an answer redirects
/// to, and an authorization request ends at its client, which may be anywhere, an app on the device too.
const POLICY_ON_THE_WAY_ELSEWHERE: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
     frame-ancestors 'none'; base-uri 'none'";

/// Every page.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home::entrance).fallback(home::nothing))
        .route(HOME, get(home::home))
        .route(SIGN_IN, get(sign_in::form).post(sign_in::sign_in))
        .route("/login/signout", get(sign_in::sign_out_form).post(sign_in::sign_out))
        .route(steps::CONTINUE, get(steps::step))
        .route("/signin/change-password", post(steps::change_password))
        .route("/signin/new-password", post(steps::reset_password))
        .route("/signin/answer", post(steps::answer_question))
        .route("/signin/skip", post(steps::skip))
        .route("/signin/cancel", post(steps::cancel))
        .route("/signin/factor", post(factors::choose))
        .route("/signin/verify", post(factors::verify))
        .route("/signin/resend", post(factors::resend))
        .route("/signin/previous", post(factors::previous))
        .route("/signin/enroll", post(factors::enroll))
        .route("/signin/activate", post(factors::activate))
        .route("/signin/resend-activation", post(factors::resend_activation))
        .route("/welcome/{token}", get(links::welcome).post(links::activate))
        .route("/reset_password/{token}", get(links::reset).post(links::recover))
        .route("/signin/reset-password/{token}", get(links::forgotten).post(links::recover))
        .route("/signin/unlock/{token}", get(links::unlock).post(links::recover))
        .route(recovery::FORGOT_PASSWORD, get(recovery::forgot_password).post(recovery::send_password_mail))
        .route(recovery::UNLOCK, get(recovery::unlock).post(recovery::send_unlock_mail))
        .route(federation::BEGIN, get(federation::begin))
        .route(federation::CALLBACK, get(federation::callback))
        .route("/dev/mailbox", get(mailbox::mailbox))
        .route("/dev/mailbox.json", get(mailbox::mailbox_json))
        .route("/assets/pages.css", get(stylesheet))
}

async fn stylesheet() -> Answer {
    let mut answer = include_str!("../../templates/pages.css").into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    answer
}

/// Whether a browser asks: nobody else says that they take HTML.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| range.trim().starts_with("text/html"))
}

/// Shows a page to a visitor.
pub(crate) fn show(visit: &Visit, status: StatusCode, page: &impl Template) -> Shown {
    let mut answer = html(status, page, POLICY)?;
    visit.keep_csrf(&mut answer);
    Ok(answer)
}

/// Shows a page whose form may end at another site.
pub(crate) fn show_on_the_way_elsewhere(visit: &Visit, status: StatusCode, page: &impl Template) -> Shown {
    let mut answer = html(status, page, POLICY_ON_THE_WAY_ELSEWHERE)?;
    visit.keep_csrf(&mut answer);
    Ok(answer)
}

fn html(status: StatusCode, page: &impl Template, policy: &'static str) -> Shown {
    let text = page.render().map_err(|error| PageError::internal(&error))?;
    let mut answer = (status, text).into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    write_headers(headers);
    Ok(answer)
}

/// Nobody frames our pages, and nobody learns from which of them, with what in its address, a browser came.
fn write_headers(headers: &mut HeaderMap) {
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Sends the browser on, by GET.
pub(crate) fn redirect(target: &str) -> Shown {
    let location = HeaderValue::from_str(target).map_err(|error| PageError::internal(&error))?;
    let mut answer = no_content()?;
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, location);
    write_headers(answer.headers_mut());
    Ok(answer)
}

/// Sends a browser without a session to the sign-in page, and from there back to `target`, a path of this server.
pub(crate) fn redirect_to_sign_in(target: &str) -> Shown {
    let target: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
    redirect(&format!("{SIGN_IN}?fromURI={target}"))
}

/// The same for one that may have a session, which is not enough. `login_hint` is who is expected.
pub(crate) fn redirect_to_sign_in_again(target: &str, login_hint: Option<&str>) -> Shown {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("fromURI", target).append_pair("prompt", "login");
    query.extend_pairs(login_hint.map(|hint| ("login_hint", hint)));
    redirect(&format!("{SIGN_IN}?{}", query.finish()))
}
