//! API tokens (behaviour.md A.3, G.11; observed.md 5).

use reqwest::Method;
use serde_json::{Value, json};

use crate::context::{Caller, EngineKind, TestOrg, text};

const DAY: i64 = 86_400;

async fn created(org: &TestOrg, body: Value) -> Value {
    org.post("/api/v1/api-tokens", body).await.ok()
}

fn holder(org: &TestOrg, token: &Value) -> Caller {
    org.with_token(Some(&text(token, "token")))
}

async fn status_of_a_use(caller: &Caller) -> u16 {
    caller.send(Method::GET, "/api/v1/users/me", None).await.status
}

fn path(token: &Value) -> String {
    format!("/api/v1/api-tokens/{}", text(token, "id"))
}

on_both_engines! {
    async fn create_api_token_answers_the_token_with_its_secret(org: TestOrg) {
        let mut token = created(&org, json!({ "name": "ci" })).await;
        let secret = token.as_object_mut().unwrap().remove("token").unwrap();
        let secret = secret.as_str().unwrap();
        let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(secret.starts_with("00") && secret.len() == 42 && secret.bytes().all(url_safe), "{secret}");
        let me = text(&org.get("/api/v1/users/me").await.ok(), "id");
        let base = format!("http://{}/api/v1", org.address());
        let id = text(&token, "id");
        assert!(id.starts_with("00T") && id.len() == 20, "{id}");
        let expected = json!({
            "id": id,
            "name": "ci",
            "userId": me,
            "clientName": "Okta API",
            "tokenWindow": "P30D",
            "network": { "connection": "ANYWHERE" },
            "expiresAt": "2026-02-01T03:04:05.000Z",
            "created": "2026-01-02T03:04:05.000Z",
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "_links": {
                "self": { "href": format!("{base}/api-tokens/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
                "user": { "href": format!("{base}/users/{me}"), "hints": { "allow": ["GET"] } },
            },
        });
        assert_eq!(token.to_string(), expected.to_string());
    }
}

on_both_engines! {
    async fn a_token_may_speak_for_another_user(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        for owner in [text(&user, "id"), "isaac@example.com".to_owned()] {
            let token = created(&org, json!({ "name": "theirs", "userId": owner })).await;
            assert_eq!(token["userId"], user["id"]);
            let me = holder(&org, &token).send(Method::GET, "/api/v1/users/me", None).await.ok();
            assert_eq!(me["id"], user["id"]);
        }
    }
}

on_both_engines! {
    async fn create_api_token_needs_a_name_and_an_owner_that_exists(org: TestOrg) {
        let blank = "name: The field cannot be left blank";
        for body in [json!({}), json!({ "name": " " }), json!({ "name": null })] {
            let answer = org.post("/api/v1/api-tokens", body).await;
            answer.refused(400, "E0000001", "Api validation failed: name", &[blank]);
        }
        let answer = org.post("/api/v1/api-tokens", json!({ "name": "ci", "userId": "nobody" })).await;
        answer.refused(404, "E0000007", "Not found: Resource not found: nobody (User)", &[]);
        let answer = org.post("/api/v1/api-tokens", json!({ "name": 7 })).await;
        answer.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        assert_eq!(org.get("/api/v1/api-tokens").await.ok().as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn tokens_are_shown_without_their_secrets_in_the_order_they_were_made(org: TestOrg) {
        let mut made = Vec::new();
        for name in ["b", "a", "c"] {
            let mut token = created(&org, json!({ "name": name })).await;
            let secret = token.as_object_mut().unwrap().remove("token").unwrap();
            assert!(!token.to_string().contains(secret.as_str().unwrap()));
            made.push(token);
        }
        let listed = org.get("/api/v1/api-tokens?limit=1").await;
        assert_eq!(listed.link("self"), None);
        let listed = listed.ok();
        assert_eq!(listed[0]["name"], "Bootstrap token");
        assert_eq!(listed.as_array().unwrap()[1..], made);
        for token in &made {
            assert_eq!(org.get(&path(token)).await.ok(), *token);
        }
    }
}

on_both_engines! {
    async fn a_revoked_token_is_refused_at_once_and_not_found(org: TestOrg) {
        let token = created(&org, json!({ "name": "ci" })).await;
        let holder = holder(&org, &token);
        assert_eq!(status_of_a_use(&holder).await, 200);
        org.delete(&path(&token)).await.no_content();
        assert_eq!(status_of_a_use(&holder).await, 401);
        let summary = format!("Not found: Resource not found: {} (Token)", text(&token, "id"));
        org.get(&path(&token)).await.refused(404, "E0000007", &summary, &[]);
        org.delete(&path(&token)).await.refused(404, "E0000007", &summary, &[]);
        assert_eq!(org.get("/api/v1/api-tokens").await.ok().as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn revoke_current_api_token_ends_the_callers_and_no_other(org: TestOrg) {
        let token = created(&org, json!({ "name": "ci" })).await;
        let holder = holder(&org, &token);
        holder.send(Method::DELETE, "/api/v1/api-tokens/current", None).await.no_content();
        assert_eq!(status_of_a_use(&holder).await, 401);
        assert_eq!(status_of_a_use(&org.caller).await, 200);
    }
}

on_both_engines! {
    async fn a_use_pushes_the_expiry_on(org: TestOrg) {
        let token = created(&org, json!({ "name": "ci" })).await;
        let holder = holder(&org, &token);
        for _ in 0..3 {
            org.wait_seconds(29 * DAY);
            assert_eq!(status_of_a_use(&holder).await, 200);
        }
        let seen = holder.send(Method::GET, &path(&token), None).await.ok();
        // 2026-01-02 and 87 days are 2026-03-30; 30 days on.
        assert_eq!(seen["expiresAt"], "2026-04-29T03:04:05.000Z");
        assert_eq!(seen["created"], token["created"]);
    }
}

on_both_engines! {
    async fn a_token_that_is_not_used_dies_after_thirty_days(org: TestOrg) {
        let token = created(&org, json!({ "name": "ci" })).await;
        let holder = holder(&org, &token);
        for _ in 0..2 {
            org.wait_seconds(15 * DAY - 1);
            assert_eq!(status_of_a_use(&org.caller).await, 200);
        }
        org.wait_seconds(1);
        assert_eq!(org.get("/api/v1/api-tokens").await.ok().as_array().unwrap().len(), 2);
        org.wait_seconds(1);
        assert_eq!(status_of_a_use(&holder).await, 401);
        assert_eq!(org.get("/api/v1/api-tokens").await.ok().as_array().unwrap().len(), 1);
        let summary = format!("Not found: Resource not found: {} (Token)", text(&token, "id"));
        org.get(&path(&token)).await.refused(404, "E0000007", &summary, &[]);
    }
}

on_both_engines! {
    async fn a_token_sleeps_while_its_owner_is_suspended(org: TestOrg) {
        let owner = text(&org.create_active("isaac@example.com", "Abcd1234#@").await, "id");
        let holder = holder(&org, &created(&org, json!({ "name": "ci", "userId": owner })).await);
        for (operation, status) in [("suspend", 401), ("unsuspend", 200)] {
            org.post(&format!("/api/v1/users/{owner}/lifecycle/{operation}"), None).await.ok();
            assert_eq!(status_of_a_use(&holder).await, status, "{operation}");
        }
    }
}

on_both_engines! {
    async fn a_token_dies_with_the_deactivation_of_its_owner(org: TestOrg) {
        let owner = text(&org.create_active("isaac@example.com", "Abcd1234#@").await, "id");
        let token = created(&org, json!({ "name": "ci", "userId": owner })).await;
        let holder = holder(&org, &token);
        assert_eq!(status_of_a_use(&holder).await, 200);
        for (operation, status) in [("deactivate", 401), ("activate", 401)] {
            org.post(&format!("/api/v1/users/{owner}/lifecycle/{operation}"), None).await.ok();
            assert_eq!(status_of_a_use(&holder).await, status, "{operation}");
        }
        assert_eq!(org.get(&path(&token)).await.status, 404);
    }
}

/// Every byte of the database.
async fn whole_database(org: &TestOrg) -> Vec<u8> {
    if org.engine == EngineKind::Sqlite {
        let files = std::fs::read_dir(org.data_dir()).unwrap().map(|entry| entry.unwrap().path());
        return files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    }
    let read = org.store.engine().read(|tx| {
        let tables = tx.query(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
            &[],
            |row| row.text(0),
        )?;
        let mut rows = String::new();
        for table in tables {
            rows.extend(tx.query(&format!("SELECT t::text FROM {table} t"), &[], |row| row.text(0))?);
        }
        Ok(rows.into_bytes())
    });
    read.await.unwrap()
}

on_both_engines! {
    async fn the_database_holds_no_secret_in_the_clear(org: TestOrg) {
        let user = org
            .create_with(
                "",
                "isaac@example.com",
                json!({
                    "password": { "value": "Sup3rSecretPassword" },
                    "recovery_question": { "question": "Best song?", "answer": "trailer trash" },
                }),
            )
            .await;
        let other = org.create("brock@example.com").await;
        let token = created(&org, json!({ "name": "findable" })).await;
        let path = |user: &Value, rest: &str| format!("/api/v1/users/{}/lifecycle/{rest}", text(user, "id"));
        let activation = org.post(&path(&other, "reactivate?sendEmail=false"), None).await.ok();
        let temporary = org.post(&path(&user, "expire_password_with_temp_password"), None).await.ok();
        let reset = org.post(&path(&user, "reset_password?sendEmail=false"), None).await.ok();
        let reset = text(&reset, "resetPasswordUrl");
        let bytes = whole_database(&org).await;
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("findable") && holds("isaac@example.com"));
        for secret in [
            org.caller.authorization().unwrap().trim_start_matches("SSWS "),
            &text(&token, "token"),
            &text(&activation, "activationToken"),
            &text(&temporary, "tempPassword"),
            reset.rsplit('/').next().unwrap(),
            "Sup3rSecretPassword",
            "trailer trash",
            crate::context::ADMIN_PASSWORD,
        ] {
            assert!(!holds(secret), "{secret}");
        }
    }
}
