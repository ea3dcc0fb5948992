//! The lifecycle operations: what they answer and move beyond the table, which `transitions.rs` holds them to.

use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{
    PASSWORD, begin_session, count_rows, credentials, enroll_factor, keys_of, lock_out, path_of,
    path_of_federated_user, path_of_new, path_of_user_in,
};
use crate::context::{TestOrg, text};

async fn post(org: &TestOrg, path: &str, rest: &str) -> Value {
    org.post(&format!("{path}{rest}"), None).await.ok()
}

/// How many one-time tokens the user has.
async fn tokens(org: &TestOrg, path: &str) -> i64 {
    let (_, user, _) = keys_of(org, path).await;
    count_rows(org, user, "one_time_tokens").await
}

/// Whether a token is 20 characters of URL-safe base64 that begin with `prefix`.
fn is_token(token: &str, prefix: &str) -> bool {
    let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    token.len() == 20 && token.starts_with(prefix) && token.bytes().all(url_safe)
}

on_both_engines! {
    async fn suspend_user_rejects_a_staged_user(org: TestOrg) {
        let user = org.create_with("?activate=false", "isaac@example.com", json!({})).await;
        let answer = org.post(&format!("/api/v1/users/{}/lifecycle/suspend", text(&user, "id")), None).await;
        let cause = "Cannot suspend a user that is not active";
        answer.refused(400, "E0000001", "Api validation failed: suspendUser", &[cause]);
    }
}

on_both_engines! {
    async fn suspend_and_unsuspend_move_status_and_times(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let path = format!("/api/v1/users/{}", text(&user, "id"));
        org.wait_seconds(5);
        assert_eq!(org.post(&format!("{path}/lifecycle/suspend"), None).await.ok(), json!({}));
        let suspended = org.get(&path).await.ok();
        assert_eq!(text(&suspended, "status"), "SUSPENDED");
        assert_eq!(text(&suspended, "statusChanged"), "2026-01-02T03:04:10.000Z");
        assert_eq!(suspended["lastUpdated"], suspended["statusChanged"]);
        assert_eq!(suspended["activated"], user["activated"]);
        assert_eq!(org.post(&format!("{path}/lifecycle/unsuspend"), None).await.ok(), json!({}));
        assert_eq!(org.status(&text(&user, "id")).await, "ACTIVE");
    }
}

on_both_engines! {
    async fn suspend_user_ends_sessions_and_keeps_all_else(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let (_, user, _) = keys_of(&org, &path).await;
        begin_session(&org, &path).await;
        enroll_factor(&org, &path).await;
        let before = org.get(&path).await.ok();
        post(&org, &path, "/lifecycle/suspend").await;
        assert_eq!((count_rows(&org, user, "sessions").await, count_rows(&org, user, "factors").await), (0, 1));
        let after = org.get(&path).await.ok();
        assert_eq!((&after["credentials"], &after["profile"]), (&before["credentials"], &before["profile"]));
    }
}

on_both_engines! {
    async fn unsuspend_user_brings_back_who_has_no_password_as_provisioned(org: TestOrg) {
        for (status, expected) in [
            (UserStatus::Provisioned, "PROVISIONED"),
            (UserStatus::Active, "ACTIVE"),
            (UserStatus::PasswordExpired, "ACTIVE"),
        ] {
            let path = path_of_user_in(&org, status, &format!("{status:?}@example.com")).await;
            post(&org, &path, "/lifecycle/suspend").await;
            post(&org, &path, "/lifecycle/unsuspend").await;
            assert_eq!(text(&org.get(&path).await.ok(), "status"), expected);
        }
    }
}

on_both_engines! {
    async fn unlock_user_keeps_the_password(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::LockedOut, "isaac@example.com").await;
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        assert_eq!(post(&org, &path, "/lifecycle/unlock").await, json!({}));
        let after = org.get(&path).await.ok();
        assert_eq!((&after["passwordChanged"], &after["credentials"]), (&before["passwordChanged"], &before["credentials"]));
        assert_eq!(text(&after, "statusChanged"), org.clock.now().to_string());
    }
}

on_both_engines! {
    async fn activate_user_answers_a_token_only_without_an_email(org: TestOrg) {
        let queries = [("sendEmail=false", true), ("sendEmail=FALSE", true), ("sendEmail=true", false), ("", false)];
        for (kind, credentials) in [("no", json!({})), ("a", json!({ "password": { "value": PASSWORD } }))] {
            for (number, (query, told)) in queries.into_iter().enumerate() {
                let login = format!("{kind}-password{number}@example.com");
                let path = path_of_new(&org, "?activate=false", &login, credentials.clone()).await;
                let answer = post(&org, &path, &format!("/lifecycle/activate?{query}")).await;
                if told {
                    let token = text(&answer, "activationToken");
                    assert!(is_token(&token, ""), "{token}");
                    let base = text(&org.get(&path).await.ok(), "_links.self.href").replace(&path, "");
                    let expected = json!({ "activationUrl": format!("{base}/welcome/{token}"), "activationToken": token });
                    assert_eq!(answer, expected);
                } else {
                    assert_eq!(answer, json!({}));
                }
            }
        }
    }
}

on_both_engines! {
    async fn a_parameter_that_is_no_boolean_changes_nothing(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let before = org.get(&path).await.ok();
        for (rest, name) in [
            ("lifecycle/activate", "sendEmail"),
            ("lifecycle/reactivate", "sendEmail"),
            ("lifecycle/deactivate", "sendEmail"),
            ("lifecycle/reset_password", "sendEmail"),
            ("lifecycle/reset_password", "revokeSessions"),
            ("lifecycle/expire_password", "tempPassword"),
            ("credentials/forgot_password", "sendEmail"),
        ] {
            let summary = format!("Type mismatch exception.  The value \"no\" of the parameter {name} is not of type boolean.");
            org.post(&format!("{path}/{rest}?{name}=no"), None).await.refused(400, "E0000037", &summary, &[]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn reactivate_user_answers_another_token_and_voids_the_older_one(org: TestOrg) {
        let path = path_of_new(&org, "?activate=false", "isaac@example.com", json!({})).await;
        let first = text(&post(&org, &path, "/lifecycle/activate?sendEmail=false").await, "activationToken");
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        let answer = post(&org, &path, "/lifecycle/reactivate").await;
        let second = text(&answer, "activationToken");
        assert!(is_token(&second, "") && second != first);
        assert!(text(&answer, "activationUrl").ends_with(&format!("/welcome/{second}")));
        assert_eq!(post(&org, &path, "/lifecycle/reactivate?sendEmail=true").await, json!({}));
        assert_eq!(tokens(&org, &path).await, 1);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn reset_password_answers_a_link_only_without_an_email(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let base = text(&org.get(&path).await.ok(), "_links.self.href").replace(&path, "");
        for (query, told) in [("?sendEmail=false", true), ("?sendEmail=true", false), ("", false), ("?sendEmail=false", true)] {
            let answer = post(&org, &path, &format!("/lifecycle/reset_password{query}")).await;
            assert_eq!(tokens(&org, &path).await, 1);
            if told {
                let url = text(&answer, "resetPasswordUrl");
                let token = url.strip_prefix(&format!("{base}/reset_password/")).unwrap();
                assert!(is_token(token, "drp"), "{token}");
                assert_eq!(answer.as_object().unwrap().len(), 1);
            } else {
                assert_eq!(answer, json!({}));
            }
        }
    }
}

on_both_engines! {
    async fn reset_password_voids_other_links_and_ends_sessions_on_request(org: TestOrg) {
        let path = path_of_new(&org, "?activate=false", "isaac@example.com", credentials()).await;
        let (_, user, _) = keys_of(&org, &path).await;
        begin_session(&org, &path).await;
        post(&org, &path, "/lifecycle/activate").await;
        post(&org, &path, "/credentials/forgot_password").await;
        assert_eq!(tokens(&org, &path).await, 2);
        for (query, left) in [("", 1), ("?revokeSessions=false", 1), ("?revokeSessions=true", 0)] {
            post(&org, &path, &format!("/lifecycle/reset_password{query}")).await;
            assert_eq!((tokens(&org, &path).await, count_rows(&org, user, "sessions").await), (1, left));
        }
    }
}

on_both_engines! {
    async fn reset_password_makes_a_federated_user_one_of_ours(org: TestOrg) {
        let path = path_of_federated_user(&org, "", "isaac@example.com").await;
        post(&org, &path, "/lifecycle/reset_password").await;
        let user = org.get(&path).await.ok();
        assert_eq!(user["credentials"]["provider"], json!({ "type": "OKTA", "name": "OKTA" }));
        assert_eq!((text(&user, "status"), user["credentials"].get("password")), ("RECOVERY".to_owned(), None));
        let password = json!({ "credentials": { "password": { "value": PASSWORD } } });
        assert_eq!(text(&org.post(&path, password).await.ok(), "status"), "ACTIVE");
    }
}

on_both_engines! {
    async fn expire_password_answers_the_user_as_they_are_then(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        let user = post(&org, &path, "/lifecycle/expire_password").await;
        assert_eq!(text(&user, "status"), "PASSWORD_EXPIRED");
        assert_eq!(text(&user, "statusChanged"), org.clock.now().to_string());
        assert_eq!(user["passwordChanged"], before["passwordChanged"]);
        org.wait_seconds(60);
        assert_eq!(post(&org, &path, "/lifecycle/expire_password?tempPassword=false").await, user);
    }
}

on_both_engines! {
    async fn a_temporary_password_is_a_password_and_expires_what_was_there(org: TestOrg) {
        for rest in ["/lifecycle/expire_password_with_temp_password", "/lifecycle/expire_password?tempPassword=true"] {
            for status in [UserStatus::Active, UserStatus::Recovery, UserStatus::PasswordExpired] {
                let login = format!("{status:?}{}@example.com", rest.len());
                let path = path_of_user_in(&org, status, &login).await;
                org.wait_seconds(60);
                let answer = post(&org, &path, rest).await;
                let temporary = text(&answer, "tempPassword");
                assert!(temporary.len() == 12 && temporary.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                assert_eq!(answer.as_object().unwrap().len(), 1);
                let user = org.get(&path).await.ok();
                assert_eq!(text(&user, "status"), "PASSWORD_EXPIRED");
                let now = json!(org.clock.now().to_string());
                assert_eq!((&user["passwordChanged"], &user["lastUpdated"]), (&now, &now));
                assert_ne!(text(&post(&org, &path, rest).await, "tempPassword"), temporary);
            }
        }
    }
}

on_both_engines! {
    async fn deactivate_user_takes_credentials_and_keeps_profile_and_groups(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let (_, user, id) = keys_of(&org, &path).await;
        let group = json!({ "profile": { "name": "West Coast" } });
        let group = text(&org.post("/api/v1/groups", group).await.ok(), "id");
        org.put(&format!("/api/v1/groups/{group}/users/{}", id.as_str()), None).await.no_content();
        let token = json!({ "name": "Isaac's", "userId": id.as_str() });
        org.post("/api/v1/api-tokens", token).await.ok();
        begin_session(&org, &path).await;
        enroll_factor(&org, &path).await;
        post(&org, &path, "/lifecycle/reset_password").await;
        post(&org, &path, "/lifecycle/expire_password_with_temp_password").await;
        let before = org.get(&path).await.ok();
        let groups = org.get(&format!("{path}/groups")).await.ok();
        org.wait_seconds(60);
        assert_eq!(post(&org, &path, "/lifecycle/deactivate?sendEmail=true").await, json!({}));
        let after = org.get(&path).await.ok();
        assert_eq!(text(&after, "status"), "DEPROVISIONED");
        let now = json!(org.clock.now().to_string());
        assert_eq!((&after["statusChanged"], &after["lastUpdated"]), (&now, &now));
        for kept in ["activated", "created", "passwordChanged", "profile", "type"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        let provider = json!({ "type": "OKTA", "name": "OKTA" });
        assert_eq!(after["credentials"], json!({ "emails": before["credentials"]["emails"], "provider": provider }));
        for table in ["sessions", "factors", "one_time_tokens", "password_history", "api_tokens"] {
            assert_eq!(count_rows(&org, user, table).await, 0, "{table}");
        }
        assert_eq!(org.get(&format!("{path}/groups")).await.ok(), groups);
    }
}

on_both_engines! {
    async fn a_deactivated_user_is_activated_anew(org: TestOrg) {
        let hash = json!({ "password": { "hash": { "algorithm": "MD5", "value": "vFGjVbzEzJM7xw07fjbyFQ==" } } });
        let own = path_of_new(&org, "", "isaac@example.com", hash).await;
        let federated = path_of_federated_user(&org, "", "eric@example.com").await;
        for (path, status, provider) in [(&own, "PROVISIONED", "OKTA"), (&federated, "ACTIVE", "FEDERATION")] {
            post(&org, path, "/lifecycle/deactivate").await;
            org.wait_seconds(60);
            post(&org, path, "/lifecycle/activate").await;
            let user = org.get(path).await.ok();
            assert_eq!((text(&user, "status"), text(&user, "credentials.provider.type")), (status.to_owned(), provider.to_owned()));
            let now = json!(org.clock.now().to_string());
            assert_eq!((&user["activated"], &user["statusChanged"]), (&now, &now));
        }
    }
}

on_both_engines! {
    async fn the_owner_of_the_last_api_token_stays(org: TestOrg) {
        let me = org.get("/api/v1/users/me").await.ok();
        let path = path_of(&me);
        for answer in [org.post(&format!("{path}/lifecycle/deactivate"), None).await, org.delete("/api/v1/users/me").await] {
            answer.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        }
        assert_eq!(org.get(&path).await.ok(), me);
    }
}

on_both_engines! {
    async fn lifecycle_operations_take_a_login_and_refuse_who_is_not_there(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        post(&org, "/api/v1/users/isaac@example.com", "/lifecycle/suspend").await;
        post(&org, "/api/v1/users/ISAAC", "/lifecycle/unsuspend").await;
        for operation in [
            "activate", "reactivate", "deactivate", "suspend", "unsuspend", "unlock", "expire_password",
            "expire_password_with_temp_password", "reset_password", "reset_factors",
        ] {
            let answer = org.post(&format!("/api/v1/users/eric@example.com/lifecycle/{operation}"), None).await;
            answer.refused(404, "E0000007", "Not found: Resource not found: eric@example.com (User)", &[]);
        }
    }
}

on_both_engines! {
    async fn reset_factors_ends_enrollments_and_changes_nothing_else(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let (_, user, _) = keys_of(&org, &path).await;
        enroll_factor(&org, &path).await;
        lock_out(&org, &path).await;
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        for _ in 0..2 {
            assert_eq!(post(&org, &path, "/lifecycle/reset_factors").await, json!({}));
            assert_eq!(count_rows(&org, user, "factors").await, 0);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}
