//! The single requirements that a policy is made of.

use super::{ExcludedAttribute, PasswordComplexity};
use crate::user::profile::Profile;

/// Bytes of UTF-8 that a password may have, whatever the policy: bcrypt sees no more (behaviour.md E.4).
const MAX_BYTES: usize = 72;

/// Characters of a login's part from which on a password must not contain it (behaviour.md E.4).
const MIN_PART_LENGTH: usize = 4;

/// What a policy may ask of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRequirement {
    /// Enough characters.
    Length,
    /// At most 72 bytes. Every policy asks for it, and none says so.
    MaximumLength,
    /// Enough lower-case letters.
    LowerCase,
    /// Enough upper-case letters.
    UpperCase,
    /// Enough digits.
    Number,
    /// Enough characters that are neither letters nor digits.
    Symbol,
    /// No parts of the login.
    Username,
    /// Not the first name.
    FirstName,
    /// Not the last name.
    LastName,
}

impl PasswordRequirement {
    /// Every requirement, in the order in which a policy's text has them.
    pub const ALL: [Self; 9] = [
        Self::Length,
        Self::MaximumLength,
        Self::LowerCase,
        Self::UpperCase,
        Self::Number,
        Self::Symbol,
        Self::Username,
        Self::FirstName,
        Self::LastName,
    ];

    /// The words for it (behaviour.md E.5), if `complexity` asks for it.
    pub(super) fn text(self, complexity: &PasswordComplexity) -> Option<String> {
        let count = |minimum: u32, one: &str, many: &str| match minimum {
            0 => None,
            1 => Some(one.to_owned()),
            more => Some(format!("{more} {many}")),
        };
        let fixed = |asked: bool, text: &str| asked.then(|| text.to_owned());
        let excluded = |attribute| complexity.exclude_attributes.contains(&attribute);
        match self {
            Self::Length => Some(format!("at least {} characters", complexity.min_length)),
            Self::MaximumLength => None,
            Self::LowerCase => count(complexity.min_lower_case, "a lowercase letter", "lowercase letters"),
            Self::UpperCase => count(complexity.min_upper_case, "an uppercase letter", "uppercase letters"),
            Self::Number => count(complexity.min_number, "a number", "numbers"),
            Self::Symbol => count(complexity.min_symbol, "a symbol", "symbols"),
            Self::Username => fixed(complexity.exclude_username, "no parts of your username"),
            Self::FirstName => fixed(excluded(ExcludedAttribute::FirstName), "does not include your first name"),
            Self::LastName => fixed(excluded(ExcludedAttribute::LastName), "does not include your last name"),
        }
    }

    /// Whether `password` has it, or `complexity` doesn't ask for it.
    pub(super) fn is_met(self, complexity: &PasswordComplexity, password: &str, profile: &Profile) -> bool {
        let enough =
            |minimum: u32, counts: fn(&char) -> bool| password.chars().filter(counts).count() >= minimum as usize;
        let excluded = |attribute| complexity.exclude_attributes.contains(&attribute);
        match self {
            Self::Length => enough(complexity.min_length, |_| true),
            Self::MaximumLength => password.len() <= MAX_BYTES,
            Self::LowerCase => enough(complexity.min_lower_case, |character| character.is_lowercase()),
            Self::UpperCase => enough(complexity.min_upper_case, |character| character.is_uppercase()),
            Self::Number => enough(complexity.min_number, |character| character.is_numeric()),
            Self::Symbol => enough(complexity.min_symbol, |character| !character.is_alphanumeric()),
            Self::Username => {
                let login = profile.login();
                !complexity.exclude_username || username_parts(login.as_str()).all(|part| !contains(password, part))
            }
            Self::FirstName => !excluded(ExcludedAttribute::FirstName) || !contains(password, profile.first_name()),
            Self::LastName => !excluded(ExcludedAttribute::LastName) || !contains(password, profile.last_name()),
        }
    }
}

/// Whether `password` has `text` in it, whatever the case; no password has an empty text in it.
fn contains(password: &str, text: &str) -> bool {
    !text.is_empty() && password.to_lowercase().contains(&text.to_lowercase())
}

/// The parts of a login that a password must not contain: split at `, . _ # @ -`, without the last part of the domain
/// and without those of fewer than 4 characters (behaviour.md E.4).
fn username_parts(login: &str) -> impl Iterator<Item = &str> {
    let separators = [',', '.', '_', '#', '@', '-'];
    let considered = match login.rfind('@') {
        Some(at) => {
            let domain = login.get(at..).unwrap_or_default();
            let last_part = domain.rfind(separators).unwrap_or_default();
            login.get(..at + last_part).unwrap_or_default()
        }
        None => login,
    };
    considered.split(separators).filter(|part| part.chars().count() >= MIN_PART_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_parts_leave_out_the_top_level_domain_and_short_parts() {
        for (login, expected) in [
            ("isaac.brock@example.com", vec!["isaac", "brock", "example"]),
            ("ike_b#issaquah-wa@mail.example.info", vec!["issaquah", "mail", "example"]),
            ("isaac@localhost", vec!["isaac"]),
            ("isaac.brock", vec!["isaac", "brock"]),
            ("", vec![]),
        ] {
            assert_eq!(username_parts(login).collect::<Vec<_>>(), expected, "{login}");
        }
    }
}
