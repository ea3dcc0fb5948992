//! `/api/v1/meta/types/user`.

use axum::extract::State;
use roster_store::user_types::{UserType, UserTypeInput};
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Segment};
use crate::response::{ApiError, Handled, no_content, ok};

/// listUserTypes: the default type and all others, without pages.
pub(crate) async fn list_user_types(State(app): State<App>, caller: Caller) -> Handled {
    let types = app.store().list_user_types(caller.org.key).await?;
    ok(&types.iter().map(|user_type| view(user_type, &caller)).collect::<Vec<_>>())
}

/// createUserType: answers 200, not 201.
pub(crate) async fn create_user_type(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    let input = UserTypeInput {
        name: body.text("name")?.unwrap_or_default().to_owned(),
        display_name: body.text("displayName")?.unwrap_or_default().to_owned(),
        description: body.text("description")?.map(str::to_owned),
    };
    ok(&view(&app.store().create_user_type(&change, input).await?, &caller))
}

/// getUserType.
pub(crate) async fn get_user_type(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    ok(&view(&app.store().get_user_type(caller.org.key, &id).await?, &caller))
}

/// updateUserType: what the request does not name stays.
pub(crate) async fn update_user_type(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let (display_name, description) = texts(&body)?;
    let edit = move |before: UserTypeInput| UserTypeInput {
        display_name: display_name.clone().unwrap_or(before.display_name),
        description: description.clone().or(before.description),
        ..before
    };
    ok(&view(&app.store().update_user_type(&change, &id, edit).await?, &caller))
}

/// replaceUserType: what the request does not name is cleared; the name stays.
pub(crate) async fn replace_user_type(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let (display_name, description) = texts(&body)?;
    let edit = move |before: UserTypeInput| UserTypeInput {
        display_name: display_name.clone().unwrap_or_default(),
        description: description.clone(),
        ..before
    };
    ok(&view(&app.store().update_user_type(&change, &id, edit).await?, &caller))
}

/// The display name and description of a request.
fn texts(body: &JsonObject) -> Result<(Option<String>, Option<String>), ApiError> {
    Ok((body.text("displayName")?.map(str::to_owned), body.text("description")?.map(str::to_owned)))
}

/// deleteUserType.
pub(crate) async fn delete_user_type(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().delete_user_type(&change, &id).await?;
    no_content()
}

/// A user type on the wire; its links have `rel` and `method` (observed.md 5).
fn view(user_type: &UserType, caller: &Caller) -> Value {
    let link =
        |rel: &str, path: String| json!({ "rel": rel, "href": format!("{}{path}", caller.base_url), "method": "GET" });
    let schema = link("schema", format!("/api/v1/meta/schemas/user/{}", user_type.id.schema_id()));
    json!({
        "id": user_type.id,
        "displayName": user_type.display_name,
        "name": user_type.name,
        "description": user_type.description,
        "createdBy": user_type.created_by,
        "lastUpdatedBy": user_type.last_updated_by,
        "created": user_type.created.to_string(),
        "lastUpdated": user_type.last_updated.to_string(),
        "default": user_type.is_default,
        "_links": { "schema": schema, "self": link("self", format!("/api/v1/meta/types/user/{}", user_type.id)) },
    })
}
