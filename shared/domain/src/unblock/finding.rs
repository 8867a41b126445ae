//! What a person has to know, or do.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most findings of one source that are kept; the rest is counted.
const KEPT: usize = 50;

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum FindingSource {
    /// The table of locks.
    Locks,
    /// The items that wait.
    Blockers,
    /// The queues.
    Queues,
    /// Our own leases, runs, intents and questions.
    Own,
    /// The deployments.
    Deployments,
    /// The report itself.
    Report,
}

/// Something that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnblockFinding {
    /// The part of the section that it is about.
    pub source: FindingSource,
    /// What kind, stable, such as `malformed`.
    pub code: String,
    /// Which lock, queue, service or run.
    pub subject: String,
    /// What was found, and what is to be done about it.
    pub detail: String,
    /// Since when it is so, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl fmt::Display for UnblockFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.subject, self.detail)
    }
}

/// Findings, at most so many a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FindingList {
    /// Those that are kept.
    pub all: Vec<UnblockFinding>,
    /// How many more there are.
    #[serde(default)]
    pub more: u32,
}

impl FindingList {
    /// Adds one; the same again, after a step was repeated, changes nothing.
    pub fn note(&mut self, finding: UnblockFinding) {
        if self.all.contains(&finding) {
            return;
        }
        if self.all.iter().filter(|known| known.source == finding.source).count() < KEPT {
            self.all.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }

    /// The oldest first; what has no age comes last.
    pub fn oldest_first(&self) -> Vec<&UnblockFinding> {
        let mut all: Vec<&UnblockFinding> = self.all.iter().collect();
        all.sort_by_key(|finding| (finding.since.is_none(), finding.since, finding.source));
        all
    }

    /// Whether one of this source and code was found.
    pub fn has(&self, source: FindingSource, code: &str) -> bool {
        self.all.iter().any(|finding| finding.source == source && finding.code == code)
    }
}
