//! `/api/v1/inlineHooks` (behaviour.md G.14): the hook that passwords are imported by.

use axum::extract::State;
use roster_model::inline_hook::{PASSWORD_IMPORT, VERSION};
use roster_store::inline_hooks::InlineHook;
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{Handled, no_content, ok};

/// listInlineHooks: all, or those of a `type`.
pub(crate) async fn list_inline_hooks(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let wanted = query.text("type").is_none_or(|hook_type| hook_type == PASSWORD_IMPORT);
    let hooks = if wanted { app.store().list_inline_hooks(caller.org.key).await? } else { Vec::new() };
    ok(&hooks.iter().map(|hook| view(hook, &caller)).collect::<Vec<_>>())
}

/// createInlineHook: it is active at once.
pub(crate) async fn create_inline_hook(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    JsonObject(body): JsonObject,
) -> Handled {
    ok(&view(&app.store().create_inline_hook(&change, body).await?, &caller))
}

/// getInlineHook.
pub(crate) async fn get_inline_hook(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    ok(&view(&app.store().get_inline_hook(caller.org.key, &id).await?, &caller))
}

/// updateInlineHook: replaces it; a secret that is not sent again stays.
pub(crate) async fn update_inline_hook(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    JsonObject(body): JsonObject,
) -> Handled {
    ok(&view(&app.store().update_inline_hook(&change, &id, body).await?, &caller))
}

/// deleteInlineHook: only of one that is not active.
pub(crate) async fn delete_inline_hook(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().delete_inline_hook(&change, &id).await?;
    no_content()
}

/// activateInlineHook.
pub(crate) async fn activate_inline_hook(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    ok(&view(&app.store().activate_inline_hook(&change, &id).await?, &caller))
}

/// deactivateInlineHook.
pub(crate) async fn deactivate_inline_hook(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    ok(&view(&app.store().deactivate_inline_hook(&change, &id).await?, &caller))
}

/// A hook on the wire: the value of its authentication scheme is never shown.
fn view(hook: &InlineHook, caller: &Caller) -> Value {
    let url = format!("{}/api/v1/inlineHooks/{}", caller.base_url, hook.id);
    let link = |path: &str, allow: &[&str]| json!({ "href": format!("{url}{path}"), "hints": { "allow": allow } });
    let lifecycle = if hook.is_active { "deactivate" } else { "activate" };
    let auth_scheme = hook.channel.auth_scheme.as_ref().map(|it| json!({ "type": "HEADER", "key": it.key }));
    let links = json!({
        "self": link("", &["GET", "PUT", "DELETE"]),
        lifecycle: link(&format!("/lifecycle/{lifecycle}"), &["POST"]),
    });
    json!({
        "id": hook.id,
        "status": if hook.is_active { "ACTIVE" } else { "INACTIVE" },
        "name": hook.name,
        "type": PASSWORD_IMPORT,
        "version": VERSION,
        "channel": {
            "type": "HTTP",
            "version": VERSION,
            "config": {
                "uri": hook.channel.uri,
                "headers": hook.channel.headers,
                "method": "POST",
                "authScheme": auth_scheme,
            },
        },
        "created": hook.created.to_string(),
        "lastUpdated": hook.last_updated.to_string(),
        "_links": links,
    })
}
