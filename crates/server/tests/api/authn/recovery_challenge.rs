//! Recovering by a passcode in a text message or phone call.

use serde_json::{Value, json};

use super::factors::LOGIN;
use super::{anyone, events, sign_in, status, void, wrong_state};
use crate::context::{Answer, TestOrg, text};
use crate::factors::{other, passcode};
use crate::policies::set_password_policy;
use crate::users::fixtures::{ANSWER, NEW_PASSWORD, PASSWORD, credentials, lock_out, path_of_new};

/// Lets users recover by phone.
async fn allow_phones(org: &TestOrg) {
    let active = json!({ "status": "ACTIVE" });
    let factors = json!({ "okta_sms": active, "okta_call": active });
    set_password_policy(org, json!({ "recovery": { "factors": factors } })).await.ok();
}

/// A user with a phone for text messages and one for calls, in an org that lets users recover by them; answers their path.
async fn user_with_phones(org: &TestOrg) -> String {
    allow_phones(org).await;
    let path = path_of_new(org, "", LOGIN, credentials()).await;
    for factor_type in ["sms", "call"] {
        let profile = json!({ "phoneNumber": "+15554151337" });
        let factor = json!({ "factorType": factor_type, "provider": "OKTA", "profile": profile });
        org.post(&format!("{path}/factors?activate=true"), factor).await.ok();
    }
    path
}

/// Begins a recovery.
async fn begin(org: &TestOrg, path: &str, username: &str, factor_type: &str) -> Answer {
    anyone(org, &format!("/recovery/{path}"), json!({ "username": username, "factorType": factor_type })).await
}

async fn verify(org: &TestOrg, token: &str, passcode: &str) -> Answer {
    anyone(org, "/recovery/factors/sms/verify", json!({ "stateToken": token, "passCode": passcode })).await
}

#[track_caller]
fn wrong(answer: Answer) {
    let cause = "Your token doesn't match our records. Please try again.";
    answer.refused(403, "E0000068", "Invalid Passcode/Answer", &[cause]);
}

on_both_engines! {
    async fn a_text_message_and_the_answer_reset_a_password(org: TestOrg) {
        user_with_phones(&org).await;
        let begun = begin(&org, "password", LOGIN, "SMS").await.ok();
        let token = text(&begun, "stateToken");
        let base = format!("http://{}/api/v1/authn", org.address());
        let link = |path: &str| json!({ "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } });
        let named = |name: &str, path: &str| {
            json!({ "name": name, "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } })
        };
        assert_eq!(begun, json!({
            "stateToken": token,
            "expiresAt": org.clock.now().plus_seconds(300).to_string(),
            "status": "RECOVERY_CHALLENGE",
            "factorType": "SMS",
            "recoveryType": "PASSWORD",
            "_links": {
                "next": named("verify", "/recovery/factors/SMS/verify"),
                "cancel": link("/cancel"),
                "resend": named("sms", "/recovery/factors/SMS/resend"),
            },
        }));
        assert_eq!(anyone(&org, "", json!({ "stateToken": token })).await.ok(), begun);
        let sent = passcode(&org).await;
        wrong(verify(&org, &token, &other(&sent)).await);
        let body = json!({ "stateToken": token, "passCode": sent });
        wrong_state(anyone(&org, "/recovery/factors/CALL/verify", body).await);
        let recovery = verify(&org, &token, &sent).await.ok();
        assert_eq!((text(&recovery, "status"), text(&recovery, "recoveryType")), ("RECOVERY".into(), "PASSWORD".into()));
        wrong_state(verify(&org, &token, &sent).await);
        let answer = json!({ "stateToken": token, "answer": ANSWER });
        assert_eq!(status(anyone(&org, "/recovery/answer", answer).await), "PASSWORD_RESET");
        let reset = json!({ "stateToken": token, "newPassword": NEW_PASSWORD });
        assert_eq!(status(anyone(&org, "/credentials/reset_password", reset).await), "SUCCESS");
        assert_eq!(status(sign_in(&org, LOGIN, NEW_PASSWORD).await), "SUCCESS");
        assert_eq!(events(&org, "user.account.reset_password").await.len(), 1);
    }
}

on_both_engines! {
    async fn a_call_unlocks(org: TestOrg) {
        let path = user_with_phones(&org).await;
        lock_out(&org, &path).await;
        set_password_policy(&org, json!({ "recovery": { "factors": { "recovery_question": { "status": "INACTIVE" } } } })).await.ok();
        let token = text(&begin(&org, "unlock", LOGIN, "call").await.ok(), "stateToken");
        let body = json!({ "stateToken": token, "passCode": passcode(&org).await });
        let unlocked = anyone(&org, "/recovery/factors/CALL/verify", body).await.ok();
        assert_eq!((text(&unlocked, "status"), text(&unlocked, "recoveryType")), ("SUCCESS".into(), "UNLOCK".into()));
        assert!(unlocked.get("sessionToken").is_none());
        assert_eq!(status(sign_in(&org, LOGIN, PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn nobody_is_answered_as_somebody_is(org: TestOrg) {
        user_with_phones(&org).await;
        path_of_new(&org, "", "eric@example.com", credentials()).await;
        // Whoever has a phone, has none, is not locked out, or is not there at all.
        let cases = [("password", LOGIN), ("password", "eric@example.com"), ("unlock", LOGIN), ("password", "nobody")];
        let mut seen = Vec::new();
        for (path, username) in cases {
            org.wait_seconds(60);
            let begun = begin(&org, path, username, "SMS").await.ok();
            let token = text(&begun, "stateToken");
            let post = |end: &'static str, more: Value| {
                let mut body = json!({ "stateToken": token });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                anyone(&org, end, body)
            };
            let mut answers = vec![("begin", 200, status_and_links(&begun))];
            let mut note = |name, answer: Answer| answers.push((name, answer.status, status_and_links(&answer.body)));
            note("state", post("", json!({})).await);
            for end in ["/skip", "/previous"] {
                note(end, post(end, json!({})).await);
            }
            note("answer", post("/recovery/answer", json!({ "answer": ANSWER })).await);
            note("reset", post("/credentials/reset_password", json!({ "newPassword": NEW_PASSWORD })).await);
            note("resend", post("/recovery/factors/SMS/resend", json!({})).await);
            org.wait_seconds(30);
            note("resend", post("/recovery/factors/SMS/resend", json!({})).await);
            for _ in 0..6 {
                note("verify", post("/recovery/factors/SMS/verify", json!({ "passCode": "12345" })).await);
            }
            note("cancel", post("/cancel", json!({})).await);
            seen.push(answers);
        }
        for answers in &seen {
            assert_eq!(answers, &seen[0]);
        }
        assert_eq!(seen[0].iter().map(|(_, status, _)| *status).collect::<Vec<_>>(), [
            200, 200, 403, 403, 403, 403, 429, 200, 403, 403, 403, 403, 403, 401, 401,
        ]);
    }
}

/// What of an answer must not differ.
fn status_and_links(body: &Value) -> Value {
    json!([
        body.get("status"),
        body.get("factorType"),
        body.get("_links"),
        body.get("errorCode"),
        body.get("errorSummary")
    ])
}

on_both_engines! {
    async fn recovery_by_phone_is_for_orgs_that_allow_it_and_active_factors(org: TestOrg) {
        let path = path_of_new(&org, "", LOGIN, credentials()).await;
        let summary = "Forgot password not allowed on specified user.";
        begin(&org, "password", LOGIN, "SMS").await.refused(403, "E0000034", summary, &[]);
        begin(&org, "unlock", LOGIN, "CALL").await.refused(403, "E0000032", "Unlock is not allowed for this user.", &[]);
        allow_phones(&org).await;
        let sms = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+15554151337" } });
        org.post(&format!("{path}/factors"), sms).await.ok();
        let enrolling = passcode(&org).await;
        let token = text(&begin(&org, "password", LOGIN, "SMS").await.ok(), "stateToken");
        wrong(verify(&org, &token, &enrolling).await);
        void(verify(&org, "00nobody", &enrolling).await);
        anyone(&org, "/cancel", json!({ "stateToken": token })).await.ok();
        void(verify(&org, &token, &enrolling).await);
        let pigeon = begin(&org, "password", LOGIN, "PIGEON").await;
        pigeon.refused(400, "E0000001", "Api validation failed: factorType", &["factorType: The field has an invalid value"]);
    }
}
