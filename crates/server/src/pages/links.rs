//! Where the links in mails lead: activation, a new password, unlocking.
//!
//! Opening a page changes nothing, since mail programs open links before their readers do: the token is redeemed by the
//! button.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use roster_model::authn::Options;
use roster_model::error::ErrorCode;
use roster_model::message::MessageKind;
use roster_store::Error;
use roster_store::secret::Secret;

use super::{Form, Page, PageError, Shown, Visit, show, steps};
use crate::App;

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    page: Page,
    words: &'static Words,
    /// Where the button goes: the page's own path.
    action: &'a str,
}

/// What a link's page says.
struct Words {
    heading: &'static str,
    text: &'static str,
    button: &'static str,
}

/// `GET /welcome/{token}`.
pub(super) async fn welcome(visit: Visit, Path(token): Path<String>) -> Shown {
    show_link(&visit, MessageKind::Activation, &token)
}

/// `GET /reset_password/{token}`: after an administrator's reset.
pub(super) async fn reset(visit: Visit, Path(token): Path<String>) -> Shown {
    show_link(&visit, MessageKind::ResetPassword, &token)
}

/// `GET /signin/reset-password/{token}`: of a password that was forgotten.
pub(super) async fn forgotten(visit: Visit, Path(token): Path<String>) -> Shown {
    show_link(&visit, MessageKind::ForgotPassword, &token)
}

/// `GET /signin/unlock/{token}`.
pub(super) async fn unlock(visit: Visit, Path(token): Path<String>) -> Shown {
    show_link(&visit, MessageKind::Unlock, &token)
}

/// `POST /welcome/{token}`: on to the choice of a password, or for who has one, in.
pub(super) async fn activate(State(app): State<App>, Path(token): Path<String>, form: Form) -> Shown {
    let (visit, token) = (&form.visit, Secret::from_text(&token));
    let found = app.store().authn_activation_token(&visit.change, &token, None, Options::default()).await;
    steps::proceed(&app, visit, found.map_err(no_longer_good)?).await
}

/// `POST` to the other links: on to the question, the choice of a password, or the sign-in page.
pub(super) async fn recover(State(app): State<App>, Path(token): Path<String>, form: Form) -> Shown {
    let (visit, token) = (&form.visit, Secret::from_text(&token));
    let found = app.store().authn_verify_recovery_token(&visit.change, &token, None, Options::default()).await;
    steps::proceed(&app, visit, found.map_err(no_longer_good)?).await
}

fn show_link(visit: &Visit, kind: MessageKind, token: &str) -> Shown {
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let action = kind.link("", &token).unwrap_or_default();
    show(visit, StatusCode::OK, &LinkPage { page: visit.page(), words: words(kind), action: &action })
}

const fn words(kind: MessageKind) -> &'static Words {
    match kind {
        MessageKind::Activation => &Words {
            heading: "Welcome",
            text: "An account was made for you. Activate it to sign in.",
            button: "Activate my account",
        },
        MessageKind::Unlock => &Words {
            heading: "Unlock your account",
            text: "Your account was locked after too many wrong passwords.",
            button: "Unlock my account",
        },
        _ => &Words {
            heading: "Reset your password",
            text: "You can choose a new password now.",
            button: "Choose a new password",
        },
    }
}

/// A link that was used, has expired, or was followed by a newer one; which, it does not say.
fn no_longer_good(error: Error) -> PageError {
    match error {
        Error::Rule(problem) if matches!(problem.code, ErrorCode::InvalidToken | ErrorCode::AuthenticationFailed) => {
            let message = "It was used, it has expired, or you were sent a newer one. \
                 You can ask for another on the sign-in page, or your administrator can send you one.";
            PageError::new(StatusCode::UNAUTHORIZED, "This link is no longer good", message)
        }
        error => error.into(),
    }
}
