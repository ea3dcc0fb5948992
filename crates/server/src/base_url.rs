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

    /// The host alone.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority.as_str();
        authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host)
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

    /// What links in mails begin with that a request brings about. Who asks for a mail to somebody else's address may write any
    /// host, and a link with a token must not lead there: only callers with an API token choose it, anybody else gets one
    /// of the server's own names.
    pub(crate) fn for_mail(&self, asked: &str, label: Option<&str>, is_trusted: bool) -> String {
        let own = label.map_or_else(|| self.url(), |label| self.url_of_org(label));
        let on_this_machine = [asked, own.as_str()].into_iter().all(leads_here);
        if is_trusted || on_this_machine || is_within(asked, &own) { asked.to_owned() } else { own }
    }

    /// Whether this host is the server's own name, which names no org.
    pub(crate) fn is_own(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.authority)
    }
}

/// Whether a browser may be sent on to `target` from the server that the caller knows as `base_url`: within this server, or,
/// if it runs on the caller's own machine, anywhere on that. Anything else would lend its name to whoever writes links.
pub(crate) fn is_same_place(target: &str, base_url: &str) -> bool {
    is_within(target, base_url) || (leads_here(target) && leads_here(base_url))
}

/// Whether a web address is one of the machine that it is used on.
pub(crate) fn leads_here(url: &str) -> bool {
    origin(url).is_some_and(|(_, authority)| is_loopback(authority.host()))
}

/// Whether `target` is a page of the server that the caller knows as `base_url`: a path, or an URL with its origin.
pub(crate) fn is_within(target: &str, base_url: &str) -> bool {
    match (origin(target), origin(base_url)) {
        (Some((scheme, there)), Some((own_scheme, own))) => {
            scheme == own_scheme && there.as_str().eq_ignore_ascii_case(own.as_str())
        }
        (Some(_), None) => false,
        (None, _) => target.starts_with('/') && !target.starts_with("//") && !target.contains(['\\', '\t', '\n', '\r']),
    }
}

/// The scheme and authority of a web address.
fn origin(url: &str) -> Option<(String, axum::http::uri::Authority)> {
    let uri: axum::http::Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?.to_owned(), uri.authority()?.clone());
    (!authority.as_str().contains('@') && matches!(scheme.as_str(), "http" | "https")).then_some((scheme, authority))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
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
    fn a_browser_is_sent_on_within_this_server_or_this_machine() {
        let (server, here) = ("https://roster.example", "http://localhost:8080");
        for target in ["/", "/home?a=b", "https://roster.example/app", "https://ROSTER.example"] {
            assert!(is_same_place(target, server), "{target}");
        }
        for target in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "http://roster.example/",
            "evil",
            "",
            "https://roster.example@evil.example/",
            "javascript:alert(1)",
            "https://roster.example.evil.example/",
        ] {
            assert!(!is_same_place(target, server), "{target}");
        }
        assert!(is_same_place("http://localhost:3000/callback", here) && is_same_place("http://127.0.0.1:1/", here));
        assert!(!is_same_place("http://localhost:3000/", server) && !is_same_place("http://evil.example/", here));
    }

    #[test]
    fn links_in_mails_lead_to_hosts_of_ours_unless_an_administrator_says_so() {
        let url = BaseUrl::parse("https://roster.example").unwrap();
        assert_eq!(url.for_mail("https://evil.example", None, false), "https://roster.example");
        assert_eq!(url.for_mail("https://evil.example", Some("acme"), false), "https://acme.roster.example");
        assert_eq!(url.for_mail("https://roster.internal", None, true), "https://roster.internal");
        let here = BaseUrl::localhost(8080);
        assert_eq!(here.for_mail("http://127.0.0.1:8080", None, false), "http://127.0.0.1:8080");
        assert_eq!(here.for_mail("http://evil.example:8080", None, false), "http://localhost:8080");
    }

    #[test]
    fn links_use_the_callers_host() {
        let url = BaseUrl::parse("https://roster.example").unwrap();
        assert_eq!(&*url.for_host(Some("acme.roster.example")), "https://acme.roster.example");
        assert_eq!(&*url.for_host(None), "https://roster.example");
    }
}
