//! Custom attributes in the profiles of users.

use serde_json::{Value, json};

use super::{DEFAULT, define, define_at, with};
use crate::context::{TestOrg, profile, text};

/// One attribute of each type.
fn one_of_each() -> Value {
    let array = |items: &str| json!({ "title": "T", "type": "array", "items": { "type": items } });
    let scalar = |kind: &str| json!({ "title": "T", "type": kind });
    json!({
        "text": scalar("string"),
        "flag": scalar("boolean"),
        "count": scalar("integer"),
        "ratio": scalar("number"),
        "texts": array("string"),
        "counts": array("integer"),
        "ratios": array("number"),
        "flags": array("boolean"),
    })
}

on_both_engines! {
    async fn a_user_keeps_values_of_every_type_as_they_were_sent(org: TestOrg) {
        define(&org, one_of_each()).await;
        let values = json!({
            "text": "<b>ü</b> & \"q\"",
            "flag": false,
            "count": -9_007_199_254_740_993_i64,
            "ratio": 1.5e-7,
            "texts": ["b", "a", "b"],
            "counts": [3, 1],
            "ratios": [0.1, 2],
            "flags": [],
        });
        let mut user = profile("isaac@example.com");
        user.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        let created = org.post("/api/v1/users", json!({ "profile": user })).await.ok();
        let read = org.get("/api/v1/users/isaac@example.com").await.ok();
        for (name, value) in values.as_object().unwrap() {
            assert_eq!((&created["profile"][name], &read["profile"][name]), (value, value), "{name}");
        }
    }
}

on_both_engines! {
    async fn a_value_of_another_json_type_is_refused(org: TestOrg) {
        define(&org, one_of_each()).await;
        let must = |name: &str, what: &str| format!("{name}: The field must be of type {what}");
        for (name, value, what) in [
            ("text", json!(7), "string"),
            ("flag", json!("true"), "boolean"),
            ("count", json!("7"), "integer"),
            ("count", json!(7.5), "integer"),
            ("ratio", json!("7"), "number"),
            ("texts", json!("a"), "array of string"),
            ("texts", json!(["a", 1]), "array of string"),
            ("counts", json!([1.5]), "array of integer"),
            ("ratios", json!([true]), "array of number"),
            ("flags", json!([null]), "array of boolean"),
            ("text", json!({}), "string"),
        ] {
            let answer = org.post("/api/v1/users", with("isaac@example.com", name, value)).await;
            answer.refused(400, "E0000001", &format!("Api validation failed: {name}"), &[&must(name, what)]);
        }
        assert_eq!(org.get("/api/v1/users/isaac@example.com").await.status, 404);
    }
}

on_both_engines! {
    async fn the_constraints_of_an_attribute_hold(org: TestOrg) {
        let titled = json!([{ "const": "S", "title": "Small" }, { "const": "M", "title": "Medium" }]);
        define(
            &org,
            json!({
                "nick": { "title": "T", "type": "string", "minLength": 2, "maxLength": 4 },
                "size": { "title": "T", "type": "string", "enum": ["S", "M"], "oneOf": titled },
                "tags": { "title": "T", "type": "array", "items": { "type": "integer", "enum": [1, 2] } },
            }),
        )
        .await;
        for (name, value, text) in [
            ("nick", json!("a"), "The field is too short"),
            ("nick", json!("abcde"), "The field is too long"),
            ("size", json!("L"), "The value is not in the allowed list"),
            ("size", json!("s"), "The value is not in the allowed list"),
            ("tags", json!([1, 3]), "The value is not in the allowed list"),
            ("nick", json!("a\0b"), "The field has an invalid value"),
        ] {
            let answer = org.post("/api/v1/users", with("isaac@example.com", name, value)).await;
            answer.refused(400, "E0000001", &format!("Api validation failed: {name}"), &[&format!("{name}: {text}")]);
        }
        for (number, (name, value)) in
            [("nick", json!("éß")), ("size", json!("M")), ("tags", json!([2, 2, 1]))].into_iter().enumerate()
        {
            org.post("/api/v1/users", with(&format!("user{number}@example.com"), name, value)).await.ok();
        }
    }
}

on_both_engines! {
    async fn a_required_attribute_is_asked_of_new_users_and_of_replaced_profiles(org: TestOrg) {
        org.create("before@example.com").await;
        define(&org, json!({ "badge": { "title": "Badge", "type": "integer", "required": true } })).await;
        let blank = "badge: The field cannot be left blank";
        let answer = org.post("/api/v1/users", json!({ "profile": profile("isaac@example.com") })).await;
        answer.refused(400, "E0000001", "Api validation failed: badge", &[blank]);
        let before = "/api/v1/users/before@example.com";
        let answer = org.put(before, json!({ "profile": profile("before@example.com") })).await;
        answer.refused(400, "E0000001", "Api validation failed: badge", &[blank]);
        org.post(before, json!({ "profile": { "title": "Singer" } })).await.ok();
        let answer = org.post(before, json!({ "profile": { "badge": null } })).await;
        answer.refused(400, "E0000001", "Api validation failed: badge", &[blank]);
        org.post("/api/v1/users", with("isaac@example.com", "badge", json!(0))).await.ok();
    }
}

on_both_engines! {
    async fn a_unique_attribute_has_one_holder(org: TestOrg) {
        define(&org, json!({ "badge": { "title": "Badge", "type": "string", "unique": "UNIQUE_VALIDATED" } })).await;
        org.post("/api/v1/users", with("isaac@example.com", "badge", json!("B7"))).await.ok();
        let taken = "badge: An object with this field already exists in the current organization";
        let answer = org.post("/api/v1/users", with("brock@example.com", "badge", json!("B7"))).await;
        answer.refused(400, "E0000001", "Api validation failed: badge", &[taken]);
        org.post("/api/v1/users", with("brock@example.com", "badge", json!("B8"))).await.ok();
        let answer = org.post("/api/v1/users/brock@example.com", json!({ "profile": { "badge": "B7" } })).await;
        answer.refused(400, "E0000001", "Api validation failed: badge", &[taken]);
        org.post("/api/v1/users/isaac@example.com", json!({ "profile": { "badge": "B7", "title": "Singer" } }))
            .await
            .ok();
        org.post("/api/v1/users/isaac@example.com", json!({ "profile": { "badge": null } })).await.ok();
        org.post("/api/v1/users/brock@example.com", json!({ "profile": { "badge": "B7" } })).await.ok();
    }
}

on_both_engines! {
    async fn a_null_clears_a_value_and_an_absent_one_is_not_printed(org: TestOrg) {
        define(&org, json!({ "band": { "title": "Band", "type": "string" } })).await;
        let user = org.post("/api/v1/users", with("isaac@example.com", "band", json!("Modest Mouse"))).await.ok();
        let path = format!("/api/v1/users/{}", text(&user, "id"));
        org.post(&path, json!({ "profile": { "band": null } })).await.ok();
        assert_eq!(org.get(&path).await.ok()["profile"].get("band"), None);
        let user = org.post("/api/v1/users", with("brock@example.com", "band", Value::Null)).await.ok();
        assert_eq!(user["profile"].get("band"), None);
    }
}

on_both_engines! {
    async fn a_removed_attribute_takes_its_values_and_they_do_not_come_back(org: TestOrg) {
        let band = json!({ "band": { "title": "Band", "type": "string" } });
        define(&org, band.clone()).await;
        let user = org.post("/api/v1/users", with("isaac@example.com", "band", json!("Modest Mouse"))).await.ok();
        let path = format!("/api/v1/users/{}", text(&user, "id"));
        let search = "/api/v1/users?search=profile.band%20pr";
        assert_eq!(org.get(search).await.ok().as_array().unwrap().len(), 1);
        assert_eq!(org.get(&path).await.ok(), user);
        define(&org, json!({ "band": null })).await;
        let mut expected = user;
        expected["profile"].as_object_mut().unwrap().shift_remove("band");
        assert_eq!(org.get(&path).await.ok(), expected);
        assert_eq!(org.get(search).await.status, 400);
        let cause = "Property name 'band' is not defined in profile";
        let answer = org.post(&path, json!({ "profile": { "band": "Ugly Casanova" } })).await;
        assert_eq!(answer.body["errorCauses"], json!([{ "errorSummary": cause }]));
        define(&org, band).await;
        assert_eq!(org.get(&path).await.ok(), expected);
        assert_eq!(org.get(search).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn removing_an_attribute_of_one_type_leaves_another_types_values(org: TestOrg) {
        let band = json!({ "band": { "title": "Band", "type": "string" } });
        define(&org, band.clone()).await;
        let user_type = json!({ "name": "contractor", "displayName": "Contractor" });
        let type_id = text(&org.post("/api/v1/meta/types/user", user_type).await.ok(), "id");
        let schema = format!("/api/v1/meta/schemas/user/{}", type_id.replacen("oty", "osc", 1));
        define_at(&org, &schema, band).await;
        org.post("/api/v1/users", with("isaac@example.com", "band", json!("A"))).await.ok();
        let mut contractor = with("brock@example.com", "band", json!("B"));
        contractor["type"] = json!({ "id": type_id });
        org.post("/api/v1/users", contractor).await.ok();
        define(&org, json!({ "band": null })).await;
        let band =
            async |login: &str| org.get(&format!("/api/v1/users/{login}")).await.ok()["profile"].get("band").cloned();
        assert_eq!((band("isaac@example.com").await, band("brock@example.com").await), (None, Some(json!("B"))));
        let found = org.get("/api/v1/users?search=profile.band%20pr").await.ok();
        assert_eq!(found.as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn names_of_attributes_are_case_sensitive(org: TestOrg) {
        define(
            &org,
            json!({ "band": { "title": "b", "type": "string" }, "Band": { "title": "B", "type": "integer" } }),
        )
        .await;
        let mut user = profile("isaac@example.com");
        user["band"] = json!("a");
        user["Band"] = json!(1);
        let user = org.post("/api/v1/users", json!({ "profile": user })).await.ok();
        assert_eq!((&user["profile"]["band"], &user["profile"]["Band"]), (&json!("a"), &json!(1)));
        let properties = &org.get(DEFAULT).await.ok()["definitions"]["custom"]["properties"];
        assert_eq!(properties.as_object().unwrap().len(), 2);
    }
}
