//! `/api/v1/apps/{appId}/users`.

use axum::extract::State;
use roster_model::error::{Problem, Violation};
use roster_store::applications::{ApplicationUser, ApplicationUserInput, AssignmentScope};
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment, UserSegment};
use crate::response::{ApiError, Handled, ListLinks, list, no_content, ok};

/// Users a page holds unless the caller wants another number (observed.md 1).
const PAGE: usize = 50;

/// Users a page holds at most (behaviour.md A.5).
const MAX_PAGE: usize = 500;

/// listApplicationUsers: those assigned themselves and those who are members of an assigned group. `q` is a prefix of
/// their name in the app. A limit below 1 is the default.
pub(crate) async fn list_application_users(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    let prefix = query.text("q");
    let limit = query.limit_or_none(PAGE)?.unwrap_or(PAGE).min(MAX_PAGE);
    let after = query.text("after");
    let page = app.store().list_application_users(&caller.org, &id, prefix.map(str::to_owned), limit, after).await?;
    let views: Vec<Value> = page.items.iter().map(|user| view(user, &id, &caller)).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/apps/{id}/users", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: prefix.map(|prefix| ("q", prefix)).into_iter().collect(),
    };
    list(&views, &links)
}

/// assignUserToApplication.
pub(crate) async fn assign_user_to_application(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let Some(user) = body.text("id")? else {
        return Err(Problem::violations(&[Violation::new("id", "The field cannot be left blank")]).into());
    };
    let assigned = app.store().assign_user_to_application(&change, &id, user, input(&body)?).await?;
    ok(&view(&assigned, &id, &caller))
}

fn input(body: &JsonObject) -> Result<ApplicationUserInput, ApiError> {
    let credentials = JsonObject(body.object("credentials")?.cloned().unwrap_or_default());
    let password = JsonObject(credentials.object("password")?.cloned().unwrap_or_default());
    Ok(ApplicationUserInput {
        user_name: credentials.text("userName")?.map(str::to_owned),
        sets_password: password.text("value")?.is_some(),
        profile: profile(body)?,
    })
}

/// The profile of an assignment.
pub(super) fn profile(body: &JsonObject) -> Result<Map<String, Value>, ApiError> {
    Ok(body.object("profile")?.cloned().unwrap_or_default())
}

/// getApplicationUser.
pub(crate) async fn get_application_user(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    ok(&view(&app.store().get_application_user(caller.org.key, &id, &user).await?, &id, &caller))
}

/// updateApplicationUser: what the request does not name stays.
pub(crate) async fn update_application_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
    body: JsonObject,
) -> Handled {
    let updated = app.store().update_application_user(&change, &id, &user, input(&body)?).await?;
    ok(&view(&updated, &id, &caller))
}

/// deleteApplicationUser.
pub(crate) async fn delete_application_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    UserSegment(user): UserSegment,
) -> Handled {
    app.store().delete_application_user(&change, &id, &user).await?;
    no_content()
}

/// A user of an app on the wire: the id is the user's (observed.md 5).
fn view(user: &ApplicationUser, application: &str, caller: &Caller) -> Value {
    let base_url = &caller.base_url;
    let mut links = json!({
        "app": { "href": format!("{base_url}/api/v1/apps/{application}") },
        "user": { "href": format!("{base_url}/api/v1/users/{}", user.user_id) },
    });
    if let (AssignmentScope::Group(group), Some(links)) = (&user.scope, links.as_object_mut()) {
        links.insert("group".to_owned(), json!({ "href": format!("{base_url}/api/v1/groups/{group}") }));
    }
    json!({
        "id": user.user_id,
        "externalId": null,
        "created": user.created.to_string(),
        "lastUpdated": user.last_updated.to_string(),
        "scope": user.scope.as_str(),
        "status": "ACTIVE",
        "statusChanged": user.created.to_string(),
        "passwordChanged": user.password_changed.map(|time| time.to_string()),
        "syncState": "DISABLED",
        "credentials": { "userName": user.user_name },
        "profile": user.profile,
        "_links": links,
    })
}
