//! Factors of users (behaviour.md G.3): one file for each step in a factor's life, and here what those share.
//!
//! Invariants: whoever writes a factor has its user's row locked; and all that is secret in one is sealed under the master
//! key, for the row of that factor alone.

mod activate;
mod enroll;
mod verify;
mod webauthn;

pub use activate::ActivateFactor;
pub(crate) use activate::sends_passcodes;
pub use enroll::EnrollFactor;
pub(crate) use enroll::enroll;
pub(crate) use verify::{CheckedProof, challenge, prove};
pub use verify::{Verification, VerifyFactor};

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::factor::{Channel, Enrollment, Factor, FactorKind, Failures, SharedSecret, TotpStage};
use roster_model::id::{FactorId, OrgKey, UserId, UserKey};
use roster_model::message::MessageKind;
use roster_model::user::User;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;

use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::{Store, messages, params, users};

/// What the picture of a shared secret tells an app.
pub struct FactorQrCode {
    /// The account's name.
    pub credential_id: String,
    /// The secret.
    pub secret: SharedSecret,
}

impl Store {
    /// listFactors: every factor of the user, active or not, in the order they were enrolled.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_factors(&self, org: OrgKey, asked: &str) -> Result<Vec<Factor>, Error> {
        let (key, asked) = (self.master_key().clone(), asked.to_owned());
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &asked)?;
                Ok(all(tx, &key, user)?)
            })
            .await
    }

    /// The factors with which the user can be asked who they are.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_active_factors(&self, org: OrgKey, asked: &str) -> Result<Vec<Factor>, Error> {
        let mut factors = self.list_factors(org, asked).await?;
        factors.retain(Factor::is_active);
        Ok(factors)
    }

    /// getFactor.
    ///
    /// # Errors
    /// If there is no such user, or they have no such factor.
    pub async fn get_factor(&self, org: OrgKey, asked: &str, id: &str) -> Result<Factor, Error> {
        let (key, asked, id) = (self.master_key().clone(), asked.to_owned(), id.to_owned());
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &asked)?;
                find(tx, &key, user, &id)
            })
            .await
    }

    /// getFactorQrCode: what to put into the picture, for who has its token. Once the factor is active, nobody has.
    ///
    /// # Errors
    /// If there is no such user or factor, or the token is not the factor's.
    pub async fn get_factor_qr_code(
        &self,
        org: OrgKey,
        asked: &str,
        id: &str,
        token: &str,
    ) -> Result<FactorQrCode, Error> {
        let factor = self.get_factor(org, asked, id).await?;
        match factor.enrollment {
            Enrollment::Totp { credential_id, secret, stage: TotpStage::PendingActivation { qr_token }, .. }
                if bool::from(qr_token.as_bytes().ct_eq(token.as_bytes())) =>
            {
                Ok(FactorQrCode { credential_id, secret })
            }
            _ => Err(Error::not_found(id, ResourceKind::Factor)),
        }
    }

    /// deleteFactor: the user may enroll another one of its kind.
    ///
    /// # Errors
    /// If there is no such user, they have no such factor, or their status refuses it.
    pub async fn delete_factor(&self, change: &Change, asked: &str, id: &str) -> Result<(), Error> {
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let (asked, id) = (asked.to_owned(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_to_change(tx, change.org, &asked)?;
                let factor = find(tx, &key, user.key, &id)?;
                tx.execute("DELETE FROM factors WHERE user_key = $1 AND id = $2", params![user.key, &factor.id])?;
                if let Some(channel) = Channel::of(factor.kind()) {
                    messages::take_back_passcode(tx, user.key, channel)?;
                }
                if factor.is_active() {
                    outbox.send_notice(tx, &change, &user, MessageKind::FactorReset, Some(factor.kind()))?;
                }
                Ok(record(tx, &change, EventType::FactorDeactivate, &user, factor.kind())?)
            })
            .await
    }
}

/// The columns of [`read_factor`], in its order.
const COLUMNS: &str = "f.id, u.id, f.created, f.last_updated, f.state";

fn select(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM factors f JOIN users u ON u.user_key = f.user_key {rest}")
}

fn read_factor(row: &Row<'_>, key: &MasterKey) -> Result<Factor, EngineError> {
    let id = FactorId::from_text(&row.text(0)?);
    let (enrollment, failures): (Enrollment, Failures) =
        serde_json::from_slice(&key.open(&context(&id), &row.bytes(4)?)?)?;
    Ok(Factor {
        user_id: UserId::from_text(&row.text(1)?),
        created: row.timestamp(2)?,
        last_updated: row.timestamp(3)?,
        enrollment,
        failures,
        id,
    })
}

/// The secret part of a factor, sealed.
fn sealed_state(key: &MasterKey, factor: &Factor) -> Result<Vec<u8>, EngineError> {
    key.seal(&context(&factor.id), &serde_json::to_vec(&(&factor.enrollment, &factor.failures))?)
}

/// What the state of a factor is sealed for.
fn context(id: &FactorId) -> String {
    format!("factor {id}")
}

/// Every factor of a user, in the order they were enrolled.
pub(crate) fn all(tx: &mut Tx<'_>, key: &MasterKey, user: UserKey) -> Result<Vec<Factor>, EngineError> {
    let sql = select("WHERE f.user_key = $1 ORDER BY f.factor_key");
    tx.query(&sql, params![user], |row| read_factor(row, key))
}

/// The kinds of which a user has an active factor: those that they can be asked for.
pub(crate) fn active_kinds(tx: &mut Tx<'_>, key: &MasterKey, user: UserKey) -> Result<Vec<FactorKind>, EngineError> {
    Ok(all(tx, key, user)?.iter().filter(|factor| factor.is_active()).map(Factor::kind).collect())
}

pub(crate) fn find(tx: &mut Tx<'_>, key: &MasterKey, user: UserKey, id: &str) -> Result<Factor, Error> {
    let sql = select("WHERE f.user_key = $1 AND f.id = $2");
    let found = tx.query_first(&sql, params![user, id], |row| read_factor(row, key))?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Factor))
}

/// The factor of this kind that the user has.
fn find_of_kind(
    tx: &mut Tx<'_>,
    key: &MasterKey,
    user: UserKey,
    kind: FactorKind,
) -> Result<Option<Factor>, EngineError> {
    let sql = select("WHERE f.user_key = $1 AND f.factor_type = $2 AND f.provider = $3");
    tx.query_first(&sql, params![user, kind.factor_type(), kind.provider()], |row| read_factor(row, key))
}

fn insert(tx: &mut Tx<'_>, change: &Change, key: &MasterKey, user: &User, factor: &Factor) -> Result<(), EngineError> {
    let state = sealed_state(key, factor)?;
    tx.execute(
        "INSERT INTO factors (org_key, user_key, id, factor_type, provider, created, last_updated, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            change.org,
            user.key,
            &factor.id,
            factor.kind().factor_type(),
            factor.kind().provider(),
            factor.created,
            factor.last_updated,
            state.as_slice()
        ],
    )?;
    Ok(())
}

/// Writes a factor whose user is locked.
fn save(tx: &mut Tx<'_>, key: &MasterKey, factor: &Factor) -> Result<(), EngineError> {
    let state = sealed_state(key, factor)?;
    tx.execute(
        "UPDATE factors SET last_updated = $1, state = $2 WHERE id = $3",
        params![factor.last_updated, state.as_slice(), &factor.id],
    )?;
    Ok(())
}

/// Removes every factor of a user, and what is on its way to them. Answers of which kinds they were.
pub(crate) fn end_factors(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<Vec<FactorKind>, EngineError> {
    let sql = "SELECT factor_type, provider FROM factors WHERE user_key = $1 ORDER BY factor_key";
    let kinds = tx.query(sql, params![user.key], |row| {
        let (factor_type, provider) = (row.text(0)?, row.text(1)?);
        FactorKind::from_texts(&factor_type, &provider)
            .ok_or(EngineError::Corrupt { what: "factor type", value: factor_type })
    })?;
    messages::take_back_passcodes(tx, user.key)?;
    tx.execute("DELETE FROM factors WHERE user_key = $1", params![user.key])?;
    for kind in &kinds {
        record(tx, change, EventType::FactorDeactivate, user, *kind)?;
    }
    Ok(kinds)
}

/// Writes an event about a factor of `user`.
fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    event: EventType,
    user: &User,
    kind: FactorKind,
) -> Result<(), EngineError> {
    change.record_with(tx, event, &[users::party(user)], debug_data(kind))
}

/// What the log says of the factor in question.
fn debug_data(kind: FactorKind) -> Map<String, Value> {
    let mut debug = Map::new();
    debug.insert("factor".to_owned(), json!(kind.log_name()));
    debug
}
