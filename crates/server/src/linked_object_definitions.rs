//! `/api/v1/meta/schemas/user/linkedObjects`: definitions of relations between users.

use axum::extract::State;
use axum::http::StatusCode;
use roster_model::error::{ErrorCode, Problem};
use roster_model::linked_object::{LinkedObjectDefinition, LinkedObjectProperty};
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Segment};
use crate::response::{ApiError, Handled, json_with, no_content, ok};

/// listLinkedObjectDefinitions: all of the org's, without pages.
pub(crate) async fn list_linked_object_definitions(State(app): State<App>, caller: Caller) -> Handled {
    let definitions = app.store().list_linked_object_definitions(caller.org.key).await?;
    ok(&definitions.iter().map(|definition| view(definition, &caller)).collect::<Vec<_>>())
}

/// addLinkedObjectDefinition: the one creation that a real org answers with 201 (observed.md 5).
pub(crate) async fn add_linked_object_definition(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    let definition = LinkedObjectDefinition::new(end(&body, "primary")?, end(&body, "associated")?)
        .map_err(|violations| Problem::violations(&violations))?;
    let added = app.store().add_linked_object_definition(&change, definition).await?;
    json_with(StatusCode::CREATED, &view(&added, &caller))
}

fn end(body: &JsonObject, name: &str) -> Result<LinkedObjectProperty, ApiError> {
    let members = JsonObject(body.object(name)?.cloned().unwrap_or_default());
    if members.text("type")?.is_some_and(|kind| kind != "USER") {
        return Err(ErrorCode::NotWellFormed.into());
    }
    let text = |member: &str| Ok::<_, ApiError>(members.text(member)?.map(str::to_owned));
    Ok(LinkedObjectProperty::restored(
        text("name")?.unwrap_or_default(),
        text("title")?.unwrap_or_default(),
        text("description")?,
    ))
}

/// getLinkedObjectDefinition, by the name of either end.
pub(crate) async fn get_linked_object_definition(
    State(app): State<App>,
    caller: Caller,
    Segment(name): Segment,
) -> Handled {
    ok(&view(&app.store().get_linked_object_definition(caller.org.key, &name).await?, &caller))
}

/// deleteLinkedObjectDefinition, by the name of either end: its links go with it.
pub(crate) async fn delete_linked_object_definition(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(name): Segment,
) -> Handled {
    app.store().delete_linked_object_definition(&change, &name).await?;
    no_content()
}

/// A definition on the wire: its link names the primary end, whichever was asked for.
fn view(definition: &LinkedObjectDefinition, caller: &Caller) -> Value {
    let end = |end: &LinkedObjectProperty| json!({ "name": end.name(), "title": end.title(), "description": end.description(), "type": "USER" });
    let own = format!("{}/api/v1/meta/schemas/user/linkedObjects/{}", caller.base_url, definition.primary.name());
    json!({
        "primary": end(&definition.primary),
        "associated": end(&definition.associated),
        "_links": { "self": { "href": own } },
    })
}
