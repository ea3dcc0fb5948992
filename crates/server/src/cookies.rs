//! Cookies: no script sees them, and no other site sends them along with more than a link.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use roster_store::secret::Secret;

use crate::response::Answer;

/// The value of the request's cookie of this name, unless it is empty.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.trim_matches('"'));
    values.filter(|value| !value.is_empty()).map(Secret::from_text).next()
}

/// Gives the browser a cookie; without `max_age` seconds it ends with the browser's session.
pub(crate) fn set(answer: &mut Answer, base_url: &str, name: &str, value: &str, max_age: Option<i64>) {
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if is_secure(base_url) {
        cookie.push_str("; Secure");
    }
    if let Some(max_age) = max_age {
        cookie.push_str(&format!("; Max-Age={max_age}"));
    }
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// Takes a cookie back.
pub(crate) fn clear(answer: &mut Answer, base_url: &str, name: &str) {
    set(answer, base_url, name, "", Some(0));
}

/// Whether browsers reach the server by TLS.
pub(crate) fn is_secure(base_url: &str) -> bool {
    base_url.starts_with("https:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let id = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(text));
            read(&headers, "sid").map(|id| id.reveal().to_owned())
        };
        assert_eq!(id("a=b; sid=102x; DT=y").as_deref(), Some("102x"));
        assert_eq!([id("sid="), id("asid=102x"), id("sid")], [None, None, None]);
    }
}
