//! What a comparison prints, and the same as JSON.

use std::fmt;

use serde::Serialize;

use crate::load::Measurement;

/// An operation of Roster between two measurements of its reference.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) connections: usize,
    pub(crate) roster: Measurement,
    pub(crate) reference: &'static str,
    pub(crate) references: [Measurement; 2],
    /// Roster's rate by the mean of its references' rates.
    pub(crate) ratio: f64,
    /// The ratio that we want to see at least. Printed, never asserted: a busy machine is no bug.
    pub(crate) mark: Option<f64>,
}

/// Everything that one run found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) engine: &'static str,
    pub(crate) users: usize,
    pub(crate) cores_divided: bool,
    pub(crate) seconds: f64,
    pub(crate) ready_after_ms: f64,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) rows: Vec<Row>,
}

/// The line above the rows.
pub(crate) struct Header;

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<22}{:>6}{:>10}{:>9}{:>9}{:>8}   {:<18}{:>9}{:>9}{:>9}{:>8}{:>8}{:>7}",
            "operation",
            "conns",
            "roster/s",
            "p50 ms",
            "p99 ms",
            "cpu us",
            "reference",
            "per s",
            "p50 ms",
            "p99 ms",
            "cpu us",
            "ratio",
            "mark"
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, connections, roster, reference, ratio, .. } = self;
        let [before, after] = &self.references;
        let mean = |of: fn(&Measurement) -> f64| (of(before) + of(after)) / 2.0;
        let cpu = |us: Option<f64>| us.map(|us| format!("{us:.1}")).unwrap_or_default();
        let mark = self.mark.map(|mark| format!("{mark:.2}")).unwrap_or_default();
        write!(
            f,
            "{operation:<22}{connections:>6}{:>10.0}{:>9.2}{:>9.2}{:>8}   {reference:<18}{:>9.0}{:>9.2}{:>9.2}{:>8}{ratio:>8.2}{mark:>7}",
            roster.per_second,
            roster.p50_ms,
            roster.p99_ms,
            cpu(roster.cpu_us),
            mean(|m| m.per_second),
            mean(|m| m.p50_ms),
            mean(|m| m.p99_ms),
            cpu(before.cpu_us.zip(after.cpu_us).map(|(before, after)| (before + after) / 2.0)),
        )
    }
}
