//! A pair with one singleton, and what the tests ask of it.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::ledger::{Ledger, LedgerError, PairId};
use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::failover::Pointer;
use watchkeeper_domain::name::Scope;
use watchkeeper_sim::{SimPair, SimRegion, run_until_done_or_crash, scope, service};

pub(crate) const DELAY: Duration = Duration::from_secs(2);

pub(crate) fn run<F: Future>(sim: &SimRegion, future: F) -> F::Output {
    run_until_done_or_crash(sim, future).unwrap()
}

pub(crate) fn fault<T: std::fmt::Debug>(answer: Result<T, AwsError>) -> Fault {
    answer.unwrap_err().fault
}

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn fleet() -> PairId {
    let Scope { estate, environment, .. } = scope("fleet-orchestration", "prod", "us-west-2");
    PairId { estate, environment }
}

pub(crate) fn home_simulator() -> ServiceId {
    service("fleet/simulator").id
}

pub(crate) fn standby_simulator() -> ServiceId {
    service("fleet-west1/simulator").id
}

/// A singleton that runs at home.
pub(crate) fn pair() -> SimPair {
    SimPair::builder("us-west-2", "us-west-1")
        .home(SimRegion::builder().with(service("fleet/simulator").desired(1)))
        .standby(SimRegion::builder().with(service("fleet-west1/simulator").desired(0)))
        .delay(DELAY)
        .build()
}

pub(crate) fn pointer(pair: &SimPair, revision: u64, by: &str) -> Pointer {
    Pointer { revision, by: by.to_owned(), since: pair.now(), ..Pointer::at_home(pair.home_region()) }
}

pub(crate) fn point(sim: &SimRegion, pointer: &Pointer) -> Result<(), LedgerError> {
    run(sim, sim.point(&fleet(), pointer, pointer.revision - 1))
}

pub(crate) fn by(sim: &SimRegion) -> Option<String> {
    sim.pointer(&fleet()).unwrap().map(|pointer| pointer.by)
}

pub(crate) fn count(sim: &SimRegion, id: &ServiceId, desired: u32) {
    run(sim, sim.set_count(id, desired)).unwrap();
}

pub(crate) fn took(pair: &SimPair, since: Timestamp) -> Duration {
    pair.now().duration_since(since).unsigned_abs()
}
