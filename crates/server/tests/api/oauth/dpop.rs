//! Proofs of possession (RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{ClientKey, ServiceApp, claims, now, post_form};
use crate::context::{Answer, Caller, TestOrg, text};

fn proof_header(key: &ClientKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk() })
}

fn proof_claims(org: &TestOrg, method: &str, path: &str, more: &Value) -> Value {
    let mut claims = json!({
        "htm": method, "htu": format!("http://{}{path}", org.address()), "iat": now(org), "jti": format!("{:x}", fastrand::u128(..)),
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

fn proof(org: &TestOrg, key: &ClientKey, method: &str, path: &str, more: &Value) -> String {
    key.sign(&proof_header(key), &proof_claims(org, method, path, more))
}

async fn ask(org: &TestOrg, app: &ServiceApp, proof: Option<&str>) -> Answer {
    let assertion = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(org));
    let headers: Vec<_> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
    let form = app.form("okta.users.read", &assertion);
    post_form(&org.caller.without_token(), "/oauth2/v1/token", &form, &headers).await
}

/// A nonce of the server's.
async fn nonce(org: &TestOrg, app: &ServiceApp, key: &ClientKey) -> String {
    let answer = ask(org, app, Some(&proof(org, key, "POST", "/oauth2/v1/token", &json!({})))).await;
    answer.refused_by_oauth(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.");
    answer.headers["dpop-nonce"].to_str().unwrap().to_owned()
}

/// A token that is bound to this key.
async fn bound_token(org: &TestOrg, app: &ServiceApp, key: &ClientKey) -> String {
    let nonce = nonce(org, app, key).await;
    let answer = ask(org, app, Some(&proof(org, key, "POST", "/oauth2/v1/token", &json!({ "nonce": nonce })))).await;
    assert!(answer.headers.contains_key("dpop-nonce"));
    let answer = answer.ok();
    assert_eq!(answer["token_type"], "DPoP");
    text(&answer, "access_token")
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// Lists users with a bound token and a proof.
async fn list(caller: &Caller, token: &str, proof: &str) -> Answer {
    let bound = caller.authorized(&format!("DPoP {token}"));
    bound.send_raw(Method::GET, "/api/v1/users?limit=1", None, &[("dpop", proof)]).await
}

on_both_engines! {
    async fn a_client_that_requires_it_gets_a_token_bound_to_its_key(org: TestOrg) {
        let app = ServiceApp::made_with(&org.caller, &["okta.users.read"], true).await;
        ask(&org, &app, None).await.refused_by_oauth(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.");
        let key = ClientKey::new();
        let token = bound_token(&org, &app, &key).await;
        let about = json!({ "ath": hash(&token) });
        assert_eq!(text(&claims(&token), "cnf.jkt").len(), 43);
        let good = proof(&org, &key, "GET", "/api/v1/users", &about);
        list(&org.caller, &token, &good).await.ok();
        let used = list(&org.caller, &token, &good).await;
        assert!(used.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP "));
        used.refused(401, "E0000011", "Invalid token provided", &[]);
        list(&org.caller, &token, &proof(&org, &key, "GET", "/api/v1/users", &about)).await.ok();
    }
}

on_both_engines! {
    async fn a_bound_token_is_no_good_without_a_proof_for_this_request(org: TestOrg) {
        let app = ServiceApp::made_with(&org.caller, &["okta.users.read"], true).await;
        let key = ClientKey::new();
        let token = bound_token(&org, &app, &key).await;
        let about = json!({ "ath": hash(&token) });
        let other = ClientKey::new();
        let path = "/api/v1/users";
        let with = |more: Value| {
            let mut claims = about.clone();
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            proof(&org, &key, "GET", path, &claims)
        };
        let private = { let mut jwk = key.jwk(); jwk["d"] = json!("AAAA"); jwk };
        for bad in [
            proof(&org, &other, "GET", path, &about),
            proof(&org, &key, "POST", path, &about),
            proof(&org, &key, "GET", "/api/v1/groups", &about),
            proof(&org, &key, "GET", path, &json!({})),
            with(json!({ "ath": hash("another") })),
            with(json!({ "iat": now(&org) - 301 })),
            with(json!({ "iat": now(&org) + 301 })),
            with(json!({ "jti": "" })),
            key.sign(&json!({ "typ": "JWT", "alg": "ES256", "jwk": key.jwk() }), &proof_claims(&org, "GET", path, &about)),
            other.sign(&proof_header(&key), &proof_claims(&org, "GET", path, &about)),
            key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": private }), &proof_claims(&org, "GET", path, &about)),
            "nonsense".to_owned(),
        ] {
            list(&org.caller, &token, &bad).await.refused(401, "E0000011", "Invalid token provided", &[]);
        }
        let without = org.caller.authorized(&format!("DPoP {token}")).send(Method::GET, path, None).await;
        without.refused(401, "E0000011", "Invalid token provided", &[]);
        let as_bearer = org.caller.authorized(&format!("Bearer {token}")).send(Method::GET, path, None).await;
        as_bearer.refused(401, "E0000011", "Invalid token provided", &[]);
        list(&org.caller, &token, &with(json!({ "htu": format!("http://{}{path}?limit=1#x", org.address()) }))).await.ok();
    }
}

on_both_engines! {
    async fn a_nonce_is_the_servers_own_and_of_the_last_day(org: TestOrg) {
        let app = ServiceApp::made_with(&org.caller, &["okta.users.read"], true).await;
        let key = ClientKey::new();
        let nonce = nonce(&org, &app, &key).await;
        let ask_with = async |nonce: &str| {
            ask(&org, &app, Some(&proof(&org, &key, "POST", "/oauth2/v1/token", &json!({ "nonce": nonce })))).await
        };
        let refused = "The DPoP proof JWT 'nonce' claim is invalid or expired.";
        let made_up = ask_with("made-up").await;
        made_up.refused_by_oauth(400, "use_dpop_nonce", refused);
        assert!(made_up.headers.contains_key("dpop-nonce"));
        org.wait_seconds(86_400);
        ask_with(&nonce).await.ok();
        org.wait_seconds(1);
        ask_with(&nonce).await.refused_by_oauth(400, "use_dpop_nonce", refused);
    }
}

on_both_engines! {
    async fn an_assertion_is_not_used_up_by_being_told_of_a_nonce(org: TestOrg) {
        let app = ServiceApp::made_with(&org.caller, &["okta.users.read"], true).await;
        let key = ClientKey::new();
        let assertion = app.key.sign(&json!({ "alg": "ES256" }), &app.assertion_claims(&org));
        let form = app.form("okta.users.read", &assertion);
        let send = async |proof: &str| post_form(&org.caller.without_token(), "/oauth2/v1/token", &form, &[("dpop", proof)]).await;
        let told = send(&proof(&org, &key, "POST", "/oauth2/v1/token", &json!({}))).await;
        let nonce = told.headers["dpop-nonce"].to_str().unwrap();
        send(&proof(&org, &key, "POST", "/oauth2/v1/token", &json!({ "nonce": nonce }))).await.ok();
    }
}

on_both_engines! {
    async fn the_proof_of_a_client_that_requires_none_does_not_matter(org: TestOrg) {
        let app = ServiceApp::made(&org.caller, &["okta.users.read"]).await;
        let key = ClientKey::new();
        for proof in ["nonsense".to_owned(), proof(&org, &key, "POST", "/oauth2/v1/token", &json!({}))] {
            let answer = ask(&org, &app, Some(&proof)).await;
            assert!(!answer.headers.contains_key("dpop-nonce"));
            let answer = answer.ok();
            assert_eq!(answer["token_type"], "Bearer");
            let token = text(&answer, "access_token");
            let bearer = org.caller.authorized(&format!("Bearer {token}"));
            bearer.send(Method::GET, "/api/v1/users", None).await.ok();
            // Nor is a token a bound one because it is shown so.
            list(&org.caller, &token, &proof).await.refused(401, "E0000011", "Invalid token provided", &[]);
        }
    }
}
