//! Forgotten and reset passwords.

use serde_json::{Value, json};

use super::{anyone, events, link_token, refused, sign_in, status, void, wrong_state};
use crate::context::{TestOrg, text};
use crate::policies::{set_password_policy, set_rule};
use crate::users::fixtures::{ANSWER, NEW_PASSWORD, PASSWORD, credentials, lock_out, path_of, question};

async fn redeem(org: &TestOrg, token: &str) -> Value {
    anyone(org, "/recovery/token", json!({ "recoveryToken": token })).await.ok()
}

async fn reset(org: &TestOrg, waiting: &Value, password: &str) -> crate::context::Answer {
    let body = json!({ "stateToken": waiting["stateToken"], "newPassword": password });
    anyone(org, "/credentials/reset_password", body).await
}

async fn answer(org: &TestOrg, waiting: &Value, answer: &str) -> crate::context::Answer {
    let body = json!({ "stateToken": waiting["stateToken"], "answer": answer });
    anyone(org, "/recovery/answer", body).await
}

on_both_engines! {
    async fn an_administrators_reset_asks_for_no_answer(org: TestOrg) {
        let path = path_of(&org.create_with("", "isaac@example.com", credentials()).await);
        let token = link_token(&org, &path, "lifecycle/reset_password").await;
        refused(sign_in(&org, "isaac", PASSWORD).await);
        let waiting = redeem(&org, &token).await;
        assert_eq!((text(&waiting, "status"), text(&waiting, "recoveryType")), ("PASSWORD_RESET".into(), "PASSWORD".into()));
        void(anyone(&org, "/recovery/token", json!({ "recoveryToken": token })).await);
        assert_eq!(status(reset(&org, &waiting, NEW_PASSWORD).await), "SUCCESS");
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        assert_eq!(status(sign_in(&org, "isaac", NEW_PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_forgotten_password_is_reset_by_who_knows_the_answer(org: TestOrg) {
        let path = path_of(&org.create_with("", "isaac@example.com", credentials()).await);
        let token = link_token(&org, &path, "credentials/forgot_password").await;
        let waiting = redeem(&org, &token).await;
        assert_eq!(text(&waiting, "status"), "RECOVERY");
        let asked = json!({ "question": question()["question"] });
        assert_eq!(waiting["_embedded"]["user"]["recovery_question"], asked);
        assert_eq!(text(&waiting, "_links.next.name"), "answer");
        wrong_state(reset(&org, &waiting, NEW_PASSWORD).await);
        let wrong = answer(&org, &waiting, "Calamity Jane").await;
        wrong.refused(403, "E0000087", "The recovery question answer did not match our records.", &[]);
        let waiting = answer(&org, &waiting, &ANSWER.to_uppercase()).await.ok();
        assert_eq!(text(&waiting, "status"), "PASSWORD_RESET");
        assert_eq!(status(reset(&org, &waiting, NEW_PASSWORD).await), "SUCCESS");
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        refused(sign_in(&org, "isaac", PASSWORD).await);
    }
}

on_both_engines! {
    async fn no_answer_is_asked_for_without_a_question_or_where_the_policy_wants_none(org: TestOrg) {
        let without = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let token = link_token(&org, &without, "credentials/forgot_password").await;
        assert_eq!(text(&redeem(&org, &token).await, "status"), "PASSWORD_RESET");
        let with = path_of(&org.create_with("", "eric@example.com", credentials()).await);
        let factors = json!({ "recovery_question": { "status": "INACTIVE" } });
        set_password_policy(&org, json!({ "recovery": { "factors": factors } })).await.ok();
        let token = link_token(&org, &with, "credentials/forgot_password").await;
        assert_eq!(text(&redeem(&org, &token).await, "status"), "PASSWORD_RESET");
    }
}

on_both_engines! {
    async fn five_wrong_answers_end_a_recovery_and_count_as_failed_attempts(org: TestOrg) {
        let path = path_of(&org.create_with("", "isaac@example.com", credentials()).await);
        for round in 0..2 {
            let token = link_token(&org, &path, "credentials/forgot_password").await;
            let waiting = redeem(&org, &token).await;
            for _ in 0..5 {
                assert_eq!(answer(&org, &waiting, "Calamity Jane").await.status, 403, "round {round}");
            }
            void(answer(&org, &waiting, ANSWER).await);
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "LOCKED_OUT");
    }
}

on_both_engines! {
    async fn anyone_who_forgot_a_password_is_told_the_same(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let locked = path_of(&org.create_active("locked@example.com", PASSWORD).await);
        lock_out(&org, &locked).await;
        for (path, recovery) in [("password", "PASSWORD"), ("unlock", "UNLOCK")] {
            let told = json!({ "status": "RECOVERY_CHALLENGE", "factorResult": "WAITING", "factorType": "EMAIL", "recoveryType": recovery });
            for username in ["isaac@example.com", "isaac", "locked@example.com", "nobody@example.com"] {
                let body = json!({ "username": username, "factorType": "EMAIL" });
                assert_eq!(anyone(&org, &format!("/recovery/{path}"), body).await.ok(), told, "{username}");
            }
        }
        let outcomes = |events: Vec<Value>| events.iter().map(|event| text(event, "outcome.result")).collect::<Vec<_>>();
        assert_eq!(outcomes(events(&org, "user.account.reset_password").await), ["SUCCESS", "SUCCESS", "FAILURE", "FAILURE"]);
        assert_eq!(outcomes(events(&org, "user.account.unlock_token").await), ["FAILURE", "FAILURE", "SUCCESS", "FAILURE"]);
    }
}

on_both_engines! {
    async fn a_recovery_names_its_user_and_its_way(org: TestOrg) {
        let blank = |field: &str| (format!("Api validation failed: {field}"), format!("{field}: The field cannot be left blank"));
        for (body, field) in [(json!({ "factorType": "EMAIL" }), "username"), (json!({ "username": "isaac" }), "factorType")] {
            let (summary, cause) = blank(field);
            anyone(&org, "/recovery/password", body).await.refused(400, "E0000001", &summary, &[&cause]);
        }
        let body = json!({ "username": "isaac", "factorType": "SMS" });
        let summary = "Forgot password not allowed on specified user.";
        anyone(&org, "/recovery/password", body).await.refused(403, "E0000034", summary, &[]);
        let body = json!({ "username": "isaac", "factorType": "PIGEON" });
        let cause = "factorType: The field has an invalid value";
        let summary = "Api validation failed: factorType";
        anyone(&org, "/recovery/password", body).await.refused(400, "E0000001", summary, &[cause]);
    }
}

on_both_engines! {
    async fn a_trusted_application_gets_the_token_and_is_told_what_is_wrong(org: TestOrg) {
        let user = org.create_with("", "isaac@example.com", credentials()).await;
        let issued = org.post("/api/v1/authn/recovery/password", json!({ "username": "isaac" })).await.ok();
        assert_eq!((text(&issued, "status"), text(&issued, "recoveryType")), ("RECOVERY".into(), "PASSWORD".into()));
        assert_eq!(issued["expiresAt"], json!(org.clock.now().plus_seconds(3600).to_string()));
        assert_eq!(issued["_embedded"]["user"]["id"], user["id"]);
        assert_eq!(text(&issued, "_links.next.name"), "recovery");
        assert_eq!(text(&redeem(&org, &text(&issued, "recoveryToken")).await, "status"), "RECOVERY");
        let unknown = org.post("/api/v1/authn/recovery/password", json!({ "username": "nobody" })).await;
        unknown.refused(403, "E0000095", "Recovery not allowed for unknown user.", &[]);
        let path = path_of(&user);
        org.post(&format!("{path}/lifecycle/suspend"), None).await.ok();
        let suspended = org.post("/api/v1/authn/recovery/password", json!({ "username": "isaac" })).await;
        suspended.refused(403, "E0000034", "Forgot password not allowed on specified user.", &[]);
    }
}

on_both_engines! {
    async fn the_policy_says_how_long_a_recovery_token_lasts(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let email = json!({ "properties": { "recoveryToken": { "tokenLifetimeMinutes": 5 } } });
        set_password_policy(&org, json!({ "recovery": { "factors": { "okta_email": email } } })).await.ok();
        let token = link_token(&org, &path, "credentials/forgot_password").await;
        org.wait_seconds(300);
        void(anyone(&org, "/recovery/token", json!({ "recoveryToken": token })).await);
    }
}

on_both_engines! {
    async fn the_policy_may_keep_users_from_recovering_by_themselves(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let deny = json!({ "access": "DENY" });
        set_rule(&org, "PASSWORD", json!({ "selfServicePasswordReset": deny, "selfServiceUnlock": deny })).await.ok();
        for username in ["isaac", "nobody"] {
            let body = json!({ "username": username, "factorType": "EMAIL" });
            let summary = "Forgot password not allowed on specified user.";
            anyone(&org, "/recovery/password", body.clone()).await.refused(403, "E0000034", summary, &[]);
            assert_eq!(anyone(&org, "/recovery/unlock", body).await.status, 403);
        }
    }
}

on_both_engines! {
    async fn a_recovery_token_is_void_once_its_user_is_suspended(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let token = link_token(&org, &path, "credentials/forgot_password").await;
        org.post(&format!("{path}/lifecycle/suspend"), None).await.ok();
        void(anyone(&org, "/recovery/token", json!({ "recoveryToken": token })).await);
    }
}

on_both_engines! {
    async fn a_reset_may_end_the_users_sessions(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let begin = async || {
            let signed_in = sign_in(&org, "isaac", PASSWORD).await.ok();
            org.post("/api/v1/sessions", json!({ "sessionToken": signed_in["sessionToken"] })).await.ok()
        };
        let session = begin().await;
        let token = link_token(&org, &path, "credentials/forgot_password").await;
        let waiting = redeem(&org, &token).await;
        let body = json!({ "stateToken": waiting["stateToken"], "newPassword": NEW_PASSWORD, "revokeSessions": true });
        let done = anyone(&org, "/credentials/reset_password", body).await.ok();
        assert_eq!(org.get(&format!("/api/v1/sessions/{}", text(&session, "id"))).await.status, 404);
        org.post("/api/v1/sessions", json!({ "sessionToken": done["sessionToken"] })).await.ok();
    }
}
