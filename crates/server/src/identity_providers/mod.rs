//! `/api/v1/idps`: identity providers here; the users linked to them in a file of their own.

pub(crate) mod users;

use axum::extract::State;
use roster_model::application::ApplicationStatus;
use roster_model::error::{Problem, Violation};
use roster_model::identity_provider::{IdentityProviderType, Protocol};
use roster_store::identity_providers::{IdentityProvider, IdentityProviderSelection};
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{Handled, ListLinks, list, no_content, ok};

/// Providers a page holds unless the caller wants fewer (behaviour.md A.5).
const PAGE: usize = 20;

/// Providers a page holds at most.
const MAX_PAGE: usize = 200;

/// listIdentityProviders: by `q`, a part of the name, and `type`. Its links forget both, as a real org's (observed.md 1);
/// the cursor knows them.
pub(crate) async fn list_identity_providers(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let limit = query.limit(PAGE, MAX_PAGE)?;
    let after = query.text("after");
    let unheard = || Problem::violations(&[Violation::new("type", "The field has an invalid value")]);
    let kind = query.text("type").map(|text| IdentityProviderType::from_text(text).ok_or_else(unheard)).transpose()?;
    let selection = IdentityProviderSelection { name: query.text("q").map(str::to_owned), kind };
    let page = app.store().list_identity_providers(&caller.org, selection, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|provider| view(provider, &caller.base_url)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/idps", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: Vec::new(),
    };
    list(&views, &links)
}

/// createIdentityProvider: answers 200, not 201.
pub(crate) async fn create_identity_provider(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    ok(&view(&app.store().create_identity_provider(&change, body.0).await?, &caller.base_url))
}

/// getIdentityProvider.
pub(crate) async fn get_identity_provider(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    ok(&view(&app.store().get_identity_provider(caller.org.key, &id).await?, &caller.base_url))
}

/// updateIdentityProvider: replaces the provider. A client secret that is not sent stays. A real org answers `created`
/// as null here, and only here (both recordings).
pub(crate) async fn update_identity_provider(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let mut updated = view(&app.store().update_identity_provider(&change, &id, body.0).await?, &caller.base_url);
    if let Some(created) = updated.get_mut("created") {
        *created = Value::Null;
    }
    ok(&updated)
}

/// deleteIdentityProvider.
pub(crate) async fn delete_identity_provider(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().delete_identity_provider(&change, &id).await?;
    no_content()
}

/// activateIdentityProvider: answers the provider, not `{}` (observed.md 5).
pub(crate) async fn activate_identity_provider(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    let provider = app.store().set_identity_provider_status(&change, &id, ApplicationStatus::Active).await?;
    ok(&view(&provider, &caller.base_url))
}

/// deactivateIdentityProvider: answers the provider, not `{}` (observed.md 5).
pub(crate) async fn deactivate_identity_provider(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    let provider = app.store().set_identity_provider_status(&change, &id, ApplicationStatus::Inactive).await?;
    ok(&view(&provider, &caller.base_url))
}

/// An identity provider on the wire, its members in a real org's order.
pub(crate) fn view(provider: &IdentityProvider, base_url: &str) -> Value {
    let mut view = Map::new();
    let mut add = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
    let member = |name: &str| provider.document.get(name).cloned();
    add("id", json!(provider.id));
    if let Some(mode) = member("issuerMode") {
        add("issuerMode", mode);
    }
    add("name", json!(provider.name));
    add("status", json!(provider.status.as_str()));
    add("created", json!(provider.created.to_string()));
    add("lastUpdated", json!(provider.last_updated.to_string()));
    let mut protocol = member("protocol").unwrap_or_default();
    if let Some(audience @ Value::Null) = protocol.pointer_mut("/credentials/trust/audience") {
        *audience = json!(format!("{base_url}/saml2/service-provider/{}", provider.id));
    }
    add("protocol", protocol);
    add("policy", member("policy").unwrap_or_default());
    add("type", json!(provider.kind.as_str()));
    add("_links", links(provider, base_url));
    Value::Object(view)
}

fn links(provider: &IdentityProvider, base_url: &str) -> Value {
    let id = &provider.id;
    let own = format!("{base_url}/api/v1/idps/{id}");
    let link = |href: String, method: &str| json!({ "href": href, "hints": { "allow": [method] } });
    if provider.kind.protocol().has_authorization_endpoint() {
        let authorize = format!(
            "{base_url}/oauth2/v1/authorize?idp={id}&client_id={{clientId}}&response_type={{responseType}}\
             &response_mode={{responseMode}}&scope={{scopes}}&redirect_uri={{redirectUri}}&state={{state}}&nonce={{nonce}}"
        );
        return json!({
            "authorize": { "href": authorize, "templated": true, "hints": { "allow": ["GET"] } },
            "clientRedirectUri": link(format!("{base_url}/oauth2/v1/authorize/callback"), "POST"),
        });
    }
    let xml =
        |href: String, method: &str| json!({ "href": href, "type": "application/xml", "hints": { "allow": [method] } });
    let mut links = Map::new();
    if provider.kind.protocol() == Protocol::Saml2 {
        links.insert("metadata".to_owned(), xml(format!("{own}/metadata.xml"), "GET"));
        links.insert("acs".to_owned(), xml(format!("{base_url}/sso/saml2/{id}"), "POST"));
    }
    let change = match provider.status {
        ApplicationStatus::Active => "deactivate",
        ApplicationStatus::Inactive => "activate",
    };
    links.insert("users".to_owned(), link(format!("{own}/users"), "GET"));
    links.insert(change.to_owned(), link(format!("{own}/lifecycle/{change}"), "POST"));
    Value::Object(links)
}
