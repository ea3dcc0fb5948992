//! Rate limits: how many requests of a bucket an org may make in a minute (behaviour.md A.7). The buckets are in
//! `roster_model::rate_limit`.

use std::collections::HashMap;
use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use roster_model::id::OrgKey;
use roster_model::rate_limit::{Bucket, WINDOW_SECONDS};
use roster_model::timestamp::Timestamp;

/// What a server allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RateLimits {
    /// Everything. Answers still say what a real org would allow.
    #[default]
    Off,
    /// Requests a minute for each bucket; buckets that are not named have a real org's limit.
    Limited(HashMap<&'static str, u32>),
}

/// A limits file that cannot be used: one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RateLimitsError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of the form `bucket = requests`.
    #[error("{path}: expected lines such as `users = 600`: {message}")]
    NotToml {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A bucket that does not exist.
    #[error("{path}: there is no bucket {name:?}; the buckets are {}", bucket_names())]
    UnknownBucket {
        /// The file.
        path: String,
        /// The name it gave.
        name: String,
    },
}

fn bucket_names() -> String {
    Bucket::ALL.iter().map(|bucket| bucket.name()).collect::<Vec<_>>().join(", ")
}

impl RateLimits {
    /// A real paid org's limits.
    #[must_use]
    pub fn okta() -> Self {
        Self::Limited(HashMap::new())
    }

    /// Limits from a TOML file with a line for each bucket that differs from a real org: `users = 100`.
    ///
    /// # Errors
    /// If the file cannot be read or names no bucket.
    pub fn from_file(path: &Path) -> Result<Self, RateLimitsError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| RateLimitsError::Unreadable { path: shown.clone(), source })?;
        let parsed: HashMap<String, u32> = toml::from_str(&text).map_err(|error| RateLimitsError::NotToml {
            path: shown.clone(),
            message: error.message().lines().collect::<Vec<_>>().join(" "),
        })?;
        let known = |(name, limit): (String, u32)| match Bucket::ALL.iter().find(|bucket| bucket.name() == name) {
            Some(bucket) => Ok((bucket.name(), limit)),
            None => Err(RateLimitsError::UnknownBucket { path: shown.clone(), name }),
        };
        parsed.into_iter().map(known).collect::<Result<_, _>>().map(Self::Limited)
    }

    fn limit(&self, bucket: Bucket) -> u32 {
        match self {
            Self::Off => bucket.okta_limit(),
            Self::Limited(limits) => limits.get(bucket.name()).copied().unwrap_or(bucket.okta_limit()),
        }
    }
}

/// Counts requests.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    limits: RateLimits,
    /// Requests counted in the window that began at this second.
    windows: Mutex<HashMap<(OrgKey, Bucket), (i64, u32)>>,
}

/// Where a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// The end of the window, in seconds since the Unix epoch.
    reset: i64,
    /// Whether the request may go on.
    pub(crate) granted: bool,
}

impl RateLimiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, windows: Mutex::default() }
    }

    /// Takes a request out of the bucket, if there is one left.
    pub(crate) fn take(&self, org: OrgKey, bucket: Bucket, now: Timestamp) -> Allowance {
        if self.limits == RateLimits::Off {
            return self.look(bucket, now);
        }
        let mut windows = self.windows.lock();
        let untouched = self.look(bucket, now);
        let (begun, used) = windows.entry((org, bucket)).or_default();
        if *begun != untouched.reset {
            (*begun, *used) = (untouched.reset, 0);
        }
        let granted = *used < untouched.limit;
        *used += u32::from(granted);
        Allowance { remaining: untouched.limit - *used, granted, ..untouched }
    }

    /// An untouched bucket: what requests are told that no org is charged for.
    pub(crate) fn look(&self, bucket: Bucket, now: Timestamp) -> Allowance {
        let limit = self.limits.limit(bucket);
        let seconds = now.as_millis().div_euclid(1000);
        let reset = seconds - seconds.rem_euclid(WINDOW_SECONDS) + WINDOW_SECONDS;
        Allowance { limit, remaining: limit, reset, granted: true }
    }
}

impl Allowance {
    /// One that is used up until `reset`, in seconds since the Unix epoch.
    pub(crate) fn exhausted(limit: u32, reset: i64) -> Self {
        Self { limit, remaining: 0, reset, granted: false }
    }

    /// Writes the three headers that every answer has.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let mut insert = |name: &'static str, value: HeaderValue| headers.insert(HeaderName::from_static(name), value);
        insert("x-rate-limit-limit", HeaderValue::from(self.limit));
        insert("x-rate-limit-remaining", HeaderValue::from(self.remaining));
        insert("x-rate-limit-reset", HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrgKey = OrgKey(1);

    fn limited(users: u32) -> RateLimiter {
        RateLimiter::new(RateLimits::Limited(HashMap::from([("users", users)])))
    }

    #[test]
    fn a_bucket_empties_and_fills_again_with_the_next_minute() {
        let limiter = limited(2);
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let remaining: Vec<_> =
            (0..3).map(|_| limiter.take(ORG, Bucket::Users, at(61))).map(|a| (a.granted, a.remaining)).collect();
        assert_eq!(remaining, [(true, 1), (true, 0), (false, 0)]);
        assert!(limiter.take(OrgKey(2), Bucket::Users, at(61)).granted);
        assert!(limiter.take(ORG, Bucket::Groups, at(61)).granted);
        let next = limiter.take(ORG, Bucket::Users, at(120));
        assert_eq!((next.granted, next.reset), (true, 180));
    }

    #[test]
    fn a_file_names_only_buckets_that_exist() {
        let folder = std::env::temp_dir().join(format!("roster-limits-{}", std::process::id()));
        std::fs::write(&folder, "user = 5").unwrap();
        let error = RateLimits::from_file(&folder).unwrap_err().to_string();
        std::fs::remove_file(&folder).unwrap();
        assert!(error.contains("there is no bucket \"user\"; the buckets are users, user-read"), "{error}");
        assert!(!error.contains('\n'));
    }
}
