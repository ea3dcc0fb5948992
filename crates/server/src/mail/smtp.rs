//! Mails by SMTP.

use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use roster_store::messages::DeliveryFailure;

use super::{Delivery, Outgoing, Sender};

/// How long a server may take for a step; a claim of a message lasts longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail server, and in whose name it is asked.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A setting for mails that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The URL of the server.
    #[error("expected smtps://user:password@host, smtp://user:password@host:587?tls=required, or smtp://host:25: {0}")]
    Url(String),
    /// The address of the sender.
    #[error("expected an address such as roster@example.com or \"Example Inc. <roster@example.com>\": {0}")]
    From(String),
}

impl Smtp {
    /// A mail server at a URL: `smtps://` speaks TLS from the start, `smtp://` plainly, or with `?tls=required` or
    /// `?tls=opportunistic` by STARTTLS.
    ///
    /// # Errors
    /// If the URL or the sender's address cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpError> {
        let (builder, from) = (builder(url)?, mailbox(from)?);
        let mechanisms = vec![Mechanism::Plain, Mechanism::Login];
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).authentication(mechanisms).build(), from })
    }

    /// Whether [`Smtp::new`] can read this URL.
    ///
    /// # Errors
    /// If it cannot.
    pub fn check_url(url: &str) -> Result<(), SmtpError> {
        builder(url).map(|_| ())
    }

    /// Whether [`Smtp::new`] can read this sender's address.
    ///
    /// # Errors
    /// If it cannot.
    pub fn check_from(from: &str) -> Result<(), SmtpError> {
        mailbox(from).map(|_| ())
    }

    fn message(&self, outgoing: &Outgoing) -> Result<Message, DeliveryFailure> {
        let hopeless = |reason: String| DeliveryFailure { reason, is_permanent: true };
        let to: Mailbox = outgoing
            .address
            .parse()
            .map_err(|error: lettre::address::AddressError| hopeless(format!("the address: {error}")))?;
        let id = format!("<{}@{}>", outgoing.id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(outgoing.subject.clone())
            .message_id(Some(id))
            // RFC 3834: nobody's out-of-office answer is wanted.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(outgoing.text.clone(), outgoing.html.clone()))
            .map_err(|error| hopeless(error.to_string()))
    }
}

fn builder(url: &str) -> Result<AsyncSmtpTransportBuilder, SmtpError> {
    // The first provider that is installed in a process stays; ours is as good as any.
    let _ = rustls::crypto::ring::default_provider().install_default();
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| SmtpError::Url(chain(&error)))
}

fn mailbox(from: &str) -> Result<Mailbox, SmtpError> {
    from.parse().map_err(|error: lettre::address::AddressError| SmtpError::From(error.to_string()))
}

impl Sender for Smtp {
    fn send<'a>(&'a self, message: &'a Outgoing) -> Delivery<'a> {
        Box::pin(async move {
            let sent = self.transport.send(self.message(message)?).await;
            sent.map(|_| ())
                .map_err(|error| DeliveryFailure { is_permanent: error.is_permanent(), reason: chain(&error) })
        })
    }
}

/// An error with what caused it, which lettre's own text leaves out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
