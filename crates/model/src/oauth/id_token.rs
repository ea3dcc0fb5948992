//! What id tokens say (OpenID Connect Core, section 2), in the order that a real org writes it.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The claims of an id token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The user's id.
    pub sub: String,
    /// The version of these claims.
    pub ver: u8,
    /// Who issued it.
    pub iss: String,
    /// The client.
    pub aud: String,
    /// When, in seconds.
    pub iat: i64,
    /// Until when, in seconds.
    pub exp: i64,
    /// Its id.
    pub jti: String,
    /// What the user proved (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
    /// The identity provider: the org.
    pub idp: String,
    /// What the client's request said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// When the user signed in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Of which access token it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Of which code it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// What the scopes tell of the user.
    #[serde(flatten)]
    pub user: Map<String, Value>,
}

/// The half hash by which an id token names what came with it. Our keys are all used with SHA-256.
#[must_use]
pub fn half_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    BASE64URL_NOPAD.encode(hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of OpenID Connect Core, appendix A.3.
    #[test]
    fn a_half_hash_is_that_of_the_standard() {
        assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"), "LDktKdoQak3Pk0cnXxCltA");
    }
}
