//! What a schema changes about a base attribute (behaviour.md G.8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::member::{Master, Permission, is};
use crate::error::Violation;
use crate::user::attribute::BaseAttribute;
use crate::user::login::LoginPattern;

/// The base attributes that a schema may make optional (behaviour.md E.1: *switchable*).
const SWITCHABLE: [&str; 2] = ["firstName", "lastName"];

/// The members of a base attribute that one schema has otherwise than the table; `None` is the table's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct BaseOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permissions: Option<Vec<Permission>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) master: Option<Master>,
}

impl BaseOverride {
    /// This override after the members of `change`; a null takes a member back to the table. Clients send whole
    /// documents back, so members that can't be changed are ignored as long as they agree, or nothing rests on them.
    pub(super) fn merged(
        &self,
        attribute: &BaseAttribute,
        change: &Map<String, Value>,
    ) -> Result<Self, Vec<Violation>> {
        let mut merged = self.clone();
        let mut violations = Vec::new();
        for (member, value) in change {
            if let Some(text) = refusal(attribute, member, value) {
                violations.push(Violation::new(format!("{}.{member}", attribute.name), text));
                continue;
            }
            match member.as_str() {
                "title" => merged.title = read(value).filter(|title| title != attribute.title),
                "required" => {
                    // Once overridden it stays so: an attribute that was optional is missing from older profiles.
                    let required = read(value).unwrap_or(attribute.required);
                    let overridden = self.required.is_some() || required != attribute.required;
                    merged.required = overridden.then_some(required);
                }
                "pattern" => merged.pattern = read(value),
                "permissions" => {
                    merged.permissions =
                        read(value).filter(|list| *list != [Permission::of_self(attribute.permission)]);
                }
                "master" => merged.master = read(value).filter(|master| *master != Master::profile_master()),
                _ => {}
            }
        }
        if violations.is_empty() { Ok(merged) } else { Err(violations) }
    }
}

/// A member's value; `None` for null. [`refusal`] has seen to its form.
fn read<'de, T: Deserialize<'de>>(value: &'de Value) -> Option<T> {
    Option::deserialize(value).unwrap_or_default()
}

/// Why `member` can't be set to `value`.
fn refusal(attribute: &BaseAttribute, member: &str, value: &Value) -> Option<&'static str> {
    match member {
        "title" if !is::<Option<String>>(value) => Some("The field must be of type string"),
        "type" if value != "string" => Some("The type of a base attribute cannot be changed"),
        "required" if !is::<Option<bool>>(value) => Some("The field must be of type boolean"),
        "required" => {
            let fixed = !SWITCHABLE.contains(&attribute.name);
            let differs = value.as_bool().is_some_and(|required| required != attribute.required);
            (fixed && differs).then_some("Only firstName and lastName can be made optional or required")
        }
        "pattern" if value.is_null() => None,
        "pattern" if attribute.name != "login" => Some("Only login can have a pattern"),
        "pattern" if value.as_str().and_then(LoginPattern::parse).is_none() => {
            Some("The pattern must be '.+' or a character set such as '[a-z0-9]+'")
        }
        "permissions" if !is::<Option<Vec<Permission>>>(value) => Some(super::custom::PERMISSIONS_TEXT),
        "master" if !is::<Option<Master>>(value) => Some(super::custom::MASTER_TEXT),
        _ => None,
    }
}
