//! Apps: the resource itself here, its users, groups and links each in a file.
//!
//! Invariant: an assignment's app exists, and so does its user or group. Whoever assigns holds the rows of both, and
//! whoever removes one of them takes its assignments along.

mod groups;
mod links;
mod users;

use std::collections::HashMap;

use roster_model::application::{self, ApplicationStatus, NewApplication, SignOnMode};
use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::filter::{AttributePath, Case, Comparison, Expression, Literal, Operand, Subject, fold};
use roster_model::id::{ApplicationId, ApplicationKey, OrgKey};
use roster_model::timestamp::Timestamp;
use serde_json::{Map, Value, json};

pub use groups::{GroupAssignment, GroupAssignmentInput};
pub use links::ApplicationLink;
pub use users::{ApplicationUser, ApplicationUserInput, AssignmentScope};

pub(crate) use groups::remove_group;
pub(crate) use users::{keys_of, remove_user};

use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Param, Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::secret::Secret;
use crate::{Store, oauth, params, roles};

/// An app.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its place in the store.
    pub key: ApplicationKey,
    /// Its id.
    pub id: ApplicationId,
    /// Its name: a template's, a catalogue's, or its own.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Whether users may use it.
    pub status: ApplicationStatus,
    /// How users sign on.
    pub sign_on_mode: Option<SignOnMode>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// Accessibility, visibility, credentials (without secrets), settings and so on, as the wire has them.
    pub document: Map<String, Value>,
}

/// Which apps listApplications answers.
#[derive(Debug, Clone, Default)]
pub struct ApplicationSelection {
    /// Those whose name or label begins like this, in any letter case.
    pub prefix: Option<String>,
    /// Those of which a filter is true.
    pub filter: Option<Expression>,
}

/// Rows looked at for each statement of a filtered list.
const BATCH: i64 = 200;

/// The name that cursors of the list are signed over.
const LIST: &str = "apps";

impl Store {
    /// listApplications: a page in the order the apps were made.
    ///
    /// # Errors
    /// For a cursor that is not of this list.
    pub async fn list_applications(
        &self,
        org: &Org,
        selection: ApplicationSelection,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Application>, Error> {
        let start = after.map(|after| Cursor::decode(after, org, LIST)).transpose()?.map_or(0, |cursor| cursor.key);
        let key = org.key;
        let rows = self.engine().scan(move |tx| select(tx, key, &selection, limit + 1, start)).await?;
        Ok(Page::cut(rows, limit, |application| Cursor::at(application.key.0).encode(org, LIST)))
    }

    /// getApplication.
    ///
    /// # Errors
    /// If there is no such app.
    pub async fn get_application(&self, org: OrgKey, id: &str) -> Result<Application, Error> {
        let id = id.to_owned();
        self.engine().read(move |tx| find(tx, org, &id)).await
    }

    /// createApplication. Answers the client secret of an OAuth client that has one: it is shown this once.
    ///
    /// # Errors
    /// If a setting is missing or malformed, or another client has the client id.
    pub async fn create_application(
        &self,
        change: &Change,
        org: &Org,
        new: NewApplication,
        members: Map<String, Value>,
        secret: Option<Secret>,
        status: ApplicationStatus,
    ) -> Result<(Application, Option<Secret>), Error> {
        let (change, org_name) = (change.clone(), org.name.clone());
        let (made_up, master) = (Secret::random::<48>("")?, self.master_key().clone());
        self.engine()
            .write(move |tx| {
                let name = match &new.name {
                    Some(name) => name.clone(),
                    None => own_name(tx, change.org, &org_name, &new.label)?,
                };
                let mut document = application::document(new.sign_on_mode, &name, &members)?;
                let id = ApplicationId::new(change.id_seed());
                let client_id = settle_client_id(&mut document, new.sign_on_mode, id.as_str());
                let secret = needs_secret(&document).then(|| secret.clone().unwrap_or_else(|| made_up.clone()));
                let made = Application {
                    key: ApplicationKey(0),
                    id,
                    name,
                    label: new.label.clone(),
                    status,
                    sign_on_mode: new.sign_on_mode,
                    created: change.now,
                    last_updated: change.now,
                    document,
                };
                insert(tx, &change, &made, client_id.as_deref())?;
                if let Some(secret) = &secret {
                    oauth::clients::keep_secret(tx, change.org, &made, secret, &master)?;
                }
                change.record(tx, EventType::ApplicationCreate, &[party(&made)])?;
                Ok((made, secret))
            })
            .await
    }

    /// updateApplication: replaces label and document; id, name, sign-on mode, client id and, unless another is given or
    /// there is none of the kind that is needed now, client secret stay. Answers a secret that is new.
    ///
    /// # Errors
    /// If there is no such app, or a setting is missing or malformed.
    pub async fn update_application(
        &self,
        change: &Change,
        id: &str,
        label: String,
        members: Map<String, Value>,
        secret: Option<Secret>,
    ) -> Result<(Application, Option<Secret>), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        let (made_up, master) = (Secret::random::<48>("")?, self.master_key().clone());
        self.engine()
            .write(move |tx| {
                let mut found = find_for_update(tx, change.org, &id)?;
                let client_id = client_id(&found.document).map(str::to_owned);
                found.document = application::document(found.sign_on_mode, &found.name, &members)?;
                set_client_id(&mut found.document, client_id.as_deref());
                found.label.clone_from(&label);
                found.last_updated = change.now;
                save(tx, &found)?;
                let secret = match &secret {
                    _ if !needs_secret(&found.document) => None,
                    Some(secret) => Some(secret.clone()),
                    None => oauth::clients::lacks_secret(tx, &found)?.then(|| made_up.clone()),
                };
                if let Some(secret) = &secret {
                    oauth::clients::keep_secret(tx, change.org, &found, secret, &master)?;
                }
                change.record(tx, EventType::ApplicationUpdate, &[party(&found)])?;
                Ok((found, secret))
            })
            .await
    }

    /// deleteApplication: with its assignments.
    ///
    /// # Errors
    /// If there is no such app, or it is active.
    pub async fn delete_application(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let found = find_for_update(tx, change.org, &id)?;
                if found.status == ApplicationStatus::Active {
                    let cause = "The application must be deactivated before deletion.";
                    return Err(Problem::new(ErrorCode::DeleteApplicationForbidden).because(cause).into());
                }
                oauth::end_of_application(tx, &change, &found)?;
                tx.execute("DELETE FROM application_users WHERE application_key = $1", params![found.key])?;
                roles::remove_application(tx, &change, found.key)?;
                tx.execute("DELETE FROM application_groups WHERE application_key = $1", params![found.key])?;
                oauth::application_grants::delete_of_application(tx, found.key)?;
                tx.execute("DELETE FROM applications WHERE application_key = $1", params![found.key])?;
                Ok(change.record(tx, EventType::ApplicationDelete, &[party(&found)])?)
            })
            .await
    }

    /// activateApplication and deactivateApplication; an app that is so already stays.
    ///
    /// # Errors
    /// If there is no such app.
    pub async fn set_application_status(
        &self,
        change: &Change,
        id: &str,
        status: ApplicationStatus,
    ) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let mut found = find_for_update(tx, change.org, &id)?;
                if found.status == status {
                    return Ok(());
                }
                found.status = status;
                found.last_updated = change.now;
                save(tx, &found)?;
                if status == ApplicationStatus::Inactive {
                    oauth::end_of_application(tx, &change, &found)?;
                }
                let event = match status {
                    ApplicationStatus::Active => EventType::ApplicationActivate,
                    ApplicationStatus::Inactive => EventType::ApplicationDeactivate,
                };
                Ok(change.record(tx, event, &[party(&found)])?)
            })
            .await
    }
}

const COLUMNS: &str =
    "a.application_key, a.id, a.name, a.label, a.status, a.sign_on_mode, a.created, a.last_updated, a.document";

pub(crate) fn select_sql(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM applications a {rest}")
}

pub(crate) fn read_application(row: &Row<'_>) -> Result<Application, EngineError> {
    let status = row.text(4)?;
    let mode = row
        .optional_text(5)?
        .map(|text| SignOnMode::from_text(&text).ok_or(EngineError::Corrupt { what: "sign-on mode", value: text }));
    Ok(Application {
        key: ApplicationKey(row.integer(0)?),
        id: ApplicationId::from_text(&row.text(1)?),
        name: row.text(2)?,
        label: row.text(3)?,
        status: ApplicationStatus::from_text(&status)
            .ok_or(EngineError::Corrupt { what: "app status", value: status })?,
        sign_on_mode: mode.transpose()?,
        created: row.timestamp(6)?,
        last_updated: row.timestamp(7)?,
        document: serde_json::from_str(&row.text(8)?)?,
    })
}

/// The apps `a` that these clauses choose.
pub(crate) fn select_where(
    tx: &mut Tx<'_>,
    clauses: &str,
    params: &[Param<'_>],
) -> Result<Vec<Application>, EngineError> {
    tx.query(&select_sql(clauses), params, read_application)
}

/// Whether an app of the org has this name.
pub(crate) fn any_named(tx: &mut Tx<'_>, org: OrgKey, name: &str) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM applications WHERE org_key = $1 AND name = $2 LIMIT 1";
    Ok(tx.query_first(sql, params![org, name], |_| Ok(()))?.is_some())
}

pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Application, Error> {
    let found =
        tx.query_first(&select_sql("WHERE a.org_key = $1 AND a.id = $2"), params![org, id], read_application)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Application))
}

/// The app that is the client with this client id.
pub(crate) fn find_by_client_id(
    tx: &mut Tx<'_>,
    org: OrgKey,
    client_id: &str,
) -> Result<Option<Application>, EngineError> {
    tx.query_first(&select_sql("WHERE a.org_key = $1 AND a.client_id = $2"), params![org, client_id], read_application)
}

fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Application, Error> {
    let sql = select_sql("WHERE a.org_key = $1 AND a.id = $2");
    let found = tx.query_first_for_update(&sql, params![org, id], read_application)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::Application))
}

fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    selection: &ApplicationSelection,
    count: usize,
    start: i64,
) -> Result<Vec<Application>, Error> {
    let assigned = Assigned::mentioned_in(tx, org, selection.filter.as_ref())?;
    let prefix = selection.prefix.as_deref().map(fold);
    let matches = |application: &Application| {
        let starts = |text: &str| prefix.as_ref().is_none_or(|prefix| fold(text).starts_with(prefix.as_str()));
        let subject = FilteredApplication { application, assigned: &assigned };
        (starts(&application.name) || starts(&application.label))
            && selection.filter.as_ref().is_none_or(|filter| filter.matches(&subject, Case::Sensitive))
    };
    let batch = select_sql("WHERE a.org_key = $1 AND a.application_key > $2 ORDER BY a.application_key LIMIT $3");
    let (mut found, mut start) = (Vec::new(), start);
    loop {
        let rows = tx.query(&batch, params![org, start, BATCH], read_application)?;
        let Some(last) = rows.last().map(|application| application.key.0) else { break };
        let whole = rows.len() as i64 == BATCH;
        found.extend(rows.into_iter().filter(matches).take(count - found.len()));
        if found.len() == count || !whole {
            break;
        }
        start = last;
    }
    Ok(found)
}

/// The apps of the users and groups that a filter names, since `user.id` and `group.id` are not the app's own.
struct Assigned(HashMap<(&'static str, String), Vec<ApplicationKey>>);

impl Assigned {
    fn mentioned_in(tx: &mut Tx<'_>, org: OrgKey, filter: Option<&Expression>) -> Result<Self, Error> {
        let mut mentioned = Vec::new();
        filter.into_iter().for_each(|filter| collect_mentions(filter, &mut mentioned));
        let mut assigned = HashMap::new();
        for (path, id) in mentioned {
            let keys = match path {
                "user.id" => users::applications_of(tx, org, &id)?,
                _ => groups::applications_of(tx, org, &id)?,
            };
            assigned.insert((path, id), keys);
        }
        Ok(Self(assigned))
    }
}

fn collect_mentions(filter: &Expression, mentioned: &mut Vec<(&'static str, String)>) {
    match filter {
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter().for_each(|part| collect_mentions(part, mentioned));
        }
        Expression::Not(part) => collect_mentions(part, mentioned),
        Expression::Compare(Comparison { attribute, literal: Literal::Text(id), .. }) => {
            let known = ["user.id", "group.id"].into_iter().find(|known| *known == attribute.as_str());
            mentioned.extend(known.map(|known| (known, id.as_str().to_owned())));
        }
        Expression::Compare(_) | Expression::Present(_) => {}
    }
}

struct FilteredApplication<'a> {
    application: &'a Application,
    assigned: &'a Assigned,
}

impl Subject for FilteredApplication<'_> {
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        let application = self.application;
        match path.as_str() {
            "id" => test(Operand::Identifier(application.id.as_str())),
            "name" => test(Operand::Text(&application.name)),
            "status" => test(Operand::Text(application.status.as_str())),
            "lastUpdated" => test(Operand::Instant(application.last_updated)),
            relation => self
                .assigned
                .0
                .iter()
                .filter(|((path, _), keys)| *path == relation && keys.contains(&application.key))
                .any(|((_, id), _)| test(Operand::Identifier(id))),
        }
    }
}

/// The name of an app of its own: the org's name, the label and a number, as a real org makes it.
fn own_name(tx: &mut Tx<'_>, org: OrgKey, org_name: &str, label: &str) -> Result<String, EngineError> {
    let last = "SELECT COALESCE(MAX(application_key), 0) FROM applications WHERE org_key = $1";
    let last = tx.query_first(last, params![org], |row| row.integer(0))?.unwrap_or_default();
    let label: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    Ok(format!("{org_name}_{}_{}", label.to_ascii_lowercase(), last + 1))
}

fn oauth_client(document: &Map<String, Value>) -> Option<&Map<String, Value>> {
    document.get("credentials")?.get("oauthClient")?.as_object()
}

pub(crate) fn client_id(document: &Map<String, Value>) -> Option<&str> {
    oauth_client(document)?.get("client_id")?.as_str()
}

fn set_client_id(document: &mut Map<String, Value>, client_id: Option<&str>) {
    let credentials = document.get_mut("credentials").and_then(|credentials| credentials.get_mut("oauthClient"));
    if let Some((client, id)) = credentials.and_then(Value::as_object_mut).zip(client_id) {
        client.insert("client_id".to_owned(), json!(id));
    }
}

/// The client id of an OAuth client: the one it was given, else the app's id.
fn settle_client_id(document: &mut Map<String, Value>, mode: Option<SignOnMode>, id: &str) -> Option<String> {
    if mode != Some(SignOnMode::OpenIdConnect) {
        return None;
    }
    let settled = client_id(document).filter(|given| !given.is_empty()).unwrap_or(id).to_owned();
    set_client_id(document, Some(&settled));
    Some(settled)
}

/// Whether a client shows a secret of its own at the token endpoint.
fn needs_secret(document: &Map<String, Value>) -> bool {
    let method = oauth_client(document).and_then(|client| client.get("token_endpoint_auth_method"));
    method.and_then(Value::as_str).is_some_and(|method| method.starts_with("client_secret"))
}

fn insert(tx: &mut Tx<'_>, change: &Change, made: &Application, client_id: Option<&str>) -> Result<(), Error> {
    let document = serde_json::to_string(&made.document).map_err(EngineError::from)?;
    let inserted = tx.execute(
        "INSERT INTO applications (org_key, id, name, label, status, sign_on_mode, created, last_updated, client_id, \
         document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        params![
            change.org,
            &made.id,
            &made.name,
            &made.label,
            made.status.as_str(),
            made.sign_on_mode.map(SignOnMode::as_str),
            made.created,
            made.last_updated,
            client_id,
            &document
        ],
    )?;
    if inserted == 0 {
        let text = "An object with this field already exists in the current organization";
        return Err(Problem::violations(&[Violation::new("client_id", text)]).into());
    }
    Ok(())
}

fn save(tx: &mut Tx<'_>, after: &Application) -> Result<(), Error> {
    let document = serde_json::to_string(&after.document).map_err(EngineError::from)?;
    tx.execute(
        "UPDATE applications SET label = $1, status = $2, last_updated = $3, document = $4 WHERE application_key = $5",
        params![&after.label, after.status.as_str(), after.last_updated, &document, after.key],
    )?;
    Ok(())
}

pub(crate) fn party(application: &Application) -> Party {
    Party {
        id: application.id.to_string(),
        kind: "AppInstance".to_owned(),
        alternate_id: application.label.clone(),
        display_name: application.name.clone(),
    }
}
