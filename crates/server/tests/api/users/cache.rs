//! Answers of getUser come from memory on one engine; whatever changes a user changes them too.

use serde_json::{Value, json};

use super::fixtures::{ANSWER, NEW_PASSWORD, PASSWORD, keys_of, lock_out, path_of, path_of_new, question};
use super::profile::add_attributes;
use crate::context::{TestOrg, profile, text};

/// Runs `write`, and looks that what the path answers changed with it, to what the login answers, which is never kept.
async fn assert_seen(org: &TestOrg, path: &str, name: &str, write: impl AsyncFnOnce()) {
    let before = org.get(path).await.ok();
    assert_eq!(org.get(path).await.ok(), before, "{name}");
    org.wait_seconds(1);
    write().await;
    let after = org.get(path).await.ok();
    assert_ne!(after, before, "{name}");
    let login = text(&after, "profile.login");
    assert_eq!(org.get(&format!("/api/v1/users/{login}")).await.ok(), after, "{name}");
}

on_both_engines! {
    async fn get_user_shows_every_kind_of_write_at_once(org: TestOrg) {
        add_attributes(&org, json!({ "band": { "title": "B", "type": "string" } })).await;
        let musician = json!({ "name": "musician", "displayName": "Musician" });
        let musician = text(&org.post("/api/v1/meta/types/user", musician).await.ok(), "id");
        let mut person = profile("isaac@example.com");
        person["band"] = json!("Modest Mouse");
        let path = path_of(&org.post("/api/v1/users?activate=false", json!({ "profile": person })).await.ok());
        let new_password = json!({ "credentials": { "password": { "value": PASSWORD } } });
        let old_password = json!({ "credentials": { "password": { "value": NEW_PASSWORD } } });
        let change = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": "Mnop9012#@" } });
        let ask = json!({ "password": { "value": "Mnop9012#@" }, "recovery_question": question() });
        let forgotten = json!({ "password": { "value": "Klmn3456#@" }, "recovery_question": { "answer": ANSWER } });
        let no_band = json!({ "definitions": { "custom": { "properties": { "band": null } } } });
        let writes: [(&str, &str, Value); 19] = [
            ("POST", "/lifecycle/activate", Value::Null),
            ("POST", "", new_password.clone()),
            ("POST", "", json!({ "profile": { "nickName": "Ike" } })),
            ("POST", "", json!({ "credentials": { "recovery_question": question() } })),
            ("POST", "/lifecycle/suspend", Value::Null),
            ("POST", "/lifecycle/unsuspend", Value::Null),
            ("POST", "/lifecycle/expire_password", Value::Null),
            ("POST", "/lifecycle/reset_password", Value::Null),
            ("POST", "/lifecycle/expire_password_with_temp_password", Value::Null),
            ("POST", "/lifecycle/expire_password_with_temp_password", Value::Null),
            ("PUT", "", old_password),
            ("PUT", "", new_password),
            ("POST", "/credentials/change_password", change),
            ("POST", "/credentials/change_recovery_question", ask),
            ("POST", "/credentials/forgot_password_recovery_question", forgotten),
            ("schema", "", no_band),
            ("PUT", "", json!({ "profile": profile("isaac@example.com"), "type": { "id": musician } })),
            ("PUT", "", json!({ "profile": profile("brock@example.com") })),
            ("POST", "/lifecycle/deactivate", Value::Null),
        ];
        for (method, rest, body) in writes {
            assert_seen(&org, &path, &format!("{method} {rest} {body}"), async || {
                let url = format!("{path}{rest}");
                let body = Some(body.clone()).filter(|body| !body.is_null());
                let answer = match method {
                    "PUT" => org.put(&url, body).await,
                    "schema" => org.post("/api/v1/meta/schemas/user/default", body).await,
                    _ => org.post(&url, body).await,
                };
                answer.ok();
            })
            .await;
        }
        assert_seen(&org, &path, "activate again", async || {
            org.post(&format!("{path}/lifecycle/activate"), None).await.ok();
        })
        .await;
        assert_seen(&org, &path, "DELETE", async || org.delete(&path).await.no_content()).await;
        org.delete(&path).await.no_content();
        assert_eq!(org.get(&path).await.status, 404);
    }
}

on_both_engines! {
    async fn get_user_shows_an_unlock_and_a_finished_deactivation_at_once(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", json!({ "password": { "value": PASSWORD } })).await;
        lock_out(&org, &path).await;
        assert_seen(&org, &path, "unlock", async || {
            org.post(&format!("{path}/lifecycle/unlock"), None).await.ok();
        })
        .await;
        let (org_key, _, id) = keys_of(&org, &path).await;
        let change = org.store.system_change(org_key);
        assert_seen(&org, &path, "deactivate, started and finished", async || {
            org.store.deactivate_user(&change, id.as_str(), true).await.unwrap();
            org.store.finish_deactivation(&change, id.as_str()).await.unwrap();
        })
        .await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "DEPROVISIONED");
    }
}

on_both_engines! {
    async fn get_user_shows_what_a_refused_write_left(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let before = org.get(&path).await.ok();
        let weak = json!({ "profile": { "nickName": "Ike" }, "credentials": { "password": { "value": "weak" } } });
        assert_eq!(org.post(&path, weak).await.status, 400);
        assert_eq!(org.post(&format!("{path}/lifecycle/unlock"), None).await.status, 403);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}
