//! What a document of the ledger is: a value that is kept as JSON, with a number that counts its writes where several may
//! write it, and the time until which it is kept.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_domain::backup;
use watchkeeper_domain::budget::AccountBudget;
use watchkeeper_domain::capacity::Baseline;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::reconcile::history::ScopeHistory;
use watchkeeper_domain::wake_page::WakeMemory;
use watchkeeper_window::report::DueReport;

use super::{RunRecord, ScopeStanding, ScopeView};
use crate::lease::Lease;
use crate::report::ReportChain;

/// How long an intent is kept after its expiry: long enough to answer for it after a long weekend.
pub const INTENT_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the record of a run is kept: as long as its execution's name stays taken (90 days, Step Functions quotas).
pub const RUN_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long an alarm is remembered after its newest change: longer than anybody looks back for what was made of it.
pub const ALARM_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long the record of a move is kept after its start: two years, so that a yearly test has the one before beside it.
pub const MOVE_KEPT: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// How long an observation for whoever looks is kept: a day, so that what cannot be read is shown as it was last.
pub const VIEW_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long the last press of a wake page is kept: longer than the day whose presses it counts.
pub const PRESS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The mark of a run that has ended, so that a query finds those that have not.
pub const OUTCOME: &str = "outcome";

/// A number beside a document, which each write raises and which counts only while the one before is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// What it is called.
    pub name: &'static str,
    /// The one that has to be there; 0: none.
    pub from: u64,
    /// The one that is there afterwards.
    pub to: u64,
}

/// A document of the ledger: a value that is kept as JSON.
pub trait Document: Serialize + DeserializeOwned {
    /// The form that this release writes, and the newest that it reads. Who changes what a document means, so that an older
    /// release would misread it, raises this: the older one then refuses it by its name.
    const FORM: u64 = 1;

    /// Until when it is kept; `None` is for ever.
    fn expiry(&self) -> Option<Timestamp> {
        None
    }

    /// What a query may look for beside it, by its name.
    fn mark(&self) -> Option<(&'static str, String)> {
        None
    }

    /// The number that a write of it raises.
    fn number(&self, from: u64) -> Number {
        Number { name: "version", from, to: from + 1 }
    }
}

impl Document for Baseline {}
impl Document for ScopeStanding {}
impl Document for ScopeHistory {}
impl Document for HaltSwitch {}
impl Document for Heartbeat {}
impl Document for RegionSample {}
impl Document for WatchState {}
impl Document for CapacityCertificate {}
impl Document for backup::BackupMemory {}
impl Document for AccountBudget {}
impl Document for DueReport {}
impl Document for ReportChain {}

impl Document for Lease {
    /// Its generation, which every other write of a run has a condition on.
    fn number(&self, from: u64) -> Number {
        Number { name: "generation", from, to: self.generation }
    }
}

impl Document for Pointer {
    fn number(&self, from: u64) -> Number {
        Number { name: "revision", from, to: self.revision }
    }
}

impl Document for Intent {
    fn expiry(&self) -> Option<Timestamp> {
        self.expires.map(|expires| after(expires, INTENT_KEPT))
    }
}

impl Document for AlarmMemory {
    fn expiry(&self) -> Option<Timestamp> {
        self.newest.map(|(at, _)| at).max(self.missed).map(|at| after(at, ALARM_KEPT))
    }
}

impl Document for RunRecord {
    fn expiry(&self) -> Option<Timestamp> {
        Some(after(self.header.started, RUN_KEPT))
    }

    fn mark(&self) -> Option<(&'static str, String)> {
        self.outcome.map(|outcome| (OUTCOME, outcome.to_string()))
    }
}

impl Document for ScopeView {
    fn expiry(&self) -> Option<Timestamp> {
        Some(after(self.at, VIEW_KEPT))
    }
}

impl Document for WakeMemory {
    fn expiry(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|last| after(last.at, PRESS_KEPT))
    }
}

impl Document for backup::BackupRun {
    fn expiry(&self) -> Option<Timestamp> {
        Some(after(self.header.started, RUN_KEPT))
    }
}

impl Document for Move {
    fn expiry(&self) -> Option<Timestamp> {
        Some(after(self.header.started, MOVE_KEPT))
    }
}

fn after(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
