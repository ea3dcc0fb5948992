//! Signing in: whether its time tells who exists, and what a storm of it does to reads.
//!
//! Clients are told apart by `X-Forwarded-For`, which Roster takes from a proxy on its own machine: else it would throttle
//! this one address.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;

use crate::api::{Api, login};
use crate::connection::Connection;
use crate::cores::Cores;
use crate::load::{self, Measurement, Pace, Requests};
use crate::program;
use crate::server::Server;

const PASSWORD: &str = "Abcd1234#@";

/// Clients that sign in at once in a storm.
const STORM: usize = 64;

/// Options of the measurements of signing in.
#[derive(Args)]
pub(crate) struct SignIn {
    /// The server to measure [default: roster beside this program]
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
    /// Run Roster on this PostgreSQL database (it should be empty) and not on SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Users with passwords; each is tried once by each measurement
    #[arg(long, default_value_t = 300)]
    users: usize,
    /// Seconds of each measurement of reads
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// GET-by-id requests a second, sent on schedule
    #[arg(long, default_value_t = 500.0)]
    reads_per_second: f64,
    /// Where the database goes; it should be a real disk
    #[arg(long, value_name = "DIR", default_value = "target")]
    dir: PathBuf,
}

/// Runs everything and prints it.
pub(crate) fn run(options: &SignIn) -> Result<()> {
    let cores = Cores::divided();
    std::fs::create_dir_all(&options.dir)?;
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(&options.dir)?;
    let program = program(options.roster.as_deref())?;
    let roster = Server::roster(&cores, &program, dir.path(), options.database.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ids: Arc<[String]> = runtime.block_on(create_users(&roster.api, options.users))?.into();

    println!("median of {} requests     known ms   unknown ms   known / unknown", options.users);
    let sign_in = |login: &str| ("/api/v1/authn", format!(r#"{{"username":"{login}","password":"Wrong1234#@"}}"#));
    let forgot =
        |login: &str| ("/api/v1/authn/recovery/password", format!(r#"{{"username":"{login}","factorType":"EMAIL"}}"#));
    let timed = runtime.block_on(compare(&roster.api, options.users, 401, sign_in))?;
    print_timing("sign in, wrong password", timed);
    let timed = runtime.block_on(compare(&roster.api, options.users, 200, forgot))?;
    print_timing("forgotten password", timed);

    let idle = reads(&cores, &roster, options, &ids)?;
    let (storm, answers) = under_storm(&cores, &roster, options, &ids)?;
    println!("\nGET by id, open loop     per s   p50 ms   p99 ms");
    for (name, measured) in [("idle", idle), ("64 clients signing in", storm)] {
        println!("{name:<22} {:>7.0} {:>8.2} {:>8.2}", measured.per_second, measured.p50_ms, measured.p99_ms);
    }
    println!("p99 by that of idle: {:.2}", storm.p99_ms / idle.p99_ms);
    println!("sign-ins answered 200: {}, 429: {}, 503: {}", answers[0], answers[1], answers[2]);
    Ok(())
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Creates users with passwords and answers their ids.
async fn create_users(api: &Api, users: usize) -> Result<Vec<String>> {
    let mut connection = Connection::open(api.server).await?;
    let (mut request, mut ids) = (Vec::new(), Vec::new());
    for number in 0..users {
        let login = login(number);
        let body = format!(
            r#"{{"profile":{{"firstName":"Given","lastName":"Family","email":"{login}","login":"{login}"}},"credentials":{{"password":{{"value":"{PASSWORD}"}}}}}}"#
        );
        request.clear();
        api.post(&mut request, "/api/v1/users", &body);
        let response = connection.exchange(&request).await?;
        ensure!(response.status == 200, "{}", load::refusal(&request, response.status, &response.body));
        let user: Created = serde_json::from_slice(&response.body).context("a created user has no id")?;
        ids.push(user.id);
    }
    Ok(ids)
}

/// Asks about known and unknown logins in turn, and answers both medians.
async fn compare(
    api: &Api,
    users: usize,
    status: u16,
    ask: impl Fn(&str) -> (&'static str, String),
) -> Result<[Duration; 2]> {
    let mut connection = Connection::open(api.server).await?;
    let mut request = Vec::new();
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..users {
        for (of, login) in times.iter_mut().zip([login(number), format!("nobody{number:06}@bench.example")]) {
            let (path, body) = ask(&login);
            request.clear();
            api.post_as_client(&mut request, number, path, &body);
            let asked = Instant::now();
            let response = connection.exchange(&request).await?;
            of.push(asked.elapsed());
            ensure!(response.status == status, "{}", load::refusal(&request, response.status, &response.body));
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }))
}

fn print_timing(name: &str, [known, unknown]: [Duration; 2]) {
    let (known, unknown) = (known.as_secs_f64() * 1e3, unknown.as_secs_f64() * 1e3);
    println!("{name:<26} {known:>10.3} {unknown:>12.3} {:>17.3}", known / unknown);
}

/// Reads at a pace that leaves the server room.
fn reads(cores: &Cores, roster: &Server, options: &SignIn, ids: &Arc<[String]>) -> Result<Measurement> {
    let (api, ids) = (roster.api.clone(), Arc::clone(ids));
    let requests: Requests = Arc::new(move |request| {
        let id = ids.get(fastrand::usize(..ids.len())).map_or("", String::as_str);
        api.get(request, &format!("/api/v1/users/{id}"));
    });
    load::measure(cores, roster, 32, options.seconds, Pace::Open { per_second: options.reads_per_second }, &requests)
}

/// The same while clients sign in as fast as they are answered; with how many were let in, throttled and turned away.
fn under_storm(
    cores: &Cores,
    roster: &Server,
    options: &SignIn,
    ids: &Arc<[String]>,
) -> Result<(Measurement, [usize; 3])> {
    let (is_over, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let storm = |mut connection: Connection, _: usize| {
        let (api, is_over, next, users) = (roster.api.clone(), Arc::clone(&is_over), Arc::clone(&next), ids.len());
        async move {
            let mut answers = [0; 3];
            let mut request = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let body = format!(r#"{{"username":"{}","password":"{PASSWORD}"}}"#, login(number % users));
                request.clear();
                api.post_as_client(&mut request, number, "/api/v1/authn", &body);
                let response = connection.exchange(&request).await?;
                let [let_in, throttled, turned_away] = &mut answers;
                match response.status {
                    200 => *let_in += 1,
                    429 => *throttled += 1,
                    503 => *turned_away += 1,
                    status => anyhow::bail!("{}", load::refusal(&request, status, &response.body)),
                }
            }
            Ok(answers)
        }
    };
    std::thread::scope(|scope| {
        let storming = scope.spawn(|| load::on_connections(cores, roster.api.server, STORM, storm));
        let measured = reads(cores, roster, options, ids);
        is_over.store(true, Ordering::Relaxed);
        let answers = storming.join().ok().context("the storm panicked")??;
        let total = answers.iter().fold([0; 3], |[a, b, c], [x, y, z]| [a + x, b + y, c + z]);
        Ok((measured?, total))
    })
}
