//! `/api/v1/apps`.

mod groups;
mod links;
mod tokens;
mod users;

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

pub(crate) const PATH: &str = "/api/v1/apps";

/// The body that creates a bookmark.
pub(crate) fn bookmark(label: &str) -> Value {
    json!({ "name": "bookmark", "label": label, "signOnMode": "BOOKMARK",
        "settings": { "app": { "url": "https://example.com/bookmark.htm" } } })
}

/// The body that creates an OAuth client.
pub(crate) fn client(label: &str) -> Value {
    json!({ "name": "oidc_client", "label": label, "signOnMode": "OPENID_CONNECT",
        "settings": { "oauthClient": { "application_type": "web", "redirect_uris": ["https://example.com/callback"] } } })
}

/// Creates an app and answers its path.
pub(crate) async fn created(org: &TestOrg, body: Value) -> String {
    format!("{PATH}/{}", text(&org.post(PATH, body).await.ok(), "id"))
}

/// The `id`s of a list.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| text(item, "id")).collect()
}

on_both_engines! {
    async fn create_application_fills_in_what_a_real_org_fills_in(org: TestOrg) {
        let made = org.post(PATH, bookmark("Books")).await.ok();
        let own = format!("http://{}{PATH}/{}", org.address(), text(&made, "id"));
        let members: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["id", "name", "label", "status", "lastUpdated", "created", "accessibility", "visibility",
            "features", "signOnMode", "credentials", "settings", "_links"]);
        assert_eq!(text(&made, "status"), "ACTIVE");
        assert_eq!(made["visibility"]["hide"], json!({ "iOS": false, "web": false }));
        assert_eq!(made["settings"]["app"], json!({ "requestIntegration": false, "url": "https://example.com/bookmark.htm" }));
        assert_eq!(made["_links"]["deactivate"], json!({ "href": format!("{own}/lifecycle/deactivate") }));
        assert_eq!(made["_links"]["users"], json!({ "href": format!("{own}/users") }));
        assert_eq!(org.get(&format!("{PATH}/{}", text(&made, "id"))).await.ok(), made);
        let inactive = org.post(&format!("{PATH}?activate=false"), bookmark("Later")).await.ok();
        assert_eq!(text(&inactive, "status"), "INACTIVE");
        assert!(inactive["_links"]["activate"].is_object());
    }
}

on_both_engines! {
    async fn each_kind_of_app_is_kept_as_it_was_sent(org: TestOrg) {
        let swa = json!({ "buttonField": "go", "passwordField": "pass", "usernameField": "name", "url": "https://a.example" });
        let saml = json!({ "ssoAcsUrl": "https://a.example/acs", "audience": "a", "slo": { "enabled": true, "issuer": "x" } });
        for (name, mode, settings) in [
            (Some("template_swa"), "BROWSER_PLUGIN", json!({ "app": swa })),
            (Some("template_basic_auth"), "BASIC_AUTH", json!({ "app": { "url": "https://a.example", "authURL": "https://b.example" } })),
            (None, "AUTO_LOGIN", json!({ "signOn": { "loginUrl": "https://a.example" } })),
            (None, "SAML_2_0", json!({ "signOn": saml })),
            (Some("oidc_client"), "OPENID_CONNECT", json!({ "oauthClient": { "redirect_uris": ["https://a.example/cb"], "client_uri": "https://a.example" } })),
        ] {
            let body = json!({ "name": name, "label": mode, "signOnMode": mode, "settings": settings, "profile": { "team": "west" } });
            let made = org.post(PATH, body).await.ok();
            assert_eq!(text(&made, "signOnMode"), mode);
            assert_eq!(name.unwrap_or(&text(&made, "name")), text(&made, "name"));
            let contains = |kept: &Value, sent: &Value| sent.as_object().unwrap().iter().all(|(name, value)| &kept[name] == value);
            for (section, sent) in settings.as_object().unwrap() {
                assert!(contains(&made["settings"][section], sent), "{made}");
            }
            assert_eq!(made["profile"], json!({ "team": "west" }));
        }
        // Apps of their own have names of their own.
        let names = org.get(&format!("{PATH}?q=default_")).await.ok();
        assert_eq!(names.as_array().unwrap().len(), 2);
    }
}

on_both_engines! {
    async fn create_application_tells_what_is_wrong_and_keeps_nothing(org: TestOrg) {
        let mut body = bookmark("Books");
        body["label"] = json!(null);
        org.post(PATH, body).await.refused(400, "E0000001", "Api validation failed: label", &["label: Label must be specified"]);
        let body = json!({ "name": "bookmark", "label": "Books" });
        org.post(PATH, body).await.refused(400, "E0000001", "Api validation failed: url", &["url: The field cannot be left blank"]);
        for (member, value) in [("signOnMode", json!("MAGIC")), ("visibility", json!("none")), ("label", json!(1))] {
            let mut body = bookmark("Books");
            body[member] = value;
            org.post(PATH, body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
        assert_eq!(org.get(PATH).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_client_secret_is_shown_when_it_is_made_or_sent_and_never_again(org: TestOrg) {
        let made = org.post(PATH, client("Web")).await.ok();
        let path = format!("{PATH}/{}", text(&made, "id"));
        assert_eq!(text(&made, "credentials.oauthClient.client_id"), text(&made, "id"));
        assert_eq!(text(&made, "credentials.oauthClient.client_secret").len(), 64);
        let seen = org.get(&path).await.ok();
        assert_eq!(seen["credentials"]["oauthClient"], json!({ "autoKeyRotation": true,
            "token_endpoint_auth_method": "client_secret_basic", "client_id": made["id"] }));
        let mut body = seen.clone();
        body["credentials"]["oauthClient"]["client_secret"] = json!("a-secret-of-our-own-choice");
        let sent = org.put(&path, body.clone()).await.ok();
        assert_eq!(text(&sent, "credentials.oauthClient.client_secret"), "a-secret-of-our-own-choice");
        assert_eq!(org.get(&path).await.ok()["credentials"], seen["credentials"]);
        // A client without a secret gets none; a given client id is kept, and no other app may have it.
        let mut public = client("Native");
        public["credentials"] = json!({ "oauthClient": { "client_id": "native", "token_endpoint_auth_method": "none" } });
        let made = org.post(PATH, public.clone()).await.ok();
        assert_eq!(made["credentials"]["oauthClient"].get("client_secret"), None);
        assert_eq!(text(&made, "credentials.oauthClient.client_id"), "native");
        let cause = "client_id: An object with this field already exists in the current organization";
        org.post(PATH, public).await.refused(400, "E0000001", "Api validation failed: client_id", &[cause]);
    }
}

on_both_engines! {
    async fn update_application_replaces_what_its_maker_says(org: TestOrg) {
        let path = created(&org, bookmark("Books")).await;
        org.wait_seconds(5);
        let mut body = bookmark("Magazines");
        body["settings"]["app"]["url"] = json!("https://example.com/magazines");
        body["status"] = json!("INACTIVE");
        body["id"] = json!("0oaother");
        let updated = org.put(&path, body).await.ok();
        assert_eq!((text(&updated, "label"), text(&updated, "status")), ("Magazines".to_owned(), "ACTIVE".to_owned()));
        assert_eq!(text(&updated, "lastUpdated"), "2026-01-02T03:04:10.000Z");
        assert_eq!(text(&updated, "created"), "2026-01-02T03:04:05.000Z");
        assert_eq!(org.get(&path).await.ok(), updated);
        let missing = json!({ "name": "bookmark", "label": "Magazines" });
        org.put(&path, missing).await.refused(400, "E0000001", "Api validation failed: url", &["url: The field cannot be left blank"]);
        assert_eq!(org.get(&path).await.ok(), updated);
    }
}

on_both_engines! {
    async fn delete_application_refuses_an_active_app(org: TestOrg) {
        let path = created(&org, bookmark("Books")).await;
        let cause = "The application must be deactivated before deletion.";
        org.delete(&path).await.refused(403, "E0000056", "Delete application forbidden.", &[cause]);
        for _ in 0..2 {
            assert_eq!(org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok(), json!({}));
        }
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "INACTIVE");
        org.post(&format!("{path}/lifecycle/activate"), None).await.ok();
        org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok();
        org.delete(&path).await.no_content();
        let id = path.rsplit('/').next().unwrap();
        let summary = format!("Not found: Resource not found: {id} (AppInstance)");
        org.get(&path).await.refused(404, "E0000007", &summary, &[]);
        let log = org.get("/api/v1/logs?filter=eventType%20sw%20%22application.lifecycle%22").await.ok();
        let told: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect();
        assert_eq!(told, ["create", "deactivate", "activate", "deactivate", "delete"].map(|it| format!("application.lifecycle.{it}")));
    }
}

on_both_engines! {
    async fn list_applications_pages_and_finds_by_prefix_and_filter(org: TestOrg) {
        let mut made = Vec::new();
        for label in ["Alpha", "Beta", "alphabet"] {
            made.push(created(&org, bookmark(label)).await.rsplit('/').next().unwrap().to_owned());
        }
        org.post(&format!("{PATH}/{}/lifecycle/deactivate", made[2]), None).await.ok();
        let first = org.get(&format!("{PATH}?limit=2")).await;
        let next = first.link_path("next").unwrap();
        assert_eq!(ids(&first.ok()), made[..2]);
        assert_eq!(ids(&org.get(&next).await.ok()), made[2..]);
        assert_eq!(org.get(PATH).await.link_path("self"), Some(format!("{PATH}?limit=20")));
        assert_eq!(ids(&org.get(&format!("{PATH}?q=ALPHA")).await.ok()), [made[0].clone(), made[2].clone()]);
        let both = org.get(&format!("{PATH}?filter=status%20eq%20%22ACTIVE%22&limit=1&q=alpha")).await;
        assert_eq!(both.link_path("self"), Some(format!("{PATH}?limit=1&q=alpha&filter=status+eq+%22ACTIVE%22")));
        assert_eq!(ids(&both.ok()), made[..1]);
        org.get(&format!("{PATH}?filter=status%20eq")).await.status.eq(&400).then_some(()).unwrap();
        let summary = "Api validation failed: RequestParams";
        org.get(&format!("{PATH}?expand=all")).await.refused(400, "E0000001", summary, &["Expand query is malformed."]);
    }
}
