//! Access tokens that nobody should take.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ClientKey, ServiceApp, claims, unsigned};

fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

on_both_engines! {
    async fn a_token_that_this_org_did_not_sign_is_refused(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read", "okta.users.manage"]).await;
        let good = app.token(&org, "okta.users.read").await;
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (head, mut body) = (header(&good), claims(&good));
        let kid = head["kid"].clone();
        let own = ClientKey::new();
        let mut forged = vec![
            String::new(),
            "a.b.c".to_owned(),
            signed.to_owned(),
            format!("{signed}."),
            format!("{good}x"),
            format!("{good}.{good}"),
            // No signature, and a signature with the key that everybody knows.
            format!("{}.", unsigned(&json!({ "alg": "none" }), &body)),
            format!("{}.", unsigned(&json!({ "alg": "None", "kid": kid }), &body)),
            format!("{}.{signature}", unsigned(&json!({ "alg": "none", "kid": kid }), &body)),
        ];
        let published = org.get("/oauth2/v1/keys").await.ok()["keys"][0].to_string();
        for secret in [published.as_bytes(), kid.as_str().unwrap().as_bytes(), b""] {
            let text = unsigned(&json!({ "alg": "HS256", "kid": kid }), &body);
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(text.as_bytes());
            forged.push(format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())));
        }
        // Keys of others, under every name.
        for head in [
            json!({ "alg": "ES256", "kid": kid }),
            json!({ "alg": "ES256" }),
            json!({ "alg": "ES256", "kid": "../../keys" }),
            json!({ "alg": "ES256", "kid": "' OR '1'='1" }),
            json!({ "alg": "ES256", "kid": "a\u{0}b" }),
            json!({ "alg": "ES256", "kid": 1 }),
            json!({ "alg": "ES256", "kid": kid, "jwk": own.jwk() }),
            json!({ "alg": "ES256", "kid": kid, "jku": "https://evil.example/keys" }),
            json!({ "alg": "RS256", "kid": kid }),
            json!({ "alg": "ES256", "kid": kid, "crit": ["exp"] }),
        ] {
            forged.push(own.sign(&head, &body));
        }
        // What was signed, with other words.
        body["scp"] = json!(["okta.users.manage"]);
        forged.push(format!("{}.{signature}", unsigned(&head, &body)));
        forged.push(format!("{signed}.{}", "A".repeat(1 << 15)));
        for token in forged {
            let answer = org.caller.authorized(&format!("Bearer {token}")).send(Method::GET, "/api/v1/users", None).await;
            assert_eq!(answer.status, 401, "{token}");
            answer.refused(401, "E0000011", "Invalid token provided", &[]);
        }
        let good = org.caller.authorized(&format!("Bearer {good}"));
        good.send(Method::GET, "/api/v1/users", None).await.ok();
    }
}

on_both_engines! {
    async fn a_token_of_another_org_is_refused(org: TestOrg) {
        let acme = org.other_org("acme").await;
        let theirs = ServiceApp::made(&acme, &["okta.users.read"]).await.token(&org, "okta.users.read").await;
        let bearer = format!("Bearer {theirs}");
        acme.authorized(&bearer).send(Method::GET, "/api/v1/users", None).await.ok();
        let answer = org.caller.authorized(&bearer).send(Method::GET, "/api/v1/users", None).await;
        answer.refused(401, "E0000011", "Invalid token provided", &[]);
        let assertion_elsewhere = ServiceApp::made(&acme, &["okta.users.read"]).await;
        let assertion = assertion_elsewhere.key.sign(&json!({ "alg": "ES256" }), &assertion_elsewhere.assertion_claims(&org));
        let here = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        here.ask("okta.users.read", &assertion).await
            .refused_by_oauth(401, "invalid_client", "Invalid value for 'client_id' parameter.");
    }
}
