//! The development environment of `clos-v2` on a Thursday afternoon, and the instants of its night.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::Suspensions;
use watchkeeper_domain::name::Scope;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness};
use watchkeeper_sim::{SimRegion, SimRegionBuilder, aurora, scope, service};
pub(crate) use watchkeeper_tests::scenarios::all_asleep as asleep;

pub(crate) const API: &str = "clos-v2-cluster/clos-v2-core-api-service";
pub(crate) const ENGINE: &str = "clos-v2-cluster/clos-v2-workflow-engine-service";

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// Thursday 19:05 in New York: the first tick of the night.
pub(crate) fn evening() -> Timestamp {
    at("2026-11-20T00:05:00Z")
}

/// Friday 08:00 in New York: the first tick of the day.
pub(crate) fn morning() -> Timestamp {
    at("2026-11-20T13:00:00Z")
}

pub(crate) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub(crate) fn dev() -> Scope {
    scope("clos-v2", "dev", "us-east-1")
}

/// One service whose scaling in a human had suspended, one without a scalable target, and an Aurora cluster.
pub(crate) fn sim() -> SimRegionBuilder {
    let scale_in = Suspensions { scale_in: true, ..Suspensions::NONE };
    SimRegion::builder()
        .at("2026-11-19T23:00:00Z")
        .with(service(API).desired(2).scaling(1, 3).suspended(scale_in))
        .with(service(ENGINE).desired(1))
        .with(aurora("clos-v2-db-cluster"))
}

pub(crate) fn afternoon() -> InMemoryHarness {
    InMemoryHarness::new(sim().build(), "us-east-1")
}

/// How executions ended, in a word each.
pub(crate) fn outcomes(ended: &[ExecutionEnd]) -> Vec<&str> {
    ended.iter().map(ExecutionEnd::outcome).collect()
}
