//! Failed attempts: counting, locking out, and being let in again.

use serde_json::json;

use super::{anyone, events, refused, sign_in, status};
use crate::context::{TestOrg, text};
use crate::policies::set_password_policy;
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, path_of};

const WRONG: &str = "Wrong1234#@";

async fn fail(org: &TestOrg, times: usize) {
    for _ in 0..times {
        refused(sign_in(org, "isaac", WRONG).await);
    }
}

async fn lockout(org: &TestOrg, lockout: serde_json::Value) {
    set_password_policy(org, json!({ "password": { "lockout": lockout } })).await.ok();
}

on_both_engines! {
    async fn ten_failures_lock_a_user_out_and_the_right_password_is_good_for_nothing_then(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        fail(&org, 9).await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        org.wait_seconds(5);
        fail(&org, 1).await;
        let locked = org.get(&path).await.ok();
        assert_eq!(text(&locked, "status"), "LOCKED_OUT");
        assert_eq!(locked["statusChanged"], json!(org.clock.now().to_string()));
        refused(sign_in(&org, "isaac", PASSWORD).await);
        assert_eq!(events(&org, "user.account.lock").await.len(), 1);
        org.post(&format!("{path}/lifecycle/unlock"), None).await.ok();
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_success_begins_the_count_anew(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        for _ in 0..3 {
            fail(&org, 9).await;
            assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
            org.wait_seconds(60);
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
    }
}

on_both_engines! {
    async fn the_policy_says_how_many_failures_are_too_many(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        lockout(&org, json!({ "maxAttempts": 0 })).await;
        fail(&org, 25).await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        org.wait_seconds(60);
        lockout(&org, json!({ "maxAttempts": 2 })).await;
        fail(&org, 2).await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "LOCKED_OUT");
    }
}

on_both_engines! {
    async fn a_user_with_an_expired_password_is_locked_out_too(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        org.post(&format!("{path}/lifecycle/expire_password"), None).await.ok();
        fail(&org, 10).await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "LOCKED_OUT");
    }
}

on_both_engines! {
    async fn a_user_is_told_of_the_lock_only_if_the_policy_says_so(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        fail(&org, 10).await;
        refused(sign_in(&org, "isaac", PASSWORD).await);
        lockout(&org, json!({ "showLockoutFailures": true })).await;
        let told = sign_in(&org, "isaac", PASSWORD).await.ok();
        let href = text(&told, "_links.next.href");
        assert!(href.ends_with("/api/v1/authn/recovery/unlock"), "{href}");
        let next = json!({ "next": { "name": "unlock", "href": href, "hints": { "allow": ["POST"] } } });
        assert_eq!(told, json!({ "status": "LOCKED_OUT", "_links": next }));
    }
}

on_both_engines! {
    async fn the_policy_lets_a_user_in_again_after_its_time(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        lockout(&org, json!({ "autoUnlockMinutes": 15 })).await;
        fail(&org, 10).await;
        org.wait_seconds(15 * 60 - 1);
        refused(sign_in(&org, "isaac", PASSWORD).await);
        org.wait_seconds(1);
        refused(sign_in(&org, "isaac", WRONG).await);
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        assert_eq!(events(&org, "user.account.unlock").await.len(), 1);
    }
}

on_both_engines! {
    async fn guesses_at_once_are_counted_one_by_one(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let guesses = (0..20).map(|_| {
            let org = org.clone();
            tokio::spawn(async move { refused(sign_in(&org, "isaac", WRONG).await) })
        });
        for guess in guesses.collect::<Vec<_>>() {
            guess.await.unwrap();
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "LOCKED_OUT");
        assert_eq!(events(&org, "user.account.lock").await.len(), 1);
    }
}

on_both_engines! {
    async fn who_fails_too_often_in_a_minute_waits_whether_or_not_they_are_somebody(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        lockout(&org, json!({ "maxAttempts": 0 })).await;
        for login in ["isaac@example.com", "nobody@example.com"] {
            for _ in 0..30 {
                refused(sign_in(&org, login, WRONG).await);
            }
            let answer = sign_in(&org, login, PASSWORD).await;
            let header = |name: &str| answer.headers[name].to_str().unwrap().parse::<i64>().unwrap();
            assert_eq!((header("x-rate-limit-limit"), header("x-rate-limit-remaining")), (30, 0));
            assert!(header("x-rate-limit-reset") > org.clock.now().as_millis() / 1000);
            answer.refused(429, "E0000047", "API call exceeded rate limit due to too many requests.", &[]);
        }
        org.wait_seconds(60);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn who_is_locked_out_unlocks_themselves_with_a_token_and_the_answer(org: TestOrg) {
        let path = path_of(&org.create_with("", "isaac@example.com", crate::users::fixtures::credentials()).await);
        let unlock = json!({ "username": "isaac" });
        let refusal = org.post("/api/v1/authn/recovery/unlock", unlock.clone()).await;
        refusal.refused(403, "E0000032", "Unlock is not allowed for this user.", &["The user is not locked out."]);
        fail(&org, 10).await;
        let issued = org.post("/api/v1/authn/recovery/unlock", unlock).await.ok();
        assert_eq!((text(&issued, "status"), text(&issued, "recoveryType")), ("RECOVERY".into(), "UNLOCK".into()));
        let body = json!({ "recoveryToken": issued["recoveryToken"], "relayState": "/home" });
        let asked = anyone(&org, "/recovery/token", body).await.ok();
        assert_eq!((text(&asked, "status"), text(&asked, "recoveryType")), ("RECOVERY".into(), "UNLOCK".into()));
        let body = json!({ "stateToken": asked["stateToken"], "answer": crate::users::fixtures::ANSWER });
        let done = anyone(&org, "/recovery/answer", body).await.ok();
        assert_eq!((text(&done, "status"), text(&done, "recoveryType")), ("SUCCESS".into(), "UNLOCK".into()));
        assert_eq!(text(&done, "relayState"), "/home");
        assert!(done.get("sessionToken").is_none(), "unlocking is not signing in");
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        refused(sign_in(&org, "isaac", NEW_PASSWORD).await);
    }
}
