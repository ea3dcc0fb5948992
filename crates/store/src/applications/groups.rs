//! Groups assigned to an app.

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, GroupId, GroupKey, OrgKey};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, Value};

use super::{Application, find, find_for_update, party, read_application, select_sql};
use crate::change::Change;
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, groups, params};

/// A group assigned to an app.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupAssignment {
    /// The group's place in the store.
    key: GroupKey,
    /// The group.
    pub group_id: GroupId,
    /// When the assignment last changed.
    pub last_updated: Timestamp,
    /// Which of a user's groups makes their profile in the app: the one with the smallest number.
    pub priority: i64,
    /// What the app is to know of the group's members.
    pub profile: Map<String, Value>,
}

/// What a request says of a group's assignment.
#[derive(Debug, Clone, Default)]
pub struct GroupAssignmentInput {
    /// Its priority; else it keeps its own, or comes after all others.
    pub priority: Option<i64>,
    /// What the app is to know of the group's members.
    pub profile: Map<String, Value>,
}

/// The name that cursors of listAssignedApplicationsForGroup are signed over.
const APPLICATION_LIST: &str = "apps of a group";

impl Store {
    /// listApplicationGroupAssignments: a page by priority.
    ///
    /// # Errors
    /// If there is no such app, or the cursor is not of this list.
    pub async fn list_application_group_assignments(
        &self,
        org: &Org,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<GroupAssignment>, Error> {
        let list = format!("groups of app {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?;
        let (key, id) = (org.key, id.to_owned());
        let rows = self
            .engine()
            .scan(move |tx| {
                let application = find(tx, key, &id)?;
                Ok(select(tx, &application, start.as_ref(), limit as i64 + 1)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |assignment| {
            Cursor { value: Some(assignment.priority.to_string()), key: assignment.key.0 }.encode(org, &list)
        }))
    }

    /// getApplicationGroupAssignment.
    ///
    /// # Errors
    /// If there is no such app or group, or it is not assigned.
    pub async fn get_application_group_assignment(
        &self,
        org: OrgKey,
        id: &str,
        group: &str,
    ) -> Result<GroupAssignment, Error> {
        let (id, group) = (id.to_owned(), group.to_owned());
        self.engine()
            .read(move |tx| {
                let application = find(tx, org, &id)?;
                let found = groups::find(tx, org, &group)?;
                assignment(tx, &application, found.key)?.ok_or_else(|| not_assigned(&group))
            })
            .await
    }

    /// createApplicationGroupAssignment. Assigning a group again changes its priority and profile.
    ///
    /// # Errors
    /// If there is no such app or group.
    pub async fn create_application_group_assignment(
        &self,
        change: &Change,
        id: &str,
        group: &str,
        input: GroupAssignmentInput,
    ) -> Result<GroupAssignment, Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), group.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_for_update(tx, change.org, &id)?;
                let group = groups::find_for_update(tx, change.org, &asked)?;
                let before = assignment(tx, &application, group.key)?;
                let priority = match input.priority.or(before.as_ref().map(|before| before.priority)) {
                    Some(priority) => priority,
                    None => next_priority(tx, application.key)?,
                };
                tx.execute(
                    "INSERT INTO application_groups (application_key, group_key, last_updated, priority, profile) \
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (application_key, group_key) DO UPDATE SET \
                     last_updated = excluded.last_updated, priority = excluded.priority, profile = excluded.profile",
                    params![
                        application.key,
                        group.key,
                        change.now,
                        priority,
                        &serde_json::to_string(&input.profile).map_err(EngineError::from)?
                    ],
                )?;
                let event = match before {
                    Some(_) => EventType::GroupApplicationAssignmentUpdate,
                    None => EventType::GroupApplicationAssignmentAdd,
                };
                change.record(tx, event, &[groups::party(&group), party(&application)])?;
                assignment(tx, &application, group.key)?.ok_or_else(|| not_assigned(&asked))
            })
            .await
    }

    /// deleteApplicationGroupAssignment: the group's members lose the app, unless they have it in another way.
    ///
    /// # Errors
    /// If there is no such app or group, or it is not assigned.
    pub async fn delete_application_group_assignment(
        &self,
        change: &Change,
        id: &str,
        group: &str,
    ) -> Result<(), Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), group.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_for_update(tx, change.org, &id)?;
                let group = groups::find_for_update(tx, change.org, &asked)?;
                let removed = tx.execute(
                    "DELETE FROM application_groups WHERE application_key = $1 AND group_key = $2",
                    params![application.key, group.key],
                )?;
                if removed == 0 {
                    return Err(not_assigned(&asked));
                }
                let targets = [groups::party(&group), party(&application)];
                Ok(change.record(tx, EventType::GroupApplicationAssignmentRemove, &targets)?)
            })
            .await
    }

    /// listAssignedApplicationsForGroup: a page in the order the apps were made.
    ///
    /// # Errors
    /// If there is no such group, or the cursor is not of this list.
    pub async fn list_assigned_applications_for_group(
        &self,
        org: &Org,
        group: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Application>, Error> {
        let start = after.map(|after| Cursor::decode(after, org, APPLICATION_LIST)).transpose()?;
        let (key, group, start) = (org.key, group.to_owned(), start.map_or(0, |cursor| cursor.key));
        let sql = select_sql(
            "JOIN application_groups g ON g.application_key = a.application_key WHERE g.group_key = $1 \
             AND g.application_key > $2 ORDER BY g.application_key LIMIT $3",
        );
        let rows = self
            .engine()
            .scan(move |tx| {
                let group = groups::find(tx, key, &group)?;
                Ok(tx.query(&sql, params![group.key, start, limit as i64 + 1], read_application)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |application| Cursor::at(application.key.0).encode(org, APPLICATION_LIST)))
    }
}

fn not_assigned(group: &str) -> Error {
    Error::not_found(group, ResourceKind::ApplicationGroupAssignment)
}

const SELECT_ASSIGNMENT: &str = "SELECT g.group_key, g.id, a.last_updated, a.priority, a.profile FROM application_groups a \
     JOIN groups g ON g.group_key = a.group_key WHERE a.application_key = $1";

fn read_assignment(row: &Row<'_>) -> Result<GroupAssignment, EngineError> {
    Ok(GroupAssignment {
        key: GroupKey(row.integer(0)?),
        group_id: GroupId::from_text(&row.text(1)?),
        last_updated: row.timestamp(2)?,
        priority: row.integer(3)?,
        profile: serde_json::from_str(&row.text(4)?)?,
    })
}

fn assignment(
    tx: &mut Tx<'_>,
    application: &Application,
    group: GroupKey,
) -> Result<Option<GroupAssignment>, EngineError> {
    let sql = format!("{SELECT_ASSIGNMENT} AND a.group_key = $2");
    tx.query_first(&sql, params![application.key, group], read_assignment)
}

fn select(
    tx: &mut Tx<'_>,
    application: &Application,
    start: Option<&Cursor>,
    count: i64,
) -> Result<Vec<GroupAssignment>, EngineError> {
    let priority = start.and_then(|cursor| cursor.value.as_deref()?.parse().ok()).unwrap_or(i64::MIN);
    let key = start.map_or(0, |cursor| cursor.key);
    let sql = format!(
        "{SELECT_ASSIGNMENT} AND (a.priority > $2 OR (a.priority = $3 AND a.group_key > $4)) \
         ORDER BY a.priority, a.group_key LIMIT $5"
    );
    tx.query(&sql, params![application.key, priority, priority, key, count], read_assignment)
}

fn next_priority(tx: &mut Tx<'_>, application: ApplicationKey) -> Result<i64, EngineError> {
    let sql = "SELECT COALESCE(MAX(priority) + 1, 0) FROM application_groups WHERE application_key = $1";
    Ok(tx.query_first(sql, params![application], |row| row.integer(0))?.unwrap_or_default())
}

/// Apps that a group is assigned to; none of one that is not there.
pub(super) fn applications_of(tx: &mut Tx<'_>, org: OrgKey, group: &str) -> Result<Vec<ApplicationKey>, Error> {
    let sql = "SELECT a.application_key FROM application_groups a JOIN groups g ON g.group_key = a.group_key \
         WHERE g.org_key = $1 AND g.id = $2";
    Ok(tx.query(sql, params![org, group], |row| Ok(ApplicationKey(row.integer(0)?)))?)
}

/// Ends every assignment of a group that is being deleted.
pub(crate) fn remove_group(tx: &mut Tx<'_>, group: GroupKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM application_groups WHERE group_key = $1", params![group])?;
    Ok(())
}
