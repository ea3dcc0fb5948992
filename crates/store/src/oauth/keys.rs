//! Signing keys. Each authorization server has one that signs and one that will sign next; both are drawn when the server
//! is first asked for either, so that an org that issues no tokens costs nothing. After a rotation the old key stays
//! published until everything that it signed has ended.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use roster_model::event::EventType;
use roster_model::id::OrgKey;
use roster_model::oauth::jwk::PublicKey;
use roster_model::oauth::jws::Algorithm;
use roster_model::oauth::server::{Issuer, KeyStatus};
use roster_model::timestamp::Timestamp;

use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::oauth::servers;
use crate::oauth::signature::{Pkcs8, SigningKey};
use crate::seal::MasterKey;
use crate::{Store, params};

/// Seconds that the longest token lives: how long a key is published after it signed last.
const LONGEST_TOKEN_SECONDS: i64 = 86_400;

/// Seconds after which a key that rotates by itself has signed long enough: four times a year, as a real org's.
const ROTATE_AFTER_SECONDS: i64 = 90 * 86_400;

/// A key of an authorization server, short of its private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// What tokens call it.
    pub kid: String,
    /// What it is good for.
    pub status: KeyStatus,
    /// Its numbers.
    pub public: PublicKey,
    /// When it was drawn.
    pub created: Timestamp,
    /// When its status last changed.
    pub last_updated: Timestamp,
    /// When it is published no more.
    pub expires: Option<Timestamp>,
}

/// Keys ready to sign, by org and `kid`. What a `kid` names never changes, so nothing here can be out of date.
#[derive(Default)]
pub(crate) struct SigningKeys(RwLock<HashMap<(OrgKey, String), Arc<SigningKey>>>);

/// Keys that may be kept; more are read anew each time.
const MAX_KEYS: usize = 10_000;

impl SigningKeys {
    fn get(&self, org: OrgKey, kid: &str) -> Option<Arc<SigningKey>> {
        self.0.read().get(&(org, kid.to_owned())).cloned()
    }

    fn put(&self, org: OrgKey, key: &Arc<SigningKey>) {
        let mut keys = self.0.write();
        if keys.len() < MAX_KEYS {
            keys.insert((org, key.kid().to_owned()), Arc::clone(key));
        }
    }
}

impl Store {
    /// oauthKeys: the keys that tokens of this server may be signed with, the one that signs first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn oauth_keys(&self, org: OrgKey, issuer: &Issuer) -> Result<Vec<PublishedKey>, Error> {
        let keys = self.published_keys(org, issuer).await?;
        if keys.iter().any(|key| key.status == KeyStatus::Active) {
            return Ok(keys);
        }
        self.draw_first_keys(org, issuer).await?;
        self.published_keys(org, issuer).await
    }

    async fn published_keys(&self, org: OrgKey, issuer: &Issuer) -> Result<Vec<PublishedKey>, Error> {
        let (issuer, now) = (issuer.clone(), self.clock().now());
        let mut keys = self.engine().read(move |tx| Ok(published(tx, org, &issuer, now)?)).await?;
        keys.sort_by_key(|key| key.status != KeyStatus::Active);
        Ok(keys)
    }

    /// The key that signs for this server now.
    pub(crate) async fn signing_key(&self, org: OrgKey, issuer: &Issuer) -> Result<Arc<SigningKey>, Error> {
        let keys = self.oauth_keys(org, issuer).await?;
        let active = keys.first().ok_or_else(|| no_key(issuer))?;
        let due = active.last_updated.plus_seconds(ROTATE_AFTER_SECONDS) <= self.clock().now();
        if due && self.rotates_by_itself(org, issuer).await? {
            self.rotate_keys(&self.system_change(org), issuer).await?;
            return self.private_key(org, issuer, None).await;
        }
        match self.signing_keys().get(org, &active.kid) {
            Some(key) => Ok(key),
            None => self.private_key(org, issuer, Some(&active.kid)).await,
        }
    }

    /// Reads the private half of a key; of the one that signs if none is named.
    async fn private_key(&self, org: OrgKey, issuer: &Issuer, kid: Option<&str>) -> Result<Arc<SigningKey>, Error> {
        let (master, issuer, kid) = (self.master_key().clone(), issuer.clone(), kid.map(str::to_owned));
        let found = self.engine().read(move |tx| {
            let sql = "SELECT kid, private_key, status FROM signing_keys WHERE org_key = $1 AND issuer = $2";
            let keys =
                tx.query(sql, params![org, issuer.as_str()], |row| Ok((row.text(0)?, row.bytes(1)?, row.text(2)?)))?;
            let wanted = |key: &(String, Vec<u8>, String)| match &kid {
                Some(kid) => key.0 == *kid,
                None => key.2 == KeyStatus::Active.as_str(),
            };
            let (kid, sealed, _) = keys.into_iter().find(wanted).ok_or_else(|| no_key(&issuer))?;
            Ok(Pkcs8::from_bytes(master.open(&context(&kid), &sealed)?).key()?)
        });
        let key = Arc::new(found.await?);
        self.signing_keys().put(org, &key);
        Ok(key)
    }

    async fn rotates_by_itself(&self, org: OrgKey, issuer: &Issuer) -> Result<bool, Error> {
        let Issuer::Custom(id) = issuer else { return Ok(true) };
        let id = id.clone();
        let sql = "SELECT rotation_mode FROM authorization_servers WHERE org_key = $1 AND id = $2";
        let mode = self.engine().read(move |tx| Ok(tx.query_first(sql, params![org, &id], |row| row.text(0))?)).await?;
        Ok(mode.as_deref() == Some("AUTO"))
    }

    /// Draws the key that signs and the next one, unless somebody else just did.
    async fn draw_first_keys(&self, org: OrgKey, issuer: &Issuer) -> Result<(), Error> {
        let algorithm = self.signing_algorithm(org, issuer).await?;
        let (first, next) = tokio::join!(draw(algorithm), draw(algorithm));
        let drawn = Arc::new([first?, next?]);
        let (issuer, master, now) = (issuer.clone(), self.master_key().clone(), self.clock().now());
        self.engine()
            .write(move |tx| {
                lock(tx, org)?;
                if find_active(tx, org, &issuer)?.is_some() {
                    return Ok(());
                }
                for (key, status) in drawn.iter().zip([KeyStatus::Active, KeyStatus::Next]) {
                    insert(tx, &Insertion { org, issuer: &issuer, key, status, now }, &master)?;
                }
                Ok(())
            })
            .await
    }

    async fn signing_algorithm(&self, org: OrgKey, issuer: &Issuer) -> Result<Algorithm, Error> {
        let Issuer::Custom(id) = issuer else { return Ok(Algorithm::Rs256) };
        let id = id.clone();
        let server = self.engine().read(move |tx| Ok(servers::find(tx, org, id.as_str())?)).await?;
        Ok(server.map_or(Algorithm::Rs256, |server| server.signing_algorithm))
    }

    /// rotateAuthorizationServerKeys: the next key signs from now on, and another is drawn to follow it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn rotate_keys(&self, change: &Change, issuer: &Issuer) -> Result<Vec<PublishedKey>, Error> {
        let keys = self.oauth_keys(change.org, issuer).await?;
        let signed_until_now = keys.first().map(|key| key.kid.clone());
        let drawn = Arc::new(draw(self.signing_algorithm(change.org, issuer).await?).await?);
        let (change, org, server, master) = (change.clone(), change.org, issuer.clone(), self.master_key().clone());
        self.engine()
            .write(move |tx| {
                lock(tx, org)?;
                if find_active(tx, org, &server)? != signed_until_now {
                    // Somebody else rotated just now; once is enough.
                    return Ok(());
                }
                rotate(tx, &change, &server, &drawn, &master)
            })
            .await?;
        self.published_keys(org, issuer).await
    }
}

/// Draws a key on a thread that may take its time.
async fn draw(algorithm: Algorithm) -> Result<Pkcs8, Error> {
    let drawn = tokio::task::spawn_blocking(move || Pkcs8::draw(algorithm)).await;
    Ok(drawn.map_err(|_| EngineError::Stopped)??)
}

fn no_key(issuer: &Issuer) -> EngineError {
    EngineError::Corrupt { what: "signing key", value: issuer.as_str().to_owned() }
}

/// Keeps other nodes from drawing and rotating keys of this org meanwhile.
fn lock(tx: &mut Tx<'_>, org: OrgKey) -> Result<(), EngineError> {
    tx.query_first_for_update("SELECT org_key FROM orgs WHERE org_key = $1", params![org], |_| Ok(()))?;
    Ok(())
}

fn rotate(tx: &mut Tx<'_>, change: &Change, issuer: &Issuer, drawn: &Pkcs8, master: &MasterKey) -> Result<(), Error> {
    let (org, now, name) = (change.org, change.now, issuer.as_str());
    let sql = "UPDATE signing_keys SET status = $1, last_updated = $2, expires = $3 \
         WHERE org_key = $4 AND issuer = $5 AND status = $6";
    let ends = now.plus_seconds(LONGEST_TOKEN_SECONDS);
    let (active, next, expired) = (KeyStatus::Active.as_str(), KeyStatus::Next.as_str(), KeyStatus::Expired.as_str());
    tx.execute(sql, params![expired, now, ends, org, name, active])?;
    tx.execute(sql, params![active, now, None::<Timestamp>, org, name, next])?;
    insert(tx, &Insertion { org, issuer, key: drawn, status: KeyStatus::Next, now }, master)?;
    let sql = "DELETE FROM signing_keys WHERE org_key = $1 AND issuer = $2 AND expires <= $3";
    tx.execute(sql, params![org, name, now])?;
    let server = Party {
        id: name.to_owned(),
        kind: "AuthorizationServer".to_owned(),
        alternate_id: name.to_owned(),
        display_name: name.to_owned(),
    };
    let event = match issuer {
        Issuer::Org => EventType::OAuthKeyRollover,
        Issuer::Custom(_) => EventType::AuthorizationServerKeyRollover,
    };
    Ok(change.record(tx, event, &[server])?)
}

const SELECT: &str = "SELECT kid, status, public_key, created, last_updated, expires FROM signing_keys";

fn read(row: &Row<'_>) -> Result<PublishedKey, EngineError> {
    let (kid, status, public) = (row.text(0)?, row.text(1)?, row.text(2)?);
    Ok(PublishedKey {
        status: KeyStatus::from_text(&status).ok_or(EngineError::Corrupt { what: "key status", value: status })?,
        public: PublicKey::from_jwk(&serde_json::from_str(&public)?)
            .ok_or(EngineError::Corrupt { what: "public key", value: public })?,
        created: row.timestamp(3)?,
        last_updated: row.timestamp(4)?,
        expires: row.optional_timestamp(5)?,
        kid,
    })
}

fn published(tx: &mut Tx<'_>, org: OrgKey, issuer: &Issuer, now: Timestamp) -> Result<Vec<PublishedKey>, EngineError> {
    let sql = format!(
        "{SELECT} WHERE org_key = $1 AND issuer = $2 AND (expires IS NULL OR expires > $3) ORDER BY signing_key"
    );
    tx.query(&sql, params![org, issuer.as_str(), now], read)
}

/// A key that is still published, by its `kid`.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    org: OrgKey,
    issuer: &Issuer,
    kid: &str,
    now: Timestamp,
) -> Result<Option<PublishedKey>, EngineError> {
    let sql = format!("{SELECT} WHERE org_key = $1 AND issuer = $2 AND kid = $3");
    let found = tx.query_first(&sql, params![org, issuer.as_str(), kid], read)?;
    Ok(found.filter(|key| key.expires.is_none_or(|expires| expires > now)))
}

fn find_active(tx: &mut Tx<'_>, org: OrgKey, issuer: &Issuer) -> Result<Option<String>, EngineError> {
    let sql = "SELECT kid FROM signing_keys WHERE org_key = $1 AND issuer = $2 AND status = $3";
    tx.query_first(sql, params![org, issuer.as_str(), KeyStatus::Active.as_str()], |row| row.text(0))
}

struct Insertion<'a> {
    org: OrgKey,
    issuer: &'a Issuer,
    key: &'a Pkcs8,
    status: KeyStatus,
    now: Timestamp,
}

fn insert(tx: &mut Tx<'_>, insertion: &Insertion<'_>, master: &MasterKey) -> Result<(), EngineError> {
    let Insertion { org, issuer, key, status, now } = insertion;
    let signing = key.key()?;
    let sealed = master.seal(&context(signing.kid()), key.as_bytes())?;
    tx.execute(
        "INSERT INTO signing_keys (org_key, issuer, kid, status, public_key, private_key, created, last_updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            *org,
            issuer.as_str(),
            signing.kid(),
            status.as_str(),
            &signing.public().to_jwk().to_string(),
            sealed.as_slice(),
            *now,
            *now
        ],
    )?;
    Ok(())
}

/// What a private key is sealed for.
fn context(kid: &str) -> String {
    format!("signing key {kid}")
}
