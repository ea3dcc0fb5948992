//! Signed tokens in their compact form (RFC 7515), taken apart. Nothing that is read here is to be believed before
//! its signature has been checked.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

/// Characters that a token may have. Real ones have some hundreds.
pub const MAX_CHARACTERS: usize = 16 << 10;

macro_rules! algorithms {
    ($($name:ident = $text:literal;)*) => {
        /// How a token is signed. `none` is not among them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Algorithm {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Algorithm {
            /// Every algorithm, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As headers spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

algorithms! {
    Rs256 = "RS256";
    Rs384 = "RS384";
    Rs512 = "RS512";
    Ps256 = "PS256";
    Ps384 = "PS384";
    Ps512 = "PS512";
    Es256 = "ES256";
    Es384 = "ES384";
    Hs256 = "HS256";
    Hs384 = "HS384";
    Hs512 = "HS512";
}

impl Algorithm {
    /// Reads an algorithm as headers spell it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == text)
    }

    /// Whether who checks a signature could have made it.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// The members of a header that matter here.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    jwk: Option<Value>,
    crit: Option<Value>,
}

/// A token, taken apart.
pub struct Jws<'a> {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// Which key it says that it is signed with.
    pub kid: Option<String>,
    /// What it says that it is.
    pub typ: Option<String>,
    /// The key that it brings along.
    pub jwk: Option<Value>,
    /// What is signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart; `None` if it is none, is too long, or says something critical that nobody here understands
    /// (RFC 7515, 4.1.11).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        // PostgreSQL can hold no NUL, so nobody has a key of such a name.
        if header.crit.is_some() || header.kid.as_deref().is_some_and(|kid| kid.contains('\0')) {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::from_text(&header.alg)?,
            kid: header.kid,
            typ: header.typ,
            jwk: header.jwk,
            signed,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// The claims; `None` if they are not of this shape.
    pub fn claims<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        serde_json::from_slice(&self.payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.{}", encode(header), encode(payload), encode("signature"))
    }

    #[test]
    fn a_token_is_taken_apart() {
        let text = token(r#"{"alg":"RS256","kid":"k","typ":"JWT"}"#, r#"{"a":1}"#);
        let jws = Jws::parse(&text).unwrap();
        assert_eq!((jws.algorithm, jws.kid.as_deref(), jws.typ.as_deref()), (Algorithm::Rs256, Some("k"), Some("JWT")));
        assert_eq!(
            (jws.signature.as_slice(), jws.claims::<Value>().unwrap()["a"].as_i64()),
            (&b"signature"[..], Some(1))
        );
        assert!(text.starts_with(jws.signed));
    }

    #[test]
    fn what_is_no_signed_token_is_refused() {
        let long = token(r#"{"alg":"RS256"}"#, &"a".repeat(MAX_CHARACTERS));
        for text in [
            "",
            "a.b",
            "a.b.c",
            "....",
            &token(r#"{"alg":"none"}"#, "{}"),
            &token(r#"{"alg":"NONE"}"#, "{}"),
            &token("{}", "{}"),
            &token(r#"{"alg":"RS256","crit":["b64"]}"#, "{}"),
            &long,
        ] {
            assert!(Jws::parse(text).is_none(), "{text}");
        }
    }
}
