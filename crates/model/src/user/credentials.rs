//! Credentials: what a request may set, and what the store keeps.

use serde_json::Value;

use super::imported_hash::ImportedHash;
use super::password_policy::Password;
use super::recovery_question::RecoveryQuestion;
use super::status::{CredentialState, LifecycleOperation};
use crate::error::{ErrorCode, Problem, Violation};

/// Who keeps a user's credentials (behaviour.md E.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderType {
    /// This directory.
    Okta,
    /// An Active Directory instance.
    ActiveDirectory,
    /// An LDAP directory.
    Ldap,
    /// A federated identity provider.
    Federation,
    /// A social identity provider.
    Social,
    /// This directory, with a password hash that was imported and not yet replaced.
    Import,
}

impl ProviderType {
    /// Every provider type.
    pub const ALL: [Self; 6] =
        [Self::Okta, Self::ActiveDirectory, Self::Ldap, Self::Federation, Self::Social, Self::Import];

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "OKTA",
            Self::ActiveDirectory => "ACTIVE_DIRECTORY",
            Self::Ldap => "LDAP",
            Self::Federation => "FEDERATION",
            Self::Social => "SOCIAL",
            Self::Import => "IMPORT",
        }
    }

    /// Reads a provider type as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }

    /// Whether passwords are kept here.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Okta | Self::Import)
    }
}

/// A credential provider: its type, and the name of the directory instance (else the type again).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its type.
    pub provider_type: ProviderType,
    /// Its name.
    pub name: String,
}

impl Provider {
    /// A provider named after its type.
    #[must_use]
    pub fn of(provider_type: ProviderType) -> Self {
        Self { provider_type, name: provider_type.as_str().to_owned() }
    }
}

/// A password as the store keeps it. It has no `Debug`, so that no log can hold it.
#[derive(Clone, PartialEq)]
pub enum StoredPassword {
    /// Our own hash, in PHC string form.
    Argon2id(String),
    /// A hash from elsewhere, to be replaced at the first good sign-in.
    Imported(ImportedHash),
    /// Known only to the password-import hook.
    Hook,
}

/// How the store spells [`StoredPassword::Hook`].
const HOOK: &str = "hook";

impl StoredPassword {
    /// Reads [`StoredPassword::to_text`] back.
    ///
    /// # Errors
    /// If the text is neither a PHC string, nor an imported hash, nor the hook's mark.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        match text.as_bytes().first() {
            Some(b'$') => Ok(Self::Argon2id(text)),
            _ if text == HOOK => Ok(Self::Hook),
            _ => serde_json::from_str(&text).map(Self::Imported),
        }
    }

    /// As one text.
    ///
    /// # Errors
    /// Never for a hash that was parsed.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Argon2id(phc) => Ok(phc.clone()),
            Self::Imported(hash) => serde_json::to_string(hash),
            Self::Hook => Ok(HOOK.to_owned()),
        }
    }

    /// The provider that a user with such a password shows (behaviour.md B.4, rows 11 and 12).
    #[must_use]
    pub const fn provider_type(&self) -> ProviderType {
        match self {
            Self::Argon2id(_) => ProviderType::Okta,
            Self::Imported(_) | Self::Hook => ProviderType::Import,
        }
    }
}

/// A recovery question as the store keeps it.
#[derive(Clone, PartialEq)]
pub struct StoredRecoveryQuestion {
    /// The question, shown to everyone who may see the user.
    pub question: String,
    /// The hash of the folded answer.
    pub answer: StoredPassword,
}

/// A user's credentials as the store keeps them.
#[derive(Clone, PartialEq)]
pub struct StoredCredentials {
    /// The password, if there is one.
    pub password: Option<StoredPassword>,
    /// The recovery question, if one is set.
    pub recovery_question: Option<StoredRecoveryQuestion>,
    /// Who keeps them.
    pub provider: Provider,
}

impl StoredCredentials {
    /// What the lifecycle wants to know of them.
    #[must_use]
    pub fn state(&self) -> CredentialState {
        match (&self.password, self.provider.provider_type.is_own()) {
            (_, false) => CredentialState::Elsewhere,
            (Some(_), true) => CredentialState::Password,
            (None, true) => CredentialState::NoPassword,
        }
    }
}

/// The password part of a request.
#[derive(Clone)]
pub enum PasswordInput {
    /// A password.
    Value(Password),
    /// An imported hash.
    Hash(ImportedHash),
    /// The password-import hook.
    Hook,
}

impl PasswordInput {
    /// The lifecycle operation that sets such a password on a user who exists.
    #[must_use]
    pub const fn operation(&self) -> LifecycleOperation {
        match self {
            Self::Value(_) => LifecycleOperation::SetPassword,
            Self::Hash(_) | Self::Hook => LifecycleOperation::SetPasswordHash,
        }
    }
}

/// The `credentials` of a request, checked as far as that needs neither policy nor user.
#[derive(Clone, Default)]
pub struct CredentialsInput {
    /// A password, unless it was absent or `{}` (a recording: `"password":{}` means no password).
    pub password: Option<PasswordInput>,
    /// A recovery question.
    pub recovery_question: Option<RecoveryQuestion>,
    /// A recovery question without an answer, which [`CredentialsInput::check_shown_question`] is about.
    pub shown_question: Option<String>,
    /// A provider.
    pub provider: Option<Provider>,
}

impl CredentialsInput {
    /// Refuses a question without an answer, unless it is the `known` one: clients send back what a GET shows
    /// (behaviour.md A.1), but without an answer nothing can be set (E.8).
    ///
    /// # Errors
    /// The violation.
    pub fn check_shown_question(shown: Option<&str>, known: Option<&str>) -> Result<(), Problem> {
        if shown.is_none() || shown == known {
            return Ok(());
        }
        Err(Problem::violations(&[Violation::new("recovery_question", "The field cannot be left blank")]))
    }

    /// Reads the `credentials` member of a request; absent and null mean none.
    ///
    /// # Errors
    /// E0000003 for another JSON shape, E0000001 for values that break their rules.
    pub fn from_json(credentials: Option<&Value>) -> Result<Self, Problem> {
        let Some(credentials) = credentials.filter(|value| !value.is_null()) else { return Ok(Self::default()) };
        let member = |name: &str| credentials.get(name).filter(|value| !value.is_null());
        if !credentials.is_object() {
            return Err(Problem::new(ErrorCode::NotWellFormed));
        }
        let recovery_question = member("recovery_question");
        let shown_question = recovery_question.and_then(shown_question);
        let recovery_question = recovery_question.filter(|_| shown_question.is_none());
        Ok(Self {
            password: member("password").map(password_from_json).transpose()?.flatten(),
            recovery_question: recovery_question
                .map(RecoveryQuestion::from_json)
                .transpose()
                .map_err(|violations| Problem::violations(&violations))?,
            shown_question: shown_question.map(str::to_owned),
            provider: member("provider").map(provider_from_json).transpose()?,
        })
    }
}

/// What a GET shows of a recovery question: the question alone.
fn shown_question(value: &Value) -> Option<&str> {
    value.get("question").filter(|_| value.get("answer").is_none_or(Value::is_null)).and_then(Value::as_str)
}

fn password_from_json(password: &Value) -> Result<Option<PasswordInput>, Problem> {
    let Some(members) = password.as_object() else { return Err(Problem::new(ErrorCode::NotWellFormed)) };
    let member = |name: &str| members.get(name).filter(|value| !value.is_null());
    let refuse = |text: &str| Err(Problem::violations(&[Violation::new("password", text)]));
    match (member("value"), member("hash"), member("hook")) {
        (None, None, None) => Ok(None),
        (Some(Value::String(value)), None, None) => Ok(Some(PasswordInput::Value(Password::new(value.clone())))),
        (Some(_), None, None) => Err(Problem::new(ErrorCode::NotWellFormed)),
        (None, Some(hash), None) => match ImportedHash::from_json(hash) {
            Ok(hash) => Ok(Some(PasswordInput::Hash(hash))),
            Err(violations) => Err(Problem::violations(&violations)),
        },
        (None, None, Some(hook)) if hook.get("type").and_then(Value::as_str) == Some("default") => {
            Ok(Some(PasswordInput::Hook))
        }
        (None, None, Some(_)) => refuse("The type of the password hook must be default"),
        _ => refuse("only one of value, hash, hook may be given"),
    }
}

fn provider_from_json(provider: &Value) -> Result<Provider, Problem> {
    let text = |name: &str| provider.get(name).and_then(Value::as_str);
    let Some(provider_type) = text("type").and_then(ProviderType::from_text) else {
        let rule = "The provider type must be one of OKTA, ACTIVE_DIRECTORY, LDAP, FEDERATION, SOCIAL, IMPORT";
        return Err(Problem::violations(&[Violation::new("provider", rule)]));
    };
    let name = text("name").unwrap_or(provider_type.as_str()).to_owned();
    Ok(Provider { provider_type, name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(credentials: &Value) -> Result<CredentialsInput, Problem> {
        CredentialsInput::from_json(Some(credentials))
    }

    #[test]
    fn an_empty_password_object_is_no_password() {
        assert!(input(&json!({ "password": {} })).is_ok_and(|input| input.password.is_none()));
    }

    #[test]
    fn what_a_get_shows_can_be_sent_back() {
        let shown = json!({ "password": {}, "recovery_question": { "question": "Who?" },
            "emails": [], "provider": { "type": "OKTA", "name": "OKTA" } });
        assert!(input(&shown).is_ok_and(|input| input.password.is_none() && input.recovery_question.is_none()));
    }

    #[test]
    fn two_kinds_of_password_are_refused() {
        let problem = input(&json!({ "password": { "value": "a", "hook": { "type": "default" } } })).err().unwrap();
        assert_eq!(problem.causes, ["password: only one of value, hash, hook may be given"]);
    }

    #[test]
    fn a_password_of_another_type_is_not_well_formed() {
        let problem = input(&json!({ "password": { "value": 7 } })).err().unwrap();
        assert_eq!(problem.code, ErrorCode::NotWellFormed);
    }
}
