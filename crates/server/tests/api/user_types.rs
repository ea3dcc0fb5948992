//! User types (behaviour.md G.7, observed.md 5).

use reqwest::Method;
use serde_json::{Value, json};

use crate::context::{TestOrg, profile, text};

const TYPES: &str = "/api/v1/meta/types/user";

async fn created(org: &TestOrg, name: &str) -> Value {
    org.post(TYPES, json!({ "name": name, "displayName": "Contractor", "description": "Hired" })).await.ok()
}

fn path(user_type: &Value) -> String {
    format!("{TYPES}/{}", text(user_type, "id"))
}

on_both_engines! {
    async fn create_user_type_answers_200_and_the_type(org: TestOrg) {
        let user_type = org.post(TYPES, json!({ "name": "contractor", "displayName": "Contractor" })).await.ok();
        let id = text(&user_type, "id");
        assert!(id.starts_with("oty") && id.len() == 20, "{id}");
        let me = text(&org.get("/api/v1/users/me").await.ok(), "id");
        let (base, now) = (format!("http://{}/api/v1/meta", org.address()), "2026-01-02T03:04:05.000Z");
        let link = |rel: &str, path: String| json!({ "rel": rel, "href": format!("{base}/{path}"), "method": "GET" });
        let expected = json!({
            "id": id,
            "displayName": "Contractor",
            "name": "contractor",
            "description": null,
            "createdBy": me,
            "lastUpdatedBy": me,
            "created": now,
            "lastUpdated": now,
            "default": false,
            "_links": {
                "schema": link("schema", format!("schemas/user/{}", id.replacen("oty", "osc", 1))),
                "self": link("self", format!("types/user/{id}")),
            },
        });
        assert_eq!(user_type.to_string(), expected.to_string());
        assert_eq!(org.get(&path(&user_type)).await.ok(), user_type);
    }
}

on_both_engines! {
    async fn the_default_type_is_listed_first_and_known_as_default(org: TestOrg) {
        created(&org, "contractor").await;
        let listed = org.get(TYPES).await;
        assert_eq!(listed.link("self"), None);
        let listed = listed.ok();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!((listed[0]["name"].as_str(), listed[0]["default"].as_bool()), (Some("user"), Some(true)));
        assert_eq!((listed[1]["name"].as_str(), listed[1]["default"].as_bool()), (Some("contractor"), Some(false)));
        assert_eq!(org.get(&format!("{TYPES}/default")).await.ok(), listed[0]);
    }
}

on_both_engines! {
    async fn a_types_name_is_a_variable_name_of_its_own_and_it_has_a_display_name(org: TestOrg) {
        created(&org, "contractor").await;
        for name in ["9lives", "a-b", "a b", "é", "_a"] {
            let answer = org.post(TYPES, json!({ "name": name, "displayName": "X" })).await;
            let cause = "name: Does not match required pattern";
            answer.refused(400, "E0000001", "Api validation failed: name", &[cause]);
        }
        for name in ["contractor", "user"] {
            let answer = org.post(TYPES, json!({ "name": name, "displayName": "X" })).await;
            let cause = "name: An object with this field already exists in the current organization";
            answer.refused(400, "E0000001", "Api validation failed: name", &[cause]);
        }
        let blank = ["name: The field cannot be left blank", "displayName: The field cannot be left blank"];
        org.post(TYPES, json!({})).await.refused(400, "E0000001", "Api validation failed: name", &blank);
        let answer = org.post(TYPES, json!({ "name": "x", "displayName": " " })).await;
        answer.refused(400, "E0000001", "Api validation failed: displayName", &blank[1..]);
        assert_eq!(org.get(TYPES).await.ok().as_array().unwrap().len(), 2);
    }
}

on_both_engines! {
    async fn a_partial_update_keeps_and_a_replacement_clears_what_is_not_named(org: TestOrg) {
        let user_type = created(&org, "contractor").await;
        org.wait_seconds(5);
        let mut expected = user_type.clone();
        expected["displayName"] = json!("Freelancer");
        expected["lastUpdated"] = json!("2026-01-02T03:04:10.000Z");
        assert_eq!(org.post(&path(&user_type), json!({ "displayName": "Freelancer" })).await.ok(), expected);
        expected["description"] = Value::Null;
        assert_eq!(org.put(&path(&user_type), json!({ "displayName": "Freelancer" })).await.ok(), expected);
        assert_eq!(org.get(&path(&user_type)).await.ok(), expected);
        let blank = ["displayName: The field cannot be left blank"];
        let answer = org.put(&path(&user_type), json!({ "description": "Hired" })).await;
        answer.refused(400, "E0000001", "Api validation failed: displayName", &blank);
        assert_eq!(org.post(&path(&user_type), json!({ "description": "Hired" })).await.ok()["description"], "Hired");
    }
}

on_both_engines! {
    async fn a_types_name_never_changes(org: TestOrg) {
        let user_type = created(&org, "contractor").await;
        let body = json!({ "name": "freelancer", "displayName": "Contractor", "description": "Hired" });
        assert_eq!(org.post(&path(&user_type), body.clone()).await.ok()["name"], "contractor");
        assert_eq!(org.put(&path(&user_type), body).await.ok()["name"], "contractor");
    }
}

on_both_engines! {
    async fn who_changed_a_type_last_is_told(org: TestOrg) {
        let user_type = created(&org, "contractor").await;
        let other = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let role = format!("/api/v1/users/{}/roles", text(&other, "id"));
        assert_eq!(org.post(&role, json!({ "type": "SUPER_ADMIN" })).await.status, 201);
        let token = org.post("/api/v1/api-tokens", json!({ "name": "x", "userId": other["id"] })).await.ok();
        let other_caller = org.with_token(Some(&text(&token, "token")));
        let body = Some(json!({ "displayName": "Freelancer" }));
        let changed = other_caller.send(Method::POST, &path(&user_type), body).await.ok();
        assert_eq!((&changed["lastUpdatedBy"], &changed["createdBy"]), (&other["id"], &user_type["createdBy"]));
    }
}

on_both_engines! {
    async fn the_default_type_may_be_renamed_for_people(org: TestOrg) {
        let changed = org.post(&format!("{TYPES}/default"), json!({ "displayName": "Person" })).await.ok();
        assert_eq!((changed["name"].as_str(), changed["displayName"].as_str()), (Some("user"), Some("Person")));
    }
}

on_both_engines! {
    async fn a_deleted_type_is_not_found_and_neither_is_its_schema(org: TestOrg) {
        let user_type = created(&org, "contractor").await;
        let schema = text(&user_type, "_links.schema.href").replace(&format!("http://{}", org.address()), "");
        org.get(&schema).await.ok();
        org.delete(&path(&user_type)).await.no_content();
        let id = text(&user_type, "id");
        let summary = format!("Not found: Resource not found: {id} (CVDType)");
        for answer in [org.get(&path(&user_type)).await, org.delete(&path(&user_type)).await] {
            answer.refused(404, "E0000007", &summary, &[]);
        }
        let summary = format!("Not found: Resource not found: {} (UserSchema)", id.replacen("oty", "osc", 1));
        org.get(&schema).await.refused(404, "E0000007", &summary, &[]);
        created(&org, "contractor").await;
    }
}

on_both_engines! {
    async fn the_default_type_and_one_that_a_user_has_cannot_be_deleted(org: TestOrg) {
        let user_type = created(&org, "contractor").await;
        let user = json!({ "profile": profile("isaac@example.com"), "type": { "id": user_type["id"] } });
        org.post("/api/v1/users", user).await.ok();
        let default = text(&org.get(TYPES).await.ok()[0], "id");
        for path in [path(&user_type), format!("{TYPES}/default"), format!("{TYPES}/{default}")] {
            org.delete(&path).await.refused(403, "E0000142", "This User Type cannot be deleted.", &[]);
        }
        // A deactivated user has it still; one who is gone does not.
        org.delete("/api/v1/users/isaac@example.com").await.no_content();
        assert_eq!(org.delete(&path(&user_type)).await.status, 403);
        org.delete("/api/v1/users/isaac@example.com").await.no_content();
        org.delete(&path(&user_type)).await.no_content();
    }
}

on_both_engines! {
    async fn a_user_has_the_type_they_were_given_and_the_default_one_otherwise(org: TestOrg) {
        let (user_type, default) = (created(&org, "contractor").await, org.get(TYPES).await.ok()[0].clone());
        for (number, (given, expected)) in [
            (json!({ "id": user_type["id"] }), &user_type),
            (json!({ "id": "default" }), &default),
            (Value::Null, &default),
        ]
        .into_iter()
        .enumerate()
        {
            let body = json!({ "profile": profile(&format!("user{number}@example.com")), "type": given });
            let user = org.post("/api/v1/users", body).await.ok();
            assert_eq!(user["type"], json!({ "id": expected["id"] }));
            assert_eq!(user["_links"]["type"]["href"], expected["_links"]["self"]["href"]);
            assert_eq!(user["_links"]["schema"]["href"], expected["_links"]["schema"]["href"]);
        }
    }
}

on_both_engines! {
    async fn an_org_has_at_most_ten_user_types(org: TestOrg) {
        let body = |number: u32| json!({ "name": format!("type{number}"), "displayName": "T" });
        for number in 1..10 {
            org.post("/api/v1/meta/types/user", body(number)).await.ok();
        }
        let cause = "name: An org can have no more than 10 user types";
        let answer = org.post("/api/v1/meta/types/user", body(10)).await;
        answer.refused(400, "E0000001", "Api validation failed: name", &[cause]);
        assert_eq!(org.get("/api/v1/meta/types/user").await.ok().as_array().unwrap().len(), 10);
    }
}
