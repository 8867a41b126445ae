//! The scene: fleet-orchestration's standby as it must be, and ways to spoil it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::backup::{BackupSource, Freshness, ResourceKind};
use watchkeeper_domain::capacity::{Rollout, ScalingState, ServiceCapacity, Suspensions, TaskDefinition};
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::failover::readiness::{
    FindingGrade, ImageFacts, QuotaFacts, Read, ReadinessFacts, ReadinessFinding, ServiceFacts, StreamFacts,
    TableFacts, TargetGroupFacts, TrafficFacts, judge,
};
use watchkeeper_domain::failover::rehearsal::{CapacityCertificate, CertificateOrigin, CertifiedService};
use watchkeeper_domain::failover::{
    DatabaseRole, PairDatabase, RegionSample, ServiceSample, SourceState, event_sources,
};
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_domain::value::{Percent, ResourceName};

pub(crate) const FLEET: &str = "fleet-orchestration-fleet-service";
pub(crate) const JOB: &str = "fleet-orchestration-job-service";
pub(crate) const DASHBOARD: &str = "fleet-orchestration-dashboard";
pub(crate) const SIMULATOR: &str = "fleet-orchestration-car-simulator";
pub(crate) const VEHICLES: &str = "fleet-orchestration-vehicles";
pub(crate) const JOBS: &str = "fleet-orchestration-jobs";
pub(crate) const TELEMETRY: &str = "fleet-orchestration-vehicle-telemetry";
pub(crate) const EVENTS: &str = "fleet-orchestration-job-events";

/// Everything that is judged, to be corrupted one fact at a time.
pub(crate) struct Night {
    pub(crate) facts: ReadinessFacts,
    pub(crate) failover: Failover,
}

pub(crate) fn service(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

pub(crate) fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

pub(crate) fn named(name: &str) -> ResourceName {
    name.parse().unwrap()
}

pub(crate) fn three_at_night() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    three_at_night() - SignedDuration::from_mins(minutes)
}

pub(crate) fn image(region: &str, name: &str, tag: &str) -> String {
    format!("123456789012.dkr.ecr.{region}.amazonaws.com/{name}:{tag}")
}

/// What the estate's document says.
pub(crate) fn document() -> Failover {
    serde_json::from_value(json!({
        "detect": "automatic",
        "probe": {
            "primary": "https://fleet-orchestration-alb.us-west-2.example.com",
            "standby": "https://fleet-orchestration-alb.us-west-1.example.com",
            "paths": { FLEET: "/fleet/health", JOB: "/jobs/health", DASHBOARD: "/health" }
        },
        "rto": "5m",
        "rpo": "1s",
        "capacity": { FLEET: 2, JOB: 2, DASHBOARD: 2, SIMULATOR: 1 },
        "singletons": [{ "service": SIMULATOR }],
        "tables": [
            { "table": VEHICLES, "key": "id", "indexes": ["region-status-index"] },
            { "table": JOBS, "key": "id", "indexes": ["status-index", "assigned-vehicle-index"] }
        ],
        "streams": [
            { "stream": TELEMETRY, "shards": 2, "retention": "24h" },
            { "stream": EVENTS, "shards": 1, "retention": "24h" }
        ],
        "images": [FLEET, JOB, SIMULATOR, DASHBOARD],
        "traffic": {
            "strategy": "switch-object",
            "names": ["fleet.example.com"],
            "bucket": "fleet-orchestration-failover-us-west-1",
            "object": "standby-serves"
        }
    }))
    .unwrap()
}

pub(crate) fn standing_by(name: &str, path: Option<&str>) -> ServiceFacts {
    let group = |path: &str| TargetGroupFacts {
        name: format!("{name}-tg"),
        health_path: Some(path.to_owned()),
        healthy: 0,
        unhealthy: 0,
    };
    ServiceFacts {
        desired: 0,
        scaling: Ok(None),
        managed: true,
        rollout: Rollout::Completed,
        target_managed: Ok(true),
        definition: Some(TaskDefinition::new(format!("arn:aws:ecs:us-west-1:1:task-definition/{name}:7"))),
        images: Ok(vec![image("us-west-1", name, "1.4.2")]),
        cpu_units: Ok(Some(512)),
        target_groups: Ok(path.map(group).into_iter().collect()),
    }
}

pub(crate) fn sampled(name: &str, desired: u32) -> (ServiceName, ServiceSample) {
    let capacity = ServiceCapacity { desired, scaling: None };
    (service(name), ServiceSample { capacity, images: vec![image("us-west-2", name, "1.4.2")] })
}

pub(crate) fn replicated(indexes: &[&str]) -> TableFacts {
    TableFacts {
        replicas: ["us-west-1", "us-west-2"].map(|name| (region(name), "ACTIVE".to_owned())).into(),
        indexes: indexes.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn stream(shards: u32) -> StreamFacts {
    StreamFacts { shards, on_demand: false, retention: SignedDuration::from_hours(24), active: true }
}

/// How fresh a table's backups are, of which the newest good one is that old, in hours.
pub(crate) fn backup(table: &str, hours: Option<i64>) -> Freshness {
    let age = hours.map(SignedDuration::from_hours);
    let within = SignedDuration::from_hours(26);
    let source = BackupSource { kind: ResourceKind::Dynamodb, name: named(table) };
    Freshness { source, newest: age.map(|age| three_at_night() - age), age, within }
}

/// What the standby was seen to start a week ago: all that the document asks of it.
pub(crate) fn certificate() -> CapacityCertificate {
    let of = |name: &str, tasks: u32| {
        let definition = standing_by(name, None).definition;
        let started = CertifiedService { declared: tasks, wanted: tasks, placed: tasks, definition, start: None };
        (service(name), started)
    };
    let document = document();
    let services = document.capacity.iter().map(|(name, tasks)| of(name.as_str(), *tasks)).collect();
    CapacityCertificate {
        at: ago(7 * 24 * 60),
        by: "rehearse-1".to_owned(),
        origin: CertificateOrigin::Rehearsal(Percent::new(100)),
        region: region("us-west-1"),
        services,
        waves: Vec::new(),
        phases: Vec::new(),
        slowest: None,
        rto_ms: Some(184_000),
        findings: Vec::new(),
        document: "00ff".to_owned(),
    }
}

/// A standby that could take over at once.
pub(crate) fn ready() -> Night {
    let services =
        [(FLEET, Some("/fleet/health")), (JOB, Some("/jobs/health")), (DASHBOARD, Some("/health")), (SIMULATOR, None)];
    let there = ImageFacts { repository: true, missing: BTreeSet::new() };
    let facts = ReadinessFacts {
        region: region("us-west-1"),
        active: region("us-west-2"),
        services: services.map(|(name, path)| (service(name), Ok(Some(standing_by(name, path))))).into(),
        tables: [
            (named(VEHICLES), Ok(Some(replicated(&["region-status-index"])))),
            (named(JOBS), Ok(Some(replicated(&["status-index", "assigned-vehicle-index"])))),
        ]
        .into(),
        databases: [].into(),
        streams: [(named(TELEMETRY), Ok(Some(stream(2)))), (named(EVENTS), Ok(Some(stream(1))))].into(),
        images: [FLEET, JOB, SIMULATOR, DASHBOARD].map(|name| (named(name), Ok(there.clone()))).into(),
        quota: Ok(QuotaFacts { vcpu: Some(16), vcpu_used: Some(2) }),
        traffic: Ok(TrafficFacts { points_to: Some(region("us-west-2")), problems: vec![] }),
        backups: Ok([VEHICLES, JOBS].map(|table| backup(table, Some(20))).into()),
        sample: Some(RegionSample {
            at: ago(1),
            services: [sampled(FLEET, 2), sampled(JOB, 2), sampled(DASHBOARD, 2), sampled(SIMULATOR, 1)].into(),
            lag_ms: [(named(VEHICLES), 420), (named(JOBS), 1000)].into(),
            vcpu: Some(16),
            figures_at: None,
            alarms: None,
            sources_off: BTreeSet::new(),
        }),
        heard: Some(ago(1)),
        alarms: Ok([].into()),
        unarmed: [].into(),
        certificate: Ok(Some(Box::new(certificate()))),
        sources: [].into(),
        now: three_at_night(),
    };
    Night { facts, failover: document() }
}

pub(crate) fn of<'a>(night: &'a mut Night, name: &str) -> &'a mut ServiceFacts {
    night.facts.services.get_mut(&service(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn table<'a>(night: &'a mut Night, name: &str) -> &'a mut TableFacts {
    night.facts.tables.get_mut(&named(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn stream_of<'a>(night: &'a mut Night, name: &str) -> &'a mut StreamFacts {
    night.facts.streams.get_mut(&named(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn lacking(night: &mut Night, repository: &str, image: &str) {
    let facts = ImageFacts { repository: true, missing: [image.to_owned()].into() };
    night.facts.images.insert(named(repository), Ok(facts));
}

pub(crate) fn sample(night: &mut Night) -> &mut RegionSample {
    night.facts.sample.as_mut().unwrap()
}

pub(crate) fn traffic(night: &mut Night) -> &mut TrafficFacts {
    night.facts.traffic.as_mut().unwrap()
}

pub(crate) fn with_replica(night: &mut Night, role: Option<DatabaseRole>) {
    night.failover.databases = serde_json::from_value(json!([{ "replica": "orders" }])).unwrap();
    night.facts.databases = [(PairDatabase::Replica(named("orders")), Ok(role))].into();
}

pub(crate) fn scaled(night: &mut Night) {
    let scaling = ScalingState { min: 2, max: 6, suspended: Suspensions::NONE };
    sample(night).services.get_mut(&service(FLEET)).unwrap().capacity.scaling = Some(scaling);
}

pub(crate) fn found(night: &Night) -> Vec<ReadinessFinding> {
    judge(&night.facts, &night.failover)
}

/// The code, the grade and the resource of each finding.
pub(crate) fn told(night: &Night) -> Vec<(&'static str, FindingGrade, String)> {
    found(night).into_iter().map(|finding| (finding.code.name(), finding.grade, finding.resource)).collect()
}

pub(crate) fn denied<T>(call: &str) -> Result<T, String> {
    Err(format!("{call}: denied"))
}

/// A rule that moves with its consumers, as it stands here.
#[expect(clippy::needless_pass_by_value, reason = "it makes the cases short")]
pub(crate) fn with_rule(night: &mut Night, found: Read<Option<SourceState>>) {
    night.failover.sources = vec![serde_json::from_value(json!({ "rule": "uploads" })).unwrap()];
    night.facts.sources = event_sources(&night.failover).into_iter().map(|source| (source, found.clone())).collect();
}
