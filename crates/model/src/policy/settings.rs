//! Settings as tables: each is a place in the wire's JSON and a field of the policy. Printing, reading and every
//! refusal follow from the row.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::error::Violation;
use crate::user::password_policy::ExcludedAttribute;

/// One setting.
pub(super) struct Setting<P> {
    /// Its place: member names joined by dots.
    pub(super) path: &'static str,
    /// Its field, with what may stand in it.
    pub(super) slot: fn(&mut P) -> Slot<'_>,
}

/// A field of a policy, with what may stand in it.
pub(super) enum Slot<'a> {
    /// A number within limits.
    Number(&'a mut u32, RangeInclusive<u32>),
    /// `true` or `false`.
    Flag(&'a mut bool),
    /// One of two words: the first for true.
    Words(&'a mut bool, [&'static str; 2]),
    /// Names of attributes.
    Attributes(&'a mut Vec<ExcludedAttribute>),
    /// What Roster does not offer otherwise: any other value is refused.
    Fixed(Value),
    /// What Roster decides: what a request says of it is ignored.
    Told(Value),
}

impl Slot<'_> {
    fn value(&self) -> Value {
        match self {
            Self::Number(number, _) => json!(number),
            Self::Flag(flag) => json!(flag),
            Self::Words(set, [yes, no]) => json!(if **set { yes } else { no }),
            Self::Attributes(attributes) => json!(attributes),
            Self::Fixed(value) | Self::Told(value) => value.clone(),
        }
    }

    /// Puts a value of a request in; the error says what may stand there.
    fn put(self, value: &Value) -> Result<(), String> {
        match self {
            Self::Number(field, range) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                let wanted = || format!("The value must be a number from {} to {}", range.start(), range.end());
                *field = number.filter(|number| range.contains(number)).ok_or_else(wanted)?;
            }
            Self::Flag(field) => *field = value.as_bool().ok_or("The value must be true or false")?,
            Self::Words(field, [yes, no]) => match value.as_str() {
                Some(word) if word == yes => *field = true,
                Some(word) if word == no => *field = false,
                _ => return Err(format!("The value must be \"{yes}\" or \"{no}\"")),
            },
            Self::Attributes(field) => {
                let wanted = "The value must be a list of \"firstName\" and \"lastName\"";
                *field = serde_json::from_value(value.clone()).map_err(|_| wanted)?;
            }
            Self::Fixed(fixed) if fixed != *value => return Err(format!("The value must be {fixed}")),
            Self::Fixed(_) | Self::Told(_) => {}
        }
        Ok(())
    }
}

/// The settings of a policy as the wire nests them.
pub(super) fn print<P: Clone>(settings: &[Setting<P>], policy: &P) -> Value {
    let mut policy = policy.clone();
    let mut printed = Map::new();
    for setting in settings {
        insert(&mut printed, setting.path, (setting.slot)(&mut policy).value());
    }
    Value::Object(printed)
}

fn insert(members: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            members.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// The policy with what `input` says; what it does not name, or names with null, stays.
pub(super) fn merge<P: Clone>(
    object: &str,
    settings: &[Setting<P>],
    policy: &P,
    input: &Value,
) -> Result<P, Vec<Violation>> {
    let mut merged = policy.clone();
    let mut violations = Vec::new();
    for Setting { path, slot } in settings {
        let found = path.split('.').try_fold(input, |value, name| value.get(name));
        let Some(value) = found.filter(|value| !value.is_null()) else { continue };
        if let Err(text) = slot(&mut merged).put(value) {
            violations.push(Violation::new(format!("{object}.{path}"), text));
        }
    }
    if violations.is_empty() { Ok(merged) } else { Err(violations) }
}
