//! What a caller's roles let them do. Which role allows which operation is in `roster_model::role`, whom it reaches in
//! `roster_store::roles`.

use axum::RequestPartsExt as _;
use axum::extract::RawPathParams;
use axum::http::request::Parts;
use roster_model::error::ErrorCode;
use roster_model::operations::{Method, Operation, OperationId as Op};
use roster_model::role::{RoleType, is_self_service};
use roster_store::api_tokens::TokenOwner;
use roster_store::orgs::Org;
use roster_store::roles::{HeldRole, Subject};

use crate::App;
use crate::caller::Caller;
use crate::response::ApiError;

/// Lets the owner of a token call an operation on what its path names, or refuses with E0000006.
pub(crate) async fn check(
    app: &App,
    org: &Org,
    owner: &TokenOwner,
    operation: &Operation,
    parts: &mut Parts,
) -> Result<(), ApiError> {
    if operation.access.scope().is_none() || is_super_administrator(owner) {
        return Ok(());
    }
    let subject = subject(parts, owner).await;
    let own = subject.user.as_deref().is_none_or(|user| user == owner.user_id.as_str());
    if own && is_self_service(operation.id) {
        return Ok(());
    }
    let granting = granting(owner, operation);
    if granting.is_empty() {
        return Err(ErrorCode::AccessDenied.into());
    }
    // Targets narrow what may be changed, not what may be seen. Whom a new user joins, only the body says.
    if operation.method == Method::Get || operation.id == Op::CreateUser {
        return Ok(());
    }
    require(app.store().reaches(org.key, owner.user_key, granting, subject).await?)
}

/// Lets a caller make a user who joins these groups from the start.
pub(crate) async fn check_new_user(app: &App, caller: &Caller, groups: &[String]) -> Result<(), ApiError> {
    let owner = &caller.owner;
    if is_super_administrator(owner) {
        return Ok(());
    }
    let subject = Subject { groups: groups.to_vec(), ..Subject::default() };
    let granting = granting(owner, Op::CreateUser.operation());
    require(app.store().reaches(caller.org.key, owner.user_key, granting, subject).await?)
}

/// Lets a caller make a token that speaks for this user: only a super administrator may make one for somebody else.
pub(crate) fn check_token_owner(caller: &Caller, user: &str) -> Result<(), ApiError> {
    require(user == caller.owner.user_id.as_str() || is_super_administrator(&caller.owner))
}

fn require(allowed: bool) -> Result<(), ApiError> {
    if allowed { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
}

fn is_super_administrator(owner: &TokenOwner) -> bool {
    owner.roles.iter().any(|role| role.role_type == RoleType::SuperAdmin)
}

fn granting(owner: &TokenOwner, operation: &Operation) -> Vec<HeldRole> {
    owner.roles.iter().filter(|role| role.role_type.allows(operation)).copied().collect()
}

/// What the path names. Of several users, the one whom the change is to: the first.
async fn subject(parts: &mut Parts, owner: &TokenOwner) -> Subject {
    let params = parts.extract::<RawPathParams>().await.ok();
    let mut subject = Subject::default();
    for (name, value) in params.iter().flatten() {
        match name {
            "appId" => subject.application = Some(value.to_owned()),
            "groupId" => subject.groups.push(value.to_owned()),
            "userId" | "associatedUserId" => {
                let user = if value == "me" { owner.user_id.as_str() } else { value };
                subject.user = Some(user.to_owned());
            }
            _ => {}
        }
    }
    subject
}
