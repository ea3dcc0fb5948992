//! `/api/v1/apps/{appId}/tokens`: the refresh tokens that users gave an app (recordings of getOAuth2TokenForApplication).

use axum::extract::State;
use roster_store::oauth::RefreshToken;
use serde_json::Value;

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{ApplicationTokenSegments, Query, Segment};
use crate::response::{Handled, list, no_content, ok, path_segment};
use crate::users::grants::{MAX_PAGE, PAGE, expandable_links, expands_scope};
use crate::users::refresh_tokens;

/// listOAuth2TokensForApplication.
pub(crate) async fn list_oauth2_tokens_for_application(
    State(app): State<App>,
    caller: Caller,
    Segment(application): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit_up_to(PAGE, MAX_PAGE)?;
    let (after, expand) = (query.text("after"), expands_scope(&query));
    let page = app.store().list_oauth2_tokens_for_application(&caller.org, &application, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|token| view(token, &application, expand, &caller)).collect();
    let path = format!("/api/v1/apps/{}/tokens", path_segment(&application));
    list(&views, &expandable_links(&caller, &path, &query, page.next.as_deref(), limit))
}

/// getOAuth2TokenForApplication.
pub(crate) async fn get_oauth2_token_for_application(
    State(app): State<App>,
    caller: Caller,
    ApplicationTokenSegments { application, token }: ApplicationTokenSegments,
    query: Query,
) -> Handled {
    let found = app.store().get_oauth2_token_for_application(caller.org.key, &application, &token).await?;
    ok(&view(&found, &application, expands_scope(&query), &caller))
}

/// revokeOAuth2TokenForApplication.
pub(crate) async fn revoke_oauth2_token_for_application(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    ApplicationTokenSegments { application, token }: ApplicationTokenSegments,
) -> Handled {
    app.store().revoke_oauth2_token_for_application(&change, &application, &token).await?;
    no_content()
}

/// revokeOAuth2TokensForApplication.
pub(crate) async fn revoke_oauth2_tokens_for_application(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(application): Segment,
) -> Handled {
    app.store().revoke_oauth2_tokens_for_application(&change, &application).await?;
    no_content()
}

fn view(token: &RefreshToken, application: &str, expand: bool, caller: &Caller) -> Value {
    let path = format!("/api/v1/apps/{}/tokens/{}", path_segment(application), token.id);
    refresh_tokens::view(token, &path, expand, &caller.base_url)
}
