//! What messages say.

use askama::Template;
use roster_model::factor::Channel;
use roster_model::message::MessageKind;
use roster_store::messages::Message;

use super::Outgoing;

/// A message in words.
pub(crate) struct Written {
    /// The subject of a mail.
    pub(crate) subject: String,
    /// The page that it leads to.
    pub(crate) link: Option<String>,
    /// The passcode to be typed in.
    pub(crate) passcode: Option<String>,
    /// What it says.
    pub(crate) text: String,
    /// The same in HTML.
    pub(crate) html: String,
}

/// What is particular about a kind of message.
struct Words {
    subject: &'static str,
    lines: Vec<String>,
    /// What the link is called.
    action: &'static str,
    /// What to do if it is none of one's own doing.
    otherwise: &'static str,
}

#[derive(Template)]
#[template(path = "mail/message.txt")]
struct TextMail<'a> {
    name: &'a str,
    words: &'a Words,
    link: Option<&'a str>,
    passcode: Option<&'a str>,
    good_until: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct HtmlMail<'a> {
    name: &'a str,
    words: &'a Words,
    link: Option<&'a str>,
    passcode: Option<&'a str>,
    good_until: Option<&'a str>,
}

const TELL_SOMEBODY: &str = "If you did not do this, tell your administrator at once.";
const IGNORE: &str = "If you did not ask for this, you need not do anything.";

impl Written {
    /// The words of a message; its link begins with `base_url` if it knows no better.
    pub(crate) fn new(message: &Message, base_url: &str) -> Self {
        let secret = message.secret.as_ref().map(|secret| secret.reveal());
        let base_url = if message.base_url.is_empty() { base_url } else { &message.base_url };
        let link = secret.and_then(|token| message.kind.link(base_url, token));
        let passcode = secret.filter(|_| link.is_none()).map(str::to_owned);
        let words = words(message, base_url);
        let good_until = secret.map(|_| good_until(message));
        let (name, good_until) = (message.user_name.as_str(), good_until.as_deref());
        let (link_text, code) = (link.as_deref(), passcode.as_deref());
        let text = match (&passcode, message.channel) {
            (Some(code), Channel::Sms) => format!("Your verification code is {code}"),
            (Some(code), Channel::Call) => format!("Your verification code is {}", spelled(code)),
            _ => TextMail { name, words: &words, link: link_text, passcode: code, good_until }.to_string(),
        };
        let html = HtmlMail { name, words: &words, link: link_text, passcode: code, good_until }.to_string();
        Self { subject: words.subject.to_owned(), link, passcode, text, html }
    }

    /// The message as it leaves.
    pub(crate) fn outgoing(self, message: &Message) -> Outgoing {
        Outgoing {
            id: format!("{}.{}", message.key, message.created.as_millis()),
            channel: message.channel,
            address: message.address.clone(),
            extension: message.extension.clone(),
            subject: self.subject,
            text: self.text,
            html: self.html,
        }
    }
}

fn words(message: &Message, base_url: &str) -> Words {
    let (login, factor) = (&message.login, message.factor.as_deref().unwrap_or("A factor"));
    let words =
        |subject, lines: &[String], action, otherwise| Words { subject, lines: lines.to_vec(), action, otherwise };
    match message.kind {
        MessageKind::Activation => words(
            "Welcome: activate your account",
            &[format!("An account was made for you at {base_url}."), format!("Your username is {login}.")],
            "Activate your account",
            "",
        ),
        MessageKind::ResetPassword => words(
            "Choose a new password",
            &[format!("Your administrator reset the password of {login}.")],
            "Choose a new password",
            "",
        ),
        MessageKind::ForgotPassword => words(
            "Reset your password",
            &[format!("Somebody asked to reset the password of {login}.")],
            "Reset your password",
            IGNORE,
        ),
        MessageKind::Unlock => words(
            "Unlock your account",
            &[format!("Somebody asked to unlock the account {login}.")],
            "Unlock your account",
            IGNORE,
        ),
        MessageKind::PasswordChanged => {
            words("Your password was changed", &[format!("The password of {login} was changed.")], "", TELL_SOMEBODY)
        }
        MessageKind::Passcode => {
            words("Your verification code", &["This is your verification code:".to_owned()], "", IGNORE)
        }
        MessageKind::FactorEnrolled => words(
            "A factor was set up",
            &[format!("{factor} was set up for signing in as {login}.")],
            "",
            TELL_SOMEBODY,
        ),
        MessageKind::FactorReset => {
            words("A factor was removed", &[format!("{factor} was removed from {login}.")], "", TELL_SOMEBODY)
        }
    }
}

/// For how long a message is good, in words.
fn good_until(message: &Message) -> String {
    let minutes = (message.expires.as_millis() - message.created.as_millis()) / 60_000;
    let (count, unit) = match minutes {
        days if days >= 2880 => (days / 1440, "day"),
        hours if hours >= 120 => (hours / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A passcode as it is read out: digit by digit.
fn spelled(passcode: &str) -> String {
    passcode.chars().map(String::from).collect::<Vec<_>>().join(", ")
}
