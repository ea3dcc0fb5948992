//! Policies: what an org asks of passwords and of sign-ins. Each org has one policy of each type, Okta's default one, and
//! it has one rule (the Policy API's *Default Policies*).

mod password;
mod settings;
mod sign_on;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Violation;
use crate::user::password_policy::PasswordPolicy;
pub use sign_on::{SessionLimits, SignOnPolicy};

/// The types of policies that Roster knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyType {
    /// What passwords must be, and how they are recovered.
    Password,
    /// Who may sign in with which proof, and how long sessions last.
    OktaSignOn,
}

/// Types that a real org has and Roster has not: their lists are empty.
const OTHER_TYPES: [&str; 6] =
    ["MFA_ENROLL", "IDP_DISCOVERY", "OAUTH_AUTHORIZATION_POLICY", "ACCESS_POLICY", "PROFILE_ENROLLMENT", "ENTITY_RISK"];

impl PolicyType {
    /// Every type, in the order in which a new org gets them.
    pub const ALL: [Self; 2] = [Self::Password, Self::OktaSignOn];

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "PASSWORD",
            Self::OktaSignOn => "OKTA_SIGN_ON",
        }
    }

    /// What rules of such a policy call their own type.
    #[must_use]
    pub const fn rule_type(self) -> &'static str {
        match self {
            Self::Password => "PASSWORD",
            Self::OktaSignOn => "SIGN_ON",
        }
    }

    /// The type that a list is asked for; `None` inside for one that Roster has no policies of.
    ///
    /// # Errors
    /// For a type that no org has.
    pub fn asked_for(text: &str) -> Result<Option<Self>, Violation> {
        let known = Self::ALL.into_iter().find(|policy_type| policy_type.as_str() == text);
        match known {
            None if !OTHER_TYPES.contains(&text) => Err(Violation::new("type", "The field has an invalid value")),
            known => Ok(known),
        }
    }

    /// What a new org's policy of this type says.
    #[must_use]
    pub fn shipped(self) -> PolicySettings {
        match self {
            Self::Password => PolicySettings::Password(PasswordPolicy::default()),
            Self::OktaSignOn => PolicySettings::OktaSignOn(SignOnPolicy::default()),
        }
    }
}

/// What a policy and its rule say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicySettings {
    /// A password policy.
    Password(PasswordPolicy),
    /// A sign-on policy.
    OktaSignOn(SignOnPolicy),
}

impl PolicySettings {
    /// Which type of policy this is.
    #[must_use]
    pub const fn policy_type(&self) -> PolicyType {
        match self {
            Self::Password(_) => PolicyType::Password,
            Self::OktaSignOn(_) => PolicyType::OktaSignOn,
        }
    }

    /// The policy's `settings`; sign-on policies have none, all of theirs is in the rule.
    #[must_use]
    pub fn settings(&self) -> Option<Value> {
        match self {
            Self::Password(policy) => Some(settings::print(&password::SETTINGS, policy)),
            Self::OktaSignOn(_) => None,
        }
    }

    /// The `actions` of its rule.
    #[must_use]
    pub fn actions(&self) -> Value {
        match self {
            Self::Password(policy) => settings::print(&password::ACTIONS, policy),
            Self::OktaSignOn(policy) => settings::print(&sign_on::ACTIONS, policy),
        }
    }

    /// The same with what `input` says of `settings`; what it does not name stays.
    ///
    /// # Errors
    /// Every value that the setting cannot have.
    pub fn with_settings(&self, input: &Value) -> Result<Self, Vec<Violation>> {
        match self {
            Self::Password(policy) => {
                settings::merge("settings", &password::SETTINGS, policy, input).map(Self::Password)
            }
            Self::OktaSignOn(policy) => Ok(Self::OktaSignOn(policy.clone())),
        }
    }

    /// The same with what `input` says of the rule's `actions`; what it does not name stays.
    ///
    /// # Errors
    /// Every value that the action cannot have.
    pub fn with_actions(&self, input: &Value) -> Result<Self, Vec<Violation>> {
        match self {
            Self::Password(policy) => settings::merge("actions", &password::ACTIONS, policy, input).map(Self::Password),
            Self::OktaSignOn(policy) => {
                settings::merge("actions", &sign_on::ACTIONS, policy, input).map(Self::OktaSignOn)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_shipped_password_policy_is_a_real_orgs() {
        let settings = PolicyType::Password.shipped().settings().unwrap();
        let wanted = json!({
            "password": {
                "complexity": {
                    "minLength": 8, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1, "minSymbol": 0,
                    "excludeUsername": true, "dictionary": { "common": { "exclude": false } }, "excludeAttributes": [],
                },
                "age": { "maxAgeDays": 0, "expireWarnDays": 0, "minAgeMinutes": 0, "historyCount": 4 },
                "lockout": { "maxAttempts": 10, "autoUnlockMinutes": 0, "showLockoutFailures": false },
            },
            "recovery": { "factors": {
                "recovery_question": { "status": "ACTIVE", "properties": { "complexity": { "minLength": 4 } } },
                "okta_email": { "status": "ACTIVE", "properties": { "recoveryToken": { "tokenLifetimeMinutes": 60 } } },
                "okta_sms": { "status": "INACTIVE" },
                "okta_call": { "status": "INACTIVE" },
            } },
            "delegation": { "options": { "skipUnlock": false } },
        });
        assert_eq!(settings, wanted);
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        for policy in PolicyType::ALL.map(PolicyType::shipped) {
            if let Some(settings) = policy.settings() {
                assert_eq!(policy.with_settings(&settings), Ok(policy.clone()));
            }
            assert_eq!(policy.with_actions(&policy.actions()), Ok(policy.clone()));
        }
    }

    #[test]
    fn a_policy_is_stored_and_read_back() {
        for policy in PolicyType::ALL.map(PolicyType::shipped) {
            let stored = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<PolicySettings>(&stored).unwrap(), policy);
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let policy = PolicyType::Password.shipped();
        let changed = policy.with_settings(&json!({ "password": { "complexity": { "minLength": 12 } } })).unwrap();
        let mut wanted = PasswordPolicy::default();
        wanted.complexity.min_length = 12;
        assert_eq!(changed, PolicySettings::Password(wanted));
    }

    #[test]
    fn every_bad_value_is_told_with_its_place() {
        let input = json!({ "password": { "complexity": { "minLength": 3, "dictionary": { "common": { "exclude": true } } },
            "lockout": { "maxAttempts": "ten" } }, "recovery": { "factors": { "recovery_question": { "status": "ON" } } } });
        let violations = PolicyType::Password.shipped().with_settings(&input).unwrap_err();
        let told: Vec<_> = violations.iter().map(|it| format!("{}: {}", it.field, it.text)).collect();
        assert_eq!(
            told,
            [
                "settings.password.complexity.minLength: The value must be a number from 4 to 72",
                "settings.password.complexity.dictionary.common.exclude: The value must be false",
                "settings.password.lockout.maxAttempts: The value must be a number from 0 to 100",
                "settings.recovery.factors.recovery_question.status: The value must be \"ACTIVE\" or \"INACTIVE\"",
            ]
        );
    }

    #[test]
    fn lists_of_other_orgs_types_are_empty_and_unknown_ones_refused() {
        assert_eq!(PolicyType::asked_for("PASSWORD"), Ok(Some(PolicyType::Password)));
        assert_eq!(PolicyType::asked_for("MFA_ENROLL"), Ok(None));
        assert!(PolicyType::asked_for("password").is_err());
    }
}
