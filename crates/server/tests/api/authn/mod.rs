//! `/api/v1/authn`: signing in and recovering.

mod activation;
mod enrollment;
mod factors;
mod hook;
mod lockout;
mod passwords;
mod primary;
mod recovery;
mod recovery_challenge;
mod secrecy;
mod walks;

use reqwest::Method;
use serde_json::{Value, json};

use crate::context::{Answer, TestOrg, text};

/// Somebody without a token.
pub(crate) async fn anyone(org: &TestOrg, path: &str, body: Value) -> Answer {
    org.with_token(None).send(Method::POST, &format!("/api/v1/authn{path}"), Some(body)).await
}

/// Signs in with a login and a password.
pub(crate) async fn sign_in(org: &TestOrg, username: &str, password: &str) -> Answer {
    anyone(org, "", json!({ "username": username, "password": password })).await
}

/// An answer that tells nothing.
#[track_caller]
pub(crate) fn refused(answer: Answer) {
    answer.refused(401, "E0000004", "Authentication failed", &[]);
}

/// A state token that is not good.
#[track_caller]
pub(crate) fn void(answer: Answer) {
    answer.refused(401, "E0000011", "Invalid token provided", &[]);
}

/// A step that the transaction does not wait for.
#[track_caller]
pub(crate) fn wrong_state(answer: Answer) {
    let summary = "This operation is not allowed in the current authentication state.";
    answer.refused(403, "E0000079", summary, &[summary]);
}

/// The `status` of a transaction.
#[track_caller]
pub(crate) fn status(answer: Answer) -> String {
    text(&answer.ok(), "status")
}

/// The events of this type, oldest first.
pub(crate) async fn events(org: &TestOrg, event_type: &str) -> Vec<Value> {
    let path = format!("/api/v1/logs?filter=eventType%20eq%20%22{event_type}%22");
    org.get(&path).await.ok().as_array().unwrap().clone()
}

/// The link that an administrator gets for a user: its token.
pub(crate) async fn link_token(org: &TestOrg, path: &str, operation: &str) -> String {
    let answer = org.post(&format!("{path}/{operation}?sendEmail=false"), None).await.ok();
    let url = answer.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
    url.rsplit('/').next().unwrap().to_owned()
}
