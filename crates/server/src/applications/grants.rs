//! `/api/v1/apps/{appId}/grants`: the scopes that an administrator granted to an app.

use axum::extract::State;
use roster_model::error::{Problem, Violation};
use roster_store::applications::Application;
use roster_store::oauth::application_grants::ApplicationGrant;
use serde_json::{Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{GrantSegments, JsonObject, Segment};
use crate::response::{Handled, no_content, ok};

/// listScopeConsentGrants: without pages and `Link` header, as in the recordings.
pub(crate) async fn list_scope_consent_grants(
    State(app): State<App>,
    caller: Caller,
    Segment(application): Segment,
) -> Handled {
    let (application, grants) = app.store().list_scope_consent_grants(caller.org.key, &application).await?;
    ok(&grants.iter().map(|grant| view(&application, grant, &caller)).collect::<Vec<_>>())
}

/// grantConsentToScope. The `issuer` can only be the org's own server.
pub(crate) async fn grant_consent_to_scope(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(application): Segment,
    body: JsonObject,
) -> Handled {
    let Some(scope) = body.text("scopeId")?.filter(|scope| !scope.is_empty()) else {
        return Err(Problem::violations(&[Violation::new("scopeId", "The field cannot be left blank")]).into());
    };
    body.text("issuer")?;
    let (application, grant) = app.store().grant_consent_to_scope(&change, &application, scope).await?;
    let mut granted = view(&application, &grant, &caller);
    // By recording, the answer to this request alone shows the scope once more.
    if let Some(members) = granted.as_object_mut() {
        let links = members.shift_remove("_links");
        members.insert("_embedded".to_owned(), json!({ "scope": { "id": grant.scope_id } }));
        members.extend(links.map(|links| ("_links".to_owned(), links)));
    }
    ok(&granted)
}

/// getScopeConsentGrant.
pub(crate) async fn get_scope_consent_grant(State(app): State<App>, caller: Caller, path: GrantSegments) -> Handled {
    let found = app.store().get_scope_consent_grant(caller.org.key, &path.application, &path.grant).await?;
    ok(&view(&found.0, &found.1, &caller))
}

/// revokeScopeConsentGrant.
pub(crate) async fn revoke_scope_consent_grant(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    path: GrantSegments,
) -> Handled {
    app.store().revoke_scope_consent_grant(&change, &path.application, &path.grant).await?;
    no_content()
}

/// A grant on the wire (recordings of grantConsentToScope).
fn view(application: &Application, grant: &ApplicationGrant, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let client_id = application.document.get("credentials").and_then(|it| it.pointer("/oauthClient/client_id"));
    let client_id = client_id.and_then(Value::as_str).unwrap_or_default();
    let own = format!("{base_url}/api/v1/apps/{}", application.id);
    let created_by_kind = if grant.created_by.starts_with("00u") { "User" } else { "PublicClientApp" };
    json!({
        "id": grant.id,
        "status": "ACTIVE",
        "created": grant.created.to_string(),
        "createdBy": { "id": grant.created_by, "type": created_by_kind },
        "lastUpdated": grant.last_updated.to_string(),
        "issuer": base_url,
        "clientId": client_id,
        "scopeId": grant.scope_id,
        "source": "ADMIN",
        "_links": {
            "app": { "href": own, "title": application.label },
            "self": { "href": format!("{own}/grants/{}", grant.id), "hints": { "allow": ["GET", "DELETE"] } },
            "client": { "href": format!("{base_url}/oauth2/v1/clients/{client_id}"), "title": application.label },
        },
    })
}
