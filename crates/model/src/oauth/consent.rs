//! Whether a user is asked before a client gets a scope.

use super::client::ConsentMethod;
use super::oidc_scope::OidcScope;
use super::prompt::Prompt;

/// What a scope says of consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeConsent {
    /// Nobody is asked.
    Implicit,
    /// Asked for if the client says so, or the request.
    Flexible,
    /// Asked for unless the client is trusted and the request does not ask.
    Required,
}

impl ScopeConsent {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Implicit => "IMPLICIT",
            Self::Flexible => "FLEXIBLE",
            Self::Required => "REQUIRED",
        }
    }

    /// Reads what the wire spells.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Implicit, Self::Flexible, Self::Required].into_iter().find(|consent| consent.as_str() == text)
    }

    /// Of a scope of the org's own server: who signs in somewhere says who they are by that, and is asked for the rest.
    #[must_use]
    pub fn of_own_scope(name: &str) -> Self {
        if OidcScope::from_text(name) == Some(OidcScope::OpenId) { Self::Implicit } else { Self::Flexible }
    }

    /// Whether the user's consent is needed (the table of `prompt`, `consent_method` and `consent` in the Apps API).
    #[must_use]
    pub const fn is_needed(self, method: ConsentMethod, prompt: Prompt) -> bool {
        match self {
            Self::Implicit => false,
            Self::Flexible | Self::Required => prompt.asks_consent() || matches!(method, ConsentMethod::Required),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_asked_for_if_the_client_or_the_request_says_so() {
        let (plain, consent) = (Prompt::AsNeeded, Prompt::Ask { login: false, consent: true });
        for asked in [ScopeConsent::Flexible, ScopeConsent::Required] {
            assert!(!asked.is_needed(ConsentMethod::Trusted, plain));
            assert!(
                asked.is_needed(ConsentMethod::Required, plain) && asked.is_needed(ConsentMethod::Trusted, consent)
            );
        }
        assert!(!ScopeConsent::Implicit.is_needed(ConsentMethod::Required, consent));
    }

    #[test]
    fn every_value_reads_back() {
        for consent in [ScopeConsent::Implicit, ScopeConsent::Flexible, ScopeConsent::Required] {
            assert_eq!(ScopeConsent::from_text(consent.as_str()), Some(consent));
        }
    }
}
