//! Passcodes that are sent: by which channel, where to, and for how long they are good.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::{FactorKind, FactorRefusal, PasscodeLifetime};
use crate::timestamp::Timestamp;

/// How a passcode reaches its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A phone call.
    Call,
    /// An e-mail.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Call, Self::Email];

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.kind().factor_type()
    }

    /// Reads a channel as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }

    /// The factors that use it.
    #[must_use]
    pub const fn kind(self) -> FactorKind {
        match self {
            Self::Sms => FactorKind::Sms,
            Self::Call => FactorKind::Call,
            Self::Email => FactorKind::Email,
        }
    }

    /// The channel that factors of this kind use.
    #[must_use]
    pub fn of(kind: FactorKind) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.kind() == kind)
    }

    /// Seconds that must lie between two passcodes (behaviour.md G.3).
    #[must_use]
    pub const fn pause_seconds(self) -> i64 {
        match self {
            Self::Sms | Self::Call => 30,
            Self::Email => 5,
        }
    }
}

/// A phone number in the form of E.164: `+` and at most 15 digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// Digits of a phone number: E.164 allows 15; fewer than 7 reach nobody.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

impl PhoneNumber {
    /// Reads a phone number; what people write between its digits does not matter.
    ///
    /// # Errors
    /// Without the `+` and the country code, or with another count of digits.
    pub fn parse(text: &str) -> Result<Self, FactorRefusal> {
        let rest = text.trim().strip_prefix('+').ok_or(FactorRefusal::InvalidPhoneNumber)?;
        let digits: String =
            rest.chars().filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')')).collect();
        let good = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if good { Ok(Self(format!("+{digits}"))) } else { Err(FactorRefusal::InvalidPhoneNumber) }
    }

    /// `+` and its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where passcodes are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// A mobile phone.
    Sms(PhoneNumber),
    /// Any phone, and the extension to dial there.
    Call(PhoneNumber, Option<String>),
    /// A mailbox.
    Email(String),
}

impl Destination {
    /// By which channel.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Sms(_) => Channel::Sms,
            Self::Call(..) => Channel::Call,
            Self::Email(_) => Channel::Email,
        }
    }

    /// The number to dial or the address to write to.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Sms(phone) | Self::Call(phone, _) => phone.as_str(),
            Self::Email(email) => email,
        }
    }

    /// The extension to dial.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        match self {
            Self::Call(_, extension) => extension.as_deref(),
            Self::Sms(_) | Self::Email(_) => None,
        }
    }

    /// Whether both are the same phone or mailbox.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        self.channel() == other.channel() && self.address() == other.address()
    }
}

/// A passcode in the clear. It has no `Debug`, so that no log can hold it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passcode(String);

/// What a passcode is drawn from: 6 digits.
const PASSCODES: u64 = 1_000_000;

impl Passcode {
    /// The passcode that a random number stands for. Of 2^64 numbers, each passcode has its share to within 1 in 10^13.
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        Self(format!("{:06}", random % PASSCODES))
    }

    /// A passcode that was kept.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for who delivers it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A passcode that was sent.
#[derive(Clone, Serialize, Deserialize)]
pub struct Challenge {
    /// The passcode, until it is used.
    passcode: Option<Passcode>,
    /// When it was sent.
    sent: Timestamp,
    /// For how long it is good.
    pub(super) lifetime: PasscodeLifetime,
}

impl Challenge {
    /// A passcode that is sent now. Only e-mail is so slow that its lifetime may be chosen.
    #[must_use]
    pub fn new(passcode: Passcode, channel: Channel, lifetime: PasscodeLifetime, now: Timestamp) -> Self {
        let lifetime = if channel == Channel::Email { lifetime } else { PasscodeLifetime::default() };
        Self { passcode: Some(passcode), sent: now, lifetime }
    }

    /// The passcode, unless it was used.
    #[must_use]
    pub const fn passcode(&self) -> Option<&Passcode> {
        self.passcode.as_ref()
    }

    /// When it is no longer good.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.sent.plus_seconds(self.lifetime.seconds())
    }

    /// Whether another one may be sent.
    pub(super) fn check_age(&self, channel: Channel, now: Timestamp) -> Result<(), FactorRefusal> {
        if self.sent.plus_seconds(channel.pause_seconds()) > now {
            Err(FactorRefusal::RecentlySent(channel))
        } else {
            Ok(())
        }
    }

    /// Uses the passcode up, if this is it.
    pub(super) fn take(&mut self, given: &str, now: Timestamp) -> Result<(), FactorRefusal> {
        let good = self.passcode.as_ref().is_some_and(|passcode| {
            now < self.expires() && bool::from(passcode.0.as_bytes().ct_eq(given.trim().as_bytes()))
        });
        if !good {
            return Err(FactorRefusal::WrongPasscode);
        }
        self.passcode = None;
        Ok(())
    }
}
