//! The parts that environments of the moment are made of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{Baseline, Capacity, DatabaseId, DatabasePower, ServiceCapacity, ServiceId};
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::plan::{CapacityChange, Plan, PlanStep, PlannedAction, Wave};
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::history::{RunEnding, TargetState};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::schedule::AwakeHours;
use watchkeeper_domain::value::Zone;
use watchkeeper_window::facts::{
    BackupFreshness, EnvironmentFacts, ObservedCapacity, ObservedCount, Offer, OfferedIntent, PlanFacts, Reading,
    RegionFacts, ScopeFacts,
};

use super::{at, now, stack};

/// An environment that is awake at its baseline, in order, with one service of this many tasks and a database.
pub(crate) fn environment(
    estate: &str,
    name: &str,
    kind: EnvironmentKind,
    region: &str,
    zone: &str,
    tasks: u32,
) -> EnvironmentFacts {
    let region = Region::new(region).unwrap();
    let here = RegionFacts {
        ledger: Reading::Now(ScopeFacts::default()),
        observed: Reading::Now(observed(name, tasks, tasks, tasks > 0)),
        offers: Vec::new(),
    };
    EnvironmentFacts {
        stack: stack(),
        estate: EstateName::new(estate).unwrap(),
        environment: EnvironmentName::new(name).unwrap(),
        kind,
        about: None,
        owner: Some(format!("{estate} team")),
        home: region.clone(),
        standby: None,
        zone: zone.parse().unwrap(),
        calendar: None,
        protected: Vec::new(),
        profiles: Vec::new(),
        saved_cents: None,
        regions: [(region, here)].into(),
        backups: Reading::Now(vec![fresh(&format!("rds:{name}-db"), 16 * 60 + 20, 30)]),
        pair: None,
        unblock: Reading::Now(Vec::new()),
    }
}

/// What AWS says: one service, and one database that is on or off.
pub(crate) fn observed(name: &str, running: u32, wanted: u32, on: bool) -> ObservedCapacity {
    let count = ObservedCount { desired: running, running, pending: 0, wanted };
    let power = if on { DatabasePower::On } else { DatabasePower::Off };
    ObservedCapacity {
        services: [(service(&format!("{name}/{name}-api")), count)].into(),
        databases: [(database(&format!("rds:{name}-db")), (power, "available".to_owned()))].into(),
    }
}

pub(crate) fn service(text: &str) -> ServiceId {
    text.to_owned().try_into().unwrap()
}

pub(crate) fn database(text: &str) -> DatabaseId {
    text.to_owned().try_into().unwrap()
}

/// A resource whose newest good copy is this many minutes old, and may be this many hours.
pub(crate) fn fresh(resource: &str, minutes: i64, within: i64) -> BackupFreshness {
    BackupFreshness {
        resource: resource.to_owned().try_into().unwrap(),
        newest: Some(now() - SignedDuration::from_mins(minutes)),
        within_seconds: within * 3600,
        failed: Vec::new(),
    }
}

/// The facts of the ledger, where an environment has only one region.
pub(crate) fn ledger(of: &mut EnvironmentFacts) -> &mut ScopeFacts {
    match &mut of.regions.values_mut().next().unwrap().ledger {
        Reading::Now(ledger) => ledger,
        _ => panic!("it was read"),
    }
}

/// Gives it a calendar: of weekdays, with or without the holiday of 25 December.
pub(crate) fn calendar(of: &mut EnvironmentFacts, hours: &str, holiday: bool) {
    let holidays: &[&str] = if holiday { &["2026-12-25"] } else { &[] };
    let zone: &Zone = &of.zone;
    let json = serde_json::json!({ "zone": zone, "weekly": { "mon-fri": hours }, "holidays": holidays });
    let awake: AwakeHours = serde_json::from_value(json).unwrap();
    of.calendar = Some(awake.try_into().unwrap());
}

/// An intent.
pub(crate) fn intent(layer: Layer, want: DesiredState, reason: &str, declared: &str, expires: Option<&str>) -> Intent {
    Intent {
        layer,
        want,
        reason: reason.to_owned(),
        by: "some-run".to_owned(),
        declared: at(declared),
        expires: expires.map(at),
        approved: BTreeSet::new(),
        for_release: None,
    }
}

/// A run of the history.
pub(crate) fn ran(ended: &str, target: TargetState, layer: Layer, outcome: RunOutcome, writes: u32) -> RunEnding {
    RunEnding {
        began: at(ended),
        at: at(ended),
        again: None,
        target,
        layer,
        reason: "as wanted".to_owned(),
        outcome,
        writes,
        code: None,
        run: format!("run-{}", at(ended).strftime("%Y%m%dT%H%M%SZ")),
        mark: None,
    }
}

/// A baseline of one service of this many tasks.
pub(crate) fn baseline(name: &str, tasks: u32) -> Baseline {
    let capacity = Capacity {
        services: [(service(&format!("{name}/{name}-api")), ServiceCapacity { desired: tasks, scaling: None })].into(),
        databases: [(database(&format!("rds:{name}-db")), DatabasePower::On)].into(),
        ..Capacity::default()
    };
    Baseline { capacity, taken: at("2026-12-23T12:00:00Z") }
}

/// A plan of these writes, in the order of their waves.
pub(crate) fn plan(changes: Vec<(Wave, CapacityChange)>) -> PlanFacts {
    let mut steps: BTreeMap<Wave, Vec<PlannedAction>> = BTreeMap::new();
    for (wave, change) in changes {
        steps.entry(wave).or_default().push(PlannedAction { change, reason: "as wanted".to_owned() });
    }
    let steps = steps.into_iter().map(|(wave, actions)| PlanStep { wave, waits_for: Vec::new(), actions });
    let plan = Plan { steps: steps.collect(), ..Plan::default() };
    let verdict = if plan.is_empty() { Verdict::Nothing } else { Verdict::Apply };
    PlanFacts { verdict, deciding: Vec::new(), plan, violations: Vec::new() }
}

/// A count that changes.
pub(crate) fn count(id: &str, from: u32, to: u32) -> (Wave, CapacityChange) {
    let wave = if to > from { Wave::RaiseCounts } else { Wave::LowerCounts };
    (wave, CapacityChange::Count { service: service(id), from, to })
}

/// A database that starts.
pub(crate) fn start(id: &str) -> (Wave, CapacityChange) {
    (Wave::StartDatabases, CapacityChange::Database { database: database(id), to: DatabasePower::On })
}

/// Offers something in the only region of an environment.
pub(crate) fn offer(of: &mut EnvironmentFacts, intent: OfferedIntent, plan: PlanFacts, took_seconds: Option<u32>) {
    of.regions.values_mut().next().unwrap().offers.push(Offer { intent, plan, took_seconds });
}
