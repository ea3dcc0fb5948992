//! Messages on their way out of the outbox: what they say (`text.rs`), who takes them ([`Sender`]), and the worker that
//! hands them over (`worker.rs`).

mod smtp;
mod text;
mod worker;

use std::pin::Pin;
use std::sync::Arc;

use roster_model::factor::Channel;
use roster_store::messages::DeliveryFailure;

pub use smtp::{Smtp, SmtpError};
pub(crate) use text::Written;
pub(crate) use worker::deliver_messages;

/// A message as it leaves.
pub struct Outgoing {
    /// The same for every attempt, so that who gets it twice can tell.
    pub id: String,
    /// How it is to be delivered.
    pub channel: Channel,
    /// The number to dial or the address to write to.
    pub address: String,
    /// The extension to dial.
    pub extension: Option<String>,
    /// The subject of a mail.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The same for mail programs that show HTML.
    pub html: String,
}

/// What becomes of an attempt to deliver a message.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), DeliveryFailure>> + Send + 'a>>;

/// Takes messages to users: an SMTP server, a gateway for text messages.
pub trait Sender: Send + Sync + 'static {
    /// Delivers a message. It may be asked to do so again if nobody learns that it did.
    fn send<'a>(&'a self, message: &'a Outgoing) -> Delivery<'a>;
}

/// Who takes messages, by channel. What nobody takes is kept until it is no longer good.
#[derive(Clone, Default)]
pub struct Senders {
    /// Who takes mails.
    pub email: Option<Arc<dyn Sender>>,
    /// Who takes text messages and phone calls.
    pub phone: Option<Arc<dyn Sender>>,
}

impl Senders {
    fn of(&self, channel: Channel) -> Option<&Arc<dyn Sender>> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms | Channel::Call => self.phone.as_ref(),
        }
    }
}
