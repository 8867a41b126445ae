//! What the runs of a scope came to, and how long it has slept: what a page about it shows without reading each record.

mod asleep;
mod savings;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run::{RunOutcome, RunRecord};
use crate::intent::{DesiredState, Intent, Layer, PlacedService};
use crate::value::ProfileName;
use crate::violation::Severity;

pub use asleep::{AsleepTime, MONTHS_MAX, Month};
pub use savings::{MonthAsleep, SavingsMemory, would_save};

/// The most endings that are kept: a month of nights and mornings of one environment, in an item of some 15 KB.
pub const ENDINGS_MAX: usize = 60;

/// The most halts that are kept: more than anybody sets in the day that a page shows.
pub const HALTS_MAX: usize = 20;

/// The longest reason that is kept, in characters: the whole one is in the record of the run.
pub const REASON_MAX: usize = 120;

/// The endings of the newest runs of a scope, and its time asleep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeHistory {
    /// The endings, oldest first. Runs that came to the same bad news one after the other are one ending.
    #[serde(default)]
    pub endings: Vec<RunEnding>,
    /// How long the scope has been asleep.
    #[serde(default)]
    pub asleep: AsleepTime,
    /// The newest halts that are over, oldest first: of the scope alone, and of everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub halts: Vec<PastHalt>,
}

/// A halt that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PastHalt {
    /// Since when no run wrote.
    pub since: Timestamp,
    /// When it was lifted, or another one took its place.
    pub until: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunEnding {
    /// When it began; of several with the same bad news, when the newest did.
    pub began: Timestamp,
    /// When it ended; of several with the same bad news, when the first did.
    pub at: Timestamp,
    /// When the newest with the same bad news ended, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Timestamp>,
    /// What the scope was to be.
    pub target: TargetState,
    /// The layer that the run spoke for.
    pub layer: Layer,
    /// Why, in at most [`REASON_MAX`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Writes to AWS that succeeded.
    pub writes: u32,
    /// The error that ended it, else the first guardrail that stopped it or found something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The run; of several with the same bad news, the newest.
    pub run: String,
    /// The mark of bad news ([`RunRecord::mark`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// What a scope was to be, in a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    /// At its baseline.
    Awake,
    /// No task, no running database.
    Asleep,
    /// At a profile of an emergency.
    At(ProfileName),
    /// Half of a pair, which serves.
    Serving,
    /// Half of a pair, of which no service runs here.
    StandingBy,
}

impl TargetState {
    /// Of the intents behind a target, the first in the document's order first; without any the baseline is given back.
    pub fn of(deciding: &[Intent]) -> Self {
        match deciding.first().map(|intent| &intent.want) {
            None | Some(DesiredState::Awake) => Self::Awake,
            Some(DesiredState::Asleep) => Self::Asleep,
            Some(DesiredState::Scaled(requested)) => Self::At(requested.profile.clone()),
            Some(DesiredState::Placed(placement)) => {
                let mut services = placement.services.values();
                let down = !placement.services.is_empty() && services.all(|placed| *placed == PlacedService::Down);
                if down { Self::StandingBy } else { Self::Serving }
            }
        }
    }
}

impl fmt::Display for TargetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Awake => f.write_str("awake"),
            Self::Asleep => f.write_str("asleep"),
            Self::At(profile) => write!(f, "at {profile}"),
            Self::Serving => f.write_str("serving"),
            Self::StandingBy => f.write_str("standing by"),
        }
    }
}

impl RunEnding {
    /// Of a run that ended at `now`; nothing while it goes on.
    fn of(run: &RunRecord, now: Timestamp) -> Option<Self> {
        // Of several as severe, the first.
        let stopping = run.violations.iter().rev().max_by_key(|violation| violation.severity);
        let guardrail = stopping.filter(|it| it.severity > Severity::Warn || run.outcome == Some(RunOutcome::Drift));
        let error = run.error.as_ref().map(|error| error.name.clone());
        let reason = run.cause.as_ref().or_else(|| run.deciding.first().map(|intent| &intent.reason));
        Some(Self {
            began: run.header.started,
            at: now,
            again: None,
            target: TargetState::of(&run.deciding),
            layer: run.layer,
            reason: reason.map(|reason| reason.chars().take(REASON_MAX).collect()).unwrap_or_default(),
            outcome: run.outcome?,
            writes: run.writes,
            code: error.or_else(|| guardrail.map(|violation| violation.code.name().to_owned())),
            run: run.header.id.clone(),
            mark: run.mark(),
        })
    }

    /// Whether the run left its scope as it was to be, but for what could not be changed.
    pub fn reached(&self) -> bool {
        matches!(self.outcome, RunOutcome::Done | RunOutcome::PartlyDone)
    }
}

impl ScopeHistory {
    /// The same once a run has ended, at `now`. A run that goes on adds nothing.
    pub fn note(&mut self, run: &RunRecord, now: Timestamp) {
        let Some(ending) = RunEnding::of(run, now) else { return };
        let verified = ending.outcome == RunOutcome::Done && ending.target == TargetState::Asleep;
        self.asleep.note(verified, run.header.started, now);
        match self.endings.last_mut().filter(|last| last.mark.is_some() && last.mark == ending.mark) {
            Some(last) => (last.again, last.began, last.run) = (Some(now), ending.began, ending.run),
            None => self.endings.push(ending),
        }
        let surplus = self.endings.len().saturating_sub(ENDINGS_MAX);
        self.endings.drain(..surplus);
    }

    /// The same once a halt is over. Said again, it is the same halt.
    pub fn note_halt(&mut self, since: Timestamp, until: Timestamp) {
        self.halts.retain(|halt| halt.since != since);
        self.halts.push(PastHalt { since, until });
        let surplus = self.halts.len().saturating_sub(HALTS_MAX);
        self.halts.drain(..surplus);
    }

    /// The same once the record of a dead run is closed, at `now`. If a later one has ended since, that one says how the scope
    /// is, and nothing is added.
    pub fn note_closed(&mut self, run: &RunRecord, now: Timestamp) {
        let newest = self.endings.last().map(|last| last.again.unwrap_or(last.at));
        if newest.is_none_or(|newest| newest <= run.header.started) {
            self.note(run, now);
        }
    }

    /// The bad news of the last run, and since when it has been the same; nothing where that reached its target.
    pub fn trouble(&self) -> Option<&RunEnding> {
        self.endings.last().filter(|last| last.mark.is_some())
    }

    /// What was reached last, and since when it has been that.
    pub fn reached(&self) -> Option<(&TargetState, Timestamp)> {
        let mut reached = self.endings.iter().rev().filter(|ending| ending.reached());
        let last = reached.next()?;
        let same = reached.take_while(|ending| ending.target == last.target);
        Some((&last.target, same.last().map_or(last.at, |first| first.at)))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
