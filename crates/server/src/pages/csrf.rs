//! Forms are taken only from our own pages (cross-site request forgery).
//!
//! Each browser gets a random cookie, and each form a token that only who knows both that cookie and the browser's session
//! can make. Another site can have a form sent, but reads neither; a neighbour under our domain, who might plant a cookie,
//! still does not know the session.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use roster_store::EngineError;
use roster_store::secret::{Secret, random_bytes};
use sha2::Sha256;

use crate::response::Answer;
use crate::{cookies, sessions};

/// The form's field.
pub(super) const FIELD: &str = "_csrf";

/// What the forms of a browser are known by.
pub(super) struct Csrf {
    cookie: Secret,
    is_new: bool,
    /// The id of the session whose forms these are; empty without one.
    session: String,
}

impl Csrf {
    /// What a request brings, or something new for a browser without.
    pub(super) fn of(headers: &HeaderMap, base_url: &str) -> Result<Self, EngineError> {
        let known = cookies::read(headers, cookie_name(base_url));
        let session = sessions::cookie(headers).map(|id| id.reveal().to_owned()).unwrap_or_default();
        let is_new = known.is_none();
        let cookie = match known {
            Some(cookie) => cookie,
            None => Secret::from_text(&URL_SAFE_NO_PAD.encode(random_bytes::<24>()?)),
        };
        Ok(Self { cookie, is_new, session })
    }

    /// The token of a form.
    pub(super) fn token(&self) -> String {
        self.mac().map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether a form with this token is one of ours, for this browser and session.
    pub(super) fn is_token(&self, text: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let verified = bytes.zip(self.mac()).map(|(bytes, mac)| mac.verify_slice(&bytes).is_ok());
        !self.is_new && verified.unwrap_or_default()
    }

    /// Gives the browser its cookie, if it has none yet.
    pub(super) fn keep(&self, answer: &mut Answer, base_url: &str) {
        if self.is_new {
            cookies::set(answer, base_url, cookie_name(base_url), self.cookie.reveal(), None);
        }
    }

    fn mac(&self) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.cookie.reveal().as_bytes()).ok()?;
        mac.update(self.session.as_bytes());
        Some(mac)
    }
}

/// With TLS, browsers refuse a cookie of this name from anyone but this very host.
fn cookie_name(base_url: &str) -> &'static str {
    if cookies::is_secure(base_url) { "__Host-csrf" } else { "csrf" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csrf(cookies: &str) -> Csrf {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", cookies.parse().unwrap());
        Csrf::of(&headers, "http://localhost").unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_cookie_and_session_alone() {
        let token = csrf("csrf=a; sid=1").token();
        assert!(csrf("csrf=a; sid=1").is_token(&token));
        for other in ["csrf=b; sid=1", "csrf=a; sid=2", "csrf=a", "sid=1", "x=y"] {
            assert!(!csrf(other).is_token(&token), "{other}");
        }
        assert!(!csrf("csrf=a; sid=1").is_token("") && !csrf("csrf=a; sid=1").is_token("nonsense"));
    }

    #[test]
    fn a_browser_without_a_cookie_has_no_form_of_ours() {
        let new = csrf("x=y");
        assert!(!new.is_token(&new.token()));
    }
}
