use proptest::prelude::*;
use serde_json::json;

use super::*;

fn schema(custom: &Value) -> ProfileSchema {
    let mut schema = ProfileSchema::default();
    schema.merge(&json!({ "definitions": { "custom": { "properties": custom } } })).unwrap();
    schema
}

/// A valid profile with the members of `other` over it.
fn isaac(other: &Value) -> Map<String, Value> {
    let mut members = json!({
        "firstName": "Isaac", "lastName": "Brock", "login": "isaac@example.com", "email": "isaac@example.com",
    });
    let members = members.as_object_mut().unwrap();
    members.extend(other.as_object().unwrap().clone());
    members.clone()
}

fn causes(schema: &ProfileSchema, other: &Value) -> Vec<String> {
    schema.create(&isaac(other)).map_or_else(|error| error.causes(), |_| Vec::new())
}

#[test]
fn create_without_a_profile_names_four_blanks_and_the_form_of_the_login() {
    let refused = ProfileSchema::default().create(&Map::new()).unwrap_err();
    let expected = [
        "login: The field cannot be left blank",
        "firstName: The field cannot be left blank",
        "lastName: The field cannot be left blank",
        "email: The field cannot be left blank",
        "login: Username must be in the form of an email address",
    ];
    assert_eq!(refused.causes(), expected);
}

#[test]
fn create_names_undefined_properties_and_nothing_else() {
    let input = isaac(&json!({ "login": "", "notValid": null, "orThis": 1 }));
    let refused = ProfileSchema::default().create(&input).unwrap_err();
    assert_eq!(refused, ProfileError::UndefinedProperties(vec!["notValid".to_owned(), "orThis".to_owned()]));
    assert_eq!(refused.causes()[0], "Property name 'notValid' is not defined in profile");
}

#[test]
fn create_reports_every_violation_in_schema_order() {
    let bad = json!({
        "manager": 7, "timezone": "Mars/Olympus", "locale": "english", "preferredLanguage": "english",
        "countryCode": "ZZ", "secondEmail": "a@b", "profileUrl": "nowhere", "email": "isaac", "lastName": "  ",
        "firstName": "F".repeat(51), "login": "ike", "middleName": "a\0b", "city": "c".repeat(129),
    });
    let expected = [
        "login: login must be between 5 and 100 characters",
        "firstName: The field is too long",
        "lastName: The field cannot be left blank",
        "middleName: The field has an invalid value",
        "email: Does not match required pattern",
        "profileUrl: The field has an invalid value",
        "secondEmail: The field is too short",
        "city: The field is too long",
        "countryCode: The field has an invalid value",
        "preferredLanguage: The field has an invalid value",
        "locale: The field has an invalid value",
        "timezone: The field has an invalid value",
        "manager: The field must be of type string",
        "login: Username must be in the form of an email address",
    ];
    assert_eq!(causes(&ProfileSchema::default(), &bad), expected);
}

#[test]
fn create_takes_every_attribute_that_a_real_org_was_seen_to_take() {
    let all = json!({
        "profileUrl": "http://www.example.com/profile", "zipCode": "11111", "preferredLanguage": "en-us",
        "city": "New York", "displayName": "Dr. TestAcc Smith", "timezone": "America/New_York", "locale": "en_US",
        "countryCode": "US", "secondEmail": "test2@example.com", "primaryPhone": "4445556666", "postalAddress": null,
        "mobilePhone": "+1-555-123-4567", "userType": "Employee", "managerId": "222222",
    });
    assert_eq!(causes(&ProfileSchema::default(), &all), Vec::<String>::new());
}

#[test]
fn an_empty_text_is_kept_where_it_is_optional_and_blank_where_it_is_required() {
    let schema = ProfileSchema::default();
    let profile = schema.create(&isaac(&json!({ "secondEmail": "", "locale": "" }))).unwrap();
    assert_eq!((profile.get("secondEmail"), profile.get("locale")), (Some(&json!("")), Some(&json!(""))));
    assert_eq!(causes(&schema, &json!({ "firstName": "" })), ["firstName: The field cannot be left blank"]);
}

#[test]
fn custom_attributes_have_strict_types_lengths_and_values() {
    let schema = schema(&json!({
        "age": { "title": "T", "type": "integer" },
        "tags": { "title": "T", "type": "array", "items": { "type": "string", "enum": ["a", "b"] } },
        "code": { "title": "T", "type": "string", "minLength": 2, "maxLength": 3, "required": true },
        "rate": { "title": "T", "type": "number", "enum": [0.01, 1] },
    }));
    assert!(causes(&schema, &json!({ "age": 1, "tags": ["b"], "code": "ÅÄÖ", "rate": 1.0 })).is_empty());
    let expected = [
        "age: The field must be of type integer",
        "tags: The value is not in the allowed list",
        "code: The field cannot be left blank",
        "rate: The value is not in the allowed list",
    ];
    assert_eq!(causes(&schema, &json!({ "age": "1", "tags": ["a", "c"], "rate": 0.02 })), expected);
    let expected = ["tags: The field must be of type array of string", "code: The field is too short"];
    assert_eq!(causes(&schema, &json!({ "tags": "a", "code": "a" })), expected);
}

#[test]
fn a_login_pattern_lifts_the_minimum_and_the_email_form() {
    let mut schema = ProfileSchema::default();
    let set = |schema: &mut ProfileSchema, pattern: &str| {
        let login = json!({ "login": { "pattern": pattern } });
        schema.merge(&json!({ "definitions": { "base": { "properties": login } } })).unwrap();
    };
    set(&mut schema, ".+");
    assert!(causes(&schema, &json!({ "login": "ike" })).is_empty());
    assert_eq!(causes(&schema, &json!({ "login": "" })), ["login: The field cannot be left blank"]);
    set(&mut schema, "[a-z]+");
    assert_eq!(causes(&schema, &json!({ "login": "ike7" })), ["login: Does not match required pattern"]);
}

#[test]
fn names_that_a_schema_makes_optional_may_be_missing() {
    let mut schema = ProfileSchema::default();
    schema
        .merge(&json!({ "definitions": { "base": { "properties": { "lastName": { "required": false } } } } }))
        .unwrap();
    let profile = schema.create(&isaac(&json!({ "lastName": null }))).unwrap();
    assert_eq!((profile.get("lastName"), profile.last_name()), (None, ""));
}

#[test]
fn merge_keeps_what_is_not_named_and_clears_what_is_null() {
    let schema = schema(&json!({ "tags": { "title": "T", "type": "array", "items": { "type": "string" } } }));
    let current = schema.create(&isaac(&json!({ "city": "Issaquah", "title": "Sir", "tags": ["a", "b"] }))).unwrap();
    let change = json!({ "city": null, "tags": ["c"], "lastName": "Brook" });
    let merged = schema.merge_profile(&current, change.as_object().unwrap()).unwrap();
    let expected = schema.create(&isaac(&json!({ "title": "Sir", "tags": ["c"], "lastName": "Brook" }))).unwrap();
    assert_eq!(merged, expected);
}

#[test]
fn merge_does_not_clear_a_required_attribute() {
    let schema = ProfileSchema::default();
    let current = schema.create(&isaac(&json!({}))).unwrap();
    for (change, expected) in [
        (json!({ "firstName": null }), vec!["firstName: The field cannot be left blank"]),
        (json!({ "email": "" }), vec!["email: The field cannot be left blank"]),
        (
            json!({ "login": null }),
            vec!["login: The field cannot be left blank", "login: Username must be in the form of an email address"],
        ),
    ] {
        let refused = schema.merge_profile(&current, change.as_object().unwrap()).unwrap_err();
        assert_eq!(refused.causes(), expected);
    }
}

#[test]
fn merge_leaves_alone_what_a_newer_schema_would_refuse() {
    let current = ProfileSchema::default().create(&isaac(&json!({}))).unwrap();
    let schema = schema(&json!({ "badge": { "title": "T", "type": "string", "required": true } }));
    let change = json!({ "city": "Issaquah" });
    assert!(schema.merge_profile(&current, change.as_object().unwrap()).is_ok());
    assert!(schema.replace(&isaac(&change)).is_err());
}

#[test]
fn conform_drops_values_that_the_schema_no_longer_has_or_types_otherwise() {
    let custom = |kind: &str| json!({ "a": { "title": "T", "type": kind }, "b": { "title": "T", "type": "string" } });
    let profile = schema(&custom("string")).create(&isaac(&json!({ "a": "1", "b": "2" }))).unwrap();
    let left = schema(&custom("integer")).conform(&profile);
    assert_eq!((left.get("a"), left.get("b")), (None, Some(&json!("2"))));
    assert_eq!(ProfileSchema::default().conform(&profile).get("b"), None);
}

#[test]
fn adopt_drops_what_the_new_type_lacks_and_asks_for_what_it_requires() {
    let note = json!({ "title": "T", "type": "string" });
    let profile = schema(&json!({ "note": note })).create(&isaac(&json!({ "note": "n" }))).unwrap();
    assert_eq!(ProfileSchema::default().adopt(&profile).unwrap().get("note"), None);
    let strict = schema(&json!({ "badge": { "title": "T", "type": "string", "required": true } }));
    assert_eq!(strict.adopt(&profile).unwrap_err().causes(), ["badge: The field cannot be left blank"]);
}

/// Some optional attributes with values, nulls among them.
fn changes() -> impl Strategy<Value = Map<String, Value>> {
    let text = prop_oneof![3 => "[^\0]{0,20}".prop_map(Value::from), 1 => Just(Value::Null)];
    let name = prop::sample::select(vec!["title", "nickName", "city", "mobilePhone", "division", "manager", "note"]);
    let texts = prop::collection::hash_map(name.prop_map(str::to_owned), text, 0..6);
    let number = prop_oneof![any::<i64>().prop_map(|n| json!(n)), (-1e300..1e300).prop_map(|n: f64| json!(n))];
    (texts, prop::option::of(number), prop::option::of(prop::collection::vec("[^\0]{0,9}", 0..4))).prop_map(
        |(texts, number, list)| {
            let mut members: Map<String, Value> = texts.into_iter().collect();
            members.extend(number.map(|number| ("rate".to_owned(), number)));
            members.extend(list.map(|list| ("tags".to_owned(), json!(list))));
            members
        },
    )
}

fn wide_schema() -> ProfileSchema {
    schema(&json!({
        "note": { "title": "T", "type": "string" },
        "rate": { "title": "T", "type": "number" },
        "tags": { "title": "T", "type": "array", "items": { "type": "string" } },
    }))
}

proptest! {
    #[test]
    fn a_profile_reads_back_as_it_was_printed(other in changes()) {
        let profile = wide_schema().create(&isaac(&Value::Object(other))).unwrap();
        let read = Profile::from_stored(&profile.to_json()).unwrap();
        prop_assert_eq!(read.to_json(), profile.to_json());
        prop_assert_eq!(read, profile);
    }

    #[test]
    fn merging_nothing_or_oneself_changes_nothing(other in changes()) {
        let schema = wide_schema();
        let profile = schema.create(&isaac(&Value::Object(other))).unwrap();
        let itself = profile.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        prop_assert_eq!(&schema.merge_profile(&profile, &Map::new()).unwrap(), &profile);
        prop_assert_eq!(&schema.merge_profile(&profile, &itself).unwrap(), &profile);
        prop_assert_eq!(&schema.replace(&itself).unwrap(), &profile);
    }

    #[test]
    fn a_merge_twice_is_a_merge_once_and_changes_only_what_it_names(first in changes(), second in changes()) {
        let schema = wide_schema();
        let before = schema.create(&isaac(&Value::Object(first))).unwrap();
        let once = schema.merge_profile(&before, &second).unwrap();
        prop_assert_eq!(&schema.merge_profile(&once, &second).unwrap(), &once);
        prop_assert!(once.changed_attributes(&before).iter().all(|name| second.contains_key(name)));
        for (name, value) in &second {
            prop_assert_eq!(once.get(name), Some(value).filter(|value| !value.is_null()));
        }
    }

    #[test]
    fn merging_all_of_a_replacement_and_nulls_for_the_rest_is_the_replacement(first in changes(), second in changes()) {
        let schema = wide_schema();
        let before = schema.create(&isaac(&Value::Object(first))).unwrap();
        let second = isaac(&Value::Object(second));
        let mut change: Map<String, Value> = before.iter().map(|(name, _)| (name.to_owned(), Value::Null)).collect();
        change.extend(second.clone());
        prop_assert_eq!(schema.merge_profile(&before, &change).unwrap(), schema.replace(&second).unwrap());
    }
}
