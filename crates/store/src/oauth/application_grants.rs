//! Grants of an app: the scopes of the management API that an administrator gave it, for itself and for the tokens that it
//! gets for users (behaviour.md F.2).

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::{ApplicationGrantId, ApplicationKey, OrgKey};
use roster_model::scope::is_management_scope;
use roster_model::timestamp::Timestamp;

use crate::applications::{self, Application};
use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::{Store, params};

/// A scope that an app was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationGrant {
    /// Its id.
    pub id: ApplicationGrantId,
    /// The scope's name.
    pub scope_id: String,
    /// The id of who granted it.
    pub created_by: String,
    /// When it was granted.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// listScopeConsentGrants: of an app, in the order they were made.
    ///
    /// # Errors
    /// If there is no such app.
    pub async fn list_scope_consent_grants(
        &self,
        org: OrgKey,
        application: &str,
    ) -> Result<(Application, Vec<ApplicationGrant>), Error> {
        let id = application.to_owned();
        self.engine()
            .read(move |tx| {
                let application = applications::find(tx, org, &id)?;
                let sql = format!("{SELECT} WHERE org_key = $1 AND application_key = $2 ORDER BY grant_key");
                let grants = tx.query(&sql, params![org, application.key], read)?;
                Ok((application, grants))
            })
            .await
    }

    /// getScopeConsentGrant.
    ///
    /// # Errors
    /// If there is no such app, or it has no such grant.
    pub async fn get_scope_consent_grant(
        &self,
        org: OrgKey,
        application: &str,
        grant: &str,
    ) -> Result<(Application, ApplicationGrant), Error> {
        let (id, grant) = (application.to_owned(), grant.to_owned());
        self.engine()
            .read(move |tx| {
                let application = applications::find(tx, org, &id)?;
                let grant = find(tx, org, application.key, &grant)?;
                Ok((application, grant))
            })
            .await
    }

    /// grantConsentToScope. A scope that is granted already stays as it is.
    ///
    /// # Errors
    /// If there is no such app, it is no OAuth client, or there can be no such scope.
    pub async fn grant_consent_to_scope(
        &self,
        change: &Change,
        application: &str,
        scope_id: &str,
    ) -> Result<(Application, ApplicationGrant), Error> {
        let (change, id, scope_id) = (change.clone(), application.to_owned(), scope_id.to_owned());
        self.engine()
            .write(move |tx| {
                let application = find_client(tx, change.org, &id)?;
                if !is_management_scope(&scope_id) {
                    return Err(Problem::violations(&[Violation::new("scopeId", "Invalid scope.")]).into());
                }
                let granted = ApplicationGrantId::new(change.id_seed());
                let inserted = tx.execute(
                    "INSERT INTO application_grants (org_key, application_key, id, scope_id, created_by, created, \
                     last_updated) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                    params![
                        change.org,
                        application.key,
                        &granted,
                        &scope_id,
                        &change.actor().id,
                        change.now,
                        change.now
                    ],
                )?;
                let sql = format!("{SELECT} WHERE org_key = $1 AND application_key = $2 AND scope_id = $3");
                let found = tx.query_first(&sql, params![change.org, application.key, &scope_id], read)?;
                let grant = found.ok_or(EngineError::Conflict)?;
                if inserted == 1 {
                    let targets = [party(&grant), applications::party(&application)];
                    change.record(tx, EventType::OAuthConsentGrant, &targets)?;
                }
                Ok((application, grant))
            })
            .await
    }

    /// revokeScopeConsentGrant: tokens that were issued with the scope live on until their time is up; new ones lack it.
    ///
    /// # Errors
    /// If there is no such app, or it has no such grant.
    pub async fn revoke_scope_consent_grant(
        &self,
        change: &Change,
        application: &str,
        grant: &str,
    ) -> Result<(), Error> {
        let (change, id, grant) = (change.clone(), application.to_owned(), grant.to_owned());
        self.engine()
            .write(move |tx| {
                let application = applications::find(tx, change.org, &id)?;
                let grant = find(tx, change.org, application.key, &grant)?;
                let sql = "DELETE FROM application_grants WHERE org_key = $1 AND id = $2";
                tx.execute(sql, params![change.org, &grant.id])?;
                let targets = [party(&grant), applications::party(&application)];
                Ok(change.record(tx, EventType::ConsentRevoke, &targets)?)
            })
            .await
    }
}

/// The app, which must be an OAuth client.
fn find_client(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Application, Error> {
    let application = applications::find(tx, org, id)?;
    if applications::client_id(&application.document).is_none() {
        let rule = "Grants are available for OAuth 2.0 clients only";
        return Err(Problem::violations(&[Violation::new("signOnMode", rule)]).into());
    }
    Ok(application)
}

/// The scopes that an app was granted.
pub(crate) fn scopes(tx: &mut Tx<'_>, org: OrgKey, application: ApplicationKey) -> Result<Vec<String>, EngineError> {
    let sql = "SELECT scope_id FROM application_grants WHERE org_key = $1 AND application_key = $2";
    tx.query(sql, params![org, application], |row| row.text(0))
}

/// Ends every grant of an app that is deleted.
pub(crate) fn delete_of_application(tx: &mut Tx<'_>, application: ApplicationKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM application_grants WHERE application_key = $1", params![application])?;
    Ok(())
}

const SELECT: &str = "SELECT id, scope_id, created_by, created, last_updated FROM application_grants";

fn read(row: &Row<'_>) -> Result<ApplicationGrant, EngineError> {
    Ok(ApplicationGrant {
        id: ApplicationGrantId::from_text(&row.text(0)?),
        scope_id: row.text(1)?,
        created_by: row.text(2)?,
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
    })
}

fn find(tx: &mut Tx<'_>, org: OrgKey, application: ApplicationKey, id: &str) -> Result<ApplicationGrant, Error> {
    let sql = format!("{SELECT} WHERE org_key = $1 AND application_key = $2 AND id = $3");
    let found = tx.query_first(&sql, params![org, application, id], read)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::OAuth2ScopeConsentGrant))
}

fn party(grant: &ApplicationGrant) -> Party {
    Party {
        id: grant.id.to_string(),
        kind: "OAuth2ScopeConsentGrant".to_owned(),
        alternate_id: grant.scope_id.clone(),
        display_name: grant.scope_id.clone(),
    }
}
