//! `/api/v1/idps/{idpId}/users`.

use axum::extract::State;
use roster_model::error::{Problem, Violation};
use roster_store::identity_providers::IdentityProviderUser;
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment, UserSegment};
use crate::response::{Handled, ListLinks, list, no_content, ok};

/// Users a page holds unless the caller wants fewer (behaviour.md A.5).
const PAGE: usize = 20;

/// Users a page holds at most.
const MAX_PAGE: usize = 200;

/// Characters that a provider's own id of a user may have.
const MAX_EXTERNAL_ID_CHARACTERS: usize = 512;

/// listIdentityProviderApplicationUsers.
pub(crate) async fn list_identity_provider_application_users(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let limit = query.limit(PAGE, MAX_PAGE)?;
    let after = query.text("after");
    let page = app.store().list_identity_provider_application_users(&caller.org, &id, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|user| view(user, &id, &caller)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/idps/{id}/users", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// getIdentityProviderApplicationUser.
pub(crate) async fn get_identity_provider_application_user(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    ok(&view(&app.store().get_identity_provider_application_user(caller.org.key, &id, &user).await?, &id, &caller))
}

/// linkUserToIdentityProvider: answers 200 with the link.
pub(crate) async fn link_user_to_identity_provider(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
    body: JsonObject,
) -> Handled {
    let external_id = body.text("externalId")?.unwrap_or_default();
    let refuse = |text: &str| Err(Problem::violations(&[Violation::new("externalId", text)]).into());
    match external_id.chars().count() {
        0 => return refuse("The field cannot be left blank"),
        1..=MAX_EXTERNAL_ID_CHARACTERS => {}
        _ => return refuse("The field is too long"),
    }
    let linked = app.store().link_user_to_identity_provider(&change, &id, &user, external_id).await?;
    ok(&view(&linked, &id, &caller))
}

/// unlinkUserFromIdentityProvider.
pub(crate) async fn unlink_user_from_identity_provider(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    app.store().unlink_user_from_identity_provider(&change, &id, &user).await?;
    no_content()
}

/// listSocialAuthTokens: none, since no token of a provider is kept.
pub(crate) async fn list_social_auth_tokens(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    app.store().get_identity_provider_application_user(caller.org.key, &id, &user).await?;
    ok(&json!([]))
}

/// A linked user on the wire (behaviour.md F.5).
fn view(user: &IdentityProviderUser, provider: &str, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let own = format!("{base_url}/api/v1/idps/{provider}");
    let link = |href: String, allow: &[&str]| json!({ "href": href, "hints": { "allow": allow } });
    json!({
        "id": user.user_id,
        "externalId": user.external_id,
        "created": user.created.to_string(),
        "lastUpdated": user.last_updated.to_string(),
        "profile": user.profile,
        "_links": {
            "idp": { "href": own },
            "self": link(format!("{own}/users/{}", user.user_id), &["GET", "DELETE"]),
            "user": link(format!("{base_url}/api/v1/users/{}", user.user_id), &["GET"]),
        },
    })
}
