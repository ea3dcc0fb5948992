//! `POST /meta/schemas/user/{id}`: how a schema changes (behaviour.md G.8).

use serde_json::{Map, Value};

use super::base::BaseOverride;
use super::custom::CustomAttribute;
use super::member::holds_nul;
use super::{ProfileSchema, SchemaError};
use crate::error::Violation;
use crate::user::attribute::base_attribute;

impl ProfileSchema {
    /// Applies a request: `definitions.custom.properties` defines, changes or (null) removes custom attributes,
    /// `definitions.base.properties` changes what may be changed of base ones: `title`, `permissions`, `master`,
    /// `required` of firstName and lastName, `pattern` of login. All else in the body is ignored. Of an attribute
    /// that exists, members that aren't named stay.
    ///
    /// # Errors
    ///
    /// Every violation in the body; the schema is then as it was.
    pub fn merge(&mut self, body: &Value) -> Result<(), SchemaError> {
        let mut merged = self.clone();
        let mut violations = merge_custom(&mut merged.custom, body, |name| base_attribute(name).is_some());
        match properties(body, "base") {
            Ok(changes) => {
                for (name, change) in changes.into_iter().flatten() {
                    violations.extend(merged.merge_base(name, change).err().unwrap_or_default());
                }
            }
            Err(violation) => violations.push(violation),
        }
        if violations.is_empty() {
            *self = merged;
            Ok(())
        } else {
            Err(SchemaError { violations })
        }
    }

    fn merge_base(&mut self, name: &str, change: &Value) -> Result<(), Vec<Violation>> {
        let Some(attribute) = base_attribute(name) else {
            return Err(vec![Violation::new(name, "There is no base attribute of this name")]);
        };
        if change.is_null() {
            return Err(vec![Violation::new(name, "A base attribute cannot be removed")]);
        }
        let current = self.base.remove(name).unwrap_or_default();
        let merged = current.merged(attribute, members(name, change)?)?;
        if merged != BaseOverride::default() {
            self.base.insert(name.to_owned(), merged);
        }
        Ok(())
    }
}

/// Applies `definitions.custom.properties` of a body to custom attributes, none of which may have the name of a base one.
/// Answers every violation; the attributes are then of no use.
pub(crate) fn merge_custom(
    custom: &mut Vec<(String, CustomAttribute)>,
    body: &Value,
    is_base: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let changes = match properties(body, "custom") {
        Ok(changes) => changes.into_iter().flatten(),
        Err(violation) => return vec![violation],
    };
    changes
        .flat_map(|(name, change)| merge_attribute(custom, name, change, &is_base).err().unwrap_or_default())
        .collect()
}

fn merge_attribute(
    custom: &mut Vec<(String, CustomAttribute)>,
    name: &str,
    change: &Value,
    is_base: impl Fn(&str) -> bool,
) -> Result<(), Vec<Violation>> {
    if change.is_null() {
        custom.retain(|(known, _)| known != name);
        return Ok(());
    }
    if let Some(text) = name_refusal(name, is_base) {
        return Err(vec![Violation::new(name, text)]);
    }
    let change = members(name, change)?;
    match custom.iter_mut().find(|(known, _)| known == name) {
        Some((_, attribute)) => *attribute = CustomAttribute::merged(name, Some(attribute), change)?,
        None => custom.push((name.to_owned(), CustomAttribute::merged(name, None, change)?)),
    }
    Ok(())
}

/// `definitions.<section>.properties` of a body, if there.
fn properties<'a>(body: &'a Value, section: &str) -> Result<Option<&'a Map<String, Value>>, Violation> {
    let mut place = body;
    let mut path = String::from("schema");
    for step in ["definitions", section, "properties"] {
        let Value::Object(members) = place else {
            return Err(not_an_object(&path));
        };
        match members.get(step) {
            None | Some(Value::Null) => return Ok(None),
            Some(next) => place = next,
        }
        step.clone_into(&mut path);
    }
    place.as_object().map(Some).ok_or_else(|| not_an_object(&path))
}

/// The members of an attribute's change.
fn members<'a>(name: &str, change: &'a Value) -> Result<&'a Map<String, Value>, Vec<Violation>> {
    if holds_nul(change) {
        return Err(vec![Violation::new(name, "The field has an invalid value")]);
    }
    change.as_object().ok_or_else(|| vec![not_an_object(name)])
}

fn not_an_object(field: &str) -> Violation {
    Violation::new(field, "The field must be of type object")
}

/// Why a custom attribute can't have this name: `^[A-Za-z][A-Za-z0-9_]*$`, and none of the base (behaviour.md E.2).
fn name_refusal(name: &str, is_base: impl Fn(&str) -> bool) -> Option<&'static str> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if !well_formed {
        Some("The name of an attribute is a letter, then letters, digits and underscores")
    } else if is_base(name) {
        Some("A base attribute has this name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user::attribute::{AttributeType, ItemType, SelfPermission};
    use crate::user::login::LoginPattern;

    fn merge(schema: &mut ProfileSchema, section: &str, properties: &Value) -> Result<(), Vec<String>> {
        let body = json!({ "definitions": { section: { "properties": properties } } });
        let text = |violation: Violation| format!("{}: {}", violation.field, violation.text);
        schema.merge(&body).map_err(|error| error.violations.into_iter().map(text).collect())
    }

    fn with_custom(properties: &Value) -> ProfileSchema {
        let mut schema = ProfileSchema::default();
        merge(&mut schema, "custom", properties).unwrap();
        schema
    }

    #[test]
    fn merge_defines_changes_and_removes_in_place() {
        let text = json!({ "title": "T", "type": "string" });
        let mut schema = with_custom(&json!({ "a": text, "b": text, "c": text }));
        let before = schema.clone();
        merge(&mut schema, "custom", &json!({ "a": { "title": "A" }, "b": null, "d": text })).unwrap();
        let names: Vec<_> = schema.attributes().filter(|it| !it.base).map(|it| it.name.to_owned()).collect();
        assert_eq!(names, ["a", "c", "d"]);
        assert_eq!(schema.document()["custom"]["properties"]["a"]["title"], "A");
        assert_eq!(schema.removed_since(&before), ["b"]);
    }

    #[test]
    fn merge_drops_required_false_and_keeps_unknown_members() {
        let schema =
            with_custom(&json!({ "a": { "title": "T", "type": "boolean", "required": false, "x-hint": [1] } }));
        let printed = &schema.document()["custom"]["properties"]["a"];
        assert_eq!((printed.get("required"), &printed["x-hint"]), (None, &json!([1])));
    }

    #[test]
    fn merge_replaces_the_values_of_an_array_wholly() {
        let items = |names: [&str; 2]| {
            let titled = names.map(|name| json!({ "const": name, "title": name }));
            json!({ "title": "T", "type": "array", "items": { "type": "string", "enum": names, "oneOf": titled } })
        };
        let mut schema = with_custom(&json!({ "a": items(["one", "two"]) }));
        merge(&mut schema, "custom", &json!({ "a": items(["ONE", "TWO"]) })).unwrap();
        let attribute = schema.attribute("a").unwrap();
        assert_eq!(attribute.allowed, [&json!("ONE"), &json!("TWO")]);
        assert_eq!(attribute.attribute_type, AttributeType::Array(ItemType::String));
    }

    #[test]
    fn merge_reports_every_violation_and_changes_nothing() {
        let mut schema = with_custom(&json!({ "n": { "title": "N", "type": "number" } }));
        let before = schema.clone();
        let refused = merge(
            &mut schema,
            "custom",
            &json!({
                "good": { "title": "G", "type": "string" },
                "1st": { "title": "F", "type": "string" },
                "email": { "title": "E", "type": "string" },
                "bare": {},
                "odd": { "title": 1, "type": "date", "minLength": -1, "pattern": "x", "unique": true },
                "list": { "title": "L", "type": "array" },
                "n": { "type": "string" },
            }),
        );
        let expected = [
            "1st: The name of an attribute is a letter, then letters, digits and underscores",
            "email: A base attribute has this name",
            "bare.title: The field cannot be left blank",
            "bare.type: The field cannot be left blank",
            "odd.title: The field must be of type string",
            "odd.type: The type must be string, boolean, integer, number or array",
            "odd.unique: The field must be UNIQUE_VALIDATED or NOT_UNIQUE",
            "odd.minLength: The field must be a length",
            "odd.pattern: Only login can have a pattern",
            "list.items: An array needs items, and nothing else has them",
            "n.type: The type of an attribute cannot be changed",
        ];
        assert_eq!(refused.unwrap_err(), expected);
        assert_eq!(schema, before);
    }

    #[test]
    fn merge_refuses_values_that_no_profile_could_have() {
        for (values, member) in [
            (json!({ "enum": [] }), "enum"),
            (json!({ "enum": ["a"] }), "enum"),
            (json!({ "enum": [1, 1] }), "enum"),
            (json!({ "enum": [1], "oneOf": [{ "const": 2, "title": "two" }] }), "enum"),
            (json!({ "items": { "type": "string" } }), "items"),
            (json!({ "minLength": 3, "maxLength": 2 }), "minLength"),
            (json!({ "format": "email" }), "format"),
        ] {
            let mut attribute = json!({ "title": "T", "type": "integer" });
            attribute.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
            let refused = merge(&mut ProfileSchema::default(), "custom", &json!({ "a": attribute })).unwrap_err();
            assert!(refused.len() == 1 && refused[0].starts_with(&format!("a.{member}: ")), "{refused:?}");
        }
    }

    #[test]
    fn merge_makes_names_optional_and_frees_the_login() {
        let mut schema = ProfileSchema::default();
        let changes = json!({
            "lastName": { "required": false },
            "login": { "pattern": ".+" },
            "employeeNumber": { "permissions": [{ "principal": "SELF", "action": "READ_WRITE" }], "title": "No." },
        });
        merge(&mut schema, "base", &changes).unwrap();
        assert!(!schema.attribute("lastName").unwrap().required);
        assert_eq!(schema.document()["base"]["required"], json!(["login", "firstName", "email"]));
        assert_eq!((schema.login_pattern(), schema.attribute("login").unwrap().min_length), (LoginPattern::Any, 0));
        assert_eq!(schema.self_permission("employeeNumber"), Some(SelfPermission::ReadWrite));
        assert_eq!(schema.document()["base"]["properties"]["employeeNumber"]["title"], "No.");
    }

    #[test]
    fn merge_of_a_schemas_own_document_changes_nothing() {
        let mut schema = with_custom(&json!({ "a": { "title": "T", "type": "number", "enum": [0.01, 1] } }));
        merge(&mut schema, "base", &json!({ "lastName": { "required": false } })).unwrap();
        let before = schema.clone();
        schema.merge(&json!({ "definitions": schema.document() })).unwrap();
        assert_eq!(schema, before);
    }

    #[test]
    fn merge_takes_base_attributes_back_to_the_table() {
        let mut schema = ProfileSchema::default();
        merge(&mut schema, "base", &json!({ "login": { "pattern": "[a-z]+" }, "firstName": { "required": false } }))
            .unwrap();
        merge(&mut schema, "base", &json!({ "login": { "pattern": null }, "firstName": { "required": true } }))
            .unwrap();
        assert_eq!(schema.document(), ProfileSchema::default().document());
        assert!(schema.always_present("lastName") && !schema.always_present("firstName"));
    }

    #[test]
    fn merge_refuses_what_base_attributes_are_bound_to() {
        for (name, change) in [
            ("email", json!({ "required": false })),
            ("title", json!({ "required": true })),
            ("city", json!({ "type": "integer" })),
            ("city", json!({ "pattern": ".+" })),
            ("login", json!({ "pattern": "(a|b)" })),
            ("city", json!({ "permissions": [{ "principal": "ALL", "action": "HIDE" }] })),
            ("city", Value::Null),
            ("unheardOf", json!({})),
        ] {
            let refused = merge(&mut ProfileSchema::default(), "base", &json!({ name: change }));
            assert_eq!(refused.unwrap_err().len(), 1, "{name} {change}");
        }
    }

    #[test]
    fn merge_refuses_a_body_of_another_shape() {
        for body in
            [json!([]), json!({ "definitions": 1 }), json!({ "definitions": { "custom": { "properties": [] } } })]
        {
            assert!(ProfileSchema::default().merge(&body).is_err(), "{body}");
        }
        assert_eq!(ProfileSchema::default().merge(&json!({ "title": "User" })), Ok(()));
    }
}
