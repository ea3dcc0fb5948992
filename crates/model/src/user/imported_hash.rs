//! Passwords that come from another directory as hashes: `credentials.password.hash` (behaviour.md E.7).
//!
//! Only what such a hash is; whether a password fits it takes cryptography and is found out elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Violation;

/// Rounds of bcrypt, as a power of two, that can be computed.
const WORK_FACTORS: std::ops::RangeInclusive<u64> = 4..=20;

/// PBKDF2: the least that Okta takes, and the most that a sign-in should have to wait for.
const ITERATION_COUNTS: std::ops::RangeInclusive<u64> = 4096..=10_000_000;

/// An imported password hash whose parts have the right alphabets and lengths. Its JSON is for the store alone, and
/// `Debug` prints no more than the kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ImportedHash {
    /// bcrypt: `$2a$<workFactor>$<salt><value>`, which also matches hashes made as 2b and 2y.
    Bcrypt {
        /// The power of two that is the number of rounds: 4 to 20.
        work_factor: u32,
        /// 22 characters of bcrypt's own radix-64.
        salt: String,
        /// 31 characters of bcrypt's own radix-64. The last ones of salt and value may have bits that count nothing.
        value: String,
    },
    /// One round of SHA-512.
    Sha512 {
        /// What was hashed along with the password.
        salt: Option<Salt>,
        /// The digest in standard base64, padded.
        value: String,
    },
    /// One round of SHA-256.
    Sha256 {
        /// What was hashed along with the password.
        salt: Option<Salt>,
        /// The digest in standard base64, padded.
        value: String,
    },
    /// One round of SHA-1.
    Sha1 {
        /// What was hashed along with the password.
        salt: Option<Salt>,
        /// The digest in standard base64, padded.
        value: String,
    },
    /// One round of MD5.
    Md5 {
        /// What was hashed along with the password.
        salt: Option<Salt>,
        /// The digest in standard base64, padded.
        value: String,
    },
    /// PBKDF2 with HMAC.
    Pbkdf2 {
        /// The digest under the HMAC.
        digest: Pbkdf2Digest,
        /// The number of rounds: 4096 to 10 million.
        iterations: u32,
        /// The salt in standard base64, padded.
        salt: String,
        /// The key in standard base64, padded; as long as the request's `keySize` says.
        value: String,
    },
}

/// The salt of a plain digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salt {
    /// The salt in standard base64, padded.
    pub value: String,
    /// Where it was put.
    pub order: SaltOrder,
}

/// Where the salt of a plain digest was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SaltOrder {
    /// Before the password.
    Prefix,
    /// After the password.
    Postfix,
}

/// The digest under the HMAC of PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pbkdf2Digest {
    /// SHA-256.
    #[serde(rename = "SHA256_HMAC")]
    Sha256,
    /// SHA-512.
    #[serde(rename = "SHA512_HMAC")]
    Sha512,
}

impl ImportedHash {
    /// Reads `credentials.password.hash` of a request.
    ///
    /// # Errors
    ///
    /// Every rule broken, on the field `password`.
    pub fn from_json(hash: &Value) -> Result<Self, Vec<Violation>> {
        let Value::Object(members) = hash else {
            return Err(vec![violation("The hash must be an object")]);
        };
        let mut reader = Reader { members, violations: Vec::new() };
        let parsed = match members.get("algorithm").and_then(Value::as_str) {
            Some("BCRYPT") => reader.bcrypt(),
            Some("SHA-512") => reader.digest(64).map(|(salt, value)| Self::Sha512 { salt, value }),
            Some("SHA-256") => reader.digest(32).map(|(salt, value)| Self::Sha256 { salt, value }),
            Some("SHA-1") => reader.digest(20).map(|(salt, value)| Self::Sha1 { salt, value }),
            Some("MD5") => reader.digest(16).map(|(salt, value)| Self::Md5 { salt, value }),
            Some("PBKDF2") => reader.pbkdf2(),
            _ => reader.refuse("The hash algorithm must be BCRYPT, SHA-512, SHA-256, SHA-1, MD5 or PBKDF2"),
        };
        match parsed {
            Some(hash) if reader.violations.is_empty() => Ok(hash),
            _ => Err(reader.violations),
        }
    }
}

impl fmt::Debug for ImportedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bcrypt { .. } => "Bcrypt(…)",
            Self::Sha512 { .. } => "Sha512(…)",
            Self::Sha256 { .. } => "Sha256(…)",
            Self::Sha1 { .. } => "Sha1(…)",
            Self::Md5 { .. } => "Md5(…)",
            Self::Pbkdf2 { .. } => "Pbkdf2(…)",
        })
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

fn violation(text: &str) -> Violation {
    Violation::new("password", text)
}

/// Reads the members of a hash. A part that can't be read is `None`, and why is among the violations.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    violations: Vec<Violation>,
}

impl Reader<'_> {
    fn bcrypt(&mut self) -> Option<ImportedHash> {
        let work_factor = self.number("workFactor", WORK_FACTORS, "The workFactor must be between 4 and 20");
        let salt =
            self.text("salt", |text| is_radix64(text, 22), "The salt of BCRYPT must be 22 characters of radix-64");
        let value =
            self.text("value", |text| is_radix64(text, 31), "The value of BCRYPT must be 31 characters of radix-64");
        Some(ImportedHash::Bcrypt { work_factor: work_factor?, salt: salt?, value: value? })
    }

    /// Salt and value of a plain digest of so many bytes.
    fn digest(&mut self, bytes: usize) -> Option<(Option<Salt>, String)> {
        let is_digest = |text: &str| base64_bytes(text) == Some(bytes);
        let value = self.text("value", is_digest, "The value must be the base64 of a digest of the algorithm");
        if self.members.get("salt").is_none_or(|salt| salt.is_null() || salt == "") {
            return Some((None, value?));
        }
        let salt = self.text("salt", |text| base64_bytes(text).is_some(), "The salt must be base64");
        let order = self.member("saltOrder", "The saltOrder of a salt must be PREFIX or POSTFIX");
        Some((Some(Salt { value: salt?, order: order? }), value?))
    }

    fn pbkdf2(&mut self) -> Option<ImportedHash> {
        let digest = self.member("digestAlgorithm", "The digestAlgorithm must be SHA256_HMAC or SHA512_HMAC");
        let count_text = "The iterationCount must be between 4096 and 10000000";
        let iterations = self.number("iterationCount", ITERATION_COUNTS, count_text);
        let key_size = self.number("keySize", 1..=512, "The keySize must be between 1 and 512");
        let salt = self.text("salt", |text| base64_bytes(text).is_some(), "The salt of PBKDF2 must be base64");
        let is_key =
            |text: &str| base64_bytes(text).is_some_and(|bytes| key_size.is_none_or(|size| bytes == size as usize));
        let value = self.text("value", is_key, "The value must be the base64 of keySize bytes");
        Some(ImportedHash::Pbkdf2 { digest: digest?, iterations: iterations?, salt: salt?, value: value? })
    }

    fn text(&mut self, member: &str, fits: impl Fn(&str) -> bool, text: &str) -> Option<String> {
        match self.members.get(member).and_then(Value::as_str).filter(|value| fits(value)) {
            Some(value) => Some(value.to_owned()),
            None => self.refuse(text),
        }
    }

    fn number(&mut self, member: &str, range: std::ops::RangeInclusive<u64>, text: &str) -> Option<u32> {
        let number = self.members.get(member).and_then(Value::as_u64).filter(|number| range.contains(number));
        match number.and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Some(number),
            None => self.refuse(text),
        }
    }

    fn member<'de, T: Deserialize<'de>>(&'de mut self, member: &str, text: &str) -> Option<T> {
        match self.members.get(member).and_then(|value| T::deserialize(value).ok()) {
            Some(value) => Some(value),
            None => self.refuse(text),
        }
    }

    fn refuse<T>(&mut self, text: &str) -> Option<T> {
        self.violations.push(violation(text));
        None
    }
}

/// Whether `text` is that many characters of bcrypt's radix-64.
fn is_radix64(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
}

/// How many bytes a text of standard, padded base64 stands for; `None` if it is none, is empty, or has bits left over.
fn base64_bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches('=');
    let last_fits = match text.len() - digits.len() {
        0 => true,
        1 => digits.ends_with(|last| "AEIMQUYcgkosw048".contains(last)),
        2 => digits.ends_with(['A', 'Q', 'g', 'w']),
        _ => false,
    };
    let alphabet = digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    (last_fits && alphabet && !digits.is_empty() && text.len().is_multiple_of(4)).then(|| digits.len() * 6 / 8)
}

#[cfg(test)]
mod tests;
