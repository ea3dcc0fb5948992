//! Time-based one-time passwords (RFC 6238, over the HOTP of RFC 4226) with what every app takes for granted: HMAC-SHA-1,
//! 6 digits, steps of 30 seconds.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::FactorRefusal;
use crate::timestamp::Timestamp;

/// Seconds of a time step.
pub const TIME_STEP_SECONDS: i64 = 30;

/// Bytes of a shared secret: the 128 bits that RFC 4226 asks for (R6), and the `keyLength` that a real org shows.
pub const SECRET_BYTES: usize = 16;

/// Digits of a code.
pub const DIGITS: u32 = 6;

/// Steps before and after the present one whose codes are taken too, since clocks differ.
const TOLERATED_STEPS: i64 = 1;

/// What a user's app makes its codes from. It has no `Debug`, so that no log can hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret([u8; SECRET_BYTES]);

impl SharedSecret {
    /// A secret of these bytes, which must be random.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// In Base32, as apps take it.
    #[must_use]
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The step whose code this is, if it is one of now and was not taken before: it must come after the step `after`.
    ///
    /// # Errors
    /// If it is the code of no such step, or of one that is past.
    pub(super) fn take(&self, passcode: &str, now: Timestamp, after: Option<i64>) -> Result<i64, FactorRefusal> {
        let present = now.as_millis().div_euclid(1000 * TIME_STEP_SECONDS);
        // All are compared, whichever fits, so that the time it takes tells nothing.
        let steps = (present - TOLERATED_STEPS..=present + TOLERATED_STEPS)
            .filter(|step| hotp(&self.0, *step).as_bytes().ct_eq(passcode.trim().as_bytes()).into());
        let latest = steps.max().ok_or(FactorRefusal::WrongPasscode)?;
        if after.is_none_or(|after| latest > after) { Ok(latest) } else { Err(FactorRefusal::Replayed) }
    }
}

/// The code of a counter (RFC 4226, section 5.3), which for RFC 6238 counts time steps.
fn hotp(key: &[u8], counter: i64) -> String {
    // A key of any length makes an HMAC.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return String::new() };
    mac.update(&counter.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    // The low four bits of the last byte say where the 31 bits are.
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 0xf);
    let bits = digest.get(offset..offset + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    format!("{:0width$}", (bits & 0x7fff_ffff) % 10_u32.pow(DIGITS), width = DIGITS as usize)
}

impl Serialize for SharedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base32())
    }
}

impl<'de> Deserialize<'de> for SharedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("a shared secret of another length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn secret() -> SharedSecret {
        SharedSecret::from_bytes(*b"1234567890123456")
    }

    fn code(step: i64) -> String {
        hotp(&secret().0, step)
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(hotp(b"12345678901234567890", seconds / TIME_STEP_SECONDS), code);
        }
    }

    #[test]
    fn a_secret_reads_back_from_base32() {
        let text = serde_json::to_string(&secret()).unwrap();
        assert_eq!(text, "\"GEZDGNBVGY3TQOJQGEZDGNBVGY\"");
        assert!(serde_json::from_str::<SharedSecret>(&text).unwrap() == secret());
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_further() {
        let early = code(100);
        for (seconds, taken) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(secret().take(&early, at(seconds), None).is_ok(), taken, "{seconds}");
        }
    }

    #[test]
    fn a_step_is_taken_once_and_never_an_older_one() {
        let (good, older) = (code(100), code(99));
        assert_eq!(secret().take(&good, at(3000), None), Ok(100));
        assert_eq!(secret().take(&good, at(3000), Some(100)), Err(FactorRefusal::Replayed));
        assert_eq!(secret().take(&older, at(3000), Some(100)), Err(FactorRefusal::Replayed));
        assert_eq!(secret().take(&code(101), at(3000), Some(100)), Ok(101));
    }
}
