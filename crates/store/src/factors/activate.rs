//! activateFactor and resendEnrollFactor: the way from PENDING_ACTIVATION to ACTIVE.

use roster_model::event::EventType;
use roster_model::factor::Factor;

use crate::Store;
use crate::change::Change;
use crate::error::Error;

impl Store {
    /// activateFactor: completes an enrolment with a passcode.
    ///
    /// # Errors
    /// If there is no such user or factor, it is active, the passcode is wrong, or too many were.
    pub async fn activate_factor(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        passcode: &str,
    ) -> Result<Factor, Error> {
        let passcode = passcode.to_owned();
        self.prove(change, asked, id, EventType::FactorActivate, move |factor, now| factor.activate(&passcode, now))
            .await
    }

    /// resendEnrollFactor: sends another passcode, which voids the one before.
    ///
    /// # Errors
    /// If there is no such user or factor, it sends no passcodes, the last one was sent just now, or too many were wrong.
    pub async fn resend_enroll_factor(&self, change: &Change, asked: &str, id: &str) -> Result<Factor, Error> {
        self.send_passcode(change, asked, id, None, |_| Ok(())).await
    }
}
