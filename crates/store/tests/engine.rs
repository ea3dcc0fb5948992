//! What the two engines promise alike: the same tables, all or nothing, and no database of a newer version.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../server/tests/api/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use roster_store::engine::{Engine, Tx};
use roster_store::{EngineError, Error, params};
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

/// A database of either engine, as a URL or a file.
enum Place {
    Sqlite(TempDir),
    Postgres(String),
}

impl Place {
    /// A new one of each engine on this machine.
    async fn each() -> Vec<Self> {
        let sqlite = Self::Sqlite(tempfile::tempdir().unwrap());
        [Some(sqlite), postgres::fresh_database().await.map(Self::Postgres)].into_iter().flatten().collect()
    }

    async fn open(&self) -> Result<Engine, EngineError> {
        match self {
            Self::Sqlite(folder) => Engine::open_sqlite(&Self::file(folder), Arc::new(|_| {})),
            Self::Postgres(url) => Engine::connect_postgres(url, Arc::new(|_| {})).await,
        }
    }

    fn file(folder: &TempDir) -> std::path::PathBuf {
        folder.path().join("roster.sqlite")
    }

    /// Runs statements beside the engine.
    async fn run(&self, sqlite: &str, postgres: &str) {
        match self {
            Self::Sqlite(folder) => {
                rusqlite::Connection::open(Self::file(folder)).unwrap().execute_batch(sqlite).unwrap();
            }
            Self::Postgres(url) => client(url).await.batch_execute(postgres).await.unwrap(),
        }
    }
}

async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Type and nullability of each column, by table and column; and the names of the indexes, under no table.
type Tables = BTreeMap<(String, String), (String, bool)>;

fn sqlite_tables(file: &Path) -> Tables {
    let connection = rusqlite::Connection::open(file).unwrap();
    let columns = "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_schema t \
         JOIN pragma_table_info(t.name) c WHERE t.type = 'table' \
         UNION ALL SELECT '', name, '', 0 FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let mut statement = connection.prepare(columns).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let kind = match row.get::<_, String>(2)?.as_str() {
            "INTEGER" | "BIGINT" => "bigint".to_owned(),
            "BLOB" => "bytea".to_owned(),
            other => other.to_lowercase(),
        };
        Ok(((row.get(0)?, row.get(1)?), (kind, row.get(3)?)))
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

async fn postgres_tables(url: &str) -> Tables {
    let columns = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_version' \
         UNION ALL SELECT '', indexname::text, '', false FROM pg_indexes WHERE schemaname = 'public' \
         AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)";
    let rows = client(url).await.query(columns, &[]).await.unwrap();
    rows.iter().map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3)))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let mut found = Vec::new();
    for place in Place::each().await {
        place.open().await.unwrap();
        found.push(match &place {
            Place::Sqlite(folder) => sqlite_tables(&Place::file(folder)),
            Place::Postgres(url) => postgres_tables(url).await,
        });
    }
    let column = |table: &str, name: &str| (table.to_owned(), name.to_owned());
    assert_eq!(found[0].get(&column("users", "activated")), Some(&("bigint".to_owned(), true)));
    assert_eq!(found[0].get(&column("users", "user_key")), Some(&("bigint".to_owned(), false)));
    if let [sqlite, postgres] = found.as_slice() {
        assert_eq!(sqlite, postgres);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    for place in Place::each().await {
        place.open().await.unwrap();
        place.run("PRAGMA user_version = 4000", "INSERT INTO schema_version VALUES (4000)").await;
        for _ in 0..2 {
            let Err(refused) = place.open().await else { panic!("a newer database was opened") };
            let text = refused.to_string();
            let known = text.strip_prefix("the database has version 4000, and this Roster knows up to ").unwrap();
            assert!(known.ends_with(": start the newer Roster that wrote it"), "{text}");
            assert!(matches!(refused, EngineError::NewerDatabase { found: 4000, .. }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_at_once_migrates_once() {
    for place in Place::each().await {
        let place = Arc::new(place);
        let mut openings = JoinSet::new();
        for _ in 0..4 {
            let place = Arc::clone(&place);
            openings.spawn(async move { place.open().await.map(|_| ()) });
        }
        for opened in openings.join_all().await {
            opened.unwrap();
        }
    }
}

/// Each engine with an empty table of numbers.
async fn with_numbers() -> Vec<(Place, Arc<Engine>)> {
    let mut engines = Vec::new();
    for place in Place::each().await {
        let engine = Arc::new(place.open().await.unwrap());
        let table = "CREATE TABLE numbers (number BIGINT NOT NULL PRIMARY KEY)";
        engine.write(|tx| Ok(tx.execute(table, &[])?)).await.unwrap();
        engines.push((place, engine));
    }
    engines
}

/// Inserts a number, and fails after that if `fails`.
async fn insert(engine: &Engine, number: i64, fails: bool) -> Result<(), Error> {
    let insert = move |tx: &mut Tx<'_>| {
        tx.execute("INSERT INTO numbers (number) VALUES ($1)", params![number])?;
        if fails { Err(Error::StillTransitioning) } else { Ok(()) }
    };
    engine.write(insert).await
}

async fn numbers(engine: &Engine) -> Vec<i64> {
    let select = "SELECT number FROM numbers ORDER BY number";
    engine.read(move |tx| Ok(tx.query(select, &[], |row| row.integer(0))?)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_operation_leaves_nothing() {
    for (_place, engine) in with_numbers().await {
        assert!(matches!(insert(&engine, 1, true).await, Err(Error::StillTransitioning)));
        assert_eq!(numbers(&engine).await, [0_i64; 0]);
        insert(&engine, 1, false).await.unwrap();
        assert!(matches!(insert(&engine, 1, false).await, Err(Error::Engine(EngineError::Conflict))));
        assert_eq!(numbers(&engine).await, [1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operations_that_share_a_commit_fail_alone() {
    for (_place, engine) in with_numbers().await {
        // On SQLite this operation holds the writer until the others have queued up behind it.
        let (release, released) = std::sync::mpsc::channel::<()>();
        let released = parking_lot::Mutex::new(released);
        let holding = Arc::clone(&engine);
        let holder = tokio::spawn(async move {
            let hold = move |tx: &mut Tx<'_>| {
                tx.execute("INSERT INTO numbers (number) VALUES ($1)", params![0])?;
                released.lock().recv().map_err(|_| Error::Busy)
            };
            holding.write(hold).await
        });
        let queued = Arc::new(Barrier::new(33));
        let mut writes = JoinSet::new();
        for number in 1..=32 {
            let (engine, queued) = (Arc::clone(&engine), Arc::clone(&queued));
            writes.spawn(async move {
                let mut write = std::pin::pin!(insert(&engine, number, number % 3 == 0));
                // Polled once, it is in the queue.
                let early = poll_once(write.as_mut()).await;
                queued.wait().await;
                (number, if let Some(early) = early { early } else { write.await })
            });
        }
        queued.wait().await;
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        for (number, outcome) in writes.join_all().await {
            assert_eq!(outcome.is_err(), number % 3 == 0, "{number}");
        }
        let expected: Vec<i64> = (0..=32).filter(|number| *number == 0 || number % 3 != 0).collect();
        assert_eq!(numbers(&engine).await, expected);
    }
}

/// Polls a future once.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_there_when_the_database_is_opened_again() {
    for (place, engine) in with_numbers().await {
        insert(&engine, 7, false).await.unwrap();
        drop(engine);
        assert_eq!(numbers(&place.open().await.unwrap()).await, [7]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_owned_a_token_before_there_were_roles_is_a_super_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let file = Place::file(&folder);
    let released = include_str!("../migrations/0001_init.sql");
    let rows = "INSERT INTO orgs VALUES (1, '00o1', 'default', 1, x'00', 0); \
         INSERT INTO users (user_key, org_key, id, type_id, login_key, status, created, last_updated, provider_type, \
         provider_name, failed_attempts, profile) \
         VALUES (1, 1, '00uadmin', 'oty1', 'a@example.com', 'ACTIVE', 7, 7, 'OKTA', 'OKTA', 0, '{}'), \
                (2, 1, '00uother', 'oty1', 'b@example.com', 'ACTIVE', 7, 7, 'OKTA', 'OKTA', 0, '{}'); \
         INSERT INTO api_tokens VALUES (1, 1, '00T1', x'01', 'a', 1, 7, 7, 7), (2, 1, '00T2', x'02', 'b', 1, 7, 7, 7);";
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch(&format!("{released} {rows} PRAGMA user_version = 1")).unwrap();
    drop(connection);
    let place = Place::Sqlite(folder);
    let engine = place.open().await.unwrap();
    let select = "SELECT id, type, user_key, created FROM role_assignments";
    let read = move |tx: &mut Tx<'_>| {
        Ok(tx.query(select, &[], |row| {
            Ok((row.text(0)?, row.text(1)?, row.integer(2)?, row.timestamp(3)?.as_millis()))
        })?)
    };
    assert_eq!(engine.read(read).await.unwrap(), [("ra1admin".to_owned(), "SUPER_ADMIN".to_owned(), 1, 7)]);
}
