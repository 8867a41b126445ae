//! Readiness of fleet-orchestration's standby: the example is ready, and each fact corrupted alone is its own finding.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::capacity::{Rollout, Scaling, ServiceCapacity, Suspensions};
use watchkeeper_domain::estate::{Failover, Fence, ResourceName};
use watchkeeper_domain::failover::readiness::{
    Facts, Finding, Grade, ImageFacts, QuotaFacts, Readiness, ReadinessCode, ReadyVerdict, ServiceFacts, StreamFacts,
    TableFacts, TargetGroupFacts, TrafficFacts, judge,
};
use watchkeeper_domain::failover::{DatabaseRole, Promoted, Sample, ServiceSample};
use watchkeeper_domain::name::{Region, ServiceName};

use Grade::{Blocks, Degrades, Note};

const FLEET: &str = "fleet-orchestration-fleet-service";
const JOB: &str = "fleet-orchestration-job-service";
const DASHBOARD: &str = "fleet-orchestration-dashboard";
const SIMULATOR: &str = "fleet-orchestration-car-simulator";
const VEHICLES: &str = "fleet-orchestration-vehicles";
const JOBS: &str = "fleet-orchestration-jobs";
const TELEMETRY: &str = "fleet-orchestration-vehicle-telemetry";
const EVENTS: &str = "fleet-orchestration-job-events";

/// Everything that is judged, to be corrupted one fact at a time.
struct Night {
    facts: Facts,
    failover: Failover,
}

fn service(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn named(name: &str) -> ResourceName {
    name.parse().unwrap()
}

fn three_at_night() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    three_at_night() - SignedDuration::from_mins(minutes)
}

fn image(region: &str, name: &str, tag: &str) -> String {
    format!("123456789012.dkr.ecr.{region}.amazonaws.com/{name}:{tag}")
}

/// What the estate's document says.
fn document() -> Failover {
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

fn standing_by(name: &str, path: Option<&str>) -> ServiceFacts {
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
        images: Ok(vec![image("us-west-1", name, "1.4.2")]),
        cpu_units: Ok(Some(512)),
        target_groups: Ok(path.map(group).into_iter().collect()),
    }
}

fn sampled(name: &str, desired: u32) -> (ServiceName, ServiceSample) {
    let capacity = ServiceCapacity { desired, scaling: None };
    (service(name), ServiceSample { capacity, images: vec![image("us-west-2", name, "1.4.2")] })
}

fn replicated(indexes: &[&str]) -> TableFacts {
    TableFacts {
        replicas: ["us-west-1", "us-west-2"].map(|name| (region(name), "ACTIVE".to_owned())).into(),
        indexes: indexes.iter().map(ToString::to_string).collect(),
    }
}

fn stream(shards: u32) -> StreamFacts {
    StreamFacts { shards, on_demand: false, retention: SignedDuration::from_hours(24), active: true }
}

/// A standby that could take over at once.
fn ready() -> Night {
    let services =
        [(FLEET, Some("/fleet/health")), (JOB, Some("/jobs/health")), (DASHBOARD, Some("/health")), (SIMULATOR, None)];
    let there = ImageFacts { repository: true, missing: BTreeSet::new() };
    let facts = Facts {
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
        sample: Some(Sample {
            at: ago(1),
            services: [sampled(FLEET, 2), sampled(JOB, 2), sampled(DASHBOARD, 2), sampled(SIMULATOR, 1)].into(),
            lag_ms: [(named(VEHICLES), 420), (named(JOBS), 1000)].into(),
            vcpu: Some(16),
        }),
        heard: Some(ago(1)),
        now: three_at_night(),
    };
    Night { facts, failover: document() }
}

fn of<'a>(night: &'a mut Night, name: &str) -> &'a mut ServiceFacts {
    night.facts.services.get_mut(&service(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn table<'a>(night: &'a mut Night, name: &str) -> &'a mut TableFacts {
    night.facts.tables.get_mut(&named(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn stream_of<'a>(night: &'a mut Night, name: &str) -> &'a mut StreamFacts {
    night.facts.streams.get_mut(&named(name)).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn lacking(night: &mut Night, repository: &str, image: &str) {
    let facts = ImageFacts { repository: true, missing: [image.to_owned()].into() };
    night.facts.images.insert(named(repository), Ok(facts));
}

fn sample(night: &mut Night) -> &mut Sample {
    night.facts.sample.as_mut().unwrap()
}

fn traffic(night: &mut Night) -> &mut TrafficFacts {
    night.facts.traffic.as_mut().unwrap()
}

fn with_replica(night: &mut Night, role: Option<DatabaseRole>) {
    night.failover.databases = serde_json::from_value(json!([{ "replica": "orders" }])).unwrap();
    night.facts.databases = [(Promoted::Replica(named("orders")), Ok(role))].into();
}

fn scaled(night: &mut Night) {
    let scaling = Scaling { min: 2, max: 6, suspended: Suspensions::NONE };
    sample(night).services.get_mut(&service(FLEET)).unwrap().capacity.scaling = Some(scaling);
}

fn found(night: &Night) -> Vec<Finding> {
    judge(&night.facts, &night.failover)
}

/// The code, the grade and the resource of each finding.
fn told(night: &Night) -> Vec<(&'static str, Grade, String)> {
    found(night).into_iter().map(|finding| (finding.code.name(), finding.grade, finding.resource)).collect()
}

fn denied<T>(call: &str) -> Result<T, String> {
    Err(format!("{call}: denied"))
}

#[test]
fn a_standby_that_lacks_nothing_is_ready() {
    assert_eq!(found(&ready()), []);
}

type Corrupt = fn(&mut Night);

#[rstest]
#[case::gone(|n: &mut Night| _ = n.facts.services.insert(service(JOB), Ok(None)), "service-missing", Blocks)]
#[case::untagged(|n: &mut Night| of(n, JOB).managed = false, "service-not-managed", Blocks)]
#[case::failed(|n: &mut Night| of(n, JOB).rollout = Rollout::Failed, "deployment-failed", Blocks)]
#[case::rolling(|n: &mut Night| of(n, JOB).rollout = Rollout::InProgress, "deployment-in-progress", Degrades)]
#[case::unbound(|n: &mut Night| of(n, JOB).target_groups = Ok(vec![]), "no-target-group", Blocks)]
#[case::ungrouped(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap().push(TargetGroupFacts {
        name: "gone".to_owned(), health_path: None, healthy: 0, unhealthy: 0,
    }),
    "target-group-missing",
    Blocks
)]
#[case::wrong_path(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap()[0].health_path = Some("/".to_owned()),
    "health-path-differs",
    Degrades
)]
#[case::sick(
    |n: &mut Night| { of(n, JOB).desired = 1; of(n, JOB).target_groups.as_mut().unwrap()[0].unhealthy = 1; },
    "targets-unhealthy",
    Degrades
)]
#[case::other_release(
    |n: &mut Night| of(n, JOB).images = Ok(vec![image("us-west-1", JOB, "1.4.1")]),
    "images-differ",
    Degrades
)]
#[case::other_containers(
    |n: &mut Night| of(n, JOB).images.as_mut().unwrap().push("public.ecr.aws/xray/xray-daemon:3".to_owned()),
    "images-differ",
    Degrades
)]
#[case::far_image(
    |n: &mut Night| of(n, JOB).images = Ok(vec![image("us-west-2", JOB, "1.4.2")]),
    "image-elsewhere",
    Blocks
)]
#[case::not_sampled(|n: &mut Night| _ = sample(n).services.remove(&service(JOB)), "sample-incomplete", Degrades)]
#[case::no_images_sampled(
    |n: &mut Night| sample(n).services.get_mut(&service(JOB)).unwrap().images.clear(),
    "sample-incomplete",
    Degrades
)]
#[case::unread(
    |n: &mut Night| _ = n.facts.services.insert(service(JOB), denied("DescribeServices")),
    "unreadable",
    Blocks
)]
#[case::unlooked(|n: &mut Night| _ = n.facts.services.remove(&service(JOB)), "unreadable", Blocks)]
fn a_service_that_is_not_as_it_must_be_is_named(
    #[case] corrupt: Corrupt,
    #[case] code: &'static str,
    #[case] grade: Grade,
) {
    let mut night = ready();
    corrupt(&mut night);
    assert_eq!(told(&night), [(code, grade, format!("service {JOB}"))]);
}

#[rstest]
// Services.
#[case(
    |n: &mut Night| of(n, SIMULATOR).desired = 1,
    "singleton-running", Degrades, "service fleet-orchestration-car-simulator"
)]
#[case(scaled, "scaling-missing", Degrades, "service fleet-orchestration-fleet-service")]
#[case(
    |n: &mut Night| of(n, FLEET).scaling = denied("DescribeScalableTargets"),
    "unreadable", Degrades, "autoscaler of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).target_groups = denied("DescribeTargetGroups"),
    "unreadable", Degrades, "target groups of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).images = denied("DescribeTaskDefinition"),
    "unreadable", Degrades, "images of fleet-orchestration-fleet-service"
)]
// Images.
#[case(
    |n: &mut Night| _ = n.facts.images.insert(named(JOB), Ok(ImageFacts::default())),
    "repository-missing", Blocks, "repository fleet-orchestration-job-service"
)]
#[case(
    |n: &mut Night| lacking(n, JOB, "1.4.2"),
    "image-missing", Blocks, "repository fleet-orchestration-job-service, image 1.4.2"
)]
#[case(
    |n: &mut Night| {
        n.failover.images.push(named("forgotten"));
        n.facts.images.insert(named("forgotten"), Ok(ImageFacts { repository: true, ..ImageFacts::default() }));
    },
    "image-unused", Note, "repository forgotten"
)]
#[case(
    |n: &mut Night| _ = n.facts.images.insert(named(JOB), denied("DescribeImages")),
    "unreadable", Degrades, "repository fleet-orchestration-job-service"
)]
// Tables.
#[case(
    |n: &mut Night| _ = n.facts.tables.insert(named(JOBS), Ok(None)),
    "table-missing", Blocks, "table fleet-orchestration-jobs"
)]
#[case(
    |n: &mut Night| _ = n.facts.tables.insert(named(JOBS), denied("DescribeTable")),
    "unreadable", Blocks, "table fleet-orchestration-jobs"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.remove(&region("us-west-1")),
    "replica-missing", Blocks, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.remove(&region("us-west-2")),
    "replica-missing", Blocks, "table fleet-orchestration-jobs, replica us-west-2"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-1"), "CREATING".to_owned()),
    "replica-inactive", Blocks, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-1"), "UPDATING".to_owned()),
    "replica-inactive", Degrades, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-2"), "REGION_DISABLED".to_owned()),
    "replica-inactive", Degrades, "table fleet-orchestration-jobs, replica us-west-2"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).indexes.remove("assigned-vehicle-index"),
    "index-missing", Blocks, "table fleet-orchestration-jobs, index assigned-vehicle-index"
)]
#[case(
    |n: &mut Night| _ = sample(n).lag_ms.insert(named(VEHICLES), 1001),
    "lag-above-rpo", Degrades, "table fleet-orchestration-vehicles"
)]
#[case(
    |n: &mut Night| _ = sample(n).lag_ms.remove(&named(VEHICLES)),
    "lag-unknown", Degrades, "table fleet-orchestration-vehicles"
)]
// Databases.
#[case(|n: &mut Night| with_replica(n, None), "database-missing", Blocks, "replica orders")]
#[case(|n: &mut Night| with_replica(n, Some(DatabaseRole::Writer)), "database-apart", Blocks, "replica orders")]
#[case(
    |n: &mut Night| with_replica(n, Some(DatabaseRole::Changing("rebooting".to_owned()))),
    "database-changing", Degrades, "replica orders"
)]
#[case(|n: &mut Night| { with_replica(n, None); n.facts.databases.clear(); }, "unreadable", Blocks, "replica orders")]
// Streams.
#[case(
    |n: &mut Night| _ = n.facts.streams.insert(named(EVENTS), Ok(None)),
    "stream-missing", Blocks, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| stream_of(n, EVENTS).active = false,
    "stream-inactive", Blocks, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| stream_of(n, TELEMETRY).shards = 1,
    "stream-too-small", Degrades, "stream fleet-orchestration-vehicle-telemetry"
)]
#[case(
    |n: &mut Night| stream_of(n, EVENTS).retention = SignedDuration::from_hours(12),
    "stream-retention", Degrades, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| _ = n.facts.streams.insert(named(EVENTS), denied("DescribeStreamSummary")),
    "unreadable", Degrades, "stream fleet-orchestration-job-events"
)]
// Quotas: seven tasks of half a vCPU are 3.5, beside the two that the account uses.
#[case(
    |n: &mut Night| { n.facts.quota = Ok(QuotaFacts { vcpu: Some(5), vcpu_used: Some(2) }); sample(n).vcpu = Some(5); },
    "quota-too-low", Blocks, "Fargate vCPU quota"
)]
#[case(|n: &mut Night| sample(n).vcpu = Some(17), "quota-below-active", Degrades, "Fargate vCPU quota")]
#[case(|n: &mut Night| n.facts.quota = Ok(QuotaFacts::default()), "quota-unknown", Degrades, "Fargate vCPU quota")]
#[case(|n: &mut Night| of(n, JOB).cpu_units = Ok(None), "quota-unknown", Degrades, "Fargate vCPU quota")]
#[case(
    |n: &mut Night| of(n, JOB).cpu_units = denied("DescribeTaskDefinition"),
    "quota-unknown", Degrades, "Fargate vCPU quota"
)]
#[case(|n: &mut Night| n.facts.quota = denied("GetServiceQuota"), "unreadable", Degrades, "Fargate vCPU quota")]
// Traffic.
#[case(
    |n: &mut Night| traffic(n).problems.push("no bucket of that name".to_owned()),
    "traffic-unusable", Blocks, "traffic by switch-object"
)]
#[case(
    |n: &mut Night| traffic(n).points_to = Some(region("us-west-1")),
    "traffic-elsewhere", Degrades, "traffic by switch-object"
)]
#[case(|n: &mut Night| traffic(n).points_to = None, "traffic-unknown", Degrades, "traffic by switch-object")]
#[case(
    |n: &mut Night| n.failover.rto = "89s".parse().unwrap(),
    "traffic-too-slow", Degrades, "traffic by switch-object"
)]
#[case(|n: &mut Night| n.facts.traffic = denied("HeadObject"), "unreadable", Blocks, "traffic by switch-object")]
// The watch.
#[case(|n: &mut Night| n.facts.sample = None, "sample-missing", Degrades, "sample of us-west-2")]
#[case(|n: &mut Night| sample(n).at = ago(16), "sample-stale", Degrades, "sample of us-west-2")]
#[case(|n: &mut Night| n.facts.heard = Some(ago(5)), "stack-silent", Degrades, "stack of us-west-2")]
#[case(|n: &mut Night| n.facts.heard = None, "stack-never-heard", Degrades, "stack of us-west-2")]
#[case(
    |n: &mut Night| { n.facts.heard = None; n.failover.singletons[0].fence = Some(Fence::Prove); },
    "stack-never-heard", Blocks, "stack of us-west-2"
)]
fn a_fact_corrupted_alone_is_exactly_its_own_finding(
    #[case] corrupt: Corrupt,
    #[case] code: &'static str,
    #[case] grade: Grade,
    #[case] resource: &str,
) {
    let mut night = ready();
    corrupt(&mut night);
    assert_eq!(told(&night), [(code, grade, resource.to_owned())]);
}

#[rstest]
#[case::a_stream_on_demand_needs_no_shards(
    |n: &mut Night| *stream_of(n, TELEMETRY) = StreamFacts { on_demand: true, ..stream(0) }
)]
#[case::longer_retention(|n: &mut Night| stream_of(n, EVENTS).retention = SignedDuration::from_hours(168))]
#[case::a_second_group_may_check_another_path(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap().push(TargetGroupFacts {
        name: "inside".to_owned(), health_path: Some("/ready".to_owned()), healthy: 0, unhealthy: 0,
    })
)]
#[case::draining_targets_of_a_service_at_nothing(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap()[0].unhealthy = 1
)]
#[case::a_digest_of_the_same_repository(|n: &mut Night| {
    of(n, JOB).images = Ok(vec![format!("111122223333.dkr.ecr.us-west-1.amazonaws.com/{JOB}@sha256:0f")]);
    sample(n).services.get_mut(&service(JOB)).unwrap().images =
        vec![format!("123456789012.dkr.ecr.us-west-2.amazonaws.com/{JOB}:1.4.2@sha256:0f")];
})]
#[case::a_quota_that_just_suffices(|n: &mut Night| {
    n.facts.quota = Ok(QuotaFacts { vcpu: Some(6), vcpu_used: Some(2) });
    sample(n).vcpu = Some(6);
})]
#[case::tasks_that_run_already_need_no_more(|n: &mut Night| {
    n.facts.quota = Ok(QuotaFacts { vcpu: Some(5), vcpu_used: None });
    sample(n).vcpu = Some(5);
    for name in [FLEET, JOB, DASHBOARD] {
        of(n, name).desired = 2;
    }
})]
#[case::a_follower(|n: &mut Night| with_replica(n, Some(DatabaseRole::Follower)))]
#[case::four_minutes_of_silence(|n: &mut Night| n.facts.heard = Some(ago(4)))]
#[case::a_scalable_target_in_both(|n: &mut Night| {
    scaled(n);
    of(n, FLEET).scaling = Ok(Some(Scaling { min: 0, max: 4, suspended: Suspensions::ALL }));
})]
fn what_suffices_is_no_finding(#[case] change: Corrupt) {
    let mut night = ready();
    change(&mut night);
    assert_eq!(found(&night), []);
}

#[test]
fn what_the_active_region_runs_counts_for_the_quota_and_not_only_the_document() {
    let mut night = ready();
    sample(&mut night).services.get_mut(&service(FLEET)).unwrap().capacity.desired = 40;
    assert_eq!(told(&night), [("quota-too-low", Blocks, "Fargate vCPU quota".to_owned())]);
    insta::assert_snapshot!(found(&night)[0], @r#"[blocks] quota-too-low: Fargate vCPU quota: found 16 vCPUs in us-west-1, expected at least 25 vCPUs: 23 for what a failover starts, and 2 that the account uses. Request a higher quota "Fargate On-Demand vCPU resource count" in us-west-1; it may take days"#);
}

#[test]
fn an_image_that_only_the_active_region_runs_keeps_the_old_release_startable() {
    let mut night = ready();
    sample(&mut night).services.get_mut(&service(JOB)).unwrap().images = vec![image("us-west-2", JOB, "1.5.0")];
    lacking(&mut night, JOB, "1.5.0");
    let missing = format!("repository {JOB}, image 1.5.0");
    let differ = ("images-differ", Degrades, format!("service {JOB}"));
    assert_eq!(told(&night), [differ, ("image-missing", Degrades, missing)]);
}

#[test]
fn every_problem_of_the_traffic_is_told() {
    let mut night = ready();
    traffic(&mut night).problems = vec!["the bucket is gone".to_owned(), "the health check is off".to_owned()];
    let found: Vec<String> = found(&night).into_iter().map(|finding| finding.found).collect();
    assert_eq!(found, ["the bucket is gone", "the health check is off"]);
}

#[test]
fn every_code_has_a_name_that_reads_back() {
    for code in ReadinessCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        assert_eq!(serde_json::from_value::<ReadinessCode>(json!(code.name())).unwrap(), *code);
    }
    let names: BTreeSet<&str> = ReadinessCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), ReadinessCode::ALL.len(), "no two have the same name");
}

/// The estate as its infrastructure code builds it: no streams in the standby.
fn as_built() -> Night {
    let mut night = ready();
    night.facts.streams.values_mut().for_each(|stream| *stream = Ok(None));
    night
}

/// Much of what can be wrong at once.
fn bad_night() -> Night {
    let mut night = as_built();
    lacking(&mut night, SIMULATOR, "1.4.2");
    of(&mut night, DASHBOARD).rollout = Rollout::Failed;
    table(&mut night, JOBS).replicas.insert(region("us-west-1"), "INACCESSIBLE_ENCRYPTION_CREDENTIALS".to_owned());
    night.facts.quota = Ok(QuotaFacts { vcpu: Some(6), vcpu_used: Some(4) });
    night.facts.traffic = denied("HeadObject of fleet-orchestration-failover-us-west-1/standby-serves");
    let sample = sample(&mut night);
    sample.at = ago(47);
    sample.lag_ms = [(named(VEHICLES), 93_500)].into();
    night.facts.heard = Some(ago(46));
    night
}

fn readiness(night: &Night) -> Readiness {
    Readiness::of(&night.facts, &night.failover)
}

#[test]
fn the_report_of_the_estate_as_built_names_its_missing_streams() {
    let readiness = readiness(&as_built());
    assert_eq!(readiness.verdict(), ReadyVerdict::NotReady);
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn the_report_of_a_bad_night_begins_with_what_stops_a_failover() {
    let readiness = readiness(&bad_night());
    assert_eq!((readiness.count(Blocks), readiness.count(Note)), (7, 0));
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn the_report_of_a_ready_region_says_so() {
    insta::assert_snapshot!(readiness(&ready()).text(), @r"
    us-west-1 is ready to take over (as of 2026-11-20T03:00:00Z)

    Nothing was found that a failover would stumble over.
    ");
}

#[test]
fn a_region_that_is_only_worse_than_promised_is_degraded() {
    let mut night = ready();
    stream_of(&mut night, TELEMETRY).shards = 1;
    sample(&mut night).lag_ms = [(named(VEHICLES), 1_500)].into();
    let readiness = readiness(&night);
    assert_eq!(readiness.verdict(), ReadyVerdict::Degraded);
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn a_note_leaves_a_region_ready() {
    let mut night = ready();
    night.failover.images.push(named("forgotten"));
    night.facts.images.insert(named("forgotten"), Ok(ImageFacts { repository: true, ..ImageFacts::default() }));
    let readiness = readiness(&night);
    assert_eq!(readiness.verdict(), ReadyVerdict::Ready);
    assert!(readiness.text().contains("[note] image-unused: repository forgotten"));
}

#[test]
fn the_mark_is_the_same_for_the_same_findings_whatever_their_figures() {
    let mark = |change: &dyn Fn(&mut Night)| {
        let mut night = as_built();
        change(&mut night);
        readiness(&night).mark()
    };
    let lag = |millis: u64| mark(&|night| _ = sample(night).lag_ms.insert(named(JOBS), millis));
    let built = mark(&|_| ());
    assert_eq!(lag(2_000), lag(3_000), "a figure that moves is no news");
    assert_eq!(mark(&|night| night.facts.now += SignedDuration::from_mins(1)), built, "nor is the time");
    assert_ne!(lag(2_000), built, "another code is");
    let one_less = |night: &mut Night| _ = night.facts.streams.insert(named(EVENTS), Ok(Some(stream(1))));
    assert_ne!(mark(&one_less), built, "and another resource is");
}

#[test]
fn a_report_comes_back_from_the_ledger_exactly() {
    let readiness = readiness(&bad_night());
    let text = serde_json::to_string(&readiness).unwrap();
    assert_eq!(serde_json::from_str::<Readiness>(&text).unwrap(), readiness);
}
