//! Apps: how users sign on to them, and the document of settings that each has (behaviour.md G.5, observed.md 5).
//!
//! An app's document is what its maker sent over the defaults of its sign-on mode, so that every app shows the members
//! that a real org shows.

mod defaults;
mod user;

use serde_json::{Map, Value};

use crate::document;
use crate::error::{ErrorCode, Problem, Violation};

pub use user::{oidc_profile, user_name};

/// Characters that a label may have.
const MAX_LABEL_CHARACTERS: usize = 100;

macro_rules! sign_on_modes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $template:expr, $required:expr;)*) => {
        /// How users sign on to an app.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SignOnMode {
            $($(#[$doc])* $name,)*
        }

        impl SignOnMode {
            /// Every mode, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The name of an app of this mode that is not of a catalogue; none where each app gets one of its own.
            #[must_use]
            pub const fn template(self) -> Option<&'static str> {
                match self { $(Self::$name => $template,)* }
            }

            /// The members of `settings.app` that such an app cannot do without.
            const fn required(self) -> &'static [&'static str] {
                match self { $(Self::$name => $required,)* }
            }
        }
    };
}

/// Whether a template has this name, so that an app of it may be made.
#[must_use]
pub fn is_template(name: &str) -> bool {
    SignOnMode::ALL.iter().any(|mode| mode.template() == Some(name))
}

sign_on_modes! {
    /// A link.
    Bookmark = "BOOKMARK" Some("bookmark"), &["url"];
    /// HTTP basic authentication.
    BasicAuth = "BASIC_AUTH" Some("template_basic_auth"), &["url", "authURL"];
    /// A sign-in form that the browser plug-in fills.
    BrowserPlugin = "BROWSER_PLUGIN" Some("template_swa"), &["buttonField", "passwordField", "usernameField", "url"];
    /// A sign-in form that is posted to.
    SecurePasswordStore = "SECURE_PASSWORD_STORE" Some("template_sps"), &["url", "passwordField", "usernameField"];
    /// A sign-in page that the browser plug-in knows how to fill.
    AutoLogin = "AUTO_LOGIN" None, &[];
    /// SAML 1.1.
    Saml11 = "SAML_1_1" None, &[];
    /// SAML 2.0.
    Saml20 = "SAML_2_0" None, &[];
    /// OpenID Connect.
    OpenIdConnect = "OPENID_CONNECT" Some("oidc_client"), &[];
    /// WS-Federation.
    WsFederation = "WS_FEDERATION" Some("template_wsfed"), &["wReplyURL", "audienceRestriction", "realm"];
}

impl SignOnMode {
    /// Reads a mode as the wire spells it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == text)
    }

    /// The mode of an app that bears only this name.
    fn of_template(name: &str) -> Option<Self> {
        match name {
            "template_swa3field" => Some(Self::BrowserPlugin),
            _ => Self::ALL.iter().copied().find(|mode| mode.template() == Some(name)),
        }
    }
}

/// Whether users may use an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplicationStatus {
    /// They may.
    Active,
    /// They may not; its assignments stay.
    Inactive,
}

impl ApplicationStatus {
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

/// What the maker of an app says of it, short of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApplication {
    /// What people call it.
    pub label: String,
    /// Its name: a template's, a catalogue's, or none for an app of its own.
    pub name: Option<String>,
    /// How users sign on; none for an app of a catalogue whose modes are not known.
    pub sign_on_mode: Option<SignOnMode>,
}

impl NewApplication {
    /// Reads `label`, `name` and `signOnMode` of a request.
    ///
    /// # Errors
    /// E0000003 for another JSON type or an unheard-of mode; E0000001 for a missing label or a malformed name.
    pub fn from_json(members: &Map<String, Value>) -> Result<Self, Problem> {
        let label = label(members)?;
        let name = text(members, "name")?.filter(|name| !name.is_empty()).map(str::to_owned);
        let is_name = |name: &str| {
            name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if name.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(Problem::violations(&[Violation::new("name", "Does not match required pattern")]));
        }
        let given = match text(members, "signOnMode")? {
            None => None,
            Some(text) => Some(SignOnMode::from_text(text).ok_or_else(|| Problem::new(ErrorCode::NotWellFormed))?),
        };
        let sign_on_mode = match (name.as_deref(), given) {
            // By recording, an app of the catalogue that offers no auto-login has no mode; there is no catalogue here.
            (Some(name), None | Some(SignOnMode::AutoLogin)) => SignOnMode::of_template(name),
            (Some(name), given) => SignOnMode::of_template(name).or(given),
            (None, Some(given)) => Some(given),
            (None, None) => {
                return Err(Problem::violations(&[Violation::new("signOnMode", "The field cannot be left blank")]));
            }
        };
        let name = name.or_else(|| sign_on_mode.and_then(SignOnMode::template).map(str::to_owned));
        Ok(Self { label, name, sign_on_mode })
    }
}

/// The label of a request.
///
/// # Errors
/// E0000003 for another JSON type, E0000001 if it is missing or too long.
pub fn label(members: &Map<String, Value>) -> Result<String, Problem> {
    let label = text(members, "label")?.map(str::trim).unwrap_or_default();
    let refuse = |text: &str| Err(Problem::violations(&[Violation::new("label", text)]));
    match label.chars().count() {
        0 => refuse("Label must be specified"),
        1..=MAX_LABEL_CHARACTERS if label.contains('\0') => refuse("Does not match required pattern"),
        1..=MAX_LABEL_CHARACTERS => Ok(label.to_owned()),
        _ => refuse("The field is too long"),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::new(ErrorCode::NotWellFormed)),
    }
}

/// The document of an app called `name`: what `members` says over the defaults of its mode.
///
/// # Errors
/// E0000003 where a member has another JSON type than its default, E0000001 for a required setting that is missing.
pub fn document(
    mode: Option<SignOnMode>,
    name: &str,
    members: &Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let mut document = defaults::document(mode, name);
    for (member, default) in &mut document {
        if let Some(given) = members.get(member) {
            document::merge(default, given)?;
        }
    }
    for member in ["licensing", "profile"] {
        match members.get(member) {
            Some(Value::Object(given)) => drop(document.insert(member.to_owned(), Value::Object(given.clone()))),
            None | Some(Value::Null) => {}
            Some(_) => return Err(Problem::new(ErrorCode::NotWellFormed)),
        }
    }
    let violations = violations(mode, &document);
    if violations.is_empty() { Ok(document) } else { Err(Problem::violations(&violations)) }
}

fn violations(mode: Option<SignOnMode>, document: &Map<String, Value>) -> Vec<Violation> {
    let settings = document.get("settings");
    let app = settings.and_then(|settings| settings.get("app"));
    let given = |member: &str| app.and_then(|app| app.get(member)).and_then(Value::as_str).is_some_and(is_filled);
    let required = mode.map_or(&[][..], SignOnMode::required);
    let mut violations: Vec<Violation> = required
        .iter()
        .filter(|member| !given(member))
        .map(|member| Violation::new(*member, "The field cannot be left blank"))
        .collect();
    if mode == Some(SignOnMode::OpenIdConnect) {
        violations
            .extend(settings.and_then(|settings| settings.get("oauthClient")).into_iter().flat_map(client_violations));
    }
    violations
}

fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The rules of an OAuth client's settings.
fn client_violations(client: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut refuse = |member: &str, text: &str| violations.push(Violation::new(member, text));
    let has = |member: &str, wanted: &str| {
        client.get(member).and_then(Value::as_array).is_some_and(|items| items.iter().any(|item| item == wanted))
    };
    for member in ["grant_types", "response_types", "redirect_uris", "post_logout_redirect_uris"] {
        if !client
            .get(member)
            .is_none_or(|items| items.as_array().is_some_and(|items| items.iter().all(Value::is_string)))
        {
            refuse(member, "The field has an invalid value");
        }
    }
    let kind = client.get("application_type").and_then(Value::as_str).unwrap_or_default();
    if !["web", "native", "browser", "service"].contains(&kind) {
        refuse("application_type", "The field has an invalid value");
    }
    let redirects = client.get("redirect_uris").and_then(Value::as_array).is_some_and(|uris| !uris.is_empty());
    if !redirects && (has("grant_types", "authorization_code") || has("grant_types", "implicit")) {
        refuse("redirect_uris", "The field cannot be left blank");
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_name_or_a_mode_is_enough_and_a_label_is_required() {
        let read = |value: Value| NewApplication::from_json(&object(value)).map(|new| (new.name, new.sign_on_mode));
        let bookmark = Ok((Some("bookmark".to_owned()), Some(SignOnMode::Bookmark)));
        assert_eq!(read(json!({ "label": "A", "name": "bookmark" })), bookmark);
        assert_eq!(read(json!({ "label": "A", "signOnMode": "BOOKMARK" })), bookmark);
        assert_eq!(read(json!({ "label": "A", "signOnMode": "SAML_2_0" })), Ok((None, Some(SignOnMode::Saml20))));
        let catalogued = json!({ "label": "A", "name": "deelhr", "signOnMode": "AUTO_LOGIN" });
        assert_eq!(read(catalogued), Ok((Some("deelhr".to_owned()), None)));
        assert_eq!(read(json!({ "name": "bookmark" })).unwrap_err().causes, ["label: Label must be specified"]);
        assert_eq!(read(json!({ "label": "A" })).unwrap_err().argument, "signOnMode");
        assert_eq!(read(json!({ "label": "A", "signOnMode": "MAGIC" })).unwrap_err().code, ErrorCode::NotWellFormed);
    }

    #[test]
    fn a_document_is_what_was_given_over_the_defaults() {
        let given =
            json!({ "settings": { "app": { "url": "https://a", "more": 1 }, "notes": {} }, "status": "ACTIVE" });
        let document = document(Some(SignOnMode::Bookmark), "bookmark", &object(given)).unwrap();
        let app = json!({ "requestIntegration": false, "url": "https://a", "more": 1 });
        assert_eq!(document["settings"]["app"], app);
        assert_eq!(document["settings"]["notes"], json!({ "admin": null, "enduser": null }));
        assert_eq!(document["visibility"]["appLinks"], json!({ "login": true }));
        assert!(!document.contains_key("status"));
    }

    #[test]
    fn what_a_mode_cannot_do_without_is_required() {
        let fields = |mode, given: Value| {
            let problem = document(Some(mode), "name", &object(given)).unwrap_err();
            problem.causes.iter().map(|cause| cause.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fields(SignOnMode::Bookmark, json!({})), ["url"]);
        assert_eq!(
            fields(SignOnMode::BasicAuth, json!({ "settings": { "app": { "url": "https://a" } } })),
            ["authURL"]
        );
        let client =
            json!({ "settings": { "oauthClient": { "application_type": "fridge", "grant_types": ["implicit"] } } });
        assert_eq!(fields(SignOnMode::OpenIdConnect, client), ["application_type", "redirect_uris"]);
    }
}
