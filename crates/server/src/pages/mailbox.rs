//! `/dev/mailbox`: the messages that nobody has delivered, for who tries Roster out on their own machine.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use roster_model::error::ErrorCode;
use roster_store::messages::Message;
use serde_json::{Value, json};

use super::{Page, PageError, Visit, accepts_html, show};
use crate::App;
use crate::base_url::leads_here;
use crate::mail::Written;
use crate::response::{Answer, ApiError, Handled, ok};

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    page: Page,
    mails: Vec<Mail>,
}

/// A message that waits, and what it says.
struct Mail {
    message: Message,
    written: Written,
}

/// A visitor who may look into everybody's messages: they hold passcodes and links that let in.
pub(super) struct Developer(Visit);

impl FromRequestParts<App> for Developer {
    type Rejection = ApiError;

    /// Who is on this machine, as long as no mail leaves it; with `--dev` anybody. A page elsewhere that has a browser on
    /// this machine ask under a name of its own (DNS rebinding) is not.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let missing = || ApiError::from(ErrorCode::PathNotFound);
        let visit = Visit::from_request_parts(parts, app).await.map_err(|_| missing())?;
        let is_here = visit.address.is_some_and(|address| address.is_loopback()) && leads_here(&visit.base_url);
        if app.shows_mailbox() || (is_here && app.senders().email.is_none()) { Ok(Self(visit)) } else { Err(missing()) }
    }
}

/// `GET /dev/mailbox`: a page for browsers, JSON for anybody else.
pub(super) async fn mailbox(
    State(app): State<App>,
    Developer(visit): Developer,
    headers: HeaderMap,
) -> Result<Answer, ApiError> {
    let mails = mails(&app, &visit).await?;
    if !accepts_html(&headers) {
        return ok(&mails.iter().map(view).collect::<Vec<_>>());
    }
    let shown = show(&visit, StatusCode::OK, &MailboxPage { page: visit.page(), mails });
    Ok(shown.unwrap_or_else(PageError::into_response))
}

/// `GET /dev/mailbox.json`.
pub(super) async fn mailbox_json(State(app): State<App>, Developer(visit): Developer) -> Handled {
    ok(&mails(&app, &visit).await?.iter().map(view).collect::<Vec<_>>())
}

/// The messages of the visitor's org, newest first.
async fn mails(app: &App, visit: &Visit) -> Result<Vec<Mail>, ApiError> {
    let messages = app.store().list_messages(visit.org.key).await?;
    let base_url = app.base_url().url();
    let mails = messages.into_iter().rev().map(|message| Mail { written: Written::new(&message, &base_url), message });
    Ok(mails.collect())
}

fn view(mail: &Mail) -> Value {
    let Mail { message, written } = mail;
    json!({
        "id": message.key.to_string(),
        "kind": message.kind.as_str(),
        "channel": message.channel.as_str(),
        "to": message.address,
        "extension": message.extension,
        "subject": written.subject,
        "link": written.link,
        "passCode": written.passcode,
        "text": written.text,
        "html": written.html,
        "created": message.created.to_string(),
        "expires": message.expires.to_string(),
        "attempts": message.attempts,
        "nextAttempt": message.next_attempt.to_string(),
    })
}
