//! What a caller's roles let them do. Which role allows which operation is in `roster_model::role`, whom it reaches in
//! `roster_store::roles`.

use axum::RequestPartsExt as _;
use axum::extract::RawPathParams;
use axum::http::request::Parts;
use roster_model::error::ErrorCode;
use roster_model::id::UserId;
use roster_model::operations::{Method, Operation, OperationId as Op};
use roster_model::role::{RoleType, is_self_service};
use roster_store::orgs::Org;
use roster_store::roles::{HeldRole, Subject};

use crate::App;
use crate::caller::Caller;
use crate::principal::Principal;
use crate::response::ApiError;

/// Lets whom a token speaks for call an operation on what its path names, or refuses with E0000006. A client that speaks for
/// itself has no roles: its scopes are all that narrows it.
pub(crate) async fn check(
    app: &App,
    org: &Org,
    principal: &Principal,
    operation: &Operation,
    parts: &mut Parts,
) -> Result<(), ApiError> {
    let Some(administrator) = principal.administrator() else { return Ok(()) };
    if operation.access.scope().is_none() || is_super_administrator(administrator.roles) {
        return Ok(());
    }
    let subject = subject(parts, administrator.user_id).await;
    let own = subject.user.as_deref().is_none_or(|user| user == administrator.user_id.as_str());
    if own && is_self_service(operation.id) {
        return Ok(());
    }
    let granting = granting(administrator.roles, operation);
    if granting.is_empty() {
        return Err(ErrorCode::AccessDenied.into());
    }
    // Targets narrow what may be changed, not what may be seen. Whom a new user joins, only the body says.
    if operation.method == Method::Get || operation.id == Op::CreateUser {
        return Ok(());
    }
    require(app.store().reaches(org.key, administrator.user_key, granting, subject).await?)
}

/// Lets a caller make a user who joins these groups from the start.
pub(crate) async fn check_new_user(app: &App, caller: &Caller, groups: &[String]) -> Result<(), ApiError> {
    let Some(administrator) = caller.principal.administrator() else { return Ok(()) };
    if is_super_administrator(administrator.roles) {
        return Ok(());
    }
    let subject = Subject { groups: groups.to_vec(), ..Subject::default() };
    let granting = granting(administrator.roles, Op::CreateUser.operation());
    require(app.store().reaches(caller.org.key, administrator.user_key, granting, subject).await?)
}

/// The user whom an API token may be made for: the caller, or, for a super administrator, whom they name. An access token
/// makes none, as an API token has every scope.
pub(crate) fn token_owner(caller: &Caller, named: Option<&str>) -> Result<String, ApiError> {
    let Principal::Owner(owner) = &caller.principal else { return Err(ErrorCode::AccessDenied.into()) };
    let own = owner.user_id.as_str();
    let named = named.unwrap_or(own);
    require(named == own || is_super_administrator(&owner.roles))?;
    Ok(named.to_owned())
}

fn require(allowed: bool) -> Result<(), ApiError> {
    if allowed { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
}

fn is_super_administrator(roles: &[HeldRole]) -> bool {
    roles.iter().any(|role| role.role_type == RoleType::SuperAdmin)
}

fn granting(roles: &[HeldRole], operation: &Operation) -> Vec<HeldRole> {
    roles.iter().filter(|role| role.role_type.allows(operation)).copied().collect()
}

/// What the path names. Of several users, the one whom the change is to: the first.
async fn subject(parts: &mut Parts, caller: &UserId) -> Subject {
    let params = parts.extract::<RawPathParams>().await.ok();
    let mut subject = Subject::default();
    for (name, value) in params.iter().flatten() {
        match name {
            "appId" => subject.application = Some(value.to_owned()),
            "groupId" => subject.groups.push(value.to_owned()),
            "userId" | "associatedUserId" => {
                let user = if value == "me" { caller.as_str() } else { value };
                subject.user = Some(user.to_owned());
            }
            _ => {}
        }
    }
    subject
}
