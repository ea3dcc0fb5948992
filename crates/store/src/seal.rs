//! The master key, and what is sealed under it: secrets that must be read again (shared secrets of factors, passcodes on
//! their way), so that a hash will not do. Who has the database alone cannot read them.
//!
//! Sealing is XChaCha20-Poly1305: its nonces are long enough to be drawn at random. What is sealed is bound to its context
//! (which row it is of), so that it cannot be moved to another row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::engine::Tx;
use crate::error::EngineError;
use crate::params;
use crate::secret::{Secret, random_bytes};

/// Bytes of a master key.
const KEY_BYTES: usize = 32;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// What secrets are sealed under. It has no `Debug`, so that no log can hold it.
#[derive(Clone)]
pub struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> Result<Self, EngineError> {
        Ok(Self(random_bytes()?))
    }

    /// Reads a key: 32 bytes in Base64, as `openssl rand -base64 32` prints them.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// The key as [`MasterKey::from_text`] reads it.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::from_text(&STANDARD.encode(self.0))
    }

    /// Seals `plain`, for this context alone.
    pub(crate) fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, EngineError> {
        let nonce: [u8; NONCE_BYTES] = random_bytes()?;
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| broken("plain text", context))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`MasterKey::seal`] sealed for this context.
    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, EngineError> {
        let (nonce, sealed) =
            sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(|| broken("sealed text", context))?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| broken("sealed text", context))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }

    /// What the database keeps to know the key by.
    fn fingerprint(&self) -> Vec<u8> {
        // A key of any length makes an HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        mac.update(b"roster master key");
        mac.finalize().into_bytes().to_vec()
    }
}

fn broken(what: &'static str, context: &str) -> EngineError {
    EngineError::Corrupt { what, value: context.to_owned() }
}

/// The key that this database is sealed under: `key`, or without one the database's own. A new database is sealed under
/// it from now on; only its own key stands in it.
pub(crate) fn agree(tx: &mut Tx<'_>, key: Option<&MasterKey>) -> Result<MasterKey, EngineError> {
    let (agreed, kept) = match key {
        Some(key) => (key.clone(), None),
        None => {
            let own = MasterKey::random()?;
            let text = own.to_text();
            (own, Some(text))
        }
    };
    tx.execute(
        "INSERT INTO master_key (only_row, fingerprint, own_key) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        params![agreed.fingerprint().as_slice(), kept.as_ref().map(Secret::reveal)],
    )?;
    let known = tx.query_first("SELECT fingerprint, own_key FROM master_key", &[], |row| {
        Ok((row.bytes(0)?, row.optional_text(1)?))
    })?;
    let (fingerprint, own) = known.unwrap_or_default();
    let agreed = match key {
        Some(key) => Some(key.clone()),
        None => own.as_deref().and_then(MasterKey::from_text),
    };
    agreed.filter(|key| key.fingerprint() == fingerprint).ok_or(EngineError::OtherMasterKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_under_its_key_and_context() {
        let (key, other) = (MasterKey::random().unwrap(), MasterKey::random().unwrap());
        let sealed = key.seal("factor 1", b"secret").unwrap();
        assert_eq!(key.open("factor 1", &sealed).unwrap(), b"secret");
        assert!(key.open("factor 2", &sealed).is_err() && other.open("factor 1", &sealed).is_err());
        assert!(key.open("factor 1", b"short").is_err());
        assert_ne!(key.seal("factor 1", b"secret").unwrap(), sealed);
    }

    #[test]
    fn a_key_reads_back_from_its_text() {
        let key = MasterKey::random().unwrap();
        let read = MasterKey::from_text(&format!("{}\n", key.to_text().reveal()));
        assert!(read.is_some_and(|read| read.fingerprint() == key.fingerprint()));
        assert!(MasterKey::from_text("c2hvcnQ=").is_none() && MasterKey::from_text("no base64").is_none());
    }
}
