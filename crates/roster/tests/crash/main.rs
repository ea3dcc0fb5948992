//! What Roster acknowledged survives `kill -9`, and what it did not acknowledge is there whole or not at all.
//!
//! Each round, writers change users of their own and note every answer, the server is killed in the middle, and is
//! started again on the same data. `ROSTER_CRASH_ROUNDS` sets how many rounds there are. Nothing here measures time:
//! on a slow machine a round merely lasts longer.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a missing member of a JSON value reads as null")]

mod client;
mod server;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::server::Server;

const WRITERS: usize = 8;
/// Writers mostly change their latest users, so that changes of one user follow each other closely.
const RECENT_USERS: usize = 30;
/// A hang must fail the test, not stop it; no healthy step comes near.
const HANG: Duration = Duration::from_secs(60);

#[test]
fn acknowledged_writes_survive_kill_9() {
    let rounds: usize = std::env::var("ROSTER_CRASH_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer { number, users: Vec::new() }).collect();
    let mut tally = Tally::default();
    let mut server = Server::start(dir.path());
    for round in 0..rounds {
        write_and_kill(&mut server, &mut writers, round);
        server = Server::start(dir.path());
        let mut client = server.client();
        for user in writers.iter_mut().flat_map(|writer| &mut writer.users) {
            user.verify(&mut client, &mut tally);
        }
        verify_search(&mut client, &writers, round);
    }
    verify_lists(&mut server.client(), &writers);
    // Straight to the stream: the test harness would swallow it.
    writeln!(
        io::stderr(),
        "{rounds} kills: {} acknowledged writes verified; of {} cut short, {} took effect whole and the others not at all",
        tally.acknowledged,
        tally.cut_short,
        tally.cut_short_effective
    )
    .unwrap();
}

#[derive(Default)]
struct Tally {
    acknowledged: usize,
    cut_short: usize,
    cut_short_effective: usize,
}

/// Lets the writers write for a while and kills the server under them.
fn write_and_kill(server: &mut Server, writers: &mut [Writer], round: usize) {
    let acknowledged = AtomicUsize::new(0);
    let killed = AtomicBool::new(false);
    let address = server.address;
    thread::scope(|scope| {
        for writer in writers {
            let (acknowledged, killed) = (&acknowledged, &killed);
            scope.spawn(move || writer.write_until_killed(address, round, acknowledged, killed));
        }
        let started = Instant::now();
        let load = Duration::from_millis(fastrand::u64(50..400));
        while started.elapsed() < load || acknowledged.load(Ordering::Relaxed) < WRITERS {
            assert!(started.elapsed() < HANG, "the server acknowledges nothing");
            thread::sleep(Duration::from_millis(1));
        }
        killed.store(true, Ordering::SeqCst);
        server.kill();
    });
}

/// A search finds the users of a round that exist, each once, over all pages.
fn verify_search(client: &mut Client, writers: &[Writer], round: usize) {
    let path = format!("/api/v1/users?limit=50&search=profile.department%20eq%20%22Round{round}%22");
    let found: Vec<String> = client.pages(&path).iter().map(id_of).collect();
    let users = writers.iter().flat_map(|writer| &writer.users);
    let expected: BTreeSet<String> =
        users.filter(|user| user.round == round && user.state().is_some()).map(User::id).collect();
    assert_eq!(found.len(), expected.len(), "a search finds each user once");
    assert_eq!(BTreeSet::from_iter(found), expected);
}

/// The lists have exactly the users that exist, in the state that they should be in.
fn verify_lists(client: &mut Client, writers: &[Writer]) {
    // A plain list leaves out the deactivated users.
    let mut listed = client.pages("/api/v1/users?limit=200");
    listed.extend(client.pages("/api/v1/users?limit=200&search=status%20eq%20%22DEPROVISIONED%22"));
    let ours = |user: &&Value| user["profile"]["login"].as_str().unwrap().ends_with("@crash.example");
    let mut listed: Vec<(String, State)> =
        listed.iter().filter(ours).map(|user| (id_of(user), State::of(user))).collect();
    let mut expected: Vec<(String, State)> = writers
        .iter()
        .flat_map(|writer| &writer.users)
        .filter_map(|user| user.state().map(|state| (user.id(), state.clone())))
        .collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

fn id_of(user: &Value) -> String {
    user["id"].as_str().unwrap().to_owned()
}

/// A connection's worth of load, on users that no other writer touches: so the order of their changes is known.
struct Writer {
    number: usize,
    users: Vec<User>,
}

impl Writer {
    fn write_until_killed(
        &mut self,
        server: SocketAddr,
        round: usize,
        acknowledged: &AtomicUsize,
        killed: &AtomicBool,
    ) {
        let mut client = Client::connect(server).unwrap();
        loop {
            let (user, change) = self.next(round);
            let request = user.begin(change);
            match client.exchange(change.method(), &request.path, &request.body) {
                Ok(answer) => user.acknowledge(change, &answer),
                // The change may have been made or not, and stays open until the server is back.
                Err(_) if killed.load(Ordering::SeqCst) => return,
                Err(error) => panic!("the server broke off {change:?} of {}: {error}", user.login),
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn next(&mut self, round: usize) -> (&mut User, Change) {
        let oldest = self.users.len().saturating_sub(RECENT_USERS);
        let index = fastrand::usize(oldest..=self.users.len());
        if let Some(change) = self.users.get(index).and_then(User::possible_change) {
            return (&mut self.users[index], change);
        }
        let login = format!("writer{}.user{}@crash.example", self.number, self.users.len());
        self.users.push(User { login, round, id: None, possible: vec![None], unverified: 0 });
        (self.users.last_mut().unwrap(), Change::Create)
    }
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Create,
    Update,
    Suspend,
    Unsuspend,
    Deactivate,
    Delete,
}

impl Change {
    fn method(self) -> &'static str {
        if matches!(self, Self::Delete) { "DELETE" } else { "POST" }
    }
}

struct Request {
    path: String,
    body: String,
}

/// What a change may alter of a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    status: String,
    nick_name: Option<String>,
}

impl State {
    fn of(user: &Value) -> Self {
        Self {
            status: user["status"].as_str().unwrap().to_owned(),
            nick_name: user["profile"]["nickName"].as_str().map(str::to_owned),
        }
    }
}

struct User {
    login: String,
    /// The round in which it was created.
    round: usize,
    /// Known once a create was acknowledged, or was found to have happened.
    id: Option<String>,
    /// The states that the user may be in, none standing for no user: the last one acknowledged, and during a change
    /// also the one that it leads to.
    possible: Vec<Option<State>>,
    /// Acknowledged changes since the user was last verified.
    unverified: usize,
}

impl User {
    fn state(&self) -> Option<&State> {
        let [state] = self.possible.as_slice() else { panic!("{} is in the middle of a change", self.login) };
        state.as_ref()
    }

    fn id(&self) -> String {
        self.id.clone().unwrap()
    }

    /// A change that the user's status allows; none for a user who is gone.
    fn possible_change(&self) -> Option<Change> {
        let choices: &[Change] = match self.state()?.status.as_str() {
            "ACTIVE" => &[Change::Update, Change::Update, Change::Suspend, Change::Deactivate],
            "SUSPENDED" => &[Change::Update, Change::Unsuspend],
            "DEPROVISIONED" => &[Change::Delete],
            status => panic!("{} is {status}", self.login),
        };
        fastrand::choice(choices).copied()
    }

    /// Notes the state that `change` leads to as possible, and gives its request.
    fn begin(&mut self, change: Change) -> Request {
        let before = self.state().cloned();
        let status = |status: &str| {
            let nick_name = before.as_ref().and_then(|before| before.nick_name.clone());
            Some(State { status: status.to_owned(), nick_name })
        };
        let user = format!("/api/v1/users/{}", self.id.as_deref().unwrap_or_default());
        let lifecycle =
            |operation: &str| Request { path: format!("{user}/lifecycle/{operation}"), body: String::new() };
        let (after, request) = match change {
            Change::Create => {
                (status("ACTIVE"), Request { path: "/api/v1/users".to_owned(), body: self.create_body() })
            }
            Change::Update => {
                let nick_name = format!("Nick{}", fastrand::u32(..));
                let body = json!({"profile": {"nickName": nick_name}}).to_string();
                let after = before.clone().map(|before| State { nick_name: Some(nick_name), ..before });
                (after, Request { path: user, body })
            }
            Change::Suspend => (status("SUSPENDED"), lifecycle("suspend")),
            Change::Unsuspend => (status("ACTIVE"), lifecycle("unsuspend")),
            Change::Deactivate => (status("DEPROVISIONED"), lifecycle("deactivate")),
            Change::Delete => (None, Request { path: user, body: String::new() }),
        };
        self.possible.push(after);
        request
    }

    /// With an imported password hash, which makes an active user without the cost of hashing.
    fn create_body(&self) -> String {
        let hash = json!({"algorithm": "BCRYPT", "workFactor": 10, "salt": "rwh3vH166HCH/NT9XV5FYu",
            "value": "qaMqvAPULkbiQzkTCWo5XDcvzpk8Tna"});
        json!({"profile": self.profile(), "credentials": {"password": {"hash": hash}}}).to_string()
    }

    fn profile(&self) -> Value {
        json!({"firstName": "Given", "lastName": "Family", "email": self.login, "login": self.login,
            "department": format!("Round{}", self.round)})
    }

    fn acknowledge(&mut self, change: Change, answer: &Answer) {
        let expected = if matches!(change, Change::Delete) { 204 } else { 200 };
        assert_eq!(answer.status, expected, "{change:?} of {}: {}", self.login, answer.body);
        if matches!(change, Change::Create) {
            self.id = Some(id_of(&answer.body));
        }
        self.possible.remove(0);
        self.unverified += 1;
    }

    /// Compares the user with what the restarted server says, and settles a change that was cut short.
    fn verify(&mut self, client: &mut Client, tally: &mut Tally) {
        let cut_short = self.possible.len() > 1;
        if self.unverified == 0 && !cut_short {
            return;
        }
        let found = client.get_if_there(&format!("/api/v1/users/{}", self.login));
        let state = found.as_ref().map(State::of);
        assert!(self.possible.contains(&state), "{}: {state:?} is none of {:?}", self.login, self.possible);
        tally.acknowledged += std::mem::take(&mut self.unverified);
        tally.cut_short += usize::from(cut_short);
        tally.cut_short_effective += usize::from(cut_short && self.possible.last() == Some(&state));
        self.possible = vec![state];
        match found {
            Some(user) => self.verify_whole(client, &user),
            None => self.verify_absent(client),
        }
    }

    fn verify_whole(&mut self, client: &mut Client, user: &Value) {
        let id = self.id.get_or_insert_with(|| id_of(user)).clone();
        assert_eq!(client.get(&format!("/api/v1/users/{id}")), *user, "by id as by login");
        for (attribute, value) in self.profile().as_object().unwrap() {
            assert_eq!(user["profile"][attribute], *value, "{attribute} of {}", self.login);
        }
        let groups = client.get(&format!("/api/v1/users/{id}/groups"));
        let everyone = |group: &Value| group["profile"]["name"] == "Everyone";
        assert!(groups.as_array().unwrap().iter().any(everyone), "{} is in {groups}", self.login);
        assert_eq!(self.found_by_login(client), [id]);
    }

    fn verify_absent(&self, client: &mut Client) {
        if let Some(id) = &self.id {
            assert_eq!(client.get_if_there(&format!("/api/v1/users/{id}")), None);
        }
        assert!(self.found_by_login(client).is_empty());
    }

    fn found_by_login(&self, client: &mut Client) -> Vec<String> {
        let found = client.get(&format!("/api/v1/users?search=profile.login%20eq%20%22{}%22", self.login));
        found.as_array().unwrap().iter().map(id_of).collect()
    }
}
