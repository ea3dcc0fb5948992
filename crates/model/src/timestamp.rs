//! Points in time as the wire prints them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The same time without its fraction of a second. A real org prints `.000Z` on users, groups and types
    /// (observed.md, *Dates*), so their times are kept in whole seconds and compare equal to what was printed.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }

    /// The time `seconds` later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Reads an ISO 8601 date-time with `Z` or an offset, with or without a fraction, or a date alone (midnight UTC).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(Self(timestamp.as_millisecond()));
        }
        let midnight = Some(text).filter(|text| text.len() == 10).map(|date| format!("{date}T00:00:00Z"))?;
        midnight.parse::<jiff::Timestamp>().ok().map(|timestamp| Self(timestamp.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// `2025-01-31T12:00:00.000Z`, always three decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.3}"),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_three_decimals_and_reads_back() {
        let time = Timestamp::from_millis(1_759_117_790_000);
        assert_eq!(time.to_string(), "2025-09-29T03:49:50.000Z");
        assert_eq!(Timestamp::parse("2025-09-29T03:49:50.000Z"), Some(time));
        assert_eq!(Timestamp::parse("2025-09-29T05:49:50+02:00"), Some(time));
    }

    #[test]
    fn a_date_alone_is_midnight_utc() {
        assert_eq!(Timestamp::parse("1970-01-02"), Some(Timestamp::from_millis(86_400_000)));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
