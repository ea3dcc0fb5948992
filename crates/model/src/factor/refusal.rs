//! Why a factor refuses.

use super::passcode::Channel;
use crate::error::{ErrorCode, Problem};

/// Why something cannot be done with a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactorRefusal {
    /// No such type from such a provider.
    UnknownKind,
    /// The profile lacks something, or holds another JSON type.
    InvalidProfile,
    /// No phone number of the form that E.164 asks for.
    InvalidPhoneNumber,
    /// No phone extension.
    InvalidPhoneExtension,
    /// An e-mail address that is not the user's.
    OtherEmail,
    /// An org that is reached by an address instead of a host name, which no security key signs for.
    NoHostName,
    /// The user has an active factor of this kind.
    AlreadySetUp,
    /// The user is about to set up another phone.
    OtherPhone,
    /// Activation of a factor that is active.
    NotPending,
    /// Verification of a factor that is not active.
    NotActive,
    /// A passcode that is not the one, or no longer.
    WrongPasscode,
    /// An answer that is not the one.
    WrongAnswer,
    /// A time-based code that was used before.
    Replayed,
    /// Too many wrong proofs of late.
    TooManyAttempts,
    /// A passcode was sent just now.
    RecentlySent(Channel),
    /// A passcode is asked for, of a factor that sends none.
    NothingToSend,
    /// A change of a factor that cannot be changed.
    NotUpdatable,
}

impl FactorRefusal {
    /// The error the wire answers.
    #[must_use]
    pub fn problem(self) -> Problem {
        let refused = |request: &str, cause: &str| Problem::new(ErrorCode::ApiValidation).about(request).because(cause);
        let wrong = |cause: &str| Problem::new(ErrorCode::InvalidPasscode).because(cause);
        match self {
            Self::UnknownKind => refused("factorEnrollRequest", "Invalid factor type or provider."),
            Self::InvalidProfile => refused("factorEnrollRequest", "Invalid Profile."),
            Self::InvalidPhoneNumber => Problem::new(ErrorCode::InvalidPhoneNumber),
            Self::InvalidPhoneExtension => Problem::new(ErrorCode::InvalidPhoneExtension),
            Self::OtherEmail => Problem::new(ErrorCode::ApiValidation)
                .about("Only verified primary or secondary email can be enrolled."),
            Self::NoHostName => refused("factorEnrollRequest", "A security key needs an org with a host name."),
            Self::AlreadySetUp => refused("factorEnrollRequest", "A factor of this type is already set up."),
            Self::OtherPhone => refused("factorEnrollRequest", "There is an existing verified phone number."),
            Self::NotPending => refused("factorActivationRequest", "This factor is already active."),
            Self::NotActive => Problem::new(ErrorCode::FactorNotActive),
            Self::WrongPasscode => wrong("Your passcode doesn't match our records. Please try again."),
            Self::WrongAnswer => wrong("Your answer doesn't match our records. Please try again."),
            Self::Replayed => Problem::new(ErrorCode::PasscodeReplayed),
            Self::TooManyAttempts => Problem::new(ErrorCode::TooManyRequests),
            Self::RecentlySent(Channel::Sms) => Problem::new(ErrorCode::SmsRecentlySent),
            Self::RecentlySent(Channel::Call) => Problem::new(ErrorCode::CallRecentlyMade),
            Self::RecentlySent(Channel::Email) => Problem::new(ErrorCode::EmailRecentlySent),
            Self::NothingToSend | Self::NotUpdatable => Problem::new(ErrorCode::UnsupportedOperation),
        }
    }
}

impl From<FactorRefusal> for Problem {
    fn from(refusal: FactorRefusal) -> Self {
        refusal.problem()
    }
}
