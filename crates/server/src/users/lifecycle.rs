//! `/api/v1/users/{userId}/lifecycle/…`: the ten operations that move a user through the lifecycle. Which status allows
//! what is in `roster_model::user::status`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use roster_model::message::MessageKind;
use roster_store::change::Change;
use serde_json::json;

use super::single;
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{Query, UserSegment};
use crate::response::{Answer, Handled, ok, ok_empty};

/// activateUser: with `sendEmail=false` the answer holds the activation link, also of a user who is ACTIVE at once.
pub(crate) async fn activate_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    let send_email = query.boolean("sendEmail", true)?;
    let token = app.store().activate_user(&change, &asked, send_email).await?;
    activation(send_email, &caller, token.reveal())
}

/// reactivateUser: a new activation link; unlike activateUser it sends no e-mail unless asked to.
pub(crate) async fn reactivate_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    let send_email = query.boolean("sendEmail", false)?;
    let token = app.store().reactivate_user(&change, &asked, send_email).await?;
    activation(send_email, &caller, token.reveal())
}

fn activation(send_email: bool, caller: &Caller, token: &str) -> Handled {
    if send_email {
        return ok_empty();
    }
    let link = MessageKind::Activation.link(&caller.base_url, token);
    ok(&json!({ "activationUrl": link, "activationToken": token }))
}

/// deactivateUser: `{}`; with `Prefer: respond-async` before it is done.
pub(crate) async fn deactivate_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    headers: HeaderMap,
    query: Query,
) -> Handled {
    query.boolean("sendEmail", false)?;
    let respond_async = prefers_async(&headers);
    app.store().deactivate_user(&change, &asked, respond_async).await?;
    if respond_async {
        app.deactivations().notify();
    }
    Ok(prefer_applied(ok_empty()?, respond_async))
}

/// Whether the caller wants the answer before the work is done (behaviour.md A.10).
pub(super) fn prefers_async(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case("respond-async"))
}

/// Says that the answer came before the work was done.
pub(super) fn prefer_applied(mut answer: Answer, applied: bool) -> Answer {
    if applied {
        let name = HeaderName::from_static("preference-applied");
        answer.headers_mut().insert(name, HeaderValue::from_static("respond-async"));
    }
    answer
}

/// suspendUser.
pub(crate) async fn suspend_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().suspend_user(&change, &asked).await?;
    ok_empty()
}

/// unsuspendUser.
pub(crate) async fn unsuspend_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().unsuspend_user(&change, &asked).await?;
    ok_empty()
}

/// unlockUser.
pub(crate) async fn unlock_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().unlock_user(&change, &asked).await?;
    ok_empty()
}

/// expirePassword: answers the user. The older `tempPassword=true` answers a temporary password instead.
pub(crate) async fn expire_password(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    if query.boolean("tempPassword", false)? {
        return temporary_password(&app, &change, &asked).await;
    }
    single(&app.store().expire_password(&change, &asked).await?, &caller)
}

/// expirePasswordAndGetTemporaryPassword.
pub(crate) async fn expire_password_and_get_temporary_password(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    temporary_password(&app, &change, &asked).await
}

async fn temporary_password(app: &App, change: &Change, asked: &str) -> Handled {
    let password = app.store().expire_password_and_get_temporary_password(change, asked).await?;
    ok(&json!({ "tempPassword": password.reveal() }))
}

/// resetPassword: with `sendEmail=false` the answer holds the link.
pub(crate) async fn reset_password(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    let send_email = query.boolean("sendEmail", true)?;
    let revoke_sessions = query.boolean("revokeSessions", false)?;
    let token = app.store().reset_password(&change, &asked, revoke_sessions, send_email).await?;
    if send_email {
        return ok_empty();
    }
    ok(&json!({ "resetPasswordUrl": MessageKind::ResetPassword.link(&caller.base_url, token.reveal()) }))
}

/// resetFactors.
pub(crate) async fn reset_factors(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().reset_factors(&change, &asked).await?;
    ok_empty()
}
