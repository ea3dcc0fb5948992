//! The `roster` binary, as its operator meets it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The binary with nothing of this environment but where programs are.
fn roster(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster"));
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// A running server, killed when dropped.
struct Server {
    process: Child,
    _stdout: BufReader<ChildStdout>,
    /// What it printed up to the line that ends its greeting.
    greeting: String,
}

impl Server {
    /// Starts a server on the data in `folder` and reads its greeting, which it prints once it takes connections.
    fn start(folder: &Path, greeting_ends: &str) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut process = roster(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("data"))
            .env("RUST_LOG", "debug")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let (mut stdout, mut greeting) = (BufReader::new(process.stdout.take().unwrap()), String::new());
        while !greeting.contains(greeting_ends) {
            let read = stdout.read_line(&mut greeting).unwrap();
            assert_ne!(read, 0, "{greeting}\n{}", fs::read_to_string(folder.join("log")).unwrap());
        }
        Self { process, _stdout: stdout, greeting }
    }

    fn first(folder: &Path) -> Self {
        Self::start(folder, "/api/v1/users/me\n")
    }

    fn again(folder: &Path) -> Self {
        Self::start(folder, ")\n")
    }

    /// The port after `127.0.0.1:`.
    fn port(&self) -> u16 {
        let rest = self.greeting.split("listening on 127.0.0.1:").nth(1).unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    }

    /// The status and body of a GET by the holder of this token.
    fn get(&self, host: &str, token: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        stream.write_all(format!("{head}Authorization: SSWS {token}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks the server to end, and answers whether it ended well.
    fn terminate(mut self) -> bool {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.process.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// What follows a label of what is shown only once.
fn shown(text: &str, label: &str) -> String {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
    line.unwrap_or_else(|| panic!("no {label} in {text}")).trim().to_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A command that must succeed, on the data in `folder`.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = roster(arguments).arg("--data-dir").arg(folder.join("data")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, status: i32, about: &str) {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), told.lines().count()), (Some(status), 1), "{told}");
    assert!(told.starts_with("roster: ") && told.contains(about), "{told}");
}

#[test]
fn the_first_start_shows_url_token_password_and_a_curl_line_that_works() {
    let folder = folder();
    let server = Server::first(folder.path());
    let token = shown(&server.greeting, "API token");
    assert!(server.greeting.contains(&format!("http://localhost:{}", server.port())));
    assert_eq!(shown(&server.greeting, "administrator"), "admin@example.com");
    assert!(shown(&server.greeting, "password").len() >= 8);
    assert_eq!(server.get("localhost", &token, "/api/v1/users/me").0, 200);
    let curl = server.greeting.lines().find(|line| line.trim().starts_with("curl ")).unwrap();
    if Command::new("curl").arg("--version").output().is_ok() {
        let run = Command::new("sh").args(["-c", &format!("{} --silent --noproxy '*'", curl.trim())]).output().unwrap();
        let answer = String::from_utf8(run.stdout).unwrap();
        assert!(answer.contains("\"login\":\"admin@example.com\""), "{answer}");
    }
}

#[test]
fn the_second_start_knows_everything_and_shows_no_secret() {
    let folder = folder();
    let first = Server::first(folder.path());
    let token = shown(&first.greeting, "API token");
    let me = |server: &Server| server.get("localhost", &token, "/api/v1/api-tokens").1;
    let before = me(&first);
    assert!(first.terminate());
    let second = Server::again(folder.path());
    assert_eq!(
        (second.greeting.lines().count(), second.greeting.contains("00")),
        (1, second.port().to_string().contains("00"))
    );
    assert_eq!(me(&second), before);
}

#[test]
fn sigterm_ends_the_server_cleanly() {
    let folder = folder();
    assert!(Server::first(folder.path()).terminate());
}

#[test]
fn orgs_and_tokens_made_beside_a_running_server_work_at_once() {
    let folder = folder();
    let server = Server::first(folder.path());
    let token = shown(&server.greeting, "API token");
    // Whoever asks before there is an org must not make the server believe that there is none.
    assert_eq!(server.get("acme.localhost", "00nobody", "/api/v1/users/me").0, 401);
    let made = done(folder.path(), &["org", "create", "acme"]);
    let acme = shown(&made, "API token");
    assert_eq!(server.get("acme.localhost", &acme, "/api/v1/users/me").0, 200);
    assert_eq!(server.get("localhost", &acme, "/api/v1/users/me").0, 401);
    for (arguments, host) in [
        (vec!["token", "create", "ci"], "localhost"),
        (vec!["token", "create", "ci", "--org", "acme"], "acme.localhost"),
    ] {
        let made = done(folder.path(), &arguments);
        assert_eq!(server.get(host, made.trim(), "/api/v1/users/me").0, 200, "{host}");
    }
    assert_eq!(server.get("localhost", &token, "/api/v1/users/me").0, 200);
    let orgs = done(folder.path(), &["org", "list"]);
    assert!(orgs.contains("default") && orgs.contains("acme"), "{orgs}");
}

#[test]
fn neither_the_log_nor_the_data_holds_a_secret_in_the_clear() {
    let folder = folder();
    let server = Server::first(folder.path());
    let made = done(folder.path(), &["org", "create", "acme"]);
    let ci = done(folder.path(), &["token", "create", "ci"]);
    server.get("localhost", ci.trim(), "/api/v1/users/me");
    let mut secrets = vec![ci.trim().to_owned()];
    for text in [&server.greeting, &made] {
        secrets.extend([shown(text, "API token"), shown(text, "password")]);
    }
    let files = fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
    for file in files.chain([folder.path().join("log")]) {
        let bytes = fs::read(&file).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", file.display());
        }
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_told_on_one_line_with_status_2() {
    let folder = folder();
    let limits = folder.path().join("limits.toml");
    fs::write(&limits, "user = 5\n").unwrap();
    let data = folder.path().join("data");
    for (arguments, about) in [
        (vec!["serve", "--lisen", "127.0.0.1:0"], "--lisen"),
        (vec!["serve", "--listen", "nonsense"], "nonsense"),
        (vec!["serve", "--listen", "127.0.0.1:99999"], "99999"),
        (vec!["serve", "--database", "mysql://a"], "postgres://"),
        (vec!["serve", "--listen", "127.0.0.1:0", "--database", "postgres://a:b:c@:x/y"], "database"),
        (vec!["serve", "--rate-limits", limits.to_str().unwrap()], "there is no bucket \"user\""),
        (vec!["serve", "--rate-limits", "/no/such/file"], "/no/such/file"),
        (vec!["serve", "--base-url", "localhost"], "localhost"),
        (vec!["org", "create", "Acme Inc"], "lower-case letters, digits and hyphens"),
        (vec!["token", "create", "ci", "--org", "nothing"], "there is no org \"nothing\""),
        (vec!["unheard"], "unheard"),
    ] {
        assert_refused(&roster(&arguments).env("ROSTER_DATA_DIR", &data).output().unwrap(), 2, about);
    }
}

#[test]
fn a_mistyped_variable_is_told_and_a_stranger_is_not() {
    let output = roster(&["serve"]).env("ROSTER_LISTNE", "127.0.0.1:0").output().unwrap();
    assert_refused(&output, 2, "unknown environment variable ROSTER_LISTNE: did you mean ROSTER_LISTEN?");
    let folder = folder();
    let output = roster(&["org", "list", "--data-dir"]).arg(folder.path()).env("ROSTER_TEST_REQUIRE", "x").output();
    assert!(output.unwrap().status.success());
}

#[test]
fn a_port_in_use_is_told_on_one_line_and_nothing_is_made() {
    let folder = folder();
    let data = folder.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = roster(&["serve", "--listen", &address, "--data-dir"]).arg(&data).output().unwrap();
    assert_refused(&output, 1, &format!("cannot listen on {address}"));
    assert!(!data.exists());
}
