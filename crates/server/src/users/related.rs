//! `/api/v1/users/{userId}/…`: what hangs on a user. These lists are whole, without pages.

use axum::extract::State;

use super::grants::client_view;
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::groups::GroupView;
use crate::request::{Query, UserSegment};
use crate::response::{Handled, ListLinks, list, no_content, ok, path_segment};
use crate::{applications, identity_providers};

/// The limit that listUserGroups shows in its `self` link (observed.md 1).
const GROUPS_PAGE: usize = 200;

/// clearUserSessions. `oauthTokens=true` ends the tokens too that clients hold of the user.
pub(crate) async fn clear_user_sessions(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
) -> Handled {
    let oauth_tokens = query.boolean("oauthTokens", false)?;
    app.store().clear_user_sessions(&change, &asked, oauth_tokens).await?;
    no_content()
}

/// listUserGroups: Everyone first.
pub(crate) async fn list_user_groups(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
) -> Handled {
    let groups = app.store().list_user_groups(caller.org.key, &asked).await?;
    let views: Vec<GroupView<'_>> = groups.iter().map(|group| GroupView::new(group, &caller.base_url)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/users/{}/groups", caller.base_url, path_segment(&asked)),
        after: None,
        next: None,
        limit: GROUPS_PAGE,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// listUserIdentityProviders.
pub(crate) async fn list_user_identity_providers(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
) -> Handled {
    let providers = app.store().list_user_identity_providers(caller.org.key, &asked).await?;
    ok(&providers.iter().map(|provider| identity_providers::view(provider, &caller.base_url)).collect::<Vec<_>>())
}

/// listAppLinks: of the apps assigned to the user, or to a group of theirs.
pub(crate) async fn list_app_links(State(app): State<App>, caller: Caller, UserSegment(asked): UserSegment) -> Handled {
    let links = app.store().list_app_links(caller.org.key, &asked).await?;
    ok(&links.iter().enumerate().map(|link| applications::link_view(link, &caller.base_url)).collect::<Vec<_>>())
}

/// listUserClients.
pub(crate) async fn list_user_clients(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
) -> Handled {
    let held = app.store().list_user_clients(caller.org.key, &asked).await?;
    ok(&held.iter().map(|held| client_view(held, &caller.base_url)).collect::<Vec<_>>())
}
