//! `/api/v1/users/{id}/roles` and `/api/v1/groups/{id}/roles`: administrators' roles. A handler answers for both; whose roles
//! they are says the path.

pub(crate) mod targets;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use roster_model::error::{Problem, Violation};
use roster_model::role::RoleType;
use roster_store::roles::{Assignee, RoleAssignment, RoleTargets};
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, optional_segment, user_segment};
use crate::response::{ApiError, Handled, json_with, no_content, ok};

/// Whose roles a path is about, and which of them, if it names one.
pub(crate) struct RoleSegments {
    pub(crate) assignee: Assignee,
    pub(crate) role: String,
}

impl FromRequestParts<App> for RoleSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let (assignee, role) = match optional_segment(parts, "groupId").await? {
            Some(group) => (Assignee::Group(group), "groupRoleId"),
            None => (Assignee::User(user_segment(parts, app, "userId").await?), "roleId"),
        };
        Ok(Self { assignee, role: optional_segment(parts, role).await?.unwrap_or_default() })
    }
}

/// listAssignedRolesForUser and listGroupAssignedRoles.
pub(crate) async fn list_assigned_roles(
    State(app): State<App>,
    caller: Caller,
    RoleSegments { assignee, .. }: RoleSegments,
    query: Query,
) -> Handled {
    let roles = app.store().list_assigned_roles(caller.org.key, assignee).await?;
    let mut views: Vec<Value> = roles.iter().map(|role| view(role, &caller.base_url)).collect();
    if let Some(expand) = query.text("expand") {
        let targets = app.store().targets_of(&roles).await?;
        for (view, targets) in views.iter_mut().zip(targets) {
            embed(view, targets.as_ref(), expand, &caller.base_url);
        }
    }
    ok(&views)
}

/// assignRoleToUser and assignRoleToGroup: 201 (observed.md 5).
pub(crate) async fn assign_role(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, .. }: RoleSegments,
    body: JsonObject,
) -> Handled {
    let unheard = |text: &str| ApiError::from(Problem::violations(&[Violation::new("type", text)]));
    let text = body.text("type")?.ok_or_else(|| unheard("The field cannot be left blank"))?;
    let role_type = RoleType::from_text(text).ok_or_else(|| unheard("The field has an invalid value"))?;
    let assigned = app.store().assign_role(&change, assignee, role_type).await?;
    json_with(StatusCode::CREATED, &view(&assigned, &caller.base_url))
}

/// getUserAssignedRole and getGroupAssignedRole.
pub(crate) async fn get_assigned_role(
    State(app): State<App>,
    caller: Caller,
    RoleSegments { assignee, role }: RoleSegments,
) -> Handled {
    ok(&view(&app.store().get_assigned_role(caller.org.key, assignee, &role).await?, &caller.base_url))
}

/// unassignRoleFromUser and unassignRoleFromGroup.
pub(crate) async fn unassign_role(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
) -> Handled {
    app.store().unassign_role(&change, assignee, &role).await?;
    no_content()
}

/// A role on the wire.
fn view(role: &RoleAssignment, base_url: &str) -> Value {
    let (assignment_type, path, id) = match &role.assignee {
        Assignee::User(id) => ("USER", "users", id),
        Assignee::Group(id) => ("GROUP", "groups", id),
    };
    json!({
        "id": role.id,
        "label": role.role_type.label(),
        "type": role.role_type.as_str(),
        "status": "ACTIVE",
        "created": role.created.to_string(),
        "lastUpdated": role.last_updated.to_string(),
        "assignmentType": assignment_type,
        "_links": { "assignee": { "href": format!("{base_url}/api/v1/{path}/{id}") } },
    })
}

/// Embeds the targets that `expand` names.
fn embed(view: &mut Value, targets: Option<&RoleTargets>, expand: &str, base_url: &str) {
    let targets = match targets {
        Some(RoleTargets::Groups(groups)) if expand == "targets/groups" => {
            json!({ "groups": targets::group_views(groups, base_url) })
        }
        Some(RoleTargets::Applications(applications)) if expand == "targets/catalog/apps" => {
            json!({ "catalog": { "apps": targets::application_views(applications, base_url) } })
        }
        _ => return,
    };
    if let Some(members) = view.as_object_mut() {
        members.insert("_embedded".to_owned(), json!({ "targets": targets }));
    }
}
