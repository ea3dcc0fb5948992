//! Policies: one of each type for each org, with one rule (the Policy API's *Default Policies*).

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::{GroupId, OrgKey, PolicyId, PolicyRuleId};
use roster_model::policy::{PolicySettings, PolicyType, SignOnPolicy};
use roster_model::timestamp::Timestamp;
use roster_model::user::password_policy::PasswordPolicy;
use serde_json::Value;

use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::{Store, params};

/// What a real org calls the policy and the rule that it is shipped with.
pub const DEFAULT_POLICY: &str = "Default Policy";
/// As [`DEFAULT_POLICY`].
pub const DEFAULT_RULE: &str = "Default Rule";

/// A policy with its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// What it and its rule say.
    pub settings: PolicySettings,
    /// The group that it is for: Everyone.
    pub group_id: GroupId,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// The id of its rule.
    pub rule_id: PolicyRuleId,
    /// When its rule last changed.
    pub rule_last_updated: Timestamp,
}

impl Store {
    /// listPolicies: the org's policies of a type.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_policies(&self, org: OrgKey, policy_type: PolicyType) -> Result<Vec<Policy>, Error> {
        let sql = format!("{SELECT_POLICY} WHERE org_key = $1 AND type = $2");
        self.engine().read(move |tx| Ok(tx.query(&sql, params![org, policy_type.as_str()], read_policy)?)).await
    }

    /// getPolicy.
    ///
    /// # Errors
    /// If there is no such policy.
    pub async fn get_policy(&self, org: OrgKey, id: &str) -> Result<Policy, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find(tx, org, &id)).await
    }

    /// updatePolicy: takes what the request says of `settings`; what it does not name stays.
    ///
    /// # Errors
    /// If there is no such policy, or a setting cannot have the value.
    pub async fn update_policy(&self, change: &Change, id: &str, settings: Value) -> Result<Policy, Error> {
        self.change_policy(change, id, move |policy, now| {
            policy.settings = policy.settings.with_settings(&settings).map_err(|it| violations(&it))?;
            policy.last_updated = now;
            Ok((EventType::PolicyUpdate, party("PolicyEntity", policy.id.as_str(), DEFAULT_POLICY)))
        })
        .await
    }

    /// updatePolicyRule: takes what the request says of the rule's `actions`; what it does not name stays.
    ///
    /// # Errors
    /// If there is no such policy or rule, or an action cannot have the value.
    pub async fn update_policy_rule(
        &self,
        change: &Change,
        policy_id: &str,
        rule_id: &str,
        actions: Value,
    ) -> Result<Policy, Error> {
        let rule_id = rule_id.to_owned();
        self.change_policy(change, policy_id, move |policy, now| {
            check_rule(policy, &rule_id)?;
            policy.settings = policy.settings.with_actions(&actions).map_err(|it| violations(&it))?;
            policy.rule_last_updated = now;
            Ok((EventType::PolicyRuleUpdate, party("PolicyRule", policy.rule_id.as_str(), DEFAULT_RULE)))
        })
        .await
    }

    async fn change_policy(
        &self,
        change: &Change,
        id: &str,
        edit: impl Fn(&mut Policy, Timestamp) -> Result<(EventType, Party), Error> + Send + 'static,
    ) -> Result<Policy, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let lock = "SELECT policy_key FROM policies WHERE org_key = $1 AND id = $2";
                tx.query_first_for_update(lock, params![change.org, &id], |row| row.integer(0))?;
                let mut policy = find(tx, change.org, &id)?;
                let (event, target) = edit(&mut policy, change.now)?;
                tx.execute(
                    "UPDATE policies SET document = $1, last_updated = $2, rule_last_updated = $3 WHERE org_key = $4 AND id = $5",
                    params![
                        &serde_json::to_string(&policy.settings).map_err(EngineError::from)?,
                        policy.last_updated,
                        policy.rule_last_updated,
                        change.org,
                        &policy.id
                    ],
                )?;
                change.record(tx, event, &[target])?;
                Ok(policy)
            })
            .await
    }

    /// The org's password policy.
    pub(crate) async fn password_policy(&self, org: OrgKey) -> Result<PasswordPolicy, Error> {
        self.engine().read(move |tx| Ok(password(tx, org)?)).await
    }
}

impl Policy {
    /// The policy's rule, if this is its id.
    ///
    /// # Errors
    /// If it is not.
    pub fn rule(&self, id: &str) -> Result<&Self, Error> {
        check_rule(self, id).map(|()| self)
    }
}

fn check_rule(policy: &Policy, rule_id: &str) -> Result<(), Error> {
    let found = policy.rule_id.as_str() == rule_id;
    if found { Ok(()) } else { Err(Error::not_found(rule_id, ResourceKind::PolicyRule)) }
}

fn violations(violations: &[Violation]) -> Error {
    Problem::violations(violations).into()
}

fn party(kind: &str, id: &str, name: &str) -> Party {
    Party {
        id: id.to_owned(),
        kind: kind.to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: name.to_owned(),
    }
}

const SELECT_POLICY: &str =
    "SELECT id, document, group_id, created, last_updated, rule_id, rule_last_updated FROM policies";

fn read_policy(row: &Row<'_>) -> Result<Policy, EngineError> {
    Ok(Policy {
        id: PolicyId::from_text(&row.text(0)?),
        settings: serde_json::from_str(&row.text(1)?)?,
        group_id: GroupId::from_text(&row.text(2)?),
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
        rule_id: PolicyRuleId::from_text(&row.text(5)?),
        rule_last_updated: row.timestamp(6)?,
    })
}

fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Policy, Error> {
    let sql = format!("{SELECT_POLICY} WHERE org_key = $1 AND id = $2");
    let found = tx.query_first(&sql, params![org, id], read_policy)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Policy))
}

/// Gives a new org its policies; `everyone` is the group that they are for.
pub(crate) fn insert_shipped(tx: &mut Tx<'_>, change: &Change, everyone: &GroupId) -> Result<(), EngineError> {
    for policy_type in PolicyType::ALL {
        tx.execute(
            "INSERT INTO policies (org_key, id, type, group_id, document, created, last_updated, rule_id, rule_last_updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                change.org,
                &PolicyId::new(change.id_seed()),
                policy_type.as_str(),
                everyone,
                &serde_json::to_string(&policy_type.shipped())?,
                change.now,
                change.now,
                &PolicyRuleId::new(change.id_seed()),
                change.now
            ],
        )?;
    }
    Ok(())
}

fn settings_of(tx: &mut Tx<'_>, org: OrgKey, policy_type: PolicyType) -> Result<PolicySettings, EngineError> {
    let sql = "SELECT document FROM policies WHERE org_key = $1 AND type = $2";
    let found =
        tx.query_first(sql, params![org, policy_type.as_str()], |row| Ok(serde_json::from_str(&row.text(0)?)?))?;
    found.ok_or(EngineError::Corrupt { what: "policy", value: policy_type.as_str().to_owned() })
}

/// The org's sign-on policy.
pub(crate) fn sign_on(tx: &mut Tx<'_>, org: OrgKey) -> Result<SignOnPolicy, EngineError> {
    match settings_of(tx, org, PolicyType::OktaSignOn)? {
        PolicySettings::OktaSignOn(policy) => Ok(policy),
        other => Err(EngineError::Corrupt { what: "sign-on policy", value: other.policy_type().as_str().to_owned() }),
    }
}

/// The org's password policy.
pub(crate) fn password(tx: &mut Tx<'_>, org: OrgKey) -> Result<PasswordPolicy, EngineError> {
    match settings_of(tx, org, PolicyType::Password)? {
        PolicySettings::Password(policy) => Ok(policy),
        other => Err(EngineError::Corrupt { what: "password policy", value: other.policy_type().as_str().to_owned() }),
    }
}
