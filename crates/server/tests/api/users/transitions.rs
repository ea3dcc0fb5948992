//! The lifecycle table over HTTP: every operation in every status, and the links of each.

use reqwest::Method;
use roster_model::user::status::{
    CredentialState, LifecycleOperation as Do, Refusal, Row, TRANSITIONS, Transition, UserStatus,
};
use serde_json::{Value, json};

use super::fixtures::{ANSWER, NEW_PASSWORD, PASSWORD, path_of_federated_user, path_of_new, path_of_user_in, question};
use crate::context::{Answer, TestOrg, text};

/// The rows that administrators call for.
fn called_for() -> impl Iterator<Item = &'static Row> {
    TRANSITIONS.iter().filter(|row| !row.operation.happens_at_sign_in())
}

/// How an operation is asked for: the method, what follows the user's path, the body.
fn request(operation: Do) -> (Method, &'static str, Option<Value>) {
    let post = |rest, body| (Method::POST, rest, body);
    let password = json!({ "value": PASSWORD });
    match operation {
        Do::Activate => post("/lifecycle/activate?sendEmail=false", None),
        Do::Reactivate => post("/lifecycle/reactivate?sendEmail=false", None),
        Do::Deactivate => post("/lifecycle/deactivate", None),
        Do::Delete => (Method::DELETE, "", None),
        Do::Suspend => post("/lifecycle/suspend", None),
        Do::Unsuspend => post("/lifecycle/unsuspend", None),
        Do::Unlock => post("/lifecycle/unlock", None),
        Do::ExpirePassword => post("/lifecycle/expire_password", None),
        Do::ExpirePasswordWithTemporaryPassword => post("/lifecycle/expire_password_with_temp_password", None),
        Do::ResetPassword => post("/lifecycle/reset_password?sendEmail=false", None),
        Do::ResetFactors => post("/lifecycle/reset_factors", None),
        Do::ChangePassword => {
            let body = json!({ "oldPassword": password, "newPassword": { "value": NEW_PASSWORD } });
            post("/credentials/change_password", Some(body))
        }
        Do::ChangeRecoveryQuestion => {
            let body = json!({ "password": password, "recovery_question": question() });
            post("/credentials/change_recovery_question", Some(body))
        }
        Do::ForgotPassword => post("/credentials/forgot_password?sendEmail=false", None),
        Do::ForgotPasswordSetNewPassword => {
            let body = json!({ "password": { "value": NEW_PASSWORD }, "recovery_question": { "answer": ANSWER } });
            post("/credentials/forgot_password_recovery_question", Some(body))
        }
        Do::UpdateProfile => post("", Some(json!({ "profile": { "nickName": "Ike" } }))),
        Do::SetPassword => post("", Some(json!({ "credentials": { "password": { "value": NEW_PASSWORD } } }))),
        Do::SetPasswordHash => {
            let hash = json!({ "algorithm": "SHA-256", "value": "7rqcR23CipYDvh3Ura8TrTx8wXLXbs8xOnVr3DSytrU=" });
            post("", Some(json!({ "credentials": { "password": { "hash": hash } } })))
        }
        other => panic!("{other:?} is not called for"),
    }
}

/// Checks what an allowed operation answers against the user as they are then.
fn assert_answer(operation: Do, answer: Answer, user: &Value) {
    let secret = |answer: Answer, name: &str| text(&answer.ok(), name);
    match operation {
        Do::Suspend | Do::Unsuspend | Do::Unlock | Do::Deactivate | Do::ResetFactors => {
            assert_eq!(answer.ok(), json!({}));
        }
        Do::Activate | Do::Reactivate => assert_eq!(secret(answer, "activationToken").len(), 20),
        Do::ExpirePasswordWithTemporaryPassword => assert_eq!(secret(answer, "tempPassword").len(), 12),
        Do::ResetPassword => assert!(secret(answer, "resetPasswordUrl").contains("/reset_password/drp")),
        Do::ForgotPassword => assert!(secret(answer, "resetPasswordUrl").contains("/signin/reset-password/dfp")),
        Do::ExpirePassword | Do::UpdateProfile | Do::SetPassword | Do::SetPasswordHash => {
            assert_eq!(answer.ok(), *user);
        }
        Do::ChangePassword | Do::ChangeRecoveryQuestion | Do::ForgotPasswordSetNewPassword => {
            let mut shown = user["credentials"].clone();
            shown.as_object_mut().unwrap().remove("emails");
            assert_eq!(answer.ok(), shown);
        }
        Do::Delete => answer.no_content(),
        other => panic!("{other:?} is not called for"),
    }
}

/// Calls an operation on the user at `path` and holds the answer and what is left against `expected`.
async fn assert_operation(org: &TestOrg, path: &str, operation: Do, expected: Result<Transition, Refusal>) {
    let before = org.get(path).await.ok();
    org.wait_seconds(60);
    let (method, rest, body) = request(operation);
    let answer = org.caller.send(method, &format!("{path}{rest}"), body).await;
    let name = format!("{operation:?} in {}", text(&before, "status"));
    if expected.is_ok_and(|transition| transition.operation() == Do::Delete) {
        answer.no_content();
        assert_eq!(org.get(path).await.status, 404, "{name}");
        return;
    }
    let after = org.get(path).await.ok();
    match expected {
        Err(refusal) => {
            let problem = refusal.problem();
            let causes: Vec<&str> = problem.causes.iter().map(String::as_str).collect();
            answer.refused(
                problem.code.status(),
                problem.code.code(),
                &problem.code.summary(&problem.argument),
                &causes,
            );
            assert_eq!(after, before, "{name}");
        }
        Ok(transition) => {
            assert_answer(operation, answer, &after);
            assert_eq!(text(&after, "status"), transition.to().as_str(), "{name}");
            let now = json!(org.clock.now().to_string());
            if transition.moves() {
                assert_eq!((&after["statusChanged"], &after["lastUpdated"]), (&now, &now), "{name}");
            } else {
                assert_eq!(after["statusChanged"], before["statusChanged"], "{name}");
            }
            let activated = if operation == Do::Activate { &now } else { &before["activated"] };
            assert_eq!(after["activated"], *activated, "{name}");
        }
    }
}

/// A DELETE of who is not DEPROVISIONED deactivates instead (behaviour.md C.6).
fn deactivated_instead(operation: Do, status: UserStatus) -> bool {
    operation == Do::Delete && status != UserStatus::Deprovisioned
}

on_both_engines! {
    async fn every_operation_in_every_status_does_what_the_table_says(org: TestOrg) {
        for status in UserStatus::ALL {
            let credentials = match status {
                UserStatus::Provisioned | UserStatus::Deprovisioned => CredentialState::NoPassword,
                _ => CredentialState::Password,
            };
            for row in called_for() {
                let login = format!("{status:?}.{:?}@example.com", row.operation);
                let path = path_of_user_in(&org, status, &login).await;
                if deactivated_instead(row.operation, status) {
                    org.delete(&path).await.no_content();
                    assert_eq!(text(&org.get(&path).await.ok(), "status"), "DEPROVISIONED");
                } else {
                    assert_operation(&org, &path, row.operation, status.apply(row.operation, credentials)).await;
                }
            }
        }
    }
}

on_both_engines! {
    async fn every_operation_on_a_staged_user_without_a_password_does_what_the_table_says(org: TestOrg) {
        for row in called_for().filter(|row| row.operation != Do::Delete) {
            let login = format!("{:?}@example.com", row.operation);
            let path = path_of_new(&org, "?activate=false", &login, json!({})).await;
            let expected = match row.operation {
                Do::ChangePassword => Err(Refusal::NoPasswordChange),
                Do::ChangeRecoveryQuestion => Err(Refusal::NoRecoveryQuestionChange),
                operation => UserStatus::Staged.apply(operation, CredentialState::NoPassword),
            };
            assert_operation(&org, &path, row.operation, expected).await;
        }
    }
}

on_both_engines! {
    async fn every_operation_on_a_federated_user_does_what_the_table_says(org: TestOrg) {
        for (query, status) in [("&activate=false", UserStatus::Staged), ("", UserStatus::Active)] {
            for row in called_for().filter(|row| row.operation != Do::Delete) {
                let login = format!("{status:?}.{:?}@example.com", row.operation);
                let path = path_of_federated_user(&org, query, &login).await;
                match row.operation {
                    Do::SetPassword | Do::SetPasswordHash => {
                        let (method, rest, body) = request(row.operation);
                        let answer = org.caller.send(method, &format!("{path}{rest}"), body).await;
                        let summary = "Credentials should not be set on this resource based on the scheme.";
                        answer.refused(400, "E0000041", summary, &[]);
                    }
                    operation => {
                        let expected = status.apply(operation, CredentialState::Elsewhere);
                        assert_operation(&org, &path, operation, expected).await;
                    }
                }
            }
        }
    }
}

on_both_engines! {
    async fn every_refusal_is_told_in_a_real_orgs_words(org: TestOrg) {
        let active = path_of_user_in(&org, UserStatus::Active, "active@example.com").await;
        let suspended = path_of_user_in(&org, UserStatus::Suspended, "suspended@example.com").await;
        for (path, operation, status, code, summary, cause) in [
            (&active, Do::Activate, 403, "E0000016", "Activation failed because the user is already active", None),
            (&active, Do::Reactivate, 403, "E0000038", "This operation is not allowed in the user's current status.", None),
            (&suspended, Do::Suspend, 400, "E0000001", "Api validation failed: suspendUser",
                Some("Cannot suspend a user that is not active")),
            (&active, Do::Unsuspend, 400, "E0000001", "Api validation failed: unsuspendUser",
                Some("Cannot unsuspend a user that is not suspended")),
            (&active, Do::Unlock, 403, "E0000032", "Unlock is not allowed for this user.", Some("The user is not locked out.")),
            (&suspended, Do::ChangePassword, 403, "E0000035", "Change password not allowed on specified user.", None),
            (&suspended, Do::ChangeRecoveryQuestion, 403, "E0000036",
                "Change recovery question not allowed on specified user.", None),
            (&suspended, Do::ForgotPassword, 403, "E0000034", "Forgot password not allowed on specified user.", None),
            (&active, Do::SetPasswordHash, 400, "E0000001", "Api validation failed: password",
                Some("password: Hashed passwords can only be set on staged users")),
        ] {
            let (method, rest, body) = request(operation);
            let answer = org.caller.send(method, &format!("{path}{rest}"), body).await;
            answer.refused(status, code, summary, &Vec::from_iter(cause));
        }
    }
}

/// Where a link leads, after the user's path.
fn link_path(name: &str) -> &'static str {
    match name {
        "activate" => "/lifecycle/activate",
        "reactivate" => "/lifecycle/reactivate",
        "deactivate" => "/lifecycle/deactivate",
        "suspend" => "/lifecycle/suspend",
        "unsuspend" => "/lifecycle/unsuspend",
        "unlock" => "/lifecycle/unlock",
        "resetPassword" => "/lifecycle/reset_password",
        "expirePassword" => "/lifecycle/expire_password",
        "resetFactors" => "/lifecycle/reset_factors",
        "forgotPassword" => "/credentials/forgot_password",
        "changePassword" => "/credentials/change_password",
        "changeRecoveryQuestion" => "/credentials/change_recovery_question",
        "delete" => "",
        other => panic!("{other} is no link of a user"),
    }
}

/// The `_links` that a user with this path and type has, besides those of the table.
fn expected_links(user: &Value, url: &str, names: &[&str]) -> Value {
    let base = url.split("/api/").next().unwrap();
    let type_id = text(user, "type.id");
    let mut links = json!({
        "self": { "href": url },
        "schema": { "href": format!("{base}/api/v1/meta/schemas/user/{}", type_id.replacen("oty", "osc", 1)) },
        "type": { "href": format!("{base}/api/v1/meta/types/user/{type_id}") },
    });
    for name in names {
        let method = if *name == "delete" { "DELETE" } else { "POST" };
        links[name] = json!({ "href": format!("{url}{}", link_path(name)), "method": method });
    }
    links
}

on_both_engines! {
    async fn the_links_of_each_status_are_those_of_a_real_org(org: TestOrg) {
        let active = "suspend resetPassword forgotPassword expirePassword changeRecoveryQuestion changePassword deactivate";
        for (status, names) in [
            (UserStatus::Staged, "activate"),
            (UserStatus::Provisioned, "suspend resetPassword reactivate deactivate"),
            (UserStatus::Active, active),
            (UserStatus::PasswordExpired, active),
            (UserStatus::Suspended, "unsuspend deactivate"),
            (UserStatus::LockedOut, "unlock resetPassword deactivate"),
            (UserStatus::Recovery, "resetPassword reactivate changePassword changeRecoveryQuestion deactivate"),
            (UserStatus::Deprovisioned, "activate delete"),
        ] {
            let path = path_of_user_in(&org, status, &format!("{status:?}@example.com")).await;
            let user = org.get(&path).await.ok();
            let url = text(&user, "_links.self.href");
            assert!(url.starts_with("http://127.0.0.1:") && url.ends_with(&path), "{url}");
            let names: Vec<&str> = names.split(' ').chain(["resetFactors"]).collect();
            assert_eq!(user["_links"], expected_links(&user, &url, &names), "{status:?}");
        }
    }
}

on_both_engines! {
    async fn a_federated_user_is_offered_no_password_operation(org: TestOrg) {
        let path = path_of_federated_user(&org, "", "isaac@example.com").await;
        let user = org.get(&path).await.ok();
        let names = ["suspend", "resetPassword", "deactivate", "resetFactors"];
        assert_eq!(user["_links"], expected_links(&user, &text(&user, "_links.self.href"), &names));
    }
}
