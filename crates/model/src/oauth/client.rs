//! An app as an OAuth client: what its settings say about the flows that it may use (behaviour.md G.10).

use serde_json::{Map, Value};

use super::jwk::PublicKey;

macro_rules! wire_enum {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$doc])* $name,)*
        }

        impl $type {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads what the wire spells.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

wire_enum! {
    /// How a client comes by a token.
    GrantType {
        /// A user signed in and a code was handed out.
        AuthorizationCode = "authorization_code",
        /// A user signed in and the token was handed out at once.
        Implicit = "implicit",
        /// A refresh token came with an earlier one.
        RefreshToken = "refresh_token",
        /// The client speaks for itself.
        ClientCredentials = "client_credentials",
        /// The client knows the user's password.
        Password = "password",
        /// The user signs in elsewhere (RFC 8628).
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// Another token is handed in (RFC 8693).
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}

wire_enum! {
    /// What the authorization endpoint hands out.
    ResponseType {
        /// A code.
        Code = "code",
        /// An access token.
        Token = "token",
        /// An id token.
        IdToken = "id_token",
    }
}

wire_enum! {
    /// How a client proves who it is.
    ClientAuthentication {
        /// By a secret in the `Authorization` header.
        SecretBasic = "client_secret_basic",
        /// By a secret in the form.
        SecretPost = "client_secret_post",
        /// By a token signed with its secret.
        SecretJwt = "client_secret_jwt",
        /// By a token signed with its key.
        PrivateKeyJwt = "private_key_jwt",
        /// It does not: a public client.
        None = "none",
    }
}

impl ClientAuthentication {
    /// Whether the client has a secret.
    #[must_use]
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost | Self::SecretJwt)
    }
}

wire_enum! {
    /// What a client runs on.
    ApplicationType {
        /// A server that keeps secrets.
        Web = "web",
        /// A device of the user's.
        Native = "native",
        /// A page in a browser.
        Browser = "browser",
        /// A machine without a user.
        Service = "service",
    }
}

wire_enum! {
    /// Whether users are asked before a client gets scopes.
    ConsentMethod {
        /// Never: an administrator answered for all.
        Trusted = "TRUSTED",
        /// Where a scope asks for it.
        Required = "REQUIRED",
    }
}

wire_enum! {
    /// What becomes of a refresh token when it is used.
    RotationType {
        /// It stays good.
        Static = "STATIC",
        /// Another takes its place.
        Rotate = "ROTATE",
    }
}

/// What becomes of a client's refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshTokens {
    /// When one is used.
    pub rotation: RotationType,
    /// Seconds for which one that was replaced is still taken.
    pub leeway: u32,
}

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its client id.
    pub client_id: String,
    /// What people call it.
    pub name: String,
    /// What it runs on.
    pub application_type: ApplicationType,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// How it may come by tokens.
    pub grant_types: Vec<GrantType>,
    /// What the authorization endpoint may hand it.
    pub response_types: Vec<ResponseType>,
    /// Where users may be sent with a code.
    pub redirect_uris: Vec<String>,
    /// Where users may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether codes need a proof of who asked for them (RFC 7636).
    pub pkce_required: bool,
    /// Whether a redirect URI may begin with `*` as its first label.
    pub wildcard_redirect: bool,
    /// Whether users are asked before it gets scopes.
    pub consent_method: ConsentMethod,
    /// What becomes of its refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Whether its access tokens are bound to a key of its own (RFC 9449).
    pub dpop_bound_access_tokens: bool,
    /// The keys that its assertions are signed with.
    pub keys: Vec<PublicKey>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
}

impl Client {
    /// The client that an app with this document is; `None` if it is none.
    #[must_use]
    pub fn of_application(label: &str, document: &Map<String, Value>) -> Option<Self> {
        let credentials = document.get("credentials")?.get("oauthClient")?;
        let settings = document.get("settings")?.get("oauthClient")?;
        let text = |name: &str| settings.get(name).and_then(Value::as_str);
        let client_id = credentials.get("client_id")?.as_str()?.to_owned();
        let application_type = text("application_type").and_then(ApplicationType::from_text)?;
        let method = credentials.get("token_endpoint_auth_method").and_then(Value::as_str);
        let authentication = method.and_then(ClientAuthentication::from_text)?;
        // A client without a secret cannot do without; nor can one in a browser (behaviour.md G.10).
        let pkce_required = credentials.get("pkce_required").and_then(Value::as_bool);
        Some(Self {
            client_id,
            name: label.to_owned(),
            application_type,
            authentication,
            grant_types: texts(settings, "grant_types").filter_map(GrantType::from_text).collect(),
            response_types: texts(settings, "response_types").filter_map(ResponseType::from_text).collect(),
            redirect_uris: texts(settings, "redirect_uris").map(str::to_owned).collect(),
            post_logout_redirect_uris: texts(settings, "post_logout_redirect_uris").map(str::to_owned).collect(),
            pkce_required: pkce_required.unwrap_or(authentication == ClientAuthentication::None),
            wildcard_redirect: text("wildcard_redirect") == Some("SUBDOMAIN"),
            consent_method: text("consent_method").and_then(ConsentMethod::from_text).unwrap_or(ConsentMethod::Trusted),
            refresh_tokens: refresh_tokens(settings, application_type),
            dpop_bound_access_tokens: settings.get("dpop_bound_access_tokens").and_then(Value::as_bool) == Some(true),
            keys: keys(settings),
            client_uri: text("client_uri").map(str::to_owned),
            logo_uri: text("logo_uri").map(str::to_owned),
        })
    }

    /// Whether it may use this grant type.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }
}

fn texts<'a>(settings: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    settings.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn refresh_tokens(settings: &Value, application_type: ApplicationType) -> RefreshTokens {
    let given = settings.get("refresh_token");
    let rotation = given.and_then(|given| given.get("rotation_type")).and_then(Value::as_str);
    let leeway = given.and_then(|given| given.get("leeway")).and_then(Value::as_u64);
    let default = match application_type {
        ApplicationType::Browser => RotationType::Rotate,
        _ => RotationType::Static,
    };
    RefreshTokens {
        rotation: rotation.and_then(RotationType::from_text).unwrap_or(default),
        leeway: leeway.and_then(|leeway| leeway.try_into().ok()).unwrap_or(0),
    }
}

/// The keys of a client that are in use.
fn keys(settings: &Value) -> Vec<PublicKey> {
    let keys = settings.get("jwks").and_then(|jwks| jwks.get("keys")).and_then(Value::as_array);
    let in_use = |jwk: &&Value| jwk.get("status").and_then(Value::as_str) != Some("INACTIVE");
    keys.into_iter().flatten().filter(in_use).filter_map(PublicKey::from_jwk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn client(credentials: &Value, settings: &Value) -> Option<Client> {
        let document =
            json!({ "credentials": { "oauthClient": credentials }, "settings": { "oauthClient": settings } });
        Client::of_application("A", document.as_object().unwrap())
    }

    #[test]
    fn a_client_is_read_from_its_app() {
        let client = client(
            &json!({ "client_id": "c", "token_endpoint_auth_method": "none" }),
            &json!({ "application_type": "browser", "grant_types": ["authorization_code", "refresh_token", "magic"],
                "response_types": ["code"], "redirect_uris": ["https://a/cb"] }),
        )
        .unwrap();
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert!(client.pkce_required && client.may_use(GrantType::RefreshToken));
        assert_eq!(client.refresh_tokens, RefreshTokens { rotation: RotationType::Rotate, leeway: 0 });
        assert_eq!(client.consent_method, ConsentMethod::Trusted);
    }

    #[test]
    fn an_app_of_another_kind_is_no_client() {
        assert!(Client::of_application("A", &Map::new()).is_none());
        assert!(client(&json!({ "client_id": "c" }), &json!({ "application_type": "web" })).is_none());
    }
}
