//! `/api/v1/users/{userId}/clients/{clientId}/tokens`: the refresh tokens that clients hold (behaviour.md F.3). What a
//! token itself says is shown to nobody.

use axum::extract::State;
use roster_store::oauth::{Delegation, RefreshToken, ScopeDetails};
use serde_json::{Value, json};

use super::grants::{MAX_PAGE, PAGE, expandable_links, expands_scope, links, scope_link, scope_view};
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{Query, Segment, TokenSegments, UserSegment};
use crate::response::{Handled, list, no_content, ok, path_segment};

/// listRefreshTokensForUserAndClient.
pub(crate) async fn list_refresh_tokens_for_user_and_client(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    Segment(client): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_up_to(PAGE, MAX_PAGE)?;
    let (after, expand) = (query.text("after"), expands_scope(&query));
    let page = app.store().list_refresh_tokens_for_user_and_client(&caller.org, &asked, &client, limit, after).await?;
    let views: Vec<Value> =
        page.items.iter().map(|token| view(token, &path_of(token), expand, &caller.base_url)).collect();
    let path = format!("/api/v1/users/{}/clients/{}/tokens", path_segment(&asked), path_segment(&client));
    list(&views, &expandable_links(&caller, &path, &query, page.next.as_deref(), limit))
}

/// getRefreshTokenForUserAndClient. `limit` and `after` come with the founding document and mean nothing.
pub(crate) async fn get_refresh_token_for_user_and_client(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    TokenSegments { client, token }: TokenSegments,
    query: Query,
) -> Handled {
    let store = app.store();
    let found = store.get_refresh_token_for_user_and_client(caller.org.key, &asked, &client, &token).await?;
    ok(&view(&found, &path_of(&found), expands_scope(&query), &caller.base_url))
}

/// revokeTokenForUserAndClient.
pub(crate) async fn revoke_token_for_user_and_client(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    TokenSegments { client, token }: TokenSegments,
) -> Handled {
    app.store().revoke_token_for_user_and_client(&change, &asked, &client, &token).await?;
    no_content()
}

/// revokeTokensForUserAndClient.
pub(crate) async fn revoke_tokens_for_user_and_client(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(client): Segment,
) -> Handled {
    app.store().revoke_tokens_for_user_and_client(&change, &asked, &client).await?;
    no_content()
}

/// Where a token is found below its user.
fn path_of(token: &RefreshToken) -> String {
    let Delegation { user_id, client_id, .. } = &token.delegation;
    format!("/api/v1/users/{user_id}/clients/{}/tokens/{}", path_segment(client_id), token.id)
}

/// A refresh token on the wire, found at `path`; its members in a real org's order.
pub(crate) fn view(token: &RefreshToken, path: &str, expand: bool, base_url: &str) -> Value {
    let delegation = &token.delegation;
    let names: Vec<&str> = token.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let mut view = json!({
        "id": token.id,
        "status": "ACTIVE",
        "created": token.created.to_string(),
        "lastUpdated": token.last_updated.to_string(),
        "expiresAt": token.expires.to_string(),
        "issuer": delegation.issuer.url(base_url),
        "clientId": delegation.client_id,
        "userId": delegation.user_id,
        "scopes": names,
    });
    let own = format!("{base_url}{path}");
    let mut links = links(delegation, json!({ "href": own }), base_url);
    links.insert("revoke".to_owned(), json!({ "href": own, "hints": { "allow": ["DELETE"] } }));
    if let Some(members) = view.as_object_mut() {
        if expand {
            let scopes: Vec<Value> = token.scopes.iter().map(|scope| embedded(scope, token, base_url)).collect();
            members.insert("_embedded".to_owned(), json!({ "scopes": scopes }));
        }
        members.insert("_links".to_owned(), Value::Object(links));
    }
    view
}

/// A scope of a token, as `expand=scope` shows it: with a link of its own.
fn embedded(scope: &ScopeDetails, token: &RefreshToken, base_url: &str) -> Value {
    let mut view = scope_view(scope);
    if let (Some(members), Some(link)) = (view.as_object_mut(), scope_link(scope, &token.delegation.issuer, base_url)) {
        members.insert("_links".to_owned(), json!({ "scope": link }));
    }
    view
}
