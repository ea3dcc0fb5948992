//! Pieces that several resources print alike.

use roster_model::timestamp::Timestamp;
use serde::{Serialize, Serializer};

/// A time as the wire prints it.
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
