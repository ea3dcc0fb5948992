//! What an authorize request asks for, and how the answer goes back to the client.

use super::client::ResponseType;

/// What comes back from the authorize endpoint: a code, tokens, or both. At least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseTypes {
    /// A code, to be changed for tokens at the token endpoint.
    pub code: bool,
    /// An access token.
    pub token: bool,
    /// An id token.
    pub id_token: bool,
}

impl ResponseTypes {
    /// Reads `code`, `token` and `id_token`, each at most once, in any order, between single spaces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut asked = Self { code: false, token: false, id_token: false };
        for part in text.split(' ') {
            let member = match ResponseType::from_text(part)? {
                ResponseType::Code => &mut asked.code,
                ResponseType::Token => &mut asked.token,
                ResponseType::IdToken => &mut asked.id_token,
            };
            if std::mem::replace(member, true) {
                return None;
            }
        }
        Some(asked)
    }

    /// What is asked for, one by one.
    pub fn parts(self) -> impl Iterator<Item = ResponseType> {
        let parts = [
            (self.code, ResponseType::Code),
            (self.token, ResponseType::Token),
            (self.id_token, ResponseType::IdToken),
        ];
        parts.into_iter().filter(|(asked, _)| *asked).map(|(_, part)| part)
    }

    /// Whether tokens come back through the browser itself.
    #[must_use]
    pub const fn has_tokens(self) -> bool {
        self.token || self.id_token
    }

    /// How the answer goes back if the request does not say.
    #[must_use]
    pub const fn default_mode(self) -> ResponseMode {
        if self.has_tokens() { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

/// How the answer of the authorize endpoint goes back to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment, which the browser keeps to itself.
    Fragment,
    /// As a form that the browser posts to it.
    FormPost,
    /// As a message to the window that opened this one, for the redirect URI's origin alone.
    OktaPostMessage,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Query, Self::Fragment, Self::FormPost, Self::OktaPostMessage];

    /// As requests spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::OktaPostMessage => "okta_post_message",
        }
    }

    /// Reads a mode as requests spell it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// Whether an answer of this type may go back this way: a query ends up in logs and histories, so no token travels in
    /// one.
    #[must_use]
    pub const fn carries(self, asked: ResponseTypes) -> bool {
        !(matches!(self, Self::Query) && asked.has_tokens())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_type_is_a_set_in_any_order() {
        let hybrid = ResponseTypes { code: true, token: false, id_token: true };
        assert_eq!(ResponseTypes::parse("id_token code"), Some(hybrid));
        assert_eq!(hybrid.parts().collect::<Vec<_>>(), [ResponseType::Code, ResponseType::IdToken]);
        for text in ["", "none", "code code", "code  token", "Code", "code,token"] {
            assert_eq!(ResponseTypes::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_token_travels_in_a_query() {
        let asked = |text| ResponseTypes::parse(text).unwrap();
        assert_eq!(asked("code").default_mode(), ResponseMode::Query);
        for text in ["token", "id_token", "code token", "code id_token token"] {
            assert_eq!(asked(text).default_mode(), ResponseMode::Fragment);
            assert!(!ResponseMode::Query.carries(asked(text)) && ResponseMode::FormPost.carries(asked(text)));
        }
    }

    #[test]
    fn every_mode_reads_back() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(ResponseMode::parse("jwt"), None);
    }
}
