//! The signed-in home page: who you are, your apps, the way out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use roster_model::error::ErrorCode;
use roster_store::applications::Application;
use serde_json::Value;

use super::{HOME, Page, Shown, Visit, accepts_html, redirect, redirect_to_sign_in, show};
use crate::App;
use crate::applications::is_hidden;
use crate::response::{Answer, ApiError};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    page: Page,
    name: String,
    login: String,
    tiles: Vec<Tile>,
}

/// An app of the user.
struct Tile {
    label: String,
    /// Where it is, if it says so.
    url: Option<String>,
}

/// `/`: browsers are sent home, anybody else is told that there is nothing.
pub(super) async fn entrance(headers: HeaderMap) -> Answer {
    if accepts_html(&headers) {
        return redirect(HOME).into_response();
    }
    nothing().await
}

/// What is there for who is no browser.
pub(super) async fn nothing() -> Answer {
    ApiError::from(ErrorCode::PathNotFound).into_response()
}

/// Who is signed in, and their apps.
pub(super) async fn home(State(app): State<App>, visit: Visit) -> Shown {
    let Some(session) = visit.session(&app).await? else { return redirect_to_sign_in(HOME) };
    let links = app.store().list_app_links(visit.org.key, session.user_id.as_str()).await?;
    let shown = links.into_iter().map(|link| link.application).filter(|application| !is_hidden(application));
    let tiles = shown.map(|application| Tile { url: url_of(&application), label: application.label }).collect();
    let home = HomePage { page: visit.page(), name: session.user_name, login: session.login, tiles };
    show(&visit, StatusCode::OK, &home)
}

/// Where an app is: what its settings say, if browsers may be sent there.
fn url_of(application: &Application) -> Option<String> {
    let settings = application.document.get("settings")?;
    let names = ["/app/url", "/oauthClient/initiate_login_uri", "/oauthClient/client_uri"];
    let mut urls = names.into_iter().filter_map(|name| settings.pointer(name).and_then(Value::as_str));
    urls.find(|url| url.starts_with("https://") || url.starts_with("http://")).map(str::to_owned)
}
