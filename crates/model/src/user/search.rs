//! Users as filters and searches see them.

use serde_json::Value;

use super::User;
use super::profile::Profile;
use crate::filter::{AttributePath, Operand, Subject};
use crate::timestamp::Timestamp;

/// A user with their profile read, so that many comparisons read it once.
pub struct UserSubject<'a> {
    /// The user.
    pub user: &'a User,
    /// Their profile.
    pub profile: &'a Profile,
}

impl UserSubject<'_> {
    /// The time that `path` names, if it names one that is set.
    fn instant(&self, path: &str) -> Option<Timestamp> {
        match path {
            "created" => Some(self.user.created),
            "lastUpdated" => Some(self.user.last_updated),
            "activated" => self.user.activated,
            "statusChanged" => self.user.status_changed,
            _ => None,
        }
    }
}

impl Subject for UserSubject<'_> {
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        if let Some(name) = path.profile_attribute() {
            return self.profile.get(name).is_some_and(|value| any_json(value, test));
        }
        match path.as_str() {
            "id" => test(Operand::Identifier(self.user.id.as_str())),
            "type.id" => test(Operand::Identifier(self.user.type_id.as_str())),
            "status" => test(Operand::Text(self.user.status().as_str())),
            other => self.instant(other).is_some_and(|instant| test(Operand::Instant(instant))),
        }
    }
}

/// Offers a JSON value, or each element of an array.
fn any_json(value: &Value, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
    match value {
        Value::String(text) => test(Operand::Text(text)),
        Value::Number(number) => number.as_f64().is_some_and(|number| test(Operand::Number(number))),
        Value::Bool(truth) => test(Operand::Boolean(*truth)),
        Value::Array(items) => items.iter().any(|item| any_json(item, test)),
        Value::Null | Value::Object(_) => false,
    }
}
