//! Environments of growing size, in the simulator: its time is virtual, so that what the share makes half an hour takes seconds.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{Capacity, ServiceCapacity};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::Region;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness, documents};
use watchkeeper_sim::{Operation, RecordedCall, SimRegion, declared};
use watchkeeper_tests::bench::{BenchRow, GrowthPoint};
use watchkeeper_tests::scenarios::all_asleep;

use crate::documents::{MeasuredEnvironment, REGION, folder};
use crate::error::BenchError;
use crate::rows::row;
use crate::sleep::at;

/// The sizes.
pub(crate) const SIZES: [usize; 4] = [50, 200, 1_000, 5_000];
/// How many runs an environment may need.
const MOST_RUNS: usize = 4;
/// How often the calendars are looked at.
const TICK: SignedDuration = SignedDuration::from_mins(5);
/// The estate, and the cluster of its environment.
const NAME: &str = "grows";

/// All sizes, and the points of the chart.
pub(crate) fn growth() -> Result<(BenchRow, Vec<GrowthPoint>), BenchError> {
    let points = SIZES.into_iter().map(point).collect::<Result<Vec<_>, _>>()?;
    let one = |point: &GrowthPoint| {
        let GrowthPoint { services, runs, over_floor_seconds, calls_a_service } = point;
        let runs = if *runs == 1 { String::new() } else { format!(", in {runs} runs") };
        format!("{services}: {over_floor_seconds:.1} s over the floor, {calls_a_service:.2} calls each{runs}")
    };
    let measured = points.iter().map(one).collect::<Vec<_>>().join("; ");
    let what = "one environment of 50, 200, 1,000 and 5,000 services falls asleep in the simulator, in virtual time, by the \
                state machine, all steps in one process";
    Ok((row("growth", what.to_owned(), measured).runs(SIZES.len()).done(), points))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
fn point(services: usize) -> Result<GrowthPoint, BenchError> {
    let folder = folder(NAME, &[MeasuredEnvironment::new(NAME, services, "19:00")])?;
    let estates = documents(folder.path());
    let region = Region::new(REGION).map_err(|error| BenchError::found(error.to_string()))?;
    let mut capacity = Capacity::default();
    for environment in estates.iter().flat_map(Estate::environments) {
        capacity
            .services
            .extend(declared(environment, &region).into_iter().map(|(id, of): (_, ServiceCapacity)| (id, of)));
    }
    let sim = SimRegion::builder().region(REGION).at("2026-11-16T18:00:00Z").capacity(&capacity).build();
    let mut harness = InMemoryHarness::over(sim, estates, REGION).warm();
    let runs = asleep(&mut harness)?;
    let calls = harness.sim.calls();
    let counts: Vec<Timestamp> = instants(&calls, Operation::UpdateService).collect();
    let (Some(first), Some(last)) = (counts.iter().min(), counts.iter().max()) else {
        return Err(BenchError::found("no count was set, so there is nothing to measure"));
    };
    let floor = ((counts.len() as f64 - 25.0) / 2.5).max(0.0);
    let about = calls.iter().filter(|call| call.operation.writes_capacity() || call.operation.reads_capacity());
    Ok(GrowthPoint {
        services,
        runs,
        over_floor_seconds: last.duration_since(*first).as_secs_f64() - floor,
        calls_a_service: about.count() as f64 / services as f64,
    })
}

/// Ticks until all sleep; how many runs that took.
fn asleep(harness: &mut InMemoryHarness) -> Result<usize, BenchError> {
    let mut due = at("2026-11-16T19:05:00Z")?;
    for runs in 1..=MOST_RUNS {
        let ended = harness.tick(due);
        if all_asleep(&harness.sim.capacity()) {
            return Ok(runs);
        }
        // The run of a large environment ends with what it has reached, and the next tick goes on.
        let outcomes: Vec<&str> = ended.iter().map(ExecutionEnd::outcome).collect();
        if outcomes != ["Run.Unverified"] {
            return Err(BenchError::found(format!("a run that does not end asleep, but with {outcomes:?}")));
        }
        while due <= harness.sim.now() {
            due += TICK;
        }
    }
    Err(BenchError::found(format!("not asleep after {MOST_RUNS} runs")))
}

fn instants(calls: &[RecordedCall], operation: Operation) -> impl Iterator<Item = Timestamp> {
    calls.iter().filter(move |call| call.operation == operation).map(|call| call.at)
}
