//! Factors: what users prove who they are with, beside their password (behaviour.md G.3).
//!
//! Invariant: a factor's stage holds exactly what it has at that stage. What a wrong or right proof does to a factor is
//! decided here, as a function of the factor, the proof and the time.

mod input;
mod passcode;
mod question;
mod refusal;
mod totp;
mod webauthn;

use serde::{Deserialize, Serialize};

pub use input::{FactorInput, PasscodeLifetime};
pub use passcode::{Challenge, Channel, Destination, Passcode, PhoneNumber};
pub use question::{QuestionAnswer, SecurityQuestion};
pub use refusal::FactorRefusal;
pub use totp::{DIGITS as TOTP_DIGITS, SECRET_BYTES as TOTP_SECRET_BYTES, SharedSecret, TIME_STEP_SECONDS};
pub use webauthn::{AssertionInput, AttestationInput, Ceremony, WebAuthnCredential, WebAuthnStage};

use crate::id::{FactorId, UserId};
use crate::timestamp::Timestamp;
use crate::user::credentials::StoredPassword;

macro_rules! factor_kinds {
    ($(
        $(#[$doc:meta])*
        $name:ident = $factor_type:literal $provider:literal $prefix:literal $log_name:literal $method:literal
            $display_name:literal;
    )*) => {
        /// What a factor is: its type and its provider. A user has at most one of each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FactorKind {
            $($(#[$doc])* $name,)*
        }

        impl FactorKind {
            /// Every kind, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `factorType` on the wire.
            #[must_use]
            pub const fn factor_type(self) -> &'static str {
                match self { $(Self::$name => $factor_type,)* }
            }

            /// `provider` on the wire.
            #[must_use]
            pub const fn provider(self) -> &'static str {
                match self { $(Self::$name => $provider,)* }
            }

            /// The first characters of its ids.
            #[must_use]
            pub const fn id_prefix(self) -> &'static str {
                match self { $(Self::$name => $prefix,)* }
            }

            /// What the System Log calls it.
            #[must_use]
            pub const fn log_name(self) -> &'static str {
                match self { $(Self::$name => $log_name,)* }
            }

            /// What the `amr` of a session calls it (RFC 8176, section 2).
            #[must_use]
            pub const fn method(self) -> &'static str {
                match self { $(Self::$name => $method,)* }
            }

            /// What people call it.
            #[must_use]
            pub const fn display_name(self) -> &'static str {
                match self { $(Self::$name => $display_name,)* }
            }

            /// The kind with this type and provider, as the wire spells them.
            #[must_use]
            pub fn from_texts(factor_type: &str, provider: &str) -> Option<Self> {
                match (factor_type, provider) { $(($factor_type, $provider) => Some(Self::$name),)* _ => None }
            }
        }
    };
}

factor_kinds! {
    /// A security question.
    Question = "question" "OKTA" "ufs" "QUESTION_FACTOR" "kba" "Security question";
    /// Time-based codes of Okta Verify.
    OktaTotp = "token:software:totp" "OKTA" "ost" "OKTA_SOFT_TOKEN" "otp" "Okta Verify";
    /// Time-based codes of Google Authenticator, and of any other app that speaks RFC 6238.
    GoogleTotp = "token:software:totp" "GOOGLE" "uft" "GOOGLE_AUTH" "otp" "Google Authenticator";
    /// Passcodes by text message.
    Sms = "sms" "OKTA" "mbl" "SMS_FACTOR" "sms" "Text message";
    /// Passcodes by phone call.
    Call = "call" "OKTA" "clf" "CALL_FACTOR" "tel" "Phone call";
    /// Passcodes by e-mail.
    Email = "email" "OKTA" "emf" "EMAIL_FACTOR" "otp" "E-mail";
    /// A security key, or what a device has in its place.
    WebAuthn = "webauthn" "FIDO" "fwf" "FIDO_WEBAUTHN" "hwk" "Security key";
}

/// Where a factor stands. The wire has more statuses, for factors that Roster does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactorStatus {
    /// Enrolled; the user has not shown yet that they can answer it.
    PendingActivation,
    /// Can be verified.
    Active,
}

impl FactorStatus {
    /// What the catalogue says of a kind that the user has not enrolled.
    pub const NOT_SETUP: &'static str = "NOT_SETUP";

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
        }
    }
}

/// A factor of a user. It has no `Debug`, since it holds secrets.
#[derive(Clone)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was enrolled.
    pub created: Timestamp,
    /// When it was enrolled, activated or updated.
    pub last_updated: Timestamp,
    /// What it is, and at which stage.
    pub enrollment: Enrollment,
    /// Wrong proofs of late.
    pub failures: Failures,
}

/// What a factor is, and at which stage, with what that stage has.
#[derive(Clone, Serialize, Deserialize)]
pub enum Enrollment {
    /// A security question; active from the start.
    Question {
        /// The question.
        question: SecurityQuestion,
        /// The hash of the folded answer.
        #[serde(with = "question::stored_answer")]
        answer: StoredPassword,
    },
    /// Time-based codes.
    Totp {
        /// Whose app is meant to make the codes.
        provider: TotpProvider,
        /// The account's name in the app: the user's login when they enrolled.
        credential_id: String,
        /// What the codes are made from.
        secret: SharedSecret,
        /// The stage.
        stage: TotpStage,
    },
    /// Passcodes that are sent.
    Passcode {
        /// Where to.
        destination: Destination,
        /// The stage.
        stage: PasscodeStage,
    },
    /// Signatures of a security key.
    WebAuthn {
        /// Where it was enrolled: the key signs for nobody else.
        origin: String,
        /// The stage.
        stage: WebAuthnStage,
    },
}

/// Who makes the app that a `token:software:totp` factor is for. The codes are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TotpProvider {
    /// Okta Verify.
    Okta,
    /// Google Authenticator.
    Google,
}

/// The stages of a factor with time-based codes.
#[derive(Clone, Serialize, Deserialize)]
pub enum TotpStage {
    /// The app has not shown a code yet.
    PendingActivation {
        /// Opens the picture of the secret, without an API token.
        qr_token: String,
    },
    /// The app has the secret.
    Active {
        /// The time step of the last code taken: that one and older ones are not taken again (RFC 6238, section 5.2).
        last_step: i64,
    },
}

/// The stages of a factor with sent passcodes.
#[derive(Clone, Serialize, Deserialize)]
pub enum PasscodeStage {
    /// The user has not shown yet that passcodes reach them.
    PendingActivation {
        /// The passcode on its way.
        challenge: Challenge,
    },
    /// Passcodes reach the user.
    Active {
        /// The last passcode sent, if there was one.
        challenge: Option<Challenge>,
    },
}

/// What a user brings to show who they are.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// A passcode.
    Passcode(&'a str),
    /// An answer, which was held against the stored one: that takes too long to be done here.
    Answer {
        /// Whether it is the stored one.
        correct: bool,
    },
    /// A signature, which was checked by who knows how: the credential as it is from now on, or none if it was wrong.
    Signature(Option<&'a WebAuthnCredential>),
}

impl Enrollment {
    /// The kind of such a factor.
    #[must_use]
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Question { .. } => FactorKind::Question,
            Self::Totp { provider: TotpProvider::Okta, .. } => FactorKind::OktaTotp,
            Self::Totp { provider: TotpProvider::Google, .. } => FactorKind::GoogleTotp,
            Self::Passcode { destination, .. } => destination.channel().kind(),
            Self::WebAuthn { .. } => FactorKind::WebAuthn,
        }
    }

    /// The status of such a factor.
    #[must_use]
    pub const fn status(&self) -> FactorStatus {
        match self {
            Self::Totp { stage: TotpStage::PendingActivation { .. }, .. }
            | Self::Passcode { stage: PasscodeStage::PendingActivation { .. }, .. }
            | Self::WebAuthn { stage: WebAuthnStage::PendingActivation { .. }, .. } => FactorStatus::PendingActivation,
            Self::Question { .. }
            | Self::Totp { stage: TotpStage::Active { .. }, .. }
            | Self::Passcode { stage: PasscodeStage::Active { .. }, .. }
            | Self::WebAuthn { stage: WebAuthnStage::Active { .. }, .. } => FactorStatus::Active,
        }
    }
}

impl Factor {
    /// A factor that has just been enrolled.
    #[must_use]
    pub const fn enrolled(id: FactorId, user_id: UserId, enrollment: Enrollment, now: Timestamp) -> Self {
        Self { id, user_id, created: now, last_updated: now, enrollment, failures: Failures(Vec::new()) }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> FactorKind {
        self.enrollment.kind()
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> FactorStatus {
        self.enrollment.status()
    }

    /// Whether it can be verified.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status() == FactorStatus::Active
    }

    /// Begins the enrolment anew, of a factor that is not active yet: with another secret or passcode, and with another
    /// phone only if `update_phone` says so. Wrong proofs still count, or else enrolling again would be a way to guess on.
    ///
    /// # Errors
    /// If it is active, the phone is another one, or the last passcode was sent just now.
    pub fn enroll_again(
        &mut self,
        enrollment: Enrollment,
        update_phone: bool,
        now: Timestamp,
    ) -> Result<(), FactorRefusal> {
        if self.is_active() {
            return Err(FactorRefusal::AlreadySetUp);
        }
        self.failures.check(now)?;
        if let (
            Enrollment::Passcode { destination: before, stage: PasscodeStage::PendingActivation { challenge } },
            Enrollment::Passcode { destination: after, stage },
        ) = (&self.enrollment, &enrollment)
        {
            if before.is_same_place(after) {
                if matches!(stage, PasscodeStage::PendingActivation { .. }) {
                    challenge.check_age(before.channel(), now)?;
                }
            } else if before.channel() != Channel::Email && !update_phone {
                return Err(FactorRefusal::OtherPhone);
            }
        }
        self.enrollment = enrollment;
        self.last_updated = now;
        Ok(())
    }

    /// Completes the enrolment with a proof. Whatever comes of it is to be stored.
    ///
    /// # Errors
    /// If it is active, the proof is wrong, or too many were.
    pub fn activate(&mut self, proof: Proof<'_>, now: Timestamp) -> Result<(), FactorRefusal> {
        if self.is_active() {
            return Err(FactorRefusal::NotPending);
        }
        self.prove(proof, now)?;
        self.last_updated = now;
        Ok(())
    }

    /// Takes or refuses a proof. Whatever comes of it is to be stored.
    ///
    /// # Errors
    /// If it is not active, the proof is wrong or was used before, or too many were wrong.
    pub fn verify(&mut self, proof: Proof<'_>, now: Timestamp) -> Result<(), FactorRefusal> {
        if self.is_active() { self.prove(proof, now) } else { Err(FactorRefusal::NotActive) }
    }

    fn prove(&mut self, proof: Proof<'_>, now: Timestamp) -> Result<(), FactorRefusal> {
        self.failures.check(now)?;
        let outcome = match (&mut self.enrollment, proof) {
            (Enrollment::Question { .. }, Proof::Answer { correct: true }) => Ok(()),
            (Enrollment::Question { .. }, _) => Err(FactorRefusal::WrongAnswer),
            (Enrollment::Totp { secret, stage, .. }, Proof::Passcode(passcode)) => stage.prove(secret, passcode, now),
            (Enrollment::Passcode { stage, .. }, Proof::Passcode(passcode)) => stage.prove(passcode, now),
            (Enrollment::WebAuthn { stage, .. }, Proof::Signature(credential)) => stage.prove(credential, now),
            (Enrollment::Totp { .. } | Enrollment::Passcode { .. } | Enrollment::WebAuthn { .. }, _) => {
                Err(FactorRefusal::WrongPasscode)
            }
        };
        match outcome {
            Ok(()) => self.failures = Failures::default(),
            Err(FactorRefusal::WrongPasscode | FactorRefusal::WrongAnswer) => self.failures.add(now),
            Err(_) => {}
        }
        outcome
    }

    /// Takes note of another passcode, in place of the one before, and answers where it is to be sent.
    ///
    /// # Errors
    /// If this is no factor with sent passcodes, the last one was sent just now, or too many were wrong.
    pub fn challenge(
        &mut self,
        passcode: Passcode,
        lifetime: Option<PasscodeLifetime>,
        now: Timestamp,
    ) -> Result<(Destination, Challenge), FactorRefusal> {
        self.failures.check(now)?;
        let Enrollment::Passcode { destination, stage } = &mut self.enrollment else {
            return Err(FactorRefusal::NothingToSend);
        };
        let before = stage.challenge();
        if let Some(before) = before {
            before.check_age(destination.channel(), now)?;
        }
        let lifetime = lifetime.or(before.map(|before| before.lifetime)).unwrap_or_default();
        let next = Challenge::new(passcode, destination.channel(), lifetime, now);
        match stage {
            PasscodeStage::PendingActivation { challenge } => *challenge = next.clone(),
            PasscodeStage::Active { challenge } => *challenge = Some(next.clone()),
        }
        Ok((destination.clone(), next))
    }
}

impl Factor {
    /// Takes note of another challenge to a security key, in place of the one before.
    ///
    /// # Errors
    /// If this is no active security key, or too many proofs were wrong.
    pub fn challenge_key(&mut self, ceremony: Ceremony, now: Timestamp) -> Result<(), FactorRefusal> {
        self.failures.check(now)?;
        match &mut self.enrollment {
            Enrollment::WebAuthn { stage: WebAuthnStage::Active { challenge, .. }, .. } => {
                *challenge = Some(ceremony);
                Ok(())
            }
            _ => Err(FactorRefusal::NotActive),
        }
    }
}

impl TotpStage {
    fn prove(&mut self, secret: &SharedSecret, passcode: &str, now: Timestamp) -> Result<(), FactorRefusal> {
        let after = match self {
            Self::PendingActivation { .. } => None,
            Self::Active { last_step } => Some(*last_step),
        };
        let last_step = secret.take(passcode, now, after)?;
        *self = Self::Active { last_step };
        Ok(())
    }
}

impl PasscodeStage {
    const fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::PendingActivation { challenge } => Some(challenge),
            Self::Active { challenge } => challenge.as_ref(),
        }
    }

    fn prove(&mut self, passcode: &str, now: Timestamp) -> Result<(), FactorRefusal> {
        let mut challenge = self.challenge().cloned().ok_or(FactorRefusal::WrongPasscode)?;
        challenge.take(passcode, now)?;
        *self = Self::Active { challenge: Some(challenge) };
        Ok(())
    }
}

/// Wrong proofs within [`Failures::WINDOW_SECONDS`]: when each was.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Failures(Vec<Timestamp>);

impl Failures {
    /// Wrong proofs after which no other is looked at (behaviour.md G.3).
    pub const MAX: usize = 5;

    /// Seconds for which a wrong proof counts.
    pub const WINDOW_SECONDS: i64 = 300;

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.0.iter().copied().filter(move |failure| failure.plus_seconds(Self::WINDOW_SECONDS) > now)
    }

    fn check(&self, now: Timestamp) -> Result<(), FactorRefusal> {
        if self.recent(now).count() < Self::MAX { Ok(()) } else { Err(FactorRefusal::TooManyAttempts) }
    }

    fn add(&mut self, now: Timestamp) {
        self.0 = self.recent(now).chain([now]).collect();
    }
}

#[cfg(test)]
mod tests;
