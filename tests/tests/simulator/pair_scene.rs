//! fleet-orchestration over a simulated AWS of two regions, ready for anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::failover::DatabaseRole;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair, documents};
use watchkeeper_sim::{SimPair, SimRegion, SimRegionBuilder, aurora_global, service, stream, table};

pub(crate) const HOME: &str = "us-west-2";
pub(crate) const STANDBY: &str = "us-west-1";
pub(crate) const SIMULATOR: &str = "fleet-orchestration-car-simulator";
const SERVICES: [(&str, u32, Option<&str>); 4] = [
    ("fleet-orchestration-fleet-service", 2, Some("/fleet/health")),
    ("fleet-orchestration-job-service", 2, Some("/jobs/health")),
    ("fleet-orchestration-dashboard", 2, Some("/health")),
    (SIMULATOR, 1, None),
];
const TABLES: [(&str, &[&str]); 2] = [
    ("fleet-orchestration-vehicles", &["region-status-index"]),
    ("fleet-orchestration-jobs", &["status-index", "assigned-vehicle-index"]),
];

/// A global database beside the estate's own: it moves where a document names it.
pub(crate) const GLOBAL: &str = "fleet-orchestration-db";

/// The estate's own document, changed in these places of its failover section. Read once, for reading takes longer than a
/// move in the simulator.
pub(crate) fn estates(changes: &[(&str, &str)]) -> EstateFolder {
    static READ: Mutex<BTreeMap<String, EstateFolder>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.entry(format!("{changes:?}")).or_insert_with(|| changed(changes)).clone()
}

fn changed(changes: &[(&str, &str)]) -> EstateFolder {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates/fleet-orchestration.yaml");
    let mut text = std::fs::read_to_string(own).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the document has no {from:?}");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fleet-orchestration.yaml"), text).unwrap();
    documents(folder.path())
}

/// The document of an estate that trusts its machine: no approval, and the singleton has to be proved stopped.
pub(crate) const AUTOMATIC: (&str, &str) = ("approve: true", "approve: false");

fn region(builder: SimRegionBuilder, cluster: &str, active: bool) -> SimRegionBuilder {
    let mut builder = builder;
    for (name, desired, path) in SERVICES {
        let mut spec = service(&format!("{cluster}/{name}")).desired(if active { desired } else { 0 });
        let own = if active { HOME } else { STANDBY };
        spec = spec.images(&[&format!("123456789012.dkr.ecr.{own}.amazonaws.com/{name}:v7")]);
        if let Some(path) = path {
            spec = spec.target_group(&format!("{name}-tg"), path);
        }
        if name.ends_with("-service") {
            spec = spec.scaling(if active { 2 } else { 0 }, 6);
        }
        builder = builder.with(spec).repository(name, &["v7"]);
    }
    for (name, indexes) in TABLES {
        builder = builder.table(name, table(&[HOME, STANDBY], indexes));
    }
    let role = if active { DatabaseRole::Writer } else { DatabaseRole::Follower };
    builder
        .role(&aurora_global(GLOBAL), role)
        .stream("fleet-orchestration-vehicle-telemetry", stream(2, 24))
        .stream("fleet-orchestration-job-events", stream(1, 24))
}

/// The pair as it is before anything happened, with both stacks at work for two minutes.
pub(crate) fn stacks(estates: &EstateFolder) -> InMemoryPair {
    let (_, environment) = estates.environment("fleet-orchestration", "prod").unwrap();
    let failover = environment.document().failover.clone().unwrap();
    let home = region(SimRegion::builder().at("2026-11-20T03:00:00Z"), "fleet-orchestration-cluster", true);
    let standby = region(SimRegion::builder(), "fleet-orchestration-cluster-west1", false);
    let pair = SimPair::builder(HOME, STANDBY).home(home).standby(standby).failover(&failover).build();
    for (name, _) in TABLES {
        pair.home().set_lag(name, STANDBY, Some(SignedDuration::from_millis(400)));
        pair.standby().set_lag(name, HOME, Some(SignedDuration::from_millis(300)));
    }
    let mut stacks = InMemoryPair::new(pair, estates, "fleet-orchestration", "prod");
    stacks.minutes(2);
    stacks
}

pub(crate) fn home() -> Region {
    Region::new(HOME).unwrap()
}

pub(crate) fn standby() -> Region {
    Region::new(STANDBY).unwrap()
}

/// What both regions run, home first.
pub(crate) fn capacities(stacks: &InMemoryPair) -> [Capacity; 2] {
    [stacks.pair.home().capacity(), stacks.pair.standby().capacity()]
}

/// The counts of a region, in the order of the document.
pub(crate) fn counts(stacks: &InMemoryPair, region: &Region) -> [u32; 4] {
    let capacity = stacks.pair.sim(region).capacity();
    SERVICES.map(|(name, ..)| {
        capacity.services.iter().find(|(id, _)| id.service.as_str() == name).map_or(99, |(_, found)| found.desired)
    })
}

/// The singleton has run at most once at every moment since the beginning.
pub(crate) fn never_double(stacks: &InMemoryPair, context: &str) {
    let (most, since) = stacks.pair.most_at_once(&ServiceName::new(SIMULATOR).unwrap());
    assert!(most <= 1, "{context}: {most} tasks of the singleton at once since {since}");
}

/// However a move went, minutes later nothing moves, both replicas agree, and one region runs everything. A region that was lost
/// is had back for that.
pub(crate) fn in_one_region(stacks: &mut InMemoryPair, before: &[Capacity; 2], lost: bool, context: &str) {
    if lost {
        // A region that comes back runs what it ran, until its own stack has seen the pointer: no fence can help that.
        never_double(stacks, context);
        stacks.pair.regain(&home());
    }
    stacks.minutes(4);
    if !lost {
        never_double(stacks, context);
    }
    let pointer = stacks.pointer(&standby());
    assert_eq!(pointer.moving, None, "{context}: {pointer}");
    assert_eq!(stacks.pointer(&home()).revision, pointer.revision, "{context}: both replicas agree");
    if pointer.active == standby() {
        assert_eq!(counts(stacks, &standby()), [2, 2, 2, 1], "{context}");
        assert_eq!(counts(stacks, &home()), [0, 0, 0, 0], "{context}");
    } else {
        assert_eq!(&capacities(stacks), before, "{context}");
    }
    assert_eq!(stacks.pair.serving(), Some(pointer.active), "{context}");
}

/// The only execution that the ticks have started.
pub(crate) fn started(stacks: &mut InMemoryPair) -> FailoverRun {
    let mut failover_runs = std::mem::take(&mut stacks.failover_runs);
    assert_eq!(failover_runs.len(), 1, "{failover_runs:?}");
    failover_runs.remove(0)
}

/// A person says yes to everything that is asked.
pub(crate) fn say_yes(stacks: &mut InMemoryPair, failover_run: &mut FailoverRun) {
    stacks.fly(failover_run);
    while matches!(failover_run.state, FailoverRunState::Asking(_)) {
        stacks.answer(failover_run, json!({ "approved": true, "by": "Ada" }));
    }
}

/// What the record of an execution says of why it did not end well.
pub(crate) fn story(stacks: &InMemoryPair, failover_run: &FailoverRun) -> String {
    let moves = stacks.pair.sim(&failover_run.region).moves(&stacks.member(&failover_run.region).id).unwrap();
    let record = moves.iter().find(|record| record.header.id == failover_run.name);
    record.map_or_else(String::new, |record| {
        let lines: Vec<String> =
            record.header.timeline.iter().map(|moment| format!("{} {}", moment.at, moment.what)).collect();
        format!("{:?}: {:?}\n{}", record.phase, record.failure, lines.join("\n"))
    })
}

pub(crate) fn ended(failover_run: &FailoverRun) -> (&str, Option<&str>) {
    match &failover_run.state {
        FailoverRunState::Ended(ending, error) => (ending, error.as_deref()),
        other => panic!("{} has not ended: {other:?}, {}", failover_run.name, failover_run.said),
    }
}
