//! TABLE of the errors of the OAuth endpoints: RFC 6749's codes with the status and the description of each mistake.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The `error` of an answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl OAuthErrorCode {
            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, repeated or malformed (RFC 6749, 5.2).
    InvalidRequest = "invalid_request";
    /// The client is unknown, or did not prove who it is.
    InvalidClient = "invalid_client";
    /// The code, refresh token or password is not good.
    InvalidGrant = "invalid_grant";
    /// The client may not use this grant type.
    UnauthorizedClient = "unauthorized_client";
    /// The server does not know this grant type.
    UnsupportedGrantType = "unsupported_grant_type";
    /// A scope is unknown, or not granted.
    InvalidScope = "invalid_scope";
    /// A policy, or the user, said no.
    AccessDenied = "access_denied";
    /// The proof of possession is missing or not good (RFC 9449, 5).
    InvalidDpopProof = "invalid_dpop_proof";
    /// The proof of possession needs a nonce (RFC 9449, 8).
    UseDpopNonce = "use_dpop_nonce";
}

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident = $code:ident $status:literal $description:literal;)*) => {
        /// What is wrong with a request to an OAuth endpoint.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OAuthMistake {
            $($(#[$doc])* $name,)*
        }

        impl OAuthMistake {
            /// Every mistake, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The `error` that it is told as.
            #[must_use]
            pub const fn code(self) -> OAuthErrorCode {
                match self { $(Self::$name => OAuthErrorCode::$code,)* }
            }

            /// The HTTP status, where the answer is not a redirect.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The `error_description`; `{0}` stands for the argument.
            #[must_use]
            pub const fn description_template(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

mistakes! {
    /// The client proved nothing, or by another method than its own.
    ClientNotAuthenticated = InvalidClient 401
        "Client authentication failed. Either the client or the client credentials are invalid.";
}

/// An error of an OAuth endpoint: a mistake, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// What is wrong.
    pub mistake: OAuthMistake,
    /// What stands for `{0}` in the description; empty where it has none.
    pub argument: String,
}

impl OAuthError {
    /// An error about `argument`.
    #[must_use]
    pub fn about(mistake: OAuthMistake, argument: impl Into<String>) -> Self {
        Self { mistake, argument: argument.into() }
    }

    /// The `error_description`.
    #[must_use]
    pub fn description(&self) -> String {
        self.mistake.description_template().replace("{0}", &self.argument)
    }
}

impl From<OAuthMistake> for OAuthError {
    fn from(mistake: OAuthMistake) -> Self {
        Self { mistake, argument: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_mistakes_are_told_alike() {
        for (index, mistake) in OAuthMistake::ALL.iter().enumerate() {
            let same = |other: &OAuthMistake| {
                (other.code(), other.description_template()) == (mistake.code(), mistake.description_template())
            };
            assert_eq!(OAuthMistake::ALL.iter().position(same), Some(index), "{mistake:?}");
        }
    }

    /// RFC 6749, 5.2: printable ASCII without quotation mark and backslash.
    #[test]
    fn descriptions_hold_only_the_characters_that_a_description_may() {
        for mistake in OAuthMistake::ALL {
            let allowed = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
            assert!(mistake.description_template().bytes().all(allowed), "{mistake:?}");
        }
    }

    #[test]
    fn statuses_are_those_of_errors() {
        assert!(OAuthMistake::ALL.iter().all(|mistake| (400..600).contains(&mistake.status())));
    }
}
