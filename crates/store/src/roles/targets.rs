//! What a role is narrowed to: groups, or apps. The first target narrows it; the last one cannot be removed, since without
//! any a role reaches all.

use roster_model::application;
use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use roster_model::id::{ApplicationKey, GroupKey, OrgKey, RoleAssignmentKey};
use roster_model::role::Targets;

use super::{Assignee, Holder, RoleAssignment, delete, find, find_own, read_role, record, select};
use crate::applications::Application;
use crate::change::Change;
use crate::cursor::{Cursor, Page};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::groups::Group;
use crate::orgs::Org;
use crate::{Store, applications, groups, params};

/// An app target.
#[derive(Debug, Clone, PartialEq)]
pub enum ApplicationTarget {
    /// Every app of this name.
    Catalog(String),
    /// One app.
    Instance(Box<Application>),
}

/// The targets of a role.
#[derive(Debug, Clone, PartialEq)]
pub enum RoleTargets {
    /// Groups.
    Groups(Vec<Group>),
    /// Apps.
    Applications(Vec<ApplicationTarget>),
}

impl Store {
    /// listGroupTargetsForRole and listGroupTargetsForGroupRole: a page in the order the groups were made.
    ///
    /// # Errors
    /// If there is no such user, group or role, the role has no groups as targets, or the cursor is not of this list.
    pub async fn list_group_targets(
        &self,
        org: &Org,
        assignee: Assignee,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Group>, Error> {
        let list = format!("group targets {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, id) = (org.key, id.to_owned());
        let rows = self
            .engine()
            .read(move |tx| {
                let holder = Holder::find(tx, key, &assignee)?;
                let role = find(tx, key, &holder, &id)?;
                check_targets(&role, Targets::Groups)?;
                let rows = groups_of(tx, role.key)?.into_iter().filter(|group| group.key.0 > start);
                Ok(rows.take(limit + 1).collect())
            })
            .await?;
        Ok(Page::cut(rows, limit, |group: &Group| Cursor::at(group.key.0).encode(org, &list)))
    }

    /// assignGroupTargetToUserRole and assignGroupTargetToGroupAdminRole. A target that it has already changes nothing.
    ///
    /// # Errors
    /// If there is no such user, group or role, or the role has no groups as targets.
    pub async fn assign_group_target(
        &self,
        change: &Change,
        assignee: Assignee,
        id: &str,
        group: &str,
    ) -> Result<(), Error> {
        let (change, id, group) = (change.clone(), id.to_owned(), group.to_owned());
        self.engine()
            .write(move |tx| {
                let (holder, role) = find_to_change(tx, &change, &assignee, &id)?;
                let group = groups::find_for_update(tx, change.org, &group)?;
                check_targets(&role, Targets::Groups)?;
                let sql =
                    "INSERT INTO role_group_targets (assignment_key, group_key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                let added = tx.execute(sql, params![role.key, group.key])?;
                if added > 0 { grant(tx, &change, &holder, &role) } else { Ok(()) }
            })
            .await
    }

    /// unassignGroupTargetFromUserAdminRole and unassignGroupTargetFromGroupAdminRole. What is no target changes nothing.
    ///
    /// # Errors
    /// If there is no such user, group or role, the role has no groups as targets, or it is the last one.
    pub async fn unassign_group_target(
        &self,
        change: &Change,
        assignee: Assignee,
        id: &str,
        group: &str,
    ) -> Result<(), Error> {
        let (change, id, group) = (change.clone(), id.to_owned(), group.to_owned());
        self.engine()
            .write(move |tx| {
                let (holder, role) = find_to_change(tx, &change, &assignee, &id)?;
                let group = groups::find(tx, change.org, &group)?;
                check_targets(&role, Targets::Groups)?;
                let sql = "DELETE FROM role_group_targets WHERE assignment_key = $1 AND group_key = $2";
                if tx.execute(sql, params![role.key, group.key])? == 0 {
                    return Ok(());
                }
                keep_a_target(tx, &role)?;
                revoke(tx, &change, &holder, &role)
            })
            .await
    }

    /// listApplicationTargetsForApplicationAdministratorRoleForUser and …ForGroup: apps as a whole first, each kind by name.
    ///
    /// # Errors
    /// If there is no such user, group or role, the role has no apps as targets, or the cursor is not of this list.
    pub async fn list_application_targets(
        &self,
        org: &Org,
        assignee: Assignee,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<ApplicationTarget>, Error> {
        let list = format!("app targets {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, id) = (org.key, id.to_owned());
        let rows = self
            .engine()
            .read(move |tx| {
                let holder = Holder::find(tx, key, &assignee)?;
                let role = find(tx, key, &holder, &id)?;
                check_targets(&role, Targets::Applications)?;
                let rows = applications_of(tx, role.key)?;
                // A role has few of them, so a place in the list is good enough a cursor.
                let numbered = (1..).zip(rows).filter(|(place, _)| *place > start);
                Ok(numbered.take(limit + 1).collect())
            })
            .await?;
        let page: Page<(i64, ApplicationTarget)> =
            Page::cut(rows, limit, |(place, _)| Cursor::at(*place).encode(org, &list));
        Ok(page.map(|(_, target)| target))
    }

    /// assignAllAppsAsTargetToRoleForUser: the role reaches all apps again.
    ///
    /// # Errors
    /// If there is no such user or role, or the role has no apps as targets.
    pub async fn assign_all_applications(&self, change: &Change, assignee: Assignee, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let (holder, role) = find_to_change(tx, &change, &assignee, &id)?;
                check_targets(&role, Targets::Applications)?;
                let sql = "DELETE FROM role_application_targets WHERE assignment_key = $1";
                let removed = tx.execute(sql, params![role.key])?;
                if removed > 0 { grant(tx, &change, &holder, &role) } else { Ok(()) }
            })
            .await
    }

    /// assignAppTargetToAdminRoleForUser and …ForGroup (every app of a name, in place of single ones), and
    /// assignAppInstanceTargetToAppAdminRoleForUser and …ForGroup (one app). What it reaches already changes nothing.
    ///
    /// # Errors
    /// If there is no such user, group, role or app, or the role has no apps as targets.
    pub async fn assign_application_target(
        &self,
        change: &Change,
        assignee: Assignee,
        id: &str,
        name: &str,
        instance: Option<&str>,
    ) -> Result<(), Error> {
        let (change, id, name, instance) =
            (change.clone(), id.to_owned(), name.to_owned(), instance.map(str::to_owned));
        self.engine()
            .write(move |tx| {
                let (holder, role) = find_to_change(tx, &change, &assignee, &id)?;
                let application = find_target(tx, change.org, &name, instance.as_deref())?;
                check_targets(&role, Targets::Applications)?;
                let reached = "SELECT 1 FROM role_application_targets WHERE assignment_key = $1 AND name = $2 \
                     AND application_key IN (0, $3)";
                if tx.query_first(reached, params![role.key, &name, application], |_| Ok(()))?.is_some() {
                    return Ok(());
                }
                if application == WHOLE {
                    let singles = "DELETE FROM role_application_targets WHERE assignment_key = $1 AND name = $2";
                    tx.execute(singles, params![role.key, &name])?;
                }
                tx.execute(
                    "INSERT INTO role_application_targets (assignment_key, name, application_key) VALUES ($1, $2, $3)",
                    params![role.key, &name, application],
                )?;
                grant(tx, &change, &holder, &role)
            })
            .await
    }

    /// unassignAppTargetFromAppAdminRoleForUser, unassignAppInstanceTargetFromAdminRoleForUser and the like for groups. What
    /// is no target changes nothing.
    ///
    /// # Errors
    /// If there is no such user, group, role or app, the role has no apps as targets, or it is the last one.
    pub async fn unassign_application_target(
        &self,
        change: &Change,
        assignee: Assignee,
        id: &str,
        name: &str,
        instance: Option<&str>,
    ) -> Result<(), Error> {
        let (change, id, name, instance) =
            (change.clone(), id.to_owned(), name.to_owned(), instance.map(str::to_owned));
        self.engine()
            .write(move |tx| {
                let (holder, role) = find_to_change(tx, &change, &assignee, &id)?;
                let application = find_target(tx, change.org, &name, instance.as_deref())?;
                check_targets(&role, Targets::Applications)?;
                let sql = "DELETE FROM role_application_targets WHERE assignment_key = $1 AND name = $2 \
                     AND application_key = $3";
                if tx.execute(sql, params![role.key, &name, application])? == 0 {
                    return Ok(());
                }
                keep_a_target(tx, &role)?;
                revoke(tx, &change, &holder, &role)
            })
            .await
    }

    /// The targets of each of these roles that may have some, for `expand`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn targets_of(&self, roles: &[RoleAssignment]) -> Result<Vec<Option<RoleTargets>>, Error> {
        let roles: Vec<_> = roles.iter().map(|role| (role.key, role.role_type.targets())).collect();
        self.engine()
            .read(move |tx| {
                let targets = |(key, targets): &(RoleAssignmentKey, Targets)| {
                    Ok(match targets {
                        Targets::None => None,
                        Targets::Groups => Some(RoleTargets::Groups(groups_of(tx, *key)?)),
                        Targets::Applications => Some(RoleTargets::Applications(applications_of(tx, *key)?)),
                    })
                };
                roles.iter().map(targets).collect()
            })
            .await
    }
}

/// Stands for every app of a name.
const WHOLE: ApplicationKey = ApplicationKey(0);

fn find_to_change(
    tx: &mut Tx<'_>,
    change: &Change,
    assignee: &Assignee,
    id: &str,
) -> Result<(Holder, RoleAssignment), Error> {
    let holder = Holder::find_for_update(tx, change.org, assignee)?;
    let role = find_own(tx, change.org, &holder, id)?;
    Ok((holder, role))
}

fn check_targets(role: &RoleAssignment, wanted: Targets) -> Result<(), Problem> {
    if role.role_type.targets() == wanted { Ok(()) } else { Err(Problem::new(ErrorCode::WrongRoleType)) }
}

/// What a path names as an app target: a name that a template or an app of the org has, or one app of that name.
fn find_target(tx: &mut Tx<'_>, org: OrgKey, name: &str, instance: Option<&str>) -> Result<ApplicationKey, Error> {
    let known = application::is_template(name) || applications::any_named(tx, org, name)?;
    if !known {
        return Err(Error::not_found(name, ResourceKind::CatalogApplication));
    }
    let Some(id) = instance else { return Ok(WHOLE) };
    let found = applications::find(tx, org, id)?;
    if found.name == name { Ok(found.key) } else { Err(Error::not_found(id, ResourceKind::Application)) }
}

/// Refuses a removal that has left a role without targets.
fn keep_a_target(tx: &mut Tx<'_>, role: &RoleAssignment) -> Result<(), Error> {
    if has_targets(tx, role)? {
        return Ok(());
    }
    let text = "The last target cannot be removed. Unassign the role and assign it anew to have it reach all.";
    Err(Problem::violations(&[Violation::new("target", text)]).into())
}

fn has_targets(tx: &mut Tx<'_>, role: &RoleAssignment) -> Result<bool, EngineError> {
    let sql = match role.role_type.targets() {
        Targets::None => return Ok(false),
        Targets::Groups => "SELECT 1 FROM role_group_targets WHERE assignment_key = $1 LIMIT 1",
        Targets::Applications => "SELECT 1 FROM role_application_targets WHERE assignment_key = $1 LIMIT 1",
    };
    Ok(tx.query_first(sql, params![role.key], |_| Ok(()))?.is_some())
}

fn grant(tx: &mut Tx<'_>, change: &Change, holder: &Holder, role: &RoleAssignment) -> Result<(), Error> {
    touch(tx, change, role)?;
    Ok(record(tx, change, holder.granted(), holder, role)?)
}

fn revoke(tx: &mut Tx<'_>, change: &Change, holder: &Holder, role: &RoleAssignment) -> Result<(), Error> {
    touch(tx, change, role)?;
    Ok(record(tx, change, holder.revoked(), holder, role)?)
}

fn touch(tx: &mut Tx<'_>, change: &Change, role: &RoleAssignment) -> Result<(), EngineError> {
    let sql = "UPDATE role_assignments SET last_updated = $1 WHERE assignment_key = $2";
    tx.execute(sql, params![change.now, role.key]).map(|_| ())
}

fn groups_of(tx: &mut Tx<'_>, role: RoleAssignmentKey) -> Result<Vec<Group>, EngineError> {
    groups::select_where(
        tx,
        "JOIN role_group_targets t ON t.group_key = g.group_key WHERE t.assignment_key = $1 ORDER BY g.group_key",
        params![role],
    )
}

fn applications_of(tx: &mut Tx<'_>, role: RoleAssignmentKey) -> Result<Vec<ApplicationTarget>, EngineError> {
    let whole =
        "SELECT name FROM role_application_targets WHERE assignment_key = $1 AND application_key = 0 ORDER BY name";
    let whole = tx.query(whole, params![role], |row| row.text(0))?;
    let single = "JOIN role_application_targets t ON t.application_key = a.application_key WHERE t.assignment_key = $1 \
         ORDER BY a.name, a.application_key";
    let single = applications::select_where(tx, single, params![role])?;
    let single = single.into_iter().map(|application| ApplicationTarget::Instance(Box::new(application)));
    Ok(whole.into_iter().map(ApplicationTarget::Catalog).chain(single).collect())
}

/// Ends the targets that are a group that is being deleted. A role whose only target it was goes with it.
pub(crate) fn remove_target_group(tx: &mut Tx<'_>, change: &Change, group: GroupKey) -> Result<(), Error> {
    let sql = select("JOIN role_group_targets t ON t.assignment_key = r.assignment_key WHERE t.group_key = $1");
    let roles = tx.query(&sql, params![group], read_role)?;
    tx.execute("DELETE FROM role_group_targets WHERE group_key = $1", params![group])?;
    roles.iter().try_for_each(|role| delete_without_targets(tx, change, role))
}

/// Ends the targets that are an app that is being deleted. A role whose only target it was goes with it.
pub(crate) fn remove_application(tx: &mut Tx<'_>, change: &Change, application: ApplicationKey) -> Result<(), Error> {
    let sql =
        select("JOIN role_application_targets t ON t.assignment_key = r.assignment_key WHERE t.application_key = $1");
    let roles = tx.query(&sql, params![application], read_role)?;
    tx.execute("DELETE FROM role_application_targets WHERE application_key = $1", params![application])?;
    roles.iter().try_for_each(|role| delete_without_targets(tx, change, role))
}

fn delete_without_targets(tx: &mut Tx<'_>, change: &Change, role: &RoleAssignment) -> Result<(), Error> {
    if has_targets(tx, role)? {
        return Ok(());
    }
    let holder = Holder::find(tx, change.org, &role.assignee)?;
    Ok(delete(tx, change, &holder, role)?)
}
