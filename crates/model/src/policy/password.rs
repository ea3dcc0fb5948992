//! TABLE of the password policy's settings and of its rule's actions (behaviour.md E.4; the Policy API's *Password
//! Policy*).

use serde_json::json;

use super::settings::{Setting, Slot};
use crate::user::password_policy::PasswordPolicy;

const ACTIVE: [&str; 2] = ["ACTIVE", "INACTIVE"];
const ALLOW: [&str; 2] = ["ALLOW", "DENY"];

/// A year, in minutes: more is no lifetime.
const YEAR_MINUTES: u32 = 525_600;

/// `settings`.
#[rustfmt::skip]
pub(super) const SETTINGS: [Setting<PasswordPolicy>; 22] = [
    Setting { path: "password.complexity.minLength", slot: |it| Slot::Number(&mut it.complexity.min_length, 4..=72) },
    Setting { path: "password.complexity.minLowerCase", slot: |it| Slot::Number(&mut it.complexity.min_lower_case, 0..=1) },
    Setting { path: "password.complexity.minUpperCase", slot: |it| Slot::Number(&mut it.complexity.min_upper_case, 0..=1) },
    Setting { path: "password.complexity.minNumber", slot: |it| Slot::Number(&mut it.complexity.min_number, 0..=1) },
    Setting { path: "password.complexity.minSymbol", slot: |it| Slot::Number(&mut it.complexity.min_symbol, 0..=1) },
    Setting { path: "password.complexity.excludeUsername", slot: |it| Slot::Flag(&mut it.complexity.exclude_username) },
    Setting { path: "password.complexity.dictionary.common.exclude", slot: |_| Slot::Fixed(json!(false)) },
    Setting { path: "password.complexity.excludeAttributes", slot: |it| Slot::Attributes(&mut it.complexity.exclude_attributes) },
    Setting { path: "password.age.maxAgeDays", slot: |it| Slot::Number(&mut it.age.max_age_days, 0..=999) },
    Setting { path: "password.age.expireWarnDays", slot: |it| Slot::Number(&mut it.age.expire_warn_days, 0..=999) },
    Setting { path: "password.age.minAgeMinutes", slot: |it| Slot::Number(&mut it.age.min_age_minutes, 0..=YEAR_MINUTES) },
    Setting { path: "password.age.historyCount", slot: |it| Slot::Number(&mut it.age.history_count, 0..=30) },
    Setting { path: "password.lockout.maxAttempts", slot: |it| Slot::Number(&mut it.lockout.max_attempts, 0..=100) },
    Setting { path: "password.lockout.autoUnlockMinutes", slot: |it| Slot::Number(&mut it.lockout.auto_unlock_minutes, 0..=YEAR_MINUTES) },
    Setting { path: "password.lockout.showLockoutFailures", slot: |it| Slot::Flag(&mut it.lockout.show_lockout_failures) },
    Setting { path: "recovery.factors.recovery_question.status", slot: |it| Slot::Words(&mut it.recovery.recovery_question, ACTIVE) },
    Setting { path: "recovery.factors.recovery_question.properties.complexity.minLength", slot: |it| Slot::Number(&mut it.recovery.min_answer_length, 4..=100) },
    Setting { path: "recovery.factors.okta_email.status", slot: |_| Slot::Fixed(json!("ACTIVE")) },
    Setting { path: "recovery.factors.okta_email.properties.recoveryToken.tokenLifetimeMinutes", slot: |it| Slot::Number(&mut it.recovery.token_lifetime_minutes, 1..=YEAR_MINUTES) },
    Setting { path: "recovery.factors.okta_sms.status", slot: |it| Slot::Words(&mut it.recovery.sms, ACTIVE) },
    Setting { path: "recovery.factors.okta_call.status", slot: |it| Slot::Words(&mut it.recovery.call, ACTIVE) },
    Setting { path: "delegation.options.skipUnlock", slot: |_| Slot::Fixed(json!(false)) },
];

/// The rule's `actions`.
#[rustfmt::skip]
pub(super) const ACTIONS: [Setting<PasswordPolicy>; 3] = [
    Setting { path: "passwordChange.access", slot: |_| Slot::Fixed(json!("ALLOW")) },
    Setting { path: "selfServicePasswordReset.access", slot: |it| Slot::Words(&mut it.self_service.password_reset, ALLOW) },
    Setting { path: "selfServiceUnlock.access", slot: |it| Slot::Words(&mut it.self_service.unlock, ALLOW) },
];
