//! Apps as OAuth clients.

use roster_model::application::{ApplicationStatus, SignOnMode};
use roster_model::id::{ApplicationId, ApplicationKey, OrgKey};
use roster_model::oauth::client::{Client, ClientAuthentication};

use crate::applications::{self, Application};
use crate::change::Party;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::secret::{Secret, SecretHash};
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
    // PostgreSQL can hold no NUL, so nobody has such a name.
    if client_id.contains('\0') {
        return Ok(None);
    }
    let Some(application) = applications::find_by_client_id(tx, org, client_id)? else { return Ok(None) };
    let sql =
        "SELECT client_secret_hash FROM applications WHERE application_key = $1 AND client_secret_hash IS NOT NULL";
    let hash = tx.query_first(sql, params![application.key], |row| row.bytes(0))?;
    let hash = hash.and_then(|bytes| bytes.try_into().ok()).map(SecretHash);
    Ok(of_application(&application, hash))
}

/// The secret that a client's assertions are signed with.
pub(crate) fn signing_secret(
    tx: &mut Tx<'_>,
    client: &RegisteredClient,
    master: &MasterKey,
) -> Result<Option<Secret>, EngineError> {
    let sql = "SELECT client_secret_sealed FROM applications \
         WHERE application_key = $1 AND client_secret_sealed IS NOT NULL";
    let Some(sealed) = tx.query_first(sql, params![client.key], |row| row.bytes(0))? else { return Ok(None) };
    let plain = master.open(&secret_context(&client.application_id), &sealed)?;
    Ok(std::str::from_utf8(&plain).ok().map(Secret::from_text))
}

/// Keeps the secret of a client: its hash, and where signatures are checked with it, itself under seal.
pub(crate) fn keep_secret(
    tx: &mut Tx<'_>,
    org: OrgKey,
    application: &Application,
    secret: &Secret,
    master: &MasterKey,
) -> Result<(), EngineError> {
    let sealed = if signs_with_secret(application) {
        Some(master.seal(&secret_context(&application.id), secret.reveal().as_bytes())?)
    } else {
        None
    };
    tx.execute(
        "UPDATE applications SET client_secret_hash = $1, client_secret_sealed = $2 WHERE org_key = $3 AND id = $4",
        params![secret.hash().0.as_slice(), sealed.as_deref(), org, &application.id],
    )?;
    Ok(())
}

/// Whether a client has no secret of the kind that it needs.
pub(crate) fn lacks_secret(tx: &mut Tx<'_>, application: &Application) -> Result<bool, EngineError> {
    let column = if signs_with_secret(application) { "client_secret_sealed" } else { "client_secret_hash" };
    let sql = format!("SELECT 1 FROM applications WHERE application_key = $1 AND {column} IS NOT NULL");
    Ok(tx.query_first(&sql, params![application.key], |_| Ok(()))?.is_none())
}

fn signs_with_secret(application: &Application) -> bool {
    let client = Client::of_application(&application.label, &application.document);
    client.is_some_and(|client| client.authentication == ClientAuthentication::SecretJwt)
}

/// What a client's secret is sealed for.
pub(crate) fn secret_context(application: &ApplicationId) -> String {
    format!("client secret {application}")
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
