//! What a failover needs of two regions beside their ledger: addresses, the switch of the traffic, data, and machines.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::failover::ports::{
    DatabasePromotions, HealthProber, RegionTasks, ReplicatedStores, TrafficSwitches,
};
use watchkeeper_control::ports::{AwsError, Clock, ExecutionStates, Executions, Fault, Services, StartOutcome};
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::{DatabaseRole, switched};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::ResourceName;
use watchkeeper_sim::{
    CallTrouble, FaultPlan, Operation, PairBuilder, RegionLoss, SimPair, SimRegion, TimingSettings, aurora_global,
    replica, run_until_done_or_crash, scope, service, stream, table, task_definition,
};

const TIMEOUT: Duration = Duration::from_secs(5);

fn run<F: Future>(sim: &SimRegion, future: F) -> F::Output {
    run_until_done_or_crash(sim, future).unwrap()
}

fn fault<T: std::fmt::Debug>(answer: Result<T, AwsError>) -> Fault {
    answer.unwrap_err().fault
}

fn name(text: &str) -> ResourceName {
    text.parse().unwrap()
}

/// A document's section with this way to move traffic.
fn document(traffic: &serde_json::Value) -> Failover {
    let mut means = json!({ "names": ["fleet.example.com"] });
    means.as_object_mut().unwrap().append(&mut traffic.as_object().unwrap().clone());
    let section = json!({
        "detect": "ask", "rto": "5m", "rpo": "1s", "capacity": { "fleet": 2, "jobs": 2 }, "traffic": means,
        "probe": {
            "primary": "https://alb.us-west-2.example.com",
            "standby": "https://alb.us-west-1.example.com/",
            "paths": { "fleet": "/fleet/health", "jobs": "/jobs/health" },
        },
    });
    serde_json::from_value(section).unwrap()
}

fn builder(traffic: &serde_json::Value) -> PairBuilder {
    let home = SimRegion::builder().with(service("fleet/fleet").desired(2)).with(service("fleet/jobs").desired(0));
    let standby = SimRegion::builder().with(service("west1/fleet").desired(1)).with(service("west1/jobs").desired(1));
    SimPair::builder("us-west-2", "us-west-1").home(home).standby(standby).failover(&document(traffic))
}

fn by_object() -> SimPair {
    builder(&json!({ "strategy": "switch-object", "bucket": "switch", "object": "standby-serves" })).build()
}

fn get(sim: &SimRegion, address: &str) -> Result<u16, String> {
    run(sim, sim.get(address, TIMEOUT))
}

/// What people get for a path that only the standby serves: whom they reach.
fn reached(pair: &SimPair) -> &'static str {
    match get(&pair.standby(), "https://fleet.example.com/jobs/health") {
        Ok(200) => "standby",
        Ok(503) => "home",
        _ => "nobody",
    }
}

#[test]
fn an_address_answers_for_a_path_while_its_service_runs() {
    let pair = by_object();
    let standby = pair.standby();
    assert_eq!(get(&standby, "https://alb.us-west-2.example.com/fleet/health"), Ok(200));
    assert_eq!(get(&standby, "https://alb.us-west-2.example.com/jobs/health"), Ok(503));
    assert_eq!(get(&standby, "https://alb.us-west-1.example.com/jobs/health"), Ok(200));
    assert_eq!(get(&standby, "https://alb.us-west-2.example.com/nothing"), Ok(404));
    assert!(get(&standby, "https://alb.us-west-2.example.com.evil/fleet/health").is_err());
    pair.home().change_count(&service("fleet/fleet").id, 0);
    pair.advance(Duration::from_mins(1));
    assert_eq!(get(&standby, "https://alb.us-west-2.example.com/fleet/health"), Ok(503));
    assert_eq!((standby.count(Operation::Probe), pair.home().count(Operation::Probe)), (6, 0));
}

#[test]
fn a_lost_region_does_not_answer_and_takes_no_longer_than_the_caller_allows() {
    for (loss, took) in [(RegionLoss::failing(), 0), (RegionLoss::hanging(), 5)] {
        let (pair, address) = (by_object(), "https://alb.us-west-2.example.com/fleet/health");
        let begun = pair.now();
        pair.lose(pair.home_region(), loss);
        assert!(get(&pair.standby(), address).is_err());
        assert_eq!(pair.now().duration_since(begun), SignedDuration::from_secs(took));
        assert_eq!(reached(&pair), "nobody");
        pair.regain(pair.home_region());
        assert_eq!(get(&pair.standby(), address), Ok(200));
    }
}

#[test]
fn a_blocked_address_is_no_loss() {
    let (pair, address) = (by_object(), "https://alb.us-west-2.example.com/fleet/health");
    pair.block(pair.home_region(), true);
    assert!(get(&pair.standby(), address).is_err());
    assert_eq!(reached(&pair), "home");
    let (standby, peer) = (pair.standby(), pair.peer(pair.standby_region()));
    let fleet = service("fleet/fleet").id;
    let found = run(&standby, peer.describe_services(&fleet.cluster, std::slice::from_ref(&fleet.service))).unwrap();
    assert_eq!(found[&fleet].running, 2);
    pair.block(pair.home_region(), false);
    assert_eq!(get(&pair.standby(), address), Ok(200));
}

#[test]
fn a_probe_fails_on_purpose_within_its_own_time() {
    let pair = by_object();
    let (standby, begun) = (pair.standby(), pair.now());
    standby.set_faults(FaultPlan::none().always(Operation::Probe, CallTrouble::TimeoutBefore));
    assert!(get(&standby, "https://alb.us-west-2.example.com/fleet/health").is_err());
    assert_eq!(pair.now().duration_since(begun), SignedDuration::from_secs(5));
}

#[test]
fn people_follow_the_object_in_their_time() {
    let pair = by_object();
    let (standby, bucket, object) = (pair.standby(), name("switch"), name("standby-serves"));
    assert_eq!((reached(&pair), pair.serving().as_ref()), ("home", Some(pair.home_region())));
    run(&standby, standby.set_object(&bucket, &object, true)).unwrap();
    assert!(standby.has_object("switch", "standby-serves"));
    pair.advance(TimingSettings::default().traffic.saturating_sub(Duration::from_millis(1)));
    assert_eq!(reached(&pair), "home");
    pair.advance(Duration::from_millis(1));
    assert_eq!((reached(&pair), pair.serving().as_ref()), ("standby", Some(pair.standby_region())));
    let home = pair.home();
    assert!(run(&home, home.object_exists(&bucket, &object)).unwrap(), "home sees the standby's bucket");
    run(&home, home.set_object(&bucket, &object, false)).unwrap();
    pair.advance(TimingSettings::default().traffic);
    assert_eq!(reached(&pair), "home");
}

#[test]
fn the_object_is_lost_with_the_standby_and_only_then() {
    let pair = by_object();
    let (home, standby, bucket, object) = (pair.home(), pair.standby(), name("switch"), name("standby-serves"));
    pair.lose(pair.home_region(), RegionLoss::failing());
    run(&standby, standby.set_object(&bucket, &object, true)).unwrap();
    pair.regain(pair.home_region());
    pair.lose(pair.standby_region(), RegionLoss::failing());
    assert_eq!(fault(run(&home, home.set_object(&bucket, &object, false))), Fault::Unavailable);
    assert!(home.has_object("switch", "standby-serves"));
}

#[test]
fn the_alarm_follows_its_metric_and_people_follow_the_alarm() {
    let pair = builder(&json!({ "strategy": "alarm", "alarm": "standby-serves" })).build();
    let (standby, alarm) = (pair.standby(), "standby-serves".parse().unwrap());
    let Scope { estate, environment, .. } = scope("fleet-orchestration", "prod", "us-west-1");
    let times = TimingSettings::default();
    let is_on = || run(&standby, standby.alarm_is_on(&alarm)).unwrap();
    assert_eq!(is_on(), Some(false));
    run(&standby, standby.tell_alarm(&estate, &environment, true)).unwrap();
    assert_eq!((is_on(), standby.metric()), (Some(false), Some(true)));
    // In one go, so that the alarm changes in the middle of it.
    pair.advance(times.alarm + times.traffic);
    assert_eq!((is_on(), reached(&pair)), (Some(true), "standby"));
    run(&standby, standby.tell_alarm(&estate, &environment, false)).unwrap();
    pair.advance(times.alarm / 2);
    run(&standby, standby.tell_alarm(&estate, &environment, true)).unwrap();
    pair.advance(times.alarm / 2);
    assert_eq!(is_on(), Some(true), "the last word counts");
    assert_eq!(run(&standby, standby.alarm_is_on(&"other".parse().unwrap())).unwrap(), None);
}

#[test]
fn routing_controls_move_traffic_all_in_one_call() {
    let traffic = json!({ "strategy": "routing-control", "primary-control": "arn:p", "standby-control": "arn:s" });
    let pair = builder(&traffic).build();
    let (standby, times) = (pair.standby(), TimingSettings::default());
    let (primary, other) = (name("arn:p"), name("arn:s"));
    assert_eq!((standby.control("arn:p"), standby.control("arn:s"), reached(&pair)), (Some(true), Some(false), "home"));
    let unknown = BTreeMap::from([(primary.clone(), false), (name("arn:x"), true)]);
    assert_eq!(fault(run(&standby, standby.set_controls(&unknown))), Fault::NotFound);
    assert_eq!(run(&standby, standby.control_is_on(&primary)).unwrap(), Some(true), "all or none");
    pair.lose(pair.home_region(), RegionLoss::failing());
    run(&standby, standby.set_controls(&BTreeMap::from([(primary.clone(), false), (other, true)]))).unwrap();
    pair.advance(times.traffic);
    assert_eq!(reached(&pair), "standby");
    run(&standby, standby.set_controls(&BTreeMap::from([(name("arn:s"), false)]))).unwrap();
    pair.advance(times.traffic);
    assert_eq!((reached(&pair), pair.serving()), ("nobody", None));
}

#[test]
fn records_move_traffic() {
    let pair = builder(&json!({ "strategy": "record", "hosted-zone": "Z1" })).build();
    let (standby, zone) = (pair.standby(), name("Z1"));
    let found = run(&standby, standby.records(&zone, "fleet.example.com")).unwrap();
    assert_eq!((found.len(), reached(&pair)), (2, "home"));
    let next = switched(&found, pair.standby_region(), pair.home_region()).unwrap();
    run(&standby, standby.change_records(&zone, &next)).unwrap();
    pair.advance(TimingSettings::default().traffic);
    assert_eq!((standby.records_of("Z1"), reached(&pair)), (next, "standby"));
    assert!(run(&standby, standby.records(&zone, "other.example.com")).unwrap().is_empty());
    assert_eq!(fault(run(&standby, standby.records(&name("Z2"), "fleet.example.com"))), Fault::NotFound);
}

#[test]
fn a_promoted_replica_is_a_writer_beside_the_other_one() {
    let (db, of) = (replica("fleet-db"), name("fleet-db"));
    let home = SimRegion::builder().role(&db, DatabaseRole::Writer);
    let standby = SimRegion::builder().role(&db, DatabaseRole::Follower);
    let pair = SimPair::builder("us-west-2", "us-west-1").home(home).standby(standby).build();
    let (home, standby) = (pair.home(), pair.standby());
    run(&standby, standby.promote_replica(&of)).unwrap();
    let role = || run(&standby, standby.role(&db)).unwrap();
    assert!(matches!(role(), Some(DatabaseRole::Changing(_))));
    assert_eq!(fault(run(&standby, standby.promote_replica(&of))), Fault::Conflict);
    pair.advance(TimingSettings::default().promotion);
    assert_eq!((role(), home.database_role(&db)), (Some(DatabaseRole::Writer), Some(DatabaseRole::Writer)));
    assert_eq!(fault(run(&standby, standby.promote_replica(&name("other")))), Fault::NotFound);
    assert_eq!(run(&standby, standby.role(&aurora_global("fleet-db"))).unwrap(), None);
}

#[test]
fn the_writer_of_a_global_database_moves_with_both_regions_or_with_a_loss_of_data() {
    let (db, of) = (aurora_global("fleet"), name("fleet"));
    let home = SimRegion::builder().role(&db, DatabaseRole::Writer);
    let standby = SimRegion::builder().role(&db, DatabaseRole::Follower);
    let pair = SimPair::builder("us-west-2", "us-west-1").home(home).standby(standby).build();
    let (home, standby, took) = (pair.home(), pair.standby(), TimingSettings::default().promotion);
    let roles = || (home.database_role(&db).unwrap(), standby.database_role(&db).unwrap());
    let region = pair.standby_region().clone();
    pair.lose(pair.home_region(), RegionLoss::failing());
    assert_eq!(fault(run(&standby, standby.move_writer(&of, &region, true))), Fault::Conflict);
    run(&standby, standby.move_writer(&of, &region, false)).unwrap();
    pair.advance(took);
    assert_eq!(standby.database_role(&db), Some(DatabaseRole::Writer));
    pair.regain(pair.home_region());
    assert_eq!(roles(), (DatabaseRole::Follower, DatabaseRole::Writer));
    run(&home, home.move_writer(&of, pair.home_region(), true)).unwrap();
    pair.advance(took);
    assert_eq!(roles(), (DatabaseRole::Writer, DatabaseRole::Follower));
    assert_eq!(
        (standby.count(Operation::SwitchoverGlobalCluster), home.count(Operation::FailoverGlobalCluster)),
        (1, 0)
    );
}

#[test]
fn tables_streams_images_and_target_groups_are_as_they_were_set() {
    let web = service("c/web").desired(2).target_group("web", "/health").missing_target_group("old");
    let regions = ["us-west-2", "us-west-1"];
    let sim = SimRegion::builder()
        .region("us-west-2")
        .with(web.clone().images(&["123456789012.dkr.ecr.us-west-2.amazonaws.com/web:7"]))
        .with(service("c/plain"))
        .table("vehicles", table(&regions, &["status-index"]))
        .stream("telemetry", stream(2, 24))
        .repository("web", &["7"])
        .build();
    let other = Region::new("us-west-1").unwrap();
    let lag = |sim: &SimRegion| run(sim, sim.lag(&name("vehicles"), &other, sim.now()));
    assert_eq!(run(&sim, sim.table(&name("vehicles"))).unwrap(), Some(table(&regions, &["status-index"])));
    assert_eq!(lag(&sim).unwrap(), None);
    sim.set_lag("vehicles", "us-west-1", Some(SignedDuration::from_millis(730)));
    assert_eq!(lag(&sim).unwrap(), Some(SignedDuration::from_millis(730)));
    assert_eq!(run(&sim, sim.stream(&name("telemetry"))).unwrap(), Some(stream(2, 24)));
    sim.set_stream("telemetry", None);
    assert_eq!(run(&sim, sim.stream(&name("telemetry"))).unwrap(), None);
    let has = |repository, tag| run(&sim, sim.has_image(&name(repository), tag)).unwrap();
    assert_eq!((has("web", "7"), has("web", "8"), has("jobs", "7")), (Some(true), Some(false), None));
    let images = |definition| run(&sim, sim.task_images(&task_definition(definition))).unwrap();
    assert_eq!(images("web:1"), ["123456789012.dkr.ecr.us-west-2.amazonaws.com/web:7"]);
    assert_eq!(images("plain:1"), ["123456789012.dkr.ecr.us-west-2.amazonaws.com/plain:1"]);
    let groups = || run(&sim, sim.target_groups(&web.id)).unwrap();
    let health = |at: usize| (groups()[at].healthy, groups()[at].unhealthy);
    assert_eq!((groups()[0].health_path.as_deref(), health(0)), (Some("/health"), (2, 0)));
    assert_eq!((groups()[1].health_path.as_deref(), health(1)), (None, (0, 0)));
    sim.change_healthy(&web.id, "web", Some(1));
    assert_eq!(health(0), (1, 1));
}

#[test]
fn executions_are_started_by_machine_and_taken_once() {
    let pair = by_object();
    let (standby, home) = (pair.standby(), pair.home());
    let (here, there) = (standby.machine("failover"), pair.peer(pair.standby_region()).machine("reconcile"));
    assert_eq!(run(&standby, here.start("a", r#"{"n":1}"#)).unwrap(), StartOutcome::New);
    assert_eq!(run(&standby, here.start("a", "{}")).unwrap(), StartOutcome::AlreadyThere);
    assert_eq!(run(&standby, standby.machine("reconcile").start("a", "{}")).unwrap(), StartOutcome::New);
    assert_eq!(run(&standby, there.start("b", "{}")).unwrap(), StartOutcome::New);
    let taken = |sim: &SimRegion| {
        sim.take_started().into_iter().map(|of| format!("{} {} {}", of.machine, of.name, of.input)).collect::<Vec<_>>()
    };
    assert_eq!(taken(&standby), [r#"failover a {"n":1}"#, "reconcile a {}"]);
    assert_eq!((taken(&home), taken(&standby)), (vec!["reconcile b {}".to_owned()], vec![]));
    let status = |name| run(&standby, here.status(name)).unwrap();
    assert_eq!((status("a"), status("b")), (ExecutionStatus::Running, ExecutionStatus::Unknown));
    standby.set_status("a", ExecutionStatus::Succeeded);
    assert_eq!(status("a"), ExecutionStatus::Succeeded);
    pair.lose(pair.home_region(), RegionLoss::failing());
    assert_eq!(fault(run(&standby, there.start("c", "{}"))), Fault::Unavailable);
    assert_eq!(taken(&home), Vec::<String>::new());
}
