//! Guessing takes long: attempts that fail are counted for each account and each address, and beyond so many a minute
//! nobody is asked any more. This holds also where rate limits are off.
//!
//! An account is whatever name was typed, so that throttling tells nobody whether there is one. Counts are kept in a fixed
//! number of places, found by a secret hash: two accounts that share one are rare, and only slow each other down.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;

use parking_lot::Mutex;
use roster_model::error::ErrorCode;
use roster_model::id::OrgKey;
use roster_model::rate_limit::WINDOW_SECONDS;
use roster_model::timestamp::Timestamp;
use roster_model::user::login::LoginKey;

use crate::rate_limit::Allowance;
use crate::response::ApiError;

/// Places for counts.
const PLACES: usize = 1 << 16;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Attempt {
    /// To sign in. One that succeeds does not count.
    SignIn,
    /// To recover. Each counts, as each sends a mail.
    Recovery,
}

impl Attempt {
    /// Attempts a minute on one account.
    const fn account_limit(self) -> u32 {
        match self {
            Self::SignIn => 30,
            Self::Recovery => 5,
        }
    }

    /// Attempts a minute from one address, behind which there may be many people.
    const fn address_limit(self) -> u32 {
        match self {
            Self::SignIn => 300,
            Self::Recovery => 60,
        }
    }
}

/// Counts attempts.
pub(crate) struct Throttle {
    hasher: RandomState,
    counts: Mutex<Box<[Count]>>,
}

/// Attempts within the window that ends at `until`, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    until: i64,
    attempts: u32,
}

/// An attempt that was let through.
pub(crate) struct Admission<'a> {
    throttle: &'a Throttle,
    places: [usize; 2],
    until: i64,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), counts: Mutex::new(vec![Count::default(); PLACES].into_boxed_slice()) }
    }

    /// Counts an attempt on the account of this name, from this address.
    ///
    /// # Errors
    /// E0000047 if there were too many in this minute.
    pub(crate) fn admit(
        &self,
        attempt: Attempt,
        org: OrgKey,
        username: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Admission<'_>, ApiError> {
        let seconds = now.as_millis().div_euclid(1000);
        let until = seconds - seconds.rem_euclid(WINDOW_SECONDS) + WINDOW_SECONDS;
        let account = self.place(&(attempt, org, LoginKey::from_text(username).as_str()));
        let places = [account, self.place(&(attempt, address))];
        let limits = [attempt.account_limit(), attempt.address_limit()];
        let mut counts = self.counts.lock();
        let mut exhausted = None;
        for (place, limit) in places.into_iter().zip(limits) {
            let Some(count) = counts.get_mut(place) else { continue };
            if count.until != until {
                *count = Count { until, attempts: 0 };
            }
            count.attempts = count.attempts.saturating_add(1);
            if count.attempts > limit {
                exhausted = Some(limit);
            }
        }
        match exhausted {
            Some(limit) => Err(ApiError::from(ErrorCode::TooManyRequests).limited(Allowance::exhausted(limit, until))),
            None => Ok(Admission { throttle: self, places, until }),
        }
    }

    fn place(&self, key: &impl std::hash::Hash) -> usize {
        usize::try_from(self.hasher.hash_one(key) % PLACES as u64).unwrap_or_default()
    }
}

impl Admission<'_> {
    /// Takes the attempt back: it succeeded.
    pub(crate) fn succeeded(self) {
        let mut counts = self.throttle.counts.lock();
        for place in self.places {
            if let Some(count) = counts.get_mut(place).filter(|count| count.until == self.until) {
                count.attempts = count.attempts.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrgKey = OrgKey(1);
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn an_account_is_closed_for_the_rest_of_the_minute_after_too_many_failures() {
        let throttle = Throttle::new();
        let admit = |name: &str, now| throttle.admit(Attempt::SignIn, ORG, name, None, now).is_ok();
        assert!((0..30).all(|_| admit("isaac@example.com", NOW)));
        assert!(!admit("Isaac@Example.com", NOW), "the same login in other letters");
        assert!(admit("eric@example.com", NOW));
        assert!(admit("isaac@example.com", NOW.plus_seconds(60)));
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let throttle = Throttle::new();
        for _ in 0..100 {
            throttle.admit(Attempt::SignIn, ORG, "isaac", None, NOW).ok().unwrap().succeeded();
        }
        assert!(throttle.admit(Attempt::SignIn, ORG, "isaac", None, NOW).is_ok());
    }

    #[test]
    fn an_address_is_closed_whatever_the_accounts() {
        let throttle = Throttle::new();
        let address = "192.0.2.1".parse().ok();
        let admit =
            |name: usize, address| throttle.admit(Attempt::Recovery, ORG, &format!("user{name}"), address, NOW).is_ok();
        assert!((0..60).all(|name| admit(name, address)));
        assert!(!admit(60, address));
        assert!(admit(61, "192.0.2.2".parse().ok()));
    }
}
