//! Linked objects: definitions of a relation between users, such as manager and subordinate (behaviour.md F.1).

use crate::error::Violation;

/// Definitions that an org may have (Okta's linked objects guide).
pub const MAX_DEFINITIONS: usize = 200;

/// Characters that a name or title may have at most.
const MAX_CHARACTERS: usize = 255;

/// Characters that a description may have at most.
const MAX_DESCRIPTION_CHARACTERS: usize = 1024;

/// One end of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedObjectProperty {
    name: String,
    title: String,
    description: Option<String>,
}

impl LinkedObjectProperty {
    /// An end as it was stored.
    #[must_use]
    pub const fn restored(name: String, title: String, description: Option<String>) -> Self {
        Self { name, title, description }
    }

    /// The name that requests use; case-sensitive.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its description, if any.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn violations(&self, end: &str) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut refuse = |member: &str, text: &str| violations.push(Violation::new(format!("{end}.{member}"), text));
        match self.name.chars().count() {
            0 => refuse("name", "The field cannot be left blank"),
            1..=MAX_CHARACTERS if is_name(&self.name) => {}
            1..=MAX_CHARACTERS => refuse("name", "Does not match required pattern"),
            _ => refuse("name", "The field is too long"),
        }
        match self.title.trim().chars().count() {
            0 => refuse("title", "The field cannot be left blank"),
            1..=MAX_CHARACTERS => {}
            _ => refuse("title", "The field is too long"),
        }
        if self.description().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARACTERS) {
            refuse("description", "The field is too long");
        }
        violations
    }
}

/// Letters, digits and `_`; no digit first.
fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A relation: an associated user has at most one primary user, who may have any number of associated users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedObjectDefinition {
    /// The end of which there is one: the manager.
    pub primary: LinkedObjectProperty,
    /// The end of which there are many: the subordinate.
    pub associated: LinkedObjectProperty,
}

impl LinkedObjectDefinition {
    /// Checks both ends.
    ///
    /// # Errors
    /// One violation for each member that breaks its rule.
    pub fn new(primary: LinkedObjectProperty, associated: LinkedObjectProperty) -> Result<Self, Vec<Violation>> {
        let mut violations = primary.violations("primary");
        violations.extend(associated.violations("associated"));
        if violations.is_empty() { Ok(Self { primary, associated }) } else { Err(violations) }
    }

    /// Both ends, the primary one first.
    #[must_use]
    pub const fn ends(&self) -> [&LinkedObjectProperty; 2] {
        [&self.primary, &self.associated]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(name: &str, title: &str) -> LinkedObjectProperty {
        LinkedObjectProperty::restored(name.to_owned(), title.to_owned(), None)
    }

    #[test]
    fn a_name_is_made_of_letters_digits_and_underscores_and_begins_with_no_digit() {
        assert!(["manager", "_a1", "A_b"].into_iter().all(is_name));
        assert!(!["1a", "a-b", "a b", "ä", "a.b"].into_iter().any(is_name));
    }

    #[test]
    fn each_member_that_breaks_its_rule_is_told_with_its_end() {
        let violations = LinkedObjectDefinition::new(end("", "Manager"), end("1x", " ")).unwrap_err();
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["primary.name", "associated.name", "associated.title"]);
    }
}
