//! Groups and their members, and the schema of their profiles. Everyone is built in: all users of the org are in it, without a row for each.

mod list;
pub(crate) mod owners;
pub(crate) mod rules;
pub(crate) mod schema;

pub use list::{GroupCondition, GroupOrder, GroupSelection, GroupStats};
pub use owners::{GroupOwner, OwnerInput, OwnerKind};
pub use rules::GroupRule;
pub use schema::StoredGroupSchema;

use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::filter::fold;
use roster_model::group::{GroupProfile, GroupType};
use roster_model::id::{GroupId, GroupKey, OrgKey, UserKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use serde_json::{Map, Value};

use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Param, Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, applications, params, roles, users};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its place in the store.
    pub key: GroupKey,
    /// Its id.
    pub id: GroupId,
    /// What kind it is.
    pub group_type: GroupType,
    /// Its name.
    pub name: String,
    /// Its description, if any.
    pub description: Option<String>,
    /// Its custom attributes, as JSON.
    pub custom_json: String,
    /// When it was made.
    pub created: Timestamp,
    /// When its profile last changed.
    pub last_updated: Timestamp,
    /// When its members last changed.
    pub last_membership_updated: Timestamp,
    /// How much hangs on it, if that was asked for.
    pub stats: Option<GroupStats>,
}

impl Store {
    /// getGroup.
    ///
    /// # Errors
    /// If there is no such group.
    pub async fn get_group(&self, org: OrgKey, id: &str, with_stats: bool) -> Result<Group, Error> {
        let id = id.to_owned();
        self.engine()
            .read(move |tx| {
                let mut group = find(tx, org, &id)?;
                if with_stats {
                    group.stats = Some(list::stats(tx, org, &group)?);
                }
                Ok(group)
            })
            .await
    }

    /// createGroup.
    ///
    /// # Errors
    /// If the profile breaks the schema, or another group has the name.
    pub async fn create_group(&self, change: &Change, profile: Map<String, Value>) -> Result<Group, Error> {
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                let profile = GroupProfile::new(&profile, &schema::for_profile(tx, change.org, &profile)?)?;
                let id = GroupId::new(change.id_seed());
                insert(tx, &change, &id, GroupType::OktaGroup, &profile)?;
                let group = find(tx, change.org, id.as_str())?;
                change.record(tx, EventType::GroupCreate, &[party(&group)])?;
                Ok(group)
            })
            .await
    }

    /// updateGroup: replaces the profile.
    ///
    /// # Errors
    /// If there is no such group, it is built in, the profile breaks the schema, or another one has the name.
    pub async fn update_group(&self, change: &Change, id: &str, profile: Map<String, Value>) -> Result<Group, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let group = find_changeable(tx, change.org, &id)?;
                let profile = GroupProfile::new(&profile, &schema::for_profile(tx, change.org, &profile)?)?;
                tx.execute(
                    "UPDATE groups SET name = $1, name_key = $2, description = $3, profile = $4, last_updated = $5 \
                     WHERE group_key = $6",
                    params![
                        profile.name(),
                        &fold(profile.name()),
                        profile.description(),
                        &serde_json::to_string(profile.custom()).map_err(EngineError::from)?,
                        change.now,
                        group.key
                    ],
                )
                .map_err(name_taken)?;
                if profile.name() != group.name {
                    rules::run_those_that_test_groups(tx, change.org)?;
                }
                change.record(tx, EventType::GroupUpdate, &[party(&group)])?;
                find(tx, change.org, &id)
            })
            .await
    }

    /// deleteGroup: with its memberships.
    ///
    /// # Errors
    /// If there is no such group, or it is built in.
    pub async fn delete_group(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                find_for_update(tx, change.org, &id)?;
                let group = find_changeable(tx, change.org, &id)?;
                applications::remove_group(tx, group.key)?;
                owners::remove_group(tx, group.key)?;
                rules::forget_group(tx, &change, group.key, &id)?;
                roles::remove_group(tx, &change, &group)?;
                tx.execute("DELETE FROM group_members WHERE group_key = $1", params![group.key])?;
                tx.execute("DELETE FROM groups WHERE group_key = $1", params![group.key])?;
                Ok(change.record(tx, EventType::GroupDelete, &[party(&group)])?)
            })
            .await
    }

    /// listGroupUsers: a page of the members in the order the users were made, deactivated ones included.
    ///
    /// # Errors
    /// If there is no such group, or the cursor is not of this list.
    pub async fn list_group_users(
        &self,
        org: &Org,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<User>, Error> {
        let list = format!("group {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, id, rows) = (org.key, id.to_owned(), limit as i64 + 1);
        let members = self
            .engine()
            .scan(move |tx| {
                let group = find(tx, key, &id)?;
                Ok(match group.group_type {
                    GroupType::BuiltIn => users::select_natural(tx, key, start, rows)?,
                    GroupType::OktaGroup => users::select_members(tx, group.key, start, rows)?,
                })
            })
            .await?;
        Ok(Page::cut(members, limit, |user| Cursor::at(user.key.0).encode(org, &list)))
    }

    /// addUserToGroup. Adding a member again changes nothing.
    ///
    /// # Errors
    /// If there is no such group or user, or the group is built in.
    pub async fn add_user_to_group(&self, change: &Change, group: &str, user: &str) -> Result<(), Error> {
        let (change, group, user) = (change.clone(), group.to_owned(), user.to_owned());
        self.engine()
            .write(move |tx| {
                let group = find_changeable(tx, change.org, &group)?;
                let user = users::find_for_update(tx, change.org, &user)?;
                add_member(tx, &change, &group, &user)?;
                Ok(rules::apply::apply_to_member(tx, &change, &user)?)
            })
            .await
    }

    /// removeUserFromGroup. Removing who is no member changes nothing. Rules that made the membership leave the user out from
    /// now on.
    ///
    /// # Errors
    /// If there is no such group or user, or the group is built in.
    pub async fn remove_user_from_group(&self, change: &Change, group: &str, user: &str) -> Result<(), Error> {
        let (change, group, user) = (change.clone(), group.to_owned(), user.to_owned());
        self.engine()
            .write(move |tx| {
                let group = find_changeable(tx, change.org, &group)?;
                let user = users::find_for_update(tx, change.org, &user)?;
                if delete_member(tx, user.key, group.key)? {
                    touch_membership(tx, &change, &group)?;
                    change.record(tx, EventType::GroupMembershipRemove, &[users::party(&user), party(&group)])?;
                    rules::apply::exclude(tx, &change, &user, &group)?;
                    rules::apply::apply(tx, &change, &user)?;
                    roles::member_left(tx, &change, group.key)?;
                }
                Ok(())
            })
            .await
    }

    /// listUserGroups: Everyone first, as in every recording, then the others in the order they were made.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_user_groups(&self, org: OrgKey, user: &str) -> Result<Vec<Group>, Error> {
        let user = user.to_owned();
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &user)?;
                Ok(select_of_user(tx, org, user)?)
            })
            .await
    }
}

const SELECT_GROUP: &str = "SELECT g.group_key, g.id, g.type, g.name, g.description, g.created, g.last_updated, \
     g.last_membership_updated, g.profile FROM groups g";

fn read_group(row: &Row<'_>) -> Result<Group, EngineError> {
    let kind = row.text(2)?;
    let group_type = [GroupType::OktaGroup, GroupType::BuiltIn].into_iter().find(|known| known.as_str() == kind);
    Ok(Group {
        key: GroupKey(row.integer(0)?),
        id: GroupId::from_text(&row.text(1)?),
        group_type: group_type.ok_or(EngineError::Corrupt { what: "group type", value: kind })?,
        name: row.text(3)?,
        description: row.optional_text(4)?,
        created: row.timestamp(5)?,
        last_updated: row.timestamp(6)?,
        last_membership_updated: row.timestamp(7)?,
        custom_json: row.text(8)?,
        stats: None,
    })
}

/// The groups `g` that these clauses choose.
pub(crate) fn select_where(tx: &mut Tx<'_>, clauses: &str, params: &[Param<'_>]) -> Result<Vec<Group>, EngineError> {
    tx.query(&format!("{SELECT_GROUP} {clauses}"), params, read_group)
}

pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Group, Error> {
    let sql = format!("{SELECT_GROUP} WHERE g.org_key = $1 AND g.id = $2");
    let found = tx.query_first(&sql, params![org, id], read_group)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Group))
}

fn find_by_key(tx: &mut Tx<'_>, org: OrgKey, key: GroupKey) -> Result<Option<Group>, EngineError> {
    let sql = format!("{SELECT_GROUP} WHERE g.org_key = $1 AND g.group_key = $2");
    tx.query_first(&sql, params![org, key], read_group)
}

/// The group, kept from other writers until the transaction ends.
pub(crate) fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Group, Error> {
    let sql = format!("{SELECT_GROUP} WHERE g.org_key = $1 AND g.id = $2");
    let found = tx.query_first_for_update(&sql, params![org, id], read_group)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Group))
}

/// A group whose profile and members may be changed: one that the org did not build in (behaviour.md H-28).
pub(crate) fn find_changeable(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Group, Error> {
    let group = find(tx, org, id)?;
    match group.group_type {
        GroupType::OktaGroup => Ok(group),
        GroupType::BuiltIn => Err(Problem::new(ErrorCode::UnsupportedOperation).into()),
    }
}

fn name_taken(error: EngineError) -> Error {
    match error {
        EngineError::Conflict => Problem::violations(&[Violation::taken("name")]).into(),
        other => other.into(),
    }
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &GroupId,
    group_type: GroupType,
    profile: &GroupProfile,
) -> Result<(), Error> {
    let (now, name) = (change.now, profile.name());
    tx.execute(
        "INSERT INTO groups (org_key, id, type, name, name_key, description, profile, created, last_updated, \
         last_membership_updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            change.org,
            id,
            group_type.as_str(),
            name,
            &fold(name),
            profile.description(),
            &serde_json::to_string(profile.custom()).map_err(EngineError::from)?,
            now,
            now,
            now
        ],
    )
    .map_err(name_taken)?;
    Ok(())
}

pub(crate) fn add_member(tx: &mut Tx<'_>, change: &Change, group: &Group, user: &User) -> Result<(), EngineError> {
    if insert_member(tx, user.key, group.key)? {
        touch_membership(tx, change, group)?;
        change.record(tx, EventType::GroupMembershipAdd, &[users::party(user), party(group)])?;
        roles::members_changed(tx, group.key)?;
    }
    Ok(())
}

/// Answers whether the user was no member.
fn insert_member(tx: &mut Tx<'_>, user: UserKey, group: GroupKey) -> Result<bool, EngineError> {
    let sql = "INSERT INTO group_members (group_key, user_key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![group, user])? > 0)
}

/// Answers whether the user was a member.
fn delete_member(tx: &mut Tx<'_>, user: UserKey, group: GroupKey) -> Result<bool, EngineError> {
    let sql = "DELETE FROM group_members WHERE group_key = $1 AND user_key = $2";
    Ok(tx.execute(sql, params![group, user])? > 0)
}

fn touch_membership(tx: &mut Tx<'_>, change: &Change, group: &Group) -> Result<(), EngineError> {
    tx.execute("UPDATE groups SET last_membership_updated = $1 WHERE group_key = $2", params![change.now, group.key])?;
    Ok(())
}

/// Ends every membership of a user who is being erased.
pub(crate) fn remove_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    rules::remove_user(tx, user)?;
    owners::remove_user(tx, user)?;
    tx.execute("DELETE FROM group_members WHERE user_key = $1", params![user])?;
    Ok(())
}

pub(crate) fn party(group: &Group) -> Party {
    Party {
        id: group.id.to_string(),
        kind: "UserGroup".to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: group.name.clone(),
    }
}

pub(crate) fn select_of_user(tx: &mut Tx<'_>, org: OrgKey, user: UserKey) -> Result<Vec<Group>, EngineError> {
    let everyone = format!("{SELECT_GROUP} WHERE g.org_key = $1 AND g.type = $2");
    let mut groups = tx.query(&everyone, params![org, GroupType::BuiltIn.as_str()], read_group)?;
    let others = format!(
        "{SELECT_GROUP} JOIN group_members m ON m.group_key = g.group_key WHERE m.user_key = $1 ORDER BY g.group_key"
    );
    groups.extend(tx.query(&others, params![user], read_group)?);
    Ok(groups)
}
