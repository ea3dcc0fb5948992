//! verifyFactor: challenges and proofs.

use roster_model::error::{Problem, Violation};
use roster_model::event::EventType;
use roster_model::factor::{AssertionInput, Enrollment, Factor, FactorKind, FactorRefusal, PasscodeLifetime, Proof};
use roster_model::message::MessageKind;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::credentials::StoredPassword;
use roster_model::user::password_policy::Password;
use roster_model::user::recovery_question::fold_answer;

use super::enroll::{new_passcode, send};
use super::{debug_data, find, record, save, webauthn};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::Error;
use crate::messages::Outbox;
use crate::seal::MasterKey;
use crate::{Store, users};

/// What a user brings to a factor.
#[derive(Clone, Default)]
pub struct VerifyFactor {
    /// A passcode.
    pub pass_code: Option<String>,
    /// An answer.
    pub answer: Option<String>,
    /// A signature.
    pub assertion: Option<AssertionInput>,
    /// For how long a passcode that is sent by e-mail is to be good.
    pub lifetime: Option<PasscodeLifetime>,
}

/// What came of a verification.
pub enum Verification {
    /// The proof was right.
    Success(Factor),
    /// No proof came along: a passcode is on its way, or the factor holds a challenge to a security key.
    Challenge(Factor),
}

impl Store {
    /// verifyFactor: takes or refuses a passcode, an answer or a signature. Without one, a factor that needs a challenge
    /// makes one.
    ///
    /// # Errors
    /// If there is no such user or factor, it is not active, the proof is missing, wrong or was used before, or too many
    /// were wrong.
    pub async fn verify_factor(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        request: VerifyFactor,
    ) -> Result<Verification, Error> {
        let lifetime = request.lifetime;
        let factor = self.get_factor(change.org, asked, id).await?;
        let (kind, proof) = (factor.kind(), self.check_proof(factor, request).await?);
        let factor = match (kind, proof) {
            (_, Some(proof)) => {
                let held = move |factor: &mut Factor, now| proof.hold(factor, now);
                self.prove(change, asked, id, EventType::FactorVerify, held).await?
            }
            (FactorKind::Question, None) => return Err(blank("answer").into()),
            (FactorKind::OktaTotp | FactorKind::GoogleTotp, None) => return Err(blank("passCode").into()),
            (FactorKind::Sms | FactorKind::Call | FactorKind::Email | FactorKind::WebAuthn, None) => {
                return Ok(Verification::Challenge(self.challenge_factor(change, asked, id, lifetime).await?));
            }
        };
        Ok(Verification::Success(factor))
    }

    /// The proof for a factor in a request, if it brings one. What takes too long for a transaction is done by then.
    pub(crate) async fn check_proof(
        &self,
        factor: Factor,
        request: VerifyFactor,
    ) -> Result<Option<CheckedProof>, Error> {
        let VerifyFactor { pass_code, answer, assertion, .. } = request;
        Ok(match (factor.enrollment, answer) {
            (Enrollment::Question { answer: stored, .. }, Some(answer)) => {
                let correct = self.hasher().verify(Password::new(fold_answer(&answer)), stored.clone()).await?;
                Some(CheckedProof::Answer { correct, stored })
            }
            (Enrollment::Question { .. }, None) => None,
            (Enrollment::WebAuthn { .. }, _) => assertion.map(CheckedProof::Assertion),
            (Enrollment::Totp { .. } | Enrollment::Passcode { .. }, _) => pass_code.map(CheckedProof::Passcode),
        })
    }

    /// Challenges the user of an active factor: sends them a passcode, or has their security key asked.
    ///
    /// # Errors
    /// If there is no such user or factor, it is not active or needs no challenge, the last passcode was sent just now, or
    /// too many were wrong.
    pub async fn challenge_factor(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        lifetime: Option<PasscodeLifetime>,
    ) -> Result<Factor, Error> {
        let active = |factor: &Factor| if factor.is_active() { Ok(()) } else { Err(FactorRefusal::NotActive) };
        self.challenge(change, asked, id, lifetime, active).await
    }

    /// Makes another challenge of a factor that `may` have one.
    pub(super) async fn challenge(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        lifetime: Option<PasscodeLifetime>,
        may: impl Fn(&Factor) -> Result<(), FactorRefusal> + Send + 'static,
    ) -> Result<Factor, Error> {
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let (asked, id) = (asked.to_owned(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_to_change(tx, change.org, &asked)?;
                let factor = find(tx, &key, user.key, &id)?;
                may(&factor).map_err(FactorRefusal::problem)?;
                challenge(tx, &change, &key, &outbox, &user, factor, lifetime)
            })
            .await
    }

    /// Holds a proof against a factor, and stores what comes of it: a wrong proof counts, so it is committed too.
    pub(super) async fn prove(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        event: EventType,
        proof: impl Fn(&mut Factor, Timestamp) -> Result<Proved, Error> + Send + 'static,
    ) -> Result<Factor, Error> {
        let (change, key) = (change.clone(), self.master_key().clone());
        let (asked, id) = (asked.to_owned(), id.to_owned());
        let proved = self.engine().write(move |tx| {
            let user = users::find_to_change(tx, change.org, &asked)?;
            prove(tx, &change, &key, &user, &id, event, &proof)
        });
        proved.await?.map_err(|refusal| refusal.problem().into())
    }
}

/// A proof as it is held against a factor in a transaction.
pub(crate) enum CheckedProof {
    /// A passcode.
    Passcode(String),
    /// An answer, which was held against the one that was stored then.
    Answer {
        /// Whether it was that.
        correct: bool,
        /// The one that was stored.
        stored: StoredPassword,
    },
    /// A signature.
    Assertion(AssertionInput),
}

impl CheckedProof {
    /// Holds it against an active factor.
    pub(crate) fn hold(&self, factor: &mut Factor, now: Timestamp) -> Result<Proved, Error> {
        Ok(match self {
            Self::Passcode(passcode) => factor.verify(Proof::Passcode(passcode), now),
            Self::Answer { correct, stored } => {
                // The answer may have been changed while this one was being hashed.
                let same = matches!(&factor.enrollment, Enrollment::Question { answer, .. } if answer == stored);
                factor.verify(Proof::Answer { correct: *correct && same }, now)
            }
            Self::Assertion(assertion) => {
                let credential = webauthn::authenticate(&factor.enrollment, assertion)?;
                factor.verify(Proof::Signature(credential.as_ref()), now)
            }
        })
    }
}

/// Makes another challenge of a factor whose user is locked.
pub(crate) fn challenge(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    outbox: &Outbox,
    user: &User,
    mut factor: Factor,
    lifetime: Option<PasscodeLifetime>,
) -> Result<Factor, Error> {
    if factor.kind() == FactorKind::WebAuthn {
        // Nothing leaves the server and nothing of the factor changes, so there is nothing to log.
        let ceremony = webauthn::challenge(&factor.enrollment, change.now)?;
        factor.challenge_key(ceremony, change.now).map_err(FactorRefusal::problem)?;
        save(tx, key, &factor)?;
        return Ok(factor);
    }
    let challenged = factor.challenge(new_passcode()?, lifetime, change.now);
    let (destination, challenge) = challenged.map_err(FactorRefusal::problem)?;
    save(tx, key, &factor)?;
    send(tx, change, outbox, user, &destination, &challenge)?;
    Ok(factor)
}

/// Holds a proof against a factor, and stores what comes of it; its user is locked.
pub(crate) fn prove(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    user: &User,
    id: &str,
    event: EventType,
    proof: impl Fn(&mut Factor, Timestamp) -> Result<Proved, Error>,
) -> Result<Result<Factor, FactorRefusal>, Error> {
    let mut factor = find(tx, key, user.key, id)?;
    match proof(&mut factor, change.now)? {
        Ok(()) => {
            save(tx, key, &factor)?;
            record(tx, change, event, user, factor.kind())?;
            if event == EventType::FactorActivate {
                let outbox = Outbox::new(key.clone());
                outbox.send_notice(tx, change, user, MessageKind::FactorEnrolled, Some(factor.kind()))?;
            }
            Ok(Ok(factor))
        }
        Err(refusal @ (FactorRefusal::WrongPasscode | FactorRefusal::WrongAnswer | FactorRefusal::Replayed)) => {
            save(tx, key, &factor)?;
            let debug = debug_data(factor.kind());
            change.record_failure(tx, event, &[users::party(user)], debug, "INVALID_CREDENTIALS")?;
            Ok(Err(refusal))
        }
        Err(refusal) => Err(refusal.problem().into()),
    }
}

/// What the factor said to a proof.
pub(crate) type Proved = Result<(), FactorRefusal>;

pub(super) fn blank(field: &str) -> Problem {
    Problem::violations(&[Violation::new(field, "The field cannot be left blank")])
}
