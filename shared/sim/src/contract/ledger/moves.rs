//! What the cases about pairs write: nothing in it is left at its default, so that a lost field shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ScalingState, ServiceCapacity, Suspensions, TaskDefinition};
use watchkeeper_domain::failover::protection::{
    MoveProtection, ProtectionHand, ProtectionItem, ProtectionMemory, ProtectionTold, StepTries,
};
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, ReadinessCode, ReadinessFinding};
use watchkeeper_domain::failover::rehearsal::{
    CapacityCertificate, CertificateOrigin, CertificateStanding, CertifiedService, PlacedTasks, Rehearsal,
    RehearsalMemory, SlowestService, StandingVerdict, TaskStart, WaveTiming,
};
use watchkeeper_domain::failover::sample::ServiceSample;
use watchkeeper_domain::failover::{
    FailoverRefusal, Heartbeat, Move, MoveEnding, MovePhase, MoveStage, MoveWord, OngoingMove, Pointer, RegionSample,
    ScalingBounds, ServiceFigures, Serving, SourceDeparture, SourceMove, SwitchArming, WatchState,
};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::{MachineName, Region, ServiceName};
use watchkeeper_domain::value::Percent;

use crate::failover::event_sources::event_rule;
use crate::spec::checked;

/// One of the two regions of a pair.
pub(super) fn west(number: u32) -> Region {
    checked(Region::new(format!("us-west-{number}")))
}

fn service(name: &str) -> ServiceName {
    checked(ServiceName::new(name))
}

fn serving() -> Serving {
    let fleet = ServiceFigures { desired: 2, bounds: Some(ScalingBounds { min: 1, max: 6 }) };
    BTreeMap::from([(service("fleet"), fleet), (service("simulator"), ServiceFigures { desired: 1, bounds: None })])
}

/// A pointer of this revision, in the middle of a move.
pub(super) fn pointer(revision: u64, now: Timestamp) -> Pointer {
    let open = BTreeSet::from([service("fleet"), service("jobs")]);
    Pointer {
        home: Some(west(2)),
        active: west(2),
        epoch: 3,
        revision,
        moving: Some(OngoingMove {
            to: west(1),
            stage: MoveStage::Opening,
            open,
            singletons: [service("jobs")].into(),
            serving: serving(),
        }),
        serving: serving(),
        by: format!("failover-{revision}"),
        since: now,
        approved: BTreeSet::from([GuardrailCode::BlastRadius]),
    }
}

/// A heartbeat of this epoch.
pub(super) fn heartbeat(epoch: u64, now: Timestamp) -> Heartbeat {
    let (heard, granted) = (Some(now - Duration::from_secs(61)), Some(now - Duration::from_secs(7)));
    let why = "it lacks the tag".to_owned();
    let switches =
        [(service("fleet"), SwitchArming::Armed { silence: 180 }), (service("jobs"), SwitchArming::Hindered { why })];
    Heartbeat { at: now, epoch, heard, granted, switches: switches.into() }
}

/// A sample with a service of this count.
pub(super) fn sample(desired: u32, now: Timestamp) -> RegionSample {
    let suspended = Suspensions { scale_in: true, ..Suspensions::NONE };
    let capacity = ServiceCapacity { desired, scaling: Some(ScalingState { min: 1, max: 6, suspended }) };
    let images = vec!["123456789012.dkr.ecr.us-west-2.amazonaws.com/fleet:1".to_owned()];
    RegionSample {
        at: now,
        services: BTreeMap::from([(service("fleet"), ServiceSample { capacity, images })]),
        lag_ms: BTreeMap::from([(checked("fleet-vehicles".parse()), 730)]),
        vcpu: Some(64),
        figures_at: Some(now),
        alarms: "edge-5xx".parse().ok().map(|alarm| BTreeSet::from([alarm])),
        sources_off: [event_rule("fleet-uploads")].into(),
    }
}

/// What a watch remembers after so many probes that failed.
pub(super) fn watch(failures: u32, now: Timestamp) -> WatchState {
    let finding = ReadinessFinding {
        code: ReadinessCode::ALL[0],
        grade: FindingGrade::Blocks,
        resource: "fleet in us-west-1".to_owned(),
        found: "nothing of that name".to_owned(),
        expected: "an ECS service".to_owned(),
        advice: "Create it".to_owned(),
    };
    WatchState {
        failures,
        since: Some(now - Duration::from_mins(2)),
        probed: Some(now),
        started: Some(now - Duration::from_mins(1)),
        execution: Some("failover-1".to_owned()),
        refused: Some(FailoverRefusal { execution: "failover-1".to_owned(), answer: "refused by Ada".to_owned() }),
        told: Some("loss-1".to_owned()),
        readiness: Some(Readiness { at: now, region: west(1), findings: vec![finding] }),
        told_readiness: Some("not-ready-1".to_owned()),
        standing: Some(CertificateStanding { verdict: StandingVerdict::Aging, reason: "it is old".to_owned() }),
        told_standing: Some(StandingVerdict::Stale),
        rehearsal: Some(RehearsalMemory { due: now, execution: Some("rehearse-1".to_owned()), again: true }),
        word: Some(MoveWord {
            epoch: 1,
            number: 2,
            by: "steer-1".to_owned(),
            hold: Some(true),
            force: true,
            skip: [checked(MachineName::new("fleet-check"))].into(),
        }),
        protection: Some(protection(now)),
        told_protection: Some(ProtectionTold {
            epoch: 3,
            mark: Some("replica fleet".to_owned()),
            at: Some(now),
            closed: true,
        }),
    }
}

fn protection(now: Timestamp) -> ProtectionMemory {
    let item = ProtectionItem {
        resource: "replica fleet".to_owned(),
        missing: "no replica".to_owned(),
        advice: "Make one".to_owned(),
        command: Some("aws rds create-db-instance-read-replica".to_owned()),
        by: ProtectionHand::Stack,
        hindrance: Some("the halt switch is on".to_owned()),
    };
    let tries = StepTries { count: 2, last: now, why: Some("throttled".to_owned()) };
    ProtectionMemory {
        epoch: 3,
        looked: now,
        items: vec![item],
        left: BTreeSet::from([checked("fleet-left-3".parse())]),
        tries: BTreeMap::from([("create fleet".to_owned(), tries)]),
        protected: Some(now),
    }
}

/// A certificate that this execution has earned.
pub(super) fn certificate(by: &str, now: Timestamp) -> CapacityCertificate {
    let start = TaskStart { took_ms: 42_000, pull_ms: Some(30_000) };
    let of = CertifiedService {
        declared: 2,
        wanted: 2,
        placed: 1,
        definition: Some(TaskDefinition::new("arn:aws:ecs:us-west-1:123456789012:task-definition/fleet:7")),
        start: Some(start),
    };
    CapacityCertificate {
        at: now,
        by: by.to_owned(),
        origin: CertificateOrigin::Rehearsal(Percent::new(50)),
        region: west(1),
        services: BTreeMap::from([(service("fleet"), of)]),
        waves: wave_times(now),
        phases: vec![(MovePhase::Scale, 42_000), (MovePhase::Hold, 900_000)],
        slowest: Some(SlowestService {
            service: service("fleet"),
            took_ms: 42_000,
            why: "its images took 30 s to pull".to_owned(),
        }),
        rto_ms: Some(184_000),
        findings: vec!["fleet: 1 of 2 tasks run".to_owned()],
        document: "00ff".to_owned(),
    }
}

fn wave_times(now: Timestamp) -> Vec<WaveTiming> {
    vec![WaveTiming { services: vec![service("fleet")], began: now, ended: Some(now + Duration::from_secs(42)) }]
}

fn rehearsal(now: Timestamp) -> Rehearsal {
    let scaling = Some(ScalingState { min: 0, max: 6, suspended: Suspensions::NONE });
    Rehearsal {
        share: Percent::new(50),
        lasts: 900,
        until: now + Duration::from_mins(105),
        before: BTreeMap::from([(service("fleet"), ServiceCapacity { desired: 0, scaling })]),
        begun: true,
        findings: vec!["fleet: 1 of 2 tasks run".to_owned()],
        handed_over: Some("failover-2".to_owned()),
    }
}

/// The record of a move that was compensated, with so many moments.
pub(super) fn record(id: &str, moments: u32, now: Timestamp) -> Move {
    let mut record = Move::new(id, &west(2), &west(1), MovePhase::Confirm, now);
    record.graceful = true;
    record.reason.push_str("the region \"us-west-2\" is lost, says ÖBB");
    record.lost_since = Some(now - Duration::from_mins(3));
    record.epoch = Some(3);
    record.serving = serving();
    record.waves = vec![vec![service("fleet"), service("jobs")], vec![service("simulator")]];
    record.wave = 1;
    record.tries = 2;
    record.asks = BTreeMap::from([(GuardrailCode::BlastRadius, "4 of 4 services".to_owned())]);
    record.header.approved = BTreeSet::from([GuardrailCode::BelowFloor]);
    record.by = Some("somebody".to_owned());
    record.fenced_since = Some(now + Duration::from_secs(5));
    record.irreversible = true;
    record.lag_ms = Some(730);
    record.enter(MovePhase::Assess, now + Duration::from_secs(20));
    record.waited(1_500);
    for moment in 0..moments {
        record
            .header
            .note(now, format!("moment {moment}: the fence of simulator does not hold yet, one task is not stopped"));
    }
    record.wave_times = wave_times(now);
    let placed = certificate(id, now).services.into_iter();
    record.placed = placed
        .map(|(name, of)| (name, PlacedTasks { running: of.placed, definition: of.definition, start: of.start }))
        .collect();
    record.rehearsal = Some(Box::new(rehearsal(now)));
    record.proved = Some(Box::new(certificate("rehearse-0", now)));
    record.certificate = Some(Box::new(certificate(id, now)));
    let source = event_rule("fleet-uploads");
    record.sources = vec![SourceMove { source, was_on: true, departure: SourceDeparture::Off, arrived: true }];
    (record.heard, record.hold) = (2, true);
    record.skipped = [checked(MachineName::new("fleet-check"))].into();
    record.protection = Some(MoveProtection {
        missing: vec!["replica fleet".to_owned()],
        protected: Some(now + Duration::from_mins(9)),
    });
    record.failure = Some("a wave did not come up".to_owned());
    record.end(MoveEnding::Compensated, now + Duration::from_mins(4));
    record
}
