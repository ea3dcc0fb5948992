//! The profile schema of an org's groups.

use roster_model::event::EventType;
use roster_model::group::GroupSchema;
use roster_model::id::{GroupKey, OrgKey};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, Value};

use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::{Store, params};

/// The profile schema of groups, and when it was made and changed.
#[derive(Debug, Clone)]
pub struct StoredGroupSchema {
    /// The schema itself.
    pub definition: GroupSchema,
    /// When the org was made.
    pub created: Timestamp,
    /// When the schema last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// getGroupSchema.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn get_group_schema(&self, org: OrgKey) -> Result<StoredGroupSchema, Error> {
        self.engine().read(move |tx| Ok(find(tx, org)?)).await
    }

    /// updateGroupSchema: merges `definitions` into the schema. The values of a removed attribute go with it.
    ///
    /// # Errors
    /// If the change breaks the rules of schemas.
    pub async fn update_group_schema(&self, change: &Change, body: Value) -> Result<StoredGroupSchema, Error> {
        let change = change.clone();
        self.engine()
            .write(move |tx| {
                let mut found = find_for_update(tx, change.org)?;
                let before = found.definition.clone();
                found.definition.merge(&body).map_err(Error::Schema)?;
                found.last_updated = change.now;
                tx.execute(
                    "UPDATE group_schemas SET definition = $1, last_updated = $2 WHERE org_key = $3",
                    params![
                        &serde_json::to_string(&found.definition).map_err(EngineError::from)?,
                        change.now,
                        change.org
                    ],
                )?;
                drop_attributes(tx, change.org, &found.definition.removed_since(&before))?;
                let schema = Party {
                    id: "default".to_owned(),
                    kind: "GroupSchema".to_owned(),
                    alternate_id: "unknown".to_owned(),
                    display_name: "Group".to_owned(),
                };
                change.record(tx, EventType::GroupSchemaUpdate, &[schema])?;
                Ok(found)
            })
            .await
    }
}

const SELECT_SCHEMA: &str = "SELECT definition, created, last_updated FROM group_schemas WHERE org_key = $1";

fn read_schema(row: &Row<'_>) -> Result<StoredGroupSchema, EngineError> {
    Ok(StoredGroupSchema {
        definition: serde_json::from_str(&row.text(0)?)?,
        created: row.timestamp(1)?,
        last_updated: row.timestamp(2)?,
    })
}

fn missing(org: OrgKey) -> EngineError {
    EngineError::Corrupt { what: "group schema of org", value: org.0.to_string() }
}

pub(super) fn find(tx: &mut Tx<'_>, org: OrgKey) -> Result<StoredGroupSchema, EngineError> {
    tx.query_first(SELECT_SCHEMA, params![org], read_schema)?.ok_or_else(|| missing(org))
}

fn find_for_update(tx: &mut Tx<'_>, org: OrgKey) -> Result<StoredGroupSchema, EngineError> {
    tx.query_first_for_update(SELECT_SCHEMA, params![org], read_schema)?.ok_or_else(|| missing(org))
}

/// The schema that a profile is checked by. One with custom attributes keeps it from changing, so that no value outlives its
/// attribute.
pub(super) fn for_profile(
    tx: &mut Tx<'_>,
    org: OrgKey,
    profile: &Map<String, Value>,
) -> Result<GroupSchema, EngineError> {
    let plain = profile.keys().all(|name| matches!(name.as_str(), "name" | "description"));
    let found = if plain { find(tx, org) } else { find_for_update(tx, org) };
    Ok(found?.definition)
}

/// Makes the schema of a new org.
pub(crate) fn insert(tx: &mut Tx<'_>, change: &Change) -> Result<(), EngineError> {
    tx.execute(
        "INSERT INTO group_schemas (org_key, definition, created, last_updated) VALUES ($1, $2, $3, $4)",
        params![change.org, &serde_json::to_string(&GroupSchema::default())?, change.now, change.now],
    )?;
    Ok(())
}

/// Drops the values of attributes that the schema no longer has.
fn drop_attributes(tx: &mut Tx<'_>, org: OrgKey, names: &[String]) -> Result<(), EngineError> {
    if names.is_empty() {
        return Ok(());
    }
    let holders = "SELECT group_key, profile FROM groups WHERE org_key = $1 AND profile <> '{}'";
    for (key, profile) in tx.query(holders, params![org], |row| Ok((GroupKey(row.integer(0)?), row.text(1)?)))? {
        let mut profile: Map<String, Value> = serde_json::from_str(&profile)?;
        let before = profile.len();
        profile.retain(|name, _| !names.contains(name));
        if profile.len() < before {
            let profile = serde_json::to_string(&profile)?;
            tx.execute("UPDATE groups SET profile = $1 WHERE group_key = $2", params![&profile, key])?;
        }
    }
    Ok(())
}
