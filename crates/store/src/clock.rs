//! Time and identity: the one home of the system clock, and of the seeds that ids are made from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::UNIX_EPOCH;

use parking_lot::Mutex;
use roster_model::id::IdSeed;
use roster_model::timestamp::Timestamp;

/// Where the time comes from: the system, or a test that moves it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn standing(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.as_millis()))))
    }

    /// Moves a standing clock on; the system's clock moves by itself.
    pub fn advance_seconds(&self, seconds: i64) {
        if let Some(standing) = &self.0 {
            standing.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }

    /// The time now, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if let Some(standing) = &self.0 {
            return Timestamp::from_millis(standing.load(Ordering::SeqCst));
        }
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The steps between the tails of two ids of one millisecond are random within this, so that one id does not give away
/// the next.
const TAIL_STEP: u64 = 1 << 32;

/// The largest tail with which a millisecond may begin: nine base-62 digits hold 2^53, so a hundred thousand ids follow.
const FIRST_TAIL: u64 = 1 << 52;

/// Makes the seeds of ids: each greater than the one before, also within one millisecond and when the clock goes back.
#[derive(Debug)]
pub(crate) struct IdSource(Mutex<IdSeed>);

impl IdSource {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(IdSeed { millis: 0, tail: 0 }))
    }

    pub(crate) fn next(&self, now: Timestamp) -> IdSeed {
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        let random = fastrand::u64(..);
        let mut last = self.0.lock();
        *last = if millis > last.millis {
            IdSeed { millis, tail: random % FIRST_TAIL }
        } else if last.tail >= 2 * FIRST_TAIL {
            IdSeed { millis: last.millis + 1, tail: random % FIRST_TAIL }
        } else {
            IdSeed { millis: last.millis, tail: last.tail + 1 + random % TAIL_STEP }
        };
        *last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_ascend_even_when_the_clock_stands_or_goes_back() {
        let source = IdSource::new();
        let seeds: Vec<_> = [5, 5, 5, 4, 6, 6]
            .map(|millis| source.next(Timestamp::from_millis(millis)))
            .map(|s| (s.millis, s.tail))
            .into();
        assert!(seeds.is_sorted_by(|a, b| a < b), "{seeds:?}");
    }

    #[test]
    fn a_standing_clock_moves_when_told() {
        let clock = Clock::standing(Timestamp::from_millis(1000));
        clock.advance_seconds(2);
        assert_eq!(clock.now(), Timestamp::from_millis(3000));
    }
}
