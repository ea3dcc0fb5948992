//! The comparison: fills an org, then measures each operation between two measurements of its reference.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use serde::de::IgnoredAny;

use crate::api::{DEPARTMENT_SIZE, department, login};
use crate::connection::Connection;
use crate::cores::Cores;
use crate::load::{self, Measurement, Pace, Requests};
use crate::report::{Header, Report, Row};
use crate::server::Server;
use crate::{Compare, program, raw_sqlite, seed};

/// The page size of the list, the largest that the API allows.
const PAGE_SIZE: usize = 200;
/// Group commit needs many at once; the marks for writes are set at this number.
const WRITERS: usize = 64;

const GET_BY_ID_MARK: f64 = 0.70;
const CREATE_MARK: f64 = 0.50;

/// Runs everything and prints the table.
pub(crate) fn run(options: &Compare) -> Result<()> {
    ensure!(options.users >= PAGE_SIZE, "--users must be at least {PAGE_SIZE}, a page of the list");
    let cores = if options.share_cores { Cores::shared() } else { Cores::divided() };
    std::fs::create_dir_all(&options.dir)?;
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(&options.dir)?;
    let roster = Server::roster(&cores, &program(options.roster.as_deref())?, dir.path(), options.database.as_deref())?;
    let constant = Server::constant(&cores, dir.path())?;
    println!("ready after {:.0} ms", roster.ready_after.as_secs_f64() * 1e3);
    let seeded = seed::create_users(&cores, &roster.api, options.users, WRITERS)?;
    println!("{seeded}");

    let comparison = Comparison { options, cores, dir: dir.path(), roster, constant, ids: seeded.ids.into() };
    comparison.check_answers()?;
    println!("\n{}", Header);
    let report = Report {
        rows: comparison.rows()?,
        engine: if options.database.is_some() { "PostgreSQL" } else { "SQLite" },
        users: options.users,
        cores_divided: !options.share_cores,
        seconds: options.seconds,
        ready_after_ms: comparison.roster.ready_after.as_secs_f64() * 1e3,
        resident_bytes: comparison.roster.resident_bytes(),
    };
    if let Some(bytes) = report.resident_bytes {
        println!("\nroster's memory at the end: {} MiB", bytes >> 20);
    }
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

struct Comparison<'a> {
    options: &'a Compare,
    cores: Cores,
    dir: &'a Path,
    roster: Server,
    constant: Server,
    /// The id of user `n` at `n`.
    ids: Arc<[String]>,
}

impl Comparison<'_> {
    fn rows(&self) -> Result<Vec<Row>> {
        let by_id = self.read("GET by id", 1, Pace::Closed, &self.get_by_id(), Some(GET_BY_ID_MARK))?;
        let half = Pace::Open { per_second: by_id.roster.per_second / 2.0 };
        Ok(vec![
            by_id,
            self.read("GET by id, open loop", 1, half, &self.get_by_id(), None)?,
            self.read("GET by login", 1, Pace::Closed, &self.get_by_login(), None)?,
            self.read("list, limit=200", PAGE_SIZE, Pace::Closed, &self.list(), None)?,
            self.read("search eq, 20 found", DEPARTMENT_SIZE, Pace::Closed, &self.search(), None)?,
            self.write("create", &self.create(), Some(CREATE_MARK))?,
            self.write("update", &self.update(), None)?,
        ])
    }

    /// A read beside a constant body of as many users.
    fn read(
        &self,
        operation: &'static str,
        users: usize,
        pace: Pace,
        requests: &Requests,
        mark: Option<f64>,
    ) -> Result<Row> {
        let constant = self.constant.api.clone();
        let path = format!("/{users}");
        let constant_requests: Requests = Arc::new(move |request| constant.get(request, &path));
        let connections = self.options.connections;
        let measure_roster = || self.load(&self.roster, connections, pace, requests);
        let measure_reference = || self.load(&self.constant, connections, pace, &constant_requests);
        between(operation, connections, measure_roster, "constant answer", measure_reference, mark)
    }

    /// A write beside raw inserts on the same disk.
    fn write(&self, operation: &'static str, requests: &Requests, mark: Option<f64>) -> Result<Row> {
        let measure_roster = || self.load(&self.roster, WRITERS, Pace::Closed, requests);
        let measure_reference =
            || self.cores.on_server_cores(|| raw_sqlite::measure(self.dir, WRITERS, self.options.seconds));
        between(operation, WRITERS, measure_roster, "raw SQLite inserts", measure_reference, mark)
    }

    fn load(&self, server: &Server, connections: usize, pace: Pace, requests: &Requests) -> Result<Measurement> {
        load::measure(&self.cores, server, connections, self.options.seconds, pace, requests)
    }

    fn get_by_id(&self) -> Requests {
        let (api, ids) = (self.roster.api.clone(), Arc::clone(&self.ids));
        Arc::new(move |request| {
            let id = fastrand::choice(ids.iter()).map(String::as_str).unwrap_or_default();
            api.get(request, &format!("/api/v1/users/{id}"));
        })
    }

    fn get_by_login(&self) -> Requests {
        let (api, users) = (self.roster.api.clone(), self.options.users);
        Arc::new(move |request| api.get(request, &format!("/api/v1/users/{}", login(fastrand::usize(..users)))))
    }

    fn list(&self) -> Requests {
        let api = self.roster.api.clone();
        Arc::new(move |request| api.get(request, &format!("/api/v1/users?limit={PAGE_SIZE}")))
    }

    fn search(&self) -> Requests {
        // The last department may not be full.
        let (api, users) = (self.roster.api.clone(), self.options.users / DEPARTMENT_SIZE * DEPARTMENT_SIZE);
        Arc::new(move |request| {
            let department = department(fastrand::usize(..users)).replace(' ', "%20");
            api.get(request, &format!("/api/v1/users?search=profile.department%20eq%20%22{department}%22"));
        })
    }

    fn create(&self) -> Requests {
        let (api, next) = (self.roster.api.clone(), AtomicUsize::new(self.options.users));
        Arc::new(move |request| api.create_user(request, next.fetch_add(1, Ordering::Relaxed)))
    }

    fn update(&self) -> Requests {
        let (api, ids) = (self.roster.api.clone(), Arc::clone(&self.ids));
        Arc::new(move |request| {
            let id = fastrand::choice(ids.iter()).map(String::as_str).unwrap_or_default();
            let body = format!(r#"{{"profile":{{"nickName":"Nick{}"}}}}"#, fastrand::u32(..));
            api.post(request, &format!("/api/v1/users/{id}"), &body);
        })
    }

    /// Fails unless the reads give what their references give: a fast wrong answer is no result.
    fn check_answers(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = |requests: Requests| {
            runtime.block_on(async {
                let mut request = Vec::new();
                requests(&mut request);
                let response = Connection::open(self.roster.api.server).await?.exchange(&request).await?;
                ensure!(response.status == 200, "{}", load::refusal(&request, response.status, &response.body));
                Ok(response.body)
            })
        };
        for user in [self.get_by_id(), self.get_by_login()] {
            let bytes = answer(user)?.len();
            ensure!(bytes > 500, "a user of {bytes} bytes cannot be whole");
        }
        for (requests, users) in [(self.list(), PAGE_SIZE), (self.search(), DEPARTMENT_SIZE)] {
            let found: Vec<IgnoredAny> = serde_json::from_slice(&answer(requests)?)?;
            ensure!(found.len() == users, "{} users were answered instead of {users}", found.len());
        }
        Ok(())
    }
}

/// Measures the reference, Roster, and the reference again.
fn between(
    operation: &'static str,
    connections: usize,
    measure_roster: impl FnOnce() -> Result<Measurement>,
    reference: &'static str,
    measure_reference: impl Fn() -> Result<Measurement>,
    mark: Option<f64>,
) -> Result<Row> {
    let before = measure_reference()?;
    let roster = measure_roster().context(operation)?;
    let after = measure_reference()?;
    let ratio = roster.per_second / ((before.per_second + after.per_second) / 2.0);
    let row = Row { operation, connections, roster, reference, references: [before, after], ratio, mark };
    println!("{row}");
    Ok(row)
}
