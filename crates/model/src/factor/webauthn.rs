//! Security keys (W3C Web Authentication): what the store remembers of them. What they sign is checked by a library, for
//! which this keeps texts that only it reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FactorRefusal;
use crate::timestamp::Timestamp;

/// For how many seconds a challenge to a key is good.
const CHALLENGE_SECONDS: i64 = 300;

/// A challenge to a key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ceremony {
    /// What the browser is told.
    pub options: Value,
    /// What the library remembers.
    pub state: String,
    /// When it is no longer good.
    expires: Timestamp,
}

impl Ceremony {
    /// A challenge that is made now.
    #[must_use]
    pub fn new(options: Value, state: String, now: Timestamp) -> Self {
        Self { options, state, expires: now.plus_seconds(CHALLENGE_SECONDS) }
    }
}

/// A credential of a key.
#[derive(Clone, Serialize, Deserialize)]
pub struct WebAuthnCredential {
    /// Its id, in URL-safe Base64.
    pub id: String,
    /// What the library keeps: the public key, and how often it was used.
    pub key: String,
}

impl WebAuthnCredential {
    /// `authenticatorName` on the wire. A real org has names from the FIDO alliance's list of models, which it needs the
    /// users' consent to ask keys for.
    pub const AUTHENTICATOR_NAME: &'static str = "Authenticator";
}

/// The stages of a security key.
#[derive(Clone, Serialize, Deserialize)]
pub enum WebAuthnStage {
    /// No key has answered yet.
    PendingActivation {
        /// The challenge to make a credential.
        challenge: Ceremony,
    },
    /// There is a credential.
    Active {
        /// The credential.
        credential: WebAuthnCredential,
        /// The last challenge to use it, until it is answered.
        challenge: Option<Ceremony>,
    },
}

impl WebAuthnStage {
    /// The challenge under way.
    #[must_use]
    pub const fn challenge(&self) -> Option<&Ceremony> {
        match self {
            Self::PendingActivation { challenge } => Some(challenge),
            Self::Active { challenge, .. } => challenge.as_ref(),
        }
    }

    /// A challenge is answered once.
    pub(super) fn prove(
        &mut self,
        credential: Option<&WebAuthnCredential>,
        now: Timestamp,
    ) -> Result<(), FactorRefusal> {
        let awaited = self.challenge().is_some_and(|challenge| now < challenge.expires);
        let credential = credential.filter(|_| awaited).ok_or(FactorRefusal::WrongPasscode)?;
        *self = Self::Active { credential: credential.clone(), challenge: None };
        Ok(())
    }
}

/// What a key brings to its enrolment, in Base64.
#[derive(Clone)]
pub struct AttestationInput {
    /// The attestation object.
    pub attestation: String,
    /// What the browser says of the request.
    pub client_data: String,
}

/// What a key brings to a verification, in Base64.
#[derive(Clone)]
pub struct AssertionInput {
    /// What the browser says of the request.
    pub client_data: String,
    /// What the key says of itself.
    pub authenticator_data: String,
    /// The signature over both.
    pub signature_data: String,
}
