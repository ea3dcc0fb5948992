//! `/api/v1/meta/schemas/…`: the profile schema of a user type, and that of groups.

use axum::extract::State;
use roster_store::groups::StoredGroupSchema;
use roster_store::user_types::UserType;
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Segment};
use crate::response::{Handled, ok};

/// getUserSchema, by the schema's id or `default`.
pub(crate) async fn get_user_schema(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    ok(&view(&app.store().get_user_schema(caller.org.key, &id).await?, &caller))
}

/// updateUserProfile: merges `definitions` into the schema and answers the whole; an attribute given as null is removed.
pub(crate) async fn update_user_profile(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    ok(&view(&app.store().update_user_profile(&change, &id, Value::Object(body.0)).await?, &caller))
}

/// A schema document on the wire. Its id is a URL without `/api/v1` (observed.md 5).
fn view(user_type: &UserType, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let schema_id = user_type.id.schema_id();
    let name = if user_type.is_default { "default".to_owned() } else { schema_id.to_string() };
    let link = |rel: &str, path: String| json!({ "rel": rel, "href": format!("{base_url}{path}"), "method": "GET" });
    json!({
        "id": format!("{base_url}/meta/schemas/user/{name}"),
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": user_type.name,
        "title": "User",
        "description": "Okta user profile template with default permission settings",
        "lastUpdated": user_type.schema_last_updated.to_string(),
        "created": user_type.created.to_string(),
        "definitions": user_type.schema.document(),
        "type": "object",
        "properties": {
            "profile": { "allOf": [{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }] },
        },
        "_links": {
            "self": link("self", format!("/api/v1/meta/schemas/user/{schema_id}")),
            "type": link("type", format!("/api/v1/meta/types/user/{}", user_type.id)),
        },
    })
}

/// getGroupSchema: an org has one.
pub(crate) async fn get_group_schema(State(app): State<App>, caller: Caller) -> Handled {
    ok(&group_view(&app.store().get_group_schema(caller.org.key).await?, &caller))
}

/// updateGroupSchema: merges `definitions.custom` into the schema and answers the whole; an attribute given as null is
/// removed.
pub(crate) async fn update_group_schema(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    ok(&group_view(&app.store().update_group_schema(&change, Value::Object(body.0)).await?, &caller))
}

fn group_view(schema: &StoredGroupSchema, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let own = format!("{base_url}/api/v1/meta/schemas/group/default");
    json!({
        "id": format!("{base_url}/meta/schemas/group/default"),
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": "group",
        "title": "Okta group",
        "description": "Okta group profile template",
        "lastUpdated": schema.last_updated.to_string(),
        "created": schema.created.to_string(),
        "definitions": schema.definition.document(),
        "type": "object",
        "properties": {
            "profile": { "allOf": [{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }] },
        },
        "_links": { "self": { "rel": "self", "href": own, "method": "GET" } },
    })
}
