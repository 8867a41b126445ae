//! An environment that is awake in order at noon in New York, and what may be the matter with it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabasePower, ResourceId};
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, ReadinessCode, ReadinessFinding};
use watchkeeper_domain::failover::{Heartbeat, MoveStage, OngoingMove, Pointer};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::schedule::AwakeHours;
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{
    EmergencyProfile, EnvironmentFacts, ObservedCapacity, ObservedCount, OpenQuestion, PairState, Reading, RegionFacts,
    ScopeFacts, ScopeTrouble, StackFacts, TroubleKind,
};
use watchkeeper_window::state::EnvironmentState;

/// The halt switch of everything is off.
pub(crate) const OFF: &Reading<Option<HaltSwitch>> = &Reading::Now(None);

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Tuesday, noon in New York: within the hours 07:00-19:00 of weekdays.
pub(crate) fn noon() -> Timestamp {
    at("2026-12-01T17:00:00Z")
}

pub(crate) fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

/// An environment of development with a calendar.
pub(crate) fn awake() -> EnvironmentFacts {
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}").parse().unwrap();
    let json = serde_json::json!({ "zone": "America/New_York", "weekly": { "mon-fri": "07:00-19:00" }, "holidays": ["2026-12-03"] });
    let hours: AwakeHours = serde_json::from_value(json).unwrap();
    let here = RegionFacts {
        ledger: Reading::Now(ScopeFacts::default()),
        observed: Reading::Now(tasks(2)),
        offers: Vec::new(),
    };
    EnvironmentFacts {
        stack: StackFacts { window: arn("w-window"), act: arn("w-window-act"), name: "w".to_owned() },
        estate: EstateName::new("shop").unwrap(),
        environment: EnvironmentName::new("dev").unwrap(),
        kind: EnvironmentKind::Development,
        about: None,
        owner: None,
        home: region("us-east-1"),
        standby: None,
        zone: "America/New_York".parse().unwrap(),
        calendar: Some(hours.try_into().unwrap()),
        protected: Vec::new(),
        profiles: vec![EmergencyProfile {
            name: "surge".parse().unwrap(),
            lasts_seconds: 3600,
            cool_down_seconds: 600,
        }],
        saved_cents: None,
        regions: [(region("us-east-1"), here)].into(),
        backups: Reading::Now(Vec::new()),
        pair: None,
        unblock: Reading::Now(Vec::new()),
    }
}

/// So many tasks run, as many as ECS wants; the database is on while any do.
pub(crate) fn tasks(running: u32) -> ObservedCapacity {
    let count = ObservedCount { desired: running, running, pending: 0, wanted: running };
    let power = if running > 0 { DatabasePower::On } else { DatabasePower::Off };
    ObservedCapacity {
        services: [("shop/api".to_owned().try_into().unwrap(), count)].into(),
        databases: [("rds:shop-db".to_owned().try_into().unwrap(), (power, "available".to_owned()))].into(),
    }
}

pub(crate) fn here(of: &mut EnvironmentFacts) -> &mut RegionFacts {
    of.regions.get_mut(&region("us-east-1")).unwrap()
}

pub(crate) fn ledger(of: &mut EnvironmentFacts) -> &mut ScopeFacts {
    match &mut here(of).ledger {
        Reading::Now(ledger) => ledger,
        _ => panic!("it was read"),
    }
}

pub(crate) fn intent(layer: Layer, want: DesiredState, expires: Option<&str>) -> Intent {
    Intent {
        layer,
        want,
        reason: "a reason".to_owned(),
        by: "a-run".to_owned(),
        declared: at("2026-12-01T15:00:00Z"),
        expires: expires.map(at),
        approved: BTreeSet::new(),
        for_release: None,
    }
}

pub(crate) fn surge(alarms: &[&str]) -> DesiredState {
    DesiredState::Scaled(RequestedProfile {
        profile: "surge".parse().unwrap(),
        rank: 0,
        capacity: serde_json::from_value(serde_json::json!({ "desired": 4 })).unwrap(),
        services: BTreeMap::new(),
        only: Vec::new(),
        alarms: alarms.iter().map(|alarm| alarm.parse().unwrap()).collect(),
    })
}

pub(crate) fn asleep() -> EnvironmentFacts {
    let mut of = awake();
    ledger(&mut of).intents = vec![intent(Layer::Override, DesiredState::Asleep, Some("2026-12-01T20:00:00Z"))];
    here(&mut of).observed = Reading::Now(tasks(0));
    of
}

pub(crate) fn asks(of: &mut EnvironmentFacts, until: &str) {
    ledger(of).questions.push(OpenQuestion {
        id: "a-run".to_owned(),
        what: "scale to surge".to_owned(),
        why: "an alarm".to_owned(),
        asks: BTreeMap::new(),
        mark: "a-mark".to_owned(),
        asked: at("2026-12-01T16:50:00Z"),
        until: at(until),
    });
}

pub(crate) fn halted(since: &str) -> HaltSwitch {
    HaltSwitch { by: "a-run".to_owned(), reason: "a migration".to_owned(), since: at(since) }
}

pub(crate) fn trouble(of: &mut EnvironmentFacts, kind: TroubleKind, since: &str) {
    let violation = Violation::new(GuardrailCode::Drift, Severity::Warn, "found", "advice");
    ledger(of).trouble = Some(ScopeTrouble {
        kind,
        since: at(since),
        wanted: "wake".to_owned(),
        error: None,
        violations: vec![violation.of(ResourceId::Service("shop/api".to_owned().try_into().unwrap()))],
        run: Some("a-run".to_owned()),
    });
}

/// Makes it a pair whose pointer names this region, or is on its way to that one.
pub(crate) fn pair(of: &mut EnvironmentFacts, active: &str, to: Option<&str>, verdict: Option<FindingGrade>) {
    let (home, standby) = (region("us-east-1"), region("us-west-2"));
    of.standby = Some(standby.clone());
    of.calendar = None;
    of.kind = EnvironmentKind::Production;
    let there = here(of).clone();
    of.regions.insert(standby.clone(), there);
    let finding = |grade| ReadinessFinding {
        code: ReadinessCode::ImagesDiffer,
        grade,
        resource: "service api".to_owned(),
        found: "v1".to_owned(),
        expected: "v2".to_owned(),
        advice: "Deploy".to_owned(),
    };
    let moving = to.map(|to| OngoingMove {
        to: region(to),
        stage: MoveStage::Opening,
        open: BTreeSet::new(),
        singletons: BTreeSet::new(),
        serving: BTreeMap::new(),
    });
    let moved = active != "us-east-1" || moving.is_some();
    let pointer = Pointer {
        active: region(active),
        moving,
        since: at("2026-12-01T10:00:00Z"),
        revision: u64::from(moved),
        ..Pointer::at_home(&home)
    };
    let beat =
        Heartbeat { at: at("2026-12-01T16:59:00Z"), epoch: 1, heard: None, granted: None, switches: BTreeMap::new() };
    of.pair = Some(Reading::Now(PairState {
        pointer,
        heard: [(home, beat.clone()), (standby.clone(), beat)].into(),
        heard_since: None,
        readiness: Some(Readiness {
            at: noon(),
            region: standby,
            findings: verdict.map(finding).into_iter().collect(),
        }),
        held: None,
    }));
}

/// The environment at noon.
pub(crate) fn state(of: &EnvironmentFacts) -> EnvironmentState<'_> {
    EnvironmentState::of(of, OFF, noon())
}
