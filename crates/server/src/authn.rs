//! `/api/v1/authn`: the Authentication API (behaviour.md G.1). Anyone may call it; who brings an API token is a trusted
//! application.

pub(crate) mod factor_view;
pub(crate) mod factors;
pub(crate) mod recovery;
mod view;

use axum::extract::State;
use roster_model::authn::Options;
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::user::password_policy::Password;
use roster_store::authn::{Authentication, PrimaryAuthentication};
use roster_store::secret::Secret;
use serde_json::{Map, Value, json};

use self::view::transaction;
use crate::App;
use crate::caller::{Visitor, VisitorsChange};
use crate::password_import;
use crate::request::JsonObject;
use crate::response::{ApiError, Handled, ok};
use crate::throttle::Attempt;

/// authn: signs in with a login and a password, or with the token of an activation link; or tells where a transaction is.
pub(crate) async fn authn(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let relay_state = body.text("relayState")?.map(str::to_owned);
    let options = options(&body)?;
    if let Some(token) = body.text("token")? {
        let token = Secret::from_text(token);
        let found = app.store().authn_activation_token(&change, &token, relay_state, options).await?;
        return answer(&found, &visitor);
    }
    let (username, password) = (body.text("username")?, body.text("password")?);
    if let (Some(token), None) = (body.text("stateToken")?, username) {
        return answer(&app.store().authn_state(&change, &Secret::from_text(token)).await?, &visitor);
    }
    let (Some(username), Some(password)) = (username, password) else {
        let cause = "The 'username' and 'password' attributes are required in this context.";
        return Err(Problem::new(ErrorCode::ApiValidation).about("authRequest").because(cause).into());
    };
    let now = app.store().clock().now();
    let admission = app.throttle().admit(Attempt::SignIn, visitor.org.key, username, visitor.address, now)?;
    let request = PrimaryAuthentication {
        username: username.to_owned(),
        password: Password::new(password.to_owned()),
        relay_state,
        options,
    };
    let (hooks, base_url, context) = (app.hook_client(), &visitor.base_url, change.request());
    let import = |call| password_import::ask(hooks, call, base_url, context);
    let found = app.store().authn(&change, request, import).await?;
    if !matches!(found, Authentication::LockedOut) {
        admission.succeeded();
    }
    answer(&found, &visitor)
}

/// authnChangePassword: of one that has expired, or is about to.
pub(crate) async fn authn_change_password(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    let (old, new) = (password(&body, "oldPassword")?, password(&body, "newPassword")?);
    let revoke = revoke_sessions(&body)?;
    answer(&app.store().authn_change_password(&change, &token, old, new, revoke).await?, &visitor)
}

/// authnResetPassword: at the end of a recovery, or the first one of a new user.
pub(crate) async fn authn_reset_password(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    let (new, revoke) = (password(&body, "newPassword")?, revoke_sessions(&body)?);
    answer(&app.store().authn_reset_password(&change, &token, new, revoke).await?, &visitor)
}

/// authnPrevious.
pub(crate) async fn authn_previous(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    answer(&app.store().authn_previous(&change, &state_token(&body)?).await?, &visitor)
}

/// authnSkip.
pub(crate) async fn authn_skip(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    answer(&app.store().authn_skip(&change, &state_token(&body)?).await?, &visitor)
}

/// authnCancel: answers what was to be handed back.
pub(crate) async fn authn_cancel(
    State(app): State<App>,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let relay_state = app.store().authn_cancel(&change, &state_token(&body)?).await?;
    ok(&relay_state.map_or_else(|| json!({}), |relay_state| json!({ "relayState": relay_state })))
}

fn answer(authentication: &Authentication, visitor: &Visitor) -> Handled {
    ok(&transaction(authentication, &visitor.base_url))
}

fn state_token(body: &JsonObject) -> Result<Secret, ApiError> {
    body.text("stateToken")?.map(Secret::from_text).ok_or_else(|| blank("stateToken"))
}

fn password(body: &JsonObject, name: &str) -> Result<Password, ApiError> {
    let password = body.text(name)?.filter(|password| !password.is_empty());
    password.map(|password| Password::new(password.to_owned())).ok_or_else(|| blank(name))
}

fn revoke_sessions(body: &JsonObject) -> Result<bool, ApiError> {
    match body.member("revokeSessions") {
        None => Ok(false),
        Some(Value::Bool(revoke)) => Ok(*revoke),
        Some(_) => Err(ErrorCode::NotWellFormed.into()),
    }
}

fn options(body: &JsonObject) -> Result<Options, ApiError> {
    let options = body.object("options")?.cloned().unwrap_or_else(Map::new);
    let known: Map<String, Value> = options.into_iter().filter(|(_, value)| !value.is_null()).collect();
    serde_json::from_value(Value::Object(known)).map_err(|_| ErrorCode::NotWellFormed.into())
}

fn blank(field: &str) -> ApiError {
    Problem::violations(&[Violation::new(field, "The field cannot be left blank")]).into()
}
