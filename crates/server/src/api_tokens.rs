//! `/api/v1/api-tokens`. A real org lets only its console create tokens; here createApiToken does, and shows the secret
//! once, as `token`.

use axum::extract::State;
use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::id::ApiTokenId;
use roster_store::api_tokens::ApiToken;
use serde_json::{Value, json};

use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Segment};
use crate::response::{Handled, no_content, ok};
use crate::{App, permissions};

/// listApiTokens: all of the org's, without pages.
pub(crate) async fn list_api_tokens(State(app): State<App>, caller: Caller) -> Handled {
    let tokens = app.store().list_api_tokens(caller.org.key).await?;
    ok(&tokens.iter().map(|token| view(token, &caller)).collect::<Vec<_>>())
}

/// createApiToken: `name`, and `userId` if the token is not to be the caller's.
pub(crate) async fn create_api_token(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    let name = body.text("name")?.map(str::trim).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(Problem::violations(&[Violation::new("name", "The field cannot be left blank")]).into());
    };
    // A token with every scope is no more to be had by an access token than by a lesser administrator.
    let owner = permissions::token_owner(&caller, body.text("userId")?)?;
    let (token, secret) = app.store().create_api_token(&change, name, &owner).await?;
    let mut shown = view(&token, &caller);
    if let Some(members) = shown.as_object_mut() {
        members.insert("token".to_owned(), json!(secret.reveal()));
    }
    ok(&shown)
}

/// getApiToken.
pub(crate) async fn get_api_token(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    ok(&view(&app.store().get_api_token(caller.org.key, &id).await?, &caller))
}

/// revokeApiToken.
pub(crate) async fn revoke_api_token(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().revoke_api_token(&change, &id).await?;
    no_content()
}

/// revokeCurrentApiToken: the one that this request is made with.
pub(crate) async fn revoke_current_api_token(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
) -> Handled {
    let current = caller.principal.api_token_id().map(ApiTokenId::as_str);
    let Some(current) = current else { return Err(Problem::not_found("current", ResourceKind::ApiToken).into()) };
    app.store().revoke_api_token(&change, current).await?;
    no_content()
}

/// An API token on the wire (observed.md 5).
fn view(token: &ApiToken, caller: &Caller) -> Value {
    let link = |path: String, allow: &[&str]| json!({ "href": format!("{}{path}", caller.base_url), "hints": { "allow": allow } });
    json!({
        "id": token.id,
        "name": token.name,
        "userId": token.user_id,
        "clientName": "Okta API",
        "tokenWindow": "P30D",
        "network": { "connection": "ANYWHERE" },
        "expiresAt": token.expires.to_string(),
        "created": token.created.to_string(),
        "lastUpdated": token.last_updated.to_string(),
        "_links": {
            "self": link(format!("/api/v1/api-tokens/{}", token.id), &["GET", "DELETE"]),
            "user": link(format!("/api/v1/users/{}", token.user_id), &["GET"]),
        },
    })
}
