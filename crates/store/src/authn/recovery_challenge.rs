//! Recovering by a passcode in a text message or phone call (the Authentication API's *Verify recovery factor*).
//!
//! Invariant: nothing tells whether there is somebody to recover. A login that gets no passcode gets a transaction of
//! [`NOBODY`]'s all the same: it takes the same steps, refuses the same and ends after as many wrong passcodes.

use roster_model::authn::{MAX_WRONG_ANSWERS, Options, RecoveryType, Stage, Transaction};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::factor::{Channel, Factor, FactorRefusal};
use roster_model::id::{FactorId, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::password_policy::Password;
use serde_json::Map;

use super::recovery::{check_self_service, completes, kind, unlock};
use super::{
    Authentication, Decided, end, first_stage, invalid_token, new_state_token, select, store, wait, wrong_state,
};
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::Error;
use crate::factors::{self, CheckedProof};
use crate::messages::Outbox;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::{self, party};
use crate::{Store, policies};

/// Whose transactions nobody can finish: no user has this key.
const NOBODY: UserKey = UserKey(0);

/// A recovery that waits for a passcode.
pub struct RecoveryChallenge {
    /// Its state token.
    pub token: Secret,
    /// When it is void unless somebody goes on with it.
    pub expires: Timestamp,
    /// Of what it is a part.
    pub recovery: RecoveryType,
    /// How the passcode was sent.
    pub channel: Channel,
    /// What is to be handed back.
    pub relay_state: Option<String>,
}

/// A transaction that waits for a passcode, and whose it is.
struct Waiting {
    user: Option<User>,
    transaction: Transaction,
    recovery: RecoveryType,
    sent: Timestamp,
    factor: Option<FactorId>,
    wrong_passcodes: u32,
}

impl Store {
    /// authnForgotPassword and authnUnlockAccount by text message or phone call.
    ///
    /// # Errors
    /// If the org does not let its users do that for themselves, or not this way.
    pub async fn authn_begin_recovery_challenge(
        &self,
        change: &Change,
        username: &str,
        recovery: RecoveryType,
        channel: Channel,
        relay_state: Option<String>,
    ) -> Result<Authentication, Error> {
        self.hasher().verify_nothing(Password::new(username.to_owned())).await?;
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let username = username.to_owned();
        self.engine()
            .write(move |tx| {
                check_self_service(tx, &change, recovery)?;
                let policy = policies::password(tx, change.org)?.recovery;
                if !(channel == Channel::Sms && policy.sms || channel == Channel::Call && policy.call) {
                    return Err(Problem::new(kind(recovery).refusal.problem().code).into());
                }
                let challenged = begin(tx, &change, &key, &outbox, &username, recovery, channel)?;
                if challenged.is_none() {
                    let change = change.by(Party::unknown(&username));
                    change.record_failure(tx, kind(recovery).event, &[], Map::new(), "NOT_ALLOWED")?;
                }
                let (user, factor) = challenged.map_or((NOBODY, None), |(user, factor)| (user.key, Some(factor)));
                let stage =
                    Stage::RecoveryChallenge { recovery, channel, sent: change.now, factor, wrong_passcodes: 0 };
                let transaction = Transaction { stage, relay_state: relay_state.clone(), options: Options::default() };
                store(tx, &change, &new_state_token()?, user, &transaction)
            })
            .await
    }

    /// authnVerifyRecoveryFactor.
    ///
    /// # Errors
    /// E0000068 for a wrong passcode, of which the last one ends the transaction; E0000011 and E0000079 as ever.
    pub async fn authn_verify_recovery_factor(
        &self,
        change: &Change,
        token: &Secret,
        channel: Channel,
        passcode: &str,
    ) -> Result<Authentication, Error> {
        let (change, key, token) = (change.clone(), self.master_key().clone(), token.clone());
        let proof = CheckedProof::Passcode(passcode.to_owned());
        let decided = self
            .engine()
            .write(move |tx| {
                let waiting = load(tx, &change, &token, channel)?;
                match prove(tx, &change, &key, &waiting, &proof)? {
                    Some(user) => recovered(tx, &change, &key, &token, waiting, user).map(Ok),
                    None => refused(tx, &change, &token, waiting),
                }
            })
            .await?;
        Ok(decided?)
    }

    /// authnResendRecoveryFactor: sends another passcode, which voids the one before.
    ///
    /// # Errors
    /// If the last one was sent just now; E0000011 and E0000079 as ever.
    pub async fn authn_resend_recovery_factor(
        &self,
        change: &Change,
        token: &Secret,
        channel: Channel,
    ) -> Result<Authentication, Error> {
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let token = token.clone();
        self.engine()
            .write(move |tx| {
                let Waiting { user, mut transaction, sent, factor, .. } = load(tx, &change, &token, channel)?;
                if sent.plus_seconds(channel.pause_seconds()) > change.now {
                    return Err(FactorRefusal::RecentlySent(channel).problem().into());
                }
                if let (Some(user), Some(id)) = (&user, &factor) {
                    let change = change.by(party(user));
                    let factor = factors::find(tx, &key, user.key, id.as_str())?;
                    send(tx, &change, &key, &outbox, user, factor)?;
                }
                if let Stage::RecoveryChallenge { sent, .. } = &mut transaction.stage {
                    *sent = change.now;
                }
                store(tx, &change, &token, user.map_or(NOBODY, |user| user.key), &transaction)
            })
            .await
    }
}

/// Sends a passcode to the user of this login, if they may recover and have an active factor of the channel.
fn begin(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    outbox: &Outbox,
    username: &str,
    recovery: RecoveryType,
    channel: Channel,
) -> Result<Option<(User, FactorId)>, Error> {
    let found = users::find_login(tx, change.org, username)?;
    let Some(user) = found.map(|found| users::lock(tx, found)).transpose()?.flatten() else { return Ok(None) };
    if user.allows(kind(recovery).operation).is_err() || user.transitioning_to_status.is_some() {
        return Ok(None);
    }
    let mut factors = factors::all(tx, key, user.key)?.into_iter();
    let Some(factor) = factors.find(|factor| factor.kind() == channel.kind() && factor.is_active()) else {
        return Ok(None);
    };
    let (change, id) = (change.by(party(&user)), factor.id.clone());
    change.record(tx, kind(recovery).event, &[party(&user)])?;
    send(tx, &change, key, outbox, &user, factor)?;
    Ok(Some((user, id)))
}

/// Sends a passcode. One that was sent just now is still good, and too many wrong ones let none through: neither is told,
/// as nobody's transaction knows neither.
fn send(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    outbox: &Outbox,
    user: &User,
    factor: Factor,
) -> Result<(), Error> {
    match factors::challenge(tx, change, key, outbox, user, factor, None) {
        Ok(_) | Err(Error::Rule(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The transaction, if it waits for a passcode of this channel.
fn load(tx: &mut Tx<'_>, change: &Change, token: &Secret, asked: Channel) -> Result<Waiting, Error> {
    let (key, _) = select(tx, change, token.hash())?.ok_or_else(invalid_token)?;
    let user = if key == NOBODY { None } else { Some(users::lock(tx, key)?.ok_or_else(invalid_token)?) };
    let (_, transaction) = select(tx, change, token.hash())?.ok_or_else(invalid_token)?;
    match transaction.stage.clone() {
        Stage::RecoveryChallenge { recovery, channel, sent, factor, wrong_passcodes } if channel == asked => {
            Ok(Waiting { user, transaction, recovery, sent, factor, wrong_passcodes })
        }
        _ => Err(wrong_state().into()),
    }
}

/// The user, if this is the passcode that they were sent.
fn prove(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    waiting: &Waiting,
    proof: &CheckedProof,
) -> Result<Option<User>, Error> {
    let (Some(user), Some(id)) = (&waiting.user, &waiting.factor) else { return Ok(None) };
    if user.allows(completes(waiting.recovery)).is_err() || user.transitioning_to_status.is_some() {
        return Ok(None);
    }
    let change = change.by(party(user));
    let held = |factor: &mut Factor, now: Timestamp| proof.hold(factor, now);
    match factors::prove(tx, &change, key, user, id.as_str(), EventType::FactorVerify, held) {
        Ok(Ok(_)) => Ok(Some(user.clone())),
        Ok(Err(_)) | Err(Error::Rule(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes on with a recovery whose user has shown that they have their phone.
fn recovered(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    token: &Secret,
    waiting: Waiting,
    user: User,
) -> Result<Authentication, Error> {
    let change = change.by(party(&user));
    let policy = policies::password(tx, change.org)?;
    match first_stage(&user, &policy, waiting.recovery, true) {
        Some(stage) => wait(tx, &change, key, token.clone(), user, Transaction { stage, ..waiting.transaction }),
        None => {
            end(tx, token)?;
            unlock(tx, &change, &user, waiting.transaction.relay_state)
        }
    }
}

fn refused(
    tx: &mut Tx<'_>,
    change: &Change,
    token: &Secret,
    waiting: Waiting,
) -> Result<Decided<Authentication>, Error> {
    let Waiting { user, mut transaction, wrong_passcodes, .. } = waiting;
    if wrong_passcodes + 1 >= MAX_WRONG_ANSWERS {
        end(tx, token)?;
    } else {
        if let Stage::RecoveryChallenge { wrong_passcodes, .. } = &mut transaction.stage {
            *wrong_passcodes += 1;
        }
        store(tx, change, token, user.map_or(NOBODY, |user| user.key), &transaction)?;
    }
    let cause = "Your token doesn't match our records. Please try again.";
    Ok(Err(Problem::new(ErrorCode::InvalidPasscode).because(cause)))
}
