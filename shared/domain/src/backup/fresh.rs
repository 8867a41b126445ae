//! How old the newest good copy is: a metric, a finding, and what guardrails ask before something risky.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BackupMemory, BackupSource, JobPolicy, ago};
use crate::violation::{GuardrailCode, Severity, Violation};

/// How fresh one resource's backups are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Freshness {
    /// The resource.
    pub source: BackupSource,
    /// When the newest good copy was due; nothing where there is none.
    pub newest: Option<Timestamp>,
    /// How old that is.
    pub age: Option<SignedDuration>,
    /// How old it may be.
    pub within: SignedDuration,
}

impl Freshness {
    /// How fresh a resource's backups are at an instant.
    pub fn of(policy: &JobPolicy, memory: &BackupMemory, now: Timestamp) -> Self {
        let newest = memory.newest_good(&policy.region).map(|known| known.due);
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

    /// The violation where something risky asks for a fresher one than there is; `None` where it is fresh enough. A person
    /// may approve it, for the risk is theirs to weigh.
    pub fn violation(&self, within: SignedDuration, approved: bool) -> Option<Violation> {
        if self.is_within(within) {
            return None;
        }
        let found = match self.age {
            None => format!("{} has no good backup, expected one of the last {}", self.source, ago(within)),
            Some(age) => {
                let (age, within) = (ago(age), ago(within));
                format!("the newest good backup of {} is {age} old, expected at most {within}", self.source)
            }
        };
        let severity = if approved { Severity::Warn } else { Severity::Ask };
        let advice = "Start the backup machine for it first, or approve stale-backup";
        Some(Violation::new(GuardrailCode::StaleBackup, severity, found, advice))
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
