//! Signatures of tokens (RFC 7518). ring makes and checks them; the `rsa` crate only draws RSA keys, which ring cannot
//! (docs/decisions/signed-tokens.md).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self as ring_signature, EcdsaKeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents};
use roster_model::oauth::jwk::{Curve, KeyMaterial, PublicKey};
use roster_model::oauth::jws::{Algorithm, Jws};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::UnwrapErr;
use serde::Serialize;
use serde_json::json;

use crate::error::EngineError;
use crate::secret::Secret;

/// Bits of the RSA keys that we draw.
const RSA_BITS: usize = 2048;

/// A private key and its public half.
pub(crate) struct SigningKey {
    pair: KeyPair,
    public: PublicKey,
    algorithm: Algorithm,
    kid: String,
}

enum KeyPair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// A private key as PKCS #8.
pub(crate) struct Pkcs8(Vec<u8>);

impl Pkcs8 {
    /// Draws a key for RS256 or ES256. An RSA key takes some tens of milliseconds.
    pub(crate) fn draw(algorithm: Algorithm) -> Result<Self, EngineError> {
        if algorithm == Algorithm::Es256 {
            let drawn =
                EcdsaKeyPair::generate_pkcs8(&ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            return Ok(Self(drawn.map_err(|_| unusable("a new key"))?.as_ref().to_vec()));
        }
        let drawn = rsa::RsaPrivateKey::new(&mut UnwrapErr(getrandom::SysRng), RSA_BITS);
        let encoded = drawn.ok().and_then(|key| key.to_pkcs8_der().ok()).ok_or_else(|| unusable("a new key"))?;
        Ok(Self(encoded.as_bytes().to_vec()))
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key, ready to sign. Its `kid` is its thumbprint.
    pub(crate) fn key(&self) -> Result<SigningKey, EngineError> {
        let (pair, material, algorithm) = if let Ok(pair) = RsaKeyPair::from_pkcs8(&self.0) {
            let PublicKeyComponents { n, e } = pair.public().into();
            (KeyPair::Rsa(pair), KeyMaterial::Rsa { n, e }, Algorithm::Rs256)
        } else {
            let signing = &ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(signing, &self.0, &SystemRandom::new());
            let pair = pair.map_err(|_| unusable("a stored key"))?;
            let point = pair.public_key().as_ref().to_vec();
            (KeyPair::Ec(pair), KeyMaterial::Ec { curve: Curve::P256, point }, Algorithm::Es256)
        };
        let mut public = PublicKey { kid: None, algorithm: Some(algorithm), material };
        let kid = public.thumbprint();
        public.kid = Some(kid.clone());
        Ok(SigningKey { pair, public, algorithm, kid })
    }
}

fn unusable(what: &str) -> EngineError {
    EngineError::Corrupt { what: "signing key", value: what.to_owned() }
}

impl SigningKey {
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// `claims` as a signed token.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, EngineError> {
        let header = json!({ "kid": self.kid, "alg": self.algorithm.as_str() }).to_string();
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, EngineError> {
        let random = SystemRandom::new();
        let signed = match &self.pair {
            KeyPair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&ring_signature::RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
            KeyPair::Ec(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
        };
        signed.map_err(|_| unusable("a key that does not sign"))
    }
}

/// Whether `key` made the signature of `token`.
#[must_use]
pub fn is_signed_by(token: &Jws<'_>, key: &PublicKey) -> bool {
    if !key.fits(token.algorithm) {
        return false;
    }
    let (message, signature) = (token.signed.as_bytes(), token.signature.as_slice());
    match &key.material {
        KeyMaterial::Rsa { n, e } => rsa_parameters(token.algorithm)
            .is_some_and(|parameters| RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()),
        KeyMaterial::Ec { curve, point } => {
            let parameters = match curve {
                Curve::P256 => &ring_signature::ECDSA_P256_SHA256_FIXED,
                Curve::P384 => &ring_signature::ECDSA_P384_SHA384_FIXED,
            };
            ring_signature::UnparsedPublicKey::new(parameters, point).verify(message, signature).is_ok()
        }
    }
}

/// Whether the signature of `token` was made with `secret` (an HMAC).
pub(crate) fn is_signed_with(token: &Jws<'_>, secret: &Secret) -> bool {
    let algorithm = match token.algorithm {
        Algorithm::Hs256 => ring::hmac::HMAC_SHA256,
        Algorithm::Hs384 => ring::hmac::HMAC_SHA384,
        Algorithm::Hs512 => ring::hmac::HMAC_SHA512,
        _ => return false,
    };
    let key = ring::hmac::Key::new(algorithm, secret.reveal().as_bytes());
    ring::hmac::verify(&key, token.signed.as_bytes(), &token.signature).is_ok()
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static ring_signature::RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &ring_signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &ring_signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &ring_signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &ring_signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &ring_signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_verifies_with_its_own_key_alone() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let (key, other) = (Pkcs8::draw(algorithm).unwrap(), Pkcs8::draw(algorithm).unwrap());
            let (key, other) = (key.key().unwrap(), other.key().unwrap());
            let text = key.sign(&json!({ "sub": "a" })).unwrap();
            let token = Jws::parse(&text).unwrap();
            assert_eq!((token.kid.as_deref(), token.algorithm), (Some(key.kid()), algorithm));
            assert!(is_signed_by(&token, key.public()) && !is_signed_by(&token, other.public()));
            let forged = text.replacen(token.signed, &format!("{}x", token.signed), 1);
            assert!(!Jws::parse(&forged).is_some_and(|forged| is_signed_by(&forged, key.public())));
        }
    }

    #[test]
    fn a_key_reads_back_from_what_is_kept() {
        let drawn = Pkcs8::draw(Algorithm::Es256).unwrap();
        let kept = Pkcs8::from_bytes(drawn.as_bytes().to_vec());
        assert_eq!(kept.key().unwrap().public(), drawn.key().unwrap().public());
    }
}
