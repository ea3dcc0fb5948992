//! `/api/v1/users/{userId}/credentials/…`: passwords and recovery questions, by who knows the old ones.

use axum::extract::State;
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::message::MessageKind;
use roster_model::user::password_policy::Password;
use roster_model::user::recovery_question::RecoveryQuestion;
use roster_store::change::Change;
use roster_store::users::{ChangePassword, ChangeRecoveryQuestion, ForgotPasswordSetNewPassword};
use serde_json::{Map, Value, json};

use super::view::CredentialsView;
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonBody, JsonObject, Query, UserSegment};
use crate::response::{ApiError, Handled, ok, ok_empty};

/// changePassword: answers the credentials. History counts always, the minimum age with `strict=true`.
pub(crate) async fn change_password(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    body: JsonObject,
) -> Handled {
    let request = ChangePassword {
        old_password: password(&body, "oldPassword")?,
        new_password: password(&body, "newPassword")?,
        strict: query.boolean("strict", false)?,
        revoke_sessions: body.member("revokeSessions").and_then(Value::as_bool).unwrap_or(false),
    };
    ok(&CredentialsView::of(&app.store().change_password(&change, &asked, request).await?))
}

/// changeRecoveryQuestion: answers the credentials.
pub(crate) async fn change_recovery_question(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    body: JsonObject,
) -> Handled {
    let question = body.member("recovery_question").ok_or_else(|| blank("recovery_question"))?;
    let request = ChangeRecoveryQuestion {
        password: password(&body, "password")?,
        recovery_question: RecoveryQuestion::from_json(question)
            .map_err(|violations| Problem::violations(&violations))?,
    };
    ok(&CredentialsView::of(&app.store().change_recovery_question(&change, &asked, request).await?))
}

/// forgotPassword: with `sendEmail=false` the answer holds the link. A body with a recovery question is the older form of
/// forgotPasswordSetNewPassword (behaviour.md C.8).
pub(crate) async fn forgot_password(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    JsonBody(body): JsonBody,
) -> Handled {
    let send_email = query.boolean("sendEmail", true)?;
    if let Some(Value::Object(members)) = body
        && members.get("recovery_question").is_some_and(|question| !question.is_null())
    {
        return set_new_password(&app, &change, &asked, members, send_email).await;
    }
    let token = app.store().forgot_password(&change, &asked, send_email).await?;
    if send_email {
        return ok_empty();
    }
    ok(&json!({ "resetPasswordUrl": MessageKind::ForgotPassword.link(&caller.base_url, token.reveal()) }))
}

/// forgotPasswordSetNewPassword: answers the credentials.
pub(crate) async fn forgot_password_set_new_password(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    JsonObject(members): JsonObject,
) -> Handled {
    set_new_password(&app, &change, &asked, members, query.boolean("sendEmail", true)?).await
}

async fn set_new_password(
    app: &App,
    change: &Change,
    asked: &str,
    members: Map<String, Value>,
    send_email: bool,
) -> Handled {
    let body = JsonObject(members);
    let question = body.object("recovery_question")?.ok_or_else(|| blank("recovery_question"))?;
    let answer = question.get("answer").and_then(Value::as_str).ok_or_else(|| blank("recovery_question"))?;
    let new_password = password(&body, "password")?;
    let request = ForgotPasswordSetNewPassword { answer: answer.to_owned(), new_password, send_email };
    ok(&CredentialsView::of(&app.store().forgot_password_set_new_password(change, asked, request).await?))
}

/// The `value` of a password member, which must be there.
fn password(body: &JsonObject, name: &str) -> Result<Password, ApiError> {
    match body.object(name)?.and_then(|password| password.get("value")) {
        Some(Value::String(value)) if !value.is_empty() => Ok(Password::new(value.clone())),
        None | Some(Value::Null | Value::String(_)) => Err(blank(name)),
        Some(_) => Err(ErrorCode::NotWellFormed.into()),
    }
}

fn blank(field: &str) -> ApiError {
    Problem::violations(&[Violation::new(field, "The field cannot be left blank")]).into()
}
