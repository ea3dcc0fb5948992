//! How the answer of the authorize endpoint gets to the client: by redirect, by a form, or by a message to a window.
//!
//! Every answer names its issuer, so that a client of several servers knows whose it is (RFC 9207).

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::http::{StatusCode, Uri};
use roster_model::oauth::authorize::ReturnAddress;
use roster_model::oauth::response_mode::ResponseMode;
use roster_model::oauth::server::Issuer;
use roster_store::secret::random_bytes;
use roster_store::{EngineError, Error};
use serde_json::{Map, Value};

use crate::pages::{PageError, Shown, Visit, redirect, show_on_the_way_elsewhere};

/// What a client is answered.
pub(super) struct Answering<'a> {
    /// Who answers.
    pub(super) issuer: &'a Issuer,
    /// Where to.
    pub(super) address: &'a ReturnAddress,
    /// With what.
    pub(super) members: Vec<(&'static str, String)>,
}

/// A form that posts itself; who runs no scripts presses its button.
#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPostPage<'a> {
    page: crate::pages::Page,
    action: &'a str,
    members: &'a [(&'static str, String)],
    nonce: &'a str,
}

/// A script that tells the window from which this one was opened, or around this frame, if it is of the client's origin.
#[derive(Template)]
#[template(path = "okta_post_message.html")]
struct PostMessagePage<'a> {
    page: crate::pages::Page,
    message: &'a str,
    origin: &'a str,
    nonce: &'a str,
}

/// Answers a client.
pub(super) fn answer(visit: &Visit, answering: &Answering<'_>) -> Shown {
    let Answering { issuer, address, members } = answering;
    let mut members = members.clone();
    members.extend(address.state.clone().map(|state| ("state", state)));
    members.push(("iss", issuer.url(&visit.base_url)));
    let uri = &address.redirect_uri;
    let query = || form_urlencoded::Serializer::new(String::new()).extend_pairs(&members).finish();
    match address.mode {
        ResponseMode::Query => {
            let separator = if uri.contains('?') { '&' } else { '?' };
            redirect(&format!("{uri}{separator}{}", query()))
        }
        ResponseMode::Fragment => redirect(&format!("{uri}#{}", query())),
        ResponseMode::FormPost => form_post(visit, uri, &members),
        ResponseMode::OktaPostMessage => post_message(visit, uri, &members),
    }
}

fn form_post(visit: &Visit, uri: &str, members: &[(&'static str, String)]) -> Shown {
    let nonce = nonce()?;
    let page = FormPostPage { page: visit.page(), action: uri, members, nonce: &nonce };
    let mut answer = show_on_the_way_elsewhere(visit, StatusCode::OK, &page)?;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|error| PageError::internal(&error))?;
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(answer)
}

fn post_message(visit: &Visit, uri: &str, members: &[(&'static str, String)]) -> Shown {
    let (nonce, origin) = (nonce()?, origin(uri));
    let message: Map<String, Value> =
        members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
    let (message, target) = (in_script(&Value::Object(message)), in_script(&Value::from(origin.as_str())));
    let page = PostMessagePage { page: visit.page(), message: &message, origin: &target, nonce: &nonce };
    let mut answer = show_on_the_way_elsewhere(visit, StatusCode::OK, &page)?;
    // Clients ask without a prompt in a frame of their own.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; \
         frame-ancestors {origin}; base-uri 'none'; form-action 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|error| PageError::internal(&error))?;
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer.headers_mut().remove(X_FRAME_OPTIONS);
    Ok(answer)
}

fn nonce() -> Result<String, PageError> {
    let bytes = random_bytes::<16>().map_err(|error: EngineError| PageError::from(Error::from(error)))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The origin of a redirect URI; of one that has none, a text that no window's origin is.
fn origin(uri: &str) -> String {
    let parsed = uri.parse::<Uri>().ok();
    let parts = parsed.as_ref().and_then(|uri| uri.scheme_str().zip(uri.authority()));
    let web =
        parts.filter(|(scheme, authority)| matches!(*scheme, "http" | "https") && !authority.as_str().contains('@'));
    web.map_or_else(|| "https://invalid.invalid".to_owned(), |(scheme, authority)| format!("{scheme}://{authority}"))
}

/// A value as a script spells it, which nothing in it can end.
fn in_script(value: &Value) -> String {
    let text = value.to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_ends_its_script() {
        let text = in_script(&Value::from("</script><script>alert(1)//\u{2028}"));
        assert!(!text.contains('<') && !text.contains('\u{2028}'), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "</script><script>alert(1)//\u{2028}");
    }

    #[test]
    fn only_a_web_address_has_an_origin() {
        assert_eq!(origin("https://a.example:8443/cb?x=1"), "https://a.example:8443");
        for uri in ["com.example:/cb", "https://a@b/cb", "nonsense"] {
            assert_eq!(origin(uri), "https://invalid.invalid", "{uri}");
        }
    }
}
