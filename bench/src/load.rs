//! Load: many connections that ask as fast as answers come (closed loop), or at a given pace whatever the answers do
//! (open loop), and what was measured.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::cores::Cores;
use crate::server::Server;

/// Writes the next request into an empty buffer; called from every connection.
pub(crate) type Requests = Arc<dyn Fn(&mut Vec<u8>) + Send + Sync>;

/// When a connection asks again.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as it was answered.
    Closed,
    /// At this many requests a second over all connections. Latency counts from the moment a request was due, so a
    /// stall of the server is charged to every request that it delayed.
    Open { per_second: f64 },
}

/// The stretch of time that counts. What happens before it warms up.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    start: Instant,
    from: Instant,
    until: Instant,
}

impl Window {
    /// Counts `seconds` after a fifth of them.
    pub(crate) fn of(seconds: f64) -> Self {
        let start = Instant::now();
        let from = start + Duration::from_secs_f64(seconds / 5.0);
        Self { start, from, until: from + Duration::from_secs_f64(seconds) }
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    /// The latency of an exchange, if it counts.
    pub(crate) fn latency(&self, due: Instant, done: Instant) -> Option<Duration> {
        (done >= self.from && done < self.until).then(|| done.duration_since(due))
    }

    pub(crate) fn measured(&self, mut latencies: Vec<Duration>) -> Measurement {
        latencies.sort_unstable();
        let rank = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index.min(latencies.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Measurement {
            per_second: latencies.len() as f64 / (self.until - self.from).as_secs_f64(),
            p50_ms: rank(0.50).as_secs_f64() * 1e3,
            p99_ms: rank(0.99).as_secs_f64() * 1e3,
            cpu_us: None,
        }
    }
}

/// What a measurement found.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Measurement {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time that the server took for a request; none where there is no server.
    pub(crate) cpu_us: Option<f64>,
}

/// Drives `connections` at `server` for the length of a window. Any answer but 200 is an error: a rate of refusals
/// means nothing.
pub(crate) fn measure(
    cores: &Cores,
    server: &Server,
    connections: usize,
    seconds: f64,
    pace: Pace,
    requests: &Requests,
) -> Result<Measurement> {
    let window = Window::of(seconds);
    let cpu_before = server.cpu_time();
    let driven = on_connections(cores, server.api.server, connections, |connection, index| {
        drive(connection, window, Schedule { pace, index, connections }, Arc::clone(requests))
    })?;
    let exchanges: usize = driven.iter().map(|driven| driven.exchanges).sum();
    let cpu_time = server.cpu_time().zip(cpu_before).map(|(after, before)| after - before);
    let latencies = driven.into_iter().flat_map(|driven| driven.latencies).collect();
    let cpu_us = cpu_time.map(|cpu_time| cpu_time.as_secs_f64() * 1e6 / exchanges as f64);
    Ok(Measurement { cpu_us, ..window.measured(latencies) })
}

/// Opens `connections` and runs `work` on each, spread over the load generator's cores; gives what each returned.
pub(crate) fn on_connections<T, Work, Done>(
    cores: &Cores,
    server: SocketAddr,
    connections: usize,
    work: Work,
) -> Result<Vec<T>>
where
    T: Send + 'static,
    Work: Fn(Connection, usize) -> Done + Sync,
    Done: Future<Output = Result<T>> + Send + 'static,
{
    let run_share = |share: usize| -> Result<Vec<T>> {
        cores.bind_load()?;
        // One single-threaded runtime a core: a shared one would spend the core on passing tasks around.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut running = JoinSet::new();
            for index in (share..connections).step_by(cores.load_threads()) {
                running.spawn(work(Connection::open(server).await?, index));
            }
            let mut results = Vec::new();
            while let Some(result) = running.join_next().await {
                results.push(result??);
            }
            Ok(results)
        })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores.load_threads()).map(|share| scope.spawn(move || run_share(share))).collect();
        let mut results = Vec::new();
        for thread in threads {
            results.extend(thread.join().ok().context("a load thread panicked")??);
        }
        Ok(results)
    })
}

/// When one of the connections sends its requests.
struct Schedule {
    pace: Pace,
    index: usize,
    connections: usize,
}

impl Schedule {
    /// When the `turn`th request of this connection is due, having waited for that moment.
    async fn due(&self, window: Window, turn: usize) -> Instant {
        let Pace::Open { per_second } = self.pace else { return Instant::now() };
        let position = turn * self.connections + self.index;
        let due = window.start + Duration::from_secs_f64(position as f64 / per_second);
        // The runtime's timer counts whole milliseconds; the rest is waited for by looking at the clock.
        if let Some(early) = due.checked_sub(Duration::from_millis(2)).filter(|early| *early > Instant::now()) {
            tokio::time::sleep_until(early.into()).await;
        }
        while Instant::now() < due {
            tokio::task::yield_now().await;
        }
        due
    }
}

/// What one connection did.
#[derive(Default)]
struct Driven {
    /// Of the exchanges that count.
    latencies: Vec<Duration>,
    /// All exchanges, those that warmed up too.
    exchanges: usize,
}

async fn drive(mut connection: Connection, window: Window, schedule: Schedule, requests: Requests) -> Result<Driven> {
    let mut driven = Driven::default();
    let mut request = Vec::with_capacity(1024);
    loop {
        let due = schedule.due(window, driven.exchanges).await;
        if window.is_over(due) {
            return Ok(driven);
        }
        request.clear();
        requests(&mut request);
        let response = connection.exchange(&request).await?;
        driven.latencies.extend(window.latency(due, Instant::now()));
        driven.exchanges += 1;
        ensure!(response.status == 200, "{}", refusal(&request, response.status, &response.body));
    }
}

/// What to say of an answer that is not 200.
pub(crate) fn refusal(request: &[u8], status: u16, body: &[u8]) -> String {
    let request = String::from_utf8_lossy(request);
    let line = request.lines().next().unwrap_or_default();
    format!("{line}: {status} {}", String::from_utf8_lossy(body))
}
