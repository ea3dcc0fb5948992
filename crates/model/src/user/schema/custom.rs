//! Custom attributes: what an org adds to the profile of a user type (behaviour.md E.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::member::{self, Master, Permission, is};
use crate::error::Violation;
use crate::user::attribute::{Attribute, AttributeType, Format, ItemType};

pub(super) const PERMISSIONS_TEXT: &str =
    "The permissions must be a list of principal SELF with action HIDE, READ_ONLY or READ_WRITE";
pub(super) const MASTER_TEXT: &str = "The master must have the type PROFILE_MASTER, OKTA or OVERRIDE";

/// A custom attribute. Its JSON is what the schema document prints, members in a real org's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomAttribute {
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(rename = "type")]
    type_name: TypeName,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unique: Option<Uniqueness>,
    #[serde(default)]
    mutability: Mutability,
    #[serde(default)]
    scope: Scope,
    #[serde(flatten)]
    values: AllowedValues,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Items>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_length: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<u32>,
    /// Members that decide nothing here but are printed back: `externalName`, `union`, those of later versions.
    #[serde(flatten)]
    other: Map<String, Value>,
    #[serde(default = "Permission::default_list")]
    permissions: Vec<Permission>,
    #[serde(default = "Master::profile_master")]
    master: Master,
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypeName {
    String,
    Boolean,
    Integer,
    Number,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Uniqueness {
    UniqueValidated,
    NotUnique,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mutability {
    #[default]
    ReadWrite,
    ReadOnly,
    WriteOnly,
    Immutable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Scope {
    #[default]
    None,
    #[serde(rename = "SELF")]
    User,
}

/// `enum` and `oneOf`, which gives each value a title.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct AllowedValues {
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    list: Option<Vec<Value>>,
    #[serde(rename = "oneOf", default, skip_serializing_if = "Option::is_none")]
    titled: Option<Vec<TitledValue>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TitledValue {
    #[serde(rename = "const")]
    value: Value,
    title: String,
}

/// `items`: what the elements of an array are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Items {
    #[serde(rename = "type")]
    item_type: ItemType,
    #[serde(flatten)]
    values: AllowedValues,
}

impl AllowedValues {
    /// The values themselves; without `enum`, those that have titles.
    fn allowed(&self) -> Vec<&Value> {
        match &self.list {
            Some(list) => list.iter().collect(),
            None => self.titled.iter().flatten().map(|titled| &titled.value).collect(),
        }
    }

    /// Why no attribute of this type can have these values.
    fn refusal(&self, item_type: ItemType) -> Option<&'static str> {
        let allowed = self.allowed();
        let titled = self.titled.iter().flatten().map(|titled| &titled.value);
        let repeated = |(index, value): (usize, &&Value)| allowed.iter().take(index).any(|earlier| earlier == value);
        if self.list.as_ref().is_some_and(Vec::is_empty) || self.titled.as_ref().is_some_and(Vec::is_empty) {
            Some("The list of values must not be empty")
        } else if !allowed.iter().all(|value| item_type.fits(value)) {
            Some("The values must have the type of the attribute")
        } else if allowed.iter().enumerate().any(repeated) {
            Some("The values must be different")
        } else if titled.into_iter().any(|value| !allowed.contains(&value)) {
            Some("Every value of oneOf must be in enum")
        } else {
            None
        }
    }
}

/// A member, the form it must have, and the text that says so.
struct Member(&'static str, fn(&Value) -> bool, &'static str);

/// The members whose form matters. One that isn't here is printed back as it came.
const MEMBERS: [Member; 17] = [
    Member("title", is::<String>, "The field must be of type string"),
    Member("description", is::<String>, "The field must be of type string"),
    Member("type", is::<TypeName>, "The type must be string, boolean, integer, number or array"),
    Member("required", is::<bool>, "The field must be of type boolean"),
    Member("format", is::<Format>, "The format is not supported"),
    Member("unique", is::<Uniqueness>, "The field must be UNIQUE_VALIDATED or NOT_UNIQUE"),
    Member("mutability", is::<Mutability>, "The mutability is not supported"),
    Member("scope", is::<Scope>, "The scope must be NONE or SELF"),
    Member("enum", is::<Vec<Value>>, "The field must be of type array"),
    Member("oneOf", is::<Vec<TitledValue>>, "The field must be a list of const and title"),
    Member("items", is::<Items>, "The items must have the type string, boolean, integer or number"),
    Member("minLength", is::<u32>, "The field must be a length"),
    Member("maxLength", is::<u32>, "The field must be a length"),
    Member("pattern", |_| false, "Only login can have a pattern"),
    Member("permissions", is::<Vec<Permission>>, PERMISSIONS_TEXT),
    Member("master", is::<Master>, MASTER_TEXT),
    Member("union", |value| value == "ENABLE" || value == "DISABLE", "The union must be ENABLE or DISABLE"),
];

impl CustomAttribute {
    /// `current` after the members of `change`, or a new attribute of them. A null removes a member.
    pub(super) fn merged(
        name: &str,
        current: Option<&Self>,
        change: &Map<String, Value>,
    ) -> Result<Self, Vec<Violation>> {
        let mut members = current.map(Self::members).unwrap_or_default();
        if change.contains_key("enum") {
            // The titles of the old values say nothing about the new ones.
            members.shift_remove("oneOf");
        }
        for (member, value) in change {
            match value {
                Value::Null => members.shift_remove(member),
                value => members.insert(member.clone(), value.clone()),
            };
        }
        let violation = |(member, text): (&str, &str)| Violation::new(format!("{name}.{member}"), text);
        let malformed = malformed(&members);
        if !malformed.is_empty() {
            return Err(malformed.into_iter().map(violation).collect());
        }
        let merged: Self = serde_json::from_value(Value::Object(members))
            .map_err(|error| vec![Violation::new(name, error.to_string())])?;
        match merged.refusal(current) {
            Some(refusal) => Err(vec![violation(refusal)]),
            None => Ok(merged),
        }
    }

    /// The attribute as the schema document prints it.
    pub(crate) fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }

    /// What a check of a value needs to know.
    pub(crate) fn view<'a>(&'a self, name: &'a str) -> Attribute<'a> {
        let values = self.items.as_ref().map_or(&self.values, |items| &items.values);
        Attribute {
            name,
            attribute_type: self.attribute_type(),
            required: self.required,
            min_length: self.min_length.unwrap_or_default(),
            max_length: self.max_length,
            format: self.format,
            allowed: values.allowed(),
            unique: self.unique == Some(Uniqueness::UniqueValidated),
            indexed: true,
            permission: member::self_permission(&self.permissions),
            base: false,
        }
    }

    fn attribute_type(&self) -> AttributeType {
        match self.type_name {
            TypeName::String => AttributeType::String,
            TypeName::Boolean => AttributeType::Boolean,
            TypeName::Integer => AttributeType::Integer,
            TypeName::Number => AttributeType::Number,
            TypeName::Array => AttributeType::Array(self.items.as_ref().map_or(ItemType::String, |it| it.item_type)),
        }
    }

    /// The member, and why it can't be, of the first rule broken that takes more than one member to break.
    fn refusal(&self, current: Option<&Self>) -> Option<(&'static str, &'static str)> {
        let attribute_type = self.attribute_type();
        let is_array = self.type_name == TypeName::Array;
        let is_text = attribute_type == AttributeType::String;
        let values = &self.values;
        if current.is_some_and(|current| current.attribute_type() != attribute_type) {
            Some(("type", "The type of an attribute cannot be changed"))
        } else if is_array != self.items.is_some() {
            Some(("items", "An array needs items, and nothing else has them"))
        } else if is_array && (values.list.is_some() || values.titled.is_some()) {
            Some(("enum", "The values of an array are listed in its items"))
        } else if let Some(text) = values.refusal(attribute_type.item_type()) {
            Some(("enum", text))
        } else if let Some(text) = self.items.as_ref().and_then(|items| items.values.refusal(items.item_type)) {
            Some(("items", text))
        } else if self.format.is_some() && !is_text {
            Some(("format", "Only a string can have a format"))
        } else if self.max_length.is_some_and(|max| self.min_length.is_some_and(|min| min > max)) {
            Some(("minLength", "The minimum length must not be greater than the maximum length"))
        } else if self.unique == Some(Uniqueness::UniqueValidated)
            && (is_array || attribute_type == AttributeType::Boolean)
        {
            Some(("unique", "Only a string, integer or number can be unique"))
        } else {
            None
        }
    }
}

/// The members that are missing or not of their form, and the text for each.
fn malformed(members: &Map<String, Value>) -> Vec<(&'static str, &'static str)> {
    let blank = ["title", "type"].into_iter().filter(|member| members.get(*member).is_none_or(|value| value == ""));
    let blank = blank.map(|member| (member, "The field cannot be left blank"));
    let wrong = MEMBERS.iter().filter(|Member(name, fits, _)| members.get(*name).is_some_and(|value| !fits(value)));
    let mut found: Vec<_> = blank.collect();
    for Member(name, _, text) in wrong {
        if found.iter().all(|(earlier, _)| earlier != name) {
            found.push((name, text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_names_each_member_once() {
        let names: HashSet<_> = MEMBERS.iter().map(|Member(name, ..)| name).collect();
        assert_eq!(names.len(), MEMBERS.len());
    }
}
