//! Requests that Roster makes to others: inline hooks, identity providers. Administrators say to whom.

use std::time::Duration;

use reqwest::redirect::Policy;

/// How long anybody may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Bytes that an answer may have.
const MAX_ANSWER: usize = 64 << 10;

/// Who asks.
#[derive(Clone)]
pub(crate) struct Outbound(Option<reqwest::Client>);

impl Outbound {
    pub(crate) fn new() -> Self {
        // The first provider that is installed in a process stays; ours is as good as any.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Nobody is followed to where no administrator sent us.
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build();
        Self(client.inspect_err(|error| tracing::error!(%error, "nobody can be asked over the network")).ok())
    }

    /// What makes requests.
    ///
    /// # Errors
    /// If there is no way to make any, as the log told at the start.
    pub(crate) fn client(&self) -> Result<&reqwest::Client, String> {
        self.0.as_ref().ok_or_else(|| "nobody can be asked over the network".to_owned())
    }
}

/// Sends a request and reads its answer, which must say that it worked.
///
/// # Errors
/// What went wrong, for the log: without the URL, which may hold a secret, and without what was answered.
pub(crate) async fn answer_to(request: reqwest::RequestBuilder) -> Result<Vec<u8>, String> {
    let mut response = request.send().await.map_err(|error| error.without_url().to_string())?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        answer.extend_from_slice(&chunk);
        if answer.len() > MAX_ANSWER {
            return Err("its answer is too long".to_owned());
        }
    }
    Ok(answer)
}
