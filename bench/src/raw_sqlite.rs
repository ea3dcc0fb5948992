//! The second reference: what the disk and SQLite allow. One table, one writer thread that commits what has queued up
//! in one transaction, and clients that each wait for their commit.
//!
//! It is the fastest arrangement that we know: growing keys, 4 KB pages, checkpoints by another connection.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;

use crate::load::{Measurement, Window};

const BODY_BYTES: usize = 1600;
/// Commits larger than this only make the clients wait.
const MAX_BATCH: usize = 512;

/// An insert that waits for its commit.
struct Insert {
    id: String,
    committed: SyncSender<()>,
}

/// Inserts from `clients` threads into a new database in `dir`.
pub(crate) fn measure(dir: &Path, clients: usize, seconds: f64) -> Result<Measurement> {
    let dir = tempfile::tempdir_in(dir)?;
    let path = dir.path().join("raw.db");
    let writer = open(&path)?;
    writer.execute_batch("CREATE TABLE user (id TEXT PRIMARY KEY, body TEXT NOT NULL)")?;

    let (inserts, queue) = unbounded();
    let next_id = &AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let window = Window::of(seconds);
    let latencies = thread::scope(|scope| {
        let writing = scope.spawn(move || write(writer, &queue));
        let checkpointing = scope.spawn(|| checkpoint(&path, &done));
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                let inserts = inserts.clone();
                scope.spawn(move || insert_until_over(&inserts, next_id, window))
            })
            .collect();
        drop(inserts);
        let mut latencies = Vec::new();
        for thread in threads {
            latencies.extend(thread.join().ok().context("a client panicked")??);
        }
        done.store(true, Ordering::Relaxed);
        writing.join().ok().context("the writer panicked")??;
        checkpointing.join().ok().context("the checkpointer panicked")??;
        anyhow::Ok(latencies)
    })?;
    Ok(window.measured(latencies))
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;",
    )?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn insert_until_over(inserts: &Sender<Insert>, next_id: &AtomicU64, window: Window) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let started = Instant::now();
        if window.is_over(started) {
            return Ok(latencies);
        }
        let id = format!("{:020}", next_id.fetch_add(1, Ordering::Relaxed));
        let (committed, commits) = sync_channel(1);
        inserts.send(Insert { id, committed })?;
        commits.recv()?;
        latencies.extend(window.latency(started, Instant::now()));
    }
}

fn write(mut connection: Connection, queue: &Receiver<Insert>) -> Result<()> {
    let body = "x".repeat(BODY_BYTES);
    while let Ok(first) = queue.recv() {
        let batch: Vec<Insert> = std::iter::once(first).chain(queue.try_iter().take(MAX_BATCH - 1)).collect();
        let transaction = connection.transaction()?;
        {
            let mut statement = transaction.prepare_cached("INSERT INTO user (id, body) VALUES (?1, ?2)")?;
            for insert in &batch {
                statement.execute((&insert.id, &body))?;
            }
        }
        transaction.commit()?;
        for insert in batch {
            insert.committed.send(())?;
        }
    }
    Ok(())
}

fn checkpoint(path: &Path, done: &AtomicBool) -> Result<()> {
    let connection = open(path)?;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(200));
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}
