//! What goes on beside the requests.

use std::time::Duration;

use tokio::sync::Notify;

use crate::App;

/// How often unfinished deactivations are looked for, since another node may have left some.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How often what has expired is removed.
const REMOVE_EVERY: Duration = Duration::from_secs(600);

/// Tells the worker that a deactivation was answered before it was done (`Prefer: respond-async`).
#[derive(Debug, Default)]
pub(crate) struct Deactivations(Notify);

impl Deactivations {
    pub(crate) fn notify(&self) {
        self.0.notify_one();
    }
}

/// Finishes deactivations that were begun: those of this process at once, those that a crash left behind at start.
pub(crate) async fn finish_deactivations(app: App) {
    loop {
        if let Err(error) = finish_all(&app).await {
            tracing::error!(%error, "deactivations are left unfinished");
        }
        // Either is a reason to look again.
        let _ = tokio::time::timeout(SWEEP_EVERY, app.deactivations().0.notified()).await;
    }
}

/// Removes what has expired of sessions and sign-ins. What has is refused anyhow; this only keeps the tables small.
pub(crate) async fn remove_expired_sessions(app: App) {
    loop {
        tokio::time::sleep(REMOVE_EVERY).await;
        if let Err(error) = app.store().remove_expired_sessions().await {
            tracing::error!(%error, "expired sessions are left where they are");
        }
    }
}

async fn finish_all(app: &App) -> Result<(), roster_store::Error> {
    for user in app.store().transitioning_users().await? {
        let change = app.store().system_change(user.org);
        app.store().finish_deactivation(&change, &user.id).await?;
    }
    Ok(())
}
