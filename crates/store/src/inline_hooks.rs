//! Inline hooks (behaviour.md E.9 and G.14). How one is asked holds secrets, so it is sealed under the master key.

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::{InlineHookId, OrgKey};
use roster_model::inline_hook::{Channel, InlineHookInput, PASSWORD_IMPORT};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, Value};

use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::{Store, params};

/// An inline hook.
#[derive(Clone)]
pub struct InlineHook {
    /// Its id.
    pub id: InlineHookId,
    /// What people call it.
    pub name: String,
    /// Whether it is asked.
    pub is_active: bool,
    /// How it is asked.
    pub channel: Channel,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// listInlineHooks: in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_inline_hooks(&self, org: OrgKey) -> Result<Vec<InlineHook>, Error> {
        let key = self.master_key().clone();
        let sql = format!("{SELECT} WHERE org_key = $1 ORDER BY hook_key");
        self.engine().read(move |tx| Ok(tx.query(&sql, params![org], |row| read(row, &key))?)).await
    }

    /// getInlineHook.
    ///
    /// # Errors
    /// If there is no such hook.
    pub async fn get_inline_hook(&self, org: OrgKey, id: &str) -> Result<InlineHook, Error> {
        let (key, id) = (self.master_key().clone(), id.to_owned());
        self.engine().read(move |tx| find(tx, org, &id, &key)).await
    }

    /// createInlineHook: it is asked from now on.
    ///
    /// # Errors
    /// If a rule is broken, or another hook of its type is active.
    pub async fn create_inline_hook(&self, change: &Change, body: Map<String, Value>) -> Result<InlineHook, Error> {
        let input = InlineHookInput::from_json(&body, None)?;
        let (key, change) = (self.master_key().clone(), change.clone());
        self.engine()
            .write(move |tx| {
                only_one_active(tx, change.org, None)?;
                let id = InlineHookId::new(change.id_seed());
                let channel = seal(&key, &id, &input.channel)?;
                tx.execute(
                    "INSERT INTO inline_hooks (org_key, id, name, is_active, channel, created, last_updated) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    params![change.org, &id, &input.name, true, channel.as_slice(), change.now, change.now],
                )?;
                let hook = find(tx, change.org, id.as_str(), &key)?;
                change.record(tx, EventType::InlineHookCreate, &[party(&hook)])?;
                Ok(hook)
            })
            .await
    }

    /// updateInlineHook: replaces its name and how it is asked; a secret that is not sent again stays.
    ///
    /// # Errors
    /// If there is no such hook, or a rule is broken.
    pub async fn update_inline_hook(
        &self,
        change: &Change,
        id: &str,
        body: Map<String, Value>,
    ) -> Result<InlineHook, Error> {
        let (key, change, id) = (self.master_key().clone(), change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find(tx, change.org, &id, &key)?;
                let input = InlineHookInput::from_json(&body, Some(&before.channel))?;
                let channel = seal(&key, &before.id, &input.channel)?;
                tx.execute(
                    "UPDATE inline_hooks SET name = $1, channel = $2, last_updated = $3 WHERE org_key = $4 AND id = $5",
                    params![&input.name, channel.as_slice(), change.now, change.org, &before.id],
                )?;
                let hook = find(tx, change.org, &id, &key)?;
                change.record(tx, EventType::InlineHookUpdate, &[party(&hook)])?;
                Ok(hook)
            })
            .await
    }

    /// activateInlineHook.
    ///
    /// # Errors
    /// If there is no such hook, or another one of its type is active.
    pub async fn activate_inline_hook(&self, change: &Change, id: &str) -> Result<InlineHook, Error> {
        self.set_active(change, id, EventType::InlineHookActivate, true).await
    }

    /// deactivateInlineHook.
    ///
    /// # Errors
    /// If there is no such hook.
    pub async fn deactivate_inline_hook(&self, change: &Change, id: &str) -> Result<InlineHook, Error> {
        self.set_active(change, id, EventType::InlineHookDeactivate, false).await
    }

    async fn set_active(
        &self,
        change: &Change,
        id: &str,
        event: EventType,
        is_active: bool,
    ) -> Result<InlineHook, Error> {
        let (key, change, id) = (self.master_key().clone(), change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let before = find(tx, change.org, &id, &key)?;
                if is_active {
                    only_one_active(tx, change.org, Some(&before.id))?;
                }
                let sql = "UPDATE inline_hooks SET is_active = $1, last_updated = $2 WHERE org_key = $3 AND id = $4";
                tx.execute(sql, params![is_active, change.now, change.org, &before.id])?;
                let hook = find(tx, change.org, &id, &key)?;
                change.record(tx, event, &[party(&hook)])?;
                Ok(hook)
            })
            .await
    }

    /// deleteInlineHook: one that is not asked any more.
    ///
    /// # Errors
    /// If there is no such hook, or it is active.
    pub async fn delete_inline_hook(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (key, change, id) = (self.master_key().clone(), change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let hook = find(tx, change.org, &id, &key)?;
                if hook.is_active {
                    let rule = "An active inline hook cannot be deleted";
                    return Err(Problem::violations(&[Violation::new("status", rule)]).into());
                }
                tx.execute("DELETE FROM inline_hooks WHERE org_key = $1 AND id = $2", params![change.org, &hook.id])?;
                Ok(change.record(tx, EventType::InlineHookDelete, &[party(&hook)])?)
            })
            .await
    }
}

/// Refuses a second active hook: passwords are imported from one place (behaviour.md E.9).
fn only_one_active(tx: &mut Tx<'_>, org: OrgKey, but: Option<&InlineHookId>) -> Result<(), Error> {
    let sql = "SELECT id FROM inline_hooks WHERE org_key = $1 AND is_active = 1";
    let active = tx.query(sql, params![org], |row| row.text(0))?;
    if active.iter().all(|id| but.is_some_and(|but| but.as_str() == id)) {
        return Ok(());
    }
    let rule = "Another inline hook of this type is active";
    Err(Problem::violations(&[Violation::new("type", rule)]).into())
}

const SELECT: &str = "SELECT id, name, is_active, channel, created, last_updated FROM inline_hooks";

fn read(row: &Row<'_>, key: &MasterKey) -> Result<InlineHook, EngineError> {
    let id = InlineHookId::from_text(&row.text(0)?);
    let channel = key.open(&context(&id), &row.bytes(3)?)?;
    Ok(InlineHook {
        name: row.text(1)?,
        is_active: row.integer(2)? != 0,
        channel: serde_json::from_slice(&channel)?,
        created: row.timestamp(4)?,
        last_updated: row.timestamp(5)?,
        id,
    })
}

fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str, key: &MasterKey) -> Result<InlineHook, Error> {
    let sql = format!("{SELECT} WHERE org_key = $1 AND id = $2");
    let found = tx.query_first(&sql, params![org, id], |row| read(row, key))?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::InlineHook))
}

/// The hook that imports passwords, if there is one that is asked.
pub(crate) fn active_password_import(
    tx: &mut Tx<'_>,
    org: OrgKey,
    key: &MasterKey,
) -> Result<Option<InlineHook>, EngineError> {
    let sql = format!("{SELECT} WHERE org_key = $1 AND is_active = 1");
    tx.query_first(&sql, params![org], |row| read(row, key))
}

fn seal(key: &MasterKey, id: &InlineHookId, channel: &Channel) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(channel).map_err(EngineError::from)?;
    Ok(key.seal(&context(id), &plain)?)
}

fn context(id: &InlineHookId) -> String {
    format!("inline hook {id}")
}

fn party(hook: &InlineHook) -> Party {
    Party {
        id: hook.id.to_string(),
        kind: "InlineHook".to_owned(),
        alternate_id: PASSWORD_IMPORT.to_owned(),
        display_name: hook.name.clone(),
    }
}
