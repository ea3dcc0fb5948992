//! Apps as OAuth clients.

use roster_model::application::{ApplicationStatus, SignOnMode};
use roster_model::id::{ApplicationId, ApplicationKey, OrgKey};
use roster_model::oauth::client::Client;

use crate::applications::{self, Application};
use crate::change::Party;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::secret::SecretHash;
use crate::{Store, params};

/// A client, and the app that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The app's place in the store.
    pub key: ApplicationKey,
    /// The app's id.
    pub application_id: ApplicationId,
    /// Whether it may be used.
    pub status: ApplicationStatus,
    /// What it may do.
    pub client: Client,
    /// The hash of its secret, if it has one.
    pub secret_hash: Option<SecretHash>,
}

impl RegisteredClient {
    /// Whether it may be used.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == ApplicationStatus::Active
    }

    /// The client, as the System Log names it.
    #[must_use]
    pub fn party(&self) -> Party {
        Party {
            id: self.client.client_id.clone(),
            kind: "PublicClientApp".to_owned(),
            alternate_id: self.client.client_id.clone(),
            display_name: self.client.name.clone(),
        }
    }
}

impl Store {
    /// The client with this client id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn find_client(&self, org: OrgKey, client_id: &str) -> Result<Option<RegisteredClient>, Error> {
        let client_id = client_id.to_owned();
        self.engine().read(move |tx| Ok(find(tx, org, &client_id)?)).await
    }
}

/// The client with this client id.
pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, client_id: &str) -> Result<Option<RegisteredClient>, EngineError> {
    let Some(application) = applications::find_by_client_id(tx, org, client_id)? else { return Ok(None) };
    let sql =
        "SELECT client_secret_hash FROM applications WHERE application_key = $1 AND client_secret_hash IS NOT NULL";
    let hash = tx.query_first(sql, params![application.key], |row| row.bytes(0))?;
    let hash = hash.and_then(|bytes| bytes.try_into().ok()).map(SecretHash);
    Ok(of_application(&application, hash))
}

fn of_application(application: &Application, secret_hash: Option<SecretHash>) -> Option<RegisteredClient> {
    let is_client = application.sign_on_mode == Some(SignOnMode::OpenIdConnect);
    let client = Client::of_application(&application.label, &application.document).filter(|_| is_client)?;
    Some(RegisteredClient {
        key: application.key,
        application_id: application.id.clone(),
        status: application.status,
        client,
        secret_hash,
    })
}
