//! A server as a child process: started, waited for, killed.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::api::Api;
use crate::connection::Connection;
use crate::cores::Cores;

/// The token that Roster is told to accept.
const TOKEN: &str = "00benchBenchBenchBenchBenchBenchBenchBench";

/// A running server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: Api,
    /// From the start of the process to its first `200` at `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Roster on an empty data directory in `dir`.
    pub(crate) fn roster(cores: &Cores, program: &Path, dir: &Path, database: Option<&str>) -> Result<Self> {
        let listen = free_address()?;
        let mut command = Command::new(program);
        command.arg("serve").args(["--listen", &listen.to_string()]).arg("--data-dir").arg(dir.join("roster"));
        command.args(database.map(|url| ["--database", url]).into_iter().flatten());
        command.env("ROSTER_BOOTSTRAP_TOKEN", TOKEN);
        Self::start(cores, command, listen, &dir.join("roster.log"))
    }

    /// The constant answer.
    pub(crate) fn constant(cores: &Cores, dir: &Path) -> Result<Self> {
        let listen = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("constant").args(["--listen", &listen.to_string()]);
        Self::start(cores, command, listen, &dir.join("constant.log"))
    }

    fn start(cores: &Cores, mut command: Command, listen: SocketAddr, log: &Path) -> Result<Self> {
        let output = File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let started = Instant::now();
        let child = cores.on_server_cores(|| {
            let program = command.get_program().to_owned();
            command.spawn().with_context(|| format!("start {}", program.display()))
        })?;
        let api = Api::new(listen, TOKEN.to_owned());
        let mut server = Self { child, api, ready_after: Duration::ZERO };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        while !runtime.block_on(is_ready(&server.api)) {
            let exited = server.child.try_wait()?.is_some();
            if exited || started.elapsed() > Duration::from_secs(60) {
                bail!("{:?} did not become ready:\n{}", command, std::fs::read_to_string(log)?);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    /// Processor time taken so far, by user and kernel; none where the kernel does not say.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The name of the program stands in parentheses and may have spaces; the fields after it are numbers.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut times = fields.split(' ').skip(11).map_while(|ticks| ticks.parse::<u64>().ok());
        let ticks = times.next()? + times.next()?;
        Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Memory in use, in bytes; none where the kernel does not say.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

async fn is_ready(api: &Api) -> bool {
    let mut request = Vec::new();
    api.get(&mut request, "/readyz");
    let Ok(mut connection) = Connection::open(api.server).await else { return false };
    connection.exchange(&request).await.is_ok_and(|response| response.status == 200)
}

/// A port that was free a moment ago. Taking it again can fail, which then is a clear error of the server.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
