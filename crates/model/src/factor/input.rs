//! What an enrolment asks for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FactorKind, FactorRefusal, PhoneNumber, QuestionAnswer, SecurityQuestion, TotpProvider};
use crate::error::{ErrorCode, Problem, Violation};

/// For how many seconds a sent passcode is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasscodeLifetime(i64);

impl Default for PasscodeLifetime {
    fn default() -> Self {
        Self(300)
    }
}

impl PasscodeLifetime {
    /// The lifetime that `tokenLifetimeSeconds` asks for.
    ///
    /// # Errors
    /// Unless it is from 1 to 86400.
    pub fn from_seconds(seconds: i64) -> Result<Self, Problem> {
        if (1..=86_400).contains(&seconds) {
            return Ok(Self(seconds));
        }
        let rule = "The value must be between 1 and 86400";
        Err(Problem::violations(&[Violation::new("tokenLifetimeSeconds", rule)]))
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

/// Characters of a phone extension.
const MAX_EXTENSION: usize = 15;

/// A factor to be enrolled. It has no `Debug`, since it may hold an answer.
#[derive(Clone)]
pub enum FactorInput {
    /// A security question with its answer.
    Question(QuestionAnswer),
    /// Time-based codes.
    Totp(TotpProvider),
    /// Text messages to this number; to the one that is being set up, without one.
    Sms(Option<PhoneNumber>),
    /// Calls to this number and extension; to the one that is being set up, without a number.
    Call(Option<PhoneNumber>, Option<String>),
    /// E-mails to this address; to the primary one, without one.
    Email(Option<String>),
    /// Signatures of a security key.
    WebAuthn,
}

impl FactorInput {
    /// Reads the body of an enrolment.
    ///
    /// # Errors
    /// For an unknown kind of factor, and a profile that breaks its rules.
    pub fn from_json(body: &Map<String, Value>) -> Result<Self, Problem> {
        let factor_type = text(body, "factorType")?.unwrap_or_default();
        let provider = text(body, "provider")?.unwrap_or("OKTA");
        let kind = FactorKind::from_texts(factor_type, provider).ok_or(FactorRefusal::UnknownKind)?;
        let empty = Map::new();
        let profile = match body.get("profile") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(profile)) => profile,
            Some(_) => return Err(Problem::new(ErrorCode::NotWellFormed)),
        };
        let phone = || text(profile, "phoneNumber")?.map(PhoneNumber::parse).transpose().map_err(Problem::from);
        Ok(match kind {
            FactorKind::Question => Self::Question(question_answer(profile)?),
            FactorKind::OktaTotp => Self::Totp(TotpProvider::Okta),
            FactorKind::GoogleTotp => Self::Totp(TotpProvider::Google),
            FactorKind::Sms => Self::Sms(phone()?),
            FactorKind::Call => Self::Call(phone()?, extension(profile)?),
            FactorKind::Email => Self::Email(text(profile, "email")?.map(str::to_owned)),
            FactorKind::WebAuthn => Self::WebAuthn,
        })
    }

    /// The kind of factor that it asks for.
    #[must_use]
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Question(_) => FactorKind::Question,
            Self::Totp(TotpProvider::Okta) => FactorKind::OktaTotp,
            Self::Totp(TotpProvider::Google) => FactorKind::GoogleTotp,
            Self::Sms(_) => FactorKind::Sms,
            Self::Call(..) => FactorKind::Call,
            Self::Email(_) => FactorKind::Email,
            Self::WebAuthn => FactorKind::WebAuthn,
        }
    }
}

/// A text member; null is none, another JSON type is not well-formed.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::new(ErrorCode::NotWellFormed)),
    }
}

fn question_answer(profile: &Map<String, Value>) -> Result<QuestionAnswer, Problem> {
    let question = text(profile, "question")?.and_then(SecurityQuestion::from_key);
    let question = question.ok_or(FactorRefusal::InvalidProfile)?;
    QuestionAnswer::new(question, text(profile, "answer")?.unwrap_or_default())
}

fn extension(profile: &Map<String, Value>) -> Result<Option<String>, Problem> {
    match text(profile, "phoneExtension")?.map(str::trim).filter(|extension| !extension.is_empty()) {
        None => Ok(None),
        Some(digits) if digits.len() <= MAX_EXTENSION && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Some(digits.to_owned()))
        }
        Some(_) => Err(FactorRefusal::InvalidPhoneExtension.problem()),
    }
}
