//! Whom the holder of a role may change.
//!
//! What an operation needs says `roster_model::role`; here is what it is done to. A super administrator reaches everything
//! and is never asked. Others reach no administrator but themselves (an organizational administrator reaches all but super
//! administrators) and no group that makes its members administrators, or they could make themselves more than they are.

use roster_model::id::{OrgKey, RoleAssignmentKey, UserKey};
use roster_model::role::{RoleType, Targets};

use super::read_type;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::{Store, applications, groups, params, users};

/// A role that somebody has, by themselves or by a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRole {
    key: RoleAssignmentKey,
    /// Which role.
    pub role_type: RoleType,
}

/// What an operation would change, as its request names it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The app in the path.
    pub application: Option<String>,
    /// The group in the path, or those that a new user is to join.
    pub groups: Vec<String>,
    /// The user in the path.
    pub user: Option<String>,
}

impl Store {
    /// Whether one of these roles of `caller` reaches what an operation would change. Of what is not there it says yes: the
    /// operation answers for that.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn reaches(
        &self,
        org: OrgKey,
        caller: UserKey,
        roles: Vec<HeldRole>,
        subject: Subject,
    ) -> Result<bool, Error> {
        self.engine()
            .read(move |tx| match reach(tx, org, caller, &roles, &subject) {
                Err(Error::NotFound { .. }) => Ok(true),
                reached => reached,
            })
            .await
    }
}

fn reach(tx: &mut Tx<'_>, org: OrgKey, caller: UserKey, roles: &[HeldRole], subject: &Subject) -> Result<bool, Error> {
    if let Some(id) = &subject.application {
        let application = applications::find(tx, org, id)?;
        return any(tx, roles, |tx, role| {
            let sql = "SELECT 1 FROM role_application_targets WHERE assignment_key = $1 AND name = $2 \
                 AND application_key IN (0, $3)";
            let found = tx.query_first(sql, params![role.key, &application.name, application.key], |_| Ok(()))?;
            Ok(found.is_some())
        });
    }
    if !subject.groups.is_empty() {
        return reach_groups(tx, org, roles, &subject.groups);
    }
    let Some(asked) = &subject.user else {
        return any(tx, roles, |_, _| Ok(false));
    };
    let user = users::find_key(tx, org, asked)?;
    if user == caller {
        return Ok(true);
    }
    let theirs = held_by(tx, org, user)?;
    let is_super = theirs.iter().any(|role| role.role_type == RoleType::SuperAdmin);
    let runs_org = roles.iter().any(|role| role.role_type == RoleType::OrgAdmin);
    if is_super || (!theirs.is_empty() && !runs_org) {
        return Ok(false);
    }
    any(tx, roles, |tx, role| {
        let sql = "SELECT 1 FROM role_group_targets t JOIN groups g ON g.group_key = t.group_key \
             WHERE t.assignment_key = $1 AND (g.type = 'BUILT_IN' OR EXISTS \
             (SELECT 1 FROM group_members m WHERE m.group_key = t.group_key AND m.user_key = $2)) LIMIT 1";
        Ok(tx.query_first(sql, params![role.key, user], |_| Ok(()))?.is_some())
    })
}

fn reach_groups(tx: &mut Tx<'_>, org: OrgKey, roles: &[HeldRole], ids: &[String]) -> Result<bool, Error> {
    for id in ids {
        let group = groups::find(tx, org, id)?;
        let makes_administrators = "SELECT 1 FROM role_assignments WHERE group_key = $1 LIMIT 1";
        if tx.query_first(makes_administrators, params![group.key], |_| Ok(()))?.is_some() {
            return Ok(false);
        }
        let reached = any(tx, roles, |tx, role| {
            let sql = "SELECT 1 FROM role_group_targets WHERE assignment_key = $1 AND group_key = $2";
            Ok(tx.query_first(sql, params![role.key, group.key], |_| Ok(()))?.is_some())
        })?;
        if !reached {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether one of the roles reaches all, or has a fitting target.
fn any(
    tx: &mut Tx<'_>,
    roles: &[HeldRole],
    fits: impl Fn(&mut Tx<'_>, &HeldRole) -> Result<bool, EngineError>,
) -> Result<bool, Error> {
    for role in roles {
        if !is_narrowed(tx, role)? || fits(tx, role)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_narrowed(tx: &mut Tx<'_>, role: &HeldRole) -> Result<bool, EngineError> {
    let sql = match role.role_type.targets() {
        Targets::None => return Ok(false),
        Targets::Groups => "SELECT 1 FROM role_group_targets WHERE assignment_key = $1 LIMIT 1",
        Targets::Applications => "SELECT 1 FROM role_application_targets WHERE assignment_key = $1 LIMIT 1",
    };
    Ok(tx.query_first(sql, params![role.key], |_| Ok(()))?.is_some())
}

/// The roles that a user has, by themselves and by their groups.
pub(crate) fn held_by(tx: &mut Tx<'_>, org: OrgKey, user: UserKey) -> Result<Vec<HeldRole>, EngineError> {
    let sql = "SELECT assignment_key, type FROM role_assignments WHERE org_key = $1 AND (user_key = $2 OR group_key IN \
         (SELECT m.group_key FROM group_members m WHERE m.user_key = $3)) ORDER BY assignment_key";
    let held = tx.query(sql, params![org, user, user], |row| held_role(row, 0))?;
    Ok(held.into_iter().flatten().collect())
}

/// The role in the columns `assignment_key` and `type` from `column` on; none where a join found none.
pub(crate) fn held_role(row: &Row<'_>, column: usize) -> Result<Option<HeldRole>, EngineError> {
    let Some(key) = row.optional_integer(column)? else { return Ok(None) };
    Ok(Some(HeldRole { key: RoleAssignmentKey(key), role_type: read_type(row, column + 1)? }))
}

/// Whether a user is a super administrator.
pub(super) fn holds_super_administrator(tx: &mut Tx<'_>, org: OrgKey, user: UserKey) -> Result<bool, EngineError> {
    Ok(held_by(tx, org, user)?.iter().any(|role| role.role_type == RoleType::SuperAdmin))
}
