//! Users of an app: assigned to it themselves, or members of a group that is. Only the former have a row; the latter are
//! found by their membership, so that who joins or leaves a group gains or loses its apps at once.

use std::collections::BTreeMap;

use roster_model::application::{SignOnMode, oidc_profile, user_name};
use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::event::EventType;
use roster_model::group::GroupType;
use roster_model::id::{ApplicationKey, GroupId, GroupKey, OrgKey, UserId, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::status::UserStatus;
use serde_json::{Map, Value};

use super::{Application, find, find_for_update, party};
use crate::change::Change;
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, users};

/// How a user came to an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentScope {
    /// Assigned themselves.
    User,
    /// By this group of theirs.
    Group(GroupId),
}

impl AssignmentScope {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group(_) => "GROUP",
        }
    }
}

/// A user of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationUser {
    /// The user.
    pub user_id: UserId,
    /// How they came to it.
    pub scope: AssignmentScope,
    /// When they were assigned.
    pub created: Timestamp,
    /// When the assignment last changed.
    pub last_updated: Timestamp,
    /// Their name in the app.
    pub user_name: String,
    /// When their password in the app was last set.
    pub password_changed: Option<Timestamp>,
    /// What the app knows of them.
    pub profile: Map<String, Value>,
}

/// What a request says of a user of an app. A password is noted, not kept: no app asks Roster for it.
#[derive(Debug, Clone, Default)]
pub struct ApplicationUserInput {
    /// Their name in the app; the app's template makes one.
    pub user_name: Option<String>,
    /// Whether a password came along.
    pub sets_password: bool,
    /// What the app is to know of them.
    pub profile: Map<String, Value>,
}

impl Store {
    /// listApplicationUsers: a page in the order the users were made, of those whose name in the app begins with `prefix`.
    ///
    /// # Errors
    /// If there is no such app, or the cursor is not of this list.
    pub async fn list_application_users(
        &self,
        org: &Org,
        id: &str,
        prefix: Option<String>,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<ApplicationUser>, Error> {
        let list = format!("users of app {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, id) = (org.key, id.to_owned());
        let rows = self
            .engine()
            .scan(move |tx| {
                let application = find(tx, key, &id)?;
                select(tx, key, &application, prefix.as_deref(), limit + 1, start)
            })
            .await?;
        let page = Page::cut(rows, limit, |(key, _)| Cursor::at(key.0).encode(org, &list));
        Ok(page.map(|(_, user)| user))
    }

    /// getApplicationUser.
    ///
    /// # Errors
    /// If there is no such app or user, or they are not assigned to it.
    pub async fn get_application_user(&self, org: OrgKey, id: &str, user: &str) -> Result<ApplicationUser, Error> {
        let (id, user) = (id.to_owned(), user.to_owned());
        self.engine()
            .read(move |tx| {
                let application = find(tx, org, &id)?;
                let found = users::find(tx, org, &user)?;
                application_user(tx, &application, &found)?.ok_or_else(|| not_assigned(&user))
            })
            .await
    }

    /// assignUserToApplication. Assigning who is assigned changes what is said anew.
    ///
    /// # Errors
    /// If there is no such app or user, or the user is deactivated.
    pub async fn assign_user_to_application(
        &self,
        change: &Change,
        id: &str,
        user: &str,
        input: ApplicationUserInput,
    ) -> Result<ApplicationUser, Error> {
        let (change, id, user) = (change.clone(), id.to_owned(), user.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_for_update(tx, change.org, &id)?;
                let user = users::find_for_update(tx, change.org, &user)?;
                assign(tx, &change, &application, &user, &input)
            })
            .await
    }

    /// updateApplicationUser: what is not named stays. A member of an assigned group becomes assigned themselves.
    ///
    /// # Errors
    /// If there is no such app or user, or they are not assigned to it.
    pub async fn update_application_user(
        &self,
        change: &Change,
        id: &str,
        user: &str,
        input: ApplicationUserInput,
    ) -> Result<ApplicationUser, Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), user.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_for_update(tx, change.org, &id)?;
                let user = users::find_for_update(tx, change.org, &asked)?;
                if application_user(tx, &application, &user)?.is_none() {
                    return Err(not_assigned(&asked));
                }
                assign(tx, &change, &application, &user, &input)
            })
            .await
    }

    /// deleteApplicationUser: ends the user's own assignment; a group of theirs may still bring them the app.
    ///
    /// # Errors
    /// If there is no such app or user, or they are not assigned to it.
    pub async fn delete_application_user(&self, change: &Change, id: &str, user: &str) -> Result<(), Error> {
        let (change, id, asked) = (change.clone(), id.to_owned(), user.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_for_update(tx, change.org, &id)?;
                let user = users::find_for_update(tx, change.org, &asked)?;
                let removed = tx.execute(
                    "DELETE FROM application_users WHERE application_key = $1 AND user_key = $2",
                    params![application.key, user.key],
                )?;
                if removed == 0 {
                    return Err(not_assigned(&asked));
                }
                let targets = [users::party(&user), party(&application)];
                Ok(change.record(tx, EventType::ApplicationMembershipRemove, &targets)?)
            })
            .await
    }
}

fn not_assigned(user: &str) -> Error {
    Error::not_found(user, ResourceKind::ApplicationUser)
}

fn assign(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &Application,
    user: &User,
    input: &ApplicationUserInput,
) -> Result<ApplicationUser, Error> {
    if user.status() == UserStatus::Deprovisioned {
        return Err(Problem::new(ErrorCode::InactiveUserForbidden).into());
    }
    let before = application_user(tx, application, user)?;
    let own = before.as_ref().filter(|before| before.scope == AssignmentScope::User);
    let event = match own {
        Some(_) => EventType::ApplicationMembershipUpdate,
        None => EventType::ApplicationMembershipAdd,
    };
    let defaults = match &before {
        Some(before) => before.clone(),
        None => by_default(application, user, AssignmentScope::User, change.now)?,
    };
    let mut profile = defaults.profile;
    profile.extend(input.profile.clone());
    let after = ApplicationUser {
        user_id: user.id.clone(),
        scope: AssignmentScope::User,
        created: own.map_or(change.now, |own| own.created),
        last_updated: change.now,
        user_name: input.user_name.clone().unwrap_or(defaults.user_name),
        password_changed: if input.sets_password { Some(change.now) } else { defaults.password_changed },
        profile,
    };
    tx.execute(
        "INSERT INTO application_users (application_key, user_key, created, last_updated, user_name, password_changed, \
         profile) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (application_key, user_key) DO UPDATE SET \
         last_updated = excluded.last_updated, user_name = excluded.user_name, \
         password_changed = excluded.password_changed, profile = excluded.profile",
        params![
            application.key,
            user.key,
            after.created,
            after.last_updated,
            &after.user_name,
            after.password_changed,
            &serde_json::to_string(&after.profile).map_err(EngineError::from)?
        ],
    )?;
    change.record(tx, event, &[users::party(user), party(application)])?;
    Ok(after)
}

/// What an app has of a user of whom nothing was said.
fn by_default(
    application: &Application,
    user: &User,
    scope: AssignmentScope,
    now: Timestamp,
) -> Result<ApplicationUser, EngineError> {
    let profile: Map<String, Value> = serde_json::from_str(&user.profile_json)?;
    Ok(ApplicationUser {
        user_id: user.id.clone(),
        scope,
        created: now,
        last_updated: now,
        user_name: user_name(&application.document, &profile),
        password_changed: None,
        profile: match application.sign_on_mode {
            Some(SignOnMode::OpenIdConnect) => oidc_profile(&profile),
            _ => Map::new(),
        },
    })
}

/// The user as the app has them, if they are assigned to it: their own assignment, else that of the group with the
/// smallest priority number.
fn application_user(
    tx: &mut Tx<'_>,
    application: &Application,
    user: &User,
) -> Result<Option<ApplicationUser>, EngineError> {
    let own = tx.query_first(
        "SELECT created, last_updated, user_name, password_changed, profile FROM application_users \
         WHERE application_key = $1 AND user_key = $2",
        params![application.key, user.key],
        |row| read_own(row, user),
    )?;
    if own.is_some() || user.status() == UserStatus::Deprovisioned {
        return Ok(own);
    }
    let by_group = tx.query_first(
        "SELECT g.id, a.last_updated, a.profile FROM application_groups a JOIN groups g ON g.group_key = a.group_key \
         WHERE a.application_key = $1 AND (g.type = $2 OR EXISTS \
         (SELECT 1 FROM group_members m WHERE m.group_key = a.group_key AND m.user_key = $3)) \
         ORDER BY a.priority, a.group_key LIMIT 1",
        params![application.key, GroupType::BuiltIn.as_str(), user.key],
        |row| {
            let scope = AssignmentScope::Group(GroupId::from_text(&row.text(0)?));
            let mut found = by_default(application, user, scope, row.timestamp(1)?)?;
            found.profile.extend(serde_json::from_str::<Map<String, Value>>(&row.text(2)?)?);
            Ok(found)
        },
    )?;
    Ok(by_group)
}

fn read_own(row: &Row<'_>, user: &User) -> Result<ApplicationUser, EngineError> {
    Ok(ApplicationUser {
        user_id: user.id.clone(),
        scope: AssignmentScope::User,
        created: row.timestamp(0)?,
        last_updated: row.timestamp(1)?,
        user_name: row.text(2)?,
        password_changed: row.optional_timestamp(3)?,
        profile: serde_json::from_str(&row.text(4)?)?,
    })
}

fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    application: &Application,
    prefix: Option<&str>,
    count: usize,
    start: i64,
) -> Result<Vec<(UserKey, ApplicationUser)>, Error> {
    let prefix = prefix.map(roster_model::filter::fold);
    let (mut found, mut start) = (Vec::new(), start);
    loop {
        let keys = assigned_keys(tx, org, application.key, start, count)?;
        let Some(last) = keys.last() else { break };
        start = last.0;
        let whole = keys.len() == count;
        for key in keys {
            let Some(user) = users::find_by_key(tx, key)? else { continue };
            let Some(assigned) = application_user(tx, application, &user)? else { continue };
            let name = roster_model::filter::fold(&assigned.user_name);
            if prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix.as_str())) {
                found.push((key, assigned));
            }
            if found.len() == count {
                return Ok(found);
            }
        }
        if !whole {
            break;
        }
    }
    Ok(found)
}

/// The next `count` users after `start` who are assigned in any way. Each source is read in the order of its own index,
/// so a page costs its own length and not the groups'.
fn assigned_keys(
    tx: &mut Tx<'_>,
    org: OrgKey,
    application: ApplicationKey,
    start: i64,
    count: usize,
) -> Result<Vec<UserKey>, EngineError> {
    let count_sql = i64::try_from(count).unwrap_or(i64::MAX);
    let read_key = |row: &Row<'_>| Ok(UserKey(row.integer(0)?));
    let own = "SELECT user_key FROM application_users WHERE application_key = $1 AND user_key > $2 ORDER BY user_key LIMIT $3";
    let own = tx.query(own, params![application, start, count_sql], read_key)?;
    let mut keys: BTreeMap<UserKey, ()> = own.into_iter().map(|key| (key, ())).collect();
    let groups = "SELECT g.group_key, g.type FROM application_groups a JOIN groups g ON g.group_key = a.group_key \
         WHERE a.application_key = $1";
    let groups = tx.query(groups, params![application], |row| Ok((GroupKey(row.integer(0)?), row.text(1)?)))?;
    for (group, kind) in groups {
        let members = if kind == GroupType::BuiltIn.as_str() {
            let sql = "SELECT user_key FROM users WHERE org_key = $1 AND user_key > $2 AND status <> $3 \
                 ORDER BY user_key LIMIT $4";
            tx.query(sql, params![org, start, UserStatus::Deprovisioned, count_sql], read_key)?
        } else {
            let sql = "SELECT m.user_key FROM group_members m JOIN users u ON u.user_key = m.user_key \
                 WHERE m.group_key = $1 AND m.user_key > $2 AND u.status <> $3 ORDER BY m.user_key LIMIT $4";
            tx.query(sql, params![group, start, UserStatus::Deprovisioned, count_sql], read_key)?
        };
        keys.extend(members.into_iter().map(|key| (key, ())));
    }
    Ok(keys.into_keys().take(count).collect())
}

/// Apps that a user has in any way; `None` of them for who has none or is not there.
pub(super) fn applications_of(tx: &mut Tx<'_>, org: OrgKey, user: &str) -> Result<Vec<ApplicationKey>, Error> {
    let user = match users::find(tx, org, user) {
        Err(Error::NotFound { .. }) => return Ok(Vec::new()),
        found => found?,
    };
    Ok(keys_of(tx, org, &user)?)
}

/// The apps of a user, their own and their groups'.
pub(crate) fn keys_of(tx: &mut Tx<'_>, org: OrgKey, user: &User) -> Result<Vec<ApplicationKey>, EngineError> {
    if user.status() == UserStatus::Deprovisioned {
        return Ok(Vec::new());
    }
    tx.query(
        "SELECT application_key FROM application_users WHERE user_key = $1 \
         UNION SELECT a.application_key FROM group_members m JOIN application_groups a ON a.group_key = m.group_key \
         WHERE m.user_key = $2 \
         UNION SELECT a.application_key FROM groups g JOIN application_groups a ON a.group_key = g.group_key \
         WHERE g.org_key = $3 AND g.type = $4 ORDER BY 1",
        params![user.key, user.key, org, GroupType::BuiltIn.as_str()],
        |row| Ok(ApplicationKey(row.integer(0)?)),
    )
}

/// Ends a user's own assignments, since they are deactivated or erased (behaviour.md B.3).
pub(crate) fn remove_user(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    let sql = super::select_sql(
        "JOIN application_users u ON u.application_key = a.application_key WHERE u.user_key = $1 ORDER BY a.application_key",
    );
    for application in tx.query(&sql, params![user.key], super::read_application)? {
        let targets = [users::party(user), party(&application)];
        change.record(tx, EventType::ApplicationMembershipRemove, &targets)?;
    }
    tx.execute("DELETE FROM application_users WHERE user_key = $1", params![user.key])?;
    Ok(())
}
