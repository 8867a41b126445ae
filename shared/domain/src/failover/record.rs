//! The record of a move: what was decided on the way, and how long each phase took.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::event_sources::SourceMove;
use super::own_steps::OwnStepRun;
use super::phase::{MoveEnding, MovePhase};
use super::plan::MoveFacts;
use super::pointer::Serving;
use super::protection::MoveProtection;
use super::rehearsal::{CapacityCertificate, PlacedTasks, Rehearsal, WaveTiming};
use crate::estate::{OwnStep, PairDatabase};
use crate::name::{MachineName, Region, ServiceName};
use crate::order::StartOrder;
use crate::request::RunTrigger;
use crate::run::RunHeader;
use crate::violation::GuardrailCode;

/// A phase that was gone through, or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PhaseTiming {
    /// The phase that was timed.
    pub phase: MovePhase,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Timestamp>,
    /// How much of it was waiting for something else than this program: tasks, health checks, people; in milliseconds.
    pub waited_ms: i64,
    /// How much of the waiting was for a person; in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub person_ms: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
fn is_zero(milliseconds: &i64) -> bool {
    *milliseconds == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
fn is_none_yet(number: &u32) -> bool {
    *number == 0
}

impl PhaseTiming {
    /// How long it took; until now, while it goes on.
    pub fn took(&self, now: Timestamp) -> SignedDuration {
        self.ended.unwrap_or(now).duration_since(self.began)
    }
}

/// What a move waits for between two of its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MovePause {
    /// Since when.
    pub since: Timestamp,
    /// For what.
    pub kind: PauseKind,
}

/// For what a move waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseKind {
    /// For so many seconds, before it looks again.
    Look(i64),
    /// For a child, by the suffix of its name.
    Child(String),
    /// For a person, who was asked about these guardrails.
    Person(BTreeSet<GuardrailCode>),
}

/// The record of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and part of what is stored")]
pub struct Move {
    /// Which run, and how it went.
    #[serde(flatten)]
    pub header: RunHeader,
    /// The execution whose move it goes on with, where it took one over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir_of: Option<String>,
    /// The region that is left.
    pub from: Region,
    /// The region that is to serve.
    pub to: Region,
    /// Whether both regions take part and nothing may be lost.
    pub graceful: bool,
    /// What it is for, as messages say it.
    pub reason: String,
    /// Since when the active region was not reached, where that was the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<Timestamp>,
    /// The epoch of its pointer, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Where it stands.
    pub phase: MovePhase,
    /// Each phase that it went through, in order.
    pub spells: Vec<PhaseTiming>,
    /// What the new region is to run; empty on the way home.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub serving: Serving,
    /// Services in the order in which they open; singletons last.
    pub waves: Vec<Vec<ServiceName>>,
    /// The wave that is opened next, or is on its way.
    pub wave: usize,
    /// How often a child was started for what is on its way; part of its name.
    pub tries: u32,
    /// Children that failed in a row.
    #[serde(default)]
    pub failed_children: u32,
    /// Whether a child has closed what was opened, on the way back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looked_back: bool,
    /// When each wave was asked for, and when it stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wave_times: Vec<WaveTiming>,
    /// What was seen of each service when the new region was verified.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub placed: BTreeMap<ServiceName, PlacedTasks>,
    /// What a rehearsal is beside that; `None` of a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Box<Rehearsal>>,
    /// The certificate that the region had when it was planned: the times that are expected are from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<Box<CapacityCertificate>>,
    /// The certificate that it has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<CapacityCertificate>>,
    /// What it was planned by, last; kept where its stack keeps reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<MoveFacts>>,
    /// Guardrails that ask, each with its reason, that nobody has answered yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asks: BTreeMap<GuardrailCode, String>,
    /// The person who answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The revision of the pointer when the move was asked for: what a person approves is about the pair as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Whether the region that is left answered when the move was first assessed: what was approved beforehand is no word
    /// about a loss that began after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// The person whose word the fence has: an answer to its own question, or what came with a take-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// Whether a question was put again because nobody had signed the answer to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// A person's no, as it was answered; what nobody answered is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Databases that were promoted, or are being: they go back with the move, whatever the document says by then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub promoted: BTreeSet<PairDatabase>,
    /// The singletons of which the home had said, when the move began, that their dead man's switches are armed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub switches: BTreeSet<ServiceName>,
    /// When the fence was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced_since: Option<Timestamp>,
    /// When the fence was looked at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence_looked: Option<Timestamp>,
    /// Since when the other region has not answered; `None` when it did the last time that it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
    /// When the other region's hand was asked to look last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudged: Option<Timestamp>,
    /// When traffic was pointed to the new region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Timestamp>,
    /// Whether something was promoted that cannot be taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub irreversible: bool,
    /// The most that may have been lost: the lag when it was last measured, or the age of that measurement; in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// The estate's own steps, as the document had them when the move began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<OwnStep>,
    /// Runs of the estate's own steps, in the order in which they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_steps: Vec<OwnStepRun>,
    /// The event sources that move with it, as they were found when the region that is left was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceMove>,
    /// The number of the last word that it has heard; 0 before the first.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub heard: u32,
    /// Whether a person wants it held where it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
    /// Optional steps of the estate's own that a person leaves out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<MachineName>,
    /// Phases that it was to be held before, and a person has let it go on to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub passed: BTreeSet<MovePhase>,
    /// Whether what a move that is done has cost is made good; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<MoveProtection>,
    /// What it waits for between two steps, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<MovePause>,
    /// Why it goes back or is held, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How it ended; `None` while it goes on.
    pub ending: Option<MoveEnding>,
}

impl Move {
    /// A move that begins in a phase.
    pub fn new(id: &str, from: &Region, to: &Region, phase: MovePhase, now: Timestamp) -> Self {
        Self {
            header: RunHeader::new(id, RunTrigger::Human, now),
            heir_of: None,
            from: from.clone(),
            to: to.clone(),
            graceful: false,
            reason: String::new(),
            lost_since: None,
            epoch: None,
            phase,
            spells: vec![PhaseTiming { phase, began: now, ended: None, waited_ms: 0, person_ms: 0 }],
            serving: Serving::new(),
            waves: Vec::new(),
            wave: 0,
            tries: 0,
            failed_children: 0,
            looked_back: false,
            wave_times: Vec::new(),
            placed: BTreeMap::new(),
            rehearsal: None,
            proved: None,
            certificate: None,
            facts: None,
            asks: BTreeMap::new(),
            by: None,
            revision: None,
            answered: None,
            word: None,
            again: false,
            refused: None,
            promoted: BTreeSet::new(),
            switches: BTreeSet::new(),
            fenced_since: None,
            fence_looked: None,
            silent_since: None,
            nudged: None,
            switched: None,
            irreversible: false,
            lag_ms: None,
            steps: Vec::new(),
            own_steps: Vec::new(),
            sources: Vec::new(),
            heard: 0,
            hold: false,
            skipped: BTreeSet::new(),
            passed: BTreeSet::new(),
            protection: None,
            pause: None,
            failure: None,
            ending: None,
        }
    }

    /// Goes on to a phase.
    pub fn enter(&mut self, phase: MovePhase, now: Timestamp) {
        if let Some(spell) = self.spells.last_mut() {
            spell.ended.get_or_insert(now);
        }
        self.spells.push(PhaseTiming { phase, began: now, ended: None, waited_ms: 0, person_ms: 0 });
        self.phase = phase;
    }

    /// Ends it.
    pub fn end(&mut self, ending: MoveEnding, now: Timestamp) {
        self.enter(MovePhase::Over, now);
        self.ending = Some(ending);
    }

    /// The next wave is asked for; a second time changes nothing.
    pub fn begin_wave(&mut self, now: Timestamp) {
        let Some(services) = self.waves.get(self.wave).filter(|_| self.wave_times.len() <= self.wave) else { return };
        self.wave_times.push(WaveTiming { services: services.clone(), began: now, ended: None });
    }

    /// The wave stands.
    pub fn end_wave(&mut self, now: Timestamp) {
        if let Some(timing) = self.wave_times.get_mut(self.wave) {
            timing.ended.get_or_insert(now);
        }
        self.wave += 1;
        self.failed_children = 0;
    }

    /// Why a person is asked, if one is: what the guardrails that ask have found.
    pub fn asked(&self) -> String {
        self.asks.values().cloned().collect::<Vec<_>>().join("; ")
    }

    /// The other region was asked, and answered or did not.
    pub fn asked_other(&mut self, answered: bool, now: Timestamp) {
        self.silent_since = (!answered).then(|| self.silent_since.unwrap_or(now));
    }

    /// How long a person was waited for in all of its phases, in milliseconds.
    pub fn person_ms(&self) -> i64 {
        self.spells.iter().map(|spell| spell.person_ms).sum()
    }

    /// Adds waiting for a person to the phase that goes on.
    pub fn waited_for_person(&mut self, milliseconds: i64) {
        self.waited(milliseconds);
        if let Some(spell) = self.spells.last_mut() {
            spell.person_ms += milliseconds;
        }
    }

    /// Adds waiting to the phase that goes on.
    pub fn waited(&mut self, milliseconds: i64) {
        if let Some(spell) = self.spells.last_mut() {
            spell.waited_ms += milliseconds;
        }
    }

    /// The times of the phases that it went through, each once, in order, with the waiting in them, in milliseconds. Phases
    /// after the end are left out.
    pub fn phases(&self, now: Timestamp) -> Vec<(MovePhase, i64, i64)> {
        let mut times: Vec<(MovePhase, i64, i64)> = Vec::new();
        for spell in self.spells.iter().filter(|spell| spell.phase != MovePhase::Over) {
            let took = i64::try_from(spell.took(now).as_millis()).unwrap_or(i64::MAX);
            match times.iter_mut().find(|(phase, ..)| *phase == spell.phase) {
                Some((_, sum, waited)) => (*sum, *waited) = (*sum + took, *waited + spell.waited_ms),
                None => times.push((spell.phase, took, spell.waited_ms)),
            }
        }
        times
    }

    /// The time to recover: from the loss, or from the beginning where nothing was lost, to the moment at which people
    /// reached the new region, in milliseconds; `None` until then.
    pub fn rto_ms(&self) -> Option<i64> {
        let reached =
            self.spells.iter().filter(|spell| spell.phase == MovePhase::Outside).find_map(|spell| spell.ended)?;
        let took = reached.duration_since(self.lost_since.unwrap_or(self.header.started));
        Some(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
    }

    /// This program's own share of the time from the beginning until people reached the new region, in milliseconds:
    /// everything but the waiting.
    pub fn own_ms(&self, now: Timestamp) -> i64 {
        let counted = self.phases(now).into_iter().filter(|(phase, ..)| *phase <= MovePhase::Outside);
        counted.map(|(_, took, waited)| (took - waited).max(0)).sum()
    }
}

/// The waves of a move: those of the environment's order, then what it does not name, and the singletons last of all. A document
/// from before environments had an order has the waves beside the rest of its failover.
pub fn waves(order: &StartOrder, failover: &crate::estate::Failover) -> Vec<Vec<ServiceName>> {
    let single = |service: &ServiceName| failover.singletons.iter().any(|singleton| singleton.service == *service);
    let mut waves: Vec<Vec<ServiceName>> = if order.is_empty() { failover.waves.clone() } else { order.waves.clone() };
    let named: BTreeSet<ServiceName> = waves.iter().flatten().cloned().collect();
    waves.push(failover.capacity.keys().filter(|service| !named.contains(service)).cloned().collect());
    for wave in &mut waves {
        wave.retain(|service| !single(service));
    }
    waves.push(failover.singletons.iter().map(|singleton| singleton.service.clone()).collect());
    waves.retain(|wave| !wave.is_empty());
    waves
}
