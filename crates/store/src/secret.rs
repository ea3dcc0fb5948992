//! Secrets that we make up: tokens, signatures of cursors. Each is drawn from the system's random numbers, shown once,
//! and kept only as its SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::error::EngineError;

/// Random bytes of the system.
///
/// # Errors
/// If the system has none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], EngineError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(EngineError::Random)?;
    Ok(bytes)
}

/// The text of a secret, to be shown once. It has no `Debug`, so that no log can hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret of `bytes` random bytes behind `prefix`.
    pub(crate) fn random<const N: usize>(prefix: &str) -> Result<Self, EngineError> {
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random_bytes::<N>()?))))
    }

    /// A secret that somebody sent or configured.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. The secrets are random and long, so a plain hash cannot be turned back.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// The SHA-256 of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub(crate) [u8; 32]);

/// Bytes of a cursor's signature: enough that guessing one is hopeless, short enough for a URL.
const SIGNATURE_BYTES: usize = 10;

/// Signs `payload` so that only who knows `key` can have made it.
pub(crate) fn sign(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(payload);
    let mut signature = mac.finalize().into_bytes().to_vec();
    signature.truncate(SIGNATURE_BYTES);
    signature
}

/// The payload of what [`sign`] signed and `encode_signed` wrote, if the signature is right.
pub(crate) fn decode_signed(key: &[u8], text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (payload, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
    let same: bool = subtle::ConstantTimeEq::ct_eq(sign(key, payload).as_slice(), signature).into();
    same.then(|| payload.to_vec())
}

/// `payload` and its signature as URL-safe text.
pub(crate) fn encode_signed(key: &[u8], payload: &[u8]) -> String {
    let mut bytes = payload.to_vec();
    bytes.extend(sign(key, payload));
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_text_reads_back_only_under_its_key() {
        let text = encode_signed(b"one", b"payload");
        assert_eq!(decode_signed(b"one", &text), Some(b"payload".to_vec()));
        assert_eq!(decode_signed(b"two", &text), None);
        assert_eq!(decode_signed(b"one", "AAAA"), None);
    }
}
