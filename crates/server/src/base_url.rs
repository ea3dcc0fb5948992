//! Where this server is reached: what absolute links begin with.

use std::sync::Arc;

/// The server's own URL. Links use the host that the caller wrote, so that whoever came by a name is sent back by it, and
/// this URL's scheme; where there is no caller, they use this URL whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: String,
    authority: String,
}

/// A base URL that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a base URL: expected http://HOST or https://HOST, with a port if need be and no path")]
pub struct BaseUrlError(String);

impl BaseUrl {
    /// Reads `http://localhost:8080` or `https://roster.example`.
    ///
    /// # Errors
    /// For another scheme, or anything after the host.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let refuse = || BaseUrlError(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(refuse)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let uri: axum::http::uri::Authority = authority.parse().map_err(|_| refuse())?;
        if !matches!(scheme, "http" | "https") || uri.host().is_empty() || authority.contains('@') {
            return Err(refuse());
        }
        Ok(Self { scheme: scheme.to_owned(), authority: authority.to_owned() })
    }

    /// `http://localhost` and a port: what serves a laptop.
    #[must_use]
    pub fn localhost(port: u16) -> Self {
        Self { scheme: "http".to_owned(), authority: format!("localhost:{port}") }
    }

    /// The whole URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// The URL of the org `name` of this server.
    #[must_use]
    pub fn url_of_org(&self, name: &str) -> String {
        format!("{}://{name}.{}", self.scheme, self.authority)
    }

    /// What links begin with for a caller who wrote this host.
    pub(crate) fn for_host(&self, host: Option<&str>) -> Arc<str> {
        format!("{}://{}", self.scheme, host.unwrap_or(&self.authority)).into()
    }

    /// Whether this host is the server's own name, which names no org.
    pub(crate) fn is_own(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_a_scheme_and_a_host() {
        assert_eq!(
            BaseUrl::parse("https://roster.example/").map(|url| url.url()),
            Ok("https://roster.example".to_owned())
        );
        for text in ["roster.example", "ftp://a", "http://", "http://a/b", "http://u@a", "http://a?b"] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn links_use_the_callers_host() {
        let url = BaseUrl::parse("https://roster.example").unwrap();
        assert_eq!(&*url.for_host(Some("acme.roster.example")), "https://acme.roster.example");
        assert_eq!(&*url.for_host(None), "https://roster.example");
    }
}
