//! Passwords that have expired or are about to.

use serde_json::{Value, json};

use super::{anyone, refused, sign_in, status, void, wrong_state};
use crate::context::{Answer, TestOrg, text};
use crate::policies::set_password_policy;
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, path_of};

const DAY: i64 = 86_400;

async fn expired(org: &TestOrg) -> (String, Value) {
    let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
    org.post(&format!("{path}/lifecycle/expire_password"), None).await.ok();
    let waiting = sign_in(org, "isaac", PASSWORD).await.ok();
    (path, waiting)
}

async fn change(org: &TestOrg, waiting: &Value, old: &str, new: &str) -> Answer {
    let body = json!({ "stateToken": waiting["stateToken"], "oldPassword": old, "newPassword": new });
    anyone(org, "/credentials/change_password", body).await
}

async fn warned(org: &TestOrg) -> Answer {
    let options = json!({ "warnBeforePasswordExpired": true });
    anyone(org, "", json!({ "username": "isaac", "password": PASSWORD, "options": options })).await
}

on_both_engines! {
    async fn an_expired_password_is_changed_before_anything_else(org: TestOrg) {
        let (path, waiting) = expired(&org).await;
        let token = text(&waiting, "stateToken");
        assert!(token.len() == 42 && token.starts_with("00"), "{token}");
        assert_eq!(text(&waiting, "status"), "PASSWORD_EXPIRED");
        assert_eq!(waiting["expiresAt"], json!(org.clock.now().plus_seconds(300).to_string()));
        assert_eq!(text(&waiting, "_links.next.name"), "changePassword");
        assert!(text(&waiting, "_links.next.href").ends_with("/api/v1/authn/credentials/change_password"));
        assert_eq!(waiting["_embedded"]["policy"]["complexity"]["minLength"], 8);
        assert!(waiting.get("sessionToken").is_none());
        org.wait_seconds(10);
        let done = change(&org, &waiting, PASSWORD, NEW_PASSWORD).await.ok();
        assert_eq!(text(&done, "status"), "SUCCESS");
        assert_eq!(done["_embedded"]["user"]["passwordChanged"], json!(org.clock.now().to_string()));
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        void(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await);
        refused(sign_in(&org, "isaac", PASSWORD).await);
        assert_eq!(status(sign_in(&org, "isaac", NEW_PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_change_needs_the_old_password_and_a_good_new_one(org: TestOrg) {
        let (path, waiting) = expired(&org).await;
        let cause = "oldPassword: The credentials provided were incorrect.";
        let wrong = change(&org, &waiting, "Wrong1234#@", NEW_PASSWORD).await;
        wrong.refused(403, "E0000014", "Update of credentials failed", &[cause]);
        let summary = "The password does not meet the complexity requirements of the current password policy.";
        let cause = "Passwords must have at least 8 characters, a lowercase letter, an uppercase letter, a number, \
             no parts of your username";
        change(&org, &waiting, PASSWORD, "short").await.refused(403, "E0000014", summary, &[cause]);
        let reused = change(&org, &waiting, PASSWORD, PASSWORD).await;
        reused.refused(403, "E0000014", "Update of credentials failed", &[crate::users::fixtures::POLICY]);
        let body = json!({ "stateToken": waiting["stateToken"], "oldPassword": PASSWORD });
        let summary = "Api validation failed: newPassword";
        let blank = anyone(&org, "/credentials/change_password", body).await;
        blank.refused(400, "E0000001", summary, &["newPassword: The field cannot be left blank"]);
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "PASSWORD_EXPIRED");
        assert_eq!(status(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_password_past_its_age_expires_at_the_sign_in(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        set_password_policy(&org, json!({ "password": { "age": { "maxAgeDays": 90 } } })).await.ok();
        for _ in 0..4 {
            org.wait_seconds(20 * DAY);
            org.get(&path).await.ok(); // an API token that is not used dies within a month
        }
        org.wait_seconds(10 * DAY - 1);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        org.wait_seconds(1);
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE", "nothing sweeps in the background");
        let waiting = sign_in(&org, "isaac", PASSWORD).await.ok();
        assert_eq!(text(&waiting, "status"), "PASSWORD_EXPIRED");
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "PASSWORD_EXPIRED");
        assert_eq!(status(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_warning_comes_only_to_who_asked_for_it_and_can_be_skipped_or_heeded(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        set_password_policy(&org, json!({ "password": { "age": { "maxAgeDays": 90, "expireWarnDays": 10 } } })).await.ok();
        org.wait_seconds(80 * DAY - 1);
        assert_eq!(status(warned(&org).await), "SUCCESS");
        org.wait_seconds(3 * DAY);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        let waiting = warned(&org).await.ok();
        assert_eq!(text(&waiting, "status"), "PASSWORD_WARN");
        assert_eq!(waiting["_embedded"]["policy"]["expiration"]["passwordExpireDays"], 8);
        assert!(text(&waiting, "_links.skip.href").ends_with("/api/v1/authn/skip"));
        assert_eq!(status(anyone(&org, "/skip", json!({ "stateToken": waiting["stateToken"] })).await), "SUCCESS");
        void(anyone(&org, "/skip", json!({ "stateToken": waiting["stateToken"] })).await);
        let waiting = warned(&org).await.ok();
        assert_eq!(status(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_transaction_lasts_five_minutes_from_its_last_use(org: TestOrg) {
        let (_, waiting) = expired(&org).await;
        let state = json!({ "stateToken": waiting["stateToken"] });
        for _ in 0..3 {
            org.wait_seconds(299);
            let again = anyone(&org, "", state.clone()).await.ok();
            assert_eq!(again["expiresAt"], json!(org.clock.now().plus_seconds(300).to_string()));
            assert_eq!((&again["status"], &again["stateToken"]), (&waiting["status"], &waiting["stateToken"]));
        }
        org.wait_seconds(300);
        void(anyone(&org, "", state).await);
    }
}

on_both_engines! {
    async fn a_transaction_is_left_by_cancel_and_takes_no_step_it_does_not_wait_for(org: TestOrg) {
        let (_, waiting) = expired(&org).await;
        let state = json!({ "stateToken": waiting["stateToken"], "answer": "Float On", "newPassword": NEW_PASSWORD });
        for path in ["/skip", "/previous", "/recovery/answer", "/credentials/reset_password"] {
            wrong_state(anyone(&org, path, state.clone()).await);
        }
        assert_eq!(anyone(&org, "/cancel", state.clone()).await.ok(), json!({}));
        void(anyone(&org, "", state.clone()).await);
        void(anyone(&org, "/cancel", state).await);
        let with_state = json!({ "username": "isaac", "password": PASSWORD, "relayState": "/home" });
        let waiting = anyone(&org, "", with_state).await.ok();
        let answer = anyone(&org, "/cancel", json!({ "stateToken": waiting["stateToken"] })).await.ok();
        assert_eq!(answer, json!({ "relayState": "/home" }));
    }
}

on_both_engines! {
    async fn what_an_administrator_does_voids_what_a_user_has_begun(org: TestOrg) {
        for operation in ["suspend", "deactivate", "reset_password?sendEmail=false"] {
            let login = format!("{}@example.com", operation.split('?').next().unwrap());
            let path = path_of(&org.create_active(&login, PASSWORD).await);
            org.post(&format!("{path}/lifecycle/expire_password"), None).await.ok();
            let waiting = sign_in(&org, &login, PASSWORD).await.ok();
            org.post(&format!("{path}/lifecycle/{operation}"), None).await.ok();
            void(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await);
        }
        let (path, waiting) = expired(&org).await;
        org.post(&path, json!({ "credentials": { "password": { "value": "Efgh9012#@" } } })).await.ok();
        void(change(&org, &waiting, PASSWORD, NEW_PASSWORD).await);
    }
}

on_both_engines! {
    async fn two_changes_at_once_make_one_password(org: TestOrg) {
        let (_, waiting) = expired(&org).await;
        let changes = ["Efgh9012#@", "Ijkl3456#@"].map(|new| {
            let (org, waiting) = (org.clone(), waiting.clone());
            tokio::spawn(async move { change(&org, &waiting, PASSWORD, new).await.status })
        });
        let mut statuses = Vec::new();
        for change in changes {
            statuses.push(change.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
}
