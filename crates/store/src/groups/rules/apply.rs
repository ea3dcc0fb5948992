//! What the active rules of an org do to one user.

use std::collections::HashSet;

use roster_model::event::EventType;
use roster_model::expression::{Expression, Membership, Person, Value};
use roster_model::group::rule::RuleStatus;
use roster_model::id::{GroupKey, GroupRuleKey, OrgKey, UserKey};
use roster_model::user::User;
use roster_model::user::status::UserStatus;
use serde_json::{Map, Value as Json, json};

use super::{insert_people, party, read_rule};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::EngineError;
use crate::groups::{self, Group};
use crate::{params, users};

/// How often a user is looked at anew because a rule changed the groups that another asks for. Rules that would never
/// come to rest stop here.
const ROUNDS: usize = 8;

/// An active rule.
struct ActiveRule {
    key: GroupRuleKey,
    id: String,
    expression: Expression,
    targets: Vec<GroupKey>,
}

/// The active rules of an org.
pub(crate) struct ActiveRules {
    rules: Vec<ActiveRule>,
    test_groups: bool,
}

/// Applies the active rules of the org to a user who has changed, or whose groups have.
pub(crate) fn apply(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    ActiveRules::load(tx, change.org)?.apply(tx, change, user)
}

/// The same after a change of the user's groups, which only matters to rules that ask for them.
pub(crate) fn apply_to_member(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    let rules = ActiveRules::load(tx, change.org)?;
    if rules.test_groups { rules.apply(tx, change, user) } else { Ok(()) }
}

impl ActiveRules {
    pub(super) fn load(tx: &mut Tx<'_>, org: OrgKey) -> Result<Self, EngineError> {
        let sql =
            "SELECT rule_key, id, expression FROM group_rules WHERE org_key = $1 AND status = $2 ORDER BY rule_key";
        let found = tx.query(sql, params![org, RuleStatus::Active.as_str()], |row| {
            let text = row.text(2)?;
            let corrupt = |_| EngineError::Corrupt { what: "rule's expression", value: text.clone() };
            let expression = Expression::parse(&text).map_err(corrupt)?;
            Ok(ActiveRule { key: GroupRuleKey(row.integer(0)?), id: row.text(1)?, expression, targets: Vec::new() })
        })?;
        let mut loaded = Self { rules: found, test_groups: false };
        for rule in &mut loaded.rules {
            let sql = "SELECT group_key FROM group_rule_targets WHERE rule_key = $1 ORDER BY group_key";
            rule.targets = tx.query(sql, params![rule.key], |row| row.integer(0).map(GroupKey))?;
            loaded.test_groups |= rule.expression.tests_groups();
        }
        Ok(loaded)
    }

    /// Puts a user into the groups that the rules say, and out of those that they no longer say. A deactivated user stays
    /// where they are.
    pub(super) fn apply(&self, tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
        if self.rules.is_empty() || user.status() == UserStatus::Deprovisioned {
            return Ok(());
        }
        let sql = "SELECT rule_key FROM group_rule_exclusions WHERE user_key = $1";
        let excluded = tx.query(sql, params![user.key], |row| row.integer(0).map(GroupRuleKey))?;
        for _ in 0..ROUNDS {
            if !self.apply_once(tx, change, user, &excluded)? || !self.test_groups {
                break;
            }
        }
        Ok(())
    }

    /// Answers whether the user's groups changed.
    fn apply_once(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        user: &User,
        excluded: &[GroupRuleKey],
    ) -> Result<bool, EngineError> {
        let candidate = Candidate::new(tx, change.org, user, self.test_groups)?;
        let wanted: HashSet<(GroupRuleKey, GroupKey)> = self
            .rules
            .iter()
            .filter(|rule| !excluded.contains(&rule.key) && rule.expression.matches(&candidate))
            .flat_map(|rule| rule.targets.iter().map(|group| (rule.key, *group)))
            .collect();
        let held = held_by(tx, user.key)?;
        let mut changed = false;
        for rule in &self.rules {
            for group in &rule.targets {
                let (wants, holds) = (wanted.contains(&(rule.key, *group)), held.contains(&(rule.key, *group)));
                changed |= match (wants, holds) {
                    (true, false) => join(tx, change, user, *group, rule)?,
                    (false, true) => leave(tx, change, user, *group, (rule.key, &rule.id))?,
                    (true, true) | (false, false) => false,
                };
            }
        }
        Ok(changed)
    }
}

/// The memberships of a user that rules made.
fn held_by(tx: &mut Tx<'_>, user: UserKey) -> Result<HashSet<(GroupRuleKey, GroupKey)>, EngineError> {
    let sql = "SELECT rule_key, group_key FROM group_rule_members WHERE user_key = $1";
    let rows = tx.query(sql, params![user], |row| Ok((GroupRuleKey(row.integer(0)?), GroupKey(row.integer(1)?))))?;
    Ok(rows.into_iter().collect())
}

/// Whether a rule made this membership.
pub(super) fn is_rule_made(tx: &mut Tx<'_>, user: UserKey, group: GroupKey) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM group_rule_members WHERE user_key = $1 AND group_key = $2 LIMIT 1";
    Ok(tx.query_first(sql, params![user, group], |_| Ok(()))?.is_some())
}

/// Puts a user into a group for a rule. Whom somebody put there stays theirs.
fn join(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &User,
    group: GroupKey,
    rule: &ActiveRule,
) -> Result<bool, EngineError> {
    let added = groups::insert_member(tx, user.key, group)?;
    if !added && !is_rule_made(tx, user.key, group)? {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO group_rule_members (user_key, group_key, rule_key) VALUES ($1, $2, $3)",
        params![user.key, group, rule.key],
    )?;
    if added {
        record(tx, change, EventType::GroupMembershipAdd, user, group, &rule.id)?;
    }
    Ok(added)
}

/// Ends a rule's part in a membership, which ends with the last.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &User,
    group: GroupKey,
    (rule, rule_id): (GroupRuleKey, &str),
) -> Result<bool, EngineError> {
    tx.execute(
        "DELETE FROM group_rule_members WHERE user_key = $1 AND group_key = $2 AND rule_key = $3",
        params![user.key, group, rule],
    )?;
    if is_rule_made(tx, user.key, group)? {
        return Ok(false);
    }
    let removed = groups::delete_member(tx, user.key, group)?;
    if removed {
        record(tx, change, EventType::GroupMembershipRemove, user, group, rule_id)?;
    }
    Ok(removed)
}

/// The event of a membership that a rule made or ended; the system does it, whoever changed the user.
fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    event: EventType,
    user: &User,
    group: GroupKey,
    rule: &str,
) -> Result<(), EngineError> {
    let Some(group) = groups::find_by_key(tx, change.org, group)? else { return Ok(()) };
    groups::touch_membership(tx, change, &group)?;
    let mut debug = Map::new();
    debug.insert("triggeredByGroupRuleId".to_owned(), json!(rule));
    change.by_the_system().record_with(tx, event, &[users::party(user), groups::party(&group)], debug)
}

/// Somebody takes a user out of a group: the rules that put them there leave them out from now on, or those would be
/// back at the next change.
pub(crate) fn exclude(tx: &mut Tx<'_>, change: &Change, user: &User, group: &Group) -> Result<(), EngineError> {
    let sql = format!(
        "{} JOIN group_rule_members m ON m.rule_key = r.rule_key WHERE r.org_key = $1 AND m.user_key = $2 \
         AND m.group_key = $3 AND r.status = $4",
        super::SELECT_RULE
    );
    let rules = tx.query(&sql, params![change.org, user.key, group.key, RuleStatus::Active.as_str()], read_rule)?;
    for rule in rules {
        insert_people(tx, rule.key, &[user.key])?;
        let targets = [users::party(user), party(&rule)];
        change.by_the_system().record(tx, EventType::GroupRuleExclude, &targets)?;
    }
    tx.execute("DELETE FROM group_rule_members WHERE user_key = $1 AND group_key = $2", params![user.key, group.key])?;
    Ok(())
}

/// A user as a rule sees them.
pub(super) struct Candidate<'a> {
    user: &'a User,
    profile: Map<String, Json>,
    groups: Vec<Group>,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(tx: &mut Tx<'_>, org: OrgKey, user: &'a User, with_groups: bool) -> Result<Self, EngineError> {
        Ok(Self {
            user,
            profile: serde_json::from_str(&user.profile_json)?,
            groups: if with_groups { groups::select_of_user(tx, org, user.key)? } else { Vec::new() },
        })
    }
}

impl Person for Candidate<'_> {
    fn attribute(&self, name: &str) -> Value {
        self.profile.get(name).map_or(Value::Null, Value::from)
    }

    fn internal_property(&self, name: &str) -> Value {
        match name {
            "id" => Value::Text(self.user.id.to_string()),
            "status" => Value::Text(self.user.status().as_str().to_owned()),
            _ => Value::Null,
        }
    }

    fn any_membership(&self, test: &mut dyn FnMut(Membership<'_>) -> bool) -> bool {
        self.groups.iter().any(|group| test(Membership { id: group.id.as_str(), name: &group.name }))
    }
}
