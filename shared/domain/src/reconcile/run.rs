//! The record of a run: its trigger, plan, verdicts, timeline and outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::ResourceId;
use crate::intent::{Intent, IntentKey, Layer};
use crate::plan::{AwaitedChange, Plan, Releases};
use crate::reconcile::assess::Verdict;
use crate::violation::{GuardrailCode, Severity, Violation};

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

/// A resource that AWS did not let us change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRefusal {
    /// Which.
    pub resource: ResourceId,
    /// The stable name of the error.
    pub name: String,
    /// What AWS said.
    pub what: String,
}

/// The errors of a write that the same write would meet again: nothing was changed, and nothing will be before a person does
/// something about it.
const FINAL: [&str; 3] = ["Aws.Denied", "Aws.Invalid", "Aws.NotFound"];

impl WriteRefusal {
    /// Whether AWS answered that it will not do it, and not only that it could not.
    pub fn is_final(&self) -> bool {
        FINAL.contains(&self.name.as_str())
    }
}

/// A write that AWS refused for good, as it is remembered once its run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedWrite {
    /// Of which resource.
    pub resource: ResourceId,
    /// What AWS said.
    pub what: String,
    /// When the run ended that it was refused to.
    pub at: Timestamp,
}

/// For how long a refusal is evidence of what AWS would say today, where nothing was written since. Nobody can ask without
/// writing.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

impl RefusedWrite {
    /// Whether it still says something.
    pub fn counts(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < REFUSED_FOR
    }

    /// What is remembered after a run: what it was refused, and of the rest what it has not written since.
    #[must_use]
    pub fn after(before: &[Self], progress: &RunProgress, now: Timestamp) -> Vec<Self> {
        let refused: BTreeMap<&ResourceId, &WriteRefusal> =
            progress.refused.iter().filter(|it| it.is_final()).map(|it| (&it.resource, it)).collect();
        let stays = |it: &&Self| {
            it.counts(now) && !refused.contains_key(&it.resource) && !progress.written.contains(&it.resource)
        };
        let new = |it: &&WriteRefusal| Self { resource: it.resource.clone(), what: it.what.clone(), at: now };
        before.iter().filter(stays).cloned().chain(refused.values().map(new)).collect()
    }
}

/// A resource whose writes fail for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteTrouble {
    /// Which.
    pub resource: ResourceId,
    /// Since when.
    pub since: Timestamp,
}

/// What a run knows of each resource by now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RunProgress {
    /// Whether it is a transition for all of them, whatever was reached before.
    pub afresh: bool,
    /// Resources that a guardrail keeps from their change, while others are given back.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<ResourceId>,
    /// When a write was sent last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrote: Option<Timestamp>,
    /// Resources that a write was sent to.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub touched: BTreeSet<ResourceId>,
    /// Resources whose writes have all been made.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub written: BTreeSet<ResourceId>,
    /// Resources that AWS did not let us change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<WriteRefusal>,
    /// Resources whose writes fail for now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubled: Vec<WriteTrouble>,
    /// Resources that were seen at their target.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub reached: BTreeSet<ResourceId>,
    /// Resources whose baseline has been given back, or was never left.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub given_back: BTreeSet<ResourceId>,
}

impl RunProgress {
    /// What AWS refused, by resource.
    pub fn refusals(&self) -> BTreeMap<ResourceId, String> {
        self.refused.iter().map(|refusal| (refusal.resource.clone(), refusal.what.clone())).collect()
    }
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
    /// Slices that have applied so far.
    pub slices: u32,
    /// Writes to AWS that have succeeded so far.
    pub writes: u32,
    /// How long it has waited for what was on its way, in seconds.
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
