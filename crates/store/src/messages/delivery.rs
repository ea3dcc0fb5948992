//! Delivering what is in the outbox: at least once each, by whichever process claims it.

use roster_model::event::EventType;
use roster_model::factor::Channel;
use roster_model::id::OrgKey;
use roster_model::message::{GIVE_UP_AFTER_SECONDS, retry_after_seconds};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, json};

use super::{COLUMNS, Message, read_message};
use crate::change::Party;
use crate::error::Error;
use crate::users::{self, party};
use crate::{Store, params};

/// Seconds that a process has for one attempt, after which others may try.
const CLAIM_SECONDS: i64 = 90;

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFailure {
    /// In the words of who should have delivered it.
    pub reason: String,
    /// Whether trying again is hopeless.
    pub is_permanent: bool,
}

impl Store {
    /// The messages in the outbox of an org that are still good, in the order they were written.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_messages(&self, org: OrgKey) -> Result<Vec<Message>, Error> {
        let (key, now) = (self.master_key().clone(), self.clock().now());
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE org_key = $1 AND expires > $2 ORDER BY message_key");
        self.engine().scan(move |tx| Ok(tx.query(&sql, params![org, now], |row| read_message(row, &key))?)).await
    }

    /// Claims at most `limit` messages of one channel, of any org, that wait to be delivered. Whoever claims one says what
    /// became of it; if they die before, it is claimed again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn claim_messages(&self, channel: Channel, limit: u32) -> Result<Vec<Message>, Error> {
        const DUE: &str = "SELECT message_key FROM outbox WHERE next_attempt <= $1 AND expires > $1 AND channel = $2 \
             ORDER BY next_attempt LIMIT $3";
        let (key, now) = (self.master_key().clone(), self.clock().now());
        let find = move |tx: &mut crate::engine::Tx<'_>| {
            Ok(tx.query(DUE, params![now, channel.as_str(), i64::from(limit)], |row| row.integer(0))?)
        };
        let due = self.engine().read(find).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let claim = format!(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt = $1 WHERE message_key = $2 AND next_attempt <= $3 \
             RETURNING {COLUMNS}"
        );
        self.engine()
            .write(move |tx| {
                let mut claimed = Vec::new();
                for message in &due {
                    let params = params![now.plus_seconds(CLAIM_SECONDS), *message, now];
                    claimed.extend(tx.query_first(&claim, params, |row| read_message(row, &key))?);
                }
                Ok(claimed)
            })
            .await
    }

    /// Removes a message that was delivered.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn message_delivered(&self, message: &Message) -> Result<(), Error> {
        let (org, key) = (message.org, message.key);
        self.engine()
            .write(move |tx| {
                tx.execute("DELETE FROM outbox WHERE org_key = $1 AND message_key = $2", params![org, key])?;
                Ok(())
            })
            .await
    }

    /// Puts a message off that was not delivered. Answers whether it was given up instead: then it is gone, and an event
    /// tells of it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn message_failed(&self, message: &Message, failure: &DeliveryFailure) -> Result<bool, Error> {
        let change = self.system_change(message.org);
        let next = change.now.plus_seconds(retry_after_seconds(message.attempts));
        let gives_up = failure.is_permanent || next >= last_attempt(message);
        let (key, user, kind, channel) = (message.key, message.user, message.kind, message.channel);
        let reason = failure.reason.clone();
        self.engine()
            .write(move |tx| {
                if !gives_up {
                    let sql = "UPDATE outbox SET next_attempt = $1 WHERE org_key = $2 AND message_key = $3";
                    tx.execute(sql, params![next, change.org, key])?;
                    return Ok(false);
                }
                let sql = "DELETE FROM outbox WHERE org_key = $1 AND message_key = $2";
                if tx.execute(sql, params![change.org, key])? > 0 {
                    let target: Vec<Party> = users::find_by_key(tx, user)?.iter().map(party).collect();
                    let mut debug = Map::new();
                    debug.insert("message".to_owned(), json!(kind.as_str()));
                    change.record_failure(tx, event_of(channel), &target, debug, &reason)?;
                }
                Ok(true)
            })
            .await
    }

    /// Removes the messages that are no longer good.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_expired_messages(&self) -> Result<(), Error> {
        let now = self.clock().now();
        self.engine()
            .write(move |tx| {
                tx.execute("DELETE FROM outbox WHERE expires <= $1", params![now])?;
                Ok(())
            })
            .await
    }
}

/// When the last attempt to deliver a message may be.
fn last_attempt(message: &Message) -> Timestamp {
    message.expires.min(message.created.plus_seconds(GIVE_UP_AFTER_SECONDS))
}

/// What the log calls a delivery that failed.
const fn event_of(channel: Channel) -> EventType {
    match channel {
        Channel::Email => EventType::EmailDelivery,
        Channel::Sms => EventType::FactorSendSms,
        Channel::Call => EventType::FactorSendCall,
    }
}
