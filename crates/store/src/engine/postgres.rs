//! PostgreSQL: pooled connections, each operation on a blocking thread with one transaction.
//!
//! Read-modify-write locks the row it read, so that the default isolation is enough; a deadlock is tried again. A read
//! is one transaction too, so that its statements see the same orgs, users and links.

use std::error::Error as _;
use std::sync::Arc;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{IsolationLevel, NoTls};

use super::{AfterCommit, Connection, Param, Row, Tx, dialect, migrations};
use crate::error::{EngineError, Error};

/// Connections of this process. PostgreSQL serves few connections best; the rest of the requests wait here.
const CONNECTIONS: usize = 16;

/// How often an operation is tried again after a deadlock or a serialization failure.
const RETRIES: usize = 10;

/// The advisory lock that lets one node migrate while the others wait.
const MIGRATION_LOCK: i64 = 0x526f_7374_6572;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Integer(value) => value.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::BYTEA)
    }

    fn encode_format(&self, _ty: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}

/// One transaction, driven from a blocking thread.
pub(super) struct PostgresTx<'c> {
    transaction: &'c deadpool_postgres::Transaction<'c>,
    runtime: &'c Handle,
}

impl PostgresTx<'_> {
    fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<tokio_postgres::Row>, EngineError> {
        self.runtime.block_on(async {
            let statement = self.transaction.prepare_cached(sql).await?;
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            Ok(self.transaction.query(&statement, &params).await?)
        })
    }

    pub(super) fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, EngineError> {
        self.runtime.block_on(async {
            let statement = self.transaction.prepare_cached(sql).await?;
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            Ok(self.transaction.execute(&statement, &params).await?)
        })
    }

    pub(super) fn query<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, EngineError> {
        self.rows(sql, params)?.iter().map(|row| read(&Row::Postgres(row))).collect()
    }
}

/// One PostgreSQL database.
pub struct PostgresEngine {
    pool: Pool,
    after_commit: AfterCommit,
}

impl PostgresEngine {
    pub(super) async fn connect(url: &str, after_commit: AfterCommit) -> Result<Self, EngineError> {
        let config: tokio_postgres::Config = url.parse().map_err(EngineError::DatabaseUrl)?;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build().map_err(|_| EngineError::Stopped)?;
        migrate(&pool).await?;
        Ok(Self { pool, after_commit })
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.on_blocking_thread(move |pool, runtime, _| {
            transact(pool, runtime, IsolationLevel::RepeatableRead, &operation).map(|(value, _)| value)
        })
        .await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.on_blocking_thread(move |pool, runtime, after_commit| {
            let (value, invalidations) =
                retrying(|| transact(pool, runtime, IsolationLevel::ReadCommitted, &operation))?;
            after_commit(&invalidations);
            Ok(value)
        })
        .await
    }

    async fn on_blocking_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool, &Handle, &AfterCommit) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (pool, after_commit, runtime) = (self.pool.clone(), Arc::clone(&self.after_commit), Handle::current());
        let done = tokio::task::spawn_blocking(move || work(&pool, &runtime, &after_commit)).await;
        done.unwrap_or_else(|_| Err(EngineError::Stopped.into()))
    }
}

/// What a transaction answered, and what the caches must forget.
type Committed<T> = (T, Vec<crate::cache::Invalidation>);

fn transact<T>(
    pool: &Pool,
    runtime: &Handle,
    isolation: IsolationLevel,
    operation: &impl Fn(&mut Tx<'_>) -> Result<T, Error>,
) -> Result<Committed<T>, Error> {
    let mut client = runtime.block_on(pool.get()).map_err(EngineError::from)?;
    let transaction =
        runtime.block_on(client.build_transaction().isolation_level(isolation).start()).map_err(EngineError::from)?;
    let mut tx = Tx {
        connection: Connection::Postgres(PostgresTx { transaction: &transaction, runtime }),
        invalidations: Vec::new(),
    };
    let outcome = operation(&mut tx);
    let invalidations = std::mem::take(&mut tx.invalidations);
    drop(tx);
    match outcome {
        Ok(value) => {
            runtime.block_on(transaction.commit()).map_err(EngineError::from)?;
            Ok((value, invalidations))
        }
        Err(error) => {
            // A transaction that cannot be rolled back is dropped with its connection, which ends it as well.
            let _ = runtime.block_on(transaction.rollback());
            Err(error)
        }
    }
}

/// Tries again while other transactions are in the way.
fn retrying<T>(attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..RETRIES {
        match attempt() {
            Err(Error::Engine(EngineError::Postgres(error))) if is_transient(&error) => {}
            outcome => return outcome,
        }
    }
    attempt()
}

fn is_transient(error: &tokio_postgres::Error) -> bool {
    let transient = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
    error.code().is_some_and(|code| transient.contains(code))
}

impl From<tokio_postgres::Error> for EngineError {
    fn from(error: tokio_postgres::Error) -> Self {
        if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
            return Self::Conflict;
        }
        Self::Postgres(error)
    }
}

impl From<PoolError> for EngineError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::from(error),
            other => Self::Pool(other.source().map_or_else(|| other.to_string(), ToString::to_string)),
        }
    }
}

async fn migrate(pool: &Pool) -> Result<(), EngineError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").await?;
    let rows = transaction.query("SELECT coalesce(max(version), 0) FROM schema_version", &[]).await?;
    let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    if found > migrations::latest() {
        return Err(EngineError::NewerDatabase { found, known: migrations::latest() });
    }
    for migration in migrations::pending(found) {
        transaction.batch_execute(&dialect::postgres_migration(migration.sql)).await?;
        transaction.execute("INSERT INTO schema_version VALUES ($1)", &[&migration.version]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
