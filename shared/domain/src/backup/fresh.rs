//! How old the newest good copy is: a metric, a finding, and what guardrails ask before something risky.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{Memory, Policy, Source, ago};

/// How fresh one resource's backups are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The resource.
    pub source: Source,
    /// When the newest good copy was due; nothing where there is none.
    pub newest: Option<Timestamp>,
    /// How old that is.
    pub age: Option<SignedDuration>,
    /// How old it may be.
    pub within: SignedDuration,
}

impl Freshness {
    /// How fresh a resource's backups are at an instant.
    pub fn of(policy: &Policy, memory: &Memory, now: Timestamp) -> Self {
        let newest = memory.newest_good(&policy.subject.scope.region).map(|known| known.due);
        Self {
            source: policy.subject.source.clone(),
            newest,
            age: newest.map(|due| now.duration_since(due).max(SignedDuration::ZERO)),
            within: policy.fresh_within,
        }
    }

    /// Whether it is not older than it may be.
    pub fn is_fresh(&self) -> bool {
        self.is_within(self.within)
    }

    /// Whether it is not older than this.
    pub fn is_within(&self, within: SignedDuration) -> bool {
        self.age.is_some_and(|age| age <= within)
    }

    /// The finding for a readiness report; nothing for a fresh one.
    pub fn finding(&self) -> Option<String> {
        (!self.is_fresh()).then(|| self.to_string())
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age {
            None => write!(f, "{} has no good backup", self.source),
            Some(age) => write!(
                f,
                "the newest good backup of {} is {} old, expected at most {}",
                self.source,
                ago(age),
                ago(self.within)
            ),
        }
    }
}
