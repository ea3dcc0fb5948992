//! What tokens say (behaviour.md A.3): the claims of access tokens and id tokens, in the order that a real org writes them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The `ver` of every token.
pub const VERSION: u8 = 1;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Its form; always [`VERSION`].
    pub ver: u8,
    /// Its id: `AT.`, characters that ascend as tokens are made, random ones, and, if a refresh token came with it, `.` and
    /// that token's id, so that revoking the refresh token ends every access token that came with it.
    pub jti: String,
    /// Who issued it.
    pub iss: String,
    /// The API that it is for: the org's own URL for the management API.
    pub aud: String,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// The client that it was issued to.
    pub cid: String,
    /// The user that it speaks for; none if it is the client itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scp: Vec<String>,
    /// When the user signed in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The user's login, or the client.
    pub sub: String,
    /// The key that its bearer must prove to have (RFC 9449, 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Claims of the authorization server's making.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

/// The key that an access token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The key's thumbprint (RFC 7638).
    pub jkt: String,
}

/// The `jti` of an access token, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessTokenId<'a> {
    /// Ascends as tokens are made: what a cut-off is compared with.
    pub order: &'a str,
    /// The refresh token that came with it.
    pub refresh_token: Option<&'a str>,
}

impl<'a> AccessTokenId<'a> {
    /// What every access token's id begins with.
    pub const PREFIX: &'static str = "AT.";

    /// Characters of an id that ascend.
    pub const ORDER_CHARACTERS: usize = 17;

    /// Takes an id apart.
    #[must_use]
    pub fn parse(jti: &'a str) -> Option<Self> {
        let rest = jti.strip_prefix(Self::PREFIX)?;
        let (own, refresh_token) = match rest.split_once('.') {
            Some((own, refresh_token)) => (own, Some(refresh_token)),
            None => (rest, None),
        };
        Some(Self { order: own.get(..Self::ORDER_CHARACTERS)?, refresh_token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_tokens_id_tells_its_refresh_token() {
        let parse = |text| AccessTokenId::parse(text).map(|id| (id.order, id.refresh_token));
        assert_eq!(parse("AT.0123456789abcdefgXYZ"), Some(("0123456789abcdefg", None)));
        assert_eq!(parse("AT.0123456789abcdefgXYZ.oar1"), Some(("0123456789abcdefg", Some("oar1"))));
        assert_eq!([parse("ID.0123456789abcdefgXYZ"), parse("AT.short")], [None, None]);
    }

    #[test]
    fn what_a_token_does_not_say_is_not_in_it() {
        let claims = AccessTokenClaims {
            ver: VERSION,
            jti: "AT.1".into(),
            iss: "https://a".into(),
            aud: "https://a".into(),
            iat: 1,
            exp: 2,
            cid: "c".into(),
            uid: None,
            scp: vec!["okta.users.read".into()],
            auth_time: None,
            sub: "c".into(),
            cnf: None,
            custom: Map::new(),
        };
        let text = serde_json::to_string(&claims).unwrap();
        let wanted = r#"{"ver":1,"jti":"AT.1","iss":"https://a","aud":"https://a","iat":1,"exp":2,"cid":"c","scp":["okta.users.read"],"sub":"c"}"#;
        assert_eq!(text, wanted);
        assert_eq!(serde_json::from_str::<AccessTokenClaims>(&text).unwrap(), claims);
    }
}
