//! The report: what a person reads, the worst first, and what is kept of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::judge;
use super::facts::ReadinessFacts;
use super::findings::{FindingGrade, ReadinessCode, ReadinessFinding};
use crate::estate::Failover;
use crate::name::Region;

/// How many codes a summary names before it only counts: one line of a message.
const CODES: usize = 5;

/// Whether a region could take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum ReadyVerdict {
    /// It could.
    Ready,
    /// It could, but worse or slower than promised.
    Degraded,
    /// It could not.
    #[strum(serialize = "not ready")]
    NotReady,
}

/// How ready a region was to take over, at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Readiness {
    /// When it was evaluated.
    pub at: Timestamp,
    /// The region that would have to serve.
    pub region: Region,
    /// What was found, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ReadinessFinding>,
}

impl Readiness {
    /// What follows from the facts.
    pub fn of(facts: &ReadinessFacts, failover: &Failover) -> Self {
        Self { at: facts.now, region: facts.region.clone(), findings: judge(facts, failover) }
    }

    /// Whether the region could take over.
    pub fn verdict(&self) -> ReadyVerdict {
        match self.findings.iter().map(|finding| finding.grade).max() {
            Some(FindingGrade::Blocks) => ReadyVerdict::NotReady,
            Some(FindingGrade::Degrades) => ReadyVerdict::Degraded,
            Some(FindingGrade::Note) | None => ReadyVerdict::Ready,
        }
    }

    /// How many findings there are of a grade: the figure of a metric.
    pub fn count(&self, grade: FindingGrade) -> usize {
        self.of_grade(grade).count()
    }

    /// The verdict and its reasons, in one line.
    pub fn summary(&self) -> String {
        let region = &self.region;
        let (blocks, degrades) = (self.codes(FindingGrade::Blocks), self.codes(FindingGrade::Degrades));
        match self.verdict() {
            ReadyVerdict::Ready => format!("{region} is ready to take over"),
            ReadyVerdict::Degraded => format!("{region} could take over, but worse than promised: {degrades}"),
            ReadyVerdict::NotReady if degrades.is_empty() => format!("{region} is not ready to take over: {blocks}"),
            ReadyVerdict::NotReady => {
                format!("{region} is not ready to take over: {blocks}; and worse than promised: {degrades}")
            }
        }
    }

    /// The whole report: the verdict in the first line, then each finding with what to do, the worst first.
    pub fn text(&self) -> String {
        let mut text = format!("{} (as of {})\n", self.summary(), self.at);
        if self.findings.is_empty() {
            text.push_str("\nNothing was found that a failover would stumble over.\n");
        }
        for ReadinessFinding { code, grade, resource, found, expected, advice } in &self.findings {
            _ = write!(text, "\n[{grade}] {code}: {resource}\n  found:      {found}\n  expected:   {expected}\n");
            _ = writeln!(text, "  what to do: {advice}");
        }
        text
    }

    /// A short stable mark, the same for the same findings about the same resources whatever their figures, so that
    /// they are told once.
    pub fn mark(&self) -> String {
        let told: BTreeSet<(&str, &str)> = self.findings.iter().map(|f| (f.code.name(), &*f.resource)).collect();
        let mut hash = fnv::FnvHasher::default();
        for finding in told {
            finding.hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }

    fn of_grade(&self, grade: FindingGrade) -> impl Iterator<Item = &ReadinessFinding> {
        self.findings.iter().filter(move |finding| finding.grade == grade)
    }

    /// The codes of a grade, each with how often it was found.
    fn codes(&self, grade: FindingGrade) -> String {
        let mut codes: BTreeMap<ReadinessCode, usize> = BTreeMap::new();
        self.of_grade(grade).for_each(|finding| *codes.entry(finding.code).or_default() += 1);
        let more = codes.len().saturating_sub(CODES);
        let named = codes.iter().take(CODES);
        let mut named: Vec<String> =
            named.map(|(code, n)| if *n == 1 { code.to_string() } else { format!("{code} ({n})") }).collect();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        named.join(", ")
    }
}
