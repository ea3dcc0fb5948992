//! activateFactor and resendEnrollFactor: the way from PENDING_ACTIVATION to ACTIVE.

use roster_model::event::EventType;
use roster_model::factor::{AttestationInput, Channel, Factor, FactorKind, FactorRefusal, Proof};
use roster_model::timestamp::Timestamp;

use super::verify::{Proved, blank};
use super::webauthn;
use crate::Store;
use crate::change::Change;
use crate::error::Error;

/// What a user brings to complete an enrolment.
#[derive(Clone, Default)]
pub struct ActivateFactor {
    /// A passcode.
    pub pass_code: Option<String>,
    /// The credential that a security key made.
    pub attestation: Option<AttestationInput>,
}

impl Store {
    /// activateFactor: completes an enrolment.
    ///
    /// # Errors
    /// If there is no such user or factor, it is active, the proof is missing or wrong, or too many were.
    pub async fn activate_factor(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        request: ActivateFactor,
    ) -> Result<Factor, Error> {
        let held = move |factor: &mut Factor, now| request.hold(factor, now);
        self.prove(change, asked, id, EventType::FactorActivate, held).await
    }

    /// resendEnrollFactor: sends another passcode, which voids the one before.
    ///
    /// # Errors
    /// If there is no such user or factor, it sends no passcodes, the last one was sent just now, or too many were wrong.
    pub async fn resend_enroll_factor(&self, change: &Change, asked: &str, id: &str) -> Result<Factor, Error> {
        self.challenge(change, asked, id, None, sends_passcodes).await
    }
}

impl ActivateFactor {
    /// Holds what was brought against a factor that is not active yet.
    pub(crate) fn hold(&self, factor: &mut Factor, now: Timestamp) -> Result<Proved, Error> {
        if factor.kind() == FactorKind::WebAuthn {
            let attestation = self.attestation.as_ref().ok_or_else(|| blank("attestation"))?;
            let credential = webauthn::register(&factor.enrollment, attestation)?;
            return Ok(factor.activate(Proof::Signature(credential.as_ref()), now));
        }
        let passcode = self.pass_code.as_ref().ok_or_else(|| blank("passCode"))?;
        Ok(factor.activate(Proof::Passcode(passcode), now))
    }
}

/// Refuses a factor that sends no passcodes.
pub(crate) fn sends_passcodes(factor: &Factor) -> Result<(), FactorRefusal> {
    Channel::of(factor.kind()).map(|_| ()).ok_or(FactorRefusal::NothingToSend)
}
