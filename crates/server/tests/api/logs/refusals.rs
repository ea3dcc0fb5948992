//! What was tried on a user and refused is in the log as a failure (behaviour.md C.0).

use reqwest::Method;
use serde_json::{Value, json};

use super::LOGS;
use crate::context::{TestOrg, text};
use crate::roles::token_of;

/// The failures in the log: event type and reason.
async fn failures(org: &TestOrg) -> Vec<(String, String)> {
    let log = org.get(&format!("{LOGS}?filter=outcome.result%20eq%20%22FAILURE%22")).await.ok();
    log.as_array().unwrap().iter().map(|event| (text(event, "eventType"), text(event, "outcome.reason"))).collect()
}

on_both_engines! {
    async fn a_refused_change_of_a_user_leaves_a_failure(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let path = format!("/api/v1/users/{}", text(&user, "id"));
        let wrong = json!({ "oldPassword": { "value": "wrong" }, "newPassword": { "value": "Efgh5678#@" } });
        for (request, body) in [
            ("lifecycle/unlock", Value::Null),
            ("lifecycle/unsuspend", Value::Null),
            ("credentials/change_password", wrong),
            ("", json!({ "profile": { "email": null } })),
        ] {
            let path = format!("{path}/{request}");
            let answer = org.post(path.trim_end_matches('/'), Some(body).filter(|body| !body.is_null())).await;
            assert!((400..404).contains(&answer.status), "{request}: {}", answer.status);
        }
        let told = failures(&org).await;
        let types: Vec<_> = told.iter().map(|(event, _)| event.as_str()).collect();
        let expected = ["user.account.unlock_by_admin", "user.lifecycle.unsuspend", "user.account.update_password", "user.account.update_profile"];
        assert_eq!(types, expected);
        assert_eq!(told[0].1, "The user is not locked out.");
        assert_eq!(told[3].1, "email: The field cannot be left blank");
    }
}

on_both_engines! {
    async fn a_failure_names_who_tried_what_on_whom(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let caller = token_of(&org, &format!("/api/v1/users/{}", text(&user, "id"))).await;
        let asked = "/api/v1/users/admin%40example.com/lifecycle/suspend";
        let answer = caller.send(Method::POST, asked, None).await;
        let request = answer.headers["x-okta-request-id"].to_str().unwrap().to_owned();
        answer.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        let log = org.get(&format!("{LOGS}?filter=outcome.result%20eq%20%22FAILURE%22")).await.ok();
        let event = &log[0];
        assert_eq!((text(event, "eventType"), text(event, "transaction.id")), ("user.lifecycle.suspend".into(), request));
        assert_eq!(text(event, "outcome.reason"), "You do not have permission to perform the requested action");
        assert_eq!((event["actor"]["id"].clone(), text(&event["target"][0], "alternateId")), (user["id"].clone(), "admin@example.com".into()));
        assert_eq!(text(event, "debugContext.debugData.requestUri"), asked);
    }
}

on_both_engines! {
    async fn what_nobody_is_there_for_leaves_no_failure(org: TestOrg) {
        assert_eq!(org.post("/api/v1/users/nobody/lifecycle/suspend", None).await.status, 404);
        assert_eq!(org.post("/api/v1/users", json!({ "profile": {} })).await.status, 400);
        let user = org.create("isaac@example.com").await;
        let path = format!("/api/v1/users/{}/lifecycle/suspend", text(&user, "id"));
        assert_eq!(org.with_token(None).send(Method::POST, &path, None).await.status, 401);
        assert_eq!(failures(&org).await, []);
    }
}
