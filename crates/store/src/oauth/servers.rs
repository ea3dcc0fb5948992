//! Custom authorization servers.

use roster_model::id::{AuthorizationServerId, OrgKey};
use roster_model::oauth::jws::Algorithm;
use roster_model::oauth::server::{DEFAULT_SERVER, Issuer, ServerStatus};
use roster_model::timestamp::Timestamp;

use crate::engine::{Row, Tx};
use crate::error::EngineError;
use crate::{Store, params};

/// A custom authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationServer {
    /// Its id.
    pub id: AuthorizationServerId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The `aud` of its access tokens.
    pub audience: String,
    /// Whether it issues tokens.
    pub status: ServerStatus,
    /// How its tokens are signed.
    pub signing_algorithm: Algorithm,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// The issuer that a path names: an active custom server.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn find_issuer(&self, org: OrgKey, server: &str) -> Result<Option<Issuer>, crate::Error> {
        let id = server.to_owned();
        let found = self.engine().read(move |tx| Ok(find(tx, org, &id)?)).await?;
        let active = found.filter(|server| server.status == ServerStatus::Active);
        Ok(active.map(|server| Issuer::Custom(server.id)))
    }
}

const SELECT: &str = "SELECT id, name, description, audience, status, signing_algorithm, created, last_updated \
     FROM authorization_servers";

fn read(row: &Row<'_>) -> Result<AuthorizationServer, EngineError> {
    let (status, algorithm) = (row.text(4)?, row.text(5)?);
    Ok(AuthorizationServer {
        id: AuthorizationServerId::from_text(&row.text(0)?),
        name: row.text(1)?,
        description: row.optional_text(2)?,
        audience: row.text(3)?,
        status: ServerStatus::from_text(&status)
            .ok_or(EngineError::Corrupt { what: "authorization server status", value: status })?,
        signing_algorithm: Algorithm::from_text(&algorithm)
            .ok_or(EngineError::Corrupt { what: "signing algorithm", value: algorithm })?,
        created: row.timestamp(6)?,
        last_updated: row.timestamp(7)?,
    })
}

/// A custom server of this org.
pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, id: &str) -> Result<Option<AuthorizationServer>, EngineError> {
    tx.query_first(&format!("{SELECT} WHERE org_key = $1 AND id = $2"), params![org, id], read)
}

/// Gives an org the custom server that every org begins with.
pub(crate) fn insert_default(tx: &mut Tx<'_>, org: OrgKey, now: Timestamp) -> Result<(), EngineError> {
    tx.execute(
        "INSERT INTO authorization_servers (org_key, id, name, description, audience, status, issuer_mode, \
         rotation_mode, signing_algorithm, created, last_updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        params![
            org,
            DEFAULT_SERVER,
            DEFAULT_SERVER,
            "Default Authorization Server for your Applications",
            "api://default",
            ServerStatus::Active.as_str(),
            "ORG_URL",
            "AUTO",
            Algorithm::Rs256.as_str(),
            now,
            now
        ],
    )?;
    Ok(())
}

/// Gives the default server to orgs that were made before there was one.
pub(crate) fn complete(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), EngineError> {
    let without = "SELECT o.org_key FROM orgs o WHERE NOT EXISTS \
         (SELECT 1 FROM authorization_servers s WHERE s.org_key = o.org_key AND s.id = $1)";
    for org in tx.query(without, params![DEFAULT_SERVER], |row| row.integer(0))? {
        insert_default(tx, OrgKey(org), now)?;
    }
    Ok(())
}
