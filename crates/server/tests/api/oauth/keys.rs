//! Signing keys.

use serde_json::{Value, json};

fn kids(keys: &Value) -> Vec<String> {
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn each_server_publishes_keys_of_its_own_and_keeps_them(org: TestOrg) {
        let anyone = org.caller.without_token();
        let get = async |path: &str| anyone.send(reqwest::Method::GET, path, None).await.ok();
        let own = get("/oauth2/v1/keys").await;
        assert_eq!(kids(&own).len(), 2, "the key that signs, and the next one");
        for key in own["keys"].as_array().unwrap() {
            assert_eq!((&key["kty"], &key["alg"], &key["use"], &key["e"]), (&json!("RSA"), &json!("RS256"), &json!("sig"), &json!("AQAB")));
            assert!(key.get("d").is_none() && key["kid"].as_str().unwrap().len() == 43, "{key}");
        }
        assert_eq!(get("/oauth2/v1/keys").await, own);
        let custom = get("/oauth2/default/v1/keys").await;
        assert!(kids(&custom).iter().all(|kid| !kids(&own).contains(kid)));
        let other = org.other_org("acme").await.without_token();
        let others = other.send(reqwest::Method::GET, "/oauth2/v1/keys", None).await.ok();
        assert!(kids(&others).iter().all(|kid| !kids(&own).contains(kid)));
        let summary = "Not found: Resource not found: aus0 (AuthorizationServer)";
        anyone.send(reqwest::Method::GET, "/oauth2/aus0/v1/keys", None).await.refused(404, "E0000007", summary, &[]);
    }
}

on_both_engines! {
    async fn keys_asked_for_at_once_are_drawn_once(org: TestOrg) {
        let ask = || {
            let anyone = org.caller.without_token();
            tokio::spawn(async move { anyone.send(reqwest::Method::GET, "/oauth2/v1/keys", None).await.ok() })
        };
        let asked = [ask(), ask(), ask(), ask()];
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.unwrap());
        }
        assert!(answers.iter().all(|answer| answer == &answers[0]));
    }
}
