//! What clients learn about a user, by scope (OpenID Connect Core, section 5.4).

use serde_json::{Map, Value, json};

use super::oidc_scope::OidcScope;
use crate::timestamp::Timestamp;

/// What is known of a user.
#[derive(Debug, Clone)]
pub struct UserFacts {
    /// Their profile.
    pub profile: Map<String, Value>,
    /// When it last changed.
    pub updated: Timestamp,
    /// The names of their groups.
    pub groups: Vec<String>,
}

/// A claim, and the attribute of a profile that it is.
const PROFILE: &[(&str, &str)] = &[
    ("locale", "locale"),
    ("preferred_username", "login"),
    ("given_name", "firstName"),
    ("middle_name", "middleName"),
    ("family_name", "lastName"),
    ("nickname", "nickName"),
    ("profile", "profileUrl"),
    ("zoneinfo", "timezone"),
];

const ADDRESS: &[(&str, &str)] = &[
    ("street_address", "streetAddress"),
    ("locality", "city"),
    ("region", "state"),
    ("postal_code", "zipCode"),
    ("country", "countryCode"),
];

/// The claims that are told beside an access token, with which the others can be had (Okta's *thin* id token).
const BESIDE_AN_ACCESS_TOKEN: &[&str] = &["name", "email", "preferred_username", "groups"];

impl UserFacts {
    /// What these scopes tell.
    #[must_use]
    pub fn claims<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> Map<String, Value> {
        let mut claims = Map::new();
        for scope in scopes.into_iter().filter_map(OidcScope::from_text) {
            match scope {
                OidcScope::Profile => {
                    claims.insert("name".to_owned(), json!(self.name()));
                    claims.extend(self.attributes(PROFILE));
                    claims.insert("updated_at".to_owned(), json!(self.updated.as_millis() / 1000));
                }
                OidcScope::Email => {
                    if let Some(email) = self.text("email") {
                        claims.insert("email".to_owned(), json!(email));
                        claims.insert("email_verified".to_owned(), json!(true));
                    }
                }
                OidcScope::Phone => {
                    if let Some(phone) = self.text("primaryPhone").or_else(|| self.text("mobilePhone")) {
                        claims.insert("phone_number".to_owned(), json!(phone));
                    }
                }
                OidcScope::Address => {
                    let address: Map<String, Value> = self.attributes(ADDRESS).collect();
                    if !address.is_empty() {
                        claims.insert("address".to_owned(), Value::Object(address));
                    }
                }
                OidcScope::Groups => {
                    claims.insert("groups".to_owned(), json!(self.groups));
                }
                OidcScope::OpenId | OidcScope::OfflineAccess => {}
            }
        }
        claims
    }

    /// The same, short of what the userinfo endpoint tells who has an access token.
    #[must_use]
    pub fn claims_beside_an_access_token<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> Map<String, Value> {
        let mut claims = self.claims(scopes);
        claims.retain(|name, _| BESIDE_AN_ACCESS_TOKEN.contains(&name.as_str()));
        claims
    }

    fn text(&self, attribute: &str) -> Option<&str> {
        self.profile.get(attribute).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn attributes(&self, claims: &'static [(&str, &str)]) -> impl Iterator<Item = (String, Value)> {
        claims.iter().filter_map(|(claim, attribute)| Some(((*claim).to_owned(), json!(self.text(attribute)?))))
    }

    fn name(&self) -> String {
        let parts: Vec<&str> = ["firstName", "lastName"].into_iter().filter_map(|part| self.text(part)).collect();
        self.text("displayName").map_or_else(|| parts.join(" "), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> UserFacts {
        let profile = json!({ "login": "isaac@example.com", "email": "isaac@example.com", "firstName": "Isaac",
            "lastName": "Brock", "city": "Issaquah", "mobilePhone": "+1-555", "zipCode": null });
        UserFacts {
            profile: profile.as_object().cloned().unwrap_or_default(),
            updated: Timestamp::from_millis(5_999),
            groups: vec!["Everyone".to_owned()],
        }
    }

    #[test]
    fn each_scope_tells_its_claims_and_no_other() {
        let told = |scope: &str| Value::Object(facts().claims([scope]));
        assert_eq!(
            told("profile"),
            json!({ "name": "Isaac Brock", "preferred_username": "isaac@example.com", "given_name": "Isaac",
                "family_name": "Brock", "updated_at": 5 })
        );
        assert_eq!(told("email"), json!({ "email": "isaac@example.com", "email_verified": true }));
        assert_eq!(told("phone"), json!({ "phone_number": "+1-555" }));
        assert_eq!(told("address"), json!({ "address": { "locality": "Issaquah" } }));
        assert_eq!(told("groups"), json!({ "groups": ["Everyone"] }));
        assert_eq!([told("openid"), told("offline_access"), told("else")], [json!({}), json!({}), json!({})]);
    }

    #[test]
    fn beside_an_access_token_little_is_told() {
        let told = facts().claims_beside_an_access_token(["profile", "email", "phone", "address"]);
        let names: Vec<&String> = told.keys().collect();
        assert_eq!(names, ["name", "preferred_username", "email"]);
    }
}
