//! Clients that prove themselves by a token that they signed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ClientKey, ServiceApp, now, post_form, unsigned};
use crate::applications::client;
use crate::context::text;

fn hs256(secret: &[u8], claims: &Value) -> String {
    let signed = unsigned(&json!({ "alg": "HS256" }), claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!(
        "{signed}.{}",
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, mac.finalize().into_bytes())
    )
}

on_both_engines! {
    async fn an_assertion_is_for_this_server_of_this_client_and_of_now(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let time = now(&org);
        let base = format!("http://{}", org.address());
        let ask = async |name: &str, value: Value| {
            let mut claims = app.assertion_claims(&org);
            claims[name] = value;
            app.ask("okta.users.read", &app.key.sign(&json!({ "alg": "ES256" }), &claims)).await
        };
        for (name, value) in [
            ("jti", Value::Null),
            ("iat", Value::Null),
            ("aud", json!(base)),
            ("aud", json!(["https://other.example", format!("{base}/oauth2/v1/token")])),
            ("exp", json!(time + 3600)),
            ("exp", json!(time as f64 + 10.5)),
        ] {
            assert_eq!(ask(name, value.clone()).await.status, 200, "{name} {value}");
        }
        let audience = "The audience claim for client_assertion must be the endpoint invoked for the request.";
        let issuer = "The issuer and subject claims of the client_assertion must be the client_id.";
        for (name, value, wanted) in [
            ("aud", json!("https://other.example/oauth2/v1/token"), audience),
            ("aud", json!(format!("{base}/oauth2/default/v1/token")), audience),
            ("aud", Value::Null, audience),
            ("iss", json!("somebody"), issuer),
            ("sub", json!("a\u{0}b"), issuer),
            ("sub", Value::Null, "The client_assertion token must have a subject claim."),
            ("exp", Value::Null, "The client_assertion token must have an expiration claim."),
            ("exp", json!(time), "The client_assertion token is expired."),
            ("exp", json!(time + 3700), "The client_assertion token has an expiration too far into the future."),
            ("nbf", json!(time + 100), "The client_assertion token is not valid yet."),
        ] {
            ask(name, value.clone()).await.refused_by_oauth(401, "invalid_client", wanted);
        }
    }
}

on_both_engines! {
    async fn an_assertion_is_good_once(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let assertion = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
        app.ask("okta.users.read", &assertion).await.ok();
        let used = "The client_assertion token must not be used more than once.";
        app.ask("okta.users.read", &assertion).await.refused_by_oauth(401, "invalid_client", used);
    }
}

on_both_engines! {
    async fn an_assertion_is_signed_with_a_key_of_the_client(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let refused = "The client_assertion signature is invalid.";
        let foreign = ClientKey::new().sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
        app.ask("okta.users.read", &foreign).await.refused_by_oauth(401, "invalid_client", refused);
        // A key that the token brings along is nobody's.
        let other = ClientKey::new();
        let header = json!({ "alg": "ES256", "jwk": other.jwk() });
        let brought = other.sign(&header, &app.assertion_claims(&org));
        app.ask("okta.users.read", &brought).await.refused_by_oauth(401, "invalid_client", refused);
        // The public key as the secret of an HMAC.
        let jwk = app.key.jwk().to_string();
        app.ask("okta.users.read", &hs256(jwk.as_bytes(), &app.assertion_claims(&org))).await
            .refused_by_oauth(401, "invalid_client", refused);
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &app.assertion_claims(&org)));
        app.ask("okta.users.read", &none).await
            .refused_by_oauth(401, "invalid_client", "The parsing of the client_assertion failed.");
        let mut signed = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
        signed.truncate(signed.rfind('.').unwrap() + 1);
        app.ask("okta.users.read", &signed).await.refused_by_oauth(401, "invalid_client", refused);
        app.token(&org, "okta.users.read").await;
    }
}

on_both_engines! {
    async fn a_client_may_sign_with_its_secret_if_it_says_so(org: TestOrg) {
        let mut body = client("Signing");
        body["credentials"] = json!({ "oauthClient": { "token_endpoint_auth_method": "client_secret_jwt" } });
        body["settings"]["oauthClient"]["grant_types"] = json!(["authorization_code", "client_credentials"]);
        let made = org.post("/api/v1/apps", body.clone()).await.ok();
        let id = text(&made, "credentials.oauthClient.client_id");
        let secret = text(&made, "credentials.oauthClient.client_secret");
        let url = format!("http://{}/oauth2/v1/token", org.address());
        let ask = async |secret: &str| {
            let claims = json!({ "iss": id, "sub": id, "aud": url, "exp": now(&org) + 60 });
            let form = [
                ("grant_type", "client_credentials"),
                ("scope", "okta.users.read"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", &hs256(secret.as_bytes(), &claims)),
            ];
            text(&post_form(&org.caller.without_token(), "/oauth2/v1/token", &form, &[]).await.body, "error_description")
        };
        let signature = "The client_assertion signature is invalid.";
        // It is let in, and told that the management API takes keys alone.
        assert!(ask(&secret).await.contains("must use the private_key_jwt"));
        assert_eq!(ask(&format!("{secret}x")).await, signature);
        // A client that begins to sign gets a secret that can be read again.
        let path = format!("/api/v1/apps/{}", text(&made, "id"));
        body["credentials"]["oauthClient"]["token_endpoint_auth_method"] = json!("client_secret_basic");
        let updated = org.put(&path, body.clone()).await.ok();
        assert!(updated["credentials"]["oauthClient"].get("client_secret").is_none(), "the secret stays");
        assert_eq!(ask(&secret).await, signature, "it no longer says so");
    }
}
