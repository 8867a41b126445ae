//! The pair of the moment: away from home, on the way, and asked about.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::TaskDefinition;
use watchkeeper_domain::failover::protection::MoveProtection;
use watchkeeper_domain::failover::rehearsal::{
    CapacityCertificate, CertificateOrigin, CertificateStanding, CertifiedService, SlowestService, StandingVerdict,
    TaskStart, WaveTiming,
};
use watchkeeper_domain::failover::{Heartbeat, Move, MoveEnding, MovePhase, PhaseTiming, Pointer};
use watchkeeper_domain::failover::{MoveStage, OngoingMove};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, ServiceName};
use watchkeeper_domain::value::Percent;
use watchkeeper_domain::violation::GuardrailCode;
use watchkeeper_window::facts::{
    CertificateFacts, FailoverFacts, ObservedCapacity, ObservedCount, OpenQuestion, PairRegion, ProbedPaths, Reading,
    SettledEpoch, TrafficFacts,
};

use super::estates::everything;
use super::parts::{count, plan, service};
use super::{at, stack};

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn here(counts: u32, beat: &str, settled: &str) -> PairRegion {
    let count = |n| ObservedCount { desired: n, running: n, pending: 0, wanted: n };
    let services = ["fleet-service", "job-service", "dashboard"]
        .map(|it| (service(&format!("fleet/fleet-orchestration-{it}")), count(counts)));
    let single = (service("fleet/fleet-orchestration-car-simulator"), count(counts.min(1)));
    PairRegion {
        stack: stack(),
        heartbeat: Reading::Now(Some(Heartbeat {
            at: at(beat),
            epoch: 1,
            heard: None,
            granted: None,
            switches: BTreeMap::new(),
        })),
        settled: Reading::Now(Some(SettledEpoch { epoch: 1, at: at(settled) })),
        probe: Reading::Now(Some(ProbedPaths { asked: 3, failed: 0, since: None })),
        alarms: Reading::Now([("nat-gateway-1".parse().unwrap(), "OK".to_owned())].into()),
        observed: Reading::Now(ObservedCapacity {
            services: services.into_iter().chain([single]).collect(),
            databases: BTreeMap::new(),
        }),
        lag_ms: Reading::Now(Some(400)),
        vcpu: Reading::Now(Some(64)),
    }
}

/// The move of the morning.
fn moved() -> Move {
    let (from, to) = (region("us-west-2"), region("us-west-1"));
    let mut it = Move::new(
        "fleet-orchestration-prod-failover-20261223T101415Z",
        &from,
        &to,
        MovePhase::Confirm,
        at("2026-12-23T10:14:13.8Z"),
    );
    it.lost_since = Some(at("2026-12-23T10:12:04Z"));
    it.reason = String::from("ECS does not answer within 3 s; the stack is silent for 3 min 10 s");
    (it.epoch, it.by, it.lag_ms) = (Some(1), Some("on-call".to_owned()), Some(420));
    it.word = Some("on-call".to_owned());
    it.waves = vec![vec![ServiceName::new("fleet-orchestration-fleet-service").unwrap()]];
    it.wave = 1;
    let spell = |phase, began: &str, ended: &str, waited_ms| PhaseTiming {
        phase,
        began: at(began),
        ended: Some(at(ended)),
        waited_ms,
        person_ms: if phase == MovePhase::Approve { waited_ms } else { 0 },
    };
    it.spells = vec![
        spell(MovePhase::Confirm, "2026-12-23T10:14:13.8Z", "2026-12-23T10:14:15.9Z", 0),
        spell(MovePhase::Assess, "2026-12-23T10:14:15.9Z", "2026-12-23T10:14:19.8Z", 0),
        spell(MovePhase::Approve, "2026-12-23T10:14:19.8Z", "2026-12-23T10:14:53.8Z", 33_400),
        spell(MovePhase::Begin, "2026-12-23T10:14:53.8Z", "2026-12-23T10:14:54.4Z", 0),
        spell(MovePhase::Fence, "2026-12-23T10:14:54.4Z", "2026-12-23T10:14:57.6Z", 0),
        spell(MovePhase::Scale, "2026-12-23T10:14:57.6Z", "2026-12-23T10:15:45.2Z", 42_000),
        spell(MovePhase::Verify, "2026-12-23T10:15:45.2Z", "2026-12-23T10:15:55Z", 7_000),
        spell(MovePhase::Traffic, "2026-12-23T10:15:55Z", "2026-12-23T10:15:56Z", 0),
        spell(MovePhase::Outside, "2026-12-23T10:15:56Z", "2026-12-23T10:16:26.3Z", 29_000),
        spell(MovePhase::Settle, "2026-12-23T10:16:26.3Z", "2026-12-23T10:16:28Z", 0),
    ];
    it.ending = Some(MoveEnding::Done);
    it.protection = Some(MoveProtection { missing: vec!["us-west-2".to_owned()], protected: None });
    it
}

/// What the standby was seen to start in a rehearsal, with a release since.
fn certified() -> CertificateFacts {
    let arn = |name: &str| format!("arn:aws:ecs:us-west-1:123456789012:task-definition/{name}:7");
    let of = |name: &str, wanted: u32, start: Option<TaskStart>| {
        let definition = Some(TaskDefinition::new(arn(name)));
        (ServiceName::new(name).unwrap(), CertifiedService { declared: 2, wanted, placed: wanted, definition, start })
    };
    let (fleet, simulator) = ("fleet-orchestration-fleet-service", "fleet-orchestration-car-simulator");
    let start = TaskStart { took_ms: 41_200, pull_ms: Some(29_000) };
    let wave = WaveTiming {
        services: vec![ServiceName::new(fleet).unwrap()],
        began: at("2026-12-20T03:30:04Z"),
        ended: Some(at("2026-12-20T03:30:52Z")),
    };
    let certificate = CapacityCertificate {
        at: at("2026-12-20T03:47:00Z"),
        by: "fleet-orchestration-prod-rehearse-20261220T033000Z".to_owned(),
        origin: CertificateOrigin::Rehearsal(Percent::new(100)),
        region: region("us-west-1"),
        services: [of(fleet, 2, Some(start)), of(simulator, 0, None)].into(),
        waves: vec![wave],
        phases: vec![(MovePhase::Scale, 48_000)],
        slowest: Some(SlowestService {
            service: ServiceName::new(fleet).unwrap(),
            took_ms: 41_200,
            why: "its images took 29 s to pull".to_owned(),
        }),
        rto_ms: Some(221_000),
        findings: Vec::new(),
        document: "5f3a9c0d11e27b48".to_owned(),
    };
    let reason = format!("{fleet} runs {fleet}:8 now, and ran {fleet}:7 then");
    let standing = Some(CertificateStanding { verdict: StandingVerdict::Aging, reason });
    CertificateFacts { certificate: Box::new(certificate), standing }
}

/// It serves away from home.
pub(crate) fn away() -> FailoverFacts {
    let of = everything().into_iter().find(|it| it.pair.is_some()).unwrap();
    let state = of.pair.as_ref().unwrap().known().unwrap().clone();
    let api = "fleet/fleet-orchestration-fleet-service";
    FailoverFacts {
        estate: EstateName::new("fleet-orchestration").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        zone: of.zone,
        home: region("us-west-2"),
        standby: region("us-west-1"),
        regions: [
            (region("us-west-2"), here(0, "2026-12-24T00:19:26Z", "2026-12-23T13:43:00Z")),
            (region("us-west-1"), here(2, "2026-12-24T00:19:55Z", "2026-12-23T10:17:00Z")),
        ]
        .into(),
        pointer: Reading::Now(state.pointer),
        readiness: Reading::Now(state.readiness),
        certificate: Reading::Now(Some(certified())),
        last: Reading::Now(Some(moved())),
        questions: Vec::new(),
        plan: Reading::Now(plan(vec![count(api, 0, 2)])),
        took_seconds: Some(262),
        singletons: [(
            ServiceName::new("fleet-orchestration-car-simulator").unwrap(),
            "none declared: proved, else a person is asked".to_owned(),
        )]
        .into(),
        rto_seconds: Some(300),
        rpo_seconds: Some(1),
        traffic: Some(TrafficFacts {
            name: "fleet.example.com".to_owned(),
            how: Reading::Now("switch-object standby-serves is there, so us-west-1 answers".to_owned()),
            last_client_seconds: Some(90),
        }),
        reports: true,
    }
}

fn pointer(active: &str) -> Pointer {
    Pointer {
        active: region(active),
        since: at("2026-12-24T00:18:00Z"),
        epoch: 2,
        revision: 8,
        ..Pointer::at_home(&region("us-west-2"))
    }
}

/// It is on the way home, and its phase goes on.
pub(crate) fn moving() -> FailoverFacts {
    let mut of = away();
    let mut last = moved();
    (last.from, last.to, last.lost_since) = (last.to, last.from, None);
    last.header.started = at("2026-12-24T00:18:00Z");
    last.spells = vec![
        PhaseTiming {
            phase: MovePhase::Begin,
            began: at("2026-12-24T00:18:00Z"),
            ended: Some(at("2026-12-24T00:18:02Z")),
            waited_ms: 0,
            person_ms: 0,
        },
        PhaseTiming {
            phase: MovePhase::Scale,
            began: at("2026-12-24T00:18:02Z"),
            ended: None,
            waited_ms: 100_000,
            person_ms: 40_000,
        },
    ];
    (last.ending, last.phase) = (None, MovePhase::Scale);
    let to = region("us-west-2");
    let ongoing =
        OngoingMove { to, stage: MoveStage::Opening, open: [].into(), singletons: [].into(), serving: [].into() };
    of.pointer = Reading::Now(Pointer { moving: Some(ongoing), ..pointer("us-west-1") });
    of.last = Reading::Now(Some(last));
    of
}

/// Home is lost, and a person is asked.
pub(crate) fn asks() -> FailoverFacts {
    let mut of = away();
    of.pointer = Reading::Now(Pointer { revision: 0, epoch: 0, ..pointer("us-west-2") });
    of.certificate = Reading::Now(None);
    of.last = Reading::Now(None);
    of.questions = vec![OpenQuestion {
        id: "fleet-orchestration-prod-failover-20261224T001800Z".to_owned(),
        what: "us-west-2 is lost: move to us-west-1".to_owned(),
        why: "ECS does not answer within 3 s".to_owned(),
        asks: [
            (GuardrailCode::Failover, "the document says that a person confirms".to_owned()),
            (GuardrailCode::NotReady, "us-west-1 has no stream fleet-orchestration-job-events".to_owned()),
        ]
        .into(),
        mark: "5f3a9c0d11e27b48".to_owned(),
        asked: at("2026-12-24T00:18:00Z"),
        until: at("2026-12-24T00:48:00Z"),
    }];
    let home = of.regions.get_mut(&region("us-west-2")).unwrap();
    let why = || "no answer within 3 s".to_owned();
    home.observed = Reading::Unread { why: why() };
    home.alarms = Reading::Unread { why: why() };
    home.probe = Reading::Now(Some(ProbedPaths { asked: 3, failed: 3, since: Some(at("2026-12-24T00:15:04Z")) }));
    of
}

/// Neither the pointer nor the move, nor the other region, could be read.
pub(crate) fn unread() -> FailoverFacts {
    let mut of = away();
    let why = || "no answer within 3 s".to_owned();
    of.pointer = Reading::Unread { why: why() };
    of.readiness = Reading::Unread { why: why() };
    of.certificate = Reading::Unread { why: why() };
    of.last = Reading::Unread { why: why() };
    of.plan = Reading::Unread { why: why() };
    of.regions.remove(&region("us-west-1"));
    of
}
