//! Identity providers: the resource itself here, the users linked to it in a file of their own.
//!
//! A provider's client secret is kept as it is, since Roster must send it to the provider; a real org shows it to
//! administrators too.
//!
//! Invariant: a link's provider and user exist. Whoever links holds the rows of both, and whoever removes one of them
//! takes its links along.

mod federation;
mod users;

use roster_model::application::ApplicationStatus;
use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::filter::fold;
use roster_model::id::{IdentityProviderId, IdentityProviderKey, OrgKey};
use roster_model::identity_provider::{IdentityProviderInput, IdentityProviderType};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, Value, json};

pub use federation::SignInProvider;
pub use users::IdentityProviderUser;
pub(crate) use users::remove_user;

use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params};

/// An identity provider.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityProvider {
    /// Its place in the store.
    pub key: IdentityProviderKey,
    /// Its id.
    pub id: IdentityProviderId,
    /// Who it is.
    pub kind: IdentityProviderType,
    /// What people call it.
    pub name: String,
    /// Whether users may sign in through it.
    pub status: ApplicationStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// Issuer mode, protocol and policy, as the wire has them.
    pub document: Map<String, Value>,
}

/// Which providers listIdentityProviders answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityProviderSelection {
    /// Those whose name holds this, in any letter case.
    pub name: Option<String>,
    /// Those of this type.
    pub kind: Option<IdentityProviderType>,
}

/// The name that cursors of the list are signed over.
const LIST: &str = "idps";

/// Rows looked at for each statement of a selective list.
const BATCH: i64 = 200;

impl Store {
    /// listIdentityProviders: a page in the order they were made. The links of the list forget what was asked for
    /// (observed.md 1), so the cursor remembers it.
    ///
    /// # Errors
    /// For a cursor that is not of this list.
    pub async fn list_identity_providers(
        &self,
        org: &Org,
        selection: IdentityProviderSelection,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<IdentityProvider>, Error> {
        let start = after.map(|after| Cursor::decode(after, org, LIST)).transpose()?;
        let remembered =
            start.as_ref().and_then(|cursor| IdentityProviderSelection::from_text(cursor.value.as_deref()?));
        let selection = remembered.unwrap_or(selection);
        let (key, start, chosen) = (org.key, start.map_or(0, |cursor| cursor.key), selection.clone());
        let rows = self.engine().scan(move |tx| Ok(select(tx, key, &chosen, limit + 1, start)?)).await?;
        Ok(Page::cut(rows, limit, |provider| {
            Cursor { value: Some(selection.to_text()), key: provider.key.0 }.encode(org, LIST)
        }))
    }

    /// getIdentityProvider.
    ///
    /// # Errors
    /// If there is no such provider.
    pub async fn get_identity_provider(&self, org: OrgKey, id: &str) -> Result<IdentityProvider, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find(tx, org, &id)).await
    }

    /// createIdentityProvider: active from the start.
    ///
    /// # Errors
    /// If what it cannot do without is missing.
    pub async fn create_identity_provider(
        &self,
        change: &Change,
        members: Map<String, Value>,
    ) -> Result<IdentityProvider, Error> {
        let change = change.clone();
        let input = IdentityProviderInput::from_json(&members, None)?;
        self.engine()
            .write(move |tx| {
                let id = IdentityProviderId::new(change.id_seed());
                tx.execute(
                    "INSERT INTO identity_providers (org_key, id, type, name, status, created, last_updated, document) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    params![
                        change.org,
                        &id,
                        input.kind.as_str(),
                        &input.name,
                        ApplicationStatus::Active.as_str(),
                        change.now,
                        change.now,
                        &serde_json::to_string(&input.document).map_err(EngineError::from)?
                    ],
                )?;
                let made = find(tx, change.org, id.as_str())?;
                change.record(tx, EventType::IdentityProviderCreate, &[party(&made)])?;
                Ok(made)
            })
            .await
    }

    /// updateIdentityProvider: replaces all but id, status and links.
    ///
    /// # Errors
    /// If there is no such provider, or what it cannot do without is missing.
    pub async fn update_identity_provider(
        &self,
        change: &Change,
        id: &str,
        members: Map<String, Value>,
    ) -> Result<IdentityProvider, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let mut found = find_for_update(tx, change.org, &id)?;
                let input = IdentityProviderInput::from_json(&members, Some(&found.document))?;
                (found.name, found.kind, found.document) = (input.name, input.kind, input.document);
                save(tx, &change, &mut found)?;
                change.record(tx, EventType::IdentityProviderUpdate, &[party(&found)])?;
                Ok(found)
            })
            .await
    }

    /// deleteIdentityProvider: with its links to users.
    ///
    /// # Errors
    /// If there is no such provider.
    pub async fn delete_identity_provider(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let found = find_for_update(tx, change.org, &id)?;
                tx.execute("DELETE FROM identity_provider_users WHERE identity_provider_key = $1", params![found.key])?;
                federation::remove_provider(tx, found.key)?;
                tx.execute("DELETE FROM identity_providers WHERE identity_provider_key = $1", params![found.key])?;
                Ok(change.record(tx, EventType::IdentityProviderDelete, &[party(&found)])?)
            })
            .await
    }

    /// activateIdentityProvider and deactivateIdentityProvider; one that is so already stays.
    ///
    /// # Errors
    /// If there is no such provider.
    pub async fn set_identity_provider_status(
        &self,
        change: &Change,
        id: &str,
        status: ApplicationStatus,
    ) -> Result<IdentityProvider, Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let mut found = find_for_update(tx, change.org, &id)?;
                if found.status != status {
                    found.status = status;
                    save(tx, &change, &mut found)?;
                    let event = match status {
                        ApplicationStatus::Active => EventType::IdentityProviderActivate,
                        ApplicationStatus::Inactive => EventType::IdentityProviderDeactivate,
                    };
                    change.record(tx, event, &[party(&found)])?;
                }
                Ok(found)
            })
            .await
    }
}

impl IdentityProviderSelection {
    fn to_text(&self) -> String {
        json!([self.name, self.kind.map(IdentityProviderType::as_str)]).to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (name, kind): (Option<String>, Option<String>) = serde_json::from_str(text).ok()?;
        Some(Self { name, kind: kind.as_deref().and_then(IdentityProviderType::from_text) })
    }

    fn chooses(&self, provider: &IdentityProvider) -> bool {
        let named = self.name.as_deref().is_none_or(|name| fold(&provider.name).contains(&*fold(name)));
        named && self.kind.is_none_or(|kind| kind == provider.kind)
    }
}

const COLUMNS: &str = "i.identity_provider_key, i.id, i.type, i.name, i.status, i.created, i.last_updated, i.document";

fn select_sql(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM identity_providers i {rest}")
}

fn read_provider(row: &Row<'_>) -> Result<IdentityProvider, EngineError> {
    let (kind, status) = (row.text(2)?, row.text(4)?);
    Ok(IdentityProvider {
        key: IdentityProviderKey(row.integer(0)?),
        id: IdentityProviderId::from_text(&row.text(1)?),
        kind: IdentityProviderType::from_text(&kind)
            .ok_or(EngineError::Corrupt { what: "identity provider type", value: kind })?,
        name: row.text(3)?,
        status: ApplicationStatus::from_text(&status)
            .ok_or(EngineError::Corrupt { what: "identity provider status", value: status })?,
        created: row.timestamp(5)?,
        last_updated: row.timestamp(6)?,
        document: serde_json::from_str(&row.text(7)?)?,
    })
}

fn not_found(id: &str) -> Error {
    Error::not_found(id, ResourceKind::IdentityProvider)
}

fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<IdentityProvider, Error> {
    let sql = select_sql("WHERE i.org_key = $1 AND i.id = $2");
    tx.query_first(&sql, params![org, id], read_provider)?.ok_or_else(|| not_found(id))
}

fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<IdentityProvider, Error> {
    let sql = select_sql("WHERE i.org_key = $1 AND i.id = $2");
    tx.query_first_for_update(&sql, params![org, id], read_provider)?.ok_or_else(|| not_found(id))
}

fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    selection: &IdentityProviderSelection,
    count: usize,
    start: i64,
) -> Result<Vec<IdentityProvider>, EngineError> {
    let batch =
        select_sql("WHERE i.org_key = $1 AND i.identity_provider_key > $2 ORDER BY i.identity_provider_key LIMIT $3");
    let (mut found, mut start) = (Vec::new(), start);
    loop {
        let rows = tx.query(&batch, params![org, start, BATCH], read_provider)?;
        let Some(last) = rows.last().map(|provider| provider.key.0) else { break };
        let whole = rows.len() as i64 == BATCH;
        found.extend(rows.into_iter().filter(|provider| selection.chooses(provider)).take(count - found.len()));
        if found.len() == count || !whole {
            break;
        }
        start = last;
    }
    Ok(found)
}

fn save(tx: &mut Tx<'_>, change: &Change, after: &mut IdentityProvider) -> Result<(), EngineError> {
    after.last_updated = change.now;
    tx.execute(
        "UPDATE identity_providers SET type = $1, name = $2, status = $3, last_updated = $4, document = $5 \
         WHERE identity_provider_key = $6",
        params![
            after.kind.as_str(),
            &after.name,
            after.status.as_str(),
            after.last_updated,
            &serde_json::to_string(&after.document)?,
            after.key
        ],
    )?;
    Ok(())
}

fn party(provider: &IdentityProvider) -> Party {
    Party {
        id: provider.id.to_string(),
        kind: "IdpTrust".to_owned(),
        alternate_id: "unknown".to_owned(),
        display_name: provider.name.clone(),
    }
}
