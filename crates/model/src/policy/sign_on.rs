//! TABLE of the sign-on policy, all of which is in its rule's actions (the Policy API's *Global session policy*).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::settings::{Setting, Slot};

/// Who may sign in with which proof, and how long sessions last. The default is what a real org is shipped with: nobody
/// is asked for a factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SignOnPolicy {
    /// Whether anyone may sign in.
    pub allow: bool,
    /// Whether a password alone is not enough.
    pub require_factor: bool,
    /// How long sessions last.
    pub session: SessionLimits,
}

/// How long sessions last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionLimits {
    /// Minutes after which a session that nobody uses ends.
    pub max_idle_minutes: u32,
    /// Minutes after which it ends however much it is used; 0 is never.
    pub max_lifetime_minutes: u32,
    /// Whether its cookie outlives the browser.
    pub persistent_cookie: bool,
}

impl Default for SignOnPolicy {
    fn default() -> Self {
        Self { allow: true, require_factor: false, session: SessionLimits::default() }
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { max_idle_minutes: 120, max_lifetime_minutes: 0, persistent_cookie: false }
    }
}

/// 90 days, in minutes.
const MAX_MINUTES: u32 = 129_600;

/// The rule's `actions`.
#[rustfmt::skip]
pub(super) const ACTIONS: [Setting<SignOnPolicy>; 7] = [
    Setting { path: "signon.access", slot: |it| Slot::Words(&mut it.allow, ["ALLOW", "DENY"]) },
    Setting { path: "signon.requireFactor", slot: |it| Slot::Flag(&mut it.require_factor) },
    Setting { path: "signon.factorPromptMode", slot: |_| Slot::Told(json!("ALWAYS")) },
    Setting { path: "signon.rememberDeviceByDefault", slot: |_| Slot::Told(json!(false)) },
    Setting { path: "signon.session.usePersistentCookie", slot: |it| Slot::Flag(&mut it.session.persistent_cookie) },
    Setting { path: "signon.session.maxSessionIdleMinutes", slot: |it| Slot::Number(&mut it.session.max_idle_minutes, 1..=MAX_MINUTES) },
    Setting { path: "signon.session.maxSessionLifetimeMinutes", slot: |it| Slot::Number(&mut it.session.max_lifetime_minutes, 0..=MAX_MINUTES) },
];
