//! The profile schema of an org's groups: two base attributes that never change, and custom ones.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{ErrorCode, Problem, Violation};
use crate::user::attribute::AttributeType;
use crate::user::profile::refusal;
use crate::user::schema::{CustomAttribute, SchemaError, merge_custom};

/// The profile schema of groups. Its JSON, as stored, holds the custom attributes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupSchema {
    /// In order of definition, which is the order of printing.
    custom: Vec<(String, CustomAttribute)>,
}

impl GroupSchema {
    /// Applies a request: `definitions.custom.properties` defines, changes or (null) removes custom attributes; all else
    /// in the body is ignored.
    ///
    /// # Errors
    /// Every violation in the body; the schema is then as it was.
    pub fn merge(&mut self, body: &Value) -> Result<(), SchemaError> {
        let mut custom = self.custom.clone();
        let violations = merge_custom(&mut custom, body, |name| matches!(name, "name" | "description" | "objectClass"));
        if !violations.is_empty() {
            return Err(SchemaError { violations });
        }
        self.custom = custom;
        Ok(())
    }

    /// The type of the custom attribute of this name.
    #[must_use]
    pub fn attribute_type(&self, name: &str) -> Option<AttributeType> {
        self.custom.iter().find(|(known, _)| known == name).map(|(name, attribute)| attribute.view(name).attribute_type)
    }

    /// The attributes that `before` had and this schema lacks; their values go with them.
    #[must_use]
    pub fn removed_since(&self, before: &Self) -> Vec<String> {
        let gone = before.custom.iter().filter(|(name, _)| !self.custom.iter().any(|(known, _)| known == name));
        gone.map(|(name, _)| name.clone()).collect()
    }

    /// What is wrong with the custom attributes of a profile.
    ///
    /// # Errors
    /// E0000001 if there are attributes that the schema does not have; nothing else is then looked at.
    pub(super) fn check(&self, custom: &Map<String, Value>) -> Result<Vec<Violation>, Problem> {
        let undefined = custom.keys().filter(|name| !self.custom.iter().any(|(known, _)| known == *name));
        let causes = undefined.map(|name| format!("Property name '{name}' is not defined in profile"));
        let problem = Problem::new(ErrorCode::ApiValidation).about("profile");
        let problem = causes.fold(problem, Problem::because);
        if !problem.causes.is_empty() {
            return Err(problem);
        }
        let refused = |(name, attribute): &(String, CustomAttribute)| {
            let value = custom.get(name).unwrap_or(&Value::Null);
            refusal(&attribute.view(name), value).map(|text| Violation::new(name, text))
        };
        Ok(self.custom.iter().filter_map(refused).collect())
    }

    /// The `definitions` of the schema document (recording of getGroupSchema).
    #[must_use]
    pub fn document(&self) -> Value {
        let print = |(name, attribute): &(String, CustomAttribute)| (name.clone(), Value::Object(attribute.members()));
        let required = self.custom.iter().filter(|(name, attribute)| attribute.view(name).required);
        let required: Vec<&str> = required.map(|(name, _)| name.as_str()).collect();
        let base = |title: &str, required: bool, max_length: u32| {
            let mut members = Map::new();
            let mut add = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
            add("title", json!(title));
            add("description", json!(title));
            add("type", json!("string"));
            if required {
                add("required", json!(true));
            }
            add("mutability", json!("READ_WRITE"));
            add("scope", json!("NONE"));
            add("maxLength", json!(max_length));
            add("permissions", json!([{ "principal": "SELF", "action": "READ_WRITE" }]));
            add("master", json!({ "type": "PROFILE_MASTER" }));
            Value::Object(members)
        };
        json!({
            "custom": {
                "id": "#custom",
                "type": "object",
                "properties": self.custom.iter().map(print).collect::<Map<_, _>>(),
                "required": required,
            },
            "base": {
                "id": "#base",
                "type": "object",
                "properties": { "name": base("Name", true, 255), "description": base("Description", false, 1024) },
                "required": ["name"],
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_attributes_come_are_checked_and_go() {
        let change = |properties: Value| json!({ "definitions": { "custom": { "properties": properties } } });
        let mut schema = GroupSchema::default();
        schema.merge(&change(json!({ "title": { "title": "T", "type": "string", "maxLength": 3 } }))).unwrap();
        let before = schema.clone();
        let profile = |value: Value| serde_json::from_value::<Map<String, Value>>(value).unwrap();
        assert_eq!(schema.check(&profile(json!({ "title": "abc" }))), Ok(Vec::new()));
        assert_eq!(schema.check(&profile(json!({ "title": "abcd" }))).unwrap().len(), 1);
        assert!(schema.check(&profile(json!({ "other": 1 }))).is_err());
        assert!(schema.merge(&change(json!({ "name": { "title": "N", "type": "string" } }))).is_err());
        schema.merge(&change(json!({ "title": null }))).unwrap();
        assert_eq!(schema.removed_since(&before), ["title"]);
    }
}
