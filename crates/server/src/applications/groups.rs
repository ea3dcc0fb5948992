//! `/api/v1/apps/{appId}/groups`, and the apps of a group.

use axum::extract::State;
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_store::applications::{GroupAssignment, GroupAssignmentInput};
use serde_json::{Map, Value, json};

use super::users::profile;
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{AssignmentSegments, JsonBody, JsonObject, Query, Segment};
use crate::response::{ApiError, Handled, ListLinks, list, no_content, ok};

/// Groups, or apps of a group, that a page holds unless the caller wants another number (observed.md 1).
const PAGE: usize = 20;

/// Groups, or apps of a group, that a page holds at most (behaviour.md A.5).
const MAX_PAGE: usize = 200;

/// The greatest priority number of a group's assignment (Okta's apps guide).
const MAX_PRIORITY: i64 = 100;

/// listApplicationGroupAssignments: by priority. A limit below 1 is the default.
pub(crate) async fn list_application_group_assignments(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_or_none(PAGE)?.unwrap_or(PAGE).min(MAX_PAGE);
    let after = query.text("after");
    let page = app.store().list_application_group_assignments(&caller.org, &id, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|assignment| view(assignment, &id, &caller)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/apps/{id}/groups", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// getApplicationGroupAssignment.
pub(crate) async fn get_application_group_assignment(
    State(app): State<App>,
    caller: Caller,
    AssignmentSegments { application, group }: AssignmentSegments,
) -> Handled {
    let found = app.store().get_application_group_assignment(caller.org.key, &application, &group).await?;
    ok(&view(&found, &application, &caller))
}

/// createApplicationGroupAssignment: its body may be left out.
pub(crate) async fn create_application_group_assignment(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    AssignmentSegments { application, group }: AssignmentSegments,
    JsonBody(body): JsonBody,
) -> Handled {
    let body = match body {
        None => JsonObject(Map::new()),
        Some(Value::Object(members)) => JsonObject(members),
        Some(_) => return Err(ErrorCode::NotWellFormed.into()),
    };
    let input = GroupAssignmentInput { priority: priority(&body)?, profile: profile(&body)? };
    let made = app.store().create_application_group_assignment(&change, &application, &group, input).await?;
    ok(&view(&made, &application, &caller))
}

fn priority(body: &JsonObject) -> Result<Option<i64>, ApiError> {
    let Some(value) = body.member("priority") else { return Ok(None) };
    match value.as_i64() {
        Some(priority) if (0..=MAX_PRIORITY).contains(&priority) => Ok(Some(priority)),
        Some(_) => {
            let text = format!("The field must be between 0 and {MAX_PRIORITY}");
            Err(Problem::violations(&[Violation::new("priority", text)]).into())
        }
        None => Err(ErrorCode::NotWellFormed.into()),
    }
}

/// deleteApplicationGroupAssignment.
pub(crate) async fn delete_application_group_assignment(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    AssignmentSegments { application, group }: AssignmentSegments,
) -> Handled {
    app.store().delete_application_group_assignment(&change, &application, &group).await?;
    no_content()
}

/// listAssignedApplicationsForGroup. A limit below 1 is the default.
pub(crate) async fn list_assigned_applications_for_group(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_or_none(PAGE)?.unwrap_or(PAGE).min(MAX_PAGE);
    let after = query.text("after");
    let page = app.store().list_assigned_applications_for_group(&caller.org, &id, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|application| super::view(application, &caller)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/groups/{id}/apps", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// A group's assignment on the wire: the id is the group's (observed.md 5).
fn view(assignment: &GroupAssignment, application: &str, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let (own, group) = (format!("{base_url}/api/v1/apps/{application}"), &assignment.group_id);
    json!({
        "id": group,
        "lastUpdated": assignment.last_updated.to_string(),
        "priority": assignment.priority,
        "profile": assignment.profile,
        "_links": {
            "app": { "href": own },
            "self": { "href": format!("{own}/groups/{group}") },
            "group": { "href": format!("{base_url}/api/v1/groups/{group}") },
        },
    })
}
