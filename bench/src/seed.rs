//! Loading users over the API, as fast as the server takes them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::api::Api;
use crate::cores::Cores;
use crate::load;

/// The users that were created: the id of user `n` is `ids[n]`.
pub(crate) struct Seeded {
    pub(crate) ids: Vec<String>,
    took: Duration,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (users, seconds) = (self.ids.len(), self.took.as_secs_f64());
        write!(f, "{users} users created in {seconds:.1} s, {:.0}/s", users as f64 / seconds)
    }
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Creates users 0 to `users` over `connections`.
pub(crate) fn create_users(cores: &Cores, api: &Api, users: usize, connections: usize) -> Result<Seeded> {
    let started = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let created = load::on_connections(cores, api.server, connections, |mut connection, _| {
        let (api, next) = (api.clone(), Arc::clone(&next));
        async move {
            let mut created = Vec::new();
            let mut request = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= users {
                    return Ok(created);
                }
                request.clear();
                api.create_user(&mut request, number);
                let response = connection.exchange(&request).await?;
                ensure!(response.status == 200, "{}", load::refusal(&request, response.status, &response.body));
                let user: Created = serde_json::from_slice(&response.body).context("a created user has no id")?;
                created.push((number, user.id));
            }
        }
    })?;
    let mut created = created.concat();
    created.sort_unstable();
    Ok(Seeded { ids: created.into_iter().map(|(_, id)| id).collect(), took: started.elapsed() })
}
