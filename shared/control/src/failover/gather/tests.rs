//! What is gathered of fleet-orchestration's standby, and what becomes of it when AWS does not answer.
#![allow(clippy::unwrap_used)]

mod reader;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::capacity::{
    ObservedService, Rollout, ScalingState, ServiceCapacity, ServiceId, Suspensions, TaskDefinition,
};
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::failover::DatabaseRole;
use watchkeeper_domain::failover::readiness::{Readiness, ReadinessCode, StreamFacts, TableFacts, TargetGroupFacts};
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::{ClusterName, EnvironmentName, EstateName, Region, ServiceName};
use watchkeeper_domain::value::{AlarmName, ResourceName};

use super::*;
use crate::failover::ports::{RegionTasks, ReplicatedStores};
use crate::ledger::PairId;
use crate::ledger::memory::MemoryStore;
use crate::pacing::Pacer;
use crate::ports::{AccountQuotas, Alarms, Fault, ScalableTargets, Services, TargetTags};
use reader::Memory;

const CLUSTER: &str = "fleet-orchestration-cluster-west1";
const FLEET: &str = "fleet-orchestration-fleet-service";
const SIMULATOR: &str = "fleet-orchestration-car-simulator";
const VEHICLES: &str = "fleet-orchestration-vehicles";
const EVENTS: &str = "fleet-orchestration-job-events";

/// Three at night.
fn night() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().unwrap()
}

/// A clock whose sleeps pass at once.
struct Manual(Cell<Timestamp>);

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        self.0.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get().saturating_add(duration).unwrap());
    }
}

fn manual() -> Manual {
    Manual(Cell::new(night()))
}

fn pacer() -> Pacer {
    Pacer::new(region("us-west-1"))
}

fn done<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here has to be waited for"),
    }
}

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn service(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

fn named(name: &str) -> ResourceName {
    name.parse().unwrap()
}

fn image(region: &str, name: &str, tag: &str) -> String {
    format!("123456789012.dkr.ecr.{region}.amazonaws.com/{name}:{tag}")
}

/// The standby's member; `more` services of the same cluster that no failover starts.
fn member(more: usize) -> PairMember {
    let id = |name: &str| {
        let name = service(name);
        (name.clone(), ServiceId { cluster: ClusterName::new(CLUSTER).unwrap(), service: name })
    };
    let others = (0..more).map(|n| id(&format!("other-{n:02}")));
    let own: BTreeMap<ServiceName, ServiceId> = [id(FLEET), id(SIMULATOR)].into_iter().chain(others).collect();
    PairMember {
        id: PairId {
            estate: EstateName::new("fleet-orchestration").unwrap(),
            environment: EnvironmentName::new("prod").unwrap(),
        },
        region: region("us-west-1"),
        home: region("us-west-2"),
        standby: region("us-west-1"),
        services: own.keys().cloned().collect(),
        own,
        others: BTreeMap::new(),
        declared: BTreeMap::new(),
        order: watchkeeper_domain::order::StartOrder::default(),
        failover: serde_json::from_value(json!({
            "detect": "off",
            "probe": { "primary": "https://a", "standby": "https://b", "paths": { FLEET: "/fleet/health" } },
            "rto": "5m",
            "rpo": "1s",
            "capacity": { FLEET: 2, SIMULATOR: 1 },
            "tables": [{ "table": VEHICLES, "key": "id", "indexes": ["region-status-index"] }],
            "databases": [{ "replica": "orders" }],
            "streams": [{ "stream": EVENTS, "shards": 1, "retention": "24h" }],
            "images": [FLEET, SIMULATOR],
            "traffic": { "strategy": "switch-object", "names": ["fleet.example.com"], "bucket": "b", "object": "o" }
        }))
        .unwrap(),
        freezes: Vec::new(),
        backups: Vec::new(),
    }
}

/// What the other region said a moment ago.
fn kept() -> LedgerFacts {
    let sampled = |name: &str, desired, scaling| {
        let sample = ServiceSample {
            capacity: ServiceCapacity { desired, scaling },
            images: vec![image("us-west-2", name, "1.4.2")],
        };
        (service(name), sample)
    };
    let scaling = ScalingState { min: 2, max: 4, suspended: Suspensions::NONE };
    let sample = RegionSample {
        at: night(),
        services: [sampled(FLEET, 2, Some(scaling)), sampled(SIMULATOR, 1, None)].into(),
        lag_ms: [(named(VEHICLES), 420)].into(),
        vcpu: Some(16),
        figures_at: None,
        alarms: None,
        sources_off: BTreeSet::new(),
    };
    LedgerFacts {
        sample: Some(sample),
        heard: Some(night()),
        backups: Ok(Vec::new()),
        unarmed: BTreeMap::new(),
        certificate: Ok(None),
    }
}

fn facts(memory: &Memory, member: &PairMember, kept: LedgerFacts) -> ReadinessFacts {
    let traffic = Ok(TrafficFacts { points_to: Some(region("us-west-2")), problems: vec![] });
    let (pacer, ledger, clock) = (pacer(), MemoryStore::default(), manual());
    let pace = Pace { pacer: &pacer, ledger: &ledger, clock: &clock, layer: Layer::Failover };
    done(gather(memory, &pace, member, kept, traffic))
}

/// The code and the resource of each finding that follows.
fn findings(memory: &Memory, kept: LedgerFacts) -> Vec<String> {
    let member = member(0);
    let readiness = Readiness::of(&facts(memory, &member, kept), &member.failover);
    // Nothing was ever rehearsed here, and that is no matter of what can be read.
    let read = readiness.findings.into_iter().filter(|finding| finding.code != ReadinessCode::NotProved);
    read.map(|finding| format!("{}: {}", finding.code, finding.resource)).collect()
}

fn sampled(memory: &Memory) -> Result<RegionSample, AwsError> {
    sampled_after(memory, None)
}

fn sampled_after(memory: &Memory, before: Option<&RegionSample>) -> Result<RegionSample, AwsError> {
    let (pacer, ledger, clock) = (pacer(), MemoryStore::default(), manual());
    let pace = Pace { pacer: &pacer, ledger: &ledger, clock: &clock, layer: Layer::Schedule };
    done(sample(memory, &pace, &member(0), before))
}

#[test]
fn a_standby_without_its_stream_lacks_that_and_nothing_else() {
    assert_eq!(findings(&Memory::default(), kept()), [format!("stream-missing: stream {EVENTS}")]);
}

#[test]
fn what_cannot_be_read_is_told_and_keeps_nothing_else_from_being_read() {
    let stream = format!("stream-missing: stream {EVENTS}");
    let unread = |operation: &'static str| {
        let mut found = findings(&Memory::refusing(&[operation]), kept());
        found.retain(|finding| *finding != stream);
        found
    };
    let service = |what: &str| [SIMULATOR, FLEET].map(|name| format!("unreadable: {what} {name}"));
    assert_eq!(unread("DescribeServices"), service("service"));
    assert_eq!(unread("DescribeScalableTargets"), service("autoscaler of"));
    assert_eq!(unread("ListTagsForResource"), [format!("unreadable: tags of the autoscaler of {FLEET}")]);
    assert_eq!(unread("DescribeTaskDefinition"), service("images of"));
    assert_eq!(unread("DescribeTargetGroups"), service("target groups of"));
    assert_eq!(unread("DescribeImages"), service("repository"));
    assert_eq!(unread("DescribeTable"), [format!("unreadable: table {VEHICLES}")]);
    assert_eq!(unread("DescribeDBInstances"), ["unreadable: replica orders"]);
    assert_eq!(unread("DescribeTaskSize"), ["quota-unknown: Fargate vCPU quota"]);
    assert_eq!(unread("GetServiceQuota"), ["unreadable: Fargate vCPU quota"]);
}

#[test]
fn a_region_that_answers_nothing_is_not_taken_for_good() {
    let everything = [
        "DescribeServices",
        "DescribeTable",
        "DescribeDBInstances",
        "DescribeStreamSummary",
        "DescribeImages",
        "GetServiceQuota",
    ];
    let nothing = LedgerFacts {
        sample: None,
        heard: None,
        backups: Ok(Vec::new()),
        unarmed: BTreeMap::new(),
        certificate: Ok(None),
    };
    let found = findings(&Memory::refusing(&everything), nothing);
    let unread = found.iter().filter(|finding| finding.starts_with("unreadable: ")).count();
    assert_eq!(unread, 8, "two services, two repositories, a table, a database, a stream and the quota: {found:?}");
    assert!(found.contains(&"sample-missing: sample of us-west-2".to_owned()));
    assert!(found.contains(&"stack-never-heard: stack of us-west-2".to_owned()));
}

#[test]
fn what_aws_does_not_know_is_missing_and_not_unread() {
    let memory = Memory { without: [SIMULATOR, VEHICLES].into(), ..Memory::default() };
    assert_eq!(
        findings(&memory, kept()),
        [
            format!("service-missing: service {SIMULATOR}"),
            format!("repository-missing: repository {SIMULATOR}"),
            format!("table-missing: table {VEHICLES}"),
            format!("stream-missing: stream {EVENTS}"),
        ]
    );
}

#[test]
fn a_scalable_target_without_the_tag_is_found_where_there_is_one() {
    let memory = Memory { without: ["tag"].into(), ..Memory::default() };
    let stream = format!("stream-missing: stream {EVENTS}");
    assert_eq!(findings(&memory, kept()), [format!("target-not-managed: autoscaler of {FLEET}"), stream]);
    assert_eq!(memory.count("ListTagsForResource"), 1, "the other service has none to ask about");
}

#[test]
fn a_service_that_the_document_has_not_in_this_region_is_missing() {
    let mut member = member(0);
    member.failover.capacity.insert(service("elsewhere"), 1);
    assert_eq!(facts(&Memory::default(), &member, kept()).services[&service("elsewhere")], Ok(None));
}

#[test]
fn an_image_is_looked_for_that_either_region_runs() {
    let memory = Memory { without: ["1.5.0"].into(), ..Memory::default() };
    let mut kept = kept();
    let there = kept.sample.as_mut().unwrap();
    there.services.get_mut(&service(FLEET)).unwrap().images = vec![image("us-west-2", FLEET, "1.5.0")];
    let facts = facts(&memory, &member(0), kept);
    assert_eq!(facts.images[&named(FLEET)].as_ref().unwrap().missing, ["1.5.0".to_owned()].into());
    assert_eq!(facts.images[&named(SIMULATOR)].as_ref().unwrap().missing, [].into());
    assert_eq!(memory.count(&format!("DescribeImages {FLEET}:")), 2, "of this region and of the other one");
}

#[test]
fn reading_changes_nothing_and_goes_by_batches() {
    let memory = Memory::default();
    facts(&memory, &member(58), kept());
    assert_eq!(memory.count("DescribeServices"), 6, "60 services, ten a call");
    assert_eq!(memory.count("DescribeScalableTargets"), 2, "fifty a call");
    let writes = ["Update", "Register", "Promote", "Failover"];
    assert_eq!(writes.map(|write| memory.count(write)), [0; 4]);
}

#[test]
fn a_sample_has_counts_bounds_images_lags_and_the_quota() {
    let sample = sampled(&Memory::default()).unwrap();
    let fleet = &sample.services[&service(FLEET)];
    assert_eq!(fleet.capacity.scaling.map(|scaling| (scaling.min, scaling.max)), Some((0, 4)));
    assert_eq!(fleet.images, [image("us-west-1", FLEET, "1.4.2")]);
    assert_eq!(sample.services[&service(SIMULATOR)].capacity, ServiceCapacity { desired: 0, scaling: None });
    assert_eq!(sample.lag_ms, [(named(VEHICLES), 420)].into());
    assert_eq!((sample.at, sample.vcpu), (night(), Some(16)));
}

#[test]
fn lag_and_quota_are_read_every_five_minutes_and_kept_in_between() {
    let first = sampled(&Memory::default()).unwrap();
    assert_eq!(first.figures_at, Some(night()));
    for (minutes, read) in [(4, 0), (5, 1)] {
        let then = night() - SignedDuration::from_mins(minutes);
        let before = RegionSample { at: then, figures_at: Some(then), ..first.clone() };
        let memory = Memory::default();
        let sample = sampled_after(&memory, Some(&before)).unwrap();
        assert_eq!((memory.count("GetMetricData"), memory.count("GetServiceQuota")), (read, read));
        assert_eq!((&sample.lag_ms, sample.vcpu), (&first.lag_ms, first.vcpu));
        assert_eq!((sample.at, sample.figures_at), (night(), Some(if read == 0 { then } else { night() })));
    }
}

#[test]
fn a_sample_leaves_out_what_aws_does_not_tell() {
    let memory = Memory { without: ["lag"].into(), ..Memory::refusing(&["DescribeTaskDefinition", "GetServiceQuota"]) };
    let sample = sampled(&memory).unwrap();
    assert_eq!((sample.lag_ms.len(), sample.vcpu), (0, None));
    assert!(sample.services.values().all(|service| service.images.is_empty()));
}

#[test]
fn no_sample_is_taken_without_counts_and_bounds() {
    for operation in ["DescribeServices", "DescribeScalableTargets"] {
        assert_eq!(sampled(&Memory::refusing(&[operation])).unwrap_err().operation, operation);
    }
}
