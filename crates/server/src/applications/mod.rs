//! `/api/v1/apps`: apps here; their users and groups each in a file.

pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod tokens;
pub(crate) mod users;

use axum::extract::State;
use roster_model::application::{ApplicationStatus, NewApplication, SignOnMode, label};
use roster_model::error::{ErrorCode, Problem};
use roster_model::filter::{ApplicationFilter, parse};
use roster_store::Error;
use roster_store::applications::{Application, ApplicationLink, ApplicationSelection};
use roster_store::secret::Secret;
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{ApiError, Handled, ListLinks, list, no_content, ok, ok_empty};

/// Apps a page holds unless the caller wants another number, and at most (behaviour.md A.5).
const PAGE: usize = 20;

/// Apps a page holds at most.
const MAX_PAGE: usize = 200;

/// listApplications: by `q`, a prefix of name or label, and `filter`, alone or together. A limit below 1 is the default.
pub(crate) async fn list_applications(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let filter = query.text("filter");
    let selection = ApplicationSelection {
        prefix: query.text("q").map(str::to_owned),
        filter: filter.map(|text| parse(text, &ApplicationFilter)).transpose().map_err(Error::from)?,
    };
    check_expand(&query)?;
    let limit = query.limit_or_none(PAGE)?.unwrap_or(PAGE).min(MAX_PAGE);
    let after = query.text("after");
    let page = app.store().list_applications(&caller.org, selection, limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|application| view(application, &caller)).collect();
    let given = |name: &'static str| query.text(name).map(|text| (name, text));
    let links = ListLinks {
        url: format!("{}/api/v1/apps", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: [given("q"), given("filter"), given("expand")].into_iter().flatten().collect(),
    };
    list(&views, &links)
}

/// `expand` is taken in the form `user/{userId}` (observed.md 2).
fn check_expand(query: &Query) -> Result<(), ApiError> {
    let malformed = query.text("expand").is_some_and(|expand| !expand.starts_with("user/"));
    if malformed {
        let problem = Problem::new(ErrorCode::ApiValidation).about("RequestParams");
        return Err(problem.because("Expand query is malformed.").into());
    }
    Ok(())
}

/// createApplication: answers 200, not 201, and this once the client secret.
pub(crate) async fn create_application(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    query: Query,
    mut body: JsonObject,
) -> Handled {
    let status = if query.boolean("activate", true)? { ApplicationStatus::Active } else { ApplicationStatus::Inactive };
    let secret = take_client_secret(&mut body)?;
    let new = NewApplication::from_json(&body.0)?;
    let (made, secret) = app.store().create_application(&change, &caller.org, new, body.0, secret, status).await?;
    ok(&with_secret(view(&made, &caller), secret.as_ref()))
}

/// Takes `credentials.oauthClient.client_secret` out of a body, so that it goes nowhere else.
fn take_client_secret(body: &mut JsonObject) -> Result<Option<Secret>, ApiError> {
    let client = body.0.get_mut("credentials").and_then(|credentials| credentials.get_mut("oauthClient"));
    match client.and_then(Value::as_object_mut).and_then(|client| client.shift_remove("client_secret")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Secret::from_text(&text)).filter(|_| !text.is_empty())),
        Some(_) => Err(ErrorCode::NotWellFormed.into()),
    }
}

fn with_secret(mut view: Value, secret: Option<&Secret>) -> Value {
    let client = view.pointer_mut("/credentials/oauthClient").and_then(Value::as_object_mut);
    if let Some((client, secret)) = client.zip(secret) {
        client.insert("client_secret".to_owned(), json!(secret.reveal()));
    }
    view
}

/// getApplication.
pub(crate) async fn get_application(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    check_expand(&query)?;
    ok(&view(&app.store().get_application(caller.org.key, &id).await?, &caller))
}

/// updateApplication: replaces label and settings. A client secret that came along is shown again.
pub(crate) async fn update_application(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    mut body: JsonObject,
) -> Handled {
    let secret = take_client_secret(&mut body)?;
    let (updated, secret) = app.store().update_application(&change, &id, label(&body.0)?, body.0, secret).await?;
    ok(&with_secret(view(&updated, &caller), secret.as_ref()))
}

/// deleteApplication.
pub(crate) async fn delete_application(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().delete_application(&change, &id).await?;
    no_content()
}

/// activateApplication.
pub(crate) async fn activate_application(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().set_application_status(&change, &id, ApplicationStatus::Active).await?;
    ok_empty()
}

/// deactivateApplication.
pub(crate) async fn deactivate_application(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().set_application_status(&change, &id, ApplicationStatus::Inactive).await?;
    ok_empty()
}

/// An app on the wire, its members in a real org's order.
pub(crate) fn view(application: &Application, caller: &Caller) -> Value {
    let mut view = Map::new();
    let mut add = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
    let member = |name: &str| application.document.get(name).cloned();
    add("id", json!(application.id));
    add("name", json!(application.name));
    add("label", json!(application.label));
    add("status", json!(application.status.as_str()));
    add("lastUpdated", json!(application.last_updated.to_string()));
    add("created", json!(application.created.to_string()));
    for name in ["accessibility", "visibility", "features"] {
        add(name, member(name).unwrap_or_default());
    }
    add("signOnMode", json!(application.sign_on_mode.map(SignOnMode::as_str)));
    for name in ["credentials", "settings"] {
        add(name, member(name).unwrap_or_default());
    }
    for name in ["licensing", "profile"] {
        if let Some(value) = member(name) {
            add(name, value);
        }
    }
    add("_links", links(application, &caller.base_url));
    Value::Object(view)
}

fn links(application: &Application, base_url: &str) -> Value {
    let own = format!("{base_url}/api/v1/apps/{}", application.id);
    let app_links = application.document.get("visibility").and_then(|visibility| visibility.get("appLinks"));
    let app_links: Vec<Value> = app_links
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(|name| json!({ "name": name, "href": link_url(application, base_url), "type": "text/html" }))
        .collect();
    let mut links = json!({
        "appLinks": app_links,
        "groups": { "href": format!("{own}/groups") },
        "logo": [{ "name": "medium", "href": logo_url(&application.name, base_url), "type": "image/png" }],
        "users": { "href": format!("{own}/users") },
    });
    let change = match application.status {
        ApplicationStatus::Active => "deactivate",
        ApplicationStatus::Inactive => "activate",
    };
    if let Some(links) = links.as_object_mut() {
        links.insert(change.to_owned(), json!({ "href": format!("{own}/lifecycle/{change}") }));
    }
    links
}

/// Where an app's link leads. A real org ends it in a number of the template, or an id of the link.
fn link_url(application: &Application, base_url: &str) -> String {
    let tail = application.id.as_str().get(3..).unwrap_or_default();
    let link = match application.name.as_str() {
        "bookmark" => "2557".to_owned(),
        "template_swa" => "2357".to_owned(),
        _ => format!("aln{tail}"),
    };
    format!("{base_url}/home/{}/{}/{link}", application.name, application.id)
}

/// The logo of the apps of this name.
pub(crate) fn logo_url(name: &str, base_url: &str) -> String {
    let name = if name == "bookmark" { "bookmark-app" } else { "default" };
    format!("{base_url}/assets/img/logos/{name}.png")
}

/// A link of listAppLinks on the wire (behaviour.md F.4). Hidden ones are listed too, and say so.
pub(crate) fn link_view((sort_order, link): (usize, &ApplicationLink), base_url: &str) -> Value {
    json!({
        "id": link.user_id,
        "label": link.application.label,
        "linkUrl": link_url(&link.application, base_url),
        "logoUrl": logo_url(&link.application.name, base_url),
        "appName": link.application.name,
        "appInstanceId": link.application.id,
        "appAssignmentId": link.assignment_id,
        "credentialsSetup": false,
        "hidden": is_hidden(&link.application),
        "sortOrder": sort_order,
    })
}

/// Whether an app does not show itself on dashboards.
pub(crate) fn is_hidden(application: &Application) -> bool {
    let hidden = application.document.get("visibility").and_then(|visibility| visibility.pointer("/hide/web"));
    hidden.and_then(Value::as_bool).unwrap_or_default()
}
