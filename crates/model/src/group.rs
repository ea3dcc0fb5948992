//! Groups, as far as users need them: their kinds and the rules of their profile.

use serde::{Deserialize, Serialize};

use crate::error::Violation;

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
}

impl GroupProfile {
    /// Checks a profile: a name of 1 to 255 characters, a description of up to 1024 (behaviour.md G.4).
    ///
    /// # Errors
    /// One violation for each field that breaks its rule.
    pub fn new(name: &str, description: Option<&str>) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        match name.trim().chars().count() {
            0 => violations.push(Violation::new("name", "The field cannot be left blank")),
            1..=255 => {}
            _ => violations.push(Violation::new("name", "The field is too long")),
        }
        if description.is_some_and(|text| text.chars().count() > 1024) {
            violations.push(Violation::new("description", "The field is too long"));
        }
        if violations.is_empty() {
            Ok(Self { name: name.to_owned(), description: description.map(str::to_owned) })
        } else {
            Err(violations)
        }
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
}
