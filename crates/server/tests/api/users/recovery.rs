//! changeRecoveryQuestion, forgotPassword and forgotPasswordSetNewPassword.

use serde_json::{Value, json};

use super::fixtures::{
    ANSWER, NEW_PASSWORD, PASSWORD, POLICY, count_rows, credentials, keys_of, path_of, path_of_federated_user,
    path_of_new, question,
};
use crate::context::{Answer, TestOrg, text};

async fn change_question(org: &TestOrg, path: &str, password: &str, question: Value) -> Answer {
    let body = json!({ "password": { "value": password }, "recovery_question": question });
    org.post(&format!("{path}/credentials/change_recovery_question"), body).await
}

/// The two forms of forgotPasswordSetNewPassword (behaviour.md C.8).
const FORMS: [&str; 2] = ["forgot_password_recovery_question", "forgot_password"];

async fn set_new_password(org: &TestOrg, path: &str, form: &str, answer: &str, password: &str) -> Answer {
    let body = json!({ "password": { "value": password }, "recovery_question": { "answer": answer } });
    org.post(&format!("{path}/credentials/{form}"), body).await
}

on_both_engines! {
    async fn change_recovery_question_answers_the_credentials_with_the_new_question(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        let answer = change_question(&org, &path, PASSWORD, question()).await.ok();
        let expected = json!({
            "password": {}, "recovery_question": { "question": question()["question"] },
            "provider": { "type": "OKTA", "name": "OKTA" },
        });
        assert_eq!(answer.to_string(), expected.to_string());
        let after = org.get(&path).await.ok();
        assert_eq!(after["credentials"]["recovery_question"], expected["recovery_question"]);
        assert_eq!(text(&after, "lastUpdated"), org.clock.now().to_string());
        assert_eq!(after["passwordChanged"], before["passwordChanged"]);
        let other = json!({ "question": "What is your first guitar?", "answer": "Telecaster" });
        change_question(&org, &path, PASSWORD, other).await.ok();
        assert_eq!(set_new_password(&org, &path, FORMS[0], ANSWER, NEW_PASSWORD).await.status, 403);
        set_new_password(&org, &path, FORMS[0], "telecaster", NEW_PASSWORD).await.ok();
    }
}

on_both_engines! {
    async fn change_recovery_question_needs_the_password_and_a_good_question(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let before = org.get(&path).await.ok();
        let wrong = change_question(&org, &path, NEW_PASSWORD, question()).await;
        wrong.refused(403, "E0000014", "Update of credentials failed", &["The credentials provided were incorrect."]);
        let url = format!("{path}/credentials/change_recovery_question");
        let password = json!({ "value": PASSWORD });
        let short = "recovery_question: The security question answer must be at least 4 characters in length";
        let blank = |field: &str| format!("{field}: The field cannot be left blank");
        for (body, field, cause) in [
            (json!({ "password": password }), "recovery_question", blank("recovery_question")),
            (json!({ "password": password, "recovery_question": {} }), "recovery_question", blank("recovery_question")),
            (json!({ "password": password, "recovery_question": { "question": "Who?" } }), "recovery_question", blank("recovery_question")),
            (json!({ "password": password, "recovery_question": { "question": "Who?", "answer": "abc" } }), "recovery_question", short.to_owned()),
            (json!({ "recovery_question": question() }), "password", blank("password")),
            (json!({ "password": {}, "recovery_question": question() }), "password", blank("password")),
        ] {
            let answer = org.post(&url, body).await;
            answer.refused(400, "E0000001", &format!("Api validation failed: {field}"), &[&cause]);
        }
        org.post(&url, None).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn forgot_password_answers_a_link_only_without_an_email_and_changes_nothing(org: TestOrg) {
        for (login, credentials) in [
            ("isaac@example.com", credentials()),
            ("eric@example.com", json!({ "password": { "value": PASSWORD } })),
        ] {
            let path = path_of_new(&org, "", login, credentials).await;
            let (_, user, _) = keys_of(&org, &path).await;
            let before = org.get(&path).await.ok();
            let base = text(&before, "_links.self.href").replace(&path, "");
            org.wait_seconds(60);
            for (query, body, told) in [
                ("?sendEmail=false", None, true),
                ("?sendEmail=false", Some(json!({})), true),
                ("?sendEmail=false", Some(json!({ "recovery_question": null })), true),
                ("?sendEmail=true", None, false),
                ("", None, false),
            ] {
                let answer = org.post(&format!("{path}/credentials/forgot_password{query}"), body).await.ok();
                assert_eq!(count_rows(&org, user, "one_time_tokens").await, 1);
                if told {
                    let url = text(&answer, "resetPasswordUrl");
                    let token = url.strip_prefix(&format!("{base}/signin/reset-password/")).unwrap();
                    assert!(token.len() == 20 && token.starts_with("dfp"), "{token}");
                    assert_eq!(answer.as_object().unwrap().len(), 1);
                } else {
                    assert_eq!(answer, json!({}));
                }
            }
            assert_eq!(org.get(&path).await.ok(), before);
        }
    }
}

on_both_engines! {
    async fn forgot_password_set_new_password_takes_the_answer_however_it_is_spelt(org: TestOrg) {
        let passwords = ["Efgh5678#@", "Ijkl9012#@", "Mnop3456#@", "Qrst7890#@", "Uvwx1234#@", "Yzab5678#@"];
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let (_, user, _) = keys_of(&org, &path).await;
        for (number, password) in passwords.into_iter().enumerate() {
            let answer = ["Annie Oakley", " annie OAKLEY", "ANNIE OAKLEY \t"][number % 3];
            org.post(&format!("{path}/credentials/forgot_password"), None).await.ok();
            org.wait_seconds(60);
            let shown = set_new_password(&org, &path, FORMS[number / 3], answer, password).await.ok();
            let expected = json!({
                "password": {}, "recovery_question": { "question": question()["question"] },
                "provider": { "type": "OKTA", "name": "OKTA" },
            });
            assert_eq!(shown.to_string(), expected.to_string());
            let after = org.get(&path).await.ok();
            let now = json!(org.clock.now().to_string());
            assert_eq!((&after["passwordChanged"], &after["lastUpdated"]), (&now, &now));
            assert_eq!(text(&after, "status"), "ACTIVE");
            assert_eq!(count_rows(&org, user, "one_time_tokens").await, 0);
            let change = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": NEW_PASSWORD } });
            assert_eq!(org.post(&format!("{path}/credentials/change_password"), change).await.status, 403);
        }
    }
}

on_both_engines! {
    async fn forgot_password_set_new_password_refuses_a_wrong_answer_before_a_weak_password(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let before = org.get(&path).await.ok();
        for form in FORMS {
            for answer in ["Calamity Jane", "AnnieOakley", "Annie  Oakley", ""] {
                for password in [NEW_PASSWORD, "weak"] {
                    let refused = set_new_password(&org, &path, form, answer, password).await;
                    refused.refused(403, "E0000087", "The recovery question answer did not match our records.", &[]);
                }
            }
            for password in ["weak", "ISAAC1234a", PASSWORD] {
                let refused = set_new_password(&org, &path, form, ANSWER, password).await;
                refused.refused(403, "E0000014", "Update of credentials failed", &[POLICY]);
            }
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn forgot_password_set_new_password_refuses_half_a_request(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let password = json!({ "value": NEW_PASSWORD });
        let url = format!("{path}/credentials/forgot_password_recovery_question");
        for (body, field) in [
            (json!({ "password": password }), "recovery_question"),
            (json!({ "password": password, "recovery_question": {} }), "recovery_question"),
            (json!({ "recovery_question": { "answer": ANSWER } }), "password"),
            (json!({ "password": {}, "recovery_question": { "answer": ANSWER } }), "password"),
        ] {
            let cause = format!("{field}: The field cannot be left blank");
            org.post(&url, body).await.refused(400, "E0000001", &format!("Api validation failed: {field}"), &[&cause]);
        }
        org.post(&url, None).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        let summary = "Type mismatch exception.  The value \"x\" of the parameter sendEmail is not of type boolean.";
        org.post(&format!("{url}?sendEmail=x"), json!({})).await.refused(400, "E0000037", summary, &[]);
    }
}

on_both_engines! {
    async fn forgot_password_set_new_password_needs_a_question(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        for form in FORMS {
            let refused = set_new_password(&org, &path, form, ANSWER, NEW_PASSWORD).await;
            refused.refused(403, "E0000034", "Forgot password not allowed on specified user.", &[]);
        }
    }
}

on_both_engines! {
    async fn nothing_here_keeps_the_credentials_of_a_federated_user(org: TestOrg) {
        let path = path_of_federated_user(&org, "", "isaac@example.com").await;
        let before = org.get(&path).await.ok();
        let change = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": NEW_PASSWORD } });
        let changed = org.post(&format!("{path}/credentials/change_password"), change).await;
        changed.refused(403, "E0000035", "Change password not allowed on specified user.", &[]);
        let asked = change_question(&org, &path, PASSWORD, question()).await;
        asked.refused(403, "E0000036", "Change recovery question not allowed on specified user.", &[]);
        let forgotten = org.post(&format!("{path}/credentials/forgot_password"), None).await;
        forgotten.refused(403, "E0000034", "Forgot password not allowed on specified user.", &[]);
        for form in FORMS {
            let refused = set_new_password(&org, &path, form, ANSWER, NEW_PASSWORD).await;
            refused.refused(403, "E0000034", "Forgot password not allowed on specified user.", &[]);
        }
        for operation in ["expire_password", "expire_password_with_temp_password"] {
            let refused = org.post(&format!("{path}/lifecycle/{operation}"), None).await;
            refused.refused(403, "E0000038", "This operation is not allowed in the user's current status.", &[]);
        }
        for body in [
            json!({ "credentials": { "password": { "value": NEW_PASSWORD } } }),
            json!({ "credentials": { "recovery_question": question() } }),
        ] {
            let summary = "Credentials should not be set on this resource based on the scheme.";
            org.post(&path, body.clone()).await.refused(400, "E0000041", summary, &[]);
            org.put(&path, body).await.refused(400, "E0000041", summary, &[]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}
