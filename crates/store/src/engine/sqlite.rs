//! SQLite in this process: reads in place on pooled connections, writes through one writer that commits many operations
//! at once.
//!
//! Measured (perf-baseline): a point read in place costs microseconds, a hand-off several times that; group commit with
//! checkpoints by a second connection makes four times the durable writes of one transaction each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use rusqlite::Connection as SqliteConnection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{AfterCommit, Connection, Param, Row, Tx, migrations};
use crate::cache::Invalidation;
use crate::error::{EngineError, Error};

/// Operations that one transaction may carry: enough to share an `fsync`, few enough to keep the wait short.
const OPERATIONS_PER_COMMIT: usize = 256;

/// How often the checkpointer moves the log into the file.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);

/// Pages that the write-ahead log may hold: 256 MiB.
const MAX_LOG_PAGES: i64 = 65_536;

/// Bytes of the file that are mapped into memory.
const MAPPED_BYTES: i64 = 8 << 30;

/// What the writer keeps of pages it has changed; negative is KiB.
const WRITER_CACHE_KIB: i64 = -65_536;

/// Connections for reading that are kept open: opening one costs more than most reads.
const IDLE_READERS: usize = 32;

/// Scans that run at once; more would only take the cores from each other, and each needs a connection.
const SCANS: usize = 16;

/// Statements kept prepared on each connection; the program has fewer.
const CACHED_STATEMENTS: usize = 256;

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn prepare<'c>(
    connection: &'c SqliteConnection,
    sql: &str,
    params: &[Param<'_>],
) -> Result<rusqlite::CachedStatement<'c>, EngineError> {
    let mut statement = connection.prepare_cached(sql)?;
    for (index, param) in params.iter().enumerate() {
        // SQLite numbers `$n` by first appearance, so a text whose placeholders do not ascend would bind wrongly.
        debug_assert_eq!(statement.parameter_name(index + 1), Some(format!("${}", index + 1).as_str()), "{sql}");
        statement.raw_bind_parameter(index + 1, param)?;
    }
    Ok(statement)
}

pub(super) fn execute(connection: &SqliteConnection, sql: &str, params: &[Param<'_>]) -> Result<u64, EngineError> {
    Ok(prepare(connection, sql, params)?.raw_execute()? as u64)
}

pub(super) fn query<T>(
    connection: &SqliteConnection,
    sql: &str,
    params: &[Param<'_>],
    read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
) -> Result<Vec<T>, EngineError> {
    let mut statement = prepare(connection, sql, params)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(super) fn query_first<T>(
    connection: &SqliteConnection,
    sql: &str,
    params: &[Param<'_>],
    read: impl Fn(&Row<'_>) -> Result<T, EngineError>,
) -> Result<Option<T>, EngineError> {
    let mut statement = prepare(connection, sql, params)?;
    let mut rows = statement.raw_query();
    rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
}

/// Runs one operation of a batch and answers what is to be done once the batch has committed or failed.
type Operation = Box<dyn FnOnce(&mut Tx<'_>) -> Acknowledge + Send>;
type Acknowledge = Box<dyn FnOnce(Result<(), &EngineError>) + Send>;

/// A batch that was committed or not, and whom to tell.
struct Batch {
    committed: Result<(), EngineError>,
    acknowledgements: Vec<Acknowledge>,
}

/// One SQLite file.
pub struct SqliteEngine {
    shared: Arc<Shared>,
    operations: Sender<Operation>,
    scans: Semaphore,
    /// Dropped with the engine, which ends the checkpointer.
    _checkpointer: Sender<()>,
}

struct Shared {
    path: PathBuf,
    idle_readers: Mutex<Vec<SqliteConnection>>,
}

impl SqliteEngine {
    pub(super) fn open(path: &Path, after_commit: AfterCommit) -> Result<Self, EngineError> {
        let writer = open_connection(path)?;
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        // Else the savepoints of a large batch spill into a file, which costs more than the writes themselves.
        writer.pragma_update(None, "temp_store", "MEMORY")?;
        writer.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
        migrate(&writer)?;
        let shared = Arc::new(Shared { path: path.to_owned(), idle_readers: Mutex::new(Vec::new()) });

        let (operations, queue) = crossbeam_channel::unbounded();
        let (done, batches) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(acknowledge(batches));
        spawn("roster-writer", move || write_batches(&writer, &queue, &done, &after_commit))?;

        let checkpoints = open_connection(path)?;
        let (checkpointer, stopped) = crossbeam_channel::bounded::<()>(0);
        spawn("roster-checkpoint", move || checkpoint(&checkpoints, &stopped))?;
        Ok(Self { shared, operations, scans: Semaphore::new(SCANS), _checkpointer: checkpointer })
    }

    pub(super) fn read<T>(&self, operation: impl Fn(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.shared.read(operation)
    }

    pub(super) async fn scan<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.scans.acquire().await.map_err(|_| EngineError::Stopped)?;
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || shared.read(operation)).await;
        done.unwrap_or_else(|_| Err(EngineError::Stopped.into()))
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let job: Operation = Box::new(move |tx| {
            let outcome = in_savepoint(tx, operation);
            Box::new(move |committed: Result<(), &EngineError>| {
                let outcome = match committed {
                    Ok(()) => outcome,
                    Err(error) => Err(EngineError::CommitFailed(error.to_string()).into()),
                };
                // Whoever asked may have hung up; the change stands all the same.
                let _ = answer.send(outcome);
            })
        });
        self.operations.send(job).map_err(|_| EngineError::Stopped)?;
        answered.await.unwrap_or_else(|_| Err(EngineError::Stopped.into()))
    }
}

impl Shared {
    fn read<T>(&self, operation: impl Fn(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle_readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let mut tx = Tx { connection: Connection::Sqlite(&connection), invalidations: Vec::new() };
        let outcome = operation(&mut tx);
        drop(tx);
        let mut idle = self.idle_readers.lock();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        outcome
    }
}

/// Runs an operation so that a failure, be it a panic, undoes only its own statements, not the batch's.
fn in_savepoint<T>(tx: &mut Tx<'_>, operation: impl Fn(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let before = tx.invalidations.len();
    tx.execute("SAVEPOINT operation", &[])?;
    let attempt = std::panic::AssertUnwindSafe(|| operation(tx));
    let outcome = std::panic::catch_unwind(attempt).unwrap_or_else(|_| Err(EngineError::Panicked.into()));
    if outcome.is_err() {
        tx.invalidations.truncate(before);
        tx.execute("ROLLBACK TO operation", &[])?;
    }
    tx.execute("RELEASE operation", &[])?;
    outcome
}

/// Tells those who wait for a batch. A task of the runtime wakes them for less than the writer's thread could: that would
/// hand over, and often give up its core, once for each of them.
async fn acknowledge(mut batches: UnboundedReceiver<Batch>) {
    while let Some(Batch { committed, acknowledgements }) = batches.recv().await {
        for acknowledge in acknowledgements {
            acknowledge(committed.as_ref().copied());
        }
    }
}

/// The writer: takes what has queued up while the last commit was on its way to the disk, and commits it as one.
fn write_batches(
    connection: &SqliteConnection,
    queue: &Receiver<Operation>,
    done: &UnboundedSender<Batch>,
    after_commit: &AfterCommit,
) {
    while let Ok(first) = queue.recv() {
        let mut acknowledgements = Vec::new();
        let committed = write_batch(connection, first, queue, &mut acknowledgements, after_commit);
        if let Err(error) = &committed {
            tracing::error!(%error, "a batch of changes was not committed");
            if !connection.is_autocommit() && execute(connection, "ROLLBACK", &[]).is_err() {
                return;
            }
        }
        // Nobody listens any more once the runtime has stopped.
        let _ = done.send(Batch { committed, acknowledgements });
    }
}

fn write_batch(
    connection: &SqliteConnection,
    first: Operation,
    queue: &Receiver<Operation>,
    acknowledgements: &mut Vec<Acknowledge>,
    after_commit: &AfterCommit,
) -> Result<(), EngineError> {
    let mut tx = Tx { connection: Connection::Sqlite(connection), invalidations: Vec::<Invalidation>::new() };
    tx.execute("BEGIN IMMEDIATE", &[])?;
    acknowledgements.push(first(&mut tx));
    while acknowledgements.len() < OPERATIONS_PER_COMMIT {
        let Ok(next) = queue.try_recv() else { break };
        acknowledgements.push(next(&mut tx));
    }
    tx.execute("COMMIT", &[])?;
    after_commit(&tx.invalidations);
    Ok(())
}

/// Moves committed pages from the log into the file, off the writer's path. A log that is never read to its end while
/// writers are busy would grow for ever, so past a size the writer is held until it begins anew.
fn checkpoint(connection: &SqliteConnection, stopped: &Receiver<()>) {
    let run =
        |mode: &str| connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(1));
    while stopped.recv_timeout(CHECKPOINT_EVERY) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
        let moved = match run("PASSIVE") {
            Ok(pages) if pages > MAX_LOG_PAGES => run("RESTART"),
            passive => passive,
        };
        if let Err(error) = moved {
            tracing::warn!(%error, "the write-ahead log was not checkpointed");
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), EngineError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(EngineError::Thread)?;
    Ok(())
}

fn open_connection(path: &Path) -> Result<SqliteConnection, EngineError> {
    let connection = SqliteConnection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    for (pragma, value) in [("page_size", "4096"), ("journal_mode", "WAL"), ("synchronous", "FULL")] {
        connection.pragma_update(None, pragma, value)?;
    }
    // Memory is what makes SQLite's reads fast (perf-baseline: two to three times); mapped, all connections share it.
    connection.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<SqliteConnection, EngineError> {
    let connection = open_connection(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn migrate(connection: &SqliteConnection) -> Result<(), EngineError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > migrations::latest() {
        connection.execute_batch("ROLLBACK")?;
        return Err(EngineError::NewerDatabase { found, known: migrations::latest() });
    }
    for migration in migrations::pending(found) {
        connection.execute_batch(migration.sql)?;
        connection.pragma_update(None, "user_version", migration.version)?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
