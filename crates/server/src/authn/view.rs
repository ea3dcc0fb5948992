//! How a transaction is printed (the Authentication API's *Transaction object*).

use roster_model::authn::{PasswordStanding, RecoveryType, Stage};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::password_policy::PasswordPolicy;
use roster_store::authn::{Authentication, Pending, RecoveryChallenge, RecoveryToken, Success};
use serde_json::{Map, Value, json};

use super::factor_view;

/// What users have whose profile says nothing else (observed.md 5).
const DEFAULT_LOCALE: &str = "en_US";
/// As [`DEFAULT_LOCALE`].
const DEFAULT_TIME_ZONE: &str = "America/Los_Angeles";

/// Members of an object, in their order; those without a value are left out.
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn new() -> Self {
        Self(Map::new())
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Option<Value>>) -> Self {
        if let Some(value) = value.into() {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

pub(super) fn link(base_url: &str, path: &str) -> Value {
    json!({ "href": format!("{base_url}/api/v1/authn{path}"), "hints": { "allow": ["POST"] } })
}

pub(super) fn named_link(base_url: &str, name: &str, path: &str) -> Value {
    json!({ "name": name, "href": format!("{base_url}/api/v1/authn{path}"), "hints": { "allow": ["POST"] } })
}

/// Where a sign-in or a recovery has come to.
pub(super) fn transaction(authentication: &Authentication, base_url: &str) -> Value {
    match authentication {
        Authentication::Pending(pending) => self::pending(pending, base_url),
        Authentication::RecoveryChallenge(challenge) => recovery_challenge(challenge, base_url),
        Authentication::Success(success) => self::success(success, base_url),
        Authentication::Unlocked { user, relay_state } => Members::new()
            .with("status", json!("SUCCESS"))
            .with("relayState", relay_state.as_ref().map(|it| json!(it)))
            .with("recoveryType", json!(RecoveryType::Unlock.as_str()))
            .with("_embedded", json!({ "user": user_view(user, false) }))
            .done(),
        Authentication::LockedOut => json!({
            "status": "LOCKED_OUT",
            "_links": { "next": named_link(base_url, "unlock", "/recovery/unlock") },
        }),
    }
}

fn success(success: &Success, base_url: &str) -> Value {
    Members::new()
        .with("expiresAt", json!(success.expires.to_string()))
        .with("status", json!("SUCCESS"))
        .with("relayState", success.relay_state.as_ref().map(|it| json!(it)))
        .with("sessionToken", json!(success.session_token.reveal()))
        .with("_embedded", json!({ "user": user_view(&success.user, false) }))
        .with("_links", json!({ "cancel": link(base_url, "/cancel") }))
        .done()
}

/// Nothing of this says whether there is somebody to recover.
fn recovery_challenge(challenge: &RecoveryChallenge, base_url: &str) -> Value {
    let channel = challenge.channel.as_str();
    let factor_type = channel.to_ascii_uppercase();
    let path = |end: &str| format!("/recovery/factors/{factor_type}/{end}");
    Members::new()
        .with("stateToken", json!(challenge.token.reveal()))
        .with("expiresAt", json!(challenge.expires.to_string()))
        .with("status", json!("RECOVERY_CHALLENGE"))
        .with("relayState", challenge.relay_state.as_ref().map(|it| json!(it)))
        .with("factorType", json!(factor_type))
        .with("recoveryType", json!(challenge.recovery.as_str()))
        .with(
            "_links",
            json!({
                "next": named_link(base_url, "verify", &path("verify")),
                "cancel": link(base_url, "/cancel"),
                "resend": named_link(base_url, channel, &path("resend")),
            }),
        )
        .done()
}

fn pending(pending: &Pending, base_url: &str) -> Value {
    let stage = &pending.transaction.stage;
    let recovery = match stage {
        Stage::PasswordReset { recovery } | Stage::Recovery { recovery, .. } => Some(json!(recovery.as_str())),
        _ => None,
    };
    Members::new()
        .with("stateToken", json!(pending.token.reveal()))
        .with("expiresAt", json!(pending.expires.to_string()))
        .with("status", json!(stage.status()))
        .with("relayState", pending.transaction.relay_state.as_ref().map(|it| json!(it)))
        .with("recoveryType", recovery)
        .with("factorResult", factor_view::result(pending))
        .with("challengeType", factor_view::result(pending).map(|_| json!("FACTOR")))
        .with("_embedded", embedded(pending, base_url))
        .with("_links", links(pending, base_url))
        .done()
}

fn embedded(pending: &Pending, base_url: &str) -> Value {
    let stage = &pending.transaction.stage;
    let asks_question = matches!(stage, Stage::Recovery { .. });
    let policy = match stage {
        Stage::PasswordExpired { .. } | Stage::PasswordWarn { .. } | Stage::PasswordReset { .. } => {
            Some(policy_view(&pending.policy, pending.password))
        }
        _ => None,
    };
    let embedded = Members::new().with("user", user_view(&pending.user, asks_question)).with("policy", policy);
    factor_view::embed(embedded, pending, base_url).done()
}

fn links(pending: &Pending, base_url: &str) -> Value {
    let next = |name, path: &str| Some(named_link(base_url, name, path));
    let skip = || Some(named_link(base_url, "skip", "/skip"));
    let (next, skip) = match &pending.transaction.stage {
        Stage::PasswordExpired { .. } => (next("changePassword", "/credentials/change_password"), None),
        Stage::PasswordWarn { .. } => (next("changePassword", "/credentials/change_password"), skip()),
        Stage::PasswordReset { .. } => (next("resetPassword", "/credentials/reset_password"), None),
        Stage::Recovery { .. } => (next("answer", "/recovery/answer"), None),
        // A challenge of a recovery is shown by itself.
        Stage::RecoveryChallenge { .. } | Stage::MfaRequired { .. } => (None, None),
        Stage::MfaChallenge { factor, .. } => (next("verify", &format!("/factors/{factor}/verify")), None),
        Stage::MfaEnroll { verified } => (None, verified.factor().and_then(|_| skip())),
        Stage::MfaEnrollActivate { factor, .. } => {
            (next("activate", &format!("/factors/{factor}/lifecycle/activate")), None)
        }
    };
    let links = Members::new().with("next", next).with("skip", skip).with("cancel", link(base_url, "/cancel"));
    factor_view::link(links, pending, base_url).done()
}

/// What a transaction shows of its user.
fn user_view(user: &User, with_question: bool) -> Value {
    let profile: Value = serde_json::from_str(&user.profile_json).unwrap_or_default();
    let or = |name: &str, default: &str| match profile.get(name) {
        Some(Value::String(text)) => json!(text),
        _ => json!(default),
    };
    let question = user.credentials.recovery_question.as_ref().filter(|_| with_question);
    Members::new()
        .with("id", json!(user.id))
        .with("passwordChanged", json!(user.password_changed.map(|time: Timestamp| time.to_string())))
        .with(
            "profile",
            json!({
                "login": profile.get("login"),
                "firstName": profile.get("firstName"),
                "lastName": profile.get("lastName"),
                "locale": or("locale", DEFAULT_LOCALE),
                "timeZone": or("timezone", DEFAULT_TIME_ZONE),
            }),
        )
        .with("recovery_question", question.map(|question| json!({ "question": question.question })))
        .done()
}

/// What a transaction shows of the password policy to who must set a password.
fn policy_view(policy: &PasswordPolicy, password: PasswordStanding) -> Value {
    let days = match password {
        PasswordStanding::Warn { days } => days,
        PasswordStanding::Expired | PasswordStanding::Good => 0,
    };
    json!({
        "expiration": { "passwordExpireDays": days },
        "complexity": {
            "minLength": policy.complexity.min_length,
            "minLowerCase": policy.complexity.min_lower_case,
            "minUpperCase": policy.complexity.min_upper_case,
            "minNumber": policy.complexity.min_number,
            "minSymbol": policy.complexity.min_symbol,
            "excludeUsername": policy.complexity.exclude_username,
            "excludeAttributes": policy.complexity.exclude_attributes,
        },
        "age": { "minAgeMinutes": policy.age.min_age_minutes, "historyCount": policy.age.history_count },
    })
}

/// What anybody is told who begins a recovery by e-mail, whether or not there is somebody to recover.
pub(super) fn recovery_by_mail(recovery: RecoveryType) -> Value {
    json!({
        "status": "RECOVERY_CHALLENGE",
        "factorResult": "WAITING",
        "factorType": "EMAIL",
        "recoveryType": recovery.as_str(),
    })
}

/// What a trusted application is told.
pub(super) fn recovery_token(issued: &RecoveryToken, recovery: RecoveryType, base_url: &str) -> Value {
    json!({
        "expiresAt": issued.expires.to_string(),
        "status": "RECOVERY",
        "recoveryToken": issued.token.reveal(),
        "recoveryType": recovery.as_str(),
        "_embedded": { "user": user_view(&issued.user, false) },
        "_links": {
            "next": named_link(base_url, "recovery", "/recovery/token"),
            "cancel": link(base_url, "/cancel"),
        },
    })
}
