//! What the cases write: nothing in it is left at its default, so that a lost field shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::lease::{Lease, TERM};
use watchkeeper_control::ledger::{ScopeStanding, SettledTarget};
use watchkeeper_domain::capacity::{
    Baseline, Capacity, DatabaseId, DatabasePower, ReachedTargets, ResourceId, ScalingState, ServiceCapacity,
    ServiceId, Suspensions, SwitchedDatabase,
};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState, NotedMessage, ResponseRecord};
use watchkeeper_domain::estate::ProfileCapacity;
use watchkeeper_domain::guardrail::{GuardrailCode, HaltSwitch, Severity, Violation};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::plan::{AwaitedChange, CapacityChange, Obstacle, Plan, PlanStep, PlannedAction, Wave};
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::history::ScopeHistory;
use watchkeeper_domain::reconcile::run::{
    IntentOutcome, RefusedWrite, RunError, RunHeader, RunOutcome, RunProgress, RunRecord, SliceTiming, TimelineEvent,
    WriteRefusal, WriteTrouble,
};
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::value::CapacityAmount;

use crate::spec::{aurora, checked, rds, service, task_definition};

fn api() -> ServiceId {
    service("clos-v2-cluster/clos-v2-core-api-service").id
}

fn database() -> DatabaseId {
    aurora("clos-v2-db-cluster").id
}

fn scaling() -> ScalingState {
    ScalingState { min: 1, max: 4, suspended: Suspensions { scale_in: true, ..Suspensions::NONE } }
}

/// A lease of this generation.
pub(super) fn lease(now: Timestamp, generation: u64) -> Lease {
    let holder = format!("run-{generation}");
    Lease { holder, layer: Layer::Schedule, generation, usable: now, expires: now + TERM, at_work: true }
}

/// An intent of this layer, to keep awake for two hours.
pub(super) fn intent(layer: Layer, now: Timestamp) -> Intent {
    Intent {
        layer,
        want: DesiredState::Awake,
        reason: "demonstration for \"ÖBB\"".to_owned(),
        by: "run-1".to_owned(),
        declared: now,
        expires: Some(now + Duration::from_hours(2)),
        approved: [].into(),
        for_release: None,
    }
}

/// An intent of the emergency layer for this profile, with everything that a demand may have.
pub(super) fn emergency(profile: &str, now: Timestamp) -> Intent {
    let capacity =
        |tasks| ProfileCapacity { desired: CapacityAmount::Tasks(tasks), max: Some(CapacityAmount::Tasks(2 * tasks)) };
    let requested = RequestedProfile {
        profile: checked(profile.parse()),
        rank: 1,
        capacity: capacity(4),
        services: BTreeMap::from([(api().service, capacity(5))]),
        only: vec![api().service, service("c/no-target").id.service],
        alarms: BTreeSet::from([checked("clos-v2-alb-5xx-errors".parse())]),
    };
    Intent { want: DesiredState::Scaled(requested), ..intent(Layer::Emergency, now) }
}

/// What is remembered of an alarm after this was made of its newest change.
pub(super) fn memory(what: &str, now: Timestamp) -> AlarmMemory {
    let called = ResponseRecord { settled: Some(now), answered: Some(now - Duration::from_mins(5)) };
    AlarmMemory {
        missed: Some(now),
        newest: Some((now, AlarmState::Alarm)),
        changes: vec![now - Duration::from_mins(5), now],
        calls: BTreeMap::from([("surge".to_owned(), called)]),
        notes: vec![NotedMessage { at: now, state: AlarmState::Alarm, what: what.to_owned() }],
    }
}

/// A baseline with and without a target, with databases that run and that do not.
pub(super) fn baseline(now: Timestamp) -> Baseline {
    let services = BTreeMap::from([
        (api(), ServiceCapacity { desired: 3, scaling: Some(scaling()) }),
        (service("c/no-target").id, ServiceCapacity { desired: 0, scaling: None }),
    ]);
    let databases = BTreeMap::from([(database(), DatabasePower::On), (rds("reports").id, DatabasePower::Off)]);
    Baseline { capacity: Capacity { services, databases, ..Capacity::default() }, taken: now }
}

/// A standing with everything in it.
pub(super) fn standing(now: Timestamp) -> ScopeStanding {
    let target = "00ff00ff00ff00ff".to_owned();
    let settled = SettledTarget { target, at: now, epoch: Some(3), placement: Some("0f0f0f0f0f0f0f0f".to_owned()) };
    let (services, databases) =
        (baseline(now).capacity.services, [(database(), SwitchedDatabase { to: DatabasePower::Off, at: now })]);
    let reached = Some(ReachedTargets { services, databases: databases.into(), ..ReachedTargets::default() });
    let denied = "UpdateService of c/no-target: denied".to_owned();
    let resource = ResourceId::Service(service("c/no-target").id);
    let refused = vec![RefusedWrite { resource, what: denied, at: now }];
    let (told, drifted) = (Some("drift-1".to_owned()), baseline(now).capacity.services);
    ScopeStanding { settled: Some(settled), reached, told, drifted, refused, followed: Some(3) }
}

/// A history of a sleep, of a wake that was refused three times, and of an emergency.
pub(super) fn history(now: Timestamp) -> ScopeHistory {
    let mut history = ScopeHistory::default();
    let night = RunRecord { outcome: Some(RunOutcome::Done), error: None, ..run("run-1", now) };
    let asleep = Intent { want: DesiredState::Asleep, ..intent(Layer::Schedule, now) };
    history.note(&RunRecord { deciding: vec![asleep], ..night.clone() }, now);
    for id in ["run-2", "run-3"] {
        history.note(&RunRecord { outcome: Some(RunOutcome::Refused), ..run(id, now + Duration::from_hours(9)) }, now);
    }
    history.note(&RunRecord { deciding: vec![emergency("surge", now)], ..night }, now);
    history.note_halt(now - Duration::from_hours(2), now);
    history
}

/// A halt for this reason.
pub(super) fn halt(reason: &str, now: Timestamp) -> HaltSwitch {
    HaltSwitch { by: "run-1".to_owned(), reason: reason.to_owned(), since: now }
}

/// A record with every kind of change, violation and obstacle.
pub(in super::super) fn run(id: &str, now: Timestamp) -> RunRecord {
    RunRecord {
        header: RunHeader {
            id: id.to_owned(),
            trigger: RunTrigger::Schedule,
            started: now,
            approved: BTreeSet::from([GuardrailCode::BlastRadius, GuardrailCode::BelowFloor]),
            timeline: vec![TimelineEvent { at: now, what: "began".to_owned() }],
        },
        layer: Layer::Schedule,
        instant: now,
        deciding: vec![intent(Layer::Override, now)],
        releases: BTreeMap::from([(api(), task_definition("clos-v2-core-api-service:41"))]),
        cause: Some("clos-v2-alb-5xx-errors is in ALARM".to_owned()),
        wanted: Some(IntentOutcome::Declared(Box::new(intent(Layer::Override, now)))),
        verdict: Verdict::Apply,
        plan: plan(),
        facts: None,
        violations: violations(),
        slices: 2,
        writes: 7,
        waited_seconds: 90,
        rounds: 1,
        applied: true,
        progress: RunProgress {
            slices: vec![SliceTiming { step: "apply".to_owned(), began: now, ended: now, writes: 7, awaits: true }],
            afresh: true,
            wrote: Some(now),
            held: [ResourceId::Service(api())].into(),
            touched: [ResourceId::Service(api()), ResourceId::Database(database())].into(),
            sent: [(api(), now)].into(),
            written: [ResourceId::Database(database())].into(),
            refused: vec![WriteRefusal {
                resource: ResourceId::Service(api()),
                name: "Aws.Denied".to_owned(),
                what: "UpdateService: denied".to_owned(),
            }],
            troubled: vec![WriteTrouble { resource: ResourceId::Service(api()), since: now }],
            reached: [ResourceId::Database(database())].into(),
            waited: [(api(), now)].into(),
            given_back: [ResourceId::Database(database())].into(),
        },
        awaited: vec![awaited()],
        outcome: Some(RunOutcome::Unverified),
        error: Some(RunError { name: "Aws.Throttled".to_owned(), message: "come again".to_owned() }),
        tell: true,
    }
}

/// A record that fits into no item, compressed or not: a million characters of noise.
pub(super) fn huge(id: &str, now: Timestamp) -> RunRecord {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut run = run(id, now);
    run.header.note(now, std::iter::repeat_with(|| rng.alphanumeric()).take(1_000_000).collect::<String>());
    run
}

/// A record of 2,000 actions, which fits once it is compressed.
pub(super) fn long(id: &str, now: Timestamp) -> RunRecord {
    let mut run = run(id, now);
    let actions = (0..2_000).map(|n| {
        let service = service(&format!("clos-v2-cluster/clos-v2-service-{n}")).id;
        PlannedAction {
            change: CapacityChange::Count { service, from: 3, to: 0 },
            reason: "schedule wants it asleep: it is night".into(),
        }
    });
    run.plan.steps.push(PlanStep { wave: Wave::LowerCounts, waits_for: Vec::new(), actions: actions.collect() });
    for n in 0..3_000 {
        run.header.note(now, format!("slice {n} has written as much as its lease allowed"));
    }
    run
}

fn plan() -> Plan {
    let asleep = ScalingState { min: 0, max: 4, suspended: Suspensions::ALL };
    let release = |revision| task_definition(&format!("clos-v2-core-api-service:{revision}"));
    let action = |change| PlannedAction { change, reason: "it is night".to_owned() };
    let step = |wave, change| PlanStep { wave, waits_for: vec![awaited()], actions: vec![action(change)] };
    Plan {
        steps: vec![
            step(Wave::HoldScaling, CapacityChange::Scaling { service: api(), from: scaling(), to: asleep }),
            step(Wave::LowerCounts, CapacityChange::Count { service: api(), from: 3, to: 0 }),
            step(Wave::RollBack, CapacityChange::Release { service: api(), from: release(42), to: release(41) }),
            step(Wave::StopDatabases, CapacityChange::Database { database: database(), to: DatabasePower::Off }),
        ],
        awaited: vec![awaited()],
        obstacles: vec![
            (ResourceId::Service(service("c/gone").id), Obstacle::Missing),
            (ResourceId::Database(rds("replica").id), Obstacle::CannotStop("it is a read replica".to_owned())),
        ],
        late: vec![awaited()],
    }
}

fn awaited() -> AwaitedChange {
    AwaitedChange { resource: ResourceId::Database(database()), what: "starting".to_owned() }
}

fn violations() -> Vec<Violation> {
    let violation = |code, severity, resource| Violation {
        code,
        severity,
        resource,
        found: "3 of 4".to_owned(),
        advice: "Approve it".to_owned(),
    };
    vec![
        violation(GuardrailCode::BlastRadius, Severity::Ask, None),
        violation(GuardrailCode::Drift, Severity::Warn, Some(ResourceId::Service(api()))),
        violation(GuardrailCode::ProtectedResource, Severity::Refuse, Some(ResourceId::Database(database()))),
    ]
}
