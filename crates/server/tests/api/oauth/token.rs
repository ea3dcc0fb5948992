//! The token endpoint with `grant_type=client_credentials`, and what an app must have been granted.

use serde_json::json;

use super::{ClientKey, ServiceApp, claims, now, post_form, service_app};
use crate::applications::client;
use crate::context::text;

on_both_engines! {
    async fn a_service_app_gets_a_token_for_the_scopes_it_was_granted(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read", "okta.groups.manage"]).await;
        let assertion = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
        let answer = app.ask("okta.users.read okta.groups.manage okta.users.read", &assertion).await;
        assert_eq!(answer.headers["cache-control"], "no-cache, no-store");
        let answer = answer.ok();
        let members: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["token_type", "expires_in", "access_token", "scope"]);
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(answer["scope"], json!("okta.users.read okta.groups.manage"));
        let token = claims(&text(&answer, "access_token"));
        let base = format!("http://{}", org.address());
        assert_eq!((&token["iss"], &token["aud"], &token["ver"]), (&json!(base), &json!(base), &json!(1)));
        assert_eq!((&token["sub"], &token["cid"]), (&json!(app.client_id), &json!(app.client_id)));
        assert_eq!(token["scp"], json!(["okta.users.read", "okta.groups.manage"]));
        assert_eq!((&token["iat"], &token["exp"]), (&json!(now(&org)), &json!(now(&org) + 3600)));
        assert!(token.get("uid").is_none() && text(&token, "jti").starts_with("AT."));
    }
}

on_both_engines! {
    async fn a_scope_that_was_not_granted_is_refused(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let ask = async |scope: &str| {
            let assertion = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
            app.ask(scope, &assertion).await
        };
        let not_configured = "One or more scopes are not configured for the authorization server resource.";
        for scope in ["okta.users.manage", "okta.users.read okta.users.manage", "openid", "okta.users.READ"] {
            ask(scope).await.refused_by_oauth(400, "invalid_scope", not_configured);
        }
        let none = "The authorization server resource does not have any configured default scopes, 'scope' must be provided.";
        ask("").await.refused_by_oauth(400, "invalid_scope", none);
        ask("okta.users.read").await.ok();
        let grants = org.get(&format!("/api/v1/apps/{}/grants", app.id)).await.ok();
        let grant = format!("/api/v1/apps/{}/grants/{}", app.id, text(&grants[0], "id"));
        org.delete(&grant).await.no_content();
        ask("okta.users.read").await.refused_by_oauth(400, "invalid_scope", not_configured);
    }
}

on_both_engines! {
    async fn a_request_that_is_no_token_request_is_refused(org: TestOrg) {
        let anyone = org.caller.without_token();
        let post = async |form: &[(&str, &str)]| post_form(&anyone, "/oauth2/v1/token", form, &[]).await;
        post(&[]).await.refused_by_oauth(400, "invalid_request", "The token request must contain the 'grant_type' parameter.");
        let grant = ("grant_type", "client_credentials");
        post(&[grant, grant]).await.refused_by_oauth(400, "invalid_request", "The 'grant_type' parameter must not be repeated.");
        let unknown = post(&[("grant_type", "magic"), ("client_id", "x")]).await;
        assert_eq!((unknown.status, &unknown.body["error"]), (400, &json!("unsupported_grant_type")));
        post(&[grant]).await.refused_by_oauth(401, "invalid_client", "A client_id must be provided in the request.");
        let two = [grant, ("client_id", "x"), ("client_secret", "y"), ("client_assertion", "z")];
        assert_eq!(post(&two).await.body["error"], "invalid_request");
        post(&[grant, ("client_id", "x"), ("client_secret", "y")]).await
            .refused_by_oauth(401, "invalid_client", "Invalid value for 'client_id' parameter.");
        let wrong_type = "The request body must be of type application/x-www-form-urlencoded.";
        anyone.send(reqwest::Method::POST, "/oauth2/v1/token", Some(json!({ "grant_type": "client_credentials" }))).await
            .refused_by_oauth(400, "invalid_request", wrong_type);
        let summary = "Not found: Resource not found: aus0 (AuthorizationServer)";
        post_form(&anyone, "/oauth2/aus0/v1/token", &[grant], &[]).await.refused(404, "E0000007", summary, &[]);
    }
}

on_both_engines! {
    async fn a_client_with_a_secret_proves_itself_but_gets_no_token_for_the_management_api(org: TestOrg) {
        let mut body = client("Web");
        body["settings"]["oauthClient"]["grant_types"] = json!(["authorization_code", "client_credentials"]);
        let made = org.post("/api/v1/apps", body).await.ok();
        let id = text(&made, "credentials.oauthClient.client_id");
        let secret = text(&made, "credentials.oauthClient.client_secret");
        let anyone = org.caller.without_token();
        let grant = [("grant_type", "client_credentials"), ("scope", "okta.users.read")];
        let refused = "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.";
        let in_form = [grant.as_slice(), &[("client_id", &id), ("client_secret", &secret)]].concat();
        post_form(&anyone, "/oauth2/v1/token", &in_form, &[]).await.refused_by_oauth(401, "invalid_client", refused);
        let basic = |secret: &str| anyone.authorized(&format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{id}:{secret}"))));
        post_form(&basic(&secret), "/oauth2/v1/token", &grant, &[]).await.refused_by_oauth(401, "invalid_client", refused);
        let wrong = post_form(&basic("wrong"), "/oauth2/v1/token", &grant, &[]).await;
        wrong.refused_by_oauth(401, "invalid_client", "The client secret supplied for a confidential client is invalid.");
        assert!(wrong.headers.contains_key("www-authenticate"));
        let alone = [grant.as_slice(), &[("client_id", &id)]].concat();
        let nothing = "Client authentication failed. Either the client or the client credentials are invalid.";
        post_form(&anyone, "/oauth2/v1/token", &alone, &[]).await.refused_by_oauth(401, "invalid_client", nothing);
    }
}

on_both_engines! {
    async fn grants_of_an_app_are_made_listed_and_taken_back(org: TestOrg) {
        let made = org.post("/api/v1/apps", service_app("Robot", &ClientKey::new().jwk(), false)).await.ok();
        let path = format!("/api/v1/apps/{}/grants", text(&made, "id"));
        let base = format!("http://{}", org.address());
        let granted = org.post(&path, json!({ "issuer": base, "scopeId": "okta.users.read" })).await.ok();
        let members: Vec<_> = granted.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["id", "status", "created", "createdBy", "lastUpdated", "issuer", "clientId", "scopeId", "source", "_embedded", "_links"]);
        assert_eq!((text(&granted, "source"), text(&granted, "issuer")), ("ADMIN".into(), base.clone()));
        assert_eq!(granted["_embedded"], json!({ "scope": { "id": "okta.users.read" } }));
        let own = format!("{path}/{}", text(&granted, "id"));
        assert_eq!(granted["_links"]["self"], json!({ "href": format!("{base}{own}"), "hints": { "allow": ["GET", "DELETE"] } }));
        assert_eq!(text(&granted, "createdBy.id"), text(&org.get("/api/v1/users/me").await.ok(), "id"));
        let again = org.post(&path, json!({ "issuer": base, "scopeId": "okta.users.read" })).await.ok();
        assert_eq!(again["id"], granted["id"], "a scope is granted once");
        let shown = org.get(&own).await.ok();
        assert!(shown.get("_embedded").is_none());
        assert_eq!(org.get(&path).await.ok(), json!([shown]));
        for (body, cause) in [
            (json!({ "scopeId": "openid" }), "scopeId: Invalid scope."),
            (json!({ "issuer": base }), "scopeId: The field cannot be left blank"),
        ] {
            org.post(&path, body).await.refused(400, "E0000001", "Api validation failed: scopeId", &[cause]);
        }
        org.delete(&own).await.no_content();
        assert_eq!(org.get(&path).await.ok(), json!([]));
        let summary = format!("Not found: Resource not found: {} (OAuth2ScopeConsentGrant)", text(&granted, "id"));
        org.get(&own).await.refused(404, "E0000007", &summary, &[]);
    }
}
