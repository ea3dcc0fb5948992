//! User types, each with its profile schema.

use std::sync::Arc;

use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::filter::ValueType;
use roster_model::id::{OrgKey, SchemaId, UserId, UserTypeId};
use roster_model::timestamp::Timestamp;
use roster_model::user::attribute::{AttributeType, ItemType};
use roster_model::user::schema::ProfileSchema;
use serde_json::Value;

use crate::cache::Invalidation;
use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::{Store, groups, linked_objects, params, users};

/// The path id that stands for the default type and its schema.
pub const DEFAULT: &str = "default";

/// A user type.
#[derive(Debug, Clone)]
pub struct UserType {
    /// Its id.
    pub id: UserTypeId,
    /// Its name: a variable name, fixed at creation.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Its description, if any.
    pub description: Option<String>,
    /// Whether users get it when none is named.
    pub is_default: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// Who changed it last.
    pub last_updated_by: String,
    /// The schema of its users' profiles.
    pub schema: ProfileSchema,
    /// When the schema last changed.
    pub schema_last_updated: Timestamp,
}

/// What can be said of a user type by its maker.
#[derive(Debug, Clone)]
pub struct UserTypeInput {
    /// Its name; only on creation.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Its description, if any.
    pub description: Option<String>,
}

/// The types of an org, the default one among them (behaviour.md G.7).
const MAX_TYPES: usize = 10;

impl Store {
    /// listUserTypes: the default type first, then in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_user_types(&self, org: OrgKey) -> Result<Vec<UserType>, Error> {
        self.engine().read(move |tx| Ok(select_all(tx, org)?)).await
    }

    /// getUserType, by id or `default`.
    ///
    /// # Errors
    /// If there is no such type.
    pub async fn get_user_type(&self, org: OrgKey, id: &str) -> Result<UserType, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find(tx, org, &id, ResourceKind::UserType)).await
    }

    /// createUserType: with the base attributes as its schema.
    ///
    /// # Errors
    /// A violation if the name is no variable name or taken, or the display name is missing.
    pub async fn create_user_type(&self, change: &Change, input: UserTypeInput) -> Result<UserType, Error> {
        check(&input)?;
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                if select_all(tx, change.org)?.len() >= MAX_TYPES {
                    let rule = format!("An org can have no more than {MAX_TYPES} user types");
                    return Err(Problem::violations(&[Violation::new("name", rule)]).into());
                }
                let id = UserTypeId::new(change.id_seed());
                insert(tx, &change, &id, &input, false, &change.actor().id)?;
                let made = find(tx, change.org, id.as_str(), ResourceKind::UserType)?;
                change.record(tx, EventType::UserTypeCreate, &[party(&made)])?;
                Ok(made)
            })
            .await
    }

    /// updateUserType and replaceUserType: display name and description; the name stays.
    ///
    /// # Errors
    /// If there is no such type, or the display name is missing.
    pub async fn update_user_type(
        &self,
        change: &Change,
        id: &str,
        edit: impl Fn(UserTypeInput) -> UserTypeInput + Send + 'static,
    ) -> Result<UserType, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find(tx, change.org, &id, ResourceKind::UserType)?;
                let input = edit(UserTypeInput {
                    name: before.name.clone(),
                    display_name: before.display_name.clone(),
                    description: before.description.clone(),
                });
                check(&input)?;
                tx.execute(
                    "UPDATE user_types SET display_name = $1, description = $2, last_updated = $3, last_updated_by = $4 \
                     WHERE org_key = $5 AND id = $6",
                    params![
                        &input.display_name,
                        input.description.as_ref(),
                        change.now,
                        &change.actor().id,
                        change.org,
                        &before.id
                    ],
                )?;
                tx.invalidate(Invalidation::UserTypes);
                change.record(tx, EventType::UserTypeUpdate, &[party(&before)])?;
                find(tx, change.org, before.id.as_str(), ResourceKind::UserType)
            })
            .await
    }

    /// deleteUserType.
    ///
    /// # Errors
    /// If there is no such type, it is the default one, or a user has it.
    pub async fn delete_user_type(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let found = find(tx, change.org, &id, ResourceKind::UserType)?;
                if found.is_default || users::any_of_type(tx, change.org, &found.id)? {
                    return Err(Problem::new(ErrorCode::UserTypeNotDeletable).into());
                }
                tx.execute("DELETE FROM user_types WHERE org_key = $1 AND id = $2", params![change.org, &found.id])?;
                tx.invalidate(Invalidation::UserTypes);
                Ok(change.record(tx, EventType::UserTypeDelete, &[party(&found)])?)
            })
            .await
    }

    /// getUserSchema, by the schema's id or `default`.
    ///
    /// # Errors
    /// If there is no such schema.
    pub async fn get_user_schema(&self, org: OrgKey, id: &str) -> Result<UserType, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find_by_schema(tx, org, &id)).await
    }

    /// updateUserProfile: merges `definitions` into a schema. The values of a removed attribute go with it.
    ///
    /// # Errors
    /// If there is no such schema, or the change breaks its rules.
    pub async fn update_user_profile(&self, change: &Change, id: &str, body: Value) -> Result<UserType, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let mut found = find_by_schema(tx, change.org, &id)?;
                let before = found.schema.clone();
                found.schema.merge(&body).map_err(Error::Schema)?;
                refuse_link_names(tx, change.org, &before.removed_since(&found.schema))?;
                tx.execute(
                    "UPDATE user_types SET profile_schema = $1, schema_last_updated = $2 WHERE org_key = $3 AND id = $4",
                    params![
                        &serde_json::to_string(&found.schema).map_err(EngineError::from)?,
                        change.now,
                        change.org,
                        &found.id
                    ],
                )?;
                tx.invalidate(Invalidation::UserTypes);
                users::drop_attributes(tx, change.org, &found.id, &found.schema.removed_since(&before))?;
                groups::rules::forget_attributes(tx, &change, &found.schema.removed_since(&before))?;
                found.schema_last_updated = change.now;
                change.record(tx, EventType::UserSchemaUpdate, &[party(&found)])?;
                Ok(found)
            })
            .await
    }
}

impl Store {
    /// The type of this id or `default`, from memory where this process alone writes it.
    pub(crate) async fn user_type(&self, org: OrgKey, id: &str, kind: ResourceKind) -> Result<Arc<UserType>, Error> {
        let key = (org, id.to_owned());
        let ticket = match self.caches().user_types.get(&key) {
            Ok(kept) => return Ok(kept),
            Err(ticket) => ticket,
        };
        let asked = id.to_owned();
        let found = Arc::new(self.engine().read(move |tx| find(tx, org, &asked, kind)).await?);
        if self.engine().is_exclusive() {
            self.caches().user_types.put(ticket, key, Arc::clone(&found));
        }
        Ok(found)
    }
}

/// Refuses new attributes that bear the name of a linked object (behaviour.md F.1).
fn refuse_link_names(tx: &mut Tx<'_>, org: OrgKey, added: &[String]) -> Result<(), Error> {
    let mut violations = Vec::new();
    for name in added {
        if linked_objects::is_name_taken(tx, org, name)? {
            violations.push(Violation::new(name, "A linked object has this name"));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Problem::violations(&violations).into()) }
}

/// How filters see the values of an attribute of this type.
#[must_use]
pub fn value_type(attribute: AttributeType) -> ValueType {
    match attribute {
        AttributeType::String | AttributeType::Array(ItemType::String) => ValueType::Text,
        AttributeType::Boolean | AttributeType::Array(ItemType::Boolean) => ValueType::Boolean,
        AttributeType::Integer | AttributeType::Number | AttributeType::Array(ItemType::Integer | ItemType::Number) => {
            ValueType::Number
        }
    }
}

fn check(input: &UserTypeInput) -> Result<(), Problem> {
    let mut violations = Vec::new();
    let is_name = input.name.starts_with(|first: char| first.is_ascii_alphabetic())
        && input.name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if input.name.is_empty() {
        violations.push(Violation::new("name", "The field cannot be left blank"));
    } else if !is_name {
        violations.push(Violation::new("name", "Does not match required pattern"));
    }
    if input.display_name.trim().is_empty() {
        violations.push(Violation::new("displayName", "The field cannot be left blank"));
    }
    if violations.is_empty() { Ok(()) } else { Err(Problem::violations(&violations)) }
}

fn party(user_type: &UserType) -> Party {
    Party {
        id: user_type.id.to_string(),
        kind: "UserType".to_owned(),
        alternate_id: user_type.name.clone(),
        display_name: user_type.display_name.clone(),
    }
}

const SELECT_TYPE: &str = "SELECT id, name, display_name, description, is_default, created, created_by, last_updated, \
     last_updated_by, profile_schema, schema_last_updated FROM user_types";

fn read_type(row: &Row<'_>) -> Result<UserType, EngineError> {
    Ok(UserType {
        id: UserTypeId::from_text(&row.text(0)?),
        name: row.text(1)?,
        display_name: row.text(2)?,
        description: row.optional_text(3)?,
        is_default: row.integer(4)? != 0,
        created: row.timestamp(5)?,
        created_by: row.text(6)?,
        last_updated: row.timestamp(7)?,
        last_updated_by: row.text(8)?,
        schema: serde_json::from_str(&row.text(9)?)?,
        schema_last_updated: row.timestamp(10)?,
    })
}

pub(crate) fn select_all(tx: &mut Tx<'_>, org: OrgKey) -> Result<Vec<UserType>, EngineError> {
    tx.query(&format!("{SELECT_TYPE} WHERE org_key = $1 ORDER BY type_key"), params![org], read_type)
}

/// The type of this id; `default` names the default one.
pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str, kind: ResourceKind) -> Result<UserType, Error> {
    let found = if id == DEFAULT {
        let sql = format!("{SELECT_TYPE} WHERE org_key = $1 AND is_default = 1");
        tx.query_first(&sql, params![org], read_type)?
    } else {
        tx.query_first(&format!("{SELECT_TYPE} WHERE org_key = $1 AND id = $2"), params![org, id], read_type)?
    };
    found.ok_or_else(|| Error::not_found(id, kind))
}

fn find_by_schema(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<UserType, Error> {
    let type_id = match id {
        DEFAULT => DEFAULT.to_owned(),
        _ => SchemaId::from_text(id).type_id().to_string(),
    };
    let found = find(tx, org, &type_id, ResourceKind::UserSchema);
    found.map_err(|error| match error {
        Error::NotFound { kind, .. } => Error::not_found(id, kind),
        other => other,
    })
}

pub(crate) fn insert_default(tx: &mut Tx<'_>, change: &Change, id: &UserTypeId, admin: &UserId) -> Result<(), Error> {
    let description = Some("Okta user profile template with default permission settings".to_owned());
    let input = UserTypeInput { name: "user".to_owned(), display_name: "User".to_owned(), description };
    insert(tx, change, id, &input, true, admin.as_str())
}

fn insert(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &UserTypeId,
    input: &UserTypeInput,
    is_default: bool,
    made_by: &str,
) -> Result<(), Error> {
    let inserted = tx.execute(
        "INSERT INTO user_types (org_key, id, name, display_name, description, is_default, created, created_by, \
         last_updated, last_updated_by, profile_schema, schema_last_updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11) ON CONFLICT DO NOTHING",
        params![
            change.org,
            id,
            &input.name,
            &input.display_name,
            input.description.as_ref(),
            is_default,
            change.now,
            made_by,
            change.now,
            made_by,
            change.now
        ],
    )?;
    if inserted == 0 {
        let taken = Violation::taken("name");
        return Err(Problem::violations(&[taken]).into());
    }
    Ok(())
}
