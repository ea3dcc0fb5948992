//! Administrators' roles: of users, and of groups for their members.
//!
//! Invariants: an org keeps an active super administrator, since nobody else could make one; a role that was narrowed
//! never comes to reach all by the loss of its last target; whoever is deactivated has no role of their own.

mod permission;
mod targets;

use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::event::EventType;
use roster_model::group::GroupType;
use roster_model::id::{GroupKey, OrgKey, RoleAssignmentId, RoleAssignmentKey, UserKey};
use roster_model::role::RoleType;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::status::UserStatus;
use serde_json::{Map, json};

pub use permission::{HeldRole, Subject};
pub use targets::{ApplicationTarget, RoleTargets};

use permission::holds_super_administrator;
pub(crate) use permission::{held_by, held_role};
pub(crate) use targets::{remove_application, remove_target_group};

use crate::cache::Invalidation;
use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::groups::Group;
use crate::{Store, groups, params, users};

/// Members that a group with a role may have (E0000193).
const MAX_GROUP_MEMBERS: i64 = 5_000;

/// Whose roles a path is about, as it names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// A user.
    User(String),
    /// A group.
    Group(String),
}

/// A role that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its place in the store.
    pub(crate) key: RoleAssignmentKey,
    /// Its id.
    pub id: RoleAssignmentId,
    /// Which role.
    pub role_type: RoleType,
    /// The id of the user or group that it was given to.
    pub assignee: Assignee,
    /// When it was given.
    pub created: Timestamp,
    /// When its targets last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// listAssignedRolesForUser and listGroupAssignedRoles, in the order they were given. A user's are their own and those
    /// of their groups.
    ///
    /// # Errors
    /// If there is no such user or group.
    pub async fn list_assigned_roles(&self, org: OrgKey, assignee: Assignee) -> Result<Vec<RoleAssignment>, Error> {
        self.engine()
            .read(move |tx| {
                let holder = Holder::find(tx, org, &assignee)?;
                Ok(select_of(tx, org, &holder)?)
            })
            .await
    }

    /// assignRoleToUser and assignRoleToGroup.
    ///
    /// # Errors
    /// If there is no such user or group, they have the role, or cannot have one.
    pub async fn assign_role(
        &self,
        change: &Change,
        assignee: Assignee,
        role_type: RoleType,
    ) -> Result<RoleAssignment, Error> {
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                let holder = Holder::find_for_update(tx, change.org, &assignee)?;
                holder.check(tx)?;
                insert(tx, &change, &holder, role_type)
            })
            .await
    }

    /// getUserAssignedRole and getGroupAssignedRole.
    ///
    /// # Errors
    /// If there is no such user, group or role.
    pub async fn get_assigned_role(&self, org: OrgKey, assignee: Assignee, id: &str) -> Result<RoleAssignment, Error> {
        let id = id.to_owned();
        self.engine()
            .read(move |tx| {
                let holder = Holder::find(tx, org, &assignee)?;
                find(tx, org, &holder, &id)
            })
            .await
    }

    /// unassignRoleFromUser and unassignRoleFromGroup. A role that a user has by a group is taken from the group.
    ///
    /// # Errors
    /// If there is no such user, group or role, or it is the last super administrator's.
    pub async fn unassign_role(&self, change: &Change, assignee: Assignee, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let holder = Holder::find_for_update(tx, change.org, &assignee)?;
                let role = find_own(tx, change.org, &holder, &id)?;
                delete(tx, &change, &holder, &role)?;
                if role.role_type == RoleType::SuperAdmin { keep_a_super_administrator(tx, change.org) } else { Ok(()) }
            })
            .await
    }
}

/// Who has a role.
pub(super) enum Holder {
    User(Box<User>),
    Group(Group),
}

impl Holder {
    fn find(tx: &mut Tx<'_>, org: OrgKey, assignee: &Assignee) -> Result<Self, Error> {
        Ok(match assignee {
            Assignee::User(asked) => Self::User(Box::new(users::find(tx, org, asked)?)),
            Assignee::Group(id) => Self::Group(groups::find(tx, org, id)?),
        })
    }

    fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, assignee: &Assignee) -> Result<Self, Error> {
        Ok(match assignee {
            Assignee::User(asked) => Self::User(Box::new(users::find_for_update(tx, org, asked)?)),
            Assignee::Group(id) => Self::Group(groups::find_for_update(tx, org, id)?),
        })
    }

    fn user_key(&self) -> Option<UserKey> {
        match self {
            Self::User(user) => Some(user.key),
            Self::Group(_) => None,
        }
    }

    fn group_key(&self) -> Option<GroupKey> {
        match self {
            Self::User(_) => None,
            Self::Group(group) => Some(group.key),
        }
    }

    fn party(&self) -> Party {
        match self {
            Self::User(user) => users::party(user),
            Self::Group(group) => groups::party(group),
        }
    }

    fn granted(&self) -> EventType {
        match self {
            Self::User(_) => EventType::UserPrivilegeGrant,
            Self::Group(_) => EventType::GroupPrivilegeGrant,
        }
    }

    fn revoked(&self) -> EventType {
        match self {
            Self::User(_) => EventType::UserPrivilegeRevoke,
            Self::Group(_) => EventType::GroupPrivilegeRevoke,
        }
    }

    /// Refuses those who cannot have a role: deactivated users, Everyone, and groups with a rule or too many members.
    fn check(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let group = match self {
            Self::User(user) if user.status() == UserStatus::Deprovisioned => {
                return Err(Problem::new(ErrorCode::OperationForbidden).into());
            }
            Self::User(_) => return Ok(()),
            Self::Group(group) => group,
        };
        if group.group_type == GroupType::BuiltIn {
            return Err(Problem::new(ErrorCode::RoleForBuiltInGroup).about(group.name.clone()).into());
        }
        let ruled = "SELECT 1 FROM group_rule_targets WHERE group_key = $1 LIMIT 1";
        if tx.query_first(ruled, params![group.key], |_| Ok(()))?.is_some() {
            return Err(Problem::new(ErrorCode::RoleForRuledGroup).about(group.name.clone()).into());
        }
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM group_members WHERE group_key = $1 LIMIT $2) members";
        let members = tx.query_first(sql, params![group.key, MAX_GROUP_MEMBERS + 1], |row| row.integer(0))?;
        if members.is_some_and(|members| members > MAX_GROUP_MEMBERS) {
            return Err(Problem::new(ErrorCode::RoleForLargeGroup).about(group.name.clone()).into());
        }
        Ok(())
    }
}

/// Gives a role to a user or a group that was found for update.
fn insert(tx: &mut Tx<'_>, change: &Change, holder: &Holder, role_type: RoleType) -> Result<RoleAssignment, Error> {
    let prefix = match holder {
        Holder::User(_) => RoleAssignmentId::OF_USER,
        Holder::Group(_) => RoleAssignmentId::OF_GROUP,
    };
    let id = RoleAssignmentId::new(prefix, change.id_seed());
    let inserted = tx.query_first(
        "INSERT INTO role_assignments (org_key, id, type, user_key, group_key, created, last_updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING assignment_key",
        params![change.org, &id, role_type.as_str(), holder.user_key(), holder.group_key(), change.now, change.now],
        |row| row.integer(0),
    )?;
    if inserted.is_none() {
        return Err(Problem::new(ErrorCode::RoleAlreadyAssigned).into());
    }
    let role = find_own(tx, change.org, holder, id.as_str())?;
    tx.invalidate(Invalidation::ApiTokens);
    record(tx, change, holder.granted(), holder, &role)?;
    Ok(role)
}

/// Makes a user a super administrator: the first one of an org.
pub(crate) fn insert_super_administrator(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), Error> {
    insert(tx, change, &Holder::User(Box::new(user.clone())), RoleType::SuperAdmin).map(|_| ())
}

fn delete(tx: &mut Tx<'_>, change: &Change, holder: &Holder, role: &RoleAssignment) -> Result<(), EngineError> {
    tx.execute("DELETE FROM role_group_targets WHERE assignment_key = $1", params![role.key])?;
    tx.execute("DELETE FROM role_application_targets WHERE assignment_key = $1", params![role.key])?;
    tx.execute("DELETE FROM role_assignments WHERE assignment_key = $1", params![role.key])?;
    tx.invalidate(Invalidation::ApiTokens);
    record(tx, change, holder.revoked(), holder, role)
}

/// Takes every role that a user has of their own.
pub(crate) fn remove_user(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    let sql = select("WHERE r.org_key = $1 AND r.user_key = $2");
    let roles = tx.query(&sql, params![change.org, user.key], read_role)?;
    if roles.is_empty() {
        return Ok(());
    }
    let holder = Holder::User(Box::new(user.clone()));
    roles.iter().try_for_each(|role| delete(tx, change, &holder, role))
}

/// Takes every role of a group that is being deleted, and what other roles were narrowed to it.
pub(crate) fn remove_group(tx: &mut Tx<'_>, change: &Change, group: &Group) -> Result<(), Error> {
    let sql = select("WHERE r.org_key = $1 AND r.group_key = $2");
    let roles = tx.query(&sql, params![change.org, group.key], read_role)?;
    let holder = Holder::Group(group.clone());
    roles.iter().try_for_each(|role| delete(tx, change, &holder, role))?;
    remove_target_group(tx, change, group.key)?;
    if roles.iter().any(|role| role.role_type == RoleType::SuperAdmin) {
        keep_a_super_administrator(tx, change.org)?;
    }
    Ok(())
}

/// Says that the members of a group changed: with a role of the group, so do those who have it. Answers its roles.
pub(crate) fn members_changed(tx: &mut Tx<'_>, group: GroupKey) -> Result<Vec<RoleType>, EngineError> {
    let sql = "SELECT type FROM role_assignments WHERE group_key = $1";
    let types = tx.query(sql, params![group], |row| read_type(row, 0))?;
    if !types.is_empty() {
        tx.invalidate(Invalidation::ApiTokens);
    }
    Ok(types)
}

/// Says that a member of a group left, unless it was the last super administrator.
pub(crate) fn member_left(tx: &mut Tx<'_>, change: &Change, group: GroupKey) -> Result<(), Error> {
    let roles = members_changed(tx, group)?;
    if roles.contains(&RoleType::SuperAdmin) { keep_a_super_administrator(tx, change.org) } else { Ok(()) }
}

/// Refuses a group rule for a group with a role: a profile must not make administrators.
pub(crate) fn refuse_rules(tx: &mut Tx<'_>, group: &Group) -> Result<(), Error> {
    let sql = "SELECT 1 FROM role_assignments WHERE group_key = $1 LIMIT 1";
    match tx.query_first(sql, params![group.key], |_| Ok(()))? {
        Some(()) => Err(Problem::new(ErrorCode::RoleForRuledGroup).about(group.name.clone()).into()),
        None => Ok(()),
    }
}

/// Refuses a change that has left this user, the last super administrator, without the use of that role.
pub(crate) fn keep_another_super_administrator(tx: &mut Tx<'_>, org: OrgKey, user: UserKey) -> Result<(), Error> {
    if holds_super_administrator(tx, org, user)? { keep_a_super_administrator(tx, org) } else { Ok(()) }
}

/// Refuses a change that has left the org without an active super administrator (behaviour.md C.6).
fn keep_a_super_administrator(tx: &mut Tx<'_>, org: OrgKey) -> Result<(), Error> {
    let role = RoleType::SuperAdmin.as_str();
    // Two who take each other's role come one after the other.
    let all = "SELECT assignment_key FROM role_assignments WHERE org_key = $1 AND type = $2 ORDER BY assignment_key";
    tx.query_first_for_update(all, params![org, role], |row| row.integer(0))?;
    let active =
        "u.transitioning_to_status IS NULL AND u.status NOT IN ('STAGED', 'SUSPENDED', 'DEPROVISIONED') LIMIT 1";
    let own = format!(
        "SELECT 1 FROM role_assignments r JOIN users u ON u.user_key = r.user_key \
         WHERE r.org_key = $1 AND r.type = $2 AND {active}"
    );
    let by_group = format!(
        "SELECT 1 FROM role_assignments r JOIN group_members m ON m.group_key = r.group_key \
         JOIN users u ON u.user_key = m.user_key WHERE r.org_key = $1 AND r.type = $2 AND {active}"
    );
    for sql in [own, by_group] {
        if tx.query_first(&sql, params![org, role], |_| Ok(()))?.is_some() {
            return Ok(());
        }
    }
    Err(Problem::new(ErrorCode::AccessDenied).into())
}

fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    event: EventType,
    holder: &Holder,
    role: &RoleAssignment,
) -> Result<(), EngineError> {
    let member = if event == holder.granted() { "privilegeGranted" } else { "privilegeRevoked" };
    let debug = Map::from_iter([(member.to_owned(), json!(role.role_type.label()))]);
    change.record_with(tx, event, &[holder.party(), party(role)], debug)
}

fn party(role: &RoleAssignment) -> Party {
    Party {
        id: role.id.to_string(),
        kind: "ROLE".to_owned(),
        alternate_id: role.role_type.as_str().to_owned(),
        display_name: role.role_type.label().to_owned(),
    }
}

fn select(rest: &str) -> String {
    format!(
        "SELECT r.assignment_key, r.id, r.type, r.created, r.last_updated, u.id, g.id FROM role_assignments r \
         LEFT JOIN users u ON u.user_key = r.user_key LEFT JOIN groups g ON g.group_key = r.group_key {rest}"
    )
}

pub(super) fn read_type(row: &Row<'_>, column: usize) -> Result<RoleType, EngineError> {
    let text = row.text(column)?;
    RoleType::from_text(&text).ok_or(EngineError::Corrupt { what: "role type", value: text })
}

fn read_role(row: &Row<'_>) -> Result<RoleAssignment, EngineError> {
    let id = row.text(1)?;
    let assignee = match (row.optional_text(5)?, row.optional_text(6)?) {
        (Some(user), _) => Assignee::User(user),
        (None, Some(group)) => Assignee::Group(group),
        (None, None) => return Err(EngineError::Corrupt { what: "role assignee", value: id }),
    };
    Ok(RoleAssignment {
        key: RoleAssignmentKey(row.integer(0)?),
        id: RoleAssignmentId::from_text(&id),
        role_type: read_type(row, 2)?,
        assignee,
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
    })
}

fn select_of(tx: &mut Tx<'_>, org: OrgKey, holder: &Holder) -> Result<Vec<RoleAssignment>, EngineError> {
    match holder {
        Holder::User(user) => {
            let sql = select(
                "WHERE r.org_key = $1 AND (r.user_key = $2 OR r.group_key IN \
                 (SELECT m.group_key FROM group_members m WHERE m.user_key = $3)) ORDER BY r.assignment_key",
            );
            tx.query(&sql, params![org, user.key, user.key], read_role)
        }
        Holder::Group(group) => {
            let sql = select("WHERE r.org_key = $1 AND r.group_key = $2 ORDER BY r.assignment_key");
            tx.query(&sql, params![org, group.key], read_role)
        }
    }
}

fn not_assigned(id: &str) -> Error {
    Error::not_found(id, ResourceKind::RoleAssignment)
}

/// A role that a user has, be it by a group; or a group's.
fn find(tx: &mut Tx<'_>, org: OrgKey, holder: &Holder, id: &str) -> Result<RoleAssignment, Error> {
    let roles = select_of(tx, org, holder)?;
    roles.into_iter().find(|role| role.id.as_str() == id).ok_or_else(|| not_assigned(id))
}

/// A role that a user or group was given themselves.
fn find_own(tx: &mut Tx<'_>, org: OrgKey, holder: &Holder, id: &str) -> Result<RoleAssignment, Error> {
    let own = matches!(holder, Holder::User(_));
    let role = find(tx, org, holder, id)?;
    if own == matches!(role.assignee, Assignee::User(_)) { Ok(role) } else { Err(not_assigned(id)) }
}
