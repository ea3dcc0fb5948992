//! Asking for a mail that lets one reset a forgotten password, or unlock oneself. Whoever asks learns nothing of who exists.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use roster_model::authn::RecoveryType;
use roster_store::Error;

use super::{Form, Page, Shown, Visit, show};
use crate::App;
use crate::throttle::Attempt;

/// The page of who forgot their password.
pub(super) const FORGOT_PASSWORD: &str = "/signin/forgot-password";

/// The page of who is locked out.
pub(super) const UNLOCK: &str = "/signin/unlock";

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage<'a> {
    page: Page,
    unlocks: bool,
    action: &'a str,
    username: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "recovery_sent.html")]
struct SentPage {
    page: Page,
    unlocks: bool,
}

/// `GET /signin/forgot-password`.
pub(super) async fn forgot_password(visit: Visit) -> Shown {
    show_form(&visit, RecoveryType::Password, StatusCode::OK, "", None)
}

/// `GET /signin/unlock`.
pub(super) async fn unlock(visit: Visit) -> Shown {
    show_form(&visit, RecoveryType::Unlock, StatusCode::OK, "", None)
}

/// `POST /signin/forgot-password`.
pub(super) async fn send_password_mail(State(app): State<App>, form: Form) -> Shown {
    send(&app, &form, RecoveryType::Password).await
}

/// `POST /signin/unlock`.
pub(super) async fn send_unlock_mail(State(app): State<App>, form: Form) -> Shown {
    send(&app, &form, RecoveryType::Unlock).await
}

async fn send(app: &App, form: &Form, recovery: RecoveryType) -> Shown {
    let visit = &form.visit;
    let Some(username) = form.text("username") else {
        return show_form(visit, recovery, StatusCode::BAD_REQUEST, "", Some("Type your username."));
    };
    let now = app.store().clock().now();
    if let Err(error) = app.throttle().admit(Attempt::Recovery, visit.org.key, username, visit.address, now) {
        let message = "There were too many attempts. Wait a minute, then try again.";
        return show_form(visit, recovery, error.told().0, username, Some(message));
    }
    match app.store().authn_begin_recovery(&visit.change, username, recovery).await {
        Ok(()) => {
            let unlocks = recovery == RecoveryType::Unlock;
            show(visit, StatusCode::OK, &SentPage { page: visit.page(), unlocks })
        }
        // The org's policy, not the user.
        Err(Error::Refused(_)) => {
            let message = "Your organization does not allow this. Ask your administrator.";
            show_form(visit, recovery, StatusCode::FORBIDDEN, username, Some(message))
        }
        Err(error) => Err(error.into()),
    }
}

fn show_form(visit: &Visit, recovery: RecoveryType, status: StatusCode, username: &str, error: Option<&str>) -> Shown {
    let unlocks = recovery == RecoveryType::Unlock;
    let action = if unlocks { UNLOCK } else { FORGOT_PASSWORD };
    show(visit, status, &RecoveryPage { page: visit.page(), unlocks, action, username, error })
}
