//! Proof key for code exchange (RFC 7636): who redeems a code must know the verifier whose hash came with the request.
//!
//! Invariant: S256 is the only method. `plain` would put the verifier itself into the browser's address bar, where the
//! codes are stolen from that it is to protect.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The only method of a challenge.
pub const METHOD: &str = "S256";

/// Characters of the base64url of a SHA-256.
const CHALLENGE_CHARACTERS: usize = 43;

/// The hash of a verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads a challenge: the base64url of a SHA-256, without padding.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == CHALLENGE_CHARACTERS && BASE64URL_NOPAD.decode(text.as_bytes()).is_ok();
        is_hash.then(|| Self(text.to_owned()))
    }

    /// As requests spell it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the verifier that the challenge was made from.
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let hash = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
        is_verifier(verifier) && hash.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// Whether this has the form of a verifier: 43 to 128 unreserved characters (RFC 7636, section 4.1).
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_verifier_meets_only_its_own_challenge() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert!(!challenge.is_met_by(CHALLENGE) && !challenge.is_met_by("") && !challenge.is_met_by(&VERIFIER[..42]));
        assert!(!challenge.is_met_by(&VERIFIER.to_lowercase()));
    }

    #[test]
    fn a_challenge_is_the_hash_of_something() {
        for text in ["", "abc", VERIFIER.get(1..).unwrap(), &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert_eq!(CodeChallenge::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        assert!(is_verifier(&"a".repeat(43)) && is_verifier(&"~".repeat(128)));
        assert!(!is_verifier(&"a".repeat(42)) && !is_verifier(&"a".repeat(129)) && !is_verifier(&"a b".repeat(20)));
    }
}
