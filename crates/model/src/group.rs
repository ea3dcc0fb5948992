//! Groups, as far as users need them: their kinds and the rules of their profile.

pub mod rule;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ErrorCode, Problem, Violation};
pub use schema::GroupSchema;

/// The name of the group that every user is in.
pub const EVERYONE: &str = "Everyone";

/// The description of [`EVERYONE`] (observed.md section 5, *Groups*).
pub const EVERYONE_DESCRIPTION: &str = "All users in your organization";

/// What kind of group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GroupType {
    /// Made by an administrator.
    #[serde(rename = "OKTA_GROUP")]
    OktaGroup,
    /// Made by the org itself: Everyone.
    #[serde(rename = "BUILT_IN")]
    BuiltIn,
}

impl GroupType {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OktaGroup => "OKTA_GROUP",
            Self::BuiltIn => "BUILT_IN",
        }
    }
}

/// A group's profile, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProfile {
    name: String,
    description: Option<String>,
    custom: Map<String, Value>,
}

impl GroupProfile {
    /// Checks a profile: a name of 1 to 255 characters, a description of up to 1024 (behaviour.md G.4), and what `schema`
    /// says of the rest.
    ///
    /// # Errors
    /// E0000003 for a name or description that is no text, E0000001 with one cause for each attribute that breaks its rule.
    pub fn new(members: &Map<String, Value>, schema: &GroupSchema) -> Result<Self, Problem> {
        let (name, description) = (text(members, "name")?.unwrap_or_default(), text(members, "description")?);
        let custom = |name: &str| !matches!(name, "name" | "description" | "objectClass");
        let custom = members.iter().filter(|(name, value)| custom(name) && !value.is_null());
        let custom: Map<String, Value> = custom.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut violations = Vec::new();
        match name.trim().chars().count() {
            0 => violations.push(Violation::new("name", "The field cannot be left blank")),
            1..=255 => {}
            _ => violations.push(Violation::new("name", "The field is too long")),
        }
        if description.is_some_and(|text| text.chars().count() > 1024) {
            violations.push(Violation::new("description", "The field is too long"));
        }
        violations.extend(schema.check(&custom)?);
        if violations.is_empty() {
            Ok(Self { name: name.to_owned(), description: description.map(str::to_owned), custom })
        } else {
            Err(Problem::violations(&violations))
        }
    }

    /// The profile of the group that every user is in.
    #[must_use]
    pub fn everyone() -> Self {
        let description = Some(EVERYONE_DESCRIPTION.to_owned());
        Self { name: EVERYONE.to_owned(), description, custom: Map::new() }
    }

    /// The name, unique among the groups of an org.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The description, if any.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The custom attributes that are set.
    #[must_use]
    pub const fn custom(&self) -> &Map<String, Value> {
        &self.custom
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => {
            Err(Problem::violations(&[Violation::new(name, "The field has an invalid value")]))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::new(ErrorCode::NotWellFormed)),
    }
}
