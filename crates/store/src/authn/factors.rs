//! Factors in a sign-in: enrolling and activating one where the user has none, proving the one that they have.
//!
//! Invariant: a factor counts as proved only in the transaction that proved it, and whoever has an active one cannot get by
//! with enrolling another.

use roster_model::authn::{Stage, Transaction, Verified, may_sign_in};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::factor::{Channel, Factor, FactorKind, FactorRefusal};
use roster_model::timestamp::Timestamp;

use super::{
    Authentication, Decided, Loaded, SignIn, advance, count_failure, end, invalid_token, load, proceed, read, wait,
    wrong_state,
};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::Error;
use crate::factors::{self, ActivateFactor, EnrollFactor, VerifyFactor};
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::{self, party};
use crate::{Store, policies};

impl Store {
    /// authnEnrollFactor: a factor that needs no activation counts as proved at once.
    ///
    /// # Errors
    /// As enrollFactor; E0000011 and E0000079 as ever.
    pub async fn authn_enroll_factor(
        &self,
        change: &Change,
        token: &Secret,
        request: EnrollFactor,
    ) -> Result<Authentication, Error> {
        // Whoever may not enroll has no answer hashed.
        let (at, asked) = (change.clone(), token.clone());
        self.engine().read(move |tx| enrolling(&read(tx, &at, &asked)?).map(|_| ())).await?;
        let planned = self.plan_enrollment(request).await?;
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let token = token.clone();
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let change = change.by(party(&loaded.user));
                let verified = enrolling(&loaded)?;
                check_may_enroll(tx, &key, &loaded, &verified)?;
                let factor = factors::enroll(tx, &change, &key, &outbox, &loaded.user, &planned)?;
                if factor.is_active() {
                    return enrolled(tx, &change, &key, loaded, verified, &factor);
                }
                let stage = Stage::MfaEnrollActivate { verified, factor: factor.id };
                wait_at(tx, &change, &key, loaded, stage).map(Ok)
            })
            .await?;
        Ok(decided?)
    }

    /// authnActivateFactor: the proof that completes the enrolment counts for the sign-in too.
    ///
    /// # Errors
    /// E0000068 for a wrong proof, E0000069 for the last one that the org allows; E0000011 and E0000079 as ever.
    pub async fn authn_activate_factor(
        &self,
        change: &Change,
        token: &Secret,
        id: &str,
        request: ActivateFactor,
    ) -> Result<Authentication, Error> {
        let (change, key) = (change.clone(), self.master_key().clone());
        let (token, id) = (token.clone(), id.to_owned());
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let change = change.by(party(&loaded.user));
                let verified = activating(&loaded, &id)?;
                check_may_enroll(tx, &key, &loaded, &verified)?;
                let held = |factor: &mut Factor, now: Timestamp| request.hold(factor, now);
                match factors::prove(tx, &change, &key, &loaded.user, &id, EventType::FactorActivate, held)? {
                    Ok(factor) => enrolled(tx, &change, &key, loaded, verified, &factor),
                    Err(refusal) => refused(tx, &change, &loaded, refusal).map(Err),
                }
            })
            .await?;
        Ok(decided?)
    }

    /// authnResendEnrollFactor: sends another passcode for the enrolment under way.
    ///
    /// # Errors
    /// If the factor sends none, or sent one just now; E0000011 and E0000079 as ever.
    pub async fn authn_resend_enroll_factor(
        &self,
        change: &Change,
        token: &Secret,
        id: &str,
    ) -> Result<Authentication, Error> {
        self.challenge_in_transaction(change, token, id, |loaded, factor| {
            let verified = activating(loaded, factor.id.as_str())?;
            factors::sends_passcodes(factor).map_err(FactorRefusal::problem)?;
            Ok(Stage::MfaEnrollActivate { verified, factor: factor.id.clone() })
        })
        .await
    }

    /// authnVerifyFactor: takes or refuses a proof. Without one, the transaction waits for it, and who needs a challenge
    /// gets one.
    ///
    /// # Errors
    /// E0000068 for a wrong proof, E0000069 for the last one that the org allows; E0000011 and E0000079 as ever.
    pub async fn authn_verify_factor(
        &self,
        change: &Change,
        token: &Secret,
        id: &str,
        request: VerifyFactor,
    ) -> Result<Authentication, Error> {
        let (at, key, asked) = (change.clone(), self.master_key().clone(), token.clone());
        let wanted = id.to_owned();
        let factor = self
            .engine()
            .read(move |tx| {
                let loaded = read(tx, &at, &asked)?;
                verifying(&loaded)?;
                factors::find(tx, &key, loaded.user.key, &wanted)
            })
            .await?;
        let Some(proof) = self.check_proof(factor, request).await? else {
            return self.await_proof(change, token, id).await;
        };
        let (change, key) = (change.clone(), self.master_key().clone());
        let (token, id) = (token.clone(), id.to_owned());
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let change = change.by(party(&loaded.user));
                let verified = verifying(&loaded)?;
                let held = |factor: &mut Factor, now: Timestamp| proof.hold(factor, now);
                match factors::prove(tx, &change, &key, &loaded.user, &id, EventType::FactorVerify, held)? {
                    Ok(factor) => {
                        let verified = verified.with_factor(factor.kind().method(), change.now);
                        proceed(tx, &change, &key, SignIn::of(loaded), verified)
                    }
                    Err(refusal) => refused(tx, &change, &loaded, refusal).map(Err),
                }
            })
            .await?;
        Ok(decided?)
    }

    /// authnResendFactorChallenge: sends another passcode of the factor that was challenged.
    ///
    /// # Errors
    /// If the factor sends none, or sent one just now; E0000011 and E0000079 as ever.
    pub async fn authn_resend_factor_challenge(
        &self,
        change: &Change,
        token: &Secret,
        id: &str,
    ) -> Result<Authentication, Error> {
        self.challenge_in_transaction(change, token, id, |loaded, factor| {
            let verified = verifying(loaded)?;
            match &loaded.transaction.stage {
                Stage::MfaChallenge { factor: challenged, .. } if *challenged == factor.id => {}
                _ => return Err(wrong_state().into()),
            }
            factors::sends_passcodes(factor).map_err(FactorRefusal::problem)?;
            Ok(Stage::MfaChallenge { verified, factor: factor.id.clone() })
        })
        .await
    }

    /// Lets a transaction wait for the proof of a factor.
    async fn await_proof(&self, change: &Change, token: &Secret, id: &str) -> Result<Authentication, Error> {
        self.challenge_in_transaction(change, token, id, |loaded, factor| {
            let verified = verifying(loaded)?;
            if !factor.is_active() {
                return Err(FactorRefusal::NotActive.problem().into());
            }
            Ok(Stage::MfaChallenge { verified, factor: factor.id.clone() })
        })
        .await
    }

    /// Challenges the user to prove a factor, if it needs a challenge, and lets the transaction wait at the stage that
    /// `next` says.
    async fn challenge_in_transaction(
        &self,
        change: &Change,
        token: &Secret,
        id: &str,
        next: impl Fn(&Loaded, &Factor) -> Result<Stage, Error> + Send + 'static,
    ) -> Result<Authentication, Error> {
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let (token, id) = (token.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let change = change.by(party(&loaded.user));
                let factor = factors::find(tx, &key, loaded.user.key, &id)?;
                let stage = next(&loaded, &factor)?;
                if needs_challenge(factor.kind()) {
                    factors::challenge(tx, &change, &key, &outbox, &loaded.user, factor, None)?;
                }
                wait_at(tx, &change, &key, loaded, stage)
            })
            .await
    }
}

/// Whether something has to reach the user before they can prove such a factor.
fn needs_challenge(kind: FactorKind) -> bool {
    kind == FactorKind::WebAuthn || Channel::of(kind).is_some()
}

/// What was proved in a transaction that waits for the choice of a factor to enroll.
fn enrolling(loaded: &Loaded) -> Result<Verified, Error> {
    match &loaded.transaction.stage {
        Stage::MfaEnroll { verified } => going_on(loaded, verified),
        _ => Err(wrong_state().into()),
    }
}

/// What was proved in a transaction that waits for the activation of this factor.
fn activating(loaded: &Loaded, id: &str) -> Result<Verified, Error> {
    match &loaded.transaction.stage {
        Stage::MfaEnrollActivate { verified, factor } if factor.as_str() == id => going_on(loaded, verified),
        _ => Err(wrong_state().into()),
    }
}

/// What was proved in a transaction that waits for the proof of a factor.
fn verifying(loaded: &Loaded) -> Result<Verified, Error> {
    match &loaded.transaction.stage {
        Stage::MfaRequired { verified } | Stage::MfaChallenge { verified, .. } => going_on(loaded, verified),
        _ => Err(wrong_state().into()),
    }
}

/// Refuses to go on with a user who was suspended, locked out or deactivated meanwhile.
fn going_on(loaded: &Loaded, verified: &Verified) -> Result<Verified, Error> {
    let user = &loaded.user;
    if !may_sign_in(user.status()) || user.transitioning_to_status.is_some() {
        return Err(invalid_token().into());
    }
    Ok(verified.clone())
}

/// Refuses an enrolment to who would have to prove a factor: it became active after this transaction began.
fn check_may_enroll(tx: &mut Tx<'_>, key: &MasterKey, loaded: &Loaded, verified: &Verified) -> Result<(), Error> {
    let has_factor = !factors::active_kinds(tx, key, loaded.user.key)?.is_empty();
    if verified.may_enroll(has_factor) { Ok(()) } else { Err(wrong_state().into()) }
}

/// Goes on from a factor that has just been enrolled.
fn enrolled(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    loaded: Loaded,
    verified: Verified,
    factor: &Factor,
) -> Result<Decided<Authentication>, Error> {
    let verified = verified.with_factor(factor.kind().method(), change.now);
    advance(tx, change, key, SignIn::of(loaded), |standing, options, active| {
        verified.next_after_enrollment(standing, options, active.len() == FactorKind::ALL.len())
    })
}

/// Counts a wrong proof as a failed attempt to sign in. The last one locks the user out, and ends the transaction.
fn refused(tx: &mut Tx<'_>, change: &Change, loaded: &Loaded, refusal: FactorRefusal) -> Result<Problem, Error> {
    if !matches!(refusal, FactorRefusal::WrongPasscode | FactorRefusal::WrongAnswer) {
        return Ok(refusal.problem());
    }
    let mut counted = loaded.user.clone();
    let policy = policies::password(tx, change.org)?;
    count_failure(tx, change, &mut counted, &policy)?;
    users::save(tx, &loaded.user, &counted)?;
    if may_sign_in(counted.status()) {
        return Ok(refusal.problem());
    }
    end(tx, &loaded.token)?;
    Ok(Problem::new(ErrorCode::FactorUserLocked))
}

/// Lets a transaction wait at another stage.
fn wait_at(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    loaded: Loaded,
    stage: Stage,
) -> Result<Authentication, Error> {
    let Loaded { token, user, transaction } = loaded;
    wait(tx, change, key, token, user, Transaction { stage, ..transaction })
}
