//! Messages to users: links, passcodes and notices, on their way by e-mail, text message or phone call.
//!
//! Invariants: a message is written in the transaction of the change that it belongs to, so there is none without the
//! other; what it says is sealed, and gone once it is delivered or no longer good; and no log ever holds it.

mod delivery;

pub use delivery::DeliveryFailure;

use roster_model::factor::{Channel, Destination, FactorKind, Passcode};
use roster_model::id::{OrgKey, UserKey};
use roster_model::message::{MessageKind, NOTICE_SECONDS};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::params;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::party;
use crate::users::tokens::OneTimeToken;

/// A message in the outbox.
pub struct Message {
    /// Its place in the store.
    pub key: i64,
    /// The org it is from.
    pub org: OrgKey,
    /// What it tells.
    pub kind: MessageKind,
    /// How it is to be delivered.
    pub channel: Channel,
    /// The number to dial or the address to write to.
    pub address: String,
    /// The extension to dial.
    pub extension: Option<String>,
    /// The user's login.
    pub login: String,
    /// What people call the user.
    pub user_name: String,
    /// What its links begin with; empty if nobody knew.
    pub base_url: String,
    /// The token or passcode that it brings.
    pub secret: Option<Secret>,
    /// The factor that it tells of, as people know it.
    pub factor: Option<String>,
    /// When it was written.
    pub created: Timestamp,
    /// When it is no longer good.
    pub expires: Timestamp,
    /// How often somebody tried to deliver it.
    pub attempts: u32,
    /// When the next attempt may be.
    pub next_attempt: Timestamp,
    user: UserKey,
}

/// The sealed part of a message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    login: String,
    user_name: String,
    base_url: String,
    secret: Option<String>,
    factor: Option<String>,
}

/// Where messages are written. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    key: MasterKey,
}

/// A message that is to be written.
struct Draft<'a> {
    kind: MessageKind,
    destination: &'a Destination,
    secret: Option<&'a str>,
    factor: Option<FactorKind>,
    expires: Timestamp,
}

impl Outbox {
    /// An outbox whose messages are sealed under `key`.
    pub(crate) fn new(key: MasterKey) -> Self {
        Self { key }
    }

    /// Mails a link with a one-time token to its user.
    pub(crate) fn send_link(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        user: &User,
        kind: MessageKind,
        issued: &OneTimeToken,
    ) -> Result<(), Error> {
        let (destination, secret) = (own_mailbox(user)?, Some(issued.token.reveal()));
        let draft = Draft { kind, destination: &destination, secret, factor: None, expires: issued.expires };
        self.write(tx, change, user, &draft)
    }

    /// Mails a notice of what has happened to its user, and to which of their factors.
    pub(crate) fn send_notice(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        user: &User,
        kind: MessageKind,
        factor: Option<FactorKind>,
    ) -> Result<(), Error> {
        let (destination, expires) = (own_mailbox(user)?, change.now.plus_seconds(NOTICE_SECONDS));
        self.write(tx, change, user, &Draft { kind, destination: &destination, secret: None, factor, expires })
    }

    /// Sends a passcode. The one before by the same channel is void, so it is taken back.
    pub(crate) fn send_passcode(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        user: &User,
        destination: &Destination,
        passcode: &Passcode,
        expires: Timestamp,
    ) -> Result<(), Error> {
        take_back_passcode(tx, user.key, destination.channel())?;
        let secret = Some(passcode.reveal());
        let draft = Draft { kind: MessageKind::Passcode, destination, secret, factor: None, expires };
        self.write(tx, change, user, &draft)
    }

    fn write(&self, tx: &mut Tx<'_>, change: &Change, user: &User, draft: &Draft<'_>) -> Result<(), Error> {
        let who = party(user);
        let content = Content {
            login: who.alternate_id,
            user_name: who.display_name,
            base_url: change.request().base_url.clone(),
            secret: draft.secret.map(str::to_owned),
            factor: draft.factor.map(|kind| kind.display_name().to_owned()),
        };
        let plain = serde_json::to_vec(&content).map_err(EngineError::from)?;
        let sealed = self.key.seal(&context(user.key, draft.kind), &plain)?;
        let destination = draft.destination;
        tx.execute(
            "INSERT INTO outbox (org_key, user_key, kind, channel, address, extension, content, created, expires, \
             attempts, next_attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8)",
            params![
                change.org,
                user.key,
                draft.kind.as_str(),
                destination.channel().as_str(),
                destination.address(),
                destination.extension(),
                sealed.as_slice(),
                change.now,
                draft.expires,
                0_i64
            ],
        )?;
        Ok(())
    }
}

/// The user's primary address.
fn own_mailbox(user: &User) -> Result<Destination, EngineError> {
    Ok(Destination::Email(user.profile()?.email().to_owned()))
}

/// The columns of [`read_message`], in its order.
const COLUMNS: &str = "message_key, org_key, user_key, kind, channel, address, extension, content, created, expires, attempts, \
     next_attempt";

fn read_message(row: &Row<'_>, key: &MasterKey) -> Result<Message, EngineError> {
    let (user, kind, channel) = (UserKey(row.integer(2)?), row.text(3)?, row.text(4)?);
    let corrupt = |what, value| EngineError::Corrupt { what, value };
    let kind = MessageKind::from_text(&kind).ok_or_else(|| corrupt("message kind", kind))?;
    let content: Content = serde_json::from_slice(&key.open(&context(user, kind), &row.bytes(7)?)?)?;
    Ok(Message {
        key: row.integer(0)?,
        org: OrgKey(row.integer(1)?),
        kind,
        channel: Channel::from_text(&channel).ok_or_else(|| corrupt("channel", channel))?,
        address: row.text(5)?,
        extension: row.optional_text(6)?,
        login: content.login,
        user_name: content.user_name,
        base_url: content.base_url,
        secret: content.secret.as_deref().map(Secret::from_text),
        factor: content.factor,
        created: row.timestamp(8)?,
        expires: row.timestamp(9)?,
        attempts: u32::try_from(row.integer(10)?).unwrap_or(u32::MAX),
        next_attempt: row.timestamp(11)?,
        user,
    })
}

/// What a message is sealed for.
fn context(user: UserKey, kind: MessageKind) -> String {
    format!("{} message to user {}", kind.as_str(), user.0)
}

/// Takes back the passcode that is on its way to a user by one channel.
pub(crate) fn take_back_passcode(tx: &mut Tx<'_>, user: UserKey, channel: Channel) -> Result<(), EngineError> {
    tx.execute(
        "DELETE FROM outbox WHERE user_key = $1 AND kind = $2 AND channel = $3",
        params![user, MessageKind::Passcode.as_str(), channel.as_str()],
    )?;
    Ok(())
}

/// Takes back every passcode that is on its way to a user.
pub(crate) fn take_back_passcodes(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    for channel in Channel::ALL {
        take_back_passcode(tx, user, channel)?;
    }
    Ok(())
}

/// Takes back a link that is on its way to a user, since its token is void.
pub(crate) fn take_back_link(tx: &mut Tx<'_>, user: UserKey, kind: MessageKind) -> Result<(), EngineError> {
    tx.execute("DELETE FROM outbox WHERE user_key = $1 AND kind = $2", params![user, kind.as_str()])?;
    Ok(())
}

/// Takes back everything that is on its way to a user who is about to be erased.
pub(crate) fn delete_of_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM outbox WHERE user_key = $1", params![user])?;
    Ok(())
}
