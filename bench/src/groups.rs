//! Many memberships, and a group rule over many users: how long listing a user's groups takes, and how long a write waits
//! while the rule is on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::api::Api;
use crate::connection::Connection;
use crate::cores::Cores;
use crate::load;
use crate::seed::{Seeded, create_users};

/// Connections that fill the org.
const CONNECTIONS: usize = 64;

/// Connections that list a user's groups.
const READERS: usize = 2;

/// Lists of a user's groups that are measured.
const READS: usize = 20_000;

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "_embedded")]
    embedded: Embedded,
}

#[derive(Deserialize)]
struct Embedded {
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(rename = "usersCount")]
    users: usize,
}

/// Latencies in ascending order.
struct Latencies(Vec<Duration>);

impl Latencies {
    fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The latency that this share of all stay below.
    fn rank(&self, share: f64) -> f64 {
        let index = (self.0.len() as f64 * share) as usize;
        self.0.get(index.min(self.0.len().saturating_sub(1))).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Makes `users` users and `groups` groups, puts every user into `per_user` of them, and lists the groups of users.
pub(crate) fn memberships(api: &Api, users: usize, groups: usize, per_user: usize) -> Result<()> {
    ensure!(per_user <= groups, "a user cannot be in more groups than there are");
    let cores = Cores::shared();
    let seeded = create_users(&cores, api, users, CONNECTIONS)?;
    println!("{seeded}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let groups: Vec<String> = runtime.block_on(async {
        let mut connection = Connection::open(api.server).await?;
        let mut ids = Vec::new();
        for number in 0..groups {
            ids.push(create_group(api, &mut connection, &format!("Group {number}")).await?);
        }
        anyhow::Ok(ids)
    })?;
    let (seeded, groups) = (Arc::new(seeded), Arc::new(groups));
    let started = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    load::on_connections(&cores, api.server, CONNECTIONS, |mut connection, _| {
        let (api, seeded, groups, next) = (api.clone(), Arc::clone(&seeded), Arc::clone(&groups), Arc::clone(&next));
        async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let (user, place) = (number / per_user, number % per_user);
                let Some(user_id) = seeded.ids.get(user) else { return Ok(()) };
                // Neighbours share groups, and every group gets about as many members.
                let group = groups.get((user + place * 7) % groups.len()).context("no groups")?;
                let request = api.request("PUT", &format!("/api/v1/groups/{group}/users/{user_id}"), "");
                expect(&mut connection, &request, 204).await?;
            }
        }
    })?;
    let (count, seconds) = (seeded.ids.len() * per_user, started.elapsed().as_secs_f64());
    println!("{count} memberships made in {seconds:.1} s, {:.0}/s", count as f64 / seconds);
    let latencies = list_groups(&cores, api, &seeded)?;
    println!("listUserGroups: p50 {:.2} ms, p99 {:.2} ms", latencies.rank(0.50), latencies.rank(0.99));
    Ok(())
}

fn list_groups(cores: &Cores, api: &Api, seeded: &Arc<Seeded>) -> Result<Latencies> {
    let latencies = load::on_connections(cores, api.server, READERS, |mut connection, index| {
        let (api, seeded) = (api.clone(), Arc::clone(seeded));
        async move {
            let mut latencies = Vec::new();
            for turn in 0..READS / READERS {
                // A stride that leads through all users in no order.
                let user = (turn * READERS + index) * 7_919 % seeded.ids.len();
                let id = seeded.ids.get(user).context("no users")?;
                let request = api.request("GET", &format!("/api/v1/users/{id}/groups"), "");
                let begun = Instant::now();
                expect(&mut connection, &request, 200).await?;
                latencies.push(begun.elapsed());
            }
            Ok(latencies)
        }
    })?;
    Ok(Latencies::new(latencies.concat()))
}

/// Makes `users` users and a rule that is true of them all, activates it, and changes a user again and again until it has
/// reached everybody.
pub(crate) fn group_rule(api: &Api, users: usize) -> Result<()> {
    let seeded = create_users(&Cores::shared(), api, users, CONNECTIONS)?;
    println!("{seeded}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(api.server).await?;
        let quiet = Latencies::new(write_until(api, &mut connection, &seeded, |begun, _| begun.elapsed().as_secs() >= 3).await?);
        println!("write while nothing else goes on: p99 {:.2} ms, longest {:.2} ms", quiet.rank(0.99), quiet.rank(1.0));
        let group = create_group(api, &mut connection, "Ruled").await?;
        let rule = format!(
            r#"{{"type":"group_rule","name":"Ruled","conditions":{{"expression":{{"value":"user.countryCode==\"DE\"","type":"urn:okta:expression:1.0"}}}},"actions":{{"assignUserToGroups":{{"groupIds":["{group}"]}}}}}}"#
        );
        let made = expect(&mut connection, &api.request("POST", "/api/v1/groups/rules", &rule), 200).await?;
        let made: Made = serde_json::from_slice(&made)?;
        let activate = api.request("POST", &format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id), "");
        expect(&mut connection, &activate, 204).await?;
        let started = Instant::now();
        let stats = api.request("GET", &format!("/api/v1/groups/{group}?expand=stats"), "");
        let mut latencies = Vec::new();
        let mut reached = 0;
        while reached < users {
            let slice = |begun: Instant, _| begun.elapsed() >= Duration::from_millis(500);
            latencies.extend(write_until(api, &mut connection, &seeded, slice).await?);
            let counted: Counted = serde_json::from_slice(&expect(&mut connection, &stats, 200).await?)?;
            reached = counted.embedded.stats.users;
        }
        let (seconds, latencies) = (started.elapsed().as_secs_f64(), Latencies::new(latencies));
        println!("rule applied to {users} users in {seconds:.1} s, {:.0}/s", users as f64 / seconds);
        println!(
            "write meanwhile ({}): p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            latencies.0.len(),
            latencies.rank(0.50),
            latencies.rank(0.99),
            latencies.rank(1.0)
        );
        Ok(())
    })
}

/// Changes users one after the other, until `is_enough` says so.
async fn write_until(
    api: &Api,
    connection: &mut Connection,
    seeded: &Seeded,
    is_enough: impl Fn(Instant, usize) -> bool,
) -> Result<Vec<Duration>> {
    let (started, mut latencies) = (Instant::now(), Vec::new());
    while !is_enough(started, latencies.len()) {
        let id = seeded.ids.get(latencies.len() * 7_919 % seeded.ids.len()).context("no users")?;
        let body = format!(r#"{{"profile":{{"nickName":"Nick {}"}}}}"#, fastrand::u32(..));
        let request = api.request("POST", &format!("/api/v1/users/{id}"), &body);
        let begun = Instant::now();
        expect(connection, &request, 200).await?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

async fn create_group(api: &Api, connection: &mut Connection, name: &str) -> Result<String> {
    let body = format!(r#"{{"profile":{{"name":"{name}"}}}}"#);
    let made: Made =
        serde_json::from_slice(&expect(connection, &api.request("POST", "/api/v1/groups", &body), 200).await?)?;
    Ok(made.id)
}

/// Sends a request that must be answered like this.
async fn expect(connection: &mut Connection, request: &[u8], status: u16) -> Result<Vec<u8>> {
    let response = connection.exchange(request).await?;
    ensure!(response.status == status, "{}", load::refusal(request, response.status, &response.body));
    Ok(response.body.to_vec())
}
