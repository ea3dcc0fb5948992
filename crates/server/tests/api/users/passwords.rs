//! Passwords and recovery questions that an administrator gives by createUser, partialUpdateUser or updateUser.

use reqwest::Method;
use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{
    NEW_PASSWORD, PASSWORD, POLICY, count_rows, credentials, keys_of, path_of, path_of_new, path_of_user_in, question,
};
use crate::context::{Answer, TestOrg, profile, text};

const METHODS: [Method; 2] = [Method::POST, Method::PUT];

fn password(value: &str) -> Value {
    json!({ "credentials": { "password": { "value": value } } })
}

/// Whether `value` is the user's password, told by changing it to [`NEW_PASSWORD`] or failing to.
async fn is_password(org: &TestOrg, path: &str, value: &str) -> bool {
    let body = json!({ "oldPassword": { "value": value }, "newPassword": { "value": NEW_PASSWORD } });
    org.post(&format!("{path}/credentials/change_password"), body).await.status == 200
}

fn refused_by_policy(answer: Answer) {
    answer.refused(400, "E0000001", "Api validation failed: password", &[&format!("password: {POLICY}")]);
}

on_both_engines! {
    async fn a_given_password_moves_the_status_and_is_good(org: TestOrg) {
        for (number, method) in METHODS.into_iter().enumerate() {
            for (status, expected) in [
                (UserStatus::Staged, "STAGED"),
                (UserStatus::Provisioned, "ACTIVE"),
                (UserStatus::Active, "ACTIVE"),
                (UserStatus::Recovery, "ACTIVE"),
                (UserStatus::PasswordExpired, "ACTIVE"),
                (UserStatus::LockedOut, "ACTIVE"),
                (UserStatus::Suspended, "SUSPENDED"),
            ] {
                let path = path_of_user_in(&org, status, &format!("{status:?}{number}@example.com")).await;
                let before = org.get(&path).await.ok();
                org.wait_seconds(60);
                let user = org.caller.send(method.clone(), &path, Some(password("Efgh5678#@"))).await.ok();
                let now = json!(org.clock.now().to_string());
                assert_eq!(text(&user, "status"), expected, "{status:?}");
                assert_eq!((&user["passwordChanged"], &user["credentials"]["password"]), (&now, &json!({})));
                let moved = text(&before, "status") != expected;
                assert_eq!(user["statusChanged"], if moved { &now } else { &before["statusChanged"] }.clone());
                assert_eq!(user["activated"], before["activated"], "{status:?}");
                let can_change = expected == "ACTIVE" || status == UserStatus::Staged;
                assert_eq!(is_password(&org, &path, "Efgh5678#@").await, can_change, "{status:?}");
            }
        }
    }
}

on_both_engines! {
    async fn a_given_password_voids_the_links_that_would_set_one(org: TestOrg) {
        for (status, rest) in [
            (UserStatus::Staged, "/lifecycle/activate"),
            (UserStatus::Active, "/lifecycle/reset_password"),
            (UserStatus::Active, "/credentials/forgot_password"),
        ] {
            let path = path_of_user_in(&org, status, &format!("{}@example.com", rest.len())).await;
            let (_, user, _) = keys_of(&org, &path).await;
            org.post(&format!("{path}{rest}"), None).await.ok();
            assert_eq!(count_rows(&org, user, "one_time_tokens").await, 1, "{rest}");
            org.post(&path, password(NEW_PASSWORD)).await.ok();
            assert_eq!(count_rows(&org, user, "one_time_tokens").await, 0, "{rest}");
        }
    }
}

on_both_engines! {
    async fn a_weak_password_is_refused_with_all_that_came_with_it(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let before = org.get(&path).await.ok();
        let mut person = profile("zebrafish@example.com");
        person["nickName"] = json!("Ike");
        for method in METHODS {
            for value in ["", "short1A", "alllowercase1", "ISAAC1234a"] {
                refused_by_policy(org.caller.send(method.clone(), &path, Some(password(value))).await);
            }
            // The new login counts, not the old one.
            let mut body = password("Zebrafish1");
            body["profile"] = person.clone();
            refused_by_policy(org.caller.send(method, &path, Some(body)).await);
        }
        assert_eq!(org.get(&path).await.ok(), before);
        let mut body = password("Isaac1234a");
        body["profile"] = person;
        assert_eq!(text(&org.put(&path, body).await.ok(), "profile.login"), "zebrafish@example.com");
    }
}

on_both_engines! {
    async fn strict_updates_refuse_the_last_four_passwords(org: TestOrg) {
        let passwords = ["Abcd1234#1", "Abcd1234#2", "Abcd1234#3", "Abcd1234#4", "Abcd1234#5"];
        let path = path_of(&org.create_active("isaac@example.com", passwords[0]).await);
        for value in &passwords[1..] {
            org.put(&format!("{path}?strict=true"), password(value)).await.ok();
        }
        for method in METHODS {
            for value in &passwords[1..] {
                let strict = org.caller.send(method.clone(), &format!("{path}?strict=true"), Some(password(value))).await;
                refused_by_policy(strict);
            }
        }
        org.post(&format!("{path}?strict=true"), password(passwords[0])).await.ok();
        for value in passwords {
            org.post(&format!("{path}?strict=false"), password(value)).await.ok();
            org.post(&path, password(value)).await.ok();
        }
    }
}

on_both_engines! {
    async fn a_hash_is_taken_for_staged_users_only(org: TestOrg) {
        let hash = json!({ "algorithm": "SHA-1", "value": "bGNLQHWARxSA81HYvY8xeeiL1aw=" });
        let body = json!({ "credentials": { "password": { "hash": hash } } });
        for (number, method) in METHODS.into_iter().enumerate() {
            let path = path_of_new(&org, "?activate=false", &format!("isaac{number}@example.com"), credentials()).await;
            org.wait_seconds(60);
            let user = org.caller.send(method.clone(), &path, Some(body.clone())).await.ok();
            assert_eq!(text(&user, "status"), "STAGED");
            assert_eq!(user["credentials"]["provider"], json!({ "type": "IMPORT", "name": "IMPORT" }));
            assert_eq!(text(&user, "passwordChanged"), org.clock.now().to_string());
            assert!(is_password(&org, &path, "Imp0rtedPass").await);
            assert_eq!(org.get(&path).await.ok()["credentials"]["provider"]["type"], "OKTA");
            let active = path_of(&org.create_active(&format!("eric{number}@example.com"), PASSWORD).await);
            let cause = "password: Hashed passwords can only be set on staged users";
            let refused = org.caller.send(method, &active, Some(body.clone())).await;
            refused.refused(400, "E0000001", "Api validation failed: password", &[cause]);
            assert!(is_password(&org, &active, PASSWORD).await);
        }
    }
}

on_both_engines! {
    async fn a_recovery_question_is_set_without_proof_and_its_answer_never_shown(org: TestOrg) {
        for (number, method) in METHODS.into_iter().enumerate() {
            let path = path_of(&org.create(&format!("isaac{number}@example.com")).await);
            let body = json!({ "credentials": { "recovery_question": question() } });
            let user = org.caller.send(method, &path, Some(body)).await.ok();
            assert_eq!(user["credentials"]["recovery_question"], json!({ "question": question()["question"] }));
            assert_eq!(user["credentials"].get("password"), None);
            assert!(!org.get(&path).await.body.to_string().contains("Annie"));
        }
    }
}

on_both_engines! {
    async fn a_recovery_question_that_breaks_a_rule_is_refused(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let before = org.get(&path).await.ok();
        let blank = "recovery_question: The field cannot be left blank";
        let short = "recovery_question: The security question answer must be at least 4 characters in length";
        let part = "recovery_question: The security question answer must not be part of the question";
        let long = ["question must be", "question answer must be"]
            .map(|what| format!("recovery_question: The security {what} at most 100 characters in length"));
        let many = "x".repeat(101);
        for (asked, causes) in [
            (json!({}), vec![blank]),
            (json!({ "question": "Who?" }), vec![blank]),
            (json!({ "question": "Who?", "answer": null }), vec![blank]),
            (json!({ "question": "Who?", "answer": "  " }), vec![blank]),
            (json!({ "answer": "Annie Oakley" }), vec![blank]),
            (json!({ "question": " ", "answer": "Annie Oakley" }), vec![blank]),
            (json!({ "question": "Who?", "answer": " abc " }), vec![short]),
            (json!({ "question": "Is it Annie?", "answer": "ANNIE" }), vec![part]),
            (json!({ "question": many, "answer": "Annie Oakley" }), vec![long[0].as_str()]),
            (json!({ "question": "Who?", "answer": many }), vec![long[1].as_str()]),
        ] {
            let body = json!({ "credentials": { "recovery_question": asked }, "profile": profile("eric@example.com") });
            for (method, path) in [(Method::POST, &path), (Method::PUT, &path), (Method::POST, &"/api/v1/users".to_owned())] {
                let answer = org.caller.send(method, path, Some(body.clone())).await;
                answer.refused(400, "E0000001", "Api validation failed: recovery_question", &causes);
            }
        }
        assert_eq!(org.get(&path).await.ok(), before);
        assert_eq!(org.get("/api/v1/users/eric@example.com").await.status, 404);
    }
}
