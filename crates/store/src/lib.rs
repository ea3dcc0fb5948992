//! Where Roster's orgs are kept: the engine, and each operation with its SQL beside it.
//!
//! Where to look: `users/lifecycle.rs` has suspendUser, `users/search.rs` listUsers, and so on: an operation of the API is
//! a method of [`Store`] of the same name. [`engine`] is the only part that knows SQLite from PostgreSQL.

pub mod api_tokens;
pub mod applications;
pub mod authn;
pub mod cache;
pub mod change;
pub mod clock;
pub mod cursor;
pub mod engine;
pub mod error;
pub mod events;
pub mod factors;
pub mod groups;
mod hasher;
pub mod identity_providers;
pub mod inline_hooks;
pub mod linked_objects;
pub mod messages;
pub mod oauth;
pub mod orgs;
pub mod policies;
pub mod roles;
pub mod seal;
pub mod secret;
pub mod sessions;
pub mod user_types;
pub mod users;

use std::path::Path;
use std::sync::Arc;

use roster_model::id::OrgKey;

use crate::cache::Caches;
use crate::change::{Change, Party, RequestContext};
use crate::clock::{Clock, IdSource};
use crate::engine::Engine;
pub use crate::error::{EngineError, Error};
pub use crate::hasher::HashCost;
use crate::hasher::Hasher;
use crate::messages::Outbox;
use crate::oauth::keys::SigningKeys;
use crate::orgs::OrgCache;
use crate::seal::MasterKey;

/// The database of a server, with its caches and hashing threads. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    caches: Arc<Caches>,
    orgs: OrgCache,
    hasher: Hasher,
    clock: Clock,
    ids: Arc<IdSource>,
    master_key: MasterKey,
    signing_keys: SigningKeys,
}

/// Where the data is.
#[derive(Debug, Clone, Copy)]
pub enum Database<'a> {
    /// A SQLite file, made if it is not there.
    Sqlite(&'a Path),
    /// A PostgreSQL database.
    Postgres(&'a str),
}

/// A database that is open and whose master key is known.
struct Opened {
    engine: Engine,
    caches: Arc<Caches>,
    master_key: MasterKey,
}

impl Opened {
    async fn new(database: Database<'_>, clock: &Clock, master_key: Option<MasterKey>) -> Result<Self, Error> {
        let caches = Arc::new(Caches::new());
        let invalidated = Arc::clone(&caches);
        let after_commit: engine::AfterCommit = Arc::new(move |invalidations| invalidated.invalidate(invalidations));
        let engine = match database {
            Database::Sqlite(path) => Engine::open_sqlite(path, after_commit)?,
            Database::Postgres(url) => Engine::connect_postgres(url, after_commit).await?,
        };
        let now = clock.now().whole_second();
        let master_key = engine
            .write(move |tx| {
                oauth::servers::complete(tx, now)?;
                Ok(seal::agree(tx, master_key.as_ref())?)
            })
            .await?;
        Ok(Self { engine, caches, master_key })
    }

    fn into_store(self, clock: Clock, cost: HashCost) -> Result<Store, Error> {
        Ok(Store(Arc::new(Inner {
            engine: self.engine,
            caches: self.caches,
            orgs: OrgCache::default(),
            hasher: Hasher::start(cost)?,
            clock,
            ids: Arc::new(IdSource::new()),
            master_key: self.master_key,
            signing_keys: SigningKeys::default(),
        })))
    }
}

impl Store {
    /// Opens a database and brings its tables up to date.
    ///
    /// # Errors
    /// If it cannot be reached or opened, was written by a newer Roster, or is sealed under another master key. Without
    /// a key of ours the database keeps its own.
    pub async fn open(
        database: Database<'_>,
        clock: Clock,
        cost: HashCost,
        master_key: Option<MasterKey>,
    ) -> Result<Self, Error> {
        Opened::new(database, &clock, master_key).await?.into_store(clock, cost)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn check(&self) -> Result<(), Error> {
        self.engine().read(|tx| Ok(tx.query_first("SELECT 1", &[], |_| Ok(())).map(|_| ())?)).await
    }

    /// The caches; encoded users may be kept there if [`Engine::is_exclusive`].
    #[must_use]
    pub fn caches(&self) -> &Caches {
        &self.0.caches
    }

    /// The database.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A change to `org` by `actor`, now.
    #[must_use]
    pub fn change(&self, org: OrgKey, actor: Party, request: RequestContext) -> Change {
        Change::new(org, actor, request, self.clock().now(), Arc::clone(&self.0.ids))
    }

    /// A change that the server itself makes.
    #[must_use]
    pub fn system_change(&self, org: OrgKey) -> Change {
        self.change(org, Party::system(), RequestContext::default())
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.0.master_key
    }

    pub(crate) fn outbox(&self) -> Outbox {
        Outbox::new(self.master_key().clone())
    }

    pub(crate) fn signing_keys(&self) -> &SigningKeys {
        &self.0.signing_keys
    }

    pub(crate) fn orgs(&self) -> &OrgCache {
        &self.0.orgs
    }
}
