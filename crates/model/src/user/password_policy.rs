//! Which passwords an org accepts (behaviour.md E.4, E.5).
//!
//! What needs more than the password and the profile (history, minimum age, lockout) is decided by the store; the
//! numbers for it are here.

use serde::{Deserialize, Serialize};

use crate::user::profile::Profile;

mod requirement;
mod temporary;

pub use requirement::PasswordRequirement;
pub use temporary::{TEMPORARY_PASSWORD_RANDOM, generate_temporary_password};

/// A password in the clear. It has no `Debug` and no `Serialize`, so that it is never logged or stored by accident.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes a password as the caller gave it; [`PasswordPolicy::check`] says whether it is a good one.
    #[must_use]
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// The text, for hashing and checking alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The password policy of an org, members named as in Okta's `settings.password`. The default is what a real org is
/// shipped with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordPolicy {
    /// What a password must and must not contain.
    pub complexity: PasswordComplexity,
    /// How long passwords last and how soon they may come back.
    pub age: PasswordAge,
    /// When failed attempts lock a user out.
    pub lockout: PasswordLockout,
    /// How a forgotten password is recovered.
    pub recovery: PasswordRecovery,
    /// What users may do for themselves.
    pub self_service: SelfService,
}

/// What a password must and must not contain. A count of 0 asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordComplexity {
    /// The least length, in characters.
    pub min_length: u32,
    /// How many lower-case letters it needs.
    pub min_lower_case: u32,
    /// How many upper-case letters it needs.
    pub min_upper_case: u32,
    /// How many digits it needs.
    pub min_number: u32,
    /// How many characters it needs that are neither letters nor digits.
    pub min_symbol: u32,
    /// Whether it must not contain parts of the login.
    pub exclude_username: bool,
    /// Attributes of the profile that it must not contain.
    pub exclude_attributes: Vec<ExcludedAttribute>,
}

/// An attribute that a password must not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExcludedAttribute {
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
}

/// How long passwords last and how soon they may come back. 0 is no limit, everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordAge {
    /// Days after which a password expires.
    pub max_age_days: u32,
    /// Days before that on which users are warned.
    pub expire_warn_days: u32,
    /// Minutes before a new password may be changed again.
    pub min_age_minutes: u32,
    /// How many past passwords must not be used again.
    pub history_count: u32,
}

/// When failed attempts lock a user out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordLockout {
    /// Failed attempts until the user is locked out; 0 is never.
    pub max_attempts: u32,
    /// Minutes until they are let in again; 0 is never.
    pub auto_unlock_minutes: u32,
    /// Whether they are told that they are locked out.
    pub show_lockout_failures: bool,
}

/// How a forgotten password is recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordRecovery {
    /// Minutes for which a recovery token is good.
    pub token_lifetime_minutes: u32,
    /// Whether who recovers must answer the recovery question, if they have set one.
    pub recovery_question: bool,
    /// Characters that the answer of a recovery question must have.
    pub min_answer_length: u32,
    /// Whether users may recover by a passcode in a text message.
    pub sms: bool,
    /// Whether users may recover by a passcode in a phone call.
    pub call: bool,
}

/// What users may do for themselves. A real org is shipped without the unlocking; here it works at once, as there is no
/// administrator's console in which to find out (behaviour.md leaves it open).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SelfService {
    /// Recover a forgotten password.
    pub password_reset: bool,
    /// Unlock themselves.
    pub unlock: bool,
}

impl Default for SelfService {
    fn default() -> Self {
        Self { password_reset: true, unlock: true }
    }
}

impl Default for PasswordComplexity {
    fn default() -> Self {
        Self {
            min_length: 8,
            min_lower_case: 1,
            min_upper_case: 1,
            min_number: 1,
            min_symbol: 0,
            exclude_username: true,
            exclude_attributes: Vec::new(),
        }
    }
}

impl Default for PasswordAge {
    fn default() -> Self {
        Self { max_age_days: 0, expire_warn_days: 0, min_age_minutes: 0, history_count: 4 }
    }
}

impl Default for PasswordLockout {
    fn default() -> Self {
        Self { max_attempts: 10, auto_unlock_minutes: 0, show_lockout_failures: false }
    }
}

impl Default for PasswordRecovery {
    fn default() -> Self {
        Self { token_lifetime_minutes: 60, recovery_question: true, min_answer_length: 4, sms: false, call: false }
    }
}

/// A password that the policy refuses. Prints as the text of behaviour.md E.5, which names everything the policy asks
/// for, not only what is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{requirements}")]
pub struct PasswordPolicyError {
    /// What the policy asks for: [`PasswordPolicy::requirements_text`].
    pub requirements: String,
    /// What this password lacks, in the order of the text.
    pub unmet: Vec<PasswordRequirement>,
}

impl PasswordPolicy {
    /// Whether a user with this profile may have this password, as far as its text tells. History and minimum age
    /// are for the store; it refuses with the same [text](Self::requirements_text).
    ///
    /// # Errors
    ///
    /// The requirements that the password doesn't meet.
    pub fn check(&self, password: &str, profile: &Profile) -> Result<(), PasswordPolicyError> {
        let met = |requirement: &PasswordRequirement| requirement.is_met(&self.complexity, password, profile);
        let unmet: Vec<_> = PasswordRequirement::ALL.into_iter().filter(|requirement| !met(requirement)).collect();
        if unmet.is_empty() {
            Ok(())
        } else {
            Err(PasswordPolicyError { requirements: self.requirements_text(), unmet })
        }
    }

    /// What the policy asks of a password's text, as the Authentication API words it (behaviour.md E.5).
    #[must_use]
    pub fn complexity_text(&self) -> String {
        format!("Passwords must have {}", self.requirements())
    }

    fn requirements(&self) -> String {
        let items = PasswordRequirement::ALL.into_iter().filter_map(|requirement| requirement.text(&self.complexity));
        items.collect::<Vec<_>>().join(", ")
    }

    /// The policy in words, as a refusal has it (behaviour.md E.5). What the policy doesn't ask for is left out.
    #[must_use]
    pub fn requirements_text(&self) -> String {
        let mut text = format!("Password requirements were not met. Password requirements: {}.", self.requirements());
        if self.age.history_count > 0 {
            let count = self.age.history_count;
            text.push_str(&format!(" Your password cannot be any of your last {count} passwords."));
        }
        if self.age.min_age_minutes > 0 {
            let age = duration_text(self.age.min_age_minutes);
            text.push_str(&format!(" At least {age} must have elapsed since you last changed your password."));
        }
        text
    }
}

/// Minutes in the greatest unit that divides them.
fn duration_text(minutes: u32) -> String {
    match minutes {
        days if days % 1440 == 0 => format!("{} day(s)", days / 1440),
        hours if hours % 60 == 0 => format!("{} hour(s)", hours / 60),
        minutes => format!("{minutes} minute(s)"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user::schema::ProfileSchema;

    fn isaac() -> Profile {
        let input = json!({
            "login": "isaac.brock@example.com", "email": "ike@example.com", "firstName": "Ike", "lastName": "Brock",
        });
        ProfileSchema::default().create(input.as_object().unwrap()).unwrap()
    }

    fn unmet(policy: &PasswordPolicy, password: &str) -> Vec<PasswordRequirement> {
        policy.check(password, &isaac()).map_or_else(|error| error.unmet, |()| Vec::new())
    }

    fn everything() -> PasswordPolicy {
        let mut policy = PasswordPolicy::default();
        policy.complexity.min_symbol = 1;
        policy.complexity.exclude_attributes = vec![ExcludedAttribute::LastName, ExcludedAttribute::FirstName];
        policy.age.min_age_minutes = 120;
        policy
    }

    #[test]
    fn the_text_of_a_full_policy_has_every_item_in_order() {
        let expected = "Password requirements were not met. Password requirements: at least 8 characters, \
            a lowercase letter, an uppercase letter, a number, a symbol, no parts of your username, \
            does not include your first name, does not include your last name. \
            Your password cannot be any of your last 4 passwords. \
            At least 2 hour(s) must have elapsed since you last changed your password.";
        assert_eq!(everything().requirements_text(), expected);
        assert_eq!(everything().check("x", &isaac()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn the_text_of_a_bare_policy_has_its_length_alone() {
        let none = PasswordComplexity {
            min_length: 6,
            min_lower_case: 0,
            min_upper_case: 0,
            min_number: 0,
            exclude_username: false,
            ..PasswordComplexity::default()
        };
        let age = PasswordAge { history_count: 0, ..PasswordAge::default() };
        let policy = PasswordPolicy { complexity: none, age, ..PasswordPolicy::default() };
        let expected = "Password requirements were not met. Password requirements: at least 6 characters.";
        assert_eq!(policy.requirements_text(), expected);
    }

    #[test]
    fn the_minimum_age_is_told_in_the_greatest_unit_that_fits() {
        let texts = [(90, "90 minute(s)"), (60, "1 hour(s)"), (1440, "1 day(s)"), (2880, "2 day(s)")];
        for (minutes, text) in texts {
            assert_eq!(duration_text(minutes), text);
        }
    }

    #[test]
    fn the_default_policy_takes_the_passwords_that_clients_use() {
        for password in ["Abcd1234#@", "1234Abcd", "1234Abcd@#", "Password150kta", "TempPassword123!"] {
            assert_eq!(unmet(&PasswordPolicy::default(), password), [], "{password}");
        }
    }

    #[test]
    fn each_requirement_is_missed_by_its_own_password() {
        use PasswordRequirement::{
            FirstName, LastName, Length, LowerCase, MaximumLength, Number, Symbol, UpperCase, Username,
        };
        let policy = everything();
        let longest = format!("aA1!{}", "é".repeat(34));
        let too_long = format!("{longest}!");
        for (password, expected) in [
            ("aA1!aA1!", vec![]),
            ("aA1!aA1", vec![Length]),
            (&longest, vec![]),
            (&too_long, vec![MaximumLength]),
            ("AA1!AA1!", vec![LowerCase]),
            ("aa1!aa1!", vec![UpperCase]),
            ("aA!!aA!!", vec![Number]),
            ("aA11aA11", vec![Symbol]),
            ("aA1!EXAMPLE", vec![Username]),
            ("aA1!aIKE!", vec![FirstName]),
            ("brockR0cks!", vec![Username, LastName]),
            ("", vec![Length, LowerCase, UpperCase, Number, Symbol]),
        ] {
            assert_eq!(unmet(&policy, password), expected, "{password}");
        }
    }

    #[test]
    fn a_policy_reads_what_is_given_and_has_the_rest_by_default() {
        let policy: PasswordPolicy = serde_json::from_value(json!({ "complexity": { "minSymbol": 1 } })).unwrap();
        assert_eq!((policy.complexity.min_symbol, policy.complexity.min_length, policy.age.history_count), (1, 8, 4));
        let stored = serde_json::to_string(&everything()).unwrap();
        assert_eq!(serde_json::from_str::<PasswordPolicy>(&stored).unwrap(), everything());
    }
}
