//! `/api/v1/idps`.

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

const PATH: &str = "/api/v1/idps";

/// The body that creates a social identity provider.
pub(crate) fn identity_provider(name: &str, kind: &str) -> Value {
    let client = json!({ "client_id": "roster", "client_secret": "our-secret" });
    json!({ "name": name, "type": kind, "protocol": { "credentials": { "client": client } } })
}

async fn created(org: &TestOrg, body: Value) -> String {
    text(&org.post(PATH, body).await.ok(), "id")
}

/// A text of each item of a list.
fn texts(list: &Value, path: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| text(item, path)).collect()
}

on_both_engines! {
    async fn create_identity_provider_keeps_what_is_sent_over_the_defaults_of_its_type(org: TestOrg) {
        let mut body = identity_provider("Google", "GOOGLE");
        body["policy"] = json!({ "accountLink": { "action": "DISABLED" }, "extra": [1] });
        let made = org.post(PATH, body).await.ok();
        let members: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["id", "issuerMode", "name", "status", "created", "lastUpdated", "protocol", "policy", "type", "_links"]);
        assert_eq!((text(&made, "status"), text(&made, "issuerMode")), ("ACTIVE".to_owned(), "ORG_URL".to_owned()));
        assert_eq!(made["protocol"]["credentials"]["client"], json!({ "client_id": "roster", "client_secret": "our-secret" }));
        assert_eq!(made["policy"]["accountLink"], json!({ "filter": null, "action": "DISABLED" }));
        assert_eq!(made["policy"]["extra"], json!([1]));
        assert!(text(&made, "_links.authorize.href").contains(&format!("/oauth2/v1/authorize?idp={}&", text(&made, "id"))));
        assert_eq!(org.get(&format!("{PATH}/{}", text(&made, "id"))).await.ok(), made);
    }
}

on_both_engines! {
    async fn each_type_needs_what_its_protocol_needs(org: TestOrg) {
        let oidc = json!({
            "endpoints": {
                "authorization": { "url": "https://idp.example.com/authorize" },
                "token": { "url": "https://idp.example.com/token" },
                "jwks": { "url": "https://idp.example.com/keys", "binding": "HTTP-REDIRECT" },
            },
            "credentials": { "client": { "client_id": "a" } },
        });
        let saml = json!({
            "endpoints": { "sso": { "url": "https://idp.example.com" } },
            "credentials": { "trust": { "issuer": "https://idp.example.com", "kid": "a" } },
        });
        for (kind, protocol) in [("OIDC", oidc), ("SAML2", saml), ("X509", json!({}))] {
            let made = org.post(PATH, json!({ "name": kind, "type": kind, "protocol": protocol })).await.ok();
            assert_eq!(text(&made, "type"), kind);
            assert_eq!(made["_links"]["deactivate"].is_object(), kind != "OIDC");
        }
        for (kind, field) in [("OIDC", "protocol.endpoints.authorization.url"), ("SAML2", "protocol.endpoints.sso.url"), ("APPLE", "protocol.credentials.client.client_id")] {
            let answer = org.post(PATH, json!({ "name": kind, "type": kind })).await;
            assert_eq!(text(&answer.body, "errorSummary"), format!("Api validation failed: {field}"));
        }
        let wrong = json!({ "name": "A", "type": "GOOGLE", "protocol": { "type": "SAML2" } });
        let cause = "protocol.type: The field has an invalid value";
        org.post(PATH, wrong).await.refused(400, "E0000001", "Api validation failed: protocol.type", &[cause]);
        org.post(PATH, json!({ "name": "A", "type": "MYSPACE" })).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        org.post(PATH, json!({ "name": "A" })).await.refused(400, "E0000001", "Api validation failed: type", &["type: The field cannot be left blank"]);
    }
}

on_both_engines! {
    async fn update_identity_provider_replaces_it_and_keeps_a_secret_that_is_not_sent(org: TestOrg) {
        let path = format!("{PATH}/{}", created(&org, identity_provider("Google", "GOOGLE")).await);
        org.wait_seconds(5);
        let mut body = identity_provider("Googol", "GOOGLE");
        body["protocol"]["credentials"]["client"] = json!({ "client_id": "other" });
        let updated = org.put(&path, body).await.ok();
        assert_eq!(text(&updated, "name"), "Googol");
        assert_eq!(updated["protocol"]["credentials"]["client"], json!({ "client_id": "other", "client_secret": "our-secret" }));
        assert_eq!((&updated["created"], text(&updated, "lastUpdated")), (&Value::Null, "2026-01-02T03:04:10.000Z".to_owned()));
        let mut seen = org.get(&path).await.ok();
        assert_eq!(text(&seen, "created"), "2026-01-02T03:04:05.000Z");
        seen["created"] = Value::Null;
        assert_eq!(seen, updated);
    }
}

on_both_engines! {
    async fn activate_and_deactivate_identity_provider_answer_it(org: TestOrg) {
        let id = created(&org, identity_provider("Google", "GOOGLE")).await;
        let path = format!("{PATH}/{id}");
        for (operation, status) in [("deactivate", "INACTIVE"), ("deactivate", "INACTIVE"), ("activate", "ACTIVE")] {
            assert_eq!(text(&org.post(&format!("{path}/lifecycle/{operation}"), None).await.ok(), "status"), status);
        }
        org.delete(&path).await.no_content();
        let summary = format!("Not found: Resource not found: {id} (IdpTrust)");
        org.get(&path).await.refused(404, "E0000007", &summary, &[]);
        let log = org.get("/api/v1/logs?filter=eventType%20sw%20%22system.idp.lifecycle%22").await.ok();
        assert_eq!(texts(&log, "eventType"), ["create", "deactivate", "activate", "delete"].map(|it| format!("system.idp.lifecycle.{it}")));
    }
}

on_both_engines! {
    async fn list_identity_providers_finds_by_name_and_type_through_all_pages(org: TestOrg) {
        for (name, kind) in [("West Google", "GOOGLE"), ("East Google", "GOOGLE"), ("West Facebook", "FACEBOOK"), ("North google", "GOOGLE")] {
            created(&org, identity_provider(name, kind)).await;
        }
        let names = async |query: &str| texts(&org.get(&format!("{PATH}{query}")).await.ok(), "name");
        assert_eq!(names("?q=west").await, ["West Google", "West Facebook"]);
        assert_eq!(names("?type=FACEBOOK").await, ["West Facebook"]);
        let first = org.get(&format!("{PATH}?q=google&type=GOOGLE&limit=2")).await;
        // A real org's links forget what was asked for.
        assert_eq!(first.link_path("self"), Some(format!("{PATH}?limit=2")));
        let next = first.link_path("next").unwrap();
        assert!(!next.contains("google"));
        assert_eq!(texts(&first.ok(), "name"), ["West Google", "East Google"]);
        assert_eq!(texts(&org.get(&next).await.ok(), "name"), ["North google"]);
        let cause = "type: The field has an invalid value";
        org.get(&format!("{PATH}?type=MYSPACE")).await.refused(400, "E0000001", "Api validation failed: type", &[cause]);
    }
}

on_both_engines! {
    async fn link_user_to_identity_provider_and_back(org: TestOrg) {
        let id = created(&org, identity_provider("Google", "GOOGLE")).await;
        let isaac = text(&org.create("isaac@example.com").await, "id");
        let path = format!("{PATH}/{id}/users/{isaac}");
        let missing = format!("Not found: Resource not found: {isaac} (IdpAppUser)");
        org.get(&path).await.refused(404, "E0000007", &missing, &[]);
        let linked = org.post(&path, json!({ "externalId": "121749775026145" })).await.ok();
        let base = format!("http://{}", org.address());
        assert_eq!(linked, json!({
            "id": isaac,
            "externalId": "121749775026145",
            "created": "2026-01-02T03:04:05.000Z",
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "profile": { "firstName": "Isaac", "lastName": "Brock", "email": "isaac@example.com" },
            "_links": {
                "idp": { "href": format!("{base}{PATH}/{id}") },
                "self": { "href": format!("{base}{path}"), "hints": { "allow": ["GET", "DELETE"] } },
                "user": { "href": format!("{base}/api/v1/users/{isaac}"), "hints": { "allow": ["GET"] } },
            },
        }));
        assert_eq!(org.get(&path).await.ok(), linked);
        assert_eq!(org.get(&format!("{PATH}/{id}/users")).await.ok(), json!([linked]));
        assert_eq!(org.get(&format!("{path}/credentials/tokens")).await.ok(), json!([]));
        let providers = org.get(&format!("/api/v1/users/{isaac}/idps")).await.ok();
        assert_eq!(providers, json!([org.get(&format!("{PATH}/{id}")).await.ok()]));
        org.delete(&path).await.no_content();
        org.delete(&path).await.refused(404, "E0000007", &missing, &[]);
        assert_eq!(org.get(&format!("/api/v1/users/{isaac}/idps")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_provider_means_one_user_by_one_id(org: TestOrg) {
        let id = created(&org, identity_provider("Google", "GOOGLE")).await;
        let [isaac, eric] = [org.create("isaac@example.com").await, org.create("eric@example.com").await].map(|user| text(&user, "id"));
        let link = async |user: &str, external_id: &str| org.post(&format!("{PATH}/{id}/users/{user}"), json!({ "externalId": external_id })).await;
        link(&isaac, "1").await.ok();
        let cause = "externalId: An object with this field already exists in the current organization";
        link(&eric, "1").await.refused(400, "E0000001", "Api validation failed: externalId", &[cause]);
        link(&eric, "").await.refused(400, "E0000001", "Api validation failed: externalId", &["externalId: The field cannot be left blank"]);
        // Linked again, the user has another id, and the old one is free.
        assert_eq!(text(&link(&isaac, "2").await.ok(), "externalId"), "2");
        link(&eric, "1").await.ok();
        let pages = org.get(&format!("{PATH}/{id}/users?limit=1")).await;
        let next = pages.link_path("next").unwrap();
        assert_eq!(texts(&pages.ok(), "externalId"), ["2"]);
        assert_eq!(texts(&org.get(&next).await.ok(), "externalId"), ["1"]);
    }
}

on_both_engines! {
    async fn an_erased_user_or_provider_leaves_no_link(org: TestOrg) {
        let id = created(&org, identity_provider("Google", "GOOGLE")).await;
        let [isaac, eric] = [org.create("isaac@example.com").await, org.create("eric@example.com").await].map(|user| text(&user, "id"));
        for (user, external_id) in [(&isaac, "1"), (&eric, "2")] {
            org.post(&format!("{PATH}/{id}/users/{user}"), json!({ "externalId": external_id })).await.ok();
        }
        // A deactivated user keeps their links.
        org.delete(&format!("/api/v1/users/{isaac}")).await.no_content();
        assert_eq!(org.get(&format!("/api/v1/users/{isaac}/idps")).await.ok().as_array().unwrap().len(), 1);
        org.delete(&format!("/api/v1/users/{isaac}")).await.no_content();
        assert_eq!(texts(&org.get(&format!("{PATH}/{id}/users")).await.ok(), "id"), std::slice::from_ref(&eric));
        org.delete(&format!("{PATH}/{id}")).await.no_content();
        assert_eq!(org.get(&format!("/api/v1/users/{eric}/idps")).await.ok(), json!([]));
    }
}
