//! `/api/v1/inlineHooks`.

use serde_json::{Value, json};

use crate::context::text;

const TYPE: &str = "com.okta.user.credential.password.import";

fn hook(name: &str) -> Value {
    let auth = json!({ "type": "HEADER", "key": "Authorization", "value": "hook secret" });
    let headers = json!([{ "key": "X-Env", "value": "test" }]);
    let config = json!({ "uri": "https://hooks.example.com/import", "headers": headers, "authScheme": auth });
    json!({ "name": name, "type": TYPE, "version": "1.0.0", "channel": { "type": "HTTP", "version": "1.0.0", "config": config } })
}

on_both_engines! {
    async fn a_hook_is_made_read_changed_and_removed(org: TestOrg) {
        let made = org.post("/api/v1/inlineHooks", hook("Import")).await.ok();
        let id = text(&made, "id");
        assert!(id.starts_with("cal") && id.len() == 20, "{id}");
        assert_eq!((text(&made, "status"), text(&made, "type")), ("ACTIVE".into(), TYPE.into()));
        let auth = json!({ "type": "HEADER", "key": "Authorization" });
        assert_eq!(made["channel"]["config"]["authScheme"], auth, "its value is never shown");
        let path = format!("/api/v1/inlineHooks/{id}");
        assert_eq!(org.get(&path).await.ok(), made);
        assert_eq!(org.get("/api/v1/inlineHooks").await.ok(), json!([made]));
        assert_eq!(org.get(&format!("/api/v1/inlineHooks?type={TYPE}")).await.ok(), json!([made]));
        assert_eq!(org.get("/api/v1/inlineHooks?type=com.okta.saml.tokens.transform").await.ok(), json!([]));
        org.wait_seconds(5);
        let mut sent_back = made.clone();
        sent_back["name"] = json!("Other");
        let changed = org.put(&path, sent_back).await.ok();
        assert_eq!((&changed["name"], &changed["channel"]), (&json!("Other"), &made["channel"]));
        assert_ne!(changed["lastUpdated"], made["lastUpdated"]);
        let summary = "Api validation failed: status";
        org.delete(&path).await.refused(400, "E0000001", summary, &["status: An active inline hook cannot be deleted"]);
        assert_eq!(text(&org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok(), "status"), "INACTIVE");
        org.delete(&path).await.no_content();
        let summary = format!("Not found: Resource not found: {id} (InlineHook)");
        org.get(&path).await.refused(404, "E0000007", &summary, &[]);
        let log = org.get("/api/v1/logs?filter=eventType%20sw%20%22inline_hook%22").await.ok();
        let types: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect();
        assert_eq!(types, ["created", "updated", "deactivated", "deleted"].map(|it| format!("inline_hook.{it}")));
    }
}

on_both_engines! {
    async fn one_hook_at_most_is_active(org: TestOrg) {
        let first = org.post("/api/v1/inlineHooks", hook("First")).await.ok();
        let refusal = (400, "E0000001", "Api validation failed: type");
        let cause = "type: Another inline hook of this type is active";
        org.post("/api/v1/inlineHooks", hook("Second")).await.refused(refusal.0, refusal.1, refusal.2, &[cause]);
        let path = format!("/api/v1/inlineHooks/{}/lifecycle", text(&first, "id"));
        org.post(&format!("{path}/deactivate"), None).await.ok();
        org.post("/api/v1/inlineHooks", hook("Second")).await.ok();
        org.post(&format!("{path}/activate"), None).await.refused(refusal.0, refusal.1, refusal.2, &[cause]);
    }
}

on_both_engines! {
    async fn a_hook_needs_a_name_its_type_and_a_safe_address(org: TestOrg) {
        let mut bad = hook(" ");
        bad["type"] = json!("com.okta.saml.tokens.transform");
        bad["channel"]["config"]["uri"] = json!("http://hooks.example.com/");
        org.post("/api/v1/inlineHooks", bad).await.refused(400, "E0000001", "Api validation failed: name", &[
            "name: The field cannot be left blank",
            "type: The type must be com.okta.user.credential.password.import",
            "channel.config.uri: The address must be an https URL, or an http URL of this machine",
        ]);
        let mut split = hook("Import");
        split["channel"]["config"]["headers"] = json!([{ "key": "X-Env", "value": "a\r\nX-Evil: b" }]);
        let cause = "channel.config.headers: The field has an invalid value";
        let summary = "Api validation failed: channel.config.headers";
        org.post("/api/v1/inlineHooks", split).await.refused(400, "E0000001", summary, &[cause]);
    }
}
