//! What one attribute of a profile is, and the 31 that every profile schema has.
//!
//! Invariant: [`BASE_ATTRIBUTES`] is the only place that knows a base attribute's limits; the schema document, the
//! checks of a profile and the search index all read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod format;

pub use format::Format;

/// The type of an attribute, or of the elements of an array: the scalars (behaviour.md E.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemType {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number that fits 64 signed bits; `1.0` is none.
    Integer,
    /// Any JSON number.
    Number,
}

impl ItemType {
    /// The type as the schema document spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
        }
    }

    /// Whether `value` has this JSON type. Nothing is coerced: `"1"` is no integer (behaviour.md E.2).
    #[must_use]
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
        }
    }
}

/// The type of a profile attribute (behaviour.md E.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number that fits 64 signed bits.
    Integer,
    /// Any JSON number.
    Number,
    /// A list whose elements have this type.
    Array(ItemType),
}

impl AttributeType {
    /// The type as the schema document spells it; arrays don't say of what.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array(_) => "array",
            Self::String => ItemType::String.name(),
            Self::Boolean => ItemType::Boolean.name(),
            Self::Integer => ItemType::Integer.name(),
            Self::Number => ItemType::Number.name(),
        }
    }

    /// The type of one value: the attribute's own, or that of an array's elements.
    #[must_use]
    pub const fn item_type(self) -> ItemType {
        match self {
            Self::Array(items) => items,
            Self::String => ItemType::String,
            Self::Boolean => ItemType::Boolean,
            Self::Integer => ItemType::Integer,
            Self::Number => ItemType::Number,
        }
    }

    /// Whether `value`, and every element of it if this is an array, has this JSON type.
    #[must_use]
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::Array(items) => value.as_array().is_some_and(|list| list.iter().all(|item| items.fits(item))),
            scalar => scalar.item_type().fits(value),
        }
    }
}

impl From<ItemType> for AttributeType {
    fn from(scalar: ItemType) -> Self {
        match scalar {
            ItemType::String => Self::String,
            ItemType::Boolean => Self::Boolean,
            ItemType::Integer => Self::Integer,
            ItemType::Number => Self::Number,
        }
    }
}

/// What users may do with an attribute of their own profile: the `action` of the principal `SELF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SelfPermission {
    /// They don't see it.
    Hide,
    /// They see it.
    ReadOnly,
    /// They see and change it.
    ReadWrite,
}

/// An attribute of one schema, base or custom, with the schema's overrides applied: all that a check of a value
/// needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute<'a> {
    /// The name, unique in the schema, case-sensitive.
    pub name: &'a str,
    /// The type.
    pub attribute_type: AttributeType,
    /// Whether a profile needs it.
    pub required: bool,
    /// The least length of a text, in characters; 0 is no limit.
    pub min_length: u32,
    /// The greatest length of a text, in characters.
    pub max_length: Option<u32>,
    /// The form that a text must have.
    pub format: Option<Format>,
    /// The only values allowed (of an array: for its elements); empty when all are.
    pub allowed: Vec<&'a Value>,
    /// Whether no two users of an org may have the same value.
    pub unique: bool,
    /// Whether the search index has a row for each value.
    pub indexed: bool,
    /// What users may do with it on their own profile.
    pub permission: SelfPermission,
    /// Whether it is one of [`BASE_ATTRIBUTES`].
    pub base: bool,
}

/// Greatest length, in characters, of a base attribute for which no source has a number (behaviour.md E.1).
const DEFAULT_MAX_LENGTH: u32 = 1024;

/// One of the 31 attributes that every schema has. All are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseAttribute {
    /// The name.
    pub name: &'static str,
    /// The label of the schema document.
    pub title: &'static str,
    /// Whether a profile needs it, unless the schema overrides that.
    pub required: bool,
    /// The least length, in characters; 0 is no limit.
    pub min_length: u32,
    /// The greatest length, in characters.
    pub max_length: u32,
    /// Whether the schema document tells the length limits: a real org keeps most of them to itself.
    pub length_shown: bool,
    /// The form that the text must have.
    pub format: Option<Format>,
    /// What users may do with it on their own profile, unless the schema overrides that.
    pub permission: SelfPermission,
    /// Whether the search index has it. `login` has an index of its own.
    pub indexed: bool,
}

impl BaseAttribute {
    const fn new(name: &'static str, title: &'static str) -> Self {
        Self {
            name,
            title,
            required: false,
            min_length: 0,
            max_length: DEFAULT_MAX_LENGTH,
            length_shown: false,
            format: None,
            permission: SelfPermission::ReadOnly,
            indexed: false,
        }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn length(self, min_length: u32, max_length: u32) -> Self {
        Self { min_length, max_length, ..self }
    }

    const fn shown_length(self, min_length: u32, max_length: u32) -> Self {
        Self { length_shown: true, ..self.length(min_length, max_length) }
    }

    const fn format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    const fn writable(self) -> Self {
        Self { permission: SelfPermission::ReadWrite, ..self }
    }

    const fn hidden(self) -> Self {
        Self { permission: SelfPermission::Hide, ..self }
    }

    const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }
}

/// The 31 base attributes in the order of the schema document (behaviour.md E.1, observed.md *User schema*).
pub const BASE_ATTRIBUTES: [BaseAttribute; 31] = [
    BaseAttribute::new("login", "Username").required().shown_length(5, 100),
    BaseAttribute::new("firstName", "First name").required().shown_length(1, 50).writable().indexed(),
    BaseAttribute::new("lastName", "Last name").required().shown_length(1, 50).writable().indexed(),
    BaseAttribute::new("middleName", "Middle name"),
    BaseAttribute::new("honorificPrefix", "Honorific prefix"),
    BaseAttribute::new("honorificSuffix", "Honorific suffix"),
    BaseAttribute::new("email", "Primary email").required().length(5, 100).format(Format::Email).writable().indexed(),
    BaseAttribute::new("title", "Title").indexed(),
    BaseAttribute::new("displayName", "Display name").indexed(),
    BaseAttribute::new("nickName", "Nickname").indexed(),
    BaseAttribute::new("profileUrl", "Profile Url").format(Format::Uri),
    BaseAttribute::new("secondEmail", "Secondary email").length(5, 100).format(Format::Email).writable().indexed(),
    BaseAttribute::new("mobilePhone", "Mobile phone").shown_length(0, 100).writable().indexed(),
    BaseAttribute::new("primaryPhone", "Primary phone").shown_length(0, 100).hidden(),
    BaseAttribute::new("streetAddress", "Street address").length(0, 1024).hidden(),
    BaseAttribute::new("city", "City").length(0, 128).hidden().indexed(),
    BaseAttribute::new("state", "State").length(0, 128).hidden().indexed(),
    BaseAttribute::new("zipCode", "Zip code").length(0, 50).hidden(),
    BaseAttribute::new("countryCode", "Country code").length(0, 2).format(Format::CountryCode).hidden().indexed(),
    BaseAttribute::new("postalAddress", "Postal Address").length(0, 4096).hidden(),
    BaseAttribute::new("preferredLanguage", "Preferred language").format(Format::LanguageCode),
    BaseAttribute::new("locale", "Locale").format(Format::Locale),
    BaseAttribute::new("timezone", "Time zone").format(Format::TimeZone),
    BaseAttribute::new("userType", "User type").indexed(),
    BaseAttribute::new("employeeNumber", "Employee number").indexed(),
    BaseAttribute::new("costCenter", "Cost center").indexed(),
    BaseAttribute::new("organization", "Organization").indexed(),
    BaseAttribute::new("division", "Division").indexed(),
    BaseAttribute::new("department", "Department").indexed(),
    BaseAttribute::new("managerId", "ManagerId").indexed(),
    BaseAttribute::new("manager", "Manager").indexed(),
];

/// The base attribute of this name.
#[must_use]
pub fn base_attribute(name: &str) -> Option<&'static BaseAttribute> {
    BASE_ATTRIBUTES.iter().find(|attribute| attribute.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    fn names(chosen: impl Fn(&BaseAttribute) -> bool) -> Vec<&'static str> {
        BASE_ATTRIBUTES.iter().filter(|attribute| chosen(attribute)).map(|attribute| attribute.name).collect()
    }

    #[test]
    fn the_table_has_31_attributes_with_names_of_their_own() {
        let unique: HashSet<_> = names(|_| true).into_iter().collect();
        assert_eq!((BASE_ATTRIBUTES.len(), unique.len()), (31, 31));
    }

    #[test]
    fn the_table_agrees_with_the_recorded_schema_documents() {
        assert_eq!(names(|row| row.required), ["login", "firstName", "lastName", "email"]);
        assert_eq!(names(|row| row.length_shown), ["login", "firstName", "lastName", "mobilePhone", "primaryPhone"]);
        let writable = names(|row| row.permission == SelfPermission::ReadWrite);
        assert_eq!(writable, ["firstName", "lastName", "email", "secondEmail", "mobilePhone"]);
        let hidden = names(|row| row.permission == SelfPermission::Hide);
        let address = ["primaryPhone", "streetAddress", "city", "state", "zipCode", "countryCode", "postalAddress"];
        assert_eq!(hidden, address);
    }

    #[test]
    fn the_limits_of_every_row_can_be_met() {
        assert!(BASE_ATTRIBUTES.iter().all(|row| row.min_length <= row.max_length));
    }

    #[test]
    fn json_types_are_strict() {
        assert!(!AttributeType::Integer.fits(&json!("1")) && !AttributeType::Integer.fits(&json!(1.0)));
        assert!(AttributeType::Integer.fits(&json!(-1)) && AttributeType::Number.fits(&json!(1)));
        assert!(AttributeType::Array(ItemType::String).fits(&json!([])));
        assert!(!AttributeType::Array(ItemType::String).fits(&json!(["a", 1])));
        assert!(!AttributeType::Array(ItemType::String).fits(&json!("a")));
    }
}
