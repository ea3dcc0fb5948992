//! Identity providers: who else may say that a user is who they are (behaviour.md F.5, G.6).
//!
//! A provider's protocol and policy are what its maker sent over the defaults of its type, as with apps.

mod defaults;
pub mod federation;

use serde_json::{Map, Value};

use crate::document;
use crate::error::{ErrorCode, Problem, Violation};

/// Characters that a name may have.
const MAX_NAME_CHARACTERS: usize = 100;

/// Which protocol a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenID Connect.
    Oidc,
    /// OAuth 2.0, with the provider's own way to ask for a profile.
    OAuth2,
    /// SAML 2.0.
    Saml2,
    /// Mutual TLS with a client certificate.
    Mtls,
}

impl Protocol {
    /// As `protocol.type` spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "OIDC",
            Self::OAuth2 => "OAUTH2",
            Self::Saml2 => "SAML2",
            Self::Mtls => "MTLS",
        }
    }

    /// Whether users are sent to the provider's authorization endpoint.
    #[must_use]
    pub const fn has_authorization_endpoint(self) -> bool {
        matches!(self, Self::Oidc | Self::OAuth2)
    }
}

macro_rules! identity_provider_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal $protocol:ident $endpoints:expr, $scopes:expr;)*) => {
        /// Who the provider is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum IdentityProviderType {
            $($(#[$doc])* $name,)*
        }

        impl IdentityProviderType {
            /// Every type, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The protocol that such a provider speaks.
            #[must_use]
            pub const fn protocol(self) -> Protocol {
                match self { $(Self::$name => Protocol::$protocol,)* }
            }

            /// The authorization and token endpoints of a provider that is the same for everyone.
            const fn endpoints(self) -> Option<(&'static str, &'static str)> {
                match self { $(Self::$name => $endpoints,)* }
            }

            /// The scopes that are asked for unless others are given.
            const fn scopes(self) -> &'static [&'static str] {
                match self { $(Self::$name => $scopes,)* }
            }
        }
    };
}

identity_provider_types! {
    /// Any OpenID provider.
    Oidc = "OIDC" Oidc None, &["openid", "profile", "email"];
    /// Any SAML 2.0 identity provider.
    Saml2 = "SAML2" Saml2 None, &[];
    /// Google.
    Google = "GOOGLE" Oidc Some(("https://accounts.google.com/o/oauth2/auth", "https://www.googleapis.com/oauth2/v3/token")),
        &["profile", "email", "openid"];
    /// Facebook.
    Facebook = "FACEBOOK" OAuth2 Some(("https://www.facebook.com/dialog/oauth", "https://graph.facebook.com/v2.8/oauth/access_token")),
        &["public_profile", "email"];
    /// LinkedIn.
    LinkedIn = "LINKEDIN" OAuth2 Some(("https://www.linkedin.com/uas/oauth2/authorization", "https://www.linkedin.com/uas/oauth2/accessToken")),
        &["r_basicprofile", "r_emailaddress"];
    /// Microsoft.
    Microsoft = "MICROSOFT" Oidc Some((
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    )), &["openid", "email", "profile", "https://graph.microsoft.com/User.Read"];
    /// Apple.
    Apple = "APPLE" Oidc Some(("https://appleid.apple.com/auth/authorize", "https://appleid.apple.com/auth/token")),
        &["openid", "email", "name"];
    /// GitHub.
    GitHub = "GITHUB" OAuth2 Some(("https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token")),
        &["user"];
    /// Another Okta org.
    Okta = "OKTA" Oidc None, &["openid", "profile", "email"];
    /// A smart card.
    X509 = "X509" Mtls None, &[];
    /// Desktop single sign-on without an agent.
    AgentlessDsso = "AgentlessDSSO" Mtls None, &[];
    /// Desktop single sign-on with an agent.
    Iwa = "IWA" Mtls None, &[];
}

impl IdentityProviderType {
    /// The issuer, and the place of the keys, of an OpenID provider that is the same for everyone.
    const fn issuer_and_keys(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Google => Some(("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs")),
            Self::Apple => Some(("https://appleid.apple.com", "https://appleid.apple.com/auth/keys")),
            _ => None,
        }
    }

    /// Reads a type as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text)
    }
}

/// What the maker of a provider says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityProviderInput {
    /// What people call it.
    pub name: String,
    /// Who it is.
    pub kind: IdentityProviderType,
    /// `protocol`, `policy` and `issuerMode`, as the wire has them.
    pub document: Map<String, Value>,
}

impl IdentityProviderInput {
    /// Reads a request. `kept` is the document of the provider that it changes: a client secret that is not sent stays.
    ///
    /// # Errors
    /// E0000003 for another JSON type or an unheard-of type, E0000001 for what is missing.
    pub fn from_json(members: &Map<String, Value>, kept: Option<&Map<String, Value>>) -> Result<Self, Problem> {
        let malformed = || Problem::new(ErrorCode::NotWellFormed);
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.trim()),
            Some(_) => Err(malformed()),
        };
        let (name, kind) = (text("name")?, text("type")?);
        let mut violations = name_violations(name);
        if kind.is_empty() {
            violations.push(Violation::new("type", "The field cannot be left blank"));
            return Err(Problem::violations(&violations));
        }
        let kind = IdentityProviderType::from_text(kind).ok_or_else(malformed)?;
        let mut document = defaults::document(kind);
        for (member, default) in &mut document {
            if let Some(given) = members.get(member) {
                document::merge(default, given)?;
            }
        }
        keep_secret(&mut document, kept);
        violations.extend(protocol_violations(kind, document.get("protocol").unwrap_or(&Value::Null)));
        if !violations.is_empty() {
            return Err(Problem::violations(&violations));
        }
        Ok(Self { name: name.to_owned(), kind, document })
    }
}

fn name_violations(name: &str) -> Vec<Violation> {
    let refuse = |text: &str| vec![Violation::new("name", text)];
    match name.chars().count() {
        0 => refuse("The field cannot be left blank"),
        1..=MAX_NAME_CHARACTERS if name.contains('\0') => refuse("Does not match required pattern"),
        1..=MAX_NAME_CHARACTERS => Vec::new(),
        _ => refuse("The field is too long"),
    }
}

fn keep_secret(document: &mut Map<String, Value>, kept: Option<&Map<String, Value>>) {
    const SECRET: &str = "/credentials/client/client_secret";
    let secret = kept.and_then(|kept| kept.get("protocol")).and_then(|protocol| protocol.pointer(SECRET));
    let place = document.get_mut("protocol").and_then(|protocol| protocol.pointer_mut(SECRET));
    if let (Some(secret), Some(place @ Value::Null)) = (secret, place) {
        *place = secret.clone();
    }
}

/// What a provider cannot do without.
fn protocol_violations(kind: IdentityProviderType, protocol: &Value) -> Vec<Violation> {
    let given = protocol.get("type").and_then(Value::as_str).unwrap_or_default();
    if given != kind.protocol().as_str() {
        return vec![Violation::new("protocol.type", "The field has an invalid value")];
    }
    let required: &[&str] = match kind {
        IdentityProviderType::Oidc | IdentityProviderType::Okta => {
            &["endpoints.authorization.url", "endpoints.token.url", "credentials.client.client_id"]
        }
        IdentityProviderType::Saml2 => &["endpoints.sso.url", "credentials.trust.issuer"],
        _ if kind.protocol().has_authorization_endpoint() => &["credentials.client.client_id"],
        _ => &[],
    };
    let is_filled = |path: &str| {
        let value = protocol.pointer(&format!("/{}", path.replace('.', "/")));
        value.and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    let missing = required.iter().filter(|path| !is_filled(path));
    missing.map(|path| Violation::new(format!("protocol.{path}"), "The field cannot be left blank")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<IdentityProviderInput, Problem> {
        IdentityProviderInput::from_json(&serde_json::from_value(value).unwrap(), None)
    }

    #[test]
    fn a_social_provider_needs_a_name_and_a_client() {
        let client = json!({ "credentials": { "client": { "client_id": "a", "client_secret": "b" } } });
        let google = read(json!({ "name": "Google", "type": "GOOGLE", "protocol": client })).unwrap();
        let protocol = &google.document["protocol"];
        assert_eq!(protocol["endpoints"]["token"]["url"], "https://www.googleapis.com/oauth2/v3/token");
        assert_eq!(google.document["policy"]["accountLink"]["action"], "AUTO");
        let missing = read(json!({ "type": "GOOGLE" })).unwrap_err();
        assert_eq!(missing.causes.len(), 2);
        assert_eq!(missing.argument, "name");
        assert_eq!(read(json!({ "name": "X", "type": "MYSPACE" })).unwrap_err().code, ErrorCode::NotWellFormed);
    }

    #[test]
    fn a_secret_that_is_not_sent_stays() {
        let client = |client: Value| json!({ "name": "G", "type": "GOOGLE", "protocol": { "credentials": { "client": client } } });
        let before = read(client(json!({ "client_id": "a", "client_secret": "b" }))).unwrap();
        let changed = client(json!({ "client_id": "c" }));
        let after = IdentityProviderInput::from_json(changed.as_object().unwrap(), Some(&before.document)).unwrap();
        let kept = json!({ "client_id": "c", "client_secret": "b" });
        assert_eq!(after.document["protocol"]["credentials"]["client"], kept);
    }
}
