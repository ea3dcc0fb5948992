//! Takes messages from the outbox to who delivers them.

use std::time::Duration;

use roster_model::factor::Channel;
use roster_store::Error;
use roster_store::messages::Message;

use super::Written;
use crate::App;

/// How often the outbox is looked at. A look is one read by index, and no write as long as nothing is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Messages that are on their way at once.
const AT_ONCE: u32 = 8;

/// Delivers what is in the outbox, as long as the server runs. What a process leaves behind, another one delivers.
pub(crate) async fn deliver_messages(app: App) {
    loop {
        for channel in Channel::ALL {
            if app.senders().of(channel).is_some()
                && let Err(error) = deliver_due(&app, channel).await
            {
                tracing::error!(%error, "messages are left in the outbox");
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Delivers until nothing is due.
async fn deliver_due(app: &App, channel: Channel) -> Result<(), Error> {
    loop {
        let claimed = app.store().claim_messages(channel, AT_ONCE).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let mut attempts = tokio::task::JoinSet::new();
        for message in claimed {
            let app = app.clone();
            attempts.spawn(async move { deliver(&app, &message).await });
        }
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(delivered) => delivered?,
                Err(error) => tracing::error!(%error, "an attempt to deliver a message broke off"),
            }
        }
    }
}

async fn deliver(app: &App, message: &Message) -> Result<(), Error> {
    let Some(sender) = app.senders().of(message.channel) else { return Ok(()) };
    let outgoing = Written::new(message, &app.base_url().url()).outgoing(message);
    let (kind, channel) = (message.kind.as_str(), message.channel.as_str());
    let Err(failure) = sender.send(&outgoing).await else {
        tracing::debug!(message = message.key, kind, channel, "delivered");
        return app.store().message_delivered(message).await;
    };
    let reason = failure.reason.as_str();
    if app.store().message_failed(message, &failure).await? {
        tracing::error!(message = message.key, kind, channel, reason, "a message was given up");
    } else {
        tracing::warn!(message = message.key, kind, channel, reason, "a message waits for another attempt");
    }
    Ok(())
}
