//! The record of a run: its trigger, plan, verdicts, timeline and outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::ResourceId;
use crate::intent::{Intent, IntentKey, Layer};
use crate::plan::{AwaitedChange, Plan, Releases};
use crate::reconcile::assess::Verdict;
use crate::reconcile::facts::DecisionFacts;
use crate::violation::{GuardrailCode, Severity, Violation};

pub use super::progress::{RefusedWrite, RunProgress, SLICES_MAX, SliceTiming, WriteRefusal, WriteTrouble};
pub use crate::run::{RunError, RunHeader, RunRef, TimelineEvent};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum RunOutcome {
    /// The target was reached and seen.
    Done,
    /// What could be changed was, and something cannot be changed now.
    PartlyDone,
    /// It did what it could, and something is not there yet at the deadline.
    Unverified,
    /// A guardrail stopped it before the first write.
    Refused,
    /// Somebody else's change was found and left alone.
    Drift,
    /// It ended with an error; the next tick begins again from what is.
    Failed,
}

/// What has come back of what we hold and nothing holds any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Back {
    /// All of it, or nothing was held.
    GivenBack,
    /// Something, and something cannot be changed now.
    PartlyGivenBack,
    /// Nothing: none of it can be changed now.
    NotGivenBack,
}

/// What became of the intent that a run came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntentOutcome {
    /// It is declared.
    Declared(Box<Intent>),
    /// It is taken back.
    TakenBack(IntentKey),
}

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunRecord {
    /// Which run, and how it went.
    #[serde(flatten)]
    pub header: RunHeader,
    /// The layer that it speaks for.
    pub layer: Layer,
    /// The instant that it decides about.
    pub instant: Timestamp,
    /// The intents behind the target; none when the baseline is given back. Target = baseline and these.
    #[serde(default)]
    pub deciding: Vec<Intent>,
    /// The releases that services are to go back to with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub releases: Releases,
    /// The intent that came with it: a person's override, or an emergency's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<IntentOutcome>,
    /// Why it was asked for, in the words of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What was decided at its beginning.
    pub verdict: Verdict,
    /// The plan as it was judged.
    pub plan: Plan,
    /// What the guardrails said of it.
    pub violations: Vec<Violation>,
    /// What was decided by, where a report is asked of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<DecisionFacts>>,
    /// Slices that have applied so far.
    pub slices: u32,
    /// Writes to AWS that have succeeded so far.
    pub writes: u32,
    /// How long it has meant to wait for what was on its way, in seconds; [`RunProgress::waited_ms`] is what it came to.
    #[serde(default)]
    pub waited_seconds: u32,
    /// How often a verification found something left to write.
    pub rounds: u32,
    /// Whether the last verification found nothing left to write.
    pub applied: bool,
    /// What it knows of each resource by now.
    #[serde(default)]
    pub progress: RunProgress,
    /// What the last slice was still waiting for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<AwaitedChange>,
    /// How it ended; `None` while it goes on.
    pub outcome: Option<RunOutcome>,
    /// The error that ended it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Whether its end is news for a person: the same refusal is told once, not with each tick.
    pub tell: bool,
}

impl RunRecord {
    /// Resources that somebody else changed and that this run leaves alone.
    pub fn left_alone(&self) -> BTreeSet<ResourceId> {
        let drift = self.violations.iter().filter(|violation| violation.code == GuardrailCode::Drift);
        drift.filter_map(|violation| violation.resource.clone()).collect()
    }

    /// Whether this run leaves a resource as it is: somebody else changed it, or a guardrail holds it.
    pub fn leaves(&self, resource: &ResourceId) -> bool {
        self.progress.held.contains(resource) || self.left_alone().contains(resource)
    }

    /// The resources of its plan that have not all their writes yet.
    pub fn open(&self) -> BTreeSet<ResourceId> {
        let refused = |resource: &ResourceId| self.progress.refused.iter().any(|refusal| refusal.resource == *resource);
        let written = self.plan.written().into_iter();
        written.filter(|it| !self.progress.written.contains(it) && !refused(it)).collect()
    }

    /// A mark that is the same for two runs that a person would read as the same bad news; `None` for good news.
    pub fn mark(&self) -> Option<String> {
        let outcome = self.outcome.filter(|outcome| *outcome != RunOutcome::Done)?;
        let error = self.error.as_ref().map(|error| error.name.as_str());
        Some(mark(outcome, error, &self.deciding, &self.violations, &self.awaited))
    }
}

/// A mark of bad news, short whatever it is about: the same for the same outcome, error, violations and resources. What is
/// partly done is the same news as long as the same is wanted and the same left out.
pub fn mark(
    outcome: RunOutcome,
    error: Option<&str>,
    deciding: &[Intent],
    violations: &[Violation],
    awaited: &[AwaitedChange],
) -> String {
    let mut hash = fnv::FnvHasher::default();
    error.hash(&mut hash);
    let partly = outcome == RunOutcome::PartlyDone;
    if partly {
        for intent in deciding {
            intent.want.to_string().hash(&mut hash);
        }
    }
    // What is said of no single resource is a remark.
    let left_out = |violation: &Violation| violation.code.is_of_obstacle() && violation.resource.is_some();
    let counts = |violation: &&Violation| !partly || left_out(violation) || violation.severity > Severity::Warn;
    for violation in violations.iter().filter(counts) {
        (violation.code, &violation.resource).hash(&mut hash);
    }
    for awaited in awaited.iter().filter(|_| !partly) {
        awaited.resource.hash(&mut hash);
    }
    format!("{outcome}-{:016x}", hash.finish())
}
