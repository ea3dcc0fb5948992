//! Deactivations that are answered before they are done (`Prefer: respond-async`), and what may be done meanwhile.

use reqwest::Method;
use roster_model::id::OrgKey;
use roster_model::user::credentials::CredentialsInput;
use roster_model::user::password_policy::Password;
use roster_model::user::status::UserStatus;
use roster_store::orgs::NewOrg;
use roster_store::users::CreateUser;
use serde_json::{Value, json};

use super::fixtures::{
    NEW_PASSWORD, begin_session, count_rows, keep_transitioning, keys_of, path_of_user_in, question,
};
use crate::context::{ADMIN, ADMIN_PASSWORD, Answer, TestOrg, profile, text};

const RESPOND_ASYNC: [(&str, &str); 1] = [("prefer", "respond-async")];

/// Asks for a user until nothing is under way any more, which takes a few requests.
async fn settled(org: &TestOrg, path: &str) -> Value {
    for _ in 0..10_000 {
        let user = org.get(path).await.ok();
        let Some(leading_to) = user.get("transitioningToStatus") else { return user };
        assert_eq!((text(&user, "status").as_str(), leading_to), ("ACTIVE", &json!("DEPROVISIONED")));
    }
    panic!("the deactivation of {path} does not end");
}

/// What `Preference-Applied` says.
fn applied(answer: &Answer) -> Option<&str> {
    answer.headers.get("preference-applied").map(|value| value.to_str().unwrap())
}

on_both_engines! {
    async fn a_deactivation_may_be_answered_before_it_is_done(org: TestOrg) {
        for (number, (method, rest, prefer)) in [
            (Method::POST, "/lifecycle/deactivate", "respond-async"),
            (Method::DELETE, "", "respond-async"),
            (Method::DELETE, "", "return=minimal, Respond-Async"),
        ]
        .into_iter()
        .enumerate()
        {
            let path = path_of_user_in(&org, UserStatus::Active, &format!("isaac{number}@example.com")).await;
            let (_, user, _) = keys_of(&org, &path).await;
            begin_session(&org, &path).await;
            org.wait_seconds(60);
            let url = format!("{path}{rest}");
            let answer = org.caller.send_raw(method.clone(), &url, None, &[("prefer", prefer)]).await;
            assert_eq!(applied(&answer), Some("respond-async"));
            if method == Method::POST {
                assert_eq!(answer.ok(), json!({}));
            } else {
                answer.no_content();
            }
            let user_after = settled(&org, &path).await;
            assert_eq!(text(&user_after, "status"), "DEPROVISIONED");
            let now = json!(org.clock.now().to_string());
            assert_eq!((&user_after["statusChanged"], &user_after["lastUpdated"]), (&now, &now));
            assert_eq!(user_after["credentials"].get("password"), None);
            assert_eq!(count_rows(&org, user, "sessions").await, 0);
        }
    }
}

on_both_engines! {
    async fn other_preferences_and_other_operations_are_answered_when_done(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        for rest in ["suspend", "unsuspend", "expire_password"] {
            let url = format!("{path}/lifecycle/{rest}");
            let answer = org.caller.send_raw(Method::POST, &url, None, &RESPOND_ASYNC).await;
            assert_eq!((answer.status, applied(&answer)), (200, None), "{rest}");
        }
        let url = format!("{path}/lifecycle/deactivate");
        let answer = org.caller.send_raw(Method::POST, &url, None, &[("prefer", "return=minimal")]).await;
        assert_eq!((answer.status, applied(&answer)), (200, None));
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "DEPROVISIONED");
    }
}

on_both_engines! {
    async fn an_asynchronous_deactivation_is_refused_like_any_other(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Deprovisioned, "isaac@example.com").await;
        let url = format!("{path}/lifecycle/deactivate");
        let answer = org.caller.send_raw(Method::POST, &url, None, &RESPOND_ASYNC).await;
        answer.refused(403, "E0000038", "This operation is not allowed in the user's current status.", &[]);
        let me = org.caller.send_raw(Method::DELETE, "/api/v1/users/me", None, &RESPOND_ASYNC).await;
        me.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        let erased = org.caller.send_raw(Method::DELETE, &path, None, &RESPOND_ASYNC).await;
        erased.no_content();
        assert_eq!(org.get(&path).await.status, 404);
    }
}

on_both_engines! {
    async fn a_user_in_transition_can_be_read_and_not_changed(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        keep_transitioning(&org, &path).await;
        let before = org.get(&path).await.ok();
        let names: Vec<&String> = before.as_object().unwrap().keys().take(4).collect();
        assert_eq!(names, ["id", "status", "transitioningToStatus", "created"]);
        assert_eq!(text(&before, "transitioningToStatus"), "PROVISIONED");
        let listed = org.get("/api/v1/users?filter=profile.login+eq+%22isaac@example.com%22").await.ok();
        assert_eq!(text(&listed[0], "transitioningToStatus"), "PROVISIONED");
        let password = json!({ "value": "Abcd1234#@" });
        let change_password = json!({ "oldPassword": password, "newPassword": { "value": NEW_PASSWORD } });
        let change_question = json!({ "password": password, "recovery_question": question() });
        let forgotten = json!({ "password": { "value": NEW_PASSWORD }, "recovery_question": { "answer": "Annie Oakley" } });
        for (method, rest, body) in [
            (Method::POST, "", json!({ "profile": { "nickName": "Ike" } })),
            (Method::PUT, "", json!({ "profile": profile("isaac@example.com") })),
            (Method::POST, "", json!({ "credentials": { "password": { "value": NEW_PASSWORD } } })),
            (Method::DELETE, "", Value::Null),
            (Method::POST, "/lifecycle/deactivate", Value::Null),
            (Method::POST, "/lifecycle/suspend", Value::Null),
            (Method::POST, "/lifecycle/expire_password", Value::Null),
            (Method::POST, "/lifecycle/expire_password_with_temp_password", Value::Null),
            (Method::POST, "/lifecycle/reset_password", Value::Null),
            (Method::POST, "/lifecycle/reset_factors", Value::Null),
            (Method::POST, "/credentials/change_password", change_password),
            (Method::POST, "/credentials/change_recovery_question", change_question),
            (Method::POST, "/credentials/forgot_password", Value::Null),
            (Method::POST, "/credentials/forgot_password_recovery_question", forgotten),
        ] {
            let url = format!("{path}{rest}");
            let answer = org.caller.send(method, &url, Some(body).filter(|body| !body.is_null())).await;
            let summary = "Cannot update this user because they are still being activated. Please try again in a few minutes.";
            answer.refused(409, "E0000112", summary, &[]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
        org.delete(&format!("{path}/sessions")).await.no_content();
        assert_eq!(org.get(&format!("{path}/groups")).await.status, 200);
    }
}

/// An org of its own in the store of `org`, whose worker finishes what this test begins unless it does so itself.
async fn key_of_org_named(org: &TestOrg, name: &str) -> OrgKey {
    let new = NewOrg {
        name: name.to_owned(),
        admin_login: ADMIN.to_owned(),
        admin_password: Password::new(ADMIN_PASSWORD.to_owned()),
        token: None,
    };
    org.store.create_org(new).await.unwrap().org.key
}

on_both_engines! {
    async fn a_deactivation_that_was_begun_is_finished_once(org: TestOrg) {
        let change = org.store.system_change(key_of_org_named(&org, "acme").await);
        let new = CreateUser {
            profile: profile("isaac@example.com").as_object().cloned().unwrap(),
            credentials: CredentialsInput::default(),
            group_ids: Vec::new(),
            type_id: None,
            activate: true,
            with_provider: false,
            next_login: None,
        };
        let user = org.store.create_user(&change, new).await.unwrap();
        org.store.deactivate_user(&change, user.id.as_str(), true).await.unwrap();
        for _ in 0..2 {
            org.store.finish_deactivation(&change, user.id.as_str()).await.unwrap();
            let after = org.store.get_user(change.org, user.id.as_str()).await.unwrap();
            assert_eq!((after.status(), after.transitioning_to_status), (UserStatus::Deprovisioned, None));
        }
        org.store.finish_deactivation(&change, "00unone").await.unwrap();
        assert!(org.store.transitioning_users().await.unwrap().is_empty());
    }
}
