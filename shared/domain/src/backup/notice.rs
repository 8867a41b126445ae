//! How a resource's backup stands at the end of a run, and what a person should know of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{AttemptEnd, BackupMemory, BackupOutcome, BackupRun, BackupSource, Freshness, JobPolicy, SettledBackup};
use crate::name::Region;
use crate::request::RunTrigger;

/// How a resource stands, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupNotice<'a> {
    /// What the document says.
    pub policy: &'a JobPolicy,
    /// What is remembered.
    pub memory: &'a BackupMemory,
    /// When its backup was due.
    pub due: Timestamp,
    /// Findings beside it: a quota near its end.
    pub findings: Vec<String>,
}

impl BackupNotice<'_> {
    /// How it stands.
    pub fn outcome(&self) -> BackupOutcome {
        self.memory.outcome_of(self.due)
    }

    /// Whether it is worth a message by itself: how it ended, or that it began to wait. A failure is told when it is the
    /// first, and when it is the last: those between are tried again by themselves.
    pub fn is_news(&self, run: &BackupRun) -> bool {
        let parked = self.memory.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
        let between = self.memory.settled.as_ref().is_some_and(|it| it.tried > 0 && it.retry.is_some());
        match self.outcome() {
            BackupOutcome::Waiting => parked.is_some_and(|parked| parked.since >= run.header.started),
            BackupOutcome::Failed => !between || run.header.trigger != RunTrigger::Schedule,
            BackupOutcome::Done => true,
        }
    }

    /// Why it is not done; empty where it is.
    pub fn why(&self) -> String {
        self.memory.why_of(self.due)
    }

    /// What a person should know beside the verdict.
    pub fn findings(&self, now: Timestamp) -> Vec<String> {
        let mut findings = self.findings.clone();
        findings.extend(Freshness::of(self.policy, self.memory, now).finding());
        findings.extend(elsewhere(self.policy, self.memory));
        findings
    }
}

impl BackupMemory {
    /// How the backup that was due then stands.
    pub fn outcome_of(&self, due: Timestamp) -> BackupOutcome {
        if self.attempt.as_ref().is_some_and(|attempt| attempt.due == due) {
            return BackupOutcome::Waiting;
        }
        let ended = self.settled.as_ref().filter(|settled| settled.due >= due);
        if ended.is_some_and(|settled| settled.end == AttemptEnd::Done) {
            BackupOutcome::Done
        } else {
            BackupOutcome::Failed
        }
    }

    /// Why the backup that was due then is not done; empty where it is.
    pub fn why_of(&self, due: Timestamp) -> String {
        let parked = self.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
        match (self.outcome_of(due), parked, &self.settled) {
            (BackupOutcome::Done, ..) => String::new(),
            (BackupOutcome::Waiting, Some(parked), _) => format!("{}; looked at again at {}", parked.why, parked.until),
            (BackupOutcome::Waiting, None, _) => "it is under way in another execution".to_owned(),
            (BackupOutcome::Failed, _, Some(settled)) if !settled.why.is_empty() => {
                format!("{}{}", settled.why, next(settled))
            }
            (BackupOutcome::Failed, ..) => "it ended without a verdict".to_owned(),
        }
    }
}

fn next(settled: &SettledBackup) -> String {
    match (&settled.retry, settled.tried) {
        (Some(retry), _) => format!("; tried again by itself at {}", retry.at),
        (None, 0) => String::new(),
        (None, tried) => format!("; tried {} times, and given up until the next one is due", tried + 1),
    }
}

/// Copies in a region to which the document copies no more: nothing is pruned there.
fn elsewhere(policy: &JobPolicy, memory: &BackupMemory) -> Option<String> {
    let here =
        |region: &Region| policy.may_be_in(region) || policy.copy.as_ref().is_some_and(|copy| copy.region == *region);
    let left: Vec<&Region> = memory.copies.iter().map(|known| &known.region).filter(|region| !here(region)).collect();
    let places: BTreeSet<&str> = left.iter().map(|region| region.as_str()).collect();
    let places = places.into_iter().collect::<Vec<_>>().join(", ");
    let (copies, stay) = (left.len(), "they stay until somebody removes them");
    (copies > 0).then(|| format!("{copies} copies are in {places}, to which the document copies no more: {stay}"))
}

/// What is said of resources that the document names no more, and of which copies are left.
pub fn abandoned(policies: &[JobPolicy], memories: &BTreeMap<BackupSource, BackupMemory>) -> Vec<String> {
    let named = |source: &BackupSource| policies.iter().any(|policy| policy.subject.source == *source);
    let left = memories.iter().filter(|(source, memory)| !named(source) && !memory.copies.is_empty());
    let say = |(source, memory): (&BackupSource, &BackupMemory)| {
        let copies = memory.copies.len();
        format!(
            "{source}: no job of the document is about it any more; its {copies} copies stay until somebody removes them"
        )
    };
    left.map(say).collect()
}
