//! What the ledger remembers of an alarm of an environment.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AlarmState, IgnoreReason};

/// How many changes and how many notes are remembered: more than any sensible `flap` asks for, and small.
const KEPT: usize = 50;

/// How far two times of one change may lie apart: less than the shortest period of an alarm, 10 s (CloudWatch user guide).
const SAME_CHANGE: SignedDuration = SignedDuration::from_secs(10);

/// How often a person is reminded of an alarm that does not exist: once a week.
const REMINDER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was made of one message about an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedMessage {
    /// The change that it was about.
    pub at: Timestamp,
    /// The state that it told of.
    pub state: AlarmState,
    /// What was made of it, and why.
    pub what: String,
}

/// What became of one thing that an alarm calls for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResponseRecord {
    /// The change about which the last word is spoken; about a veto, for one, it is not, for that may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Timestamp>,
    /// The change that was last answered with an execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
}

/// What is remembered of an alarm of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlarmMemory {
    /// The newest change that was seen, and the state since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<(Timestamp, AlarmState)>,
    /// When the alarm changed, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Timestamp>,
    /// What became of each thing that the alarm calls for, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, ResponseRecord>,
    /// What was made of the last messages, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NotedMessage>,
    /// When a person was told last that it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Timestamp>,
}

impl AlarmMemory {
    /// How many changes lie within `within` before an instant, that instant included.
    pub fn changes_within(&self, within: SignedDuration, instant: Timestamp) -> u32 {
        let since = instant.saturating_sub(within).unwrap_or(Timestamp::MIN);
        let recent = self.changes.iter().filter(|at| **at > since && **at <= instant).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    /// What became of something that the alarm calls for.
    pub(super) fn called(&self, what: &str) -> ResponseRecord {
        self.calls.get(what).copied().unwrap_or_default()
    }

    /// When the alarm went into ALARM, given that CloudWatch says `since`: an event and a description of the same change
    /// may differ by moments.
    pub fn change_at(&self, since: Timestamp) -> Timestamp {
        match self.newest {
            Some((at, AlarmState::Alarm)) if since.duration_since(at) < SAME_CHANGE => at,
            _ => since,
        }
    }

    /// The time of a change that a message tells of: where a description of the same change came first, that one's.
    pub fn same_change(&self, at: Timestamp, state: AlarmState) -> Timestamp {
        let known =
            self.newest.filter(|(known, before)| *before == state && at.duration_since(*known).abs() < SAME_CHANGE);
        known.map_or(at, |(known, _)| known)
    }

    /// Whether a change came while somebody held the alarm's actions back.
    pub fn was_held_back(&self, at: Timestamp) -> bool {
        self.notes.iter().any(|noted| noted.at == at && noted.what.ends_with(IgnoreReason::Suppressed.name()))
    }

    /// Whether a change was considered before for this, and was not too old then.
    pub(super) fn heard_in_time(&self, what: &str, at: Timestamp) -> bool {
        let stale = format!("{what}: ignored, {}", IgnoreReason::StaleEvent.name());
        let said = |noted: &&NotedMessage| noted.at == at && noted.what.starts_with(&format!("{what}: "));
        self.notes.iter().any(|noted| said(&noted))
            && !self.notes.iter().any(|noted| said(&noted) && noted.what == stale)
    }

    /// Whether a person is to hear that the alarm does not exist: at once, and again while it lasts.
    pub fn misses(&self, now: Timestamp) -> bool {
        self.missed.is_none_or(|told| now.duration_since(told) >= REMINDER)
    }

    /// Remembers a change.
    pub(super) fn learn(&mut self, at: Timestamp, state: AlarmState) {
        self.newest = Some((at, state));
        self.changes.push(at);
        keep_last(&mut self.changes);
    }

    /// Remembers what was made of a message; the same word about the same change is kept once.
    pub(super) fn note(&mut self, noted: NotedMessage) {
        if !self.notes.contains(&noted) {
            self.notes.push(noted);
            keep_last(&mut self.notes);
        }
    }
}

fn keep_last<T>(items: &mut Vec<T>) {
    let excess = items.len().saturating_sub(KEPT);
    items.drain(..excess);
}
