//! Discovery.

use reqwest::Method;
use serde_json::json;

use super::post_form;

on_both_engines! {
    async fn what_a_server_tells_of_itself_is_there(org: TestOrg) {
        let anyone = org.caller.without_token();
        let base = format!("http://{}", org.address());
        for (issuer, path) in [
            (base.clone(), "/.well-known/oauth-authorization-server"),
            (format!("{base}/oauth2/default"), "/oauth2/default/.well-known/oauth-authorization-server"),
        ] {
            let told = anyone.send(Method::GET, path, None).await.ok();
            assert_eq!(told["issuer"], json!(issuer));
            let at = |name: &str| told[name].as_str().unwrap().strip_prefix(&base).unwrap().to_owned();
            anyone.send(Method::GET, &at("jwks_uri"), None).await.ok();
            for endpoint in ["token_endpoint", "introspection_endpoint", "revocation_endpoint"] {
                let answer = post_form(&anyone, &at(endpoint), &[("grant_type", "client_credentials")], &[]).await;
                answer.refused_by_oauth(401, "invalid_client", "A client_id must be provided in the request.");
            }
            assert!(told["grant_types_supported"].as_array().unwrap().contains(&json!("client_credentials")));
            for methods in ["token_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported"] {
                assert!(told[methods].as_array().unwrap().contains(&json!("private_key_jwt")));
            }
        }
        let unknown = anyone.send(Method::GET, "/oauth2/aus0/.well-known/oauth-authorization-server", None).await;
        unknown.refused(404, "E0000007", "Not found: Resource not found: aus0 (AuthorizationServer)", &[]);
    }
}
