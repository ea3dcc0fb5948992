//! The profile of a user: the attributes that a schema has found good.
//!
//! Invariant: a [`Profile`] keeps its attributes in the order in which it is printed, so the text that is stored is
//! the text that goes over the wire.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Violation;
use crate::user::login::Login;
use crate::user::schema::ProfileSchema;

mod index;
mod validate;

pub use index::{index_number, index_text};
pub(crate) use validate::refusal;

/// What a real org prints before all other attributes, and after them (observed.md, section 3).
const PRINTED_FIRST: [&str; 3] = ["firstName", "lastName", "mobilePhone"];
const PRINTED_LAST: [&str; 3] = ["secondEmail", "login", "email"];

/// What is printed even when unset, as null.
const ALWAYS_PRINTED: [&str; 2] = ["mobilePhone", "secondEmail"];

/// A checked profile. Only a schema makes one ([`ProfileSchema::create`], [`ProfileSchema::merge_profile`],
/// [`ProfileSchema::replace`]), or the store gives one back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Value>);

/// Why a profile can't be stored: E0000001, with the [causes](Self::causes).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Attributes that the schema doesn't have, in the order given. Nothing else has been looked at.
    #[error("the profile has {} undefined attribute(s)", .0.len())]
    UndefinedProperties(Vec<String>),
    /// Every rule broken, in schema order, the form of the login last; the first names the subject of the error.
    #[error("the profile breaks {} rule(s)", .0.len())]
    Invalid(Vec<Violation>),
}

impl ProfileError {
    /// The error causes as a real org words them (behaviour.md E.6).
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        match self {
            Self::UndefinedProperties(names) => {
                names.iter().map(|name| format!("Property name '{name}' is not defined in profile")).collect()
            }
            Self::Invalid(violations) => violations.iter().map(|it| format!("{}: {}", it.field, it.text)).collect(),
        }
    }
}

impl Profile {
    /// Reads back what [`Profile::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// `json` is no JSON object: the store is damaged.
    pub fn from_stored(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(Self)
    }

    /// The profile as stored and as printed: firstName, lastName, mobilePhone, others in schema order, secondEmail,
    /// login, email (observed.md, section 3). mobilePhone and secondEmail are null when unset, others absent.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The login, as written.
    #[must_use]
    pub fn login(&self) -> Login {
        Login::from_profile(self.text("login"))
    }

    /// The primary e-mail address.
    #[must_use]
    pub fn email(&self) -> &str {
        self.text("email")
    }

    /// The first name; empty if unset, which a schema may allow.
    #[must_use]
    pub fn first_name(&self) -> &str {
        self.text("firstName")
    }

    /// The last name; empty if unset, which a schema may allow.
    #[must_use]
    pub fn last_name(&self) -> &str {
        self.text("lastName")
    }

    /// The value of an attribute, unless it is unset. Never null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The attributes that are set, in the order of printing.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value))
    }

    /// The attributes whose values differ between this profile and `other`: this one's in the order of printing,
    /// then those that only `other` has.
    #[must_use]
    pub fn changed_attributes(&self, other: &Self) -> Vec<String> {
        let gone = other.iter().filter(|(name, _)| self.get(name).is_none());
        let changed = self.iter().filter(|(name, value)| other.get(name) != Some(*value));
        changed.chain(gone).map(|(name, _)| name.to_owned()).collect()
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Puts values in the order of printing. Nulls, and what `schema` doesn't have, are left out.
    fn in_print_order<'a>(schema: &ProfileSchema, value: impl Fn(&str) -> Option<&'a Value>) -> Self {
        let others = schema.attributes().map(|attribute| attribute.name);
        let others = others.filter(|name| !PRINTED_FIRST.contains(name) && !PRINTED_LAST.contains(name));
        let mut printed = Map::new();
        for name in PRINTED_FIRST.into_iter().chain(others).chain(PRINTED_LAST) {
            match value(name).filter(|value| !value.is_null()) {
                Some(value) => printed.insert(name.to_owned(), value.clone()),
                None if ALWAYS_PRINTED.contains(&name) => printed.insert(name.to_owned(), Value::Null),
                None => None,
            };
        }
        Self(printed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile(value: &Value) -> Profile {
        ProfileSchema::default().create(value.as_object().unwrap()).unwrap()
    }

    fn isaac() -> Profile {
        profile(&json!({
            "login": "isaac@example.com", "email": "isaac@example.com", "nickName": "Ike", "city": "Issaquah",
            "lastName": "Brock", "firstName": "Isaac",
        }))
    }

    #[test]
    fn a_profile_prints_in_a_real_orgs_order() {
        let expected = concat!(
            r#"{"firstName":"Isaac","lastName":"Brock","mobilePhone":null,"nickName":"Ike","city":"Issaquah","#,
            r#""secondEmail":null,"login":"isaac@example.com","email":"isaac@example.com"}"#,
        );
        assert_eq!(isaac().to_json(), expected);
        assert_eq!(serde_json::to_string(&isaac()).unwrap(), expected);
    }

    #[test]
    fn a_profile_gives_what_is_set() {
        let isaac = isaac();
        assert_eq!((isaac.first_name(), isaac.last_name(), isaac.email()), ("Isaac", "Brock", "isaac@example.com"));
        assert_eq!((isaac.get("city"), isaac.get("mobilePhone")), (Some(&json!("Issaquah")), None));
        assert_eq!(isaac.login().as_str(), "isaac@example.com");
        assert_eq!(isaac.iter().count(), 6);
    }

    #[test]
    fn changed_attributes_are_those_set_cleared_or_different() {
        let other = profile(&json!({
            "login": "isaac@example.com", "email": "isaac@example.com", "firstName": "Isaac", "lastName": "Brook",
            "mobilePhone": "+1", "city": "Issaquah",
        }));
        assert_eq!(other.changed_attributes(&isaac()), ["lastName", "mobilePhone", "nickName"]);
        assert!(isaac().changed_attributes(&isaac()).is_empty());
    }
}
