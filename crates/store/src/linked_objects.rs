//! Linked objects: the definitions of relations between users, and the links themselves (behaviour.md C.12, F.1).
//!
//! Invariant: a link's definition and both of its users exist. Whoever makes a link holds the rows of all three, and
//! whoever removes one of them takes its links along.

use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::event::EventType;
use roster_model::id::{OrgKey, UserId, UserKey};
use roster_model::linked_object::{LinkedObjectDefinition, LinkedObjectProperty, MAX_DEFINITIONS};
use roster_model::user::User;
use serde_json::{Map, Value, json};

use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, user_types, users};

impl Store {
    /// listLinkedObjectDefinitions: all, in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_linked_object_definitions(&self, org: OrgKey) -> Result<Vec<LinkedObjectDefinition>, Error> {
        let sql = format!("{SELECT_DEFINITION} WHERE p.org_key = $1 AND p.is_primary = 1 ORDER BY p.definition_key");
        self.engine().read(move |tx| Ok(tx.query(&sql, params![org], read_definition)?)).await
    }

    /// getLinkedObjectDefinition, by the name of either end.
    ///
    /// # Errors
    /// If there is no such definition.
    pub async fn get_linked_object_definition(&self, org: OrgKey, name: &str) -> Result<LinkedObjectDefinition, Error> {
        let name = name.to_owned();
        self.engine()
            .read(move |tx| {
                let end = find_end(tx, org, &name)?;
                Ok(definition(tx, &end)?)
            })
            .await
    }

    /// addLinkedObjectDefinition.
    ///
    /// # Errors
    /// If a definition or a profile attribute has one of the names, or the org has as many as it may.
    pub async fn add_linked_object_definition(
        &self,
        change: &Change,
        definition: LinkedObjectDefinition,
    ) -> Result<LinkedObjectDefinition, Error> {
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                check_names(tx, change.org, &definition)?;
                insert(tx, change.org, &definition)?;
                change.record(tx, EventType::LinkedObjectCreate, &[party(&definition)])?;
                Ok(definition.clone())
            })
            .await
    }

    /// deleteLinkedObjectDefinition, by the name of either end, with its links.
    ///
    /// # Errors
    /// If there is no such definition.
    pub async fn delete_linked_object_definition(&self, change: &Change, name: &str) -> Result<(), Error> {
        let (change, name) = (change.clone(), name.to_owned());
        self.engine()
            .write(move |tx| {
                let end = find_end_for_update(tx, change.org, &name)?;
                let definition = definition(tx, &end)?;
                tx.execute("DELETE FROM linked_objects WHERE definition_key = $1", params![end.definition])?;
                tx.execute("DELETE FROM linked_object_properties WHERE definition_key = $1", params![end.definition])?;
                tx.execute("DELETE FROM linked_object_definitions WHERE definition_key = $1", params![end.definition])?;
                Ok(change.record(tx, EventType::LinkedObjectDelete, &[party(&definition)])?)
            })
            .await
    }

    /// getLinkedObjectsForUser: a page of the users at the end that `name` names, in the order they were made.
    ///
    /// # Errors
    /// If there is no such user or relation, or the cursor is not of this list.
    pub async fn get_linked_objects_for_user(
        &self,
        org: &Org,
        asked: &str,
        name: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<UserId>, Error> {
        let list = format!("linked objects {name} of {asked}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let (key, asked, name) = (org.key, asked.to_owned(), name.to_owned());
        let count = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = self
            .engine()
            .scan(move |tx| {
                let user = users::find_key(tx, key, &asked)?;
                let end = find_end(tx, key, &name)?;
                Ok(select_linked(tx, &end, user, start, count)?)
            })
            .await?;
        let page = Page::cut(rows, limit, |(key, _)| Cursor::at(*key).encode(org, &list));
        Ok(page.map(|(_, id)| id))
    }

    /// setLinkedObjectForUser: `primary` takes the place of whoever was the associated user's primary.
    ///
    /// # Errors
    /// If there is no such user or primary relation.
    pub async fn set_linked_object_for_user(
        &self,
        change: &Change,
        associated: &str,
        name: &str,
        primary: &str,
    ) -> Result<(), Error> {
        let change = change.clone();
        let (associated, name, primary) = (associated.to_owned(), name.to_owned(), primary.to_owned());
        self.engine()
            .write(move |tx| {
                let end = find_primary_for_update(tx, change.org, &name)?;
                let associated = users::find_for_update(tx, change.org, &associated)?;
                let primary = users::find_for_update(tx, change.org, &primary)?;
                let changed = tx.execute(
                    "INSERT INTO linked_objects (definition_key, associated_key, primary_key) VALUES ($1, $2, $3) \
                     ON CONFLICT (definition_key, associated_key) DO UPDATE SET primary_key = excluded.primary_key \
                     WHERE linked_objects.primary_key <> excluded.primary_key",
                    params![end.definition, associated.key, primary.key],
                )?;
                if changed > 0 {
                    record_link(tx, &change, &associated, &name, Some(&primary))?;
                }
                Ok(())
            })
            .await
    }

    /// removeLinkedObjectForUser: ends the link of an associated user to their primary. Removing none changes nothing.
    ///
    /// # Errors
    /// If there is no such user or primary relation.
    pub async fn remove_linked_object_for_user(&self, change: &Change, asked: &str, name: &str) -> Result<(), Error> {
        let (change, asked, name) = (change.clone(), asked.to_owned(), name.to_owned());
        self.engine()
            .write(move |tx| {
                let end = find_primary_for_update(tx, change.org, &name)?;
                let user = users::find_for_update(tx, change.org, &asked)?;
                let removed = tx.execute(
                    "DELETE FROM linked_objects WHERE definition_key = $1 AND associated_key = $2",
                    params![end.definition, user.key],
                )?;
                if removed > 0 {
                    record_link(tx, &change, &user, &name, None)?;
                }
                Ok(())
            })
            .await
    }
}

/// Ends every link of a user who is being erased.
pub(crate) fn remove_user(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM linked_objects WHERE associated_key = $1", params![user])?;
    tx.execute("DELETE FROM linked_objects WHERE primary_key = $1", params![user])?;
    Ok(())
}

/// One end of a definition, as a path names it.
struct End {
    definition: i64,
    is_primary: bool,
}

const SELECT_END: &str =
    "SELECT definition_key, is_primary FROM linked_object_properties WHERE org_key = $1 AND name = $2";

fn read_end(row: &Row<'_>) -> Result<End, EngineError> {
    Ok(End { definition: row.integer(0)?, is_primary: row.integer(1)? != 0 })
}

fn not_found(name: &str) -> Error {
    Error::not_found(name, ResourceKind::LinkedObjectProperty)
}

fn find_end(tx: &mut Tx<'_>, org: OrgKey, name: &str) -> Result<End, Error> {
    tx.query_first(SELECT_END, params![org, name], read_end)?.ok_or_else(|| not_found(name))
}

/// Keeps the definition itself from other writers, since either end may name it.
fn find_end_for_update(tx: &mut Tx<'_>, org: OrgKey, name: &str) -> Result<End, Error> {
    let end = find_end(tx, org, name)?;
    let definition = "SELECT definition_key FROM linked_object_definitions WHERE definition_key = $1";
    let found = tx.query_first_for_update(definition, params![end.definition], |_| Ok(()))?;
    found.map(|()| end).ok_or_else(|| not_found(name))
}

/// Links are set and removed from the associated user's side, by the name of the primary end.
fn find_primary_for_update(tx: &mut Tx<'_>, org: OrgKey, name: &str) -> Result<End, Error> {
    let end = find_end_for_update(tx, org, name)?;
    if end.is_primary { Ok(end) } else { Err(not_found(name)) }
}

const SELECT_DEFINITION: &str = "SELECT p.name, p.title, p.description, a.name, a.title, a.description \
     FROM linked_object_properties p JOIN linked_object_properties a \
     ON a.definition_key = p.definition_key AND a.is_primary = 0";

fn read_definition(row: &Row<'_>) -> Result<LinkedObjectDefinition, EngineError> {
    Ok(LinkedObjectDefinition {
        primary: LinkedObjectProperty::restored(row.text(0)?, row.text(1)?, row.optional_text(2)?),
        associated: LinkedObjectProperty::restored(row.text(3)?, row.text(4)?, row.optional_text(5)?),
    })
}

fn definition(tx: &mut Tx<'_>, end: &End) -> Result<LinkedObjectDefinition, EngineError> {
    let sql = format!("{SELECT_DEFINITION} WHERE p.definition_key = $1 AND p.is_primary = 1");
    let found = tx.query_first(&sql, params![end.definition], read_definition)?;
    found.ok_or_else(|| EngineError::Corrupt { what: "linked object definition", value: end.definition.to_string() })
}

/// Keys and ids of the users linked to `user` at this end.
fn select_linked(
    tx: &mut Tx<'_>,
    end: &End,
    user: UserKey,
    start: i64,
    count: i64,
) -> Result<Vec<(i64, UserId)>, EngineError> {
    let sql = if end.is_primary {
        "SELECT u.user_key, u.id FROM linked_objects l JOIN users u ON u.user_key = l.primary_key \
         WHERE l.definition_key = $1 AND l.associated_key = $2 AND l.primary_key > $3 LIMIT $4"
    } else {
        "SELECT u.user_key, u.id FROM linked_objects l JOIN users u ON u.user_key = l.associated_key \
         WHERE l.definition_key = $1 AND l.primary_key = $2 AND l.associated_key > $3 ORDER BY l.associated_key LIMIT $4"
    };
    tx.query(sql, params![end.definition, user, start, count], |row| {
        Ok((row.integer(0)?, UserId::from_text(&row.text(1)?)))
    })
}

fn refused(why: String) -> Error {
    Problem::new(ErrorCode::InvalidLinkedObjectDefinition).about(why).into()
}

/// Link names share one space with each other and with custom attributes (behaviour.md F.1); not with the base ones,
/// since `manager` is both in Okta's own example.
fn check_names(tx: &mut Tx<'_>, org: OrgKey, definition: &LinkedObjectDefinition) -> Result<(), Error> {
    let [primary, associated] = definition.ends().map(LinkedObjectProperty::name);
    if primary == associated {
        return Err(taken(primary));
    }
    for user_type in user_types::select_all(tx, org)? {
        let is_custom = |name: &&str| user_type.schema.attribute(name).is_some_and(|attribute| !attribute.base);
        if let Some(name) = [primary, associated].into_iter().find(is_custom) {
            return Err(taken(name));
        }
    }
    let count = "SELECT COUNT(*) FROM linked_object_definitions WHERE org_key = $1";
    let count = tx.query_first(count, params![org], |row| row.integer(0))?.unwrap_or_default();
    if usize::try_from(count).is_ok_and(|count| count >= MAX_DEFINITIONS) {
        return Err(refused(format!("An org can have {MAX_DEFINITIONS} linked object definitions at most.")));
    }
    Ok(())
}

fn taken(name: &str) -> Error {
    refused(format!("The name {name} is already in use."))
}

fn insert(tx: &mut Tx<'_>, org: OrgKey, definition: &LinkedObjectDefinition) -> Result<(), Error> {
    let key = tx.query_first(
        "INSERT INTO linked_object_definitions (org_key) VALUES ($1) RETURNING definition_key",
        params![org],
        |row| row.integer(0),
    )?;
    for end in definition.ends() {
        let inserted = tx.execute(
            "INSERT INTO linked_object_properties (org_key, name, definition_key, is_primary, title, description) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            params![org, end.name(), key, end == &definition.primary, end.title(), end.description()],
        )?;
        if inserted == 0 {
            return Err(taken(end.name()));
        }
    }
    Ok(())
}

/// Whether a linked-object definition of the org has this name at either end.
pub(crate) fn is_name_taken(tx: &mut Tx<'_>, org: OrgKey, name: &str) -> Result<bool, EngineError> {
    Ok(tx.query_first(SELECT_END, params![org, name], read_end)?.is_some())
}

/// A link is kept as part of the associated user, and told of as a change of theirs (behaviour.md G.12).
fn record_link(
    tx: &mut Tx<'_>,
    change: &Change,
    associated: &User,
    name: &str,
    primary: Option<&User>,
) -> Result<(), EngineError> {
    let link = json!({ "name": name, "primary": primary.map(|primary| primary.id.as_str()) });
    let debug = Map::from_iter([("linkedObject".to_owned(), Value::String(link.to_string()))]);
    let mut targets = vec![users::party(associated)];
    targets.extend(primary.map(users::party));
    change.record_with(tx, EventType::UserUpdateProfile, &targets, debug)
}

fn party(definition: &LinkedObjectDefinition) -> Party {
    let [primary, associated] = definition.ends();
    Party {
        id: primary.name().to_owned(),
        kind: "LinkedObjectDefinition".to_owned(),
        alternate_id: associated.name().to_owned(),
        display_name: primary.title().to_owned(),
    }
}
