//! activateFactor and resendEnrollFactor: the way from PENDING_ACTIVATION to ACTIVE.

use roster_model::event::EventType;
use roster_model::factor::{AttestationInput, Factor, FactorKind, FactorRefusal, Proof};

use super::verify::blank;
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
        self.prove(change, asked, id, EventType::FactorActivate, move |factor, now| {
            if factor.kind() == FactorKind::WebAuthn {
                let attestation = request.attestation.as_ref().ok_or_else(|| blank("attestation"))?;
                let credential = webauthn::register(&factor.enrollment, attestation)?;
                return Ok(factor.activate(Proof::Signature(credential.as_ref()), now));
            }
            let passcode = request.pass_code.as_ref().ok_or_else(|| blank("passCode"))?;
            Ok(factor.activate(Proof::Passcode(passcode), now))
        })
        .await
    }

    /// resendEnrollFactor: sends another passcode, which voids the one before.
    ///
    /// # Errors
    /// If there is no such user or factor, it sends no passcodes, the last one was sent just now, or too many were wrong.
    pub async fn resend_enroll_factor(&self, change: &Change, asked: &str, id: &str) -> Result<Factor, Error> {
        let sends = |factor: &Factor| match factor.kind() {
            FactorKind::WebAuthn => Err(FactorRefusal::NothingToSend),
            _ => Ok(()),
        };
        self.challenge(change, asked, id, None, sends).await
    }
}
