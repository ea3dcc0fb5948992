//! Inline hooks: where an org asks somebody else before it goes on (behaviour.md G.14). The one kind there is asks whether
//! a password is the one that another directory knows (E.9).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::error::{ErrorCode, Problem, Violation};

/// The type of hook that passwords are imported by.
pub const PASSWORD_IMPORT: &str = "com.okta.user.credential.password.import";

/// The version of hooks and of their channels.
pub const VERSION: &str = "1.0.0";

/// Characters that an address may have.
const MAX_URI: usize = 1024;

/// Characters that a name may have.
const MAX_NAME: usize = 255;

/// A request to make or replace an inline hook, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineHookInput {
    /// What people call it.
    pub name: String,
    /// How it is asked.
    pub channel: Channel,
}

/// How a hook is asked: by an HTTP `POST`. It has no `Debug`, since its headers hold secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Where.
    pub uri: String,
    /// With which headers.
    pub headers: Vec<Header>,
    /// With which proof of who asks.
    pub auth_scheme: Option<Header>,
}

/// A header of a request to a hook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl InlineHookInput {
    /// Reads a hook from a request. `before` is the hook that it replaces: a secret that is not sent again stays.
    ///
    /// # Errors
    /// E0000003 for another JSON shape, E0000001 with every rule that is broken.
    pub fn from_json(body: &Map<String, Value>, before: Option<&Channel>) -> Result<Self, Problem> {
        let mut violations = Vec::new();
        let mut refuse = |field: &str, text: &str| violations.push(Violation::new(field, text));
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name").trim();
        if name.is_empty() {
            refuse("name", "The field cannot be left blank");
        } else if name.chars().count() > MAX_NAME {
            refuse("name", "The field is too long");
        } else if name.contains('\0') {
            refuse("name", "The field has an invalid value");
        }
        if text("type") != PASSWORD_IMPORT && !(before.is_some() && text("type").is_empty()) {
            refuse("type", "The type must be com.okta.user.credential.password.import");
        }
        let config = body.get("channel").and_then(|channel| channel.get("config"));
        let Some(Value::Object(config)) = config else {
            refuse("channel", "The field cannot be left blank");
            return Err(Problem::violations(&violations));
        };
        let uri = config.get("uri").and_then(Value::as_str).unwrap_or_default();
        if !is_callable(uri) {
            refuse("channel.config.uri", "The address must be an https URL, or an http URL of this machine");
        }
        let headers = match config.get("headers") {
            None | Some(Value::Null) => Vec::new(),
            Some(headers) => {
                serde_json::from_value(headers.clone()).map_err(|_| Problem::new(ErrorCode::NotWellFormed))?
            }
        };
        let auth_scheme = auth_scheme(config.get("authScheme"), before);
        if headers.iter().chain(&auth_scheme).any(|header: &Header| !header.is_valid()) {
            refuse("channel.config.headers", "The field has an invalid value");
        }
        let channel = Channel { uri: uri.to_owned(), headers, auth_scheme };
        let input = Self { name: name.to_owned(), channel };
        if violations.is_empty() { Ok(input) } else { Err(Problem::violations(&violations)) }
    }
}

fn auth_scheme(input: Option<&Value>, before: Option<&Channel>) -> Option<Header> {
    let scheme = input.filter(|scheme| !scheme.is_null())?;
    let text = |name: &str| scheme.get(name).and_then(Value::as_str);
    let kept = before.and_then(|channel| channel.auth_scheme.as_ref()).map(|header| header.value.as_str());
    Some(Header {
        key: text("key").unwrap_or("Authorization").to_owned(),
        value: text("value").or(kept).unwrap_or_default().to_owned(),
    })
}

impl Header {
    /// Whether this can stand in an HTTP request.
    fn is_valid(&self) -> bool {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let visible = |byte: u8| (0x20..0x7f).contains(&byte) || byte == b'\t';
        !self.key.is_empty() && self.key.bytes().all(token) && self.value.bytes().all(visible)
    }
}

/// Whether passwords may go there: over TLS, or without it if they do not leave this machine.
fn is_callable(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let loopback = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    uri.len() <= MAX_URI
        && url.username().is_empty()
        && url.password().is_none()
        && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn passwords_go_out_over_tls_or_stay_on_this_machine() {
        for uri in ["https://hooks.example.com/a", "http://localhost:8000/a", "http://127.0.0.1/", "http://[::1]:1/"] {
            assert!(is_callable(uri), "{uri}");
        }
        for uri in ["http://hooks.example.com/", "ftp://localhost/", "https://user:secret@example.com/", "", "/a"] {
            assert!(!is_callable(uri), "{uri}");
        }
    }

    #[test]
    fn a_secret_that_is_not_sent_again_stays() {
        let hook = |auth: Value| {
            let config = json!({ "uri": "https://a.example/", "authScheme": auth });
            json!({ "name": "Import", "type": PASSWORD_IMPORT, "channel": { "config": config } })
        };
        let read = |body: &Value, before: Option<&Channel>| {
            InlineHookInput::from_json(body.as_object().unwrap(), before).map(|input| input.channel).ok().unwrap()
        };
        let before = read(&hook(json!({ "type": "HEADER", "key": "X-Key", "value": "secret" })), None);
        let after = read(&hook(json!({ "type": "HEADER", "key": "X-Other" })), Some(&before));
        let scheme = after.auth_scheme.unwrap();
        assert_eq!((scheme.key.as_str(), scheme.value.as_str()), ("X-Other", "secret"));
        assert!(read(&hook(Value::Null), Some(&before)).auth_scheme.is_none());
    }

    #[test]
    fn every_broken_rule_is_told() {
        let body = json!({ "type": "other", "channel": { "config": { "uri": "http://a.example" } } });
        let problem = InlineHookInput::from_json(body.as_object().unwrap(), None).err().unwrap();
        assert_eq!(problem.causes.len(), 3);
    }
}
