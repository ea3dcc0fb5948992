//! `…/roles/{id}/targets`: the groups and apps that a role is narrowed to.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use roster_store::groups::Group;
use roster_store::roles::ApplicationTarget;
use serde_json::{Value, json};

use super::RoleSegments;
use crate::App;
use crate::applications::logo_url;
use crate::caller::{Caller, CallersChange};
use crate::groups::GroupView;
use crate::request::{Query, optional_segment, segment};
use crate::response::{ApiError, Handled, ListLinks, list, no_content, ok_empty};

/// Targets a page holds unless the caller wants fewer.
const PAGE: usize = 20;

/// Targets a page holds at most.
const MAX_PAGE: usize = 200;

/// The group in the path of a target.
pub(crate) struct TargetGroup(String);

impl FromRequestParts<App> for TargetGroup {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        segment(parts, "targetGroupId").await.map(Self)
    }
}

/// The app in the path of a target: its name, and which one if it is not every app of that name.
pub(crate) struct TargetApplication {
    name: String,
    instance: Option<String>,
}

impl FromRequestParts<App> for TargetApplication {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self { name: segment(parts, "appName").await?, instance: optional_segment(parts, "targetAppId").await? })
    }
}

/// listGroupTargetsForRole and listGroupTargetsForGroupRole.
pub(crate) async fn list_group_targets(
    State(app): State<App>,
    caller: Caller,
    RoleSegments { assignee, role }: RoleSegments,
    uri: axum::http::Uri,
    query: Query,
) -> Handled {
    let (limit, after) = (query.limit(PAGE, MAX_PAGE)?, query.text("after"));
    let page = app.store().list_group_targets(&caller.org, assignee, &role, limit, after).await?;
    let views = group_views(&page.items, &caller.base_url);
    list(&views, &links(&caller, &uri, after, page.next.as_deref(), limit))
}

/// assignGroupTargetToUserRole and assignGroupTargetToGroupAdminRole.
pub(crate) async fn assign_group_target(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
    TargetGroup(group): TargetGroup,
) -> Handled {
    app.store().assign_group_target(&change, assignee, &role, &group).await?;
    no_content()
}

/// unassignGroupTargetFromUserAdminRole and unassignGroupTargetFromGroupAdminRole.
pub(crate) async fn unassign_group_target(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
    TargetGroup(group): TargetGroup,
) -> Handled {
    app.store().unassign_group_target(&change, assignee, &role, &group).await?;
    no_content()
}

/// listApplicationTargetsForApplicationAdministratorRoleForUser and …ForGroup.
pub(crate) async fn list_application_targets(
    State(app): State<App>,
    caller: Caller,
    RoleSegments { assignee, role }: RoleSegments,
    uri: axum::http::Uri,
    query: Query,
) -> Handled {
    let (limit, after) = (query.limit(PAGE, MAX_PAGE)?, query.text("after"));
    let page = app.store().list_application_targets(&caller.org, assignee, &role, limit, after).await?;
    let views = application_views(&page.items, &caller.base_url);
    list(&views, &links(&caller, &uri, after, page.next.as_deref(), limit))
}

/// assignAllAppsAsTargetToRoleForUser: 200, as the API reference has it.
pub(crate) async fn assign_all_applications(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
) -> Handled {
    app.store().assign_all_applications(&change, assignee, &role).await?;
    ok_empty()
}

/// assignAppTargetToAdminRoleForUser, and assignAppInstanceTargetToAppAdminRoleForUser and …ForGroup.
pub(crate) async fn assign_application_target(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
    TargetApplication { name, instance }: TargetApplication,
) -> Handled {
    app.store().assign_application_target(&change, assignee, &role, &name, instance.as_deref()).await?;
    no_content()
}

/// assignAppTargetToAdminRoleForGroup: 200, where the API reference has 204 for a user's.
pub(crate) async fn assign_application_target_to_group_role(
    app: State<App>,
    change: CallersChange,
    role: RoleSegments,
    target: TargetApplication,
) -> Handled {
    assign_application_target(app, change, role, target).await?;
    ok_empty()
}

/// unassignAppTargetFromAppAdminRoleForUser, unassignAppInstanceTargetFromAdminRoleForUser and the like for groups.
pub(crate) async fn unassign_application_target(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    RoleSegments { assignee, role }: RoleSegments,
    TargetApplication { name, instance }: TargetApplication,
) -> Handled {
    app.store().unassign_application_target(&change, assignee, &role, &name, instance.as_deref()).await?;
    no_content()
}

fn links<'a>(
    caller: &Caller,
    uri: &axum::http::Uri,
    after: Option<&'a str>,
    next: Option<&'a str>,
    limit: usize,
) -> ListLinks<'a> {
    ListLinks { url: format!("{}{}", caller.base_url, uri.path()), after, next, limit, parameters: Vec::new() }
}

pub(super) fn group_views<'a>(groups: &'a [Group], base_url: &str) -> Vec<GroupView<'a>> {
    groups.iter().map(|group| GroupView::new(group, base_url)).collect()
}

/// App targets on the wire: one app has its id, every app of a name has none.
pub(super) fn application_views(targets: &[ApplicationTarget], base_url: &str) -> Vec<Value> {
    let view = |target: &ApplicationTarget| match target {
        ApplicationTarget::Catalog(name) => json!({
            "name": name,
            "displayName": name,
            "status": "ACTIVE",
            "_links": {
                "logo": [{ "name": "medium", "href": logo_url(name, base_url), "type": "image/png" }],
                "self": { "href": format!("{base_url}/api/v1/catalog/apps/{name}") },
            },
        }),
        ApplicationTarget::Instance(application) => json!({
            "name": application.label,
            "status": application.status.as_str(),
            "id": application.id,
            "_links": { "self": { "href": format!("{base_url}/api/v1/apps/{}", application.id) } },
        }),
    };
    targets.iter().map(view).collect()
}
