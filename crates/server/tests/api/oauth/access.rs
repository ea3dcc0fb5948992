//! Access tokens at the management API.

use reqwest::Method;
use roster_model::operations::OPERATIONS;
use serde_json::json;

use super::ServiceApp;
use crate::context::{profile, text};
use crate::operations::{Ids, call};

on_both_engines! {
    async fn a_token_does_what_its_scopes_allow(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.manage", "okta.users.read", "okta.groups.read"]).await;
        let reader = app.bearer(&org, "okta.users.read okta.groups.read").await;
        let writer = app.bearer(&org, "okta.users.manage").await;
        reader.send(Method::GET, "/api/v1/users", None).await.ok();
        reader.send(Method::GET, "/api/v1/groups", None).await.ok();
        let body = json!({ "profile": profile("isaac@example.com") });
        let user = text(&writer.send(Method::POST, "/api/v1/users", Some(body.clone())).await.ok(), "id");
        writer.send(Method::GET, &format!("/api/v1/users/{user}"), None).await.ok();
        let refused = reader.send(Method::POST, "/api/v1/users", Some(body)).await;
        let base = format!("http://{}", org.address());
        let challenge = format!(
            "Bearer authorization_uri=\"{base}/oauth2/v1/authorize\", realm=\"{base}\", scope=\"okta.users.manage\", \
             error=\"insufficient_scope\", error_description=\"The access token provided does not contain the required \
             scopes.\", resource=\"/api/v1/users\""
        );
        assert_eq!(refused.headers["www-authenticate"], challenge);
        refused.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        let summary = "Not found: Resource not found: me (User)";
        reader.send(Method::GET, "/api/v1/users/me", None).await.refused(404, "E0000007", summary, &[]);
    }
}

on_both_engines! {
    async fn every_operation_needs_its_scope(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let app = ServiceApp::made(&org.caller, &["okta.eventHooks.read"]).await;
        let bearer = app.bearer(&org, "okta.eventHooks.read").await;
        for operation in OPERATIONS.iter().filter(|operation| operation.access.scope().is_some()) {
            let answer = call(&bearer, operation, &ids).await;
            assert_eq!(answer.status, 403, "{}", operation.name);
            answer.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        }
    }
}

on_both_engines! {
    async fn what_a_client_does_is_logged_as_its_doing(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.manage"]).await;
        let writer = app.bearer(&org, "okta.users.manage").await;
        let body = json!({ "profile": profile("isaac@example.com") });
        writer.send(Method::POST, "/api/v1/users", Some(body)).await.ok();
        let created = org.get("/api/v1/logs?filter=eventType%20eq%20%22user.lifecycle.create%22").await.ok();
        let created = created.as_array().unwrap().last().unwrap();
        let actor = json!({
            "id": app.client_id, "type": "PublicClientApp", "alternateId": app.client_id, "displayName": "Robot",
            "detailEntry": null,
        });
        assert_eq!(created["actor"], actor);
        let granted = org.get("/api/v1/logs?filter=eventType%20eq%20%22app.oauth2.token.grant.access_token%22").await.ok();
        assert_eq!(granted[0]["actor"], actor);
    }
}

on_both_engines! {
    async fn a_token_ends_with_its_time_and_with_its_client(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let bearer = app.bearer(&org, "okta.users.read").await;
        let status = async || bearer.send(Method::GET, "/api/v1/users", None).await.status;
        assert_eq!(status().await, 200);
        let path = format!("/api/v1/apps/{}", app.id);
        org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(status().await, 401);
        org.post(&format!("{path}/lifecycle/activate"), None).await.ok();
        let later = app.bearer(&org, "okta.users.read").await;
        org.wait_seconds(3599);
        assert_eq!(later.send(Method::GET, "/api/v1/users", None).await.status, 200);
        org.wait_seconds(1);
        let expired = later.send(Method::GET, "/api/v1/users", None).await;
        let challenge = expired.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains("scope=\"okta.users.read\""));
        expired.refused(401, "E0000011", "Invalid token provided", &[]);
    }
}

on_both_engines! {
    async fn a_token_outlives_a_rotation_of_keys(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let bearer = app.bearer(&org, "okta.users.read").await;
        let before = org.get("/oauth2/v1/keys").await.ok();
        // Keys rotate by themselves after 90 days; whoever holds a token of a moment before must not notice.
        org.wait_seconds(90 * 86_400 - 60);
        let old = app.bearer(&org, "okta.users.read").await;
        org.wait_seconds(120);
        let new = app.bearer(&org, "okta.users.read").await;
        let after = org.get("/oauth2/v1/keys").await.ok();
        assert_eq!(after["keys"].as_array().unwrap().len(), 3);
        assert_eq!(after["keys"][0]["kid"], before["keys"][1]["kid"], "the next key signs");
        for bearer in [&old, &new] {
            bearer.send(Method::GET, "/api/v1/users", None).await.ok();
        }
        assert_eq!(bearer.send(Method::GET, "/api/v1/users", None).await.status, 401, "its time is long up");
        org.wait_seconds(86_401);
        assert_eq!(org.get("/oauth2/v1/keys").await.ok()["keys"].as_array().unwrap().len(), 2);
    }
}

on_both_engines! {
    async fn an_access_token_makes_no_api_token(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.apiTokens.manage"]).await;
        let bearer = app.bearer(&org, "okta.apiTokens.manage").await;
        let me = text(&org.get("/api/v1/users/me").await.ok(), "id");
        for body in [json!({ "name": "more" }), json!({ "name": "more", "userId": me })] {
            let refused = bearer.send(Method::POST, "/api/v1/api-tokens", Some(body)).await;
            refused.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        }
    }
}
