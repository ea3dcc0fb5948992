//! `/api/v1/users/{userId}/linkedObjects`: a user's relations (behaviour.md C.12).

use axum::extract::State;
use roster_model::id::UserId;
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{LinkSegments, Query, Segment, UserSegment};
use crate::response::{Handled, ListLinks, UNLIMITED, list, no_content, path_segment};

/// Links a page holds unless the caller wants another number; the recordings' `self` links name it (observed.md 1).
const PAGE: usize = 1_000;

/// getLinkedObjectsForUser: links to the users at the other end, and nothing else of them. A limit below 1 is none.
pub(crate) async fn get_linked_objects_for_user(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    Segment(name): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_or_none(PAGE)?.unwrap_or(UNLIMITED);
    let after = query.text("after");
    let page = app.store().get_linked_objects_for_user(&caller.org, &asked, &name, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|user| view(user, &caller)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/users/{}/linkedObjects/{name}", caller.base_url, path_segment(&asked)),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

fn view(user: &UserId, caller: &Caller) -> Value {
    json!({ "_links": { "self": { "href": format!("{}/api/v1/users/{user}", caller.base_url) } } })
}

/// setLinkedObjectForUser: names the associated user, the primary relation and the primary user, in this order.
pub(crate) async fn set_linked_object_for_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    LinkSegments { associated, relation, primary }: LinkSegments,
) -> Handled {
    app.store().set_linked_object_for_user(&change, &associated, &relation, &primary).await?;
    no_content()
}

/// removeLinkedObjectForUser: by the name of the primary end.
pub(crate) async fn remove_linked_object_for_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(name): Segment,
) -> Handled {
    app.store().remove_linked_object_for_user(&change, &asked, &name).await?;
    no_content()
}
