//! Public keys as JSON Web Keys (RFC 7517).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::jws::Algorithm;

/// Bits that an RSA key must have and may have.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The curve of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST's, of 256 bits.
    P256,
    /// NIST's, of 384 bits.
    P384,
}

impl Curve {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// The numbers of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// RSA: modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// An elliptic curve's point.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point: 4, x, y.
        point: Vec<u8>,
    },
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// What tokens call it.
    pub kid: Option<String>,
    /// The one algorithm that it is for, if it says.
    pub algorithm: Option<Algorithm>,
    /// Its numbers.
    pub material: KeyMaterial,
}

impl PublicKey {
    /// Reads a public key for signatures; `None` if it is none, is private, or of a kind that nobody should use.
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| BASE64URL_NOPAD.decode(member(name)?.as_bytes()).ok();
        // Whoever sends the private part must not be led to believe that this is how it is done.
        if jwk.get("d").is_some() || member("use").is_some_and(|intended| intended != "sig") {
            return None;
        }
        let material = match member("kty")? {
            "RSA" => {
                let (n, e) = (without_leading_zeros(bytes("n")?), without_leading_zeros(bytes("e")?));
                let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
                if !RSA_BITS.contains(&bits) || e.is_empty() || e.len() > 4 {
                    return None;
                }
                KeyMaterial::Rsa { n, e }
            }
            "EC" => {
                let curve =
                    [Curve::P256, Curve::P384].into_iter().find(|curve| Some(curve.as_str()) == member("crv"))?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                if [&x, &y].into_iter().any(|coordinate| coordinate.len() != curve.coordinate_bytes()) {
                    return None;
                }
                KeyMaterial::Ec { curve, point: [&[4_u8][..], &x, &y].concat() }
            }
            _ => return None,
        };
        let algorithm = match member("alg") {
            None => None,
            Some(text) => Some(Algorithm::from_text(text)?),
        };
        Some(Self { kid: member("kid").map(str::to_owned), algorithm, material })
    }

    /// The members that make the key, in the order of the alphabet.
    fn members(&self) -> Map<String, Value> {
        let text = |bytes: &[u8]| Value::from(BASE64URL_NOPAD.encode(bytes));
        let members = match &self.material {
            KeyMaterial::Rsa { n, e } => vec![("e", text(e)), ("kty", json!("RSA")), ("n", text(n))],
            KeyMaterial::Ec { curve, point } => {
                let (x, y) = point.get(1..).unwrap_or_default().split_at(curve.coordinate_bytes());
                vec![("crv", json!(curve.as_str())), ("kty", json!("EC")), ("x", text(x)), ("y", text(y))]
            }
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The key's thumbprint (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        BASE64URL_NOPAD.encode(&Sha256::digest(Value::Object(self.members()).to_string().as_bytes()))
    }

    /// The key as it is published.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        let mut jwk = Map::new();
        let members = self.members();
        jwk.extend(members.get_key_value("kty").map(|(name, kty)| (name.clone(), kty.clone())));
        jwk.extend(self.algorithm.map(|algorithm| ("alg".to_owned(), json!(algorithm.as_str()))));
        jwk.extend(self.kid.as_ref().map(|kid| ("kid".to_owned(), json!(kid))));
        jwk.insert("use".to_owned(), json!("sig"));
        jwk.extend(members);
        Value::Object(jwk)
    }

    /// Whether a signature with `algorithm` may be checked with this key. What a key is decides that, never the token
    /// alone: a public key is no secret of an HMAC.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        let of_kind = match &self.material {
            KeyMaterial::Rsa { .. } => {
                matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512)
            }
            KeyMaterial::Ec { curve: Curve::P256, .. } => algorithm == A::Es256,
            KeyMaterial::Ec { curve: Curve::P384, .. } => algorithm == A::Es384,
        };
        of_kind && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 7638, 3.1.
    fn rsa() -> Value {
        json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        })
    }

    #[test]
    fn a_thumbprint_is_that_of_the_rfc() {
        let key = PublicKey::from_jwk(&rsa()).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_reads_back_from_what_is_published() {
        let key = PublicKey::from_jwk(&rsa()).unwrap();
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Some(key));
    }

    #[test]
    fn only_public_keys_of_a_sound_size_are_taken() {
        let with = |name: &str, value: Value| {
            let mut jwk = rsa();
            jwk[name] = value;
            PublicKey::from_jwk(&jwk)
        };
        assert!(with("use", json!("sig")).is_some());
        for (name, value) in [
            ("use", json!("enc")),
            ("kty", json!("oct")),
            ("alg", json!("none")),
            ("d", json!("AQAB")),
            ("n", json!("AQAB")),
            ("e", json!("")),
        ] {
            assert!(with(name, value.clone()).is_none(), "{name} {value}");
        }
    }

    #[test]
    fn a_key_fits_the_algorithms_of_its_kind_alone() {
        let mut key = PublicKey::from_jwk(&rsa()).unwrap();
        assert!(key.fits(Algorithm::Rs256) && !key.fits(Algorithm::Rs512));
        key.algorithm = None;
        assert!(key.fits(Algorithm::Rs512) && key.fits(Algorithm::Ps256));
        assert!(!key.fits(Algorithm::Hs256) && !key.fits(Algorithm::Es256));
    }
}
