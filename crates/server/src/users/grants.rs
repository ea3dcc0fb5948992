//! `/api/v1/users/{userId}/grants` and `/clients/{clientId}/grants`: what users allowed clients (behaviour.md F.2).

use axum::extract::State;
use roster_model::oauth::server::Issuer;
use roster_store::oauth::{Delegation, Grant, ScopeDetails, UserClient};
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{Query, Segment, UserSegment};
use crate::response::{Handled, ListLinks, list, no_content, ok, path_segment};

/// Grants, or tokens, that a page holds unless the caller wants another number.
pub(crate) const PAGE: usize = 20;

/// And at most.
pub(crate) const MAX_PAGE: usize = 200;

/// listUserGrants.
pub(crate) async fn list_user_grants(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    let limit = query.limit_up_to(PAGE, MAX_PAGE)?;
    let (scope, after, expand) = (query.text("scopeId"), query.text("after"), expands_scope(&query));
    let page = app.store().list_user_grants(&caller.org, &asked, scope, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|grant| view(grant, expand, &caller.base_url)).collect();
    let given = |name: &'static str| query.text(name).map(|text| (name, text));
    let links = ListLinks {
        url: format!("{}/api/v1/users/{}/grants", caller.base_url, path_segment(&asked)),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: [given("scopeId"), given("expand")].into_iter().flatten().collect(),
    };
    list(&views, &links)
}

/// getUserGrant.
pub(crate) async fn get_user_grant(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let grant = app.store().get_user_grant(caller.org.key, &asked, &id).await?;
    ok(&view(&grant, expands_scope(&query), &caller.base_url))
}

/// revokeUserGrant.
pub(crate) async fn revoke_user_grant(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
) -> Handled {
    app.store().revoke_user_grant(&change, &asked, &id).await?;
    no_content()
}

/// revokeUserGrants.
pub(crate) async fn revoke_user_grants(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().revoke_user_grants(&change, &asked).await?;
    no_content()
}

/// listGrantsForUserAndClient.
pub(crate) async fn list_grants_for_user_and_client(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    Segment(client): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_up_to(PAGE, MAX_PAGE)?;
    let (after, expand) = (query.text("after"), expands_scope(&query));
    let page = app.store().list_grants_for_user_and_client(&caller.org, &asked, &client, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|grant| view(grant, expand, &caller.base_url)).collect();
    let path = format!("/api/v1/users/{}/clients/{}/grants", path_segment(&asked), path_segment(&client));
    list(&views, &expandable_links(&caller, &path, &query, page.next.as_deref(), limit))
}

/// revokeGrantsForUserAndClient.
pub(crate) async fn revoke_grants_for_user_and_client(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(client): Segment,
) -> Handled {
    app.store().revoke_grants_for_user_and_client(&change, &asked, &client).await?;
    no_content()
}

/// The links of a list at `path` whose only parameter, beside those of its pages, is `expand`.
pub(crate) fn expandable_links<'a>(
    caller: &Caller,
    path: &str,
    query: &'a Query,
    next: Option<&'a str>,
    limit: usize,
) -> ListLinks<'a> {
    let parameters = query.text("expand").map(|expand| ("expand", expand)).into_iter().collect();
    ListLinks { url: format!("{}{path}", caller.base_url), after: query.text("after"), next, limit, parameters }
}

/// Whether scopes are to be told in full.
pub(crate) fn expands_scope(query: &Query) -> bool {
    query.text("expand") == Some("scope")
}

/// A grant on the wire, its members in a real org's order.
fn view(grant: &Grant, expand: bool, base_url: &str) -> Value {
    let delegation = &grant.delegation;
    let mut view = json!({
        "id": grant.id,
        "status": "ACTIVE",
        "created": grant.created.to_string(),
        "lastUpdated": grant.last_updated.to_string(),
        "issuer": delegation.issuer.url(base_url),
        "clientId": delegation.client_id,
        "userId": delegation.user_id,
        "scopeId": grant.scope.id,
        "source": "END_USER",
    });
    let own = format!("{base_url}/api/v1/users/{}/grants/{}", delegation.user_id, grant.id);
    let itself = json!({ "href": own, "hints": { "allow": ["GET", "DELETE"] } });
    let mut links = links(delegation, itself, base_url);
    if let Some(link) = scope_link(&grant.scope, &delegation.issuer, base_url) {
        links.insert("scope".to_owned(), link);
    }
    if let Some(members) = view.as_object_mut() {
        if expand {
            members.insert("_embedded".to_owned(), json!({ "scope": scope_view(&grant.scope) }));
        }
        members.insert("_links".to_owned(), Value::Object(links));
    }
    view
}

/// The links that grants and refresh tokens have in common. The org's own server is no resource, so nothing links to it.
pub(super) fn links(delegation: &Delegation, itself: Value, base_url: &str) -> Map<String, Value> {
    let link = |path: String, title: &str| json!({ "href": format!("{base_url}/{path}"), "title": title });
    let Delegation { application_id, client_id, client_name, user_id, user_name, .. } = delegation;
    let mut links = Map::new();
    let mut add = |name: &str, value: Value| drop(links.insert(name.to_owned(), value));
    add("app", link(format!("api/v1/apps/{application_id}"), client_name));
    add("client", link(format!("oauth2/v1/clients/{}", path_segment(client_id)), client_name));
    add("self", itself);
    add("user", link(format!("api/v1/users/{user_id}"), user_name));
    if let Issuer::Custom(id) = &delegation.issuer {
        add("authorizationServer", link(format!("api/v1/authorizationServers/{id}"), &delegation.server_name));
    }
    links
}

/// A scope, as `expand=scope` shows it.
pub(super) fn scope_view(scope: &ScopeDetails) -> Value {
    json!({
        "id": scope.id,
        "name": scope.name,
        "displayName": scope.display_name,
        "description": scope.description,
    })
}

/// Where a scope is had; those of the org's own server are nowhere.
pub(super) fn scope_link(scope: &ScopeDetails, issuer: &Issuer, base_url: &str) -> Option<Value> {
    let Issuer::Custom(server) = issuer else { return None };
    let href = format!("{base_url}/api/v1/authorizationServers/{server}/scopes/{}", scope.id);
    Some(json!({ "href": href, "title": scope.display_name.as_deref().unwrap_or(&scope.name) }))
}

/// A client of listUserClients on the wire.
pub(super) fn client_view(held: &UserClient, base_url: &str) -> Value {
    let client = &held.client;
    let own = format!("{base_url}/api/v1/users/{}/clients/{}", held.user_id, path_segment(&client.client_id));
    json!({
        "client_id": client.client_id,
        "client_name": client.name,
        "client_uri": client.client_uri,
        "logo_uri": client.logo_uri,
        "_links": {
            "grants": { "href": format!("{own}/grants") },
            "tokens": { "href": format!("{own}/tokens") },
        },
    })
}
