//! What an app knows of a user who is assigned to it.

use serde_json::{Map, Value, json};

/// The name that a user has in an app, by the app's `userNameTemplate`. The two templates that Okta builds in besides
/// the login are known; any other is taken for the login.
#[must_use]
pub fn user_name(document: &Map<String, Value>, profile: &Map<String, Value>) -> String {
    let template = document
        .get("credentials")
        .and_then(|credentials| credentials.pointer("/userNameTemplate/template"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default();
    let prefix = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
    match template {
        "${source.email}" => text("email").to_owned(),
        "${fn:substringBefore(source.login, \"@\")}" => prefix(text("login")),
        "${fn:substringBefore(source.email, \"@\")}" => prefix(text("email")),
        _ => text("login").to_owned(),
    }
}

/// The profile that an OpenID Connect app has of a user: the claims of OpenID Connect Core 5.1, each from the attribute
/// that a real org maps to it, and null without one (recording of assignUserToApplication).
#[must_use]
pub fn oidc_profile(profile: &Map<String, Value>) -> Map<String, Value> {
    let value = |name: &str| profile.get(name).cloned().unwrap_or_default();
    let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default();
    let or = |value: Value, default: &str| if value.is_null() { json!(default) } else { value };
    let name = match text("displayName") {
        "" => format!("{} {}", text("firstName"), text("lastName")),
        name => name.to_owned(),
    };
    let claims = [
        ("street_address", value("streetAddress")),
        ("country", value("countryCode")),
        ("website", value("profileUrl")),
        ("zoneinfo", or(value("timezone"), "America/Los_Angeles")),
        ("birthdate", Value::Null),
        ("gender", Value::Null),
        ("formatted", value("postalAddress")),
        ("profile", Value::Null),
        ("locality", value("city")),
        ("given_name", value("firstName")),
        ("middle_name", value("middleName")),
        ("locale", or(value("locale"), "en_US")),
        ("picture", Value::Null),
        ("name", json!(name)),
        ("nickname", value("nickName")),
        ("phone_number", value("primaryPhone")),
        ("region", value("state")),
        ("postal_code", value("zipCode")),
        ("family_name", value("lastName")),
        ("email", value("email")),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_template_names_the_user() {
        let profile = object(json!({ "login": "isaac@a.com", "email": "brock@b.com" }));
        let name = |template: &str| {
            let document = json!({ "credentials": { "userNameTemplate": { "template": template } } });
            user_name(&object(document), &profile)
        };
        assert_eq!(name("${source.login}"), "isaac@a.com");
        assert_eq!(name("${source.email}"), "brock@b.com");
        assert_eq!(name("${fn:substringBefore(source.login, \"@\")}"), "isaac");
        assert_eq!(name("${user.whatever}"), "isaac@a.com");
    }
}
