//! changePassword: who knows the old password chooses a new one. The recovery question is in `recovery.rs`.

use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{
    NEW_PASSWORD, PASSWORD, POLICY, begin_session, count_rows, credentials, keys_of, path_of, path_of_new,
    path_of_user_in, question,
};
use crate::context::{Answer, TestOrg, text};

/// A day, in seconds.
const DAY: i64 = 86_400;

async fn change_password(org: &TestOrg, path: &str, old: &str, new: &str) -> Answer {
    let body = json!({ "oldPassword": { "value": old }, "newPassword": { "value": new } });
    org.post(&format!("{path}/credentials/change_password"), body).await
}

#[track_caller]
fn refused(answer: Answer, cause: &str) {
    answer.refused(403, "E0000014", "Update of credentials failed", &[cause]);
}

const WRONG: &str = "Old Password is not correct";

on_both_engines! {
    async fn change_password_answers_the_credentials_and_moves_the_times(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        let answer = change_password(&org, &path, PASSWORD, NEW_PASSWORD).await.ok();
        let expected = json!({
            "password": {}, "recovery_question": { "question": question()["question"] },
            "provider": { "type": "OKTA", "name": "OKTA" },
        });
        assert_eq!(answer.to_string(), expected.to_string());
        let after = org.get(&path).await.ok();
        let now = json!(org.clock.now().to_string());
        assert_eq!((&after["passwordChanged"], &after["lastUpdated"]), (&now, &now));
        assert_eq!((&after["status"], &after["statusChanged"]), (&before["status"], &before["statusChanged"]));
        refused(change_password(&org, &path, PASSWORD, "Efgh5678#@").await, WRONG);
        change_password(&org, "/api/v1/users/isaac@example.com", NEW_PASSWORD, "Efgh5678#@").await.ok();
    }
}

on_both_engines! {
    async fn change_password_refuses_a_wrong_old_password_before_a_weak_new_one(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let before = org.get(&path).await.ok();
        for old in ["abcd1234#@", "Abcd1234#@ ", "x"] {
            refused(change_password(&org, &path, old, NEW_PASSWORD).await, WRONG);
            refused(change_password(&org, &path, old, "weak").await, WRONG);
        }
        for new in ["weak", "alllowercase1", "ISAAC1234a", PASSWORD] {
            refused(change_password(&org, &path, PASSWORD, new).await, POLICY);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn change_password_refuses_a_request_without_both_passwords(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let url = format!("{path}/credentials/change_password");
        let (old, new) = (json!({ "value": PASSWORD }), json!({ "value": NEW_PASSWORD }));
        for (body, field) in [
            (json!({}), "oldPassword"),
            (json!({ "newPassword": new }), "oldPassword"),
            (json!({ "oldPassword": {}, "newPassword": new }), "oldPassword"),
            (json!({ "oldPassword": { "value": "" }, "newPassword": new }), "oldPassword"),
            (json!({ "oldPassword": old }), "newPassword"),
            (json!({ "oldPassword": old, "newPassword": { "value": null } }), "newPassword"),
        ] {
            let answer = org.post(&url, body).await;
            let cause = format!("{field}: The field cannot be left blank");
            answer.refused(400, "E0000001", &format!("Api validation failed: {field}"), &[&cause]);
        }
        for body in [Value::Null, json!([]), json!({ "oldPassword": PASSWORD, "newPassword": new }),
            json!({ "oldPassword": { "value": 7 }, "newPassword": new })] {
            let answer = org.post(&url, Some(body).filter(|body| !body.is_null())).await;
            answer.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
        change_password(&org, &path, PASSWORD, NEW_PASSWORD).await.ok();
    }
}

on_both_engines! {
    async fn change_password_refuses_the_last_four_passwords_strict_or_not(org: TestOrg) {
        let passwords = ["Abcd1234#1", "Abcd1234#2", "Abcd1234#3", "Abcd1234#4", "Abcd1234#5"];
        let path = path_of(&org.create_active("isaac@example.com", passwords[0]).await);
        for pair in passwords.windows(2) {
            change_password(&org, &path, pair[0], pair[1]).await.ok();
        }
        for query in ["", "?strict=true", "?strict=false"] {
            for old in &passwords[1..] {
                let body = json!({ "oldPassword": { "value": passwords[4] }, "newPassword": { "value": old } });
                refused(org.post(&format!("{path}/credentials/change_password{query}"), body).await, POLICY);
            }
        }
        change_password(&org, &path, passwords[4], passwords[0]).await.ok();
    }
}

on_both_engines! {
    async fn change_password_takes_strict_while_the_policy_has_no_minimum_age(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let url = format!("{path}/credentials/change_password");
        let body = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": NEW_PASSWORD } });
        let summary = "Type mismatch exception.  The value \"2\" of the parameter strict is not of type boolean.";
        org.post(&format!("{url}?strict=2"), body.clone()).await.refused(400, "E0000037", summary, &[]);
        org.post(&format!("{url}?strict=true"), body).await.ok();
    }
}

on_both_engines! {
    async fn change_password_ends_sessions_only_on_request(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let (_, user, _) = keys_of(&org, &path).await;
        begin_session(&org, &path).await;
        let passwords = [PASSWORD, "Efgh5678#@", "Ijkl9012#@", "Mnop3456#@"];
        for (pair, (revoke, left)) in passwords.windows(2).zip([(json!(null), 1), (json!(false), 1), (json!(true), 0)]) {
            let body = json!({
                "oldPassword": { "value": pair[0] }, "newPassword": { "value": pair[1] }, "revokeSessions": revoke,
            });
            org.post(&format!("{path}/credentials/change_password"), body).await.ok();
            assert_eq!(count_rows(&org, user, "sessions").await, left, "{revoke}");
        }
    }
}

on_both_engines! {
    async fn change_password_voids_reset_links(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Recovery, "isaac@example.com").await;
        let (_, user, _) = keys_of(&org, &path).await;
        assert_eq!(count_rows(&org, user, "one_time_tokens").await, 1);
        change_password(&org, &path, PASSWORD, NEW_PASSWORD).await.ok();
        assert_eq!(count_rows(&org, user, "one_time_tokens").await, 0);
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
    }
}

/// Gives the user a temporary password and answers it.
async fn temporary_password(org: &TestOrg, path: &str) -> String {
    let url = format!("{path}/lifecycle/expire_password_with_temp_password");
    text(&org.post(&url, None).await.ok(), "tempPassword")
}

on_both_engines! {
    async fn a_temporary_password_is_the_only_one_and_leads_back_to_active(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let first = temporary_password(&org, &path).await;
        let second = temporary_password(&org, &path).await;
        for old in [PASSWORD, &first] {
            refused(change_password(&org, &path, old, NEW_PASSWORD).await, WRONG);
        }
        refused(change_password(&org, &path, &second, &second).await, POLICY);
        refused(change_password(&org, &path, &second, PASSWORD).await, POLICY);
        change_password(&org, &path, &second, NEW_PASSWORD).await.ok();
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
    }
}

on_both_engines! {
    async fn a_temporary_password_does_not_count_in_the_history(org: TestOrg) {
        let passwords = ["Abcd1234#1", "Abcd1234#2", "Abcd1234#3"];
        let path = path_of(&org.create_active("isaac@example.com", passwords[0]).await);
        change_password(&org, &path, passwords[0], passwords[1]).await.ok();
        change_password(&org, &path, passwords[1], passwords[2]).await.ok();
        let temporary = temporary_password(&org, &path).await;
        change_password(&org, &path, &temporary, "Abcd1234#4").await.ok();
        refused(change_password(&org, &path, "Abcd1234#4", passwords[0]).await, POLICY);
        change_password(&org, &path, "Abcd1234#4", &temporary).await.ok();
    }
}

on_both_engines! {
    async fn a_temporary_password_expires(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let first = temporary_password(&org, &path).await;
        org.wait_seconds(7 * DAY - 1);
        change_password(&org, &path, &first, "Efgh5678#@").await.ok();
        let second = temporary_password(&org, &path).await;
        org.wait_seconds(7 * DAY);
        refused(change_password(&org, &path, &second, NEW_PASSWORD).await, WRONG);
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "PASSWORD_EXPIRED");
        org.post(&path, json!({ "credentials": { "password": { "value": PASSWORD } } })).await.ok();
        change_password(&org, &path, PASSWORD, NEW_PASSWORD).await.ok();
        org.wait_seconds(20 * DAY);
        change_password(&org, &path, NEW_PASSWORD, "Ijkl9012#@").await.ok();
    }
}
