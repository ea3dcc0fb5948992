//! `roster serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use roster_server::mail::{Sender, Senders, Smtp};
use roster_server::{App, BaseUrl, MessageSettings};
use roster_store::Store;
use roster_store::orgs::DEFAULT_ORG;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{NewlyCreated, create_org, open, run_to_end};
use crate::print;
use crate::settings::{MailSettings, ServeSettings};

/// Runs the server until it is told to stop.
pub(crate) fn run(settings: &ServeSettings) -> anyhow::Result<()> {
    run_to_end(serve(settings))
}

async fn serve(settings: &ServeSettings) -> anyhow::Result<()> {
    // The port first: if it is taken, nothing should have been made.
    let listener = TcpListener::bind(settings.address.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another with --listen", settings.address.listen))?;
    let address = listener.local_addr()?;
    let base_url = settings.address.base_url(address);
    let store = open(&settings.database).await?;
    let created = match store.default_org().await? {
        Some(_) => None,
        None => Some(create_default_org(&store, settings).await?).flatten(),
    };
    let place = match &settings.database.database {
        Some(_) => "PostgreSQL".to_owned(),
        None => settings.database.sqlite_path().display().to_string(),
    };
    let messages = message_settings(&settings.mail, &base_url)?;
    let app = App::new(store, base_url.clone(), settings.rate_limits.clone(), messages);
    // Before anyone is told that the server runs, so that whoever then stops it is heard.
    let stopped = stopped()?;
    print(&greeting(&base_url, address, &place, created.as_ref(), settings));
    roster_server::serve(listener, app, stopped).await.context("the server stopped")
}

/// Who delivers messages, as the settings say.
fn message_settings(settings: &MailSettings, base_url: &BaseUrl) -> anyhow::Result<MessageSettings> {
    let from = settings.mail_from.clone().unwrap_or_else(|| format!("roster@{}", base_url.host()));
    let email: Option<Arc<dyn Sender>> = match &settings.smtp {
        Some(url) => Some(Arc::new(Smtp::new(url, &from)?)),
        None => None,
    };
    Ok(MessageSettings { senders: Senders { email, phone: None }, show_mailbox: settings.dev })
}

/// Makes the default org. Another node may be making it at the same moment; then it is theirs, and only they know its
/// token.
async fn create_default_org(store: &Store, settings: &ServeSettings) -> anyhow::Result<Option<NewlyCreated>> {
    match create_org(store, DEFAULT_ORG, &settings.admin).await {
        Ok(created) => Ok(Some(created)),
        Err(_) if store.list_orgs().await?.iter().any(|org| org.is_default) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the operator sees at start: where the org is, and what is shown only once.
fn greeting(
    base_url: &BaseUrl,
    address: SocketAddr,
    place: &str,
    created: Option<&NewlyCreated>,
    settings: &ServeSettings,
) -> String {
    let url = base_url.url();
    let mut text = format!("Roster serves {url} (listening on {address}, data in {place})\n");
    let Some(NewlyCreated { created, made_up_password }) = created else { return text };
    let token = created.token.reveal();
    text.push_str(&format!("\nA new org was made. These are shown only now:\n\n  API token        {token}\n"));
    text.push_str(&format!("  administrator    {}\n", settings.admin.admin_login));
    if let Some(password) = made_up_password {
        text.push_str(&format!("  password         {password}\n"));
    }
    text.push_str(&format!("\nTry it:\n\n  curl -H 'Authorization: SSWS {token}' {url}/api/v1/users/me\n\n"));
    text
}

/// Done when the process is asked to stop; listens from the call on.
fn stopped() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}
