//! The owners of a group: users and groups.

use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::event::EventType;
use roster_model::id::{GroupKey, UserKey};
use roster_model::timestamp::Timestamp;

use super::Group;
use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, users};

/// What owns a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerKind {
    /// A user.
    User,
    /// The members of a group.
    Group,
}

impl OwnerKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group => "GROUP",
        }
    }
}

/// An owner to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerInput {
    /// The user's or group's id.
    pub id: String,
    /// Which of them it is.
    pub kind: OwnerKind,
}

/// An owner of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOwner {
    key: i64,
    /// The user's or group's id.
    pub id: String,
    /// Which of them it is.
    pub kind: OwnerKind,
    /// What people call it.
    pub display_name: String,
    /// When it became an owner.
    pub last_updated: Timestamp,
}

impl Store {
    /// listGroupOwners: a page in the order they became owners.
    ///
    /// # Errors
    /// If there is no such group, or the cursor is not of this list.
    pub async fn list_group_owners(
        &self,
        org: &Org,
        group: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<GroupOwner>, Error> {
        let list = format!("owners of {group}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, group, count) = (org.key, group.to_owned(), limit as i64 + 1);
        let rows = self
            .engine()
            .scan(move |tx| {
                let group = super::find(tx, key, &group)?;
                let sql =
                    format!("{SELECT_OWNER} WHERE o.group_key = $1 AND o.owner_key > $2 ORDER BY o.owner_key LIMIT $3");
                Ok(tx.query(&sql, params![group.key, start, count], read_owner)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |owner| Cursor::at(owner.key).encode(org, &list)))
    }

    /// assignGroupOwner.
    ///
    /// # Errors
    /// If there is no such group or owner, the group is built in, or it has this owner.
    pub async fn assign_group_owner(
        &self,
        change: &Change,
        group: &str,
        input: OwnerInput,
    ) -> Result<GroupOwner, Error> {
        let (change, group) = (change.clone(), group.to_owned());
        self.engine()
            .write(move |tx| {
                super::find_for_update(tx, change.org, &group)?;
                let group = super::find_changeable(tx, change.org, &group)?;
                let (owner, user, owning) = match input.kind {
                    OwnerKind::User => {
                        let user = users::find_for_update(tx, change.org, &input.id)?;
                        (users::party(&user), Some(user.key), None)
                    }
                    OwnerKind::Group => {
                        let owner = super::find_for_update(tx, change.org, &input.id)?;
                        (super::party(&owner), None, Some(owner.key))
                    }
                };
                tx.execute(
                    "INSERT INTO group_owners (group_key, user_key, owning_group_key, created) VALUES ($1, $2, $3, $4)",
                    params![group.key, user, owning, change.now],
                )
                .map_err(already_owner)?;
                change.record(tx, EventType::GroupOwnerAdd, &[owner.clone(), super::party(&group)])?;
                find(tx, &group, &owner.id)
            })
            .await
    }

    /// deleteGroupOwner.
    ///
    /// # Errors
    /// If there is no such group, or it has no such owner.
    pub async fn delete_group_owner(&self, change: &Change, group: &str, owner: &str) -> Result<(), Error> {
        let (change, group, owner) = (change.clone(), group.to_owned(), owner.to_owned());
        self.engine()
            .write(move |tx| {
                let group = super::find(tx, change.org, &group)?;
                let owner = find(tx, &group, &owner)?;
                tx.execute(
                    "DELETE FROM group_owners WHERE group_key = $1 AND owner_key = $2",
                    params![group.key, owner.key],
                )?;
                Ok(change.record(tx, EventType::GroupOwnerRemove, &[party(&owner), super::party(&group)])?)
            })
            .await
    }
}

const SELECT_OWNER: &str = "SELECT o.owner_key, u.id, u.profile, g.id, g.name, o.created FROM group_owners o \
     LEFT JOIN users u ON u.user_key = o.user_key LEFT JOIN groups g ON g.group_key = o.owning_group_key";

fn read_owner(row: &Row<'_>) -> Result<GroupOwner, EngineError> {
    let (id, kind, display_name) = match (row.optional_text(1)?, row.optional_text(2)?) {
        (Some(id), Some(profile)) => {
            let party = users::party_of(&roster_model::id::UserId::from_text(&id), &profile);
            (id, OwnerKind::User, party.display_name)
        }
        _ => (row.text(3)?, OwnerKind::Group, row.text(4)?),
    };
    Ok(GroupOwner { key: row.integer(0)?, id, kind, display_name, last_updated: row.timestamp(5)? })
}

fn find(tx: &mut Tx<'_>, group: &Group, id: &str) -> Result<GroupOwner, Error> {
    let sql = format!("{SELECT_OWNER} WHERE o.group_key = $1 AND (u.id = $2 OR g.id = $3)");
    let found = tx.query_first(&sql, params![group.key, id, id], read_owner)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::GroupOwner))
}

fn party(owner: &GroupOwner) -> Party {
    let kind = match owner.kind {
        OwnerKind::User => "User",
        OwnerKind::Group => "UserGroup",
    };
    Party {
        id: owner.id.clone(),
        kind: kind.to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: owner.display_name.clone(),
    }
}

/// What a real org says of an owner that is one (a recording of Okta's Terraform provider tells the status).
fn already_owner(error: EngineError) -> Error {
    match error {
        EngineError::Conflict => {
            let cause = "Provided owner is already assigned to this group";
            Problem::new(ErrorCode::ApiValidation).about("owner").because(cause).into()
        }
        other => other.into(),
    }
}

/// Ends what a group owns, and who owns it.
pub(super) fn remove_group(tx: &mut Tx<'_>, group: GroupKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM group_owners WHERE group_key = $1 OR owning_group_key = $2", params![group, group])?;
    Ok(())
}

/// Ends what a user who is being erased owns.
pub(super) fn remove_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM group_owners WHERE user_key = $1", params![user])?;
    Ok(())
}
