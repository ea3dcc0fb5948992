//! `/api/v1/policies`: what is read, what may be changed, and that every password operation obeys it.

use serde_json::{Value, json};

use crate::context::{Answer, TestOrg, profile, text};
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, path_of_new, question};

/// The org's policy of a type.
pub(crate) async fn policy(org: &TestOrg, policy_type: &str) -> Value {
    let list = org.get(&format!("/api/v1/policies?type={policy_type}&expand=rules")).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
    list[0].clone()
}

fn path_of(policy: &Value) -> String {
    format!("/api/v1/policies/{}", text(policy, "id"))
}

/// Changes the settings of the org's password policy.
pub(crate) async fn set_password_policy(org: &TestOrg, settings: Value) -> Answer {
    org.put(&path_of(&policy(org, "PASSWORD").await), json!({ "settings": settings })).await
}

/// Changes the actions of the rule of the org's policy of a type.
pub(crate) async fn set_rule(org: &TestOrg, policy_type: &str, actions: Value) -> Answer {
    let policy = policy(org, policy_type).await;
    let rule = text(&policy["_embedded"]["rules"][0], "id");
    org.put(&format!("{}/rules/{rule}", path_of(&policy)), json!({ "actions": actions })).await
}

on_both_engines! {
    async fn the_default_password_policy_is_that_of_a_real_org(org: TestOrg) {
        let policy = policy(&org, "PASSWORD").await;
        assert_eq!(text(&policy, "name"), "Default Policy");
        assert_eq!((&policy["system"], &policy["priority"]), (&json!(true), &json!(1)));
        assert_eq!(policy["settings"]["password"]["complexity"]["minLength"], 8);
        assert_eq!(policy["settings"]["password"]["lockout"]["maxAttempts"], 10);
        let everyone = text(&org.get("/api/v1/groups?filter=type%20eq%20%22BUILT_IN%22").await.ok()[0], "id");
        assert_eq!(policy["conditions"]["people"]["groups"]["include"], json!([everyone]));
        let id = text(&policy, "id");
        assert!(id.starts_with("00p") && id.len() == 20, "{id}");
        let mut single = org.get(&format!("/api/v1/policies/{id}")).await.ok();
        let rules = org.get(&format!("/api/v1/policies/{id}/rules")).await.ok();
        assert_eq!(policy["_embedded"]["rules"], rules);
        single["_embedded"] = json!({ "rules": rules });
        assert_eq!(single, policy);
        let rule = org.get(&format!("/api/v1/policies/{id}/rules/{}", text(&rules[0], "id"))).await.ok();
        assert_eq!(rule, rules[0]);
        assert_eq!(rule["actions"]["passwordChange"], json!({ "access": "ALLOW" }));
    }
}

on_both_engines! {
    async fn the_default_sign_on_policy_asks_for_no_factor(org: TestOrg) {
        let policy = policy(&org, "OKTA_SIGN_ON").await;
        assert!(policy.get("settings").is_none());
        let rule = &policy["_embedded"]["rules"][0];
        let session = json!({ "usePersistentCookie": false, "maxSessionIdleMinutes": 120, "maxSessionLifetimeMinutes": 0 });
        assert_eq!(text(rule, "type"), "SIGN_ON");
        assert_eq!(rule["actions"]["signon"]["requireFactor"], false);
        assert_eq!(rule["actions"]["signon"]["session"], session);
        let refused = set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "requireFactor": "yes" } })).await;
        assert_eq!((refused.status, refused.body["errorCode"].as_str()), (400, Some("E0000001")));
        let changed = set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "requireFactor": true } })).await.ok();
        assert_eq!(changed["actions"]["signon"]["requireFactor"], true);
    }
}

on_both_engines! {
    async fn list_policies_wants_a_type_that_exists(org: TestOrg) {
        let blank = org.get("/api/v1/policies").await;
        blank.refused(400, "E0000001", "Api validation failed: type", &["type: The field cannot be left blank"]);
        let unknown = org.get("/api/v1/policies?type=COOKIES").await;
        unknown.refused(400, "E0000001", "Api validation failed: type", &["type: The field has an invalid value"]);
        assert_eq!(org.get("/api/v1/policies?type=MFA_ENROLL").await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn update_policy_takes_back_what_get_policy_shows(org: TestOrg) {
        let shown = policy(&org, "PASSWORD").await;
        org.wait_seconds(5);
        let mut updated = org.put(&path_of(&shown), shown.clone()).await.ok();
        assert_ne!(updated["lastUpdated"], shown["lastUpdated"]);
        updated["lastUpdated"] = shown["lastUpdated"].clone();
        updated["_embedded"] = shown["_embedded"].clone();
        assert_eq!(updated, shown);
    }
}

on_both_engines! {
    async fn update_policy_refuses_bad_values_whole(org: TestOrg) {
        let settings = json!({ "password": { "complexity": { "minLength": 12, "minNumber": 2 } } });
        let cause = "settings.password.complexity.minNumber: The value must be a number from 0 to 1";
        let summary = "Api validation failed: settings.password.complexity.minNumber";
        set_password_policy(&org, settings).await.refused(400, "E0000001", summary, &[cause]);
        assert_eq!(policy(&org, "PASSWORD").await["settings"]["password"]["complexity"]["minLength"], 8);
        let path = path_of(&policy(&org, "PASSWORD").await);
        let other = org.put(&path, json!({ "type": "OKTA_SIGN_ON" })).await;
        other.refused(400, "E0000001", "Api validation failed: type", &["type: The type cannot be changed"]);
    }
}

on_both_engines! {
    async fn policies_of_one_org_do_not_bind_another(org: TestOrg) {
        let other = org.other_org("acme").await;
        set_password_policy(&org, json!({ "password": { "complexity": { "minLength": 30 } } })).await.ok();
        let body = json!({ "profile": profile("isaac@example.com"), "credentials": { "password": { "value": PASSWORD } } });
        org.post("/api/v1/users", body.clone()).await.refused(400, "E0000001", "Api validation failed: password", &[
            "password: Password requirements were not met. Password requirements: at least 30 characters, a lowercase letter, \
             an uppercase letter, a number, no parts of your username. Your password cannot be any of your last 4 passwords.",
        ]);
        other.send(reqwest::Method::POST, "/api/v1/users", Some(body)).await.ok();
    }
}

on_both_engines! {
    async fn every_way_to_set_a_password_obeys_the_policy(org: TestOrg) {
        let credentials = json!({ "password": { "value": PASSWORD }, "recovery_question": question() });
        let path = path_of_new(&org, "", "isaac@example.com", credentials).await;
        let settings = json!({ "password": { "complexity": { "minLength": 12 }, "age": { "historyCount": 0 } } });
        set_password_policy(&org, settings).await.ok();
        let refusal = "Password requirements were not met. Password requirements: at least 12 characters, a lowercase letter, \
             an uppercase letter, a number, no parts of your username.";
        let cause = format!("password: {refusal}");
        let new = json!({ "value": NEW_PASSWORD });
        let set = json!({ "credentials": { "password": new } });
        for answer in [org.post(&path, set.clone()).await, org.put(&path, set).await] {
            answer.refused(400, "E0000001", "Api validation failed: password", &[&cause]);
        }
        let change = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": new });
        let recover = json!({ "password": new, "recovery_question": { "answer": question()["answer"] } });
        for (end, body) in [("change_password", change), ("forgot_password_recovery_question", recover)] {
            let answer = org.post(&format!("{path}/credentials/{end}"), body).await;
            answer.refused(403, "E0000014", "Update of credentials failed", &[refusal]);
        }
    }
}

on_both_engines! {
    async fn a_temporary_password_is_as_long_as_the_policy_wants(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", json!({ "password": { "value": PASSWORD } })).await;
        set_password_policy(&org, json!({ "password": { "complexity": { "minLength": 20, "minSymbol": 1 } } })).await.ok();
        let answer = org.post(&format!("{path}/lifecycle/expire_password_with_temp_password"), None).await.ok();
        assert_eq!(text(&answer, "tempPassword").len(), 20);
    }
}

on_both_engines! {
    async fn history_and_minimum_age_follow_the_policy(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", json!({ "password": { "value": PASSWORD } })).await;
        let age = json!({ "historyCount": 2, "minAgeMinutes": 60 });
        set_password_policy(&org, json!({ "password": { "age": age } })).await.ok();
        let change = async |from: &str, to: &str, query: &str| {
            let body = json!({ "oldPassword": { "value": from }, "newPassword": { "value": to } });
            org.post(&format!("{path}/credentials/change_password{query}"), body).await.status
        };
        assert_eq!(change(PASSWORD, NEW_PASSWORD, "?strict=true").await, 403, "younger than an hour");
        org.wait_seconds(3600);
        assert_eq!(change(PASSWORD, NEW_PASSWORD, "?strict=true").await, 200);
        assert_eq!(change(NEW_PASSWORD, PASSWORD, "").await, 403, "one of the last two");
        assert_eq!(change(NEW_PASSWORD, "Efgh9012#@", "").await, 200);
        assert_eq!(change("Efgh9012#@", PASSWORD, "").await, 200, "three passwords ago");
    }
}

on_both_engines! {
    async fn a_recovery_answer_is_as_long_as_the_policy_wants(org: TestOrg) {
        let length = json!({ "properties": { "complexity": { "minLength": 20 } } });
        set_password_policy(&org, json!({ "recovery": { "factors": { "recovery_question": length } } })).await.ok();
        let body = json!({ "profile": profile("isaac@example.com"), "credentials": { "recovery_question": question() } });
        let cause = "recovery_question: The security question answer must be at least 20 characters in length";
        let summary = "Api validation failed: recovery_question";
        org.post("/api/v1/users", body).await.refused(400, "E0000001", summary, &[cause]);
    }
}

on_both_engines! {
    async fn changes_of_policies_are_told_to_the_log(org: TestOrg) {
        set_password_policy(&org, json!({ "password": { "age": { "historyCount": 1 } } })).await.ok();
        set_rule(&org, "PASSWORD", json!({ "selfServiceUnlock": { "access": "DENY" } })).await.ok();
        let log = org.get("/api/v1/logs?filter=eventType%20sw%20%22policy%22").await.ok();
        let types: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect();
        assert_eq!(types, ["policy.lifecycle.update", "policy.rule.update"]);
    }
}
