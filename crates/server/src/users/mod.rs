//! `/api/v1/users`: listing, creating, reading, changing and removing users.

pub(crate) mod credentials;
pub(crate) mod grants;
pub(crate) mod lifecycle;
pub(crate) mod linked_objects;
pub(crate) mod refresh_tokens;
pub(crate) mod related;
pub(crate) mod view;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::id::UserId;
use roster_model::user::User;
use roster_model::user::credentials::CredentialsInput;
use roster_store::Error;
use roster_store::users::{CreateUser, NextLogin, UserOrder, UserSelection, UserUpdate};
use serde_json::Value;

use self::lifecycle::{prefer_applied, prefers_async};
use self::view::{Omissions, UserView, blocks};
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, UserSegment};
use crate::response::{ApiError, Handled, ListLinks, json_bytes, list, no_content, profile_problem};
use crate::{App, permissions};

/// Users a page holds unless the caller wants fewer, and at most (behaviour.md A.5).
const PAGE: usize = 200;

/// Users that `q` finds unless the caller wants another number.
const PREFIX_PAGE: usize = 10;

/// listUsers: by `q`, `filter` or `search`, or all but the deactivated. `q` knows no further pages.
pub(crate) async fn list_users(State(app): State<App>, caller: Caller, omissions: Omissions, query: Query) -> Handled {
    let (selection, parameters) = selection(&query)?;
    let by_prefix = matches!(selection, UserSelection::Prefix(_));
    let limit = query.limit(if by_prefix { PREFIX_PAGE } else { PAGE }, PAGE)?;
    let after = query.text("after").filter(|_| !by_prefix);
    let page = app.store().list_users(&caller.org, selection, limit, after).await?;
    let views: Vec<UserView<'_>> =
        page.items.iter().map(|user| UserView { omissions, ..UserView::listed(user, &caller.base_url) }).collect();
    let links = ListLinks {
        url: format!("{}/api/v1/users", caller.base_url),
        after,
        next: page.next.as_deref().filter(|_| !by_prefix),
        limit,
        parameters,
    };
    list(&views, &links)
}

/// The parameters of a list that had an effect.
type Parameters<'a> = Vec<(&'static str, &'a str)>;

/// What `q`, `filter`, `search`, `sortBy` and `sortOrder` choose, and which of them had an effect (behaviour.md D.1).
fn selection(query: &Query) -> Result<(UserSelection, Parameters<'_>), ApiError> {
    let given = |name: &'static str| query.text(name).map(|text| (name, text));
    let chosen: Vec<_> = [given("q"), given("search"), given("filter")].into_iter().flatten().collect();
    let selection = match chosen.as_slice() {
        [] => UserSelection::All,
        [("q", text)] => UserSelection::Prefix((*text).to_owned()),
        [("filter", text)] => UserSelection::Filter((*text).to_owned()),
        [(_, text)] => {
            let order = query.text("sortBy").map(|sort_by| UserOrder {
                sort_by: sort_by.to_owned(),
                descending: query.text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("desc")),
            });
            UserSelection::Search((*text).to_owned(), order)
        }
        _ => return Err(ErrorCode::SearchAndFilter.into()),
    };
    let mut parameters = chosen;
    if let UserSelection::Search(_, Some(_)) = selection {
        parameters.extend(["sortBy", "sortOrder"].into_iter().filter_map(given));
    }
    Ok((selection, parameters))
}

/// createUser: answers 200, not 201, as a real org does.
pub(crate) async fn create_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    query: Query,
    body: JsonObject,
) -> Handled {
    let input = CreateUser {
        profile: body.object("profile")?.cloned().unwrap_or_default(),
        credentials: CredentialsInput::from_json(body.member("credentials"))?,
        group_ids: group_ids(&body)?,
        type_id: type_id(&body)?,
        activate: query.boolean("activate", true)?,
        with_provider: query.boolean("provider", false)?,
        next_login: next_login(&query)?,
    };
    permissions::check_new_user(&app, &caller, &input.group_ids).await?;
    let created = app.store().create_user(&change, input).await.map_err(|error| match error {
        Error::Profile(error) => profile_problem(&error, "newUser").into(),
        other => ApiError::from(other),
    })?;
    single(&created, &caller)
}

fn group_ids(body: &JsonObject) -> Result<Vec<String>, ApiError> {
    let malformed = || ApiError::from(ErrorCode::NotWellFormed);
    match body.member("groupIds") {
        None => Ok(Vec::new()),
        Some(Value::Array(ids)) => {
            let text = |id: &Value| id.as_str().filter(|id| !id.contains('\0')).map(str::to_owned);
            ids.iter().map(|id| text(id).ok_or_else(malformed)).collect()
        }
        Some(_) => Err(malformed()),
    }
}

fn type_id(body: &JsonObject) -> Result<Option<String>, ApiError> {
    let user_type = JsonObject(body.object("type")?.cloned().unwrap_or_default());
    Ok(user_type.text("id")?.map(str::to_owned))
}

fn next_login(query: &Query) -> Result<Option<NextLogin>, ApiError> {
    match query.text("nextLogin") {
        None => Ok(None),
        Some("changePassword") => Ok(Some(NextLogin::ChangePassword)),
        Some(_) => {
            let rule = "The value must be changePassword";
            Err(Problem::violations(&[Violation::new("nextLogin", rule)]).into())
        }
    }
}

/// getUser, by id, login or unambiguous short name, or `me`.
pub(crate) async fn get_user(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    omissions: Omissions,
    query: Query,
) -> Handled {
    let expanded =
        query.text("expand").is_some_and(|expand| expand.split(',').any(|it| matches!(it.trim(), "blocks" | "block")));
    if expanded || omissions != Omissions::default() {
        let user = app.store().get_user(caller.org.key, &asked).await?;
        let embedded = expanded.then(|| blocks(&user));
        let view = UserView { omissions, embedded, ..UserView::single(&user, &caller.base_url) };
        return Ok(json_bytes(StatusCode::OK, view.to_bytes()?));
    }
    let cache = &app.store().caches().users;
    let id = UserId::from_text(&asked);
    let ticket = match cache.get(caller.org.key, &id, &caller.base_url) {
        Ok(body) => return Ok(json_bytes(StatusCode::OK, body)),
        Err(ticket) => ticket,
    };
    let user = app.store().get_user(caller.org.key, &asked).await?;
    let body = bytes::Bytes::from(UserView::single(&user, &caller.base_url).to_bytes()?);
    // Only by id: a login may become another user's.
    if user.id == id && app.store().engine().is_exclusive() {
        cache.put(ticket, caller.org.key, &id, &caller.base_url, body.clone());
    }
    Ok(json_bytes(StatusCode::OK, body))
}

/// partialUpdateUser: what the request does not name stays, null clears.
pub(crate) async fn partial_update_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    body: JsonObject,
) -> Handled {
    let update = update_of(&query, &body)?;
    single(&app.store().partial_update_user(&change, &asked, update).await?, &caller)
}

/// updateUser: a profile replaces the old one whole; a request without one leaves it.
pub(crate) async fn update_user(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    body: JsonObject,
) -> Handled {
    let update = update_of(&query, &body)?;
    single(&app.store().update_user(&change, &asked, update).await?, &caller)
}

fn update_of(query: &Query, body: &JsonObject) -> Result<UserUpdate, ApiError> {
    Ok(UserUpdate {
        profile: body.object("profile")?.cloned(),
        credentials: CredentialsInput::from_json(body.member("credentials"))?,
        type_id: type_id(body)?,
        strict: query.boolean("strict", false)?,
    })
}

/// deactivateOrDeleteUser: the first call deactivates, the second one erases.
pub(crate) async fn deactivate_or_delete_user(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    headers: HeaderMap,
    query: Query,
) -> Handled {
    query.boolean("sendEmail", false)?;
    let respond_async = prefers_async(&headers);
    if app.store().deactivate_or_delete_user(&change, &asked, respond_async).await? {
        app.deactivations().notify();
    }
    Ok(prefer_applied(no_content()?, respond_async))
}

/// A user by themselves.
fn single(user: &User, caller: &Caller) -> Handled {
    Ok(json_bytes(StatusCode::OK, UserView::single(user, &caller.base_url).to_bytes()?))
}
