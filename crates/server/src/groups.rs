//! `/api/v1/groups` and their members.

pub(crate) mod owners;

use axum::extract::State;
use roster_model::error::ErrorCode;
use roster_store::groups::{Group, GroupCondition, GroupOrder, GroupSelection, GroupStats};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment, UserSegment};
use crate::response::{ApiError, Handled, ListLinks, list, no_content, ok};
use crate::users::view::UserView;
use crate::wire::Time;

/// Groups a page holds at most, and unless the caller wants fewer (behaviour.md A.5).
const PAGE: usize = 10_000;

/// Members a page holds at most, and unless the caller wants fewer.
const MEMBERS_PAGE: usize = 1_000;

/// listGroups: by `q`, `filter` or `search`; `q` and `filter` may go together, and `q` has no `Link` headers (observed.md 1
/// and recordings). `sortBy` orders a search.
pub(crate) async fn list_groups(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let given = |name: &'static str| query.text(name).map(|text| (name, text));
    let mut chosen: Vec<_> = [given("q"), given("search"), given("filter")].into_iter().flatten().collect();
    let prefix = query.text("q");
    let condition = match (query.text("search"), query.text("filter")) {
        (None, None) => None,
        (Some(text), None) if prefix.is_none() => {
            let order = query.text("sortBy").map(|sort_by| GroupOrder {
                sort_by: sort_by.to_owned(),
                descending: query.text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("desc")),
            });
            if order.is_some() {
                chosen.extend(["sortBy", "sortOrder"].into_iter().filter_map(given));
            }
            Some(GroupCondition::Search(text.to_owned(), order))
        }
        (None, Some(text)) => Some(GroupCondition::Filter(text.to_owned())),
        _ => return Err(ErrorCode::SearchAndFilter.into()),
    };
    let selection =
        GroupSelection { name_prefix: prefix.map(str::to_owned), condition, with_stats: wants_stats(&query) };
    chosen.extend(given("expand"));
    let limit = query.limit(PAGE, PAGE)?;
    let after = query.text("after");
    let page = app.store().list_groups(&caller.org, selection, limit, after).await?;
    let views: Vec<GroupView<'_>> = page.items.iter().map(|group| GroupView::new(group, &caller.base_url)).collect();
    if prefix.is_some() {
        return ok(&views);
    }
    let links = ListLinks {
        url: format!("{}/api/v1/groups", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: chosen,
    };
    list(&views, &links)
}

/// Whether `expand` asks for `stats`. It may ask for `app` as well, which only groups of apps have.
fn wants_stats(query: &Query) -> bool {
    query.text("expand").is_some_and(|text| text.split(',').any(|part| part.trim() == "stats"))
}

/// createGroup: answers 200, not 201, as a real org does.
pub(crate) async fn create_group(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    let group = app.store().create_group(&change, profile(&body)?).await?;
    ok(&GroupView::new(&group, &caller.base_url))
}

fn profile(body: &JsonObject) -> Result<Map<String, Value>, ApiError> {
    Ok(body.object("profile")?.cloned().unwrap_or_default())
}

/// getGroup.
pub(crate) async fn get_group(State(app): State<App>, caller: Caller, Segment(id): Segment, query: Query) -> Handled {
    ok(&GroupView::new(&app.store().get_group(caller.org.key, &id, wants_stats(&query)).await?, &caller.base_url))
}

/// updateGroup: replaces the profile.
pub(crate) async fn update_group(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let group = app.store().update_group(&change, &id, profile(&body)?).await?;
    app.group_rules().notify();
    ok(&GroupView::new(&group, &caller.base_url))
}

/// deleteGroup.
pub(crate) async fn delete_group(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().delete_group(&change, &id).await?;
    app.group_rules().notify();
    no_content()
}

/// listGroupUsers.
pub(crate) async fn list_group_users(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit(MEMBERS_PAGE, MEMBERS_PAGE)?;
    let after = query.text("after");
    let page = app.store().list_group_users(&caller.org, &id, limit, after).await?;
    let views: Vec<UserView<'_>> = page.items.iter().map(|user| UserView::listed(user, &caller.base_url)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/groups/{id}/users", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// addUserToGroup.
pub(crate) async fn add_user_to_group(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(group): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    app.store().add_user_to_group(&change, &group, &user).await?;
    no_content()
}

/// removeUserFromGroup.
pub(crate) async fn remove_user_from_group(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(group): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    app.store().remove_user_from_group(&change, &group, &user).await?;
    no_content()
}

/// A group on the wire (observed.md 5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupView<'a> {
    id: &'a str,
    created: Time,
    last_updated: Time,
    last_membership_updated: Time,
    object_class: [&'static str; 1],
    #[serde(rename = "type")]
    group_type: &'static str,
    profile: ProfileView<'a>,
    #[serde(rename = "_links")]
    links: Value,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    embedded: Option<Value>,
}

#[derive(Serialize)]
struct ProfileView<'a> {
    name: &'a str,
    description: Option<&'a str>,
    #[serde(flatten)]
    custom: Map<String, Value>,
}

impl<'a> GroupView<'a> {
    pub(crate) fn new(group: &'a Group, base_url: &str) -> Self {
        let own = format!("{base_url}/api/v1/groups/{}", group.id);
        let logo = |size: &str| json!({ "name": size, "href": format!("{base_url}/assets/img/logos/groups/{size}.png"), "type": "image/png" });
        Self {
            id: group.id.as_str(),
            created: Time(group.created),
            last_updated: Time(group.last_updated),
            last_membership_updated: Time(group.last_membership_updated),
            object_class: ["okta:user_group"],
            group_type: group.group_type.as_str(),
            profile: ProfileView {
                name: &group.name,
                description: group.description.as_deref(),
                custom: serde_json::from_str(&group.custom_json).unwrap_or_default(),
            },
            links: json!({
                "logo": [logo("medium"), logo("large")],
                "users": { "href": format!("{own}/users") },
                "owners": { "href": format!("{own}/owners") },
                "apps": { "href": format!("{own}/apps") },
            }),
            embedded: group.stats.map(|stats| json!({ "stats": stats_view(stats, &own) })),
        }
    }
}

/// What hangs on a group. Nothing is pushed to apps here, so no mapping is there to count.
fn stats_view(stats: GroupStats, own: &str) -> Value {
    json!({
        "usersCount": stats.users,
        "appsCount": stats.apps,
        "groupPushMappingsCount": 0,
        "hasAdminPrivilege": stats.has_role,
        "_links": { "users": { "href": format!("{own}/users") }, "apps": { "href": format!("{own}/apps") } },
    })
}
