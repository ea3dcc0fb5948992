//! The password-import inline hook (behaviour.md E.9).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{events, refused, sign_in, status};
use crate::context::{TestOrg, text};
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, path_of};

/// What a hook of a test answers: a status and a body.
type Reply = (u16, String);

/// Another directory: it keeps what it was asked and answers as it is told to.
#[derive(Clone)]
struct Directory {
    uri: String,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

impl Directory {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/import", listener.local_addr().unwrap());
        let directory = Self { uri, reply: Arc::default(), asked: Arc::default() };
        let (reply, asked) = (directory.reply.clone(), directory.asked.clone());
        let answer = move |headers: HeaderMap, body: Bytes| async move {
            asked.lock().push((headers, serde_json::from_slice(&body).unwrap()));
            let (status, body) = reply.lock().clone();
            if status == 0 {
                std::future::pending::<()>().await;
            }
            (StatusCode::from_u16(status).unwrap(), body)
        };
        let router = Router::new().route("/import", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        directory.says("UNVERIFIED");
        directory
    }

    fn says(&self, credential: &str) {
        let command = json!({ "type": "com.okta.action.update", "value": { "credential": credential } });
        self.replies(200, &json!({ "commands": [command] }).to_string());
    }

    fn replies(&self, status: u16, body: &str) {
        *self.reply.lock() = (status, body.to_owned());
    }

    fn asked(&self) -> Vec<(HeaderMap, Value)> {
        self.asked.lock().clone()
    }

    /// The org's hook that asks this directory.
    async fn hook(&self, org: &TestOrg) -> Value {
        let config = json!({
            "uri": self.uri,
            "headers": [{ "key": "X-Env", "value": "test" }],
            "authScheme": { "type": "HEADER", "key": "X-Key", "value": "hook secret" },
        });
        let hook = json!({ "name": "Import", "type": "com.okta.user.credential.password.import", "version": "1.0.0",
            "channel": { "type": "HTTP", "version": "1.0.0", "config": config } });
        org.post("/api/v1/inlineHooks", hook).await.ok()
    }
}

/// A user whose password only the hook knows.
async fn import_user(org: &TestOrg) -> String {
    let user = org.create_with("", "isaac@example.com", json!({ "password": { "hook": { "type": "default" } } })).await;
    assert_eq!(text(&user, "credentials.provider.type"), "IMPORT");
    path_of(&user)
}

on_both_engines! {
    async fn the_hook_is_asked_as_okta_asks_it(org: TestOrg) {
        let directory = Directory::start().await;
        let hook = directory.hook(&org).await;
        import_user(&org).await;
        refused(sign_in(&org, "Isaac", PASSWORD).await);
        let (headers, question) = directory.asked().remove(0);
        assert_eq!((&headers["content-type"], &headers["x-key"], &headers["x-env"]),
            (&"application/json".parse().unwrap(), &"hook secret".parse().unwrap(), &"test".parse().unwrap()));
        let base = text(&hook, "_links.self.href");
        let context = question["data"]["context"].clone();
        let request = &context["request"];
        assert_eq!(question, json!({
            "eventId": question["eventId"],
            "eventTime": org.clock.now().to_string(),
            "eventType": "com.okta.user.credential.password.import",
            "eventTypeVersion": "1.0",
            "contentType": "application/json",
            "cloudEventVersion": "0.1",
            "source": base,
            "data": {
                "context": {
                    "request": { "id": request["id"], "method": "POST", "url": { "value": "/api/v1/authn" }, "ipAddress": "127.0.0.1" },
                    "credential": { "username": "Isaac", "password": PASSWORD },
                },
                "action": { "credential": "UNVERIFIED" },
            },
        }));
        assert!(text(&question, "eventId").len() >= 22 && text(request, "id").len() == 32);
    }
}

on_both_engines! {
    async fn a_verified_password_is_ours_from_then_on(org: TestOrg) {
        let directory = Directory::start().await;
        directory.hook(&org).await;
        let path = import_user(&org).await;
        directory.says("VERIFIED");
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        assert_eq!(text(&org.get(&path).await.ok(), "credentials.provider.type"), "OKTA");
        refused(sign_in(&org, "isaac", NEW_PASSWORD).await);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        assert_eq!(directory.asked().len(), 1, "the hook is asked no more");
        assert_eq!(text(&events(&org, "user.import.password").await[0], "outcome.result"), "SUCCESS");
    }
}

on_both_engines! {
    async fn an_unverified_password_is_a_failed_attempt(org: TestOrg) {
        let directory = Directory::start().await;
        directory.hook(&org).await;
        let path = import_user(&org).await;
        for (status, body) in [(200, ""), (204, ""), (200, "{}"), (200, "{\"commands\":[]}")] {
            directory.replies(status, body);
            refused(sign_in(&org, "isaac", PASSWORD).await);
        }
        directory.says("UNVERIFIED");
        for _ in 0..6 {
            refused(sign_in(&org, "isaac", PASSWORD).await);
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "LOCKED_OUT");
        assert_eq!(text(&events(&org, "user.import.password").await[0], "outcome.result"), "FAILURE");
    }
}

on_both_engines! {
    async fn a_hook_that_fails_lets_nobody_in_and_is_asked_again(org: TestOrg) {
        let directory = Directory::start().await;
        directory.hook(&org).await;
        let path = import_user(&org).await;
        let verified = json!({ "commands": [{ "type": "com.okta.action.update", "value": { "credential": "VERIFIED" } }] });
        for (status, body) in [(500, verified.to_string()), (302, verified.to_string()), (200, "VERIFIED".to_owned()),
            (200, "{\"commands\":1}".to_owned()), (200, " ".repeat(65_537))] {
            directory.replies(status, &body);
            for _ in 0..3 {
                refused(sign_in(&org, "isaac", PASSWORD).await);
            }
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE", "it is no fault of the user's");
        directory.says("VERIFIED");
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_hook_that_takes_too_long_is_not_waited_for(org: TestOrg) {
        let directory = Directory::start().await;
        directory.hook(&org).await;
        import_user(&org).await;
        directory.replies(0, "");
        let waited = tokio::time::timeout(Duration::from_secs(20), sign_in(&org, "isaac", PASSWORD)).await;
        refused(waited.unwrap());
    }
}

on_both_engines! {
    async fn without_an_active_hook_nobody_is_asked_and_nobody_signs_in(org: TestOrg) {
        let path = import_user(&org).await;
        refused(sign_in(&org, "isaac", PASSWORD).await);
        let directory = Directory::start().await;
        directory.says("VERIFIED");
        let id = text(&directory.hook(&org).await, "id");
        org.post(&format!("/api/v1/inlineHooks/{id}/lifecycle/deactivate"), None).await.ok();
        refused(sign_in(&org, "isaac", PASSWORD).await);
        org.post(&format!("/api/v1/inlineHooks/{id}/lifecycle/activate"), None).await.ok();
        org.post(&format!("{path}/lifecycle/suspend"), None).await.ok();
        refused(sign_in(&org, "isaac", PASSWORD).await);
        assert!(directory.asked().is_empty(), "a password is shown to nobody without need");
    }
}
