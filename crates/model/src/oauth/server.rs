//! Authorization servers: each org has one of its own, which issues tokens for the management API, and custom ones, which
//! issue tokens for other APIs.

use crate::id::AuthorizationServerId;

/// The id of the custom server that every org begins with.
pub const DEFAULT_SERVER: &str = "default";

/// Which authorization server of an org.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// The org's own.
    Org,
    /// A custom one.
    Custom(AuthorizationServerId),
}

impl Issuer {
    /// As the store keeps it: a custom server's id; empty for the org's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Org => "",
            Self::Custom(id) => id.as_str(),
        }
    }

    /// Reads what [`Issuer::as_str`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if text.is_empty() { Self::Org } else { Self::Custom(AuthorizationServerId::from_text(text)) }
    }

    /// The `iss` of its tokens, for callers who know the server as `base_url`.
    #[must_use]
    pub fn url(&self, base_url: &str) -> String {
        match self {
            Self::Org => base_url.to_owned(),
            Self::Custom(id) => format!("{base_url}/oauth2/{id}"),
        }
    }

    /// What the URLs of its endpoints begin with.
    #[must_use]
    pub fn endpoints(&self, base_url: &str) -> String {
        match self {
            Self::Org => format!("{base_url}/oauth2/v1"),
            Self::Custom(id) => format!("{base_url}/oauth2/{id}/v1"),
        }
    }
}

/// Whether an authorization server issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerStatus {
    /// It does.
    Active,
    /// It does not, and what it issued is no good.
    Inactive,
}

impl ServerStatus {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }

    /// Reads a status as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == text)
    }
}

/// What a signing key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyStatus {
    /// It signs.
    Active,
    /// It will sign after the next rotation; published before, so that nobody meets an unknown key.
    Next,
    /// It signed until the last rotation; published for as long as what it signed lives.
    Expired,
}

impl KeyStatus {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Next => "NEXT",
            Self::Expired => "EXPIRED",
        }
    }

    /// Reads a status as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Active, Self::Next, Self::Expired].into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_the_org_or_a_server_below_it() {
        let custom = Issuer::Custom(AuthorizationServerId::from_text("aus1"));
        assert_eq!(Issuer::Org.url("https://a"), "https://a");
        assert_eq!(Issuer::Org.endpoints("https://a"), "https://a/oauth2/v1");
        assert_eq!(custom.url("https://a"), "https://a/oauth2/aus1");
        assert_eq!(custom.endpoints("https://a"), "https://a/oauth2/aus1/v1");
        for issuer in [Issuer::Org, custom] {
            assert_eq!(Issuer::from_text(issuer.as_str()), issuer);
        }
    }
}
