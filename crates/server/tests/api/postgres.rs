//! A throw-away PostgreSQL cluster for this test process, and a database of its own for each test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

/// Makes a cluster, runs it until standard input ends (when this process does), and removes it. Prints a line once it
/// takes connections.
const CLUSTER: &str = r#"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    user=postgres; id postgres >/dev/null 2>&1 || user=nobody
    chown "$user" "$folder"
    as() { runuser -u "$user" -- "$@"; }
fi
cd "$folder"
as "$1/initdb" --pgdata "$folder/data" --username roster --auth trust --no-sync --locale C.UTF-8 --encoding UTF8 >&2
as "$1/pg_ctl" --pgdata "$folder/data" --silent --wait --options \
    "-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off -c max_connections=400 -c shared_buffers=64MB" \
    --log "$folder/log" start >&2
echo "$folder"
cat >/dev/null
as "$1/pg_ctl" --pgdata "$folder/data" --silent --mode immediate stop >&2
"#;

/// The running cluster: the folder of its socket.
struct Cluster {
    socket: String,
    _keeper: Child,
}

static CLUSTER_ONCE: OnceLock<Option<Cluster>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a new, empty database; `None` if PostgreSQL is not on this machine.
pub(crate) async fn fresh_database() -> Option<String> {
    let cluster = CLUSTER_ONCE.get_or_init(start).as_ref()?;
    let host = format!("host={} user=roster", cluster.socket);
    let (client, connection) = tokio_postgres::connect(&format!("{host} dbname=postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    Some(format!("{host} dbname={name}"))
}

fn start() -> Option<Cluster> {
    let Some(programs) = programs() else {
        let required = std::env::var("ROSTER_TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("postgres"),
            "PostgreSQL (initdb) is not on this machine, and ROSTER_TEST_REQUIRE names it"
        );
        eprintln!("SKIPPED: PostgreSQL (initdb) is not on this machine; `make test` installs it");
        return None;
    };
    let mut keeper = Command::new("sh")
        .args(["-c", CLUSTER, "cluster"])
        .arg(programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut socket = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut socket).unwrap();
    assert!(!socket.trim().is_empty(), "the PostgreSQL cluster did not start");
    Some(Cluster { socket: socket.trim().to_owned(), _keeper: keeper })
}

/// The folder of initdb and pg_ctl: on the path, or where Debian keeps the newest.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}
