//! Measures Roster beside what it is made of: a constant answer on the same HTTP stack, and raw group-committed
//! SQLite on the same disk. README.md says how to run it and how to read what it prints.
//!
//! Invariant: every number of Roster is taken between two measurements of its reference in the same run, because
//! machines are shared and only ratios last.
#![expect(clippy::print_stdout, reason = "a command's answer is what it prints")]

mod api;
mod compare;
mod connection;
mod constant;
mod cores;
mod groups;
mod load;
mod raw_sqlite;
mod report;
mod seed;
mod server;
mod sign_in;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};

use crate::api::Api;
use crate::cores::Cores;

/// The allocator that Roster uses, so that the constant answer is not held back by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: Compare,
}

#[derive(Subcommand)]
enum Command {
    /// Load users into a server that is running already
    Seed(Seed),
    /// Measure whether the time of signing in tells who exists, and what many sign-ins do to reads
    SignIn(sign_in::SignIn),
    /// Put users into groups on a server that is running already, and list the groups of users
    Memberships {
        #[command(flatten)]
        seed: Seed,
        /// How many groups to create
        #[arg(long, default_value_t = 1_000)]
        groups: usize,
        /// In how many of them every user is
        #[arg(long, default_value_t = 10)]
        per_user: usize,
    },
    /// Apply a group rule to all users of a server that is running already, and write meanwhile
    GroupRule(Seed),
    /// The reference server: answers constant bodies until it is killed
    #[command(hide = true)]
    Constant {
        #[arg(long)]
        listen: SocketAddr,
    },
}

/// Options of a comparison, the command when none is named.
#[derive(Args)]
pub(crate) struct Compare {
    /// The server to measure [default: roster beside this program]
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
    /// Run Roster on this PostgreSQL database (it should be empty) and not on SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Users in the org before anything is measured
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Connections that read; writes always use 64
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Where the databases go; it should be a real disk
    #[arg(long, value_name = "DIR", default_value = "target")]
    dir: PathBuf,
    /// Let servers and load share all cores, instead of a half each
    #[arg(long)]
    share_cores: bool,
    /// Write the results there too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct Seed {
    /// How many users to create
    #[arg(long)]
    users: usize,
    /// Where the server listens
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    base: String,
    /// An API token of the org
    #[arg(long)]
    token: String,
    /// Connections that create at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        None => compare::run(&cli.compare),
        Some(Command::Constant { listen }) => constant::serve(listen),
        Some(Command::SignIn(options)) => sign_in::run(&options),
        Some(Command::Memberships { seed, groups, per_user }) => {
            groups::memberships(&Api::new(resolve(&seed.base)?, seed.token), seed.users, groups, per_user)
        }
        Some(Command::GroupRule(seed)) => groups::group_rule(&Api::new(resolve(&seed.base)?, seed.token), seed.users),
        Some(Command::Seed(seed)) => {
            let api = Api::new(resolve(&seed.base)?, seed.token);
            let seeded = seed::create_users(&Cores::shared(), &api, seed.users, seed.connections)?;
            println!("{seeded}");
            Ok(())
        }
    }
}

/// The server to measure.
fn program(named: Option<&Path>) -> Result<PathBuf> {
    let program = match named {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()?.with_file_name("roster"),
    };
    ensure!(program.is_file(), "{} is missing: cargo build --release -p roster", program.display());
    Ok(program)
}

/// `http://host:port` to an address. Only plain HTTP: the load generator has no TLS.
fn resolve(base: &str) -> Result<SocketAddr> {
    let host = base.strip_prefix("http://").context("--base must begin with http://")?.trim_end_matches('/');
    let mut addresses = host.to_socket_addrs().with_context(|| format!("--base {base}: want http://HOST:PORT"))?;
    addresses.next().with_context(|| format!("{host} has no address"))
}
