//! Signing in through an OpenID provider (OpenID Connect Core 1.0, section 3.1): what it is asked, what its answer must
//! say, and what the provider's policy makes of that (behaviour.md G.6).

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{IdentityProviderType, Protocol};
use crate::oauth::jws::Jws;
use crate::timestamp::Timestamp;
use crate::user::credentials::ProviderType;

/// Seconds that a user may take at the provider.
pub const SIGN_IN_SECONDS: i64 = 600;

/// What a sign-in remembers while its user is at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedSignIn {
    /// What the id token must repeat, so that it is of this sign-in and no other.
    pub nonce: String,
    /// What the code challenge was made from (RFC 7636).
    pub code_verifier: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Where the user goes once signed in.
    pub from_uri: Option<String>,
}

/// How an OpenID provider is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdProvider {
    /// Who signs its tokens.
    pub issuer: String,
    /// Where users are sent.
    pub authorization_url: String,
    /// Where a code is changed for tokens.
    pub token_url: String,
    /// Where its keys are.
    pub jwks_url: String,
    /// Where more is told of a user, if anywhere.
    pub user_info_url: Option<String>,
    /// What it is asked for.
    pub scopes: Vec<String>,
    /// How it knows us.
    pub client_id: String,
    /// How it knows that it is us.
    pub client_secret: Option<String>,
    /// Whether the secret is sent in a header (`client_secret_basic`), not in the body.
    pub authenticates_by_header: bool,
    /// How far its clock may be from ours, in seconds.
    pub max_clock_skew: i64,
}

impl OpenIdProvider {
    /// How a provider of this kind, with this document, is spoken to; `None` if it is no OpenID provider, or its issuer or
    /// the place of its keys is unknown.
    #[must_use]
    pub fn of(kind: IdentityProviderType, document: &Map<String, Value>) -> Option<Self> {
        if kind.protocol() != Protocol::Oidc {
            return None;
        }
        let (protocol, policy) = (document.get("protocol")?, document.get("policy")?);
        let text = |path: &str| text_at(protocol, path);
        let (issuer, jwks_url) = kind.issuer_and_keys().unzip();
        let scopes = protocol.get("scopes").and_then(Value::as_array);
        let scopes = scopes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let skew = policy.get("maxClockSkew").and_then(Value::as_i64).unwrap_or_default();
        Some(Self {
            issuer: text("/issuer/url").or(issuer.map(str::to_owned))?,
            authorization_url: text("/endpoints/authorization/url")?,
            token_url: text("/endpoints/token/url")?,
            jwks_url: text("/endpoints/jwks/url").or(jwks_url.map(str::to_owned))?,
            user_info_url: text("/endpoints/userInfo/url"),
            scopes,
            client_id: text("/credentials/client/client_id")?,
            client_secret: text("/credentials/client/client_secret"),
            authenticates_by_header: text("/credentials/client/token_endpoint_auth_method")
                .is_some_and(|method| method == "client_secret_basic"),
            max_clock_skew: skew.max(0) / 1000,
        })
    }

    /// The query of the authorization request.
    #[must_use]
    pub fn authorization_parameters<'a>(
        &'a self,
        sign_in: &'a FederatedSignIn,
        state: &'a str,
        code_challenge: &'a str,
    ) -> Vec<(&'static str, String)> {
        let mut scopes = self.scopes.clone();
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.push("openid".to_owned());
        }
        vec![
            ("client_id", self.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("scope", scopes.join(" ")),
            ("redirect_uri", sign_in.redirect_uri.clone()),
            ("state", state.to_owned()),
            ("nonce", sign_in.nonce.clone()),
            ("code_challenge", code_challenge.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// Who the id token says that the user is, if it is of this provider, for us, of this sign-in, and not too old
    /// (OpenID Connect Core, 3.1.3.7). Its signature has been checked.
    ///
    /// # Errors
    /// What is wrong with it, for the log.
    pub fn identity(
        &self,
        token: &Jws<'_>,
        sign_in: &FederatedSignIn,
        now: Timestamp,
    ) -> Result<FederatedIdentity, &'static str> {
        let claims: Map<String, Value> = token.claims().ok_or("its claims are no object")?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
        let now = (now.as_millis() / 1000) as f64;
        let skew = self.max_clock_skew as f64;
        if text("iss") != Some(self.issuer.as_str()) {
            return Err("it is of another issuer");
        }
        let audience: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let us = self.client_id.as_str();
        if !audience.contains(&us) || (audience.len() > 1 || claims.contains_key("azp")) && text("azp") != Some(us) {
            return Err("it is for somebody else");
        }
        if text("nonce") != Some(sign_in.nonce.as_str()) {
            return Err("it is of another sign-in");
        }
        if seconds("exp").is_none_or(|exp| exp + skew <= now) {
            return Err("it has expired");
        }
        // A minute of difference is granted to every clock.
        if seconds("iat").is_some_and(|iat| iat > now + skew + 60.0) {
            return Err("it is from the future");
        }
        let external_id = text("sub").filter(|sub| !sub.is_empty()).ok_or("it names nobody")?.to_owned();
        Ok(FederatedIdentity { external_id, claims })
    }
}

fn text_at(value: &Value, path: &str) -> Option<String> {
    value.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Who a provider says that somebody is.
#[derive(Debug, Clone, PartialEq)]
pub struct FederatedIdentity {
    /// The provider's own id of them.
    pub external_id: String,
    /// What it says of them.
    pub claims: Map<String, Value>,
}

/// Which claim each profile attribute of a user is made from (OpenID Connect Core, 5.1).
const CLAIMS: &[(&str, &str)] = &[
    ("email", "email"),
    ("firstName", "given_name"),
    ("lastName", "family_name"),
    ("middleName", "middle_name"),
    ("displayName", "name"),
    ("nickName", "nickname"),
    ("profileUrl", "profile"),
    ("primaryPhone", "phone_number"),
    ("timezone", "zoneinfo"),
];

impl FederatedIdentity {
    /// Adds what the userinfo endpoint told, which must be of the same user (OpenID Connect Core, 5.3.2).
    ///
    /// # Errors
    /// If it is of somebody else.
    pub fn add_user_info(&mut self, told: Map<String, Value>) -> Result<(), &'static str> {
        if told.get("sub").and_then(Value::as_str) != Some(self.external_id.as_str()) {
            return Err("its userinfo is of somebody else");
        }
        for (name, value) in told {
            self.claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Their address, unless the provider says that it was not verified: anybody could have given it.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let is_unverified = matches!(self.claims.get("email_verified"), Some(Value::Bool(false)));
        self.text("email").filter(|_| !is_unverified)
    }

    /// What they are called in an attribute of the provider's users (`idpuser.…`).
    fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            "email" => self.email(),
            "subjectNameId" | "externalId" => Some(&self.external_id),
            "userName" | "username" | "userPrincipalName" => self.text("preferred_username"),
            _ => {
                let claim = CLAIMS.iter().find(|(attribute, _)| *attribute == name).map_or(name, |(_, claim)| claim);
                self.text(claim)
            }
        }
    }

    /// The profile of a new user who is them.
    #[must_use]
    pub fn profile(&self, login: &str) -> Map<String, Value> {
        let known = CLAIMS.iter().filter_map(|(attribute, claim)| Some((*attribute, self.text(claim)?)));
        let mut profile: Map<String, Value> =
            known.map(|(attribute, value)| (attribute.to_owned(), value.into())).collect();
        profile.insert("login".to_owned(), login.into());
        if !profile.contains_key("email") {
            profile.insert("email".to_owned(), login.into());
        }
        profile
    }
}

/// What a login is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The user's login.
    Username,
    /// Their e-mail address.
    Email,
    /// Either.
    UsernameOrEmail,
}

/// What an org lets come of a sign-in through a provider.
#[derive(Debug, Clone)]
pub struct FederationPolicy {
    /// Whether who is not linked yet is linked to the user that they match.
    pub links_accounts: bool,
    /// Of which groups the user must be in one to be linked; any if empty.
    pub link_groups: Vec<String>,
    /// Whether who matches nobody becomes a user.
    pub provisions: bool,
    /// The groups that such a user joins.
    pub groups: Vec<String>,
    /// Whether a suspended user is let in again.
    pub unsuspends: bool,
    /// What the login is looked for in.
    pub matches: Match,
    template: String,
    filter: Option<String>,
}

impl FederationPolicy {
    /// The policy in a provider's document; `None` for a way to match that Roster does not know.
    #[must_use]
    pub fn of(document: &Map<String, Value>) -> Option<Self> {
        let policy = document.get("policy")?;
        let is = |path: &str, wanted: &str| policy.pointer(path).and_then(Value::as_str) == Some(wanted);
        let list = |path: &str| {
            let items = policy.pointer(path).and_then(Value::as_array);
            items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let matches = match text_at(policy, "/subject/matchType").as_deref() {
            None | Some("USERNAME") => Match::Username,
            Some("EMAIL") => Match::Email,
            Some("USERNAME_OR_EMAIL") => Match::UsernameOrEmail,
            Some(_) => return None,
        };
        let assigns = is("/provisioning/groups/action", "ASSIGN");
        Some(Self {
            links_accounts: is("/accountLink/action", "AUTO"),
            link_groups: list("/accountLink/filter/groups/include"),
            provisions: is("/provisioning/action", "AUTO"),
            groups: if assigns { list("/provisioning/groups/assignments") } else { Vec::new() },
            unsuspends: is("/provisioning/conditions/suspended/action", "UNSUSPEND"),
            matches,
            template: text_at(policy, "/subject/userNameTemplate/template")?,
            filter: text_at(policy, "/subject/filter"),
        })
    }

    /// The login of somebody here, as the policy's template makes it; `None` if it makes none, or one that its filter
    /// does not let pass.
    #[must_use]
    pub fn login(&self, identity: &FederatedIdentity) -> Option<String> {
        let name = self.template.trim().strip_prefix("idpuser.")?;
        let login = identity.attribute(name)?;
        let passes = match &self.filter {
            None => true,
            Some(pattern) => Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|filter| filter.is_match(login)),
        };
        passes.then(|| login.to_owned())
    }
}

/// Where the credentials of users are who came through a provider of this kind.
#[must_use]
pub fn credential_provider(kind: IdentityProviderType) -> ProviderType {
    match kind {
        IdentityProviderType::Oidc | IdentityProviderType::Okta | IdentityProviderType::Saml2 => {
            ProviderType::Federation
        }
        _ => ProviderType::Social,
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_000);

    fn provider() -> OpenIdProvider {
        let document = json!({
            "protocol": {
                "issuer": { "url": "https://idp.example" },
                "endpoints": {
                    "authorization": { "url": "https://idp.example/authorize" },
                    "token": { "url": "https://idp.example/token" },
                    "jwks": { "url": "https://idp.example/keys" },
                },
                "scopes": ["email"],
                "credentials": { "client": { "client_id": "us", "client_secret": "secret" } },
            },
            "policy": { "maxClockSkew": 5000 },
        });
        OpenIdProvider::of(IdentityProviderType::Oidc, document.as_object().unwrap()).unwrap()
    }

    fn sign_in() -> FederatedSignIn {
        FederatedSignIn {
            nonce: "n".to_owned(),
            code_verifier: "v".to_owned(),
            redirect_uri: "http://localhost/callback".to_owned(),
            from_uri: None,
        }
    }

    fn identity(claims: &Value) -> Result<FederatedIdentity, &'static str> {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let text = format!("{}.{}.{}", encode(r#"{"alg":"RS256"}"#), encode(&claims.to_string()), encode("s"));
        provider().identity(&Jws::parse(&text).unwrap(), &sign_in(), NOW)
    }

    #[test]
    fn an_id_token_must_be_of_the_provider_for_us_of_this_sign_in_and_young() {
        let now = NOW.as_millis() / 1000;
        let good =
            json!({ "iss": "https://idp.example", "aud": "us", "nonce": "n", "exp": now - 4, "iat": now, "sub": "1" });
        assert_eq!(identity(&good).unwrap().external_id, "1");
        for (name, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("azp", json!("them")),
            ("nonce", json!("m")),
            ("nonce", json!(null)),
            ("exp", json!(now - 5)),
            ("exp", json!(null)),
            ("iat", json!(now + 66)),
            ("sub", json!("")),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert!(identity(&claims).is_err(), "{name} {value}");
        }
        let mut several = good;
        (several["aud"], several["azp"]) = (json!(["them", "us"]), json!("us"));
        assert!(identity(&several).is_ok());
    }

    #[test]
    fn openid_is_asked_for_whatever_the_scopes() {
        let (provider, sign_in) = (provider(), sign_in());
        let parameters = provider.authorization_parameters(&sign_in, "s", "c");
        assert!(parameters.contains(&("scope", "email openid".to_owned())));
    }

    #[test]
    fn a_login_comes_from_the_template_and_through_the_filter() {
        let policy = |template: &str, filter: Value| {
            let subject = json!({ "userNameTemplate": { "template": template }, "filter": filter });
            FederationPolicy::of(json!({ "policy": { "subject": subject } }).as_object().unwrap()).unwrap()
        };
        let claims = json!({ "email": "a@b.example", "preferred_username": "ab", "given_name": "A" });
        let mut who = FederatedIdentity { external_id: "1".to_owned(), claims: claims.as_object().unwrap().clone() };
        let login = |who: &FederatedIdentity, template, filter| policy(template, filter).login(who);
        assert_eq!(login(&who, "idpuser.email", Value::Null).as_deref(), Some("a@b.example"));
        assert_eq!(login(&who, "idpuser.userName", Value::Null).as_deref(), Some("ab"));
        assert_eq!(login(&who, "idpuser.firstName", Value::Null).as_deref(), Some("A"));
        assert_eq!(login(&who, "idpuser.email", json!("[^@]+@b\\.example")).as_deref(), Some("a@b.example"));
        assert_eq!(login(&who, "idpuser.email", json!("b\\.example")), None);
        assert_eq!(login(&who, "idpuser.email", json!("(")), None);
        who.claims.insert("email_verified".to_owned(), false.into());
        assert_eq!(login(&who, "idpuser.email", Value::Null), None);
    }

    #[test]
    fn userinfo_of_somebody_else_is_refused() {
        let mut who = FederatedIdentity { external_id: "1".to_owned(), claims: Map::new() };
        assert!(who.add_user_info(json!({ "sub": "2" }).as_object().unwrap().clone()).is_err());
        who.add_user_info(json!({ "sub": "1", "email": "a@b.example" }).as_object().unwrap().clone()).unwrap();
        assert_eq!(who.profile("ab@c.example")["email"], "a@b.example");
    }
}
