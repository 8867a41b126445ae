//! Certificates of capacity: what the standby was seen to start, how fast, and what follows from it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::TaskDefinition;
use crate::estate::{Failover, FencePolicy};
use crate::failover::fence::{SKEW, SWITCH_TIME};
use crate::failover::{Move, MoveEnding, MovePhase, expected};
use crate::name::{Region, ServiceName};
use crate::value::{Duration, Percent};

/// The time until a loss is known, which no rehearsal has: a tick of a minute, and three probes that time out after it.
const DETECTION: SignedDuration = SignedDuration::from_secs(80);

/// From which part of a task's start the image counts as what makes it slow.
const MOSTLY: i64 = 2;

/// A wave, and how long its own hand took to bring it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WaveTiming {
    /// Its services.
    pub services: Vec<ServiceName>,
    /// When it was asked for first.
    pub began: Timestamp,
    /// When it stood; `None` while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

impl WaveTiming {
    /// How long it took, in milliseconds, once it stood.
    pub fn took_ms(&self) -> Option<i64> {
        self.ended.map(|ended| milliseconds(ended.duration_since(self.began)))
    }
}

/// How the slowest task of a service started, as ECS tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TaskStart {
    /// From its creation until it ran, in milliseconds.
    pub took_ms: i64,
    /// How much of that the images took, in milliseconds, where ECS tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_ms: Option<i64>,
}

/// What was seen of a service when the region was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlacedTasks {
    /// Tasks that ran.
    pub running: u32,
    /// The task definition that they ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<TaskDefinition>,
    /// How its slowest task started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<TaskStart>,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateOrigin {
    /// A rehearsal of this share.
    Rehearsal(Percent),
    /// A move that ended.
    Move,
}

/// A service in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CertifiedService {
    /// Tasks of the document's `failover.capacity`.
    pub declared: u32,
    /// Tasks that were to start; none of a singleton, of which only the definition, the images and the quota are looked at.
    pub wanted: u32,
    /// Tasks that ran.
    pub placed: u32,
    /// Its task definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<TaskDefinition>,
    /// How its slowest task started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<TaskStart>,
}

/// The service whose task started last, and what made it slow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SlowestService {
    /// Which.
    pub service: ServiceName,
    /// From the creation of the task until it ran, in milliseconds.
    pub took_ms: i64,
    /// What took most of it.
    pub why: String,
}

/// What a region was seen to start, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CapacityCertificate {
    /// When it was given.
    pub at: Timestamp,
    /// The execution that earned it.
    pub by: String,
    /// What that was.
    pub origin: CertificateOrigin,
    /// The region.
    pub region: Region,
    /// Each service of the document.
    pub services: BTreeMap<ServiceName, CertifiedService>,
    /// The waves, in order.
    pub waves: Vec<WaveTiming>,
    /// The phases, in order, in milliseconds.
    pub phases: Vec<(MovePhase, i64)>,
    /// The service that was slowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest: Option<SlowestService>,
    /// The time to recover that was measured, or that follows from it with what no rehearsal does; in milliseconds. Nothing where
    /// it did not come up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_ms: Option<i64>,
    /// What a failover would have stumbled over; it proves nothing then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// The mark of the document's `failover`.
    pub document: String,
}

impl CapacityCertificate {
    /// What a rehearsal, or a move to the standby, has proved; nothing of one that was refused, given over or never began.
    pub fn of(record: &Move, failover: &Failover, standby: &Region, now: Timestamp) -> Option<Self> {
        let ending = record.ending.filter(|_| record.to == *standby)?;
        let rehearsal = record.rehearsal.as_ref();
        let counts = match (rehearsal, ending) {
            (Some(rehearsal), MoveEnding::Done | MoveEnding::Compensated | MoveEnding::Held) => {
                rehearsal.handed_over.is_none()
            }
            (None, MoveEnding::Done) => true,
            (None, MoveEnding::Compensated | MoveEnding::Held) => !record.wave_times.is_empty(),
            _ => false,
        };
        if !counts {
            return None;
        }
        let services: BTreeMap<ServiceName, CertifiedService> = failover
            .capacity
            .iter()
            .map(|(name, declared)| (name.clone(), certified(record, name, *declared)))
            .collect();
        let mut findings = rehearsal.map_or_else(Vec::new, |rehearsal| rehearsal.findings.clone());
        findings
            .extend(record.failure.iter().filter(|failure| !findings.contains(failure)).cloned().collect::<Vec<_>>());
        let rto_ms = findings.is_empty().then(|| record.rto_ms().or_else(|| Some(follows(record, failover)))).flatten();
        let promised = failover.rto.signed();
        if let Some(rto) = rto_ms.map(SignedDuration::from_millis).filter(|rto| *rto > promised) {
            findings.push(format!("an RTO of {rto:#} follows, promised {promised:#}"));
        }
        Some(Self {
            at: now,
            by: record.header.id.clone(),
            origin: rehearsal.map_or(CertificateOrigin::Move, |it| CertificateOrigin::Rehearsal(it.share)),
            region: record.to.clone(),
            slowest: slowest(&services),
            services,
            waves: record.wave_times.clone(),
            phases: record.phases(now).into_iter().map(|(phase, took, _)| (phase, took)).collect(),
            rto_ms,
            findings,
            document: mark(failover),
        })
    }

    /// Whether it proves what it is about.
    pub fn is_green(&self) -> bool {
        self.findings.is_empty()
    }

    /// How long a wave of these services took, in milliseconds: the slowest of the waves that they were in.
    pub fn wave_ms(&self, services: &[ServiceName]) -> Option<i64> {
        let shared = self.waves.iter().filter(|wave| wave.services.iter().any(|service| services.contains(service)));
        shared.filter_map(WaveTiming::took_ms).max()
    }

    /// How long a phase took, in milliseconds.
    pub fn phase_ms(&self, phase: MovePhase) -> Option<i64> {
        self.phases.iter().find(|(of, _)| *of == phase).map(|(_, took)| *took)
    }
}

fn certified(record: &Move, name: &ServiceName, declared: u32) -> CertifiedService {
    let placed = record.placed.get(name);
    CertifiedService {
        declared,
        wanted: record.serving.get(name).map_or(0, |figures| figures.desired),
        placed: placed.map_or(0, |placed| placed.running),
        definition: placed.and_then(|placed| placed.definition.clone()),
        start: placed.and_then(|placed| placed.start),
    }
}

/// The time to recover that follows from a rehearsal: what it measured, and what it does not do. A dead man's switch has its time
/// beside the start of the rest.
fn follows(record: &Move, failover: &Failover) -> i64 {
    let times = record.phases(record.spells.last().map_or(record.header.started, |spell| spell.began));
    let of = |phase: MovePhase| times.iter().find(|(found, ..)| *found == phase).map_or(0, |(_, took, _)| *took);
    let switches = failover.singletons.iter().filter(|singleton| singleton.fence == Some(FencePolicy::DeadMan));
    let silence = switches.filter_map(|singleton| singleton.silence).map(Duration::signed).max();
    let fence = silence.map_or(0, |silence| milliseconds(silence.saturating_add(SWITCH_TIME).saturating_add(SKEW)));
    let own = of(MovePhase::Assess) + of(MovePhase::Scale).max(fence) + of(MovePhase::Verify);
    milliseconds(DETECTION.saturating_add(expected(&failover.traffic))) + own
}

fn slowest(services: &BTreeMap<ServiceName, CertifiedService>) -> Option<SlowestService> {
    let started = services.iter().filter_map(|(name, service)| Some((name, service.start?)));
    let (service, TaskStart { took_ms, pull_ms }) = started.max_by_key(|(_, start)| start.took_ms)?;
    let why = match pull_ms {
        Some(pull) if pull * MOSTLY >= took_ms => format!("its images took {} s to pull", pull / 1000),
        Some(pull) => format!("its images took {} s, the rest is placement and its own start", pull / 1000),
        None => "ECS does not tell how long its images took".to_owned(),
    };
    Some(SlowestService { service: service.clone(), took_ms, why })
}

/// A mark of what a document says of failovers, as far as capacity goes.
pub(super) fn mark(failover: &Failover) -> String {
    use std::hash::{Hash as _, Hasher as _};
    let mut hash = fnv::FnvHasher::default();
    failover.capacity.hash(&mut hash);
    for singleton in &failover.singletons {
        singleton.service.hash(&mut hash);
    }
    format!("{:016x}", hash.finish())
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
