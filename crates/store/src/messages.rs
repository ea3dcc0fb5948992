//! Messages to users: passcodes, on their way by e-mail, text message or phone call.
//!
//! Invariant: a message is handed over in the transaction of the change that it belongs to, so there is none without the
//! other; and no log ever holds a passcode.

use roster_model::factor::{Channel, Destination, Passcode};
use roster_model::id::{OrgKey, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;

use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::{Store, params};

/// A passcode for a user.
pub struct Message<'a> {
    /// Whom it is for.
    pub user: &'a User,
    /// Where it goes.
    pub destination: &'a Destination,
    /// What it says.
    pub passcode: &'a Passcode,
    /// When it is no longer good.
    pub expires: Timestamp,
}

/// Takes messages to users. [`Outbox`] is the one that comes with Roster.
pub trait Sender: Send + Sync + 'static {
    /// Hands a message over in the transaction of its change. That may be tried again, or fail after this: what leaves
    /// the server must do so after the commit, as what reads the outbox does.
    ///
    /// # Errors
    /// If it cannot be handed over; then the change is not made.
    fn send(&self, tx: &mut Tx<'_>, change: &Change, message: &Message<'_>) -> Result<(), Error>;
}

/// Keeps messages in the database until they are delivered or no longer good.
pub struct Outbox {
    key: MasterKey,
}

impl Outbox {
    /// An outbox whose passcodes are sealed under `key`.
    #[must_use]
    pub fn new(key: MasterKey) -> Self {
        Self { key }
    }
}

impl Sender for Outbox {
    /// A new message replaces the user's older one of its channel, whose passcode is void.
    fn send(&self, tx: &mut Tx<'_>, change: &Change, message: &Message<'_>) -> Result<(), Error> {
        let (user, channel) = (message.user.key, message.destination.channel());
        tx.execute("DELETE FROM sent_messages WHERE expires <= $1", params![change.now])?;
        delete_of_channel(tx, user, channel)?;
        let sealed = self.key.seal(&context(user), message.passcode.reveal().as_bytes())?;
        tx.execute(
            "INSERT INTO sent_messages (org_key, user_key, channel, address, extension, passcode, created, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                change.org,
                user,
                channel.as_str(),
                message.destination.address(),
                message.destination.extension(),
                sealed.as_slice(),
                change.now,
                message.expires
            ],
        )?;
        Ok(())
    }
}

/// A message in the outbox.
pub struct SentMessage {
    /// How it is to be delivered.
    pub channel: Channel,
    /// The number to dial or the address to write to.
    pub address: String,
    /// The extension to dial.
    pub extension: Option<String>,
    /// What it says.
    pub passcode: Passcode,
    /// When it was sent.
    pub created: Timestamp,
    /// When it is no longer good.
    pub expires: Timestamp,
}

impl Store {
    /// The messages in the outbox of an org that are still good, in the order they were sent.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sent_messages(&self, org: OrgKey) -> Result<Vec<SentMessage>, Error> {
        let (key, now) = (self.master_key().clone(), self.clock().now());
        let sql = "SELECT user_key, channel, address, extension, passcode, created, expires FROM sent_messages \
             WHERE org_key = $1 AND expires > $2 ORDER BY message_key";
        self.engine().scan(move |tx| Ok(tx.query(sql, params![org, now], |row| read_message(row, &key))?)).await
    }
}

fn read_message(row: &Row<'_>, key: &MasterKey) -> Result<SentMessage, EngineError> {
    let channel = row.text(1)?;
    let passcode = key.open(&context(UserKey(row.integer(0)?)), &row.bytes(4)?)?;
    Ok(SentMessage {
        channel: Channel::from_text(&channel).ok_or(EngineError::Corrupt { what: "channel", value: channel })?,
        address: row.text(2)?,
        extension: row.optional_text(3)?,
        passcode: Passcode::from_text(&String::from_utf8_lossy(&passcode)),
        created: row.timestamp(5)?,
        expires: row.timestamp(6)?,
    })
}

/// What the passcodes of a user's messages are sealed for.
fn context(user: UserKey) -> String {
    format!("sent message to user {}", user.0)
}

/// Takes back what is on its way to a user by one channel.
pub(crate) fn delete_of_channel(tx: &mut Tx<'_>, user: UserKey, channel: Channel) -> Result<(), EngineError> {
    tx.execute("DELETE FROM sent_messages WHERE user_key = $1 AND channel = $2", params![user, channel.as_str()])?;
    Ok(())
}
