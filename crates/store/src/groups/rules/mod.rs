//! Group rules: their operations. `apply.rs` has what they do to one user, `run.rs` how they reach all.
//!
//! Invariants: a membership is a rule's if and only if a row of `group_rule_members` says so, and it ends with the last such
//! row; a rule that is deleted keeps its row, as `DELETED` and out of sight, until its memberships are dealt with.

pub(crate) mod apply;
mod run;

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::expression::{Expression, Type};
use roster_model::filter::fold;
use roster_model::group::GroupType;
use roster_model::group::rule::{RuleInput, RuleStatus, expression_refused, expression_type};
use roster_model::id::{GroupKey, GroupRuleId, GroupRuleKey, OrgKey, UserKey};
use roster_model::timestamp::Timestamp;

use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Param, Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, roles, user_types, users};

/// The status of a rule that is gone for everybody, and not from its memberships.
const DELETED: &str = "DELETED";

/// The name that cursors of the list are signed over.
const RULE_LIST: &str = "group rules";

/// A group rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// Its place in the store.
    pub key: GroupRuleKey,
    /// Its id.
    pub id: GroupRuleId,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub status: RuleStatus,
    /// Its condition, as written.
    pub expression: String,
    /// The groups it puts users into, as given; some may be gone if it is invalid.
    pub group_ids: Vec<String>,
    /// Ids and names of those that are there.
    pub groups: Vec<(String, String)>,
    /// The ids of those it leaves out.
    pub excluded: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// listGroupRules: a page in the order the rules were made, of those with `keyword` in their name, in any letter case.
    ///
    /// # Errors
    /// For a cursor that is not of this list.
    pub async fn list_group_rules(
        &self,
        org: &Org,
        keyword: Option<&str>,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<GroupRule>, Error> {
        let start =
            after.map(|after| Cursor::decode(after, org, RULE_LIST)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, keyword) = (org.key, keyword.map(fold).unwrap_or_default());
        let rows = self
            .engine()
            .scan(move |tx| {
                let sql = format!(
                    "{SELECT_RULE} WHERE r.org_key = $1 AND r.rule_key > $2 AND r.status <> $3 ORDER BY r.rule_key"
                );
                let found = tx.query(&sql, params![key, start, DELETED], read_rule)?;
                let chosen = found.into_iter().filter(|rule| fold(&rule.name).contains(&keyword)).take(limit + 1);
                Ok(chosen.map(|rule| with_people(tx, rule)).collect::<Result<Vec<_>, EngineError>>()?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |rule| Cursor::at(rule.key.0).encode(org, RULE_LIST)))
    }

    /// getGroupRule.
    ///
    /// # Errors
    /// If there is no such rule.
    pub async fn get_group_rule(&self, org: OrgKey, id: &str) -> Result<GroupRule, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find(tx, org, &id)).await
    }

    /// createGroupRule: it is INACTIVE.
    ///
    /// # Errors
    /// If its condition cannot be, it names a group or user that is not there, or another rule has the name.
    pub async fn create_group_rule(&self, change: &Change, input: RuleInput) -> Result<GroupRule, Error> {
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                let named = check(tx, change.org, &input)?;
                let id = GroupRuleId::new(change.id_seed());
                tx.execute(
                    "INSERT INTO group_rules (org_key, id, name, name_key, status, expression, tests_groups, group_ids, created, \
                     last_updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    params![
                        change.org,
                        &id,
                        &input.name,
                        &fold(&input.name),
                        RuleStatus::Inactive.as_str(),
                        &input.text,
                        input.expression.tests_groups(),
                        &serde_json::to_string(&input.group_ids).map_err(EngineError::from)?,
                        change.now,
                        change.now
                    ],
                )
                .map_err(super::name_taken)?;
                let rule = find(tx, change.org, id.as_str())?;
                insert_people(tx, rule.key, &named.excluded)?;
                let rows: Vec<Param<'_>> = named.groups.iter().flat_map(|group| [rule.key.into(), (*group).into()]).collect();
                tx.insert_rows("INSERT INTO group_rule_targets (rule_key, group_key) VALUES", 2, &rows)?;
                change.record(tx, EventType::GroupRuleCreate, &[party(&rule)])?;
                find(tx, change.org, id.as_str())
            })
            .await
    }

    /// updateGroupRule: replaces name and conditions of an INACTIVE rule. What a rule does cannot be changed.
    ///
    /// # Errors
    /// If there is no such rule, it is not INACTIVE, has other groups, or as [`Store::create_group_rule`].
    pub async fn update_group_rule(&self, change: &Change, id: &str, input: RuleInput) -> Result<GroupRule, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let rule = find_for_update(tx, change.org, &id)?;
                rule.status.allow_update()?;
                if input.group_ids != rule.group_ids {
                    let rule = "The action of a rule cannot be updated";
                    return Err(Problem::violations(&[Violation::new("actions", rule)]).into());
                }
                let named = check(tx, change.org, &input)?;
                tx.execute(
                    "UPDATE group_rules SET name = $1, name_key = $2, expression = $3, tests_groups = $4, last_updated = $5 \
                     WHERE org_key = $6 AND rule_key = $7",
                    params![
                        &input.name,
                        &fold(&input.name),
                        &input.text,
                        input.expression.tests_groups(),
                        change.now,
                        change.org,
                        rule.key
                    ],
                )
                .map_err(super::name_taken)?;
                tx.execute("DELETE FROM group_rule_exclusions WHERE rule_key = $1", params![rule.key])?;
                insert_people(tx, rule.key, &named.excluded)?;
                change.record(tx, EventType::PolicyRuleUpdate, &[party(&rule)])?;
                find(tx, change.org, &id)
            })
            .await
    }

    /// deleteGroupRule. Those it put into its groups stay there, or leave with `removes_members`: in the background.
    ///
    /// # Errors
    /// If there is no such rule.
    pub async fn delete_group_rule(&self, change: &Change, id: &str, removes_members: bool) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let rule = find_for_update(tx, change.org, &id)?;
                // Its name is free at once: no rule is named as its id.
                tx.execute(
                    "UPDATE group_rules SET status = $1, name_key = $2 WHERE org_key = $3 AND rule_key = $4",
                    params![DELETED, &rule.id, change.org, rule.key],
                )?;
                run::begin(tx, change.org, rule.key, removes_members)?;
                Ok(change.record(tx, EventType::GroupRuleDelete, &[party(&rule)])?)
            })
            .await
    }

    /// activateGroupRule: decides for whoever changes from now on, and in the background for everybody.
    ///
    /// # Errors
    /// If there is no such rule, or it is INVALID.
    pub async fn activate_group_rule(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let rule = find_for_update(tx, change.org, &id)?;
                rule.status.allow_lifecycle()?;
                if rule.status == RuleStatus::Active {
                    return Ok(());
                }
                let expression = Expression::parse(&rule.expression).map_err(|error| expression_refused(&error))?;
                check_expression(tx, change.org, &expression)?;
                set_status(tx, &change, rule.key, RuleStatus::Active)?;
                run::begin(tx, change.org, rule.key, false)?;
                Ok(change.record(tx, EventType::GroupRuleActivate, &[party(&rule)])?)
            })
            .await
    }

    /// deactivateGroupRule: those it put into its groups stay there.
    ///
    /// # Errors
    /// If there is no such rule, or it is INVALID.
    pub async fn deactivate_group_rule(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let rule = find_for_update(tx, change.org, &id)?;
                rule.status.allow_lifecycle()?;
                if rule.status == RuleStatus::Inactive {
                    return Ok(());
                }
                set_status(tx, &change, rule.key, RuleStatus::Inactive)?;
                Ok(change.record(tx, EventType::GroupRuleDeactivate, &[party(&rule)])?)
            })
            .await
    }
}

const SELECT_RULE: &str = "SELECT r.rule_key, r.id, r.name, r.status, r.expression, r.group_ids, r.created, r.last_updated \
     FROM group_rules r";

fn read_rule(row: &Row<'_>) -> Result<GroupRule, EngineError> {
    let status = row.text(3)?;
    let known = RuleStatus::ALL.into_iter().find(|known| known.as_str() == status);
    Ok(GroupRule {
        key: GroupRuleKey(row.integer(0)?),
        id: GroupRuleId::from_text(&row.text(1)?),
        name: row.text(2)?,
        status: known.ok_or(EngineError::Corrupt { what: "rule status", value: status })?,
        expression: row.text(4)?,
        group_ids: serde_json::from_str(&row.text(5)?)?,
        groups: Vec::new(),
        excluded: Vec::new(),
        created: row.timestamp(6)?,
        last_updated: row.timestamp(7)?,
    })
}

/// The rule with its groups and those it leaves out.
fn with_people(tx: &mut Tx<'_>, mut rule: GroupRule) -> Result<GroupRule, EngineError> {
    let groups = "SELECT g.id, g.name FROM group_rule_targets t JOIN groups g ON g.group_key = t.group_key \
         WHERE t.rule_key = $1 ORDER BY g.group_key";
    rule.groups = tx.query(groups, params![rule.key], |row| Ok((row.text(0)?, row.text(1)?)))?;
    let excluded = "SELECT u.id FROM group_rule_exclusions x JOIN users u ON u.user_key = x.user_key \
         WHERE x.rule_key = $1 ORDER BY u.user_key";
    rule.excluded = tx.query(excluded, params![rule.key], |row| row.text(0))?;
    Ok(rule)
}

fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<GroupRule, Error> {
    let sql = format!("{SELECT_RULE} WHERE r.org_key = $1 AND r.id = $2 AND r.status <> $3");
    let found = tx.query_first(&sql, params![org, id, DELETED], read_rule)?;
    let rule = found.ok_or_else(|| Error::not_found(id, ResourceKind::GroupRule))?;
    Ok(with_people(tx, rule)?)
}

fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<GroupRule, Error> {
    let sql = format!("{SELECT_RULE} WHERE r.org_key = $1 AND r.id = $2 AND r.status <> $3");
    let found = tx.query_first_for_update(&sql, params![org, id, DELETED], read_rule)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::GroupRule))
}

fn set_status(tx: &mut Tx<'_>, change: &Change, rule: GroupRuleKey, status: RuleStatus) -> Result<(), EngineError> {
    tx.execute(
        "UPDATE group_rules SET status = $1, last_updated = $2 WHERE org_key = $3 AND rule_key = $4",
        params![status.as_str(), change.now, change.org, rule],
    )?;
    Ok(())
}

fn insert_people(tx: &mut Tx<'_>, rule: GroupRuleKey, people: &[UserKey]) -> Result<(), EngineError> {
    let rows: Vec<Param<'_>> = people.iter().flat_map(|user| [rule.into(), (*user).into()]).collect();
    tx.insert_rows("INSERT INTO group_rule_exclusions (rule_key, user_key) VALUES", 2, &rows)
}

fn party(rule: &GroupRule) -> Party {
    Party {
        id: rule.id.to_string(),
        kind: "GroupRule".to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: rule.name.clone(),
    }
}

/// What a rule names.
struct Named {
    groups: Vec<GroupKey>,
    excluded: Vec<UserKey>,
}

/// Finds what a rule names, and checks that its condition can be.
fn check(tx: &mut Tx<'_>, org: OrgKey, input: &RuleInput) -> Result<Named, Error> {
    check_expression(tx, org, &input.expression)?;
    let mut named = Named { groups: Vec::new(), excluded: Vec::new() };
    for id in &input.group_ids {
        // Kept from being deleted until the rule is there, so that it hears of it.
        let group = super::find_for_update(tx, org, id)?;
        if group.group_type == GroupType::BuiltIn {
            let rule = "Users cannot be assigned to a group that is built in";
            return Err(Problem::violations(&[Violation::new("actions.assignUserToGroups.groupIds", rule)]).into());
        }
        roles::refuse_rules(tx, &group)?;
        named.groups.push(group.key);
    }
    for id in &input.excluded {
        let user = users::find_for_update(tx, org, id)?.key;
        if !named.excluded.contains(&user) {
            named.excluded.push(user);
        }
    }
    Ok(named)
}

/// Refuses a condition that reads an attribute which no user type has, asks about a group that is not there, or is none.
fn check_expression(tx: &mut Tx<'_>, org: OrgKey, expression: &Expression) -> Result<(), Error> {
    let types = user_types::select_all(tx, org)?;
    let type_of = |name: &str| {
        let known = types.iter().filter_map(|it| it.schema.attribute_type(name)).map(expression_type);
        known.reduce(|one, other| if one == other { one } else { Type::Any })
    };
    expression.check(type_of).map_err(|error| expression_refused(&error))?;
    for id in expression.group_ids() {
        super::find(tx, org, id)?;
    }
    Ok(())
}

/// Ends what rules have to do with a group that is being deleted: those that name it can do nothing any more. Rules that ask
/// for names of groups look at everybody again.
pub(super) fn forget_group(tx: &mut Tx<'_>, change: &Change, group: GroupKey, id: &str) -> Result<(), Error> {
    for rule in active_or_inactive(tx, change.org)? {
        let asks = || Expression::parse(&rule.expression).is_ok_and(|it| it.group_ids().contains(&id));
        if rule.group_ids.iter().any(|named| named == id) || asks() {
            invalidate(tx, change, &rule)?;
        }
    }
    tx.execute("DELETE FROM group_rule_targets WHERE group_key = $1", params![group])?;
    tx.execute("DELETE FROM group_rule_members WHERE group_key = $1", params![group])?;
    run_those_that_test_groups(tx, change.org)?;
    Ok(())
}

/// Makes rules invalid that read an attribute which no user type has any more.
pub(crate) fn forget_attributes(tx: &mut Tx<'_>, change: &Change, removed: &[String]) -> Result<(), Error> {
    if removed.is_empty() {
        return Ok(());
    }
    for rule in active_or_inactive(tx, change.org)? {
        let Ok(expression) = Expression::parse(&rule.expression) else { continue };
        let reads = expression.attributes().iter().any(|name| removed.iter().any(|removed| removed == name));
        if reads && check_expression(tx, change.org, &expression).is_err() {
            invalidate(tx, change, &rule)?;
        }
    }
    Ok(())
}

fn active_or_inactive(tx: &mut Tx<'_>, org: OrgKey) -> Result<Vec<GroupRule>, EngineError> {
    let sql = format!("{SELECT_RULE} WHERE r.org_key = $1 AND r.status IN ($2, $3) ORDER BY r.rule_key");
    tx.query(&sql, params![org, RuleStatus::Active.as_str(), RuleStatus::Inactive.as_str()], read_rule)
}

fn invalidate(tx: &mut Tx<'_>, change: &Change, rule: &GroupRule) -> Result<(), EngineError> {
    set_status(tx, change, rule.key, RuleStatus::Invalid)?;
    change.record(tx, EventType::GroupRuleInvalidate, &[party(rule)])
}

/// Begins runs of the active rules that ask for groups: the name of one has changed, or it is gone.
pub(super) fn run_those_that_test_groups(tx: &mut Tx<'_>, org: OrgKey) -> Result<(), EngineError> {
    let sql = "SELECT rule_key FROM group_rules WHERE org_key = $1 AND status = $2 AND tests_groups = 1";
    let rules = tx.query(sql, params![org, RuleStatus::Active.as_str()], |row| row.integer(0).map(GroupRuleKey))?;
    rules.into_iter().try_for_each(|rule| run::begin(tx, org, rule, false))
}

/// Ends what rules have to do with a user who is being erased.
pub(super) fn remove_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM group_rule_exclusions WHERE user_key = $1", params![user])?;
    tx.execute("DELETE FROM group_rule_members WHERE user_key = $1", params![user])?;
    Ok(())
}
