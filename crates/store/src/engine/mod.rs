//! The engine: the only code that knows SQLite from PostgreSQL.
//!
//! An operation is a plain function of a [`Tx`] with its SQL beside it, in text that both engines take: `$1`
//! placeholders that first appear in ascending order, `TEXT` and `BIGINT` columns, `ON CONFLICT` and `RETURNING`.
//! Operations are synchronous, so one body serves a SQLite connection in place and a PostgreSQL connection on a
//! blocking thread, and a client that hangs up never leaves half of one behind.
//!
//! Invariants: what [`Engine::write`] answered as done is on disk; a failed operation leaves nothing; whatever an
//! operation said with [`Tx::invalidate`] is dropped from the caches after the commit and before the answer.

mod dialect;
mod migrations;
mod postgres;
mod row;
mod sqlite;

use std::path::Path;

pub use row::{Param, Row};

use crate::cache::Invalidation;
use crate::error::{EngineError, Error};

/// Statements of one operation, in one transaction (or, for a read, one snapshot for each statement).
pub struct Tx<'c> {
    connection: Connection<'c>,
    invalidations: Vec<Invalidation>,
}

enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(postgres::PostgresTx<'c>),
}

impl Tx<'_> {
    /// Runs a statement and answers how many rows it changed.
    ///
    /// # Errors
    /// Whatever the engine refuses; [`EngineError::Conflict`] for a broken unique constraint.
    pub fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, EngineError> {
        match &self.connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Connection::Postgres(tx) => tx.execute(sql, params),
        }
    }

    /// Reads every row of a query.
    ///
    /// # Errors
    /// Whatever the engine refuses, or `read` for a row that does not fit.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, EngineError> {
        match &self.connection {
            Connection::Sqlite(connection) => sqlite::query(connection, sql, params, read),
            Connection::Postgres(tx) => tx.query(sql, params, read),
        }
    }

    /// Reads the first row of a query, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn query_first<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Option<T>, EngineError> {
        match &self.connection {
            Connection::Sqlite(connection) => sqlite::query_first(connection, sql, params, read),
            Connection::Postgres(tx) => Ok(tx.query(sql, params, read)?.into_iter().next()),
        }
    }

    /// As [`Tx::query_first`], keeping the row from other writers until the transaction ends. SQLite has one writer,
    /// so there the row is ours already.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn query_first_for_update<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Option<T>, EngineError> {
        match &self.connection {
            Connection::Sqlite(_) => self.query_first(sql, params, read),
            Connection::Postgres(_) => self.query_first(&dialect::locking(sql), params, read),
        }
    }

    /// Inserts several rows with one statement: `insert` ends in `VALUES`, `rows` holds `width` parameters for each.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub fn insert_rows(&mut self, insert: &str, width: usize, rows: &[Param<'_>]) -> Result<(), EngineError> {
        match &self.connection {
            // A cached statement for one row is cheaper than a new text for each count of rows.
            Connection::Sqlite(connection) => {
                let one = dialect::values(insert, width, 1);
                for row in rows.chunks(width) {
                    sqlite::execute(connection, &one, row)?;
                }
            }
            Connection::Postgres(tx) if !rows.is_empty() => {
                tx.execute(&dialect::values(insert, width, rows.len() / width), rows)?;
            }
            Connection::Postgres(_) => {}
        }
        Ok(())
    }

    /// Says what the caches must forget once this transaction has committed.
    pub fn invalidate(&mut self, invalidation: Invalidation) {
        self.invalidations.push(invalidation);
    }
}

/// A database: one SQLite file, or one PostgreSQL database.
pub enum Engine {
    /// In this process.
    Sqlite(sqlite::SqliteEngine),
    /// On a server.
    Postgres(postgres::PostgresEngine),
}

/// What the engine calls after each commit, before the operations of that commit are answered.
pub type AfterCommit = std::sync::Arc<dyn Fn(&[Invalidation]) + Send + Sync>;

impl Engine {
    /// Opens (and if needed makes) the SQLite database at `path` and brings its tables up to date.
    ///
    /// # Errors
    /// If the file cannot be opened, or was written by a newer Roster.
    pub fn open_sqlite(path: &Path, after_commit: AfterCommit) -> Result<Self, EngineError> {
        sqlite::SqliteEngine::open(path, after_commit).map(Self::Sqlite)
    }

    /// Connects to a PostgreSQL database and brings its tables up to date.
    ///
    /// # Errors
    /// If the URL cannot be read, nobody answers, or the tables were written by a newer Roster.
    pub async fn connect_postgres(url: &str, after_commit: AfterCommit) -> Result<Self, EngineError> {
        postgres::PostgresEngine::connect(url, after_commit).await.map(Self::Postgres)
    }

    /// Whether this process alone owns the data, so that what it read stays true until it writes.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// A read of a few rows. On SQLite it runs in place: handing it to another thread costs several times the read.
    ///
    /// # Errors
    /// The operation's own, or the engine's.
    pub async fn read<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(operation),
            Self::Postgres(postgres) => postgres.read(operation).await,
        }
    }

    /// A read that may visit many rows. It runs on a blocking thread, so that the serving threads stay free.
    ///
    /// # Errors
    /// The operation's own, or the engine's.
    pub async fn scan<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.scan(operation).await,
            Self::Postgres(postgres) => postgres.read(operation).await,
        }
    }

    /// A change, answered when it is on disk. The operation may run more than once (after a deadlock) and must depend
    /// on nothing but its arguments and what it reads in the transaction.
    ///
    /// # Errors
    /// The operation's own, in which case nothing changed, or the engine's.
    pub async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(operation).await,
            Self::Postgres(postgres) => postgres.write(operation).await,
        }
    }
}
