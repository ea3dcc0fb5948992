//! Who changes what, and what the System Log keeps of it.
//!
//! Invariant: an event is written by the transaction whose change it tells of.

use std::sync::Arc;

use roster_model::event::EventType;
use roster_model::id::{IdSeed, OrgKey};
use roster_model::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::IdSource;
use crate::engine::Tx;
use crate::error::EngineError;
use crate::params;

/// Someone or something that an event names: who acted, or what was acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// Its id.
    pub id: String,
    /// `User`, `UserGroup`, `Token`, `SystemPrincipal` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Another name for it: a user's login.
    pub alternate_id: String,
    /// What people call it.
    pub display_name: String,
}

impl Party {
    /// The server itself.
    #[must_use]
    pub fn system() -> Self {
        Self {
            id: "system".to_owned(),
            kind: "SystemPrincipal".to_owned(),
            alternate_id: "system@roster".to_owned(),
            display_name: "Roster".to_owned(),
        }
    }

    /// Somebody who gave a name that may be nobody's.
    #[must_use]
    pub fn unknown(name: &str) -> Self {
        Self {
            id: "unknown".to_owned(),
            kind: "User".to_owned(),
            alternate_id: name.to_owned(),
            display_name: "unknown".to_owned(),
        }
    }
}

/// The request that a change came with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// Its `X-Okta-Request-Id`.
    pub id: String,
    /// Its path and query.
    pub uri: String,
    /// Where it came from.
    pub ip_address: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// What links in messages about it begin with; empty where nobody asked.
    #[serde(skip)]
    pub base_url: String,
}

/// What the details of an event hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetails {
    /// Who acted.
    pub actor: Party,
    /// With which request.
    pub request: RequestContext,
    /// On what.
    pub targets: Vec<Party>,
    /// Anything else worth keeping.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub debug: Map<String, Value>,
    /// Why it failed, if it did: `INVALID_CREDENTIALS` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One change to one org: by whom, with which request, when.
#[derive(Clone)]
pub struct Change {
    /// The org.
    pub org: OrgKey,
    /// When: whole seconds, as users' times are printed.
    pub now: Timestamp,
    published: Timestamp,
    actor: Arc<Party>,
    request: Arc<RequestContext>,
    ids: Arc<IdSource>,
}

impl Change {
    pub(crate) fn new(org: OrgKey, actor: Party, request: RequestContext, now: Timestamp, ids: Arc<IdSource>) -> Self {
        Self { org, now: now.whole_second(), published: now, actor: Arc::new(actor), request: Arc::new(request), ids }
    }

    /// The same change in another org.
    pub(crate) fn in_org(&self, org: OrgKey) -> Self {
        Self { org, ..self.clone() }
    }

    /// The same change by another actor: a user who signs in.
    pub(crate) fn by(&self, actor: Party) -> Self {
        Self { actor: Arc::new(actor), ..self.clone() }
    }

    /// The same change by the server itself: what follows by rule from what somebody does.
    pub(crate) fn by_the_system(&self) -> Self {
        self.by(Party::system())
    }

    /// The request that it came with.
    #[must_use]
    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Party {
        &self.actor
    }

    /// The seed of a new id.
    pub(crate) fn id_seed(&self) -> IdSeed {
        self.ids.next(self.published)
    }

    /// Writes an event about `targets`.
    pub(crate) fn record(&self, tx: &mut Tx<'_>, event: EventType, targets: &[Party]) -> Result<(), EngineError> {
        self.record_with(tx, event, targets, Map::new())
    }

    /// Writes an event about `targets` with debug data.
    pub(crate) fn record_with(
        &self,
        tx: &mut Tx<'_>,
        event: EventType,
        targets: &[Party],
        debug: Map<String, Value>,
    ) -> Result<(), EngineError> {
        self.write_event(tx, event, targets, debug, None)
    }

    /// Writes an event that tells of what was tried about `targets` and failed for this reason.
    pub(crate) fn record_failure(
        &self,
        tx: &mut Tx<'_>,
        event: EventType,
        targets: &[Party],
        debug: Map<String, Value>,
        reason: &str,
    ) -> Result<(), EngineError> {
        self.write_event(tx, event, targets, debug, Some(reason))
    }

    fn write_event(
        &self,
        tx: &mut Tx<'_>,
        event: EventType,
        targets: &[Party],
        debug: Map<String, Value>,
        failure: Option<&str>,
    ) -> Result<(), EngineError> {
        let details = EventDetailsRef { actor: &self.actor, request: &self.request, targets, debug, failure };
        let details = serde_json::to_string(&details)?;
        let uuid = uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid().to_string();
        tx.execute(
            "INSERT INTO events (org_key, uuid, published, event_type, details) VALUES ($1, $2, $3, $4, $5)",
            params![self.org, &uuid, self.published, event.as_str(), &details],
        )?;
        Ok(())
    }
}

/// [`EventDetails`] without copies of what is the same for every event.
#[derive(Serialize)]
struct EventDetailsRef<'a> {
    actor: &'a Party,
    request: &'a RequestContext,
    targets: &'a [Party],
    #[serde(skip_serializing_if = "Map::is_empty")]
    debug: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}
