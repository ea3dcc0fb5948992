//! The profile schema of a user type: the base attributes with this type's overrides, and its custom attributes.
//!
//! Invariant: a schema only changes by [`ProfileSchema::merge`], which refuses what no profile could satisfy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Violation;
use crate::user::attribute::{
    Attribute, AttributeType, BASE_ATTRIBUTES, BaseAttribute, SelfPermission, base_attribute,
};
use crate::user::login::LoginPattern;

mod base;
mod custom;
mod member;
mod merge;

use base::BaseOverride;
pub use custom::CustomAttribute;
pub(in crate::user) use member::holds_nul;
use member::{Master, Permission};
pub(crate) use merge::merge_custom;

/// The profile schema of one user type. Its JSON, as stored, holds only what differs from the plain base schema,
/// which is the default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProfileSchema {
    /// In order of definition, which is the order of printing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom: Vec<(String, CustomAttribute)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    base: BTreeMap<String, BaseOverride>,
}

/// Why a schema can't be changed as asked: E0000001, with these causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change of the schema breaks {} rule(s)", violations.len())]
pub struct SchemaError {
    /// One for each rule broken; the fields are `attribute` or `attribute.member`.
    pub violations: Vec<Violation>,
}

impl ProfileSchema {
    /// Every attribute in schema order: base, then custom.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let custom = self.custom.iter().map(|(name, attribute)| attribute.view(name));
        BASE_ATTRIBUTES.iter().map(|attribute| self.base_view(attribute)).chain(custom)
    }

    /// The attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        match base_attribute(name) {
            Some(attribute) => Some(self.base_view(attribute)),
            None => self.custom.iter().find(|(known, _)| known == name).map(|(name, attribute)| attribute.view(name)),
        }
    }

    /// The type of the attribute of this name.
    #[must_use]
    pub fn attribute_type(&self, name: &str) -> Option<AttributeType> {
        self.attribute(name).map(|attribute| attribute.attribute_type)
    }

    /// Whether the search index has the values of this attribute.
    #[must_use]
    pub fn indexed(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|attribute| attribute.indexed)
    }

    /// Whether every profile has a value here: a base attribute that is required and was never made optional. Any other
    /// one may have become required after the profile was made.
    #[must_use]
    pub fn always_present(&self, name: &str) -> bool {
        let overridden = self.base.get(name).is_some_and(|change| change.required.is_some());
        base_attribute(name).is_some_and(|attribute| attribute.required && !overridden)
    }

    /// The attributes whose values no two users of the org may share, `login` aside.
    pub fn unique_attributes(&self) -> impl Iterator<Item = &str> {
        self.custom.iter().filter(|(name, attribute)| attribute.view(name).unique).map(|(name, _)| name.as_str())
    }

    /// What users may do with the attribute of this name on their own profile.
    #[must_use]
    pub fn self_permission(&self, name: &str) -> Option<SelfPermission> {
        self.attribute(name).map(|attribute| attribute.permission)
    }

    /// The attributes that `before` had and this schema lacks. Their values must be dropped from the profiles of
    /// the type when the schema changes, so that defining the name anew doesn't bring them back (behaviour.md E.2).
    #[must_use]
    pub fn removed_since(&self, before: &Self) -> Vec<String> {
        before.custom.iter().map(|(name, _)| name).filter(|name| self.attribute(name).is_none()).cloned().collect()
    }

    /// Which texts may be logins.
    #[must_use]
    pub fn login_pattern(&self) -> LoginPattern {
        let pattern = self.base.get("login").and_then(|login| login.pattern.as_deref());
        pattern.and_then(LoginPattern::parse).unwrap_or(LoginPattern::Email)
    }

    /// The `definitions` of the schema document (observed.md, *User schema*). A custom part without attributes has
    /// no `required`, as in the recordings.
    #[must_use]
    pub fn document(&self) -> Value {
        let base = BASE_ATTRIBUTES.iter().map(|attribute| (attribute.name.to_owned(), self.base_document(attribute)));
        let required = |base: bool| {
            let chosen = self.attributes().filter(move |attribute| attribute.required && attribute.base == base);
            chosen.map(|attribute| attribute.name.to_owned()).collect::<Vec<_>>()
        };
        let mut custom = json!({ "id": "#custom", "type": "object", "properties": self.custom_document() });
        if let Some(members) = custom.as_object_mut().filter(|_| !self.custom.is_empty()) {
            members.insert("required".to_owned(), json!(required(false)));
        }
        json!({
            "custom": custom,
            "base": {
                "id": "#base",
                "type": "object",
                "properties": base.collect::<Map<_, _>>(),
                "required": required(true),
            },
        })
    }

    fn custom_document(&self) -> Map<String, Value> {
        let print = |(name, attribute): &(String, CustomAttribute)| (name.clone(), Value::Object(attribute.members()));
        self.custom.iter().map(print).collect()
    }

    fn base_view(&self, attribute: &'static BaseAttribute) -> Attribute<'_> {
        let change = self.base.get(attribute.name);
        // A login pattern lifts the minimum that the e-mail form needs (behaviour.md E.3).
        let free_login = change.is_some_and(|change| change.pattern.is_some());
        Attribute {
            name: attribute.name,
            attribute_type: AttributeType::String,
            required: change.and_then(|change| change.required).unwrap_or(attribute.required),
            min_length: if free_login { 0 } else { attribute.min_length },
            max_length: Some(attribute.max_length),
            format: attribute.format,
            allowed: Vec::new(),
            unique: false,
            indexed: attribute.indexed,
            permission: change
                .and_then(|change| change.permissions.as_deref())
                .map_or(attribute.permission, member::self_permission),
            base: true,
        }
    }

    fn base_document(&self, attribute: &'static BaseAttribute) -> Value {
        let plain = BaseOverride::default();
        let change = self.base.get(attribute.name).unwrap_or(&plain);
        let view = self.base_view(attribute);
        let min_length = Some(attribute.min_length).filter(|length| attribute.length_shown && *length > 0);
        let members = [
            ("title", Some(json!(change.title.as_deref().unwrap_or(attribute.title)))),
            ("type", Some(json!(view.attribute_type.name()))),
            ("required", view.required.then(|| json!(true))),
            ("format", attribute.format.map(|format| json!(format.name()))),
            ("mutability", Some(json!("READ_WRITE"))),
            ("scope", Some(json!("NONE"))),
            ("minLength", min_length.map(|length| json!(length))),
            ("maxLength", attribute.length_shown.then(|| json!(attribute.max_length))),
            ("pattern", change.pattern.as_ref().map(|pattern| json!(pattern))),
            (
                "permissions",
                Some(json!(change.permissions.clone().unwrap_or_else(|| vec![Permission::of_self(view.permission)]))),
            ),
            ("master", Some(json!(change.master.clone().unwrap_or_else(Master::profile_master)))),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real org answered to a POST (py.test_user_schema_it…test_update_user_profile), base part shortened.
    #[test]
    fn a_document_prints_custom_attributes_as_recorded() {
        let mut schema = ProfileSchema::default();
        let posted = json!({ "definitions": { "custom": { "properties": { "testCustomAttribute": {
            "description": "test custom user attribute", "maxLength": 20, "minLength": 1, "required": false,
            "permissions": [{ "action": "READ_WRITE", "principal": "SELF" }],
            "title": "Test Custom User Attribute", "type": "string",
        } } } } });
        schema.merge(&posted).unwrap();
        let expected = concat!(
            r##"{"id":"#custom","type":"object","properties":{"testCustomAttribute":{"title":"Test Custom User Attribute","##,
            r#""description":"test custom user attribute","type":"string","mutability":"READ_WRITE","scope":"NONE","#,
            r#""minLength":1,"maxLength":20,"permissions":[{"principal":"SELF","action":"READ_WRITE"}],"#,
            r#""master":{"type":"PROFILE_MASTER"}}},"required":[]}"#,
        );
        assert_eq!(schema.document()["custom"].to_string(), expected);
    }

    #[test]
    fn a_document_prints_base_attributes_as_recorded() {
        let document = ProfileSchema::default().document();
        assert_eq!(document["custom"].to_string(), r##"{"id":"#custom","type":"object","properties":{}}"##);
        let base = &document["base"];
        assert_eq!(base["required"], json!(["login", "firstName", "lastName", "email"]));
        let login = concat!(
            r#"{"title":"Username","type":"string","required":true,"mutability":"READ_WRITE","scope":"NONE","#,
            r#""minLength":5,"maxLength":100,"permissions":[{"principal":"SELF","action":"READ_ONLY"}],"#,
            r#""master":{"type":"PROFILE_MASTER"}}"#,
        );
        assert_eq!(base["properties"]["login"].to_string(), login);
        let country = concat!(
            r#"{"title":"Country code","type":"string","format":"country-code","mutability":"READ_WRITE","scope":"NONE","#,
            r#""permissions":[{"principal":"SELF","action":"HIDE"}],"master":{"type":"PROFILE_MASTER"}}"#,
        );
        assert_eq!(base["properties"]["countryCode"].to_string(), country);
        let names: Vec<_> = base["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, BASE_ATTRIBUTES.map(|attribute| attribute.name));
    }

    #[test]
    fn a_schema_survives_storage() {
        let mut schema = ProfileSchema::default();
        let change = json!({ "definitions": {
            "custom": { "properties": { "zeta": { "title": "Z", "type": "array", "items": { "type": "number",
                "enum": [0.01, 2], "oneOf": [{ "const": 2, "title": "two" }] } },
                "alpha": { "title": "A", "type": "integer", "unique": "UNIQUE_VALIDATED", "hint": [1, { "a": null }] } } },
            "base": { "properties": { "login": { "pattern": ".+" }, "lastName": { "required": false } } },
        } });
        schema.merge(&change).unwrap();
        let stored = serde_json::to_string(&schema).unwrap();
        assert_eq!(serde_json::from_str::<ProfileSchema>(&stored).unwrap(), schema);
        assert_eq!(serde_json::to_string(&ProfileSchema::default()).unwrap(), "{}");
        assert_eq!(schema.unique_attributes().collect::<Vec<_>>(), ["alpha"]);
    }

    #[test]
    fn custom_attributes_are_all_indexed_and_base_ones_by_the_table() {
        let mut schema = ProfileSchema::default();
        let tags = json!({ "title": "Tags", "type": "array", "items": { "type": "string" } });
        schema.merge(&json!({ "definitions": { "custom": { "properties": { "tags": tags } } } })).unwrap();
        assert!(schema.indexed("tags") && schema.indexed("firstName"));
        assert!(!schema.indexed("login") && !schema.indexed("zipCode") && !schema.indexed("unheardOf"));
    }
}
