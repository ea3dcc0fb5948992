//! The rules of a profile, on createUser and on updates: every broken one is told, in schema order (behaviour.md E.6).

use serde_json::{Value, json};

use super::fixtures::path_of;
use crate::context::{TestOrg, profile};

/// Adds custom attributes to the default user type.
pub(crate) async fn add_attributes(org: &TestOrg, properties: Value) {
    let change =
        json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": properties } } });
    org.post("/api/v1/meta/schemas/user/default", change).await.ok();
}

/// A good profile with these members set otherwise.
fn with(changes: &Value) -> Value {
    let mut person = profile("isaac@example.com");
    for (name, value) in changes.as_object().unwrap() {
        person[name] = value.clone();
    }
    person
}

const BLANK: [&str; 5] = [
    "login: The field cannot be left blank",
    "firstName: The field cannot be left blank",
    "lastName: The field cannot be left blank",
    "email: The field cannot be left blank",
    "login: Username must be in the form of an email address",
];

on_both_engines! {
    async fn create_user_tells_every_blank_field_and_the_form_of_the_login_last(org: TestOrg) {
        let blanks = json!({ "login": "", "firstName": null, "lastName": "  ", "email": null });
        for body in [json!({}), json!({ "profile": null }), json!({ "profile": {} }), json!({ "profile": blanks })] {
            let answer = org.post("/api/v1/users", body).await;
            answer.refused(400, "E0000001", "Api validation failed: login", &BLANK);
        }
    }
}

on_both_engines! {
    async fn create_user_tells_which_rule_a_value_breaks(org: TestOrg) {
        let long = |length: usize| "x".repeat(length);
        let form = "login: Username must be in the form of an email address";
        let pattern = "email: Does not match required pattern";
        let length = "login: login must be between 5 and 100 characters";
        for (changes, subject, causes) in [
            (json!({ "login": "isaac" }), "login", vec![form]),
            (json!({ "login": "i@b" }), "login", vec![length, form]),
            (json!({ "login": format!("i@{}.com", long(100)) }), "login", vec![length, form]),
            (json!({ "login": 12345 }), "login", vec!["login: The field must be of type string"]),
            (json!({ "firstName": long(51) }), "firstName", vec!["firstName: The field is too long"]),
            (json!({ "lastName": long(51) }), "lastName", vec!["lastName: The field is too long"]),
            (json!({ "email": "isaac.example.com" }), "email", vec![pattern]),
            (json!({ "email": "isaac@localhost" }), "email", vec![pattern]),
            (json!({ "email": "is@ac@example.com" }), "email", vec![pattern]),
            (json!({ "email": "i@b" }), "email", vec!["email: The field is too short"]),
            (json!({ "secondEmail": "isaac" }), "secondEmail", vec!["secondEmail: Does not match required pattern"]),
            (json!({ "mobilePhone": long(101) }), "mobilePhone", vec!["mobilePhone: The field is too long"]),
            (json!({ "nickName": 7 }), "nickName", vec!["nickName: The field must be of type string"]),
            (json!({ "nickName": ["Ike"] }), "nickName", vec!["nickName: The field must be of type string"]),
            (json!({ "profileUrl": "not a url" }), "profileUrl", vec!["profileUrl: The field has an invalid value"]),
            (json!({ "countryCode": "XX" }), "countryCode", vec!["countryCode: The field has an invalid value"]),
            (json!({ "countryCode": "USA" }), "countryCode", vec!["countryCode: The field is too long"]),
            (json!({ "preferredLanguage": "en_US" }), "preferredLanguage",
                vec!["preferredLanguage: The field has an invalid value"]),
            (json!({ "locale": "en-US" }), "locale", vec!["locale: The field has an invalid value"]),
            (json!({ "timezone": "Seattle" }), "timezone", vec!["timezone: The field has an invalid value"]),
            (json!({ "timezone": "Seattle", "email": "isaac", "firstName": "" }), "firstName", vec![
                "firstName: The field cannot be left blank", pattern, "timezone: The field has an invalid value"]),
        ] {
            let answer = org.post("/api/v1/users", json!({ "profile": with(&changes) })).await;
            answer.refused(400, "E0000001", &format!("Api validation failed: {subject}"), &causes);
        }
        assert_eq!(org.get("/api/v1/users/isaac@example.com").await.status, 404);
    }
}

on_both_engines! {
    async fn create_user_keeps_every_good_value_as_given(org: TestOrg) {
        let values = json!({
            "middleName": "Kristofer", "honorificPrefix": "Mr.", "honorificSuffix": "Jr.", "title": "<b>Singer</b>",
            "displayName": "Isaac 🎸 Brock", "nickName": "", "profileUrl": "https://example.com/isaac?x=1",
            "secondEmail": "", "mobilePhone": "+1-555-415-1337", "primaryPhone": "not a phone", "streetAddress": "1 Main St",
            "city": "Issaquah", "state": "WA", "zipCode": "98027", "countryCode": "US", "postalAddress": "Box 1",
            "preferredLanguage": "en-US,fr;q=0.5", "locale": "en_US", "timezone": "America/Los_Angeles",
            "userType": "Employee", "employeeNumber": "187", "costCenter": "10", "organization": "Okta", "division": "R&D",
            "department": "Engineering", "managerId": "123", "manager": "Jeremiah",
        });
        let person = with(&values);
        let user = org.post("/api/v1/users", json!({ "profile": person })).await.ok();
        assert_eq!(user["profile"], person);
        assert_eq!(org.get(&path_of(&user)).await.ok(), user);
    }
}

on_both_engines! {
    async fn an_attribute_that_the_schema_lacks_is_refused_before_all_else(org: TestOrg) {
        let undefined = "Property name 'notValid' is not defined in profile";
        let created = org.post("/api/v1/users", json!({ "profile": { "notValid": 1 } })).await;
        created.refused(400, "E0000001", "Api validation failed: newUser", &[undefined]);
        let path = path_of(&org.create("isaac@example.com").await);
        let change = json!({ "profile": with(&json!({ "notValid": null, "alsoNot": "x", "nickName": "Ike" })) });
        for answer in [org.post(&path, change.clone()).await, org.put(&path, change.clone()).await] {
            let also = "Property name 'alsoNot' is not defined in profile";
            answer.refused(400, "E0000001", "Api validation failed: profile", &[undefined, also]);
        }
        assert_eq!(org.get(&path).await.ok()["profile"].get("nickName"), None);
    }
}

on_both_engines! {
    async fn updates_tell_which_rule_a_value_breaks_and_change_nothing(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let before = org.get(&path).await.ok();
        let changes = json!({ "nickName": "Ike", "firstName": null, "email": "isaac", "locale": "x" });
        let causes = [
            "firstName: The field cannot be left blank",
            "email: Does not match required pattern",
            "locale: The field has an invalid value",
        ];
        org.post(&path, json!({ "profile": changes })).await.refused(400, "E0000001", "Api validation failed: firstName", &causes);
        org.put(&path, json!({ "profile": with(&changes) })).await.refused(400, "E0000001", "Api validation failed: firstName", &causes);
        org.put(&path, json!({ "profile": {} })).await.refused(400, "E0000001", "Api validation failed: login", &BLANK);
        for required in ["login", "firstName", "lastName", "email"] {
            for blank in [json!(null), json!(""), json!(" ")] {
                let answer = org.post(&path, json!({ "profile": { required: blank } })).await;
                assert_eq!((answer.status, answer.body["errorCode"].as_str()), (400, Some("E0000001")));
                let cause = &answer.body["errorCauses"][0]["errorSummary"];
                assert_eq!(cause, &json!(format!("{required}: The field cannot be left blank")));
            }
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn custom_attributes_are_checked_strictly(org: TestOrg) {
        add_attributes(&org, json!({
            "number": { "title": "N", "type": "integer" },
            "active": { "title": "A", "type": "boolean" },
            "size": { "title": "S", "type": "string", "enum": ["S", "M"], "oneOf": [
                { "const": "S", "title": "Small" }, { "const": "M", "title": "Medium" }] },
            "tags": { "title": "T", "type": "array", "items": { "type": "string" } },
            "badge": { "title": "B", "type": "string", "unique": "UNIQUE_VALIDATED", "minLength": 2, "maxLength": 4 },
        }))
        .await;
        let good = json!({ "number": 7, "active": true, "size": "M", "tags": ["a", "b"], "badge": "0007" });
        let first = org.post("/api/v1/users", json!({ "profile": with(&good) })).await.ok();
        for (name, value) in good.as_object().unwrap() {
            assert_eq!(first["profile"][name], *value);
        }
        for (name, value, text) in [
            ("number", json!("7"), "The field must be of type integer"),
            ("number", json!(7.5), "The field must be of type integer"),
            ("active", json!("true"), "The field must be of type boolean"),
            ("size", json!("L"), "The value is not in the allowed list"),
            ("tags", json!("a"), "The field must be of type array of string"),
            ("tags", json!(["a", 1]), "The field must be of type array of string"),
            ("badge", json!("7"), "The field is too short"),
            ("badge", json!("00007"), "The field is too long"),
            ("badge", json!("0007"), "An object with this field already exists in the current organization"),
        ] {
            let changes = json!({ "login": "eric@example.com", "email": "eric@example.com", name: value });
            let answer = org.post("/api/v1/users", json!({ "profile": with(&changes) })).await;
            answer.refused(400, "E0000001", &format!("Api validation failed: {name}"), &[&format!("{name}: {text}")]);
            assert_eq!(org.get("/api/v1/users/eric@example.com").await.status, 404);
        }
        let second = path_of(&org.create("eric@example.com").await);
        let taken = org.post(&second, json!({ "profile": { "badge": "0007" } })).await;
        let text = "badge: An object with this field already exists in the current organization";
        taken.refused(400, "E0000001", "Api validation failed: badge", &[text]);
        org.post(&path_of(&first), json!({ "profile": { "badge": "0007", "number": 8 } })).await.ok();
    }
}
