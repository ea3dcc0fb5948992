//! The server under test, as a process.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::HANG;
use crate::client::{Client, TOKEN};

/// The server as a process, killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the server and waits until it is ready, which it must become without help.
    pub(crate) fn start(dir: &Path) -> Self {
        let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let log = dir.join("server.log");
        let output = File::create(&log).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_roster"))
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(dir.join("data"))
            .env_remove("ROSTER_DATABASE")
            .env("ROSTER_BOOTSTRAP_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut server = Self { process, address };
        let started = Instant::now();
        while !server.is_ready() {
            let alive = server.process.try_wait().unwrap().is_none() && started.elapsed() < HANG;
            assert!(alive, "the server does not start:\n{}", fs::read_to_string(&log).unwrap());
            thread::sleep(Duration::from_millis(2));
        }
        server
    }

    fn is_ready(&self) -> bool {
        let ready = Client::connect(self.address).and_then(|mut client| client.exchange("GET", "/readyz", ""));
        ready.is_ok_and(|answer| answer.status == 200)
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        // SIGKILL on Unix.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}
