//! Which cores the servers run on and which the load generator.
//!
//! On the same cores the generator's own work would be part of both numbers of a ratio and flatter the slower one.

use std::thread::{self, available_parallelism};

use anyhow::{Context, Result};

/// A division of the machine's cores, by number.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    server: Vec<usize>,
    load: Vec<usize>,
}

impl Cores {
    /// The first half to the servers, the rest to the load generator. On one core both share it.
    pub(crate) fn divided() -> Self {
        let all: Vec<usize> = Self::all().collect();
        if all.len() < 2 {
            return Self::shared();
        }
        let (server, load) = all.split_at(all.len() / 2);
        Self { server: server.to_vec(), load: load.to_vec() }
    }

    /// Every core to both, left to the kernel.
    pub(crate) fn shared() -> Self {
        Self { server: Self::all().collect(), load: Self::all().collect() }
    }

    fn all() -> impl Iterator<Item = usize> {
        0..available_parallelism().map_or(1, usize::from)
    }

    /// How many threads generate load.
    pub(crate) fn load_threads(&self) -> usize {
        self.load.len()
    }

    /// Binds the calling thread, and what it starts from now on, to the load generator's cores.
    pub(crate) fn bind_load(&self) -> Result<()> {
        bind(&self.load)
    }

    /// Runs `work` on a thread bound to the servers' cores. Threads and processes that it starts inherit the binding.
    pub(crate) fn on_server_cores<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        thread::scope(|scope| {
            let bound = scope.spawn(|| {
                bind(&self.server)?;
                work()
            });
            bound.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?
        })
    }
}

#[cfg(target_os = "linux")]
fn bind(cores: &[usize]) -> Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    sched_setaffinity(None, &set).context("bind a thread to its cores")
}

/// Elsewhere the kernel decides.
#[cfg(not(target_os = "linux"))]
fn bind(_cores: &[usize]) -> Result<()> {
    Ok(())
}
