//! What `cargo bench` reports: rows with figures, as JSON, as the table of `tests/README.md`, and the chart of growth beside it.
//! What plays the rows is a program of its own (`tests/benches`).

mod chart;
mod stats;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use chart::chart;
pub use stats::{median, most_of_bucket};
pub use table::table;

/// What one row of the benchmarks came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchRow {
    /// The word by which the row is played alone.
    pub row: String,
    /// What was done.
    pub what: String,
    /// What was measured, in words.
    pub measured: String,
    /// What it is to be; empty where there is no goal.
    pub goal: String,
    /// Whether it is; `None` where there is no goal.
    pub met: Option<bool>,
    /// How often it was played; of several, figures are medians.
    pub runs: usize,
    /// Each figure; the last word of its name is its unit, or it is a count.
    pub figures: BTreeMap<String, f64>,
}

/// How one size of an environment fell asleep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GrowthPoint {
    /// How many services it has.
    pub services: usize,
    /// How many runs it took: one ends after three quarters of an hour, and the next tick goes on.
    pub runs: usize,
    /// From the first count to the last, less what half of the bucket makes necessary, in seconds.
    pub over_floor_seconds: f64,
    /// Calls about capacity, for each service.
    pub calls_a_service: f64,
}

/// What `reconcile` took of its machine at one size of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SizePoint {
    /// How many services it has.
    pub services: usize,
    /// The processor's time of the first step of a run and of one slice of writes, in seconds.
    pub cpu_seconds: f64,
    /// The most memory of either, in megabytes (10^6 bytes).
    pub peak_mb: f64,
}

/// What a run of the benchmarks came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchReport {
    /// Where it ran: processor, cores, and how busy it was.
    pub machine: String,
    /// Each row that was played.
    pub rows: Vec<BenchRow>,
    /// Environments of growing size; empty where that row was not played.
    pub growth: Vec<GrowthPoint>,
    /// What functions take for them; empty where that row was not played.
    #[serde(default)]
    pub sizes: Vec<SizePoint>,
}
