//! `/api/v1/users/{userId}/factors`.

mod lifecycle;
mod passcodes;
mod questions;
mod sealed;
pub(crate) mod totp;
pub(crate) mod webauthn;

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

/// Makes a user and answers the path of their factors.
async fn factors_of_new_user(org: &TestOrg) -> String {
    let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
    format!("/api/v1/users/{}/factors", text(&user, "id"))
}

/// Enrolls a factor of this type and provider.
pub(crate) async fn enroll(org: &TestOrg, factors: &str, factor_type: &str, provider: &str, profile: Value) -> Value {
    let factor = json!({ "factorType": factor_type, "provider": provider, "profile": profile });
    org.post(factors, factor).await.ok()
}

pub(crate) async fn enroll_question(org: &TestOrg, factors: &str) -> Value {
    let profile = json!({ "question": "disliked_food", "answer": "mayonnaise" });
    enroll(org, factors, "question", "OKTA", profile).await
}

pub(crate) async fn enroll_sms(org: &TestOrg, factors: &str) -> Value {
    enroll(org, factors, "sms", "OKTA", json!({ "phoneNumber": "+12345678901" })).await
}

/// The passcodes on their way, oldest first, with where they go.
async fn sent(org: &TestOrg) -> Vec<(String, String)> {
    let messages = org.messages_of("passcode").await;
    messages.iter().map(|message| (text(message, "to"), text(message, "passCode"))).collect()
}

/// The passcode that is on its way to the only user.
pub(crate) async fn passcode(org: &TestOrg) -> String {
    let [(_, passcode)]: [(String, String); 1] = sent(org).await.try_into().unwrap();
    passcode
}

/// Another passcode than this one.
pub(crate) fn other(passcode: &str) -> String {
    format!("{:06}", (passcode.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The events about factors, oldest first: type, outcome and which kind of factor.
async fn factor_events(org: &TestOrg) -> Vec<(String, String, String)> {
    let log = org.get("/api/v1/logs?limit=1000").await.ok();
    let about = |event: &Value| {
        let factor = event["debugContext"]["debugData"]["factor"].as_str()?;
        Some((text(event, "eventType"), text(event, "outcome.result"), factor.to_owned()))
    };
    log.as_array().unwrap().iter().filter_map(about).collect()
}

pub(crate) const WRONG_PASSCODE: (u16, &str, &str) = (403, "E0000068", "Invalid Passcode/Answer");
pub(crate) const NO_MATCH: &str = "Your passcode doesn't match our records. Please try again.";
pub(crate) const TOO_MANY: (u16, &str, &str) =
    (429, "E0000047", "API call exceeded rate limit due to too many requests.");
