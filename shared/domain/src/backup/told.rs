//! How a resource's backup stands at the end of a run, and what a person should know of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{End, Freshness, Memory, Outcome, Policy, Run, Settled, Source};
use crate::name::Region;
use crate::request::Trigger;

/// How a resource stands, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// What the document says.
    pub policy: &'a Policy,
    /// What is remembered.
    pub memory: &'a Memory,
    /// When its backup was due.
    pub due: Timestamp,
    /// Findings beside it: a quota near its end.
    pub findings: Vec<String>,
}

impl Told<'_> {
    /// How it stands.
    pub fn outcome(&self) -> Outcome {
        if self.memory.attempt.as_ref().is_some_and(|attempt| attempt.due == self.due) {
            return Outcome::Waiting;
        }
        let ended = self.memory.settled.as_ref().filter(|settled| settled.due >= self.due);
        if ended.is_some_and(|settled| settled.end == End::Done) { Outcome::Done } else { Outcome::Failed }
    }

    /// Whether it is worth a message by itself: how it ended, or that it began to wait. A failure is told when it is the
    /// first, and when it is the last: those between are tried again by themselves.
    pub fn is_news(&self, run: &Run) -> bool {
        let parked = self.memory.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
        let between = self.memory.settled.as_ref().is_some_and(|it| it.tried > 0 && it.retry.is_some());
        match self.outcome() {
            Outcome::Waiting => parked.is_some_and(|parked| parked.since >= run.started),
            Outcome::Failed => !between || run.trigger != Trigger::Schedule,
            Outcome::Done => true,
        }
    }

    /// Why it is not done; empty where it is.
    pub fn why(&self) -> String {
        let parked = self.memory.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
        match (self.outcome(), parked, &self.memory.settled) {
            (Outcome::Done, ..) => String::new(),
            (Outcome::Waiting, Some(parked), _) => format!("{}; looked at again at {}", parked.why, parked.until),
            (Outcome::Waiting, None, _) => "it is under way in another execution".to_owned(),
            (Outcome::Failed, _, Some(settled)) if !settled.why.is_empty() => {
                format!("{}{}", settled.why, next(settled))
            }
            (Outcome::Failed, ..) => "it ended without a verdict".to_owned(),
        }
    }

    /// What a person should know beside the verdict.
    pub fn findings(&self, now: Timestamp) -> Vec<String> {
        let mut findings = self.findings.clone();
        findings.extend(Freshness::of(self.policy, self.memory, now).finding());
        findings.extend(elsewhere(self.policy, self.memory));
        findings
    }
}

fn next(settled: &Settled) -> String {
    match (&settled.retry, settled.tried) {
        (Some(retry), _) => format!("; tried again by itself at {}", retry.at),
        (None, 0) => String::new(),
        (None, tried) => format!("; tried {} times, and given up until the next one is due", tried + 1),
    }
}

/// Copies in a region to which the document copies no more: nothing is pruned there.
fn elsewhere(policy: &Policy, memory: &Memory) -> Option<String> {
    let here = |region: &Region| {
        *region == policy.subject.scope.region || policy.copy.as_ref().is_some_and(|copy| copy.region == *region)
    };
    let left: Vec<&Region> = memory.copies.iter().map(|known| &known.region).filter(|region| !here(region)).collect();
    let places: BTreeSet<&str> = left.iter().map(|region| region.as_str()).collect();
    let places = places.into_iter().collect::<Vec<_>>().join(", ");
    let (copies, stay) = (left.len(), "they stay until somebody removes them");
    (copies > 0).then(|| format!("{copies} copies are in {places}, to which the document copies no more: {stay}"))
}

/// What is said of resources that the document names no more, and of which copies are left.
pub fn abandoned(policies: &[Policy], memories: &BTreeMap<Source, Memory>) -> Vec<String> {
    let named = |source: &Source| policies.iter().any(|policy| policy.subject.source == *source);
    let left = memories.iter().filter(|(source, memory)| !named(source) && !memory.copies.is_empty());
    let say = |(source, memory): (&Source, &Memory)| {
        let copies = memory.copies.len();
        format!(
            "{source}: no job of the document is about it any more; its {copies} copies stay until somebody removes them"
        )
    };
    left.map(say).collect()
}
