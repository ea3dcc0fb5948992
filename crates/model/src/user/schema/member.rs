//! The members that base and custom attributes of a schema share.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::user::attribute::SelfPermission;

/// Whom a permission is for. Users themselves are the only ones a schema speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Principal {
    /// The user whose profile it is.
    #[serde(rename = "SELF")]
    User,
}

/// One element of `permissions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Permission {
    principal: Principal,
    action: SelfPermission,
}

impl Permission {
    /// What users may do with the attribute.
    pub(super) fn of_self(action: SelfPermission) -> Self {
        Self { principal: Principal::User, action }
    }

    /// What a custom attribute has unless told otherwise (behaviour.md E.2).
    pub(super) fn default_list() -> Vec<Self> {
        vec![Self::of_self(SelfPermission::ReadOnly)]
    }
}

/// The action of a list of permissions; an empty list allows what the default does.
pub(super) fn self_permission(permissions: &[Permission]) -> SelfPermission {
    permissions.first().map_or(SelfPermission::ReadOnly, |permission| permission.action)
}

/// `master.type`: where the values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum MasterType {
    ProfileMaster,
    Okta,
    Override,
}

/// `master`: printed as given. Roster has no other source of profiles, so it decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Master {
    #[serde(rename = "type")]
    master_type: MasterType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<Vec<Value>>,
}

impl Master {
    /// The default of every attribute.
    pub(super) fn profile_master() -> Self {
        Self { master_type: MasterType::ProfileMaster, priority: None }
    }
}

/// Whether `value` reads as a `T`: the test of a member's form.
pub(super) fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

/// Whether a NUL character is in any text of `value`: PostgreSQL can't store one.
pub(in crate::user) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
