//! Profile schemas and what they make of users (behaviour.md E.2, G.8; observed.md 5).

mod attributes;

use serde_json::{Value, json};

use crate::context::{TestOrg, profile, text};

const DEFAULT: &str = "/api/v1/meta/schemas/user/default";

/// Merges custom attributes into the schema at `path`.
async fn define_at(org: &TestOrg, path: &str, properties: Value) -> Value {
    org.post(path, json!({ "definitions": { "custom": { "properties": properties } } })).await.ok()
}

async fn define(org: &TestOrg, properties: Value) -> Value {
    define_at(org, DEFAULT, properties).await
}

/// A profile with one more attribute.
fn with(login: &str, name: &str, value: Value) -> Value {
    let mut profile = profile(login);
    profile[name] = value;
    json!({ "profile": profile })
}

on_both_engines! {
    async fn the_default_schema_is_a_real_orgs(org: TestOrg) {
        let schema = org.get(DEFAULT).await.ok();
        let base = format!("http://{}", org.address());
        let mut outside = schema.clone();
        let definitions = outside.as_object_mut().unwrap().shift_remove("definitions").unwrap();
        let type_id = text(&org.get("/api/v1/meta/types/user/default").await.ok(), "id");
        let link = |rel: &str, path: String| json!({ "rel": rel, "href": format!("{base}{path}"), "method": "GET" });
        let parts = json!([{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }]);
        let expected = json!({
            "id": format!("{base}/meta/schemas/user/default"),
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": "user",
            "title": "User",
            "description": "Okta user profile template with default permission settings",
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "created": "2026-01-02T03:04:05.000Z",
            "type": "object",
            "properties": { "profile": { "allOf": parts } },
            "_links": {
                "self": link("self", format!("/api/v1/meta/schemas/user/{}", type_id.replacen("oty", "osc", 1))),
                "type": link("type", format!("/api/v1/meta/types/user/{type_id}")),
            },
        });
        assert_eq!(outside.to_string(), expected.to_string());
        assert_eq!(definitions["custom"], json!({ "id": "#custom", "type": "object", "properties": {} }));
        let base = &definitions["base"];
        assert_eq!((&base["id"], &base["type"]), (&json!("#base"), &json!("object")));
        assert_eq!(base["required"], json!(["login", "firstName", "lastName", "email"]));
        assert_eq!(base["properties"].as_object().unwrap().len(), 31);
        let login = json!({
            "title": "Username",
            "type": "string",
            "required": true,
            "mutability": "READ_WRITE",
            "scope": "NONE",
            "minLength": 5,
            "maxLength": 100,
            "permissions": [{ "principal": "SELF", "action": "READ_ONLY" }],
            "master": { "type": "PROFILE_MASTER" },
        });
        assert_eq!(base["properties"]["login"], login);
        assert_eq!(
            org.get(&text(&schema, "_links.self.href")[format!("http://{}", org.address()).len()..]).await.ok(),
            schema
        );
    }
}

on_both_engines! {
    async fn a_defined_attribute_is_printed_with_what_it_has_by_default(org: TestOrg) {
        org.wait_seconds(5);
        let band = json!({ "title": "Band", "type": "string", "required": false });
        let answer = define(&org, json!({ "band": band })).await;
        let printed = json!({
            "title": "Band",
            "type": "string",
            "mutability": "READ_WRITE",
            "scope": "NONE",
            "permissions": [{ "principal": "SELF", "action": "READ_ONLY" }],
            "master": { "type": "PROFILE_MASTER" },
        });
        assert_eq!(answer["definitions"]["custom"]["properties"], json!({ "band": printed }));
        assert_eq!(answer["lastUpdated"], "2026-01-02T03:04:10.000Z");
        assert_eq!(answer["created"], "2026-01-02T03:04:05.000Z");
        assert_eq!(org.get(DEFAULT).await.ok(), answer);
    }
}

on_both_engines! {
    async fn a_change_merges_and_null_removes(org: TestOrg) {
        let text = |title: &str| json!({ "title": title, "type": "string" });
        define(&org, json!({ "a": text("A"), "b": text("B"), "c": text("C") })).await;
        let answer =
            define(&org, json!({ "a": { "title": "First", "required": true }, "b": null, "d": text("D") })).await;
        let custom = &answer["definitions"]["custom"];
        let names: Vec<&String> = custom["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["a", "c", "d"]);
        assert_eq!(custom["properties"]["a"]["title"], "First");
        assert_eq!(custom["required"], json!(["a"]));
        let answer = define(&org, json!({ "a": null, "c": null, "d": null, "unheardOf": null })).await;
        assert_eq!(answer["definitions"]["custom"]["properties"], json!({}));
    }
}

on_both_engines! {
    async fn a_schema_may_be_sent_back_as_it_came(org: TestOrg) {
        define(&org, json!({ "band": { "title": "Band", "type": "string" } })).await;
        let schema = org.get(DEFAULT).await.ok();
        assert_eq!(org.post(DEFAULT, schema.clone()).await.ok(), schema);
    }
}

on_both_engines! {
    async fn a_change_with_one_mistake_changes_nothing(org: TestOrg) {
        let before = org.get(DEFAULT).await.ok();
        let good = json!({ "title": "Good", "type": "string" });
        for (name, bad, cause) in [
            ("bad", json!({ "type": "string" }), "bad.title: "),
            (
                "bad",
                json!({ "title": "Bad", "type": "date" }),
                "bad.type: The type must be string, boolean, integer, number or array",
            ),
            (
                "bad",
                json!({ "title": "Bad", "type": "array" }),
                "bad.items: An array needs items, and nothing else has them",
            ),
            (
                "bad",
                json!({ "title": "Bad", "type": "integer", "enum": ["one"] }),
                "bad.enum: The values must have the type of the attribute",
            ),
            ("bad", json!({ "title": "Bad", "type": "string", "minLength": 5, "maxLength": 4 }), "bad.minLength: "),
            ("b-d", good.clone(), "b-d: "),
            ("9d", good.clone(), "9d: "),
            ("title", good.clone(), "title: A base attribute has this name"),
        ] {
            let properties = json!({ "good": good, name: bad });
            let answer = org.post(DEFAULT, json!({ "definitions": { "custom": { "properties": properties } } })).await;
            assert_eq!((answer.status, answer.body["errorCode"].as_str()), (400, Some("E0000001")), "{name}");
            let told = answer.body["errorCauses"][0]["errorSummary"].as_str().unwrap();
            assert!(told.starts_with(cause), "{told}");
            assert_eq!(org.get(DEFAULT).await.ok(), before);
        }
    }
}

on_both_engines! {
    async fn each_type_has_a_schema_of_its_own(org: TestOrg) {
        let user_type = json!({ "name": "contractor", "displayName": "Contractor" });
        let user_type = org.post("/api/v1/meta/types/user", user_type).await.ok();
        let schema = format!("/api/v1/meta/schemas/user/{}", text(&user_type, "id").replacen("oty", "osc", 1));
        let answer = define_at(&org, &schema, json!({ "agency": { "title": "Agency", "type": "string" } })).await;
        assert_eq!(answer["name"], "contractor");
        assert_eq!(answer["definitions"]["base"], org.get(DEFAULT).await.ok()["definitions"]["base"]);
        let user = with("isaac@example.com", "agency", json!("Epic"));
        let cause = "Property name 'agency' is not defined in profile";
        let answer = org.post("/api/v1/users", user.clone()).await;
        answer.refused(400, "E0000001", "Api validation failed: newUser", &[cause]);
        let mut user = user;
        user["type"] = json!({ "id": user_type["id"] });
        assert_eq!(org.post("/api/v1/users", user).await.ok()["profile"]["agency"], "Epic");
    }
}

on_both_engines! {
    async fn the_login_pattern_and_the_need_of_names_may_be_changed(org: TestOrg) {
        let base = async |properties: Value| {
            org.post(DEFAULT, json!({ "definitions": { "base": { "properties": properties } } })).await
        };
        let nameless = json!({ "profile": { "login": "isaac brock", "email": "isaac@example.com" } });
        assert_eq!(org.post("/api/v1/users", nameless.clone()).await.status, 400);
        let optional = json!({ "required": false });
        let change = json!({ "login": { "pattern": ".+" }, "firstName": optional, "lastName": optional });
        let schema = base(change).await.ok();
        assert_eq!(schema["definitions"]["base"]["required"], json!(["login", "email"]));
        assert_eq!(schema["definitions"]["base"]["properties"]["login"]["pattern"], ".+");
        let user = org.post("/api/v1/users", nameless).await.ok();
        assert_eq!(user["profile"]["firstName"], Value::Null);
        assert_eq!(org.get("/api/v1/users/isaac%20brock").await.ok()["id"], user["id"]);
        base(json!({ "login": { "pattern": "[a-z]+" } })).await.ok();
        let answer = org.post("/api/v1/users", json!({ "profile": profile("ISAAC@example.com") })).await;
        let cause = "login: Does not match required pattern";
        assert_eq!(answer.body["errorCauses"], json!([{ "errorSummary": cause }]));
        for properties in [
            json!({ "email": { "required": false } }),
            json!({ "title": null }),
            json!({ "city": { "type": "number" } }),
        ] {
            assert_eq!(base(properties.clone()).await.status, 400, "{properties}");
        }
    }
}

on_both_engines! {
    async fn a_schema_that_is_not_there_is_not_found(org: TestOrg) {
        for id in ["nothing", "osc", "Default"] {
            let path = format!("/api/v1/meta/schemas/user/{id}");
            let summary = format!("Not found: Resource not found: {id} (UserSchema)");
            org.get(&path).await.refused(404, "E0000007", &summary, &[]);
            org.post(&path, json!({})).await.refused(404, "E0000007", &summary, &[]);
        }
    }
}
