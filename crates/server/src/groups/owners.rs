//! `/api/v1/groups/{groupId}/owners`.

use axum::extract::State;
use axum::http::StatusCode;
use roster_model::error::{Problem, Violation};
use roster_store::groups::{GroupOwner, OwnerInput, OwnerKind};
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, OwnerSegments, Query, Segment};
use crate::response::{ApiError, Handled, ListLinks, json_with, list, no_content};

/// Owners that a page holds at most, and unless the caller wants fewer.
const PAGE: usize = 1_000;

/// listGroupOwners.
pub(crate) async fn list_group_owners(
    State(app): State<App>,
    caller: Caller,
    Segment(group): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit(PAGE, PAGE)?;
    let after = query.text("after");
    let page = app.store().list_group_owners(&caller.org, &group, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(view).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/groups/{group}/owners", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// assignGroupOwner: answers 201, as the API reference says.
pub(crate) async fn assign_group_owner(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(group): Segment,
    body: JsonObject,
) -> Handled {
    let owner = app.store().assign_group_owner(&change, &group, input(&body)?).await?;
    json_with(StatusCode::CREATED, &view(&owner))
}

/// deleteGroupOwner.
pub(crate) async fn delete_group_owner(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    OwnerSegments { group, owner }: OwnerSegments,
) -> Handled {
    app.store().delete_group_owner(&change, &group, &owner).await?;
    no_content()
}

fn input(body: &JsonObject) -> Result<OwnerInput, ApiError> {
    let (id, kind) = (body.text("id")?.unwrap_or_default(), body.text("type")?.unwrap_or_default());
    let known = OwnerKind::ALL.into_iter().find(|known| known.as_str() == kind);
    let violations: Vec<Violation> = [
        id.is_empty().then(|| Violation::new("id", "The field cannot be left blank")),
        known.is_none().then(|| Violation::new("type", "The field must be 'USER' or 'GROUP'")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match known {
        Some(kind) if violations.is_empty() => Ok(OwnerInput { id: id.to_owned(), kind }),
        _ => Err(Problem::violations(&violations).into()),
    }
}

/// An owner on the wire. All come from the org's own directory.
fn view(owner: &GroupOwner) -> Value {
    json!({
        "id": owner.id,
        "type": owner.kind.as_str(),
        "resolved": true,
        "originId": null,
        "originType": "OKTA_DIRECTORY",
        "displayName": owner.display_name,
        "lastUpdated": owner.last_updated.to_string(),
    })
}
