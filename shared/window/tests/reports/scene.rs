//! A run, a move, a restore drill and a run of backups that are over, each with the facts that it was decided by.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::backup::{
    BackupLine, BackupMemory, BackupResult, BackupRun, RestoreCheck, RestorePurpose, RestoreRun, RestoreSource, worst,
};
use watchkeeper_domain::capacity::{
    ObservedScope, ObservedService, ReachedTargets, Rollout, ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::failover::readiness::{ImageFacts, QuotaFacts, ReadinessFacts, ServiceFacts, TrafficFacts};
use watchkeeper_domain::failover::{DatabaseRole, Move, MoveEnding, MoveFacts, MovePhase, PairDatabase};
use watchkeeper_domain::guardrail::{Allowance, CapacityQuotas};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope, ServiceName};
use watchkeeper_domain::plan::Releases;
use watchkeeper_domain::reconcile::assess::{ScopeSituation, assess};
use watchkeeper_domain::reconcile::facts::DecisionFacts;
use watchkeeper_domain::reconcile::run::{RunHeader, RunOutcome, RunProgress, RunRecord, SliceTiming};
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::value::Sha256;
use watchkeeper_window::report::{
    BackupRecord, ChainHead, ChainLink, Deployed, DueReport, Evidence, Report, RestoreRecord, SentIds,
};

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub(crate) fn evening() -> Timestamp {
    at("2026-11-20T00:05:00Z")
}

fn slice(step: &str, began: i64, ended: i64, awaits: bool) -> SliceTiming {
    let after = |seconds| evening() + SignedDuration::from_secs(seconds);
    SliceTiming { step: step.to_owned(), began: after(began), ended: after(ended), writes: 0, awaits }
}

fn scope(environment: &str) -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new(environment).unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

fn due(environment: &str, evidence: Evidence) -> DueReport {
    DueReport {
        scope: scope(environment),
        ended: evening() + SignedDuration::from_mins(3),
        deployed: Deployed { document: Some(Sha256::of(b"estate: clos-v2")), version: "0.1.0".to_owned() },
        sent: Some(SentIds { message: Some("2b9d5c1e".to_owned()), event: Some("c5a0".to_owned()) }),
        evidence,
    }
}

/// A run that put two services to sleep, whose reason is this text.
pub(crate) fn run(reason: &str) -> DueReport {
    let service = |desired, scaling| ObservedService {
        capacity: ServiceCapacity { desired, scaling },
        running: desired,
        pending: 0,
        managed: true,
        rollout: Rollout::Completed,
        rollout_since: None,
        deployed: None,
        task_definition: None,
        daemon: false,
        target_groups: Vec::new(),
        scheduler: None,
    };
    let id = |name: &str| ServiceId::try_from(format!("clos-v2-cluster/{name}")).unwrap();
    let scaling = ScalingState { min: 1, max: 3, suspended: Suspensions::NONE };
    let observed = ObservedScope {
        services: [(id("api"), service(2, Some(scaling))), (id("engine"), service(1, None))].into(),
        moved: [(id("engine"), "it stands at 0".to_owned())].into(),
        ..ObservedScope::default()
    };
    let intents = [Intent {
        layer: Layer::Override,
        want: DesiredState::Asleep,
        reason: reason.to_owned(),
        by: "night-1".to_owned(),
        declared: evening(),
        expires: Some(evening() + SignedDuration::from_hours(2)),
        approved: [].into(),
        for_release: None,
    }];
    let allowance = Allowance {
        production: false,
        floor: 0,
        ceiling: Some(10),
        blast_radius_percent: 100,
        protected: [].into(),
        frozen: None,
        at_home: [].into(),
        order: watchkeeper_domain::order::StartOrder::default(),
        page: None,
    };
    let situation = ScopeSituation {
        baseline: None,
        intents: &intents,
        observed: &observed,
        reached: &ReachedTargets::default(),
        left: None,
        declares: true,
        releases: &Releases::new(),
        quotas: &CapacityQuotas::default(),
        allowance: &allowance,
        instant: evening(),
        now: evening() + SignedDuration::from_secs(2),
        halt: None,
        approved: &[].into(),
    };
    let decided = assess(&situation);
    assert!(decided.plan.actions().count() > 0);
    let mut header = RunHeader::new("night-1", RunTrigger::Human, evening());
    header.note(evening() + SignedDuration::from_secs(2), format!("put to sleep: {reason}"));
    header.note(evening() + SignedDuration::from_mins(3), "finished");
    let record = RunRecord {
        header,
        layer: Layer::Override,
        instant: evening(),
        deciding: decided.deciding,
        releases: Releases::new(),
        wanted: None,
        cause: Some(reason.to_owned()),
        verdict: decided.verdict,
        plan: decided.plan,
        violations: decided.violations,
        facts: Some(Box::new(DecisionFacts::of(&situation))),
        slices: 1,
        writes: 3,
        waited_seconds: 40,
        rounds: 0,
        applied: true,
        progress: RunProgress {
            slices: vec![slice("apply", 0, 2, true), slice("verify", 42, 43, false)],
            ..RunProgress::default()
        },
        awaited: Vec::new(),
        outcome: Some(RunOutcome::Done),
        error: None,
        tell: true,
    };
    due("dev", Evidence::Run(Box::new(record)))
}

fn named(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

/// A failover to the standby, done, whose reason is this text.
pub(crate) fn moved(reason: &str) -> DueReport {
    let (home, standby) = (Region::new("us-west-2").unwrap(), Region::new("us-east-1").unwrap());
    let failover = json!({
        "detect": "off",
        "rto": "5m",
        "rpo": "1s",
        "capacity": { "api": 2, "simulator": 1 },
        "singletons": [{ "service": "simulator" }],
        "databases": [{ "aurora-global": "orders" }],
        "traffic": { "strategy": "alarm", "names": ["shop.example.com"], "alarm": "standby-serves" }
    });
    let service = ServiceFacts {
        desired: 0,
        scaling: Ok(None),
        target_managed: Ok(true),
        managed: true,
        rollout: Rollout::Completed,
        definition: None,
        images: Ok(vec!["api:v7".to_owned()]),
        cpu_units: Err("denied".to_owned()),
        target_groups: Ok(Vec::new()),
    };
    let database: PairDatabase = serde_json::from_value(json!({ "aurora-global": "orders" })).unwrap();
    let readiness = ReadinessFacts {
        region: standby.clone(),
        active: home.clone(),
        services: [(named("api"), Ok(Some(service))), (named("simulator"), Ok(None))].into(),
        tables: [].into(),
        databases: [(database, Ok(Some(DatabaseRole::Follower)))].into(),
        streams: [].into(),
        images: [("api".parse().unwrap(), Ok(ImageFacts::default()))].into(),
        quota: Ok(QuotaFacts::default()),
        traffic: Ok(TrafficFacts { points_to: Some(home.clone()), problems: Vec::new() }),
        alarms: Ok([].into()),
        unarmed: [].into(),
        backups: Ok(Vec::new()),
        sample: None,
        heard: None,
        certificate: Ok(None),
        sources: [].into(),
        now: evening(),
    };
    let facts = MoveFacts {
        readiness,
        failover: serde_json::from_value(failover).unwrap(),
        order: watchkeeper_domain::order::StartOrder::default(),
        declared: [].into(),
        to_standby: true,
        graceful: false,
        lag_ms: Some(400),
        head_start: [].into(),
        rehearsed: None,
    };
    let plan = facts.plan();
    let mut record = Move::new("failover-1", &home, &standby, MovePhase::Confirm, evening());
    record.lost_since = Some(evening() - SignedDuration::from_mins(1));
    reason.clone_into(&mut record.reason);
    (record.serving, record.waves, record.lag_ms) = (plan.serving, plan.waves, facts.lag_ms);
    record.facts = Some(Box::new(facts));
    for (phase, seconds) in
        [(MovePhase::Assess, 5), (MovePhase::Scale, 20), (MovePhase::Outside, 70), (MovePhase::Settle, 90)]
    {
        record.enter(phase, evening() + SignedDuration::from_secs(seconds));
    }
    record.header.note(evening() + SignedDuration::from_secs(80), format!("people reach us-east-1: {reason}"));
    record.wave = record.waves.len();
    record.end(MoveEnding::Done, evening() + SignedDuration::from_mins(3));
    due("prod", Evidence::Move(Box::new(record)))
}

/// A restore drill that failed because of this.
pub(crate) fn restored(why: &str) -> DueReport {
    let from = RestoreSource::Copy { id: "1".to_owned(), name: "wk-orders".to_owned(), due: evening() };
    let target = "orders-drill".to_owned();
    let mut restore = RestoreRun::new("drill-1", RestorePurpose::Drill, target, from, evening());
    restore.ready = Some(evening() + SignedDuration::from_mins(2));
    let check =
        |ok, detail: &str| RestoreCheck { name: "items".to_owned(), ok, detail: detail.to_owned(), log: Vec::new() };
    restore.checks = Some(vec![check(Some(false), why), check(None, "not asked")]);
    restore.over = true;
    let outcome = restore.outcome(evening() + SignedDuration::from_mins(3));
    let source = "dynamodb:orders".parse().unwrap();
    due("prod", Evidence::Restore(Box::new(RestoreRecord { source, restore, outcome })))
}

/// A run of backups by hand, one of which failed because of this.
pub(crate) fn backed_up(why: &str) -> DueReport {
    let began = evening();
    let mut header = RunHeader::new("backup-1", RunTrigger::Human, began);
    header.note(began, "backups of dynamodb:orders, dynamodb:sessions");
    let line = |name: &str| BackupLine { source: format!("dynamodb:{name}").parse().unwrap(), due: began };
    let jobs = vec![line("orders"), line("sessions")];
    let run = BackupRun { header, jobs, report: true, ended: Some(began + SignedDuration::from_mins(3)) };
    let settled = |end, why: &str| {
        let settled = json!({ "due": began, "at": began + SignedDuration::from_mins(2), "end": end, "why": why });
        serde_json::from_value::<BackupMemory>(json!({ "settled": settled })).unwrap()
    };
    let result = |line: &BackupLine, memory: BackupMemory| BackupResult {
        source: line.source.clone(),
        due: line.due,
        outcome: memory.outcome_of(line.due),
        why: memory.why_of(line.due),
        findings: Vec::new(),
        memory,
    };
    let lines = vec![result(&run.jobs[0], settled("done", "")), result(&run.jobs[1], settled("failed", why))];
    let outcome = worst(lines.iter().map(|line| line.outcome));
    due("prod", Evidence::Backup(Box::new(BackupRecord { run, outcome, lines, notes: vec![why.to_owned()] })))
}

/// The four, in a chain.
pub(crate) fn chain(reason: &str) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for due in [run(reason), moved(reason), restored(reason), backed_up(reason)] {
        let head: Option<ChainHead> = reports.last().map(Report::head);
        reports.push(Report::of(due, ChainLink::after(head.as_ref())).unwrap());
    }
    reports
}

/// What somebody makes of a report who changes it, and computes its digest anew.
pub(crate) fn forged(report: &Report, change: impl FnOnce(&mut Value)) -> String {
    let mut value = serde_json::to_value(report).unwrap();
    change(&mut value["content"]);
    value["sha256"] = Sha256::of(&serde_json::to_vec(&value["content"]).unwrap()).to_string().into();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}
