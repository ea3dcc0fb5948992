//! Rules on their way through all users of an org: an activated rule puts them where it says, a deleted one gives them up.
//!
//! The work is a row, which says how far it is, so a crash loses nothing. Users are looked at in reading transactions, and
//! written in small ones, so that no other write waits long.

use std::collections::{HashMap, HashSet};

use roster_model::expression::Expression;
use roster_model::group::rule::RuleStatus;
use roster_model::id::{GroupKey, GroupRuleKey, OrgKey, UserKey};
use roster_model::user::User;
use roster_model::user::status::UserStatus;

use super::DELETED;
use super::apply::{ActiveRules, Candidate, leave};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::{Store, params, users};

/// Users that one reading transaction looks at.
const PAGE: i64 = 500;

/// Users that one writing transaction changes: some milliseconds.
const WRITTEN_AT_ONCE: usize = 20;

/// A rule on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    rule: GroupRuleKey,
    org: OrgKey,
    last: UserKey,
    removes_members: bool,
}

/// What a page of users needs.
struct Look {
    /// Those whose memberships may have to change.
    users: Vec<UserKey>,
    /// The last user of the page.
    last: UserKey,
    /// Whether no user follows.
    done: bool,
}

/// Lets a rule go through all users of its org, from the first one on.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    org: OrgKey,
    rule: GroupRuleKey,
    removes_members: bool,
) -> Result<(), EngineError> {
    tx.execute("DELETE FROM group_rule_runs WHERE rule_key = $1", params![rule])?;
    tx.execute(
        "INSERT INTO group_rule_runs (rule_key, org_key, last_user_key, removes_members) VALUES ($1, $2, 0, $3)",
        params![rule, org, removes_members],
    )?;
    Ok(())
}

impl Store {
    /// Carries every rule that is on its way, in any org, to its end.
    ///
    /// # Errors
    /// If the database fails; what was done stays done.
    pub async fn finish_group_rule_runs(&self) -> Result<(), Error> {
        let all = "SELECT rule_key, org_key, last_user_key, removes_members FROM group_rule_runs";
        loop {
            let read = |row: &crate::engine::Row<'_>| {
                Ok(Run {
                    rule: GroupRuleKey(row.integer(0)?),
                    org: OrgKey(row.integer(1)?),
                    last: UserKey(row.integer(2)?),
                    removes_members: row.integer(3)? != 0,
                })
            };
            let runs = self.engine().read(move |tx| Ok(tx.query(all, &[], read)?)).await?;
            if runs.is_empty() {
                return Ok(());
            }
            for run in runs {
                self.advance(run).await?;
            }
        }
    }

    /// Takes a run one page on.
    async fn advance(&self, run: Run) -> Result<(), Error> {
        let change = self.system_change(run.org);
        let sql = "SELECT status FROM group_rules WHERE org_key = $1 AND rule_key = $2";
        let status = self
            .engine()
            .read(move |tx| Ok(tx.query_first(sql, params![run.org, run.rule], |row| row.text(0))?))
            .await?;
        if status.as_deref() == Some(DELETED) {
            return self.engine().write(move |tx| Ok(give_up(tx, &change, run)?)).await;
        }
        let look = self.engine().scan(move |tx| Ok(look(tx, run)?)).await?;
        let mut run = run;
        for users in look.users.chunks(WRITTEN_AT_ONCE) {
            let (users, change) = (users.to_vec(), change.clone());
            let last = users.last().copied().unwrap_or(run.last);
            let stands = self
                .engine()
                .write(move |tx| {
                    let stands = still_stands(tx, run)?;
                    if stands {
                        let rules = ActiveRules::load(tx, run.org)?;
                        for user in &users {
                            let Some(user) = users::lock(tx, *user)? else { continue };
                            rules.apply(tx, &change, &user)?;
                        }
                        move_to(tx, run, last)?;
                    }
                    Ok(stands)
                })
                .await?;
            if !stands {
                return Ok(());
            }
            run.last = last;
        }
        self.engine()
            .write(move |tx| {
                if still_stands(tx, run)? {
                    if look.done { end(tx, run)? } else { move_to(tx, run, look.last)? }
                }
                Ok(())
            })
            .await
    }
}

/// Finds out for whom of the next page the rule's memberships are not what it says. A rule that is no longer active has
/// nothing to do.
fn look(tx: &mut Tx<'_>, run: Run) -> Result<Look, EngineError> {
    let nothing = Look { users: Vec::new(), last: run.last, done: true };
    let sql = "SELECT expression FROM group_rules WHERE org_key = $1 AND rule_key = $2 AND status = $3";
    let active = RuleStatus::Active.as_str();
    let Some(text) = tx.query_first(sql, params![run.org, run.rule, active], |row| row.text(0))? else {
        return Ok(nothing);
    };
    let expression = Expression::parse(&text)
        .map_err(|_| EngineError::Corrupt { what: "rule's expression", value: text.clone() })?;
    let page = users::select_natural(tx, run.org, run.last.0, PAGE)?;
    let Some(last) = page.last().map(|user| user.key) else { return Ok(nothing) };
    let targets = "SELECT group_key FROM group_rule_targets WHERE rule_key = $1";
    let targets: HashSet<GroupKey> =
        tx.query(targets, params![run.rule], |row| row.integer(0).map(GroupKey))?.into_iter().collect();
    let excluded = "SELECT user_key FROM group_rule_exclusions WHERE rule_key = $1";
    let excluded: HashSet<UserKey> =
        tx.query(excluded, params![run.rule], |row| row.integer(0).map(UserKey))?.into_iter().collect();
    let held = held_in(tx, run, last)?;
    let none = HashSet::new();
    let differs = |tx: &mut Tx<'_>, user: &User| -> Result<bool, EngineError> {
        let candidate = Candidate::new(tx, run.org, user, expression.tests_groups())?;
        let wants = !excluded.contains(&user.key) && expression.matches(&candidate);
        Ok(held.get(&user.key).unwrap_or(&none) != if wants { &targets } else { &none })
    };
    let mut found = Vec::new();
    for user in page.iter().filter(|user| user.status() != UserStatus::Deprovisioned) {
        if differs(tx, user)? {
            found.push(user.key);
        }
    }
    Ok(Look { users: found, last, done: (page.len() as i64) < PAGE })
}

/// The groups in which the rule holds users of the next page.
fn held_in(tx: &mut Tx<'_>, run: Run, last: UserKey) -> Result<HashMap<UserKey, HashSet<GroupKey>>, EngineError> {
    let sql =
        "SELECT user_key, group_key FROM group_rule_members WHERE rule_key = $1 AND user_key > $2 AND user_key <= $3";
    let rows = tx.query(sql, params![run.rule, run.last, last], |row| {
        Ok((UserKey(row.integer(0)?), GroupKey(row.integer(1)?)))
    })?;
    let mut held: HashMap<UserKey, HashSet<GroupKey>> = HashMap::new();
    for (user, group) in rows {
        held.entry(user).or_default().insert(group);
    }
    Ok(held)
}

/// Whether the run is where it was when its page was looked at: another node, or a new activation, may have moved it.
fn still_stands(tx: &mut Tx<'_>, run: Run) -> Result<bool, EngineError> {
    let sql = "SELECT last_user_key FROM group_rule_runs WHERE rule_key = $1";
    let last = tx.query_first_for_update(sql, params![run.rule], |row| row.integer(0).map(UserKey))?;
    Ok(last == Some(run.last))
}

fn move_to(tx: &mut Tx<'_>, run: Run, last: UserKey) -> Result<(), EngineError> {
    tx.execute("UPDATE group_rule_runs SET last_user_key = $1 WHERE rule_key = $2", params![last, run.rule])?;
    Ok(())
}

fn end(tx: &mut Tx<'_>, run: Run) -> Result<(), EngineError> {
    tx.execute("DELETE FROM group_rule_runs WHERE rule_key = $1", params![run.rule])?;
    Ok(())
}

/// Gives up some memberships of a deleted rule, and the rule itself after the last.
fn give_up(tx: &mut Tx<'_>, change: &Change, run: Run) -> Result<(), EngineError> {
    let sql = "SELECT user_key, group_key FROM group_rule_members WHERE rule_key = $1 ORDER BY user_key LIMIT $2";
    let held = tx.query(sql, params![run.rule, WRITTEN_AT_ONCE as i64], |row| {
        Ok((UserKey(row.integer(0)?), GroupKey(row.integer(1)?)))
    })?;
    let id = "SELECT id FROM group_rules WHERE org_key = $1 AND rule_key = $2";
    let id = tx.query_first(id, params![run.org, run.rule], |row| row.text(0))?.unwrap_or_default();
    let rules = ActiveRules::load(tx, run.org)?;
    for (user, group) in &held {
        let Some(user) = users::lock(tx, *user)? else { continue };
        if run.removes_members {
            leave(tx, change, &user, *group, (run.rule, &id))?;
            rules.apply(tx, change, &user)?;
        } else {
            tx.execute(
                "DELETE FROM group_rule_members WHERE user_key = $1 AND group_key = $2 AND rule_key = $3",
                params![user.key, *group, run.rule],
            )?;
        }
    }
    if held.len() < WRITTEN_AT_ONCE {
        for table in ["group_rule_targets", "group_rule_exclusions", "group_rule_runs"] {
            tx.execute(&format!("DELETE FROM {table} WHERE rule_key = $1"), params![run.rule])?;
        }
        tx.execute("DELETE FROM group_rules WHERE org_key = $1 AND rule_key = $2", params![run.org, run.rule])?;
    }
    Ok(())
}
