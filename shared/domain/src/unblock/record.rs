//! The record of a run: where it is, what it freed, and what it found. It is all that a run has between two steps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Blocker, EscalationNews, FindingList, FindingSource, FreedCapacity, HeldLocks, LockFigures, OwnFigures,
    PreviousFigures, QueueFigures, StuckItem, UnblockFinding, WipViolation,
};
use crate::estate::Unblock;
use crate::request::{RunMode, RunTrigger};
use crate::run::RunHeader;

/// The most items of a kind that a record names; the rest is counted.
const NAMED: usize = 200;

/// What a run does now. Each stage reads one source; what cannot be read never keeps the next from its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnblockStage {
    /// It puts back what an earlier run released.
    Undo,
    /// It reads and releases locks.
    Locks,
    /// It reads what blocks.
    Blockers,
    /// It looks at the queue with this number.
    Queue(usize),
    /// It looks after our own.
    Own,
    /// It looks at deployments.
    Deployments,
    /// It tells.
    Report,
}

impl UnblockStage {
    /// Where something that goes wrong at this stage was found.
    pub fn source(self) -> FindingSource {
        match self {
            Self::Undo | Self::Locks => FindingSource::Locks,
            Self::Blockers => FindingSource::Blockers,
            Self::Queue(_) => FindingSource::Queues,
            Self::Own => FindingSource::Own,
            Self::Deployments => FindingSource::Deployments,
            Self::Report => FindingSource::Report,
        }
    }
}

/// What a run is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnblockKind {
    /// To free what is stuck.
    Free,
    /// To put back what an earlier run released: all of it, or one lock.
    Undo {
        /// The earlier run.
        of: String,
        /// The lock, as `pod/item`.
        lock: Option<String>,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnblockEnd {
    /// It looked at everything.
    Done,
    /// It did what it could; something could not be read or written, or had to be cut short.
    Partly,
}

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnblockRecord {
    /// Which run, and how it went.
    #[serde(flatten)]
    pub header: RunHeader,
    /// The instant that it was due at, or was started at by a person.
    pub instant: Timestamp,
    /// Whether it may write.
    pub mode: RunMode,
    /// Why it only plans, where it was asked for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<String>,
    /// What it is for.
    pub kind: UnblockKind,
    /// What it does now.
    pub stage: UnblockStage,
    /// Where in the source of that stage it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many pages of releases it has written.
    #[serde(default)]
    pub pages: u32,
    /// Locks.
    #[serde(default)]
    pub locks: LockFigures,
    /// Releases that were written down, whatever came of them: what counts for the limit of one run.
    #[serde(default)]
    pub tried: u32,
    /// Writes that failed in a row: after a few it stops trying.
    #[serde(default)]
    pub failures: u32,
    /// What is held.
    #[serde(default)]
    pub held: HeldLocks,
    /// What was freed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freed: Vec<FreedCapacity>,
    /// Pods over their limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<WipViolation>,
    /// What blocks: the oldest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
    /// What blocks beside them.
    #[serde(default)]
    pub more_blockers: u32,
    /// Whether all that blocks was read.
    #[serde(default)]
    pub blockers_complete: bool,
    /// What nobody touches: the oldest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<StuckItem>,
    /// What nobody touches beside them.
    #[serde(default)]
    pub more_stuck: u32,
    /// Queues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueFigures>,
    /// Our own.
    #[serde(default)]
    pub own: OwnFigures,
    /// Findings.
    #[serde(default)]
    pub findings: FindingList,
    /// What is news about what blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news: Option<EscalationNews>,
    /// The figures of the run before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<PreviousFigures>,
    /// Whether it is decided what is news.
    #[serde(default)]
    pub decided: bool,
    /// Whether people are told.
    #[serde(default)]
    pub told: bool,
    /// How it ended, and when; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<(UnblockEnd, Timestamp)>,
}

impl UnblockRecord {
    /// The record of a run that begins.
    pub fn new(
        id: &str,
        trigger: RunTrigger,
        instant: Timestamp,
        now: Timestamp,
        mode: RunMode,
        kind: UnblockKind,
    ) -> Self {
        let stage = if kind == UnblockKind::Free { UnblockStage::Locks } else { UnblockStage::Undo };
        Self {
            header: RunHeader::new(id, trigger, now),
            instant,
            mode,
            held_back: None,
            kind,
            stage,
            cursor: None,
            pages: 0,
            locks: LockFigures::default(),
            tried: 0,
            failures: 0,
            held: HeldLocks::default(),
            freed: Vec::new(),
            violations: Vec::new(),
            blockers: Vec::new(),
            more_blockers: 0,
            blockers_complete: false,
            stuck: Vec::new(),
            more_stuck: 0,
            queues: Vec::new(),
            own: OwnFigures::default(),
            findings: FindingList::default(),
            news: None,
            before: None,
            decided: false,
            told: false,
            end: None,
        }
    }

    /// Whether it may write.
    pub fn applies(&self) -> bool {
        self.mode == RunMode::Apply
    }

    /// Notes something that a person has to look at, where the run is now.
    pub fn note(
        &mut self,
        code: &str,
        subject: &(impl ToString + ?Sized),
        detail: impl Into<String>,
        since: Option<Timestamp>,
    ) {
        let (code, subject) = (code.to_owned(), subject.to_string());
        self.findings.note(UnblockFinding { source: self.stage.source(), code, subject, detail: detail.into(), since });
    }

    /// Goes on to what follows.
    pub fn next_stage(&mut self, section: Option<&Unblock>) {
        let queues = section.map_or(0, |section| section.queues.len());
        self.cursor = None;
        self.failures = 0;
        self.stage = match self.stage {
            UnblockStage::Undo | UnblockStage::Deployments | UnblockStage::Report => UnblockStage::Report,
            UnblockStage::Locks => UnblockStage::Blockers,
            UnblockStage::Blockers if queues > 0 => UnblockStage::Queue(0),
            UnblockStage::Queue(number) if number + 1 < queues => UnblockStage::Queue(number + 1),
            UnblockStage::Blockers | UnblockStage::Queue(_) => UnblockStage::Own,
            UnblockStage::Own => UnblockStage::Deployments,
        };
    }

    /// Adds what blocks, and keeps the oldest.
    pub fn add_blocker(&mut self, blocker: Blocker) {
        self.blockers.push(blocker);
        self.blockers.sort_by(|one, other| (one.since, &one.item).cmp(&(other.since, &other.item)));
        if self.blockers.len() > NAMED {
            self.blockers.truncate(NAMED);
            self.more_blockers += 1;
        }
    }

    /// Adds what nobody touches, and keeps the oldest.
    pub fn add_stuck(&mut self, stuck: StuckItem) {
        self.stuck.push(stuck);
        self.stuck.sort_by(|one, other| (one.activity, &one.item).cmp(&(other.activity, &other.item)));
        if self.stuck.len() > NAMED {
            self.stuck.truncate(NAMED);
            self.more_stuck += 1;
        }
    }

    /// Counts what was freed, by pod and type.
    pub fn add_freed(&mut self, pod: &str, lock_type: &str) {
        let room = self.freed.len() < NAMED;
        let mut known = self.freed.iter_mut();
        if let Some(freed) = known.find(|freed| freed.pod == pod && freed.lock_type == lock_type) {
            freed.locks += 1;
        } else if room {
            self.freed.push(FreedCapacity { pod: pod.to_owned(), lock_type: lock_type.to_owned(), locks: 1 });
        }
    }

    /// The figures that the next run is compared with.
    pub fn figures(&self) -> PreviousFigures {
        let count = |kept: usize, more: u32| u32::try_from(kept).unwrap_or(u32::MAX).saturating_add(more);
        PreviousFigures {
            run: self.header.id.clone(),
            left: self.locks.expired + self.locks.finished,
            violations: count(self.violations.len(), 0),
            blockers: count(self.blockers.len(), self.more_blockers),
            stuck: count(self.stuck.len(), self.more_stuck),
            dead_letters: self.queues.iter().map(|queue| queue.waiting).sum(),
            findings: self.findings.count(),
        }
    }

    /// Everything that the run has freed, by what it is: nothing that is zero.
    pub fn done(&self) -> BTreeMap<&'static str, u32> {
        let sum = |figure: fn(&QueueFigures) -> u32| self.queues.iter().map(figure).sum::<u32>();
        let all = [
            ("locks released", self.locks.released),
            ("locks put back", self.locks.restored),
            ("dead letters sent again", sum(|queue| queue.redriven)),
            ("dead letters parked", sum(|queue| queue.parked)),
            ("leases of dead runs freed", self.own.leases),
            ("records of dead runs closed", self.own.runs),
            ("expired intents taken out", self.own.intents),
            ("unanswered questions ended", self.own.questions),
            ("reconcile runs started again", self.own.again),
        ];
        all.into_iter().filter(|(_, figure)| *figure > 0).collect()
    }
}
