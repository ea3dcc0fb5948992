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

on_both_engines! {
    async fn openid_configuration_tells_what_oauth_metadata_tells_and_more(org: TestOrg) {
        let anyone = org.caller.without_token();
        let base = format!("http://{}", org.address());
        for server in ["", "/oauth2/default"] {
            let get = async |name: &str| anyone.send(Method::GET, &format!("{server}/.well-known/{name}"), None).await.ok();
            let (openid, oauth) = (get("openid-configuration").await, get("oauth-authorization-server").await);
            for (name, value) in oauth.as_object().unwrap() {
                assert_eq!(&openid[name], value, "{name}");
            }
            let endpoints = if server.is_empty() { format!("{base}/oauth2/v1") } else { format!("{base}{server}/v1") };
            assert_eq!(openid["authorization_endpoint"], json!(format!("{endpoints}/authorize")));
            assert_eq!(openid["userinfo_endpoint"], json!(format!("{endpoints}/userinfo")));
            assert_eq!(openid["code_challenge_methods_supported"], json!(["S256"]));
            assert_eq!(openid["authorization_response_iss_parameter_supported"], json!(true));
            for grant in ["authorization_code", "refresh_token", "implicit"] {
                assert!(openid["grant_types_supported"].as_array().unwrap().contains(&json!(grant)));
            }
        }
    }
}
