//! The ten environments of the moment.

use std::collections::BTreeMap;

use watchkeeper_domain::backup::AttemptEnd;
use watchkeeper_domain::estate::EnvironmentKind::{Development, Production, Staging};
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, ReadinessCode, ReadinessFinding};
use watchkeeper_domain::failover::{Heartbeat, Pointer};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{DesiredState, Layer, RequestedProfile};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::reconcile::history::TargetState;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{
    EmergencyProfile, EndedAttempt, EnvironmentFacts, OfferedIntent, OpenQuestion, PairState, Reading, RegionFacts,
    ScopeFacts, ScopeTrouble, TroubleKind,
};

use super::at;
use super::parts::*;

const DONE: RunOutcome = RunOutcome::Done;

/// All ten.
pub(crate) fn everything() -> Vec<EnvironmentFacts> {
    vec![staging(), qa(), uat(), carcierge_prod(), clos_dev(), clos_prod(), coldchain(), fleet(), h2o_dev(), h2o_prod()]
}

/// Environments that need nobody.
pub(crate) fn quiet() -> Vec<EnvironmentFacts> {
    vec![staging(), carcierge_prod(), clos_dev()]
}

fn nights(of: &mut EnvironmentFacts, slept: &str, woke: &str, seconds: u64) {
    let ledger = ledger(of);
    ledger.history.push(ran("2026-12-22T15:06:00Z", TargetState::Awake, Layer::Schedule, DONE, 14));
    ledger.history.push(ran(slept, TargetState::Asleep, Layer::Schedule, DONE, 15));
    ledger.history.push(ran(woke, TargetState::Awake, Layer::Schedule, DONE, 15));
    ledger.asleep_seconds = Some(seconds);
}

fn staging() -> EnvironmentFacts {
    let mut of = environment("carcierge", "staging", Staging, "us-west-1", "America/Los_Angeles", 7);
    of.about = Some("Car concierge".to_owned());
    calendar(&mut of, "07:00-19:00", true);
    nights(&mut of, "2026-12-23T03:05:00Z", "2026-12-23T15:06:00Z", 343 * 3600);
    offer(&mut of, OfferedIntent::Awake { until: at("2026-12-24T05:00:00Z") }, plan(Vec::new()), None);
    of
}

fn qa() -> EnvironmentFacts {
    let mut of = environment("carcierge", "qa", Staging, "us-west-1", "America/Los_Angeles", 0);
    calendar(&mut of, "08:00-22:00", false);
    nights(&mut of, "2026-12-23T06:05:00Z", "2026-12-23T16:06:00Z", 296 * 3600);
    let drift = Violation::new(
        GuardrailCode::Drift,
        Severity::Warn,
        "somebody else changed it; to be as wanted it would need qa/qa-api: 1 -> 0 tasks",
        "Nothing, if it was meant",
    );
    let ledger = ledger(&mut of);
    ledger.history.push(ran("2026-12-23T22:09:00Z", TargetState::Asleep, Layer::Override, DONE, 15));
    ledger.history.push(ran("2026-12-23T23:40:00Z", TargetState::Asleep, Layer::Schedule, RunOutcome::Drift, 0));
    ledger.baseline = Some(baseline("qa", 7));
    let until = Some("2026-12-24T16:00:00Z");
    ledger.intents = vec![intent(
        Layer::Override,
        DesiredState::Asleep,
        "test data is being rebuilt (qa-lead)",
        "2026-12-23T22:05:00Z",
        until,
    )];
    ledger.trouble = Some(ScopeTrouble {
        kind: TroubleKind::Drift,
        since: at("2026-12-23T23:40:00Z"),
        wanted: "sleep".to_owned(),
        error: None,
        violations: vec![drift.of(watchkeeper_domain::capacity::ResourceId::Service(service("qa/qa-api")))],
        run: Some("carcierge-qa-20261223T234000Z".to_owned()),
    });
    of.regions.values_mut().next().unwrap().observed = Reading::Now(observed("qa", 1, 0, false));
    offer(&mut of, OfferedIntent::AsScheduled, plan(vec![start("rds:qa-db"), count("qa/qa-api", 1, 7)]), Some(420));
    offer(
        &mut of,
        OfferedIntent::Asleep { until: at("2026-12-24T16:00:00Z") },
        plan(vec![count("qa/qa-api", 1, 0)]),
        Some(60),
    );
    of
}

fn uat() -> EnvironmentFacts {
    let mut of = environment("carcierge", "uat", Staging, "us-west-1", "America/Los_Angeles", 7);
    calendar(&mut of, "09:00-17:00", true);
    nights(&mut of, "2026-12-23T01:05:00Z", "2026-12-23T17:06:00Z", 421 * 3600);
    let until = Some("2026-12-24T04:00:00Z");
    ledger(&mut of).intents =
        vec![intent(Layer::Override, DesiredState::Awake, "customer demo (presales)", "2026-12-23T23:30:00Z", until)];
    ledger(&mut of).history.push(ran("2026-12-23T23:30:20Z", TargetState::Awake, Layer::Override, DONE, 0));
    offer(&mut of, OfferedIntent::AsScheduled, plan(Vec::new()), None);
    of
}

fn carcierge_prod() -> EnvironmentFacts {
    let mut of = environment("carcierge", "prod", Production, "us-west-1", "America/Los_Angeles", 8);
    of.protected = vec!["prod-carcierge-rds".to_owned()];
    of
}

fn clos_dev() -> EnvironmentFacts {
    let mut of = environment("clos-v2", "dev", Development, "us-east-1", "America/New_York", 0);
    of.about = Some("Candlefish operating system".to_owned());
    calendar(&mut of, "08:00-19:00", true);
    nights(&mut of, "2026-12-23T00:06:00Z", "2026-12-23T13:07:00Z", 360 * 3600);
    let ledger = ledger(&mut of);
    ledger.history.push(ran("2026-12-24T00:05:00Z", TargetState::Asleep, Layer::Schedule, DONE, 5));
    ledger.baseline = Some(baseline("dev", 2));
    ledger.intents =
        vec![intent(Layer::Schedule, DesiredState::Asleep, "outside the hours", "2026-12-24T00:00:00Z", None)];
    of.saved_cents = Some(11_170);
    let wake = plan(vec![start("rds:dev-db"), count("dev/dev-api", 0, 1), count("dev/dev-worker", 0, 1)]);
    offer(&mut of, OfferedIntent::Awake { until: at("2026-12-24T02:20:00Z") }, wake, Some(480));
    of
}

fn clos_prod() -> EnvironmentFacts {
    let mut of = environment("clos-v2", "prod", Production, "us-east-1", "America/New_York", 8);
    let alarm = "clos-v2-alb-5xx-errors".parse::<watchkeeper_domain::value::AlarmName>().unwrap();
    let requested = RequestedProfile {
        profile: "surge".parse().unwrap(),
        rank: 0,
        capacity: serde_json::from_value(serde_json::json!({ "desired": 4 })).unwrap(),
        services: BTreeMap::new(),
        only: Vec::new(),
        alarms: [alarm.clone()].into(),
    };
    let ledger = ledger(&mut of);
    ledger.history.push(ran(
        "2026-12-23T08:10:00Z",
        TargetState::At("surge".parse().unwrap()),
        Layer::Emergency,
        DONE,
        4,
    ));
    ledger.history.push(ran("2026-12-23T08:35:00Z", TargetState::Awake, Layer::Emergency, DONE, 4));
    ledger.history.push(ran(
        "2026-12-23T23:43:00Z",
        TargetState::At("surge".parse().unwrap()),
        Layer::Emergency,
        DONE,
        4,
    ));
    ledger.baseline = Some(baseline("prod", 6));
    ledger.alarms = [(alarm, None)].into();
    let until = Some("2026-12-24T01:41:00Z");
    ledger.intents = vec![intent(
        Layer::Emergency,
        DesiredState::Scaled(requested),
        "clos-v2-alb-5xx-errors is in ALARM",
        "2026-12-23T23:41:02Z",
        until,
    )];
    of.profiles =
        vec![EmergencyProfile { name: "surge".parse().unwrap(), lasts_seconds: 7200, cool_down_seconds: 600 }];
    let mut stale = fresh("dynamodb:clos-v2-wip-locks", 2 * 1440 + 20 * 60 + 50, 30);
    let failed = |day: &str| EndedAttempt {
        due: at(day),
        at: at(day),
        end: AttemptEnd::Failed,
        why: "Aws.Throttled".to_owned(),
    };
    stale.failed = vec![failed("2026-12-22T03:30:00Z"), failed("2026-12-23T03:30:00Z")];
    of.backups = Reading::Now(vec![fresh("aurora:clos-v2-db-cluster", 21 * 60 + 20, 30), stale]);
    let back = plan(vec![count("prod/prod-api", 4, 3), count("prod/prod-worker", 4, 3)]);
    offer(&mut of, OfferedIntent::GiveBack { profile: "surge".parse().unwrap() }, back, Some(90));
    of
}

fn coldchain() -> EnvironmentFacts {
    let mut of = environment("coldchain", "production", Production, "ap-northeast-2", "Asia/Seoul", 4);
    of.about = Some("Cold-chain dispatch".to_owned());
    of.profiles =
        vec![EmergencyProfile { name: "scale-out".parse().unwrap(), lasts_seconds: 3600, cool_down_seconds: 600 }];
    ledger(&mut of).history.push(ran(
        "2026-12-23T23:52:04Z",
        TargetState::Awake,
        Layer::Emergency,
        RunOutcome::Refused,
        0,
    ));
    let veto = Violation::new(
        GuardrailCode::DependencyVeto,
        Severity::Refuse,
        "coldchain-production-rds-connections-high is in ALARM, and more tasks would make that worse",
        "See to the database first",
    );
    ledger(&mut of).trouble = Some(ScopeTrouble {
        kind: TroubleKind::Refused,
        since: at("2026-12-23T23:52:04Z"),
        wanted: "scale-out".to_owned(),
        error: None,
        violations: vec![veto],
        run: Some("coldchain-production-scale-out-20261223T235204Z".to_owned()),
    });
    of
}

fn fleet() -> EnvironmentFacts {
    let mut of = environment("fleet-orchestration", "prod", Production, "us-west-2", "America/Los_Angeles", 0);
    let (home, away) = (of.home.clone(), Region::new("us-west-1").unwrap());
    of.about = Some("Autonomous-vehicle fleet".to_owned());
    of.standby = Some(away.clone());
    let mut ledger = ScopeFacts::default();
    ledger.history.push(ran("2026-12-23T10:17:00Z", TargetState::Serving, Layer::Failover, DONE, 12));
    let there = RegionFacts {
        ledger: Reading::Now(ledger),
        observed: Reading::Now(observed("prod", 7, 7, true)),
        offers: Vec::new(),
    };
    of.regions.insert(away.clone(), there);
    let beat = |at| Heartbeat { at, epoch: 1, heard: None, granted: None, switches: BTreeMap::new() };
    let mut pointer = Pointer::at_home(&home);
    (pointer.active, pointer.epoch, pointer.revision) = (away.clone(), 1, 6);
    (pointer.since, pointer.by) =
        (at("2026-12-23T10:17:00Z"), "fleet-orchestration-prod-failover-20261223T101415Z".to_owned());
    let differs = ReadinessFinding {
        code: ReadinessCode::ImagesDiffer,
        grade: FindingGrade::Degrades,
        resource: "service fleet-orchestration-dashboard".to_owned(),
        found: "v212".to_owned(),
        expected: "v214, which us-west-1 runs".to_owned(),
        advice: "Deploy the image that the active region runs, before the move".to_owned(),
    };
    of.pair = Some(Reading::Now(PairState {
        pointer,
        heard: [(home.clone(), beat(at("2026-12-24T00:19:26Z"))), (away, beat(at("2026-12-24T00:19:55Z")))].into(),
        heard_since: Some(at("2026-12-23T13:41:00Z")),
        readiness: Some(Readiness { at: at("2026-12-24T00:02:00Z"), region: home, findings: vec![differs] }),
        held: None,
    }));
    of
}

fn h2o_dev() -> EnvironmentFacts {
    let mut of = environment("h2o-allegiant", "dev", Development, "us-east-1", "America/New_York", 1);
    of.about = Some("Water-treatment proposals".to_owned());
    calendar(&mut of, "07:00-20:00", false);
    nights(&mut of, "2026-12-23T01:05:00Z", "2026-12-23T12:05:00Z", 327 * 3600);
    of.saved_cents = Some(1_897);
    let (by, reason) = ("halt-run".to_owned(), "migration of the database (on-call)".to_owned());
    ledger(&mut of).halt = Some(HaltSwitch { by, reason, since: at("2026-12-23T22:45:00Z") });
    of
}

fn h2o_prod() -> EnvironmentFacts {
    let mut of = environment("h2o-allegiant", "prod", Production, "us-east-1", "America/New_York", 2);
    ledger(&mut of).questions = vec![rollback()];
    of
}

/// The question whether to go back to the release before.
pub(crate) fn rollback() -> OpenQuestion {
    OpenQuestion {
        id: "h2o-allegiant-prod-roll-back-20261224T000211Z".to_owned(),
        what: "go back from h2o-backend:42 to h2o-backend:41".to_owned(),
        why: "h2o-prod-error-rate-high, 9 min after the deployment".to_owned(),
        asks: BTreeMap::new(),
        mark: "0b7d2f6a94c1835e".to_owned(),
        asked: at("2026-12-24T00:02:11Z"),
        until: at("2026-12-24T00:32:11Z"),
    }
}

/// A hundred environments in 25 estates, two of which need a person.
pub(crate) fn hundred() -> Vec<EnvironmentFacts> {
    let zones = ["America/Los_Angeles", "America/New_York", "Asia/Seoul"];
    let hours = ["09:00-17:00", "07:00-19:00", "08:00-22:00", "07:00-20:00"];
    let mut all = Vec::new();
    for estate in 1..=25 {
        for (place, name) in ["dev", "staging", "qa", "prod"].into_iter().enumerate() {
            let kind = [Development, Staging, Staging, Production][place];
            let mut of =
                environment(&format!("estate-{estate:02}"), name, kind, "us-east-1", zones[(estate + place) % 3], 7);
            if name != "prod" {
                calendar(&mut of, hours[(estate * 3 + place) % 4], estate % 3 == 0);
                nights(&mut of, "2026-12-23T03:05:00Z", "2026-12-23T15:06:00Z", 300 * 3600);
            }
            all.push(of);
        }
    }
    all[38] = EnvironmentFacts { estate: all[38].estate.clone(), environment: all[38].environment.clone(), ..qa() };
    all[52] =
        EnvironmentFacts { estate: all[52].estate.clone(), environment: all[52].environment.clone(), ..coldchain() };
    all
}
