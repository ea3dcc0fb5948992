//! What goes on beside the requests.

use std::time::Duration;

use tokio::sync::Notify;

use crate::App;

/// How often unfinished work is looked for, since another node may have left some.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How often what has expired is removed.
const REMOVE_EVERY: Duration = Duration::from_secs(600);

/// Tells a worker that something was answered before it was done: a deactivation (`Prefer: respond-async`), the activation
/// of a group rule.
#[derive(Debug, Default)]
pub(crate) struct Wake(Notify);

impl Wake {
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

/// Carries group rules through the users that are there: what was begun in this process at once, what a crash left behind at
/// start. Other writes come in between its small ones.
pub(crate) async fn apply_group_rules(app: App) {
    loop {
        if let Err(error) = app.store().finish_group_rule_runs().await {
            tracing::error!(%error, "group rules are left unfinished");
        }
        // Either is a reason to look again.
        let _ = tokio::time::timeout(SWEEP_EVERY, app.group_rules().0.notified()).await;
    }
}

/// Removes what has expired: sessions, sign-ins, messages. What has is refused anyhow; this only keeps the tables small, and
/// no secret longer than it is good for.
pub(crate) async fn remove_expired(app: App) {
    loop {
        tokio::time::sleep(REMOVE_EVERY).await;
        if let Err(error) = app.store().remove_expired_sessions().await {
            tracing::error!(%error, "expired sessions are left where they are");
        }
        if let Err(error) = app.store().remove_expired_messages().await {
            tracing::error!(%error, "expired messages are left where they are");
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
