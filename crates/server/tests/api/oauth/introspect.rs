//! Introspection and revocation.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ServiceApp, claims, post_form};
use crate::context::{Answer, TestOrg, text};

/// Sends a token to an endpoint as this client.
async fn send(org: &TestOrg, app: &ServiceApp, endpoint: &str, token: &str) -> Answer {
    let path = format!("/oauth2/v1/{endpoint}");
    let mut own = app.assertion_claims(org);
    own["aud"] = json!(format!("http://{}{path}", org.address()));
    let assertion = app.key.sign(&json!({ "alg": "ES256" }), &own);
    let form = [
        ("token", token),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    post_form(&org.caller.without_token(), &path, &form, &[]).await
}

async fn introspect(org: &TestOrg, app: &ServiceApp, token: &str) -> Value {
    send(org, app, "introspect", token).await.ok()
}

on_both_engines! {
    async fn a_good_token_is_told_of_and_a_bad_one_is_inactive(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let token = app.token(&org, "okta.users.read").await;
        let said = claims(&token);
        let wanted = json!({
            "active": true, "token_type": "Bearer", "scope": "okta.users.read", "client_id": app.client_id,
            "username": app.client_id, "exp": said["exp"], "iat": said["iat"], "sub": app.client_id, "aud": said["aud"],
            "iss": said["iss"], "jti": said["jti"],
        });
        assert_eq!(introspect(&org, &app, &token).await, wanted);
        for bad in ["nonsense", &format!("{token}x"), "a.b.c"] {
            assert_eq!(introspect(&org, &app, bad).await, json!({ "active": false }));
        }
        let other = ServiceApp::made(&org.caller, &[]).await;
        assert_eq!(introspect(&org, &other, &token).await, wanted, "a resource server asks for its clients");
        let acme = org.other_org("acme").await;
        let theirs = ServiceApp::made(&acme, &["okta.users.read"]).await.token(&org, "okta.users.read").await;
        assert_eq!(introspect(&org, &app, &theirs).await, json!({ "active": false }));
        org.wait_seconds(3600);
        assert_eq!(introspect(&org, &app, &token).await, json!({ "active": false }));
    }
}

on_both_engines! {
    async fn who_asks_must_be_a_client(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let token = app.token(&org, "okta.users.read").await;
        let anyone = org.caller.without_token();
        for endpoint in ["introspect", "revoke"] {
            let path = format!("/oauth2/v1/{endpoint}");
            post_form(&anyone, &path, &[("token", &token)], &[]).await
                .refused_by_oauth(401, "invalid_client", "A client_id must be provided in the request.");
            let nothing = "Client authentication failed. Either the client or the client credentials are invalid.";
            post_form(&anyone, &path, &[("token", &token), ("client_id", &app.client_id)], &[]).await
                .refused_by_oauth(401, "invalid_client", nothing);
            send(&org, &app, endpoint, "").await
                .refused_by_oauth(400, "invalid_request", "The token request must contain the 'token' parameter.");
        }
        assert_eq!(introspect(&org, &app, &token).await["active"], true);
    }
}

on_both_engines! {
    async fn a_revoked_token_opens_nothing_and_others_stay(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let (token, spared) = (app.token(&org, "okta.users.read").await, app.token(&org, "okta.users.read").await);
        let status = async |token: &str| {
            org.caller.authorized(&format!("Bearer {token}")).send(Method::GET, "/api/v1/users", None).await.status
        };
        let thief = ServiceApp::made(&org.caller, &[]).await;
        let silent = send(&org, &thief, "revoke", &token).await;
        assert_eq!((silent.status, silent.body), (200, Value::Null), "nobody learns whose it is");
        assert_eq!(status(&token).await, 200);
        for token in [&token, &token, "nonsense"] {
            let answer = send(&org, &app, "revoke", token).await;
            assert_eq!((answer.status, answer.body), (200, Value::Null));
        }
        assert_eq!((status(&token).await, status(&spared).await), (401, 200));
        assert_eq!(introspect(&org, &app, &token).await, json!({ "active": false }));
        let log = org.get("/api/v1/logs?filter=eventType%20eq%20%22app.oauth2.token.revoke%22").await.ok();
        assert_eq!(log.as_array().unwrap().len(), 1, "what was revoked before, or was nothing, leaves no event");
        assert_eq!(text(&log[0], "actor.id"), app.client_id);
    }
}
