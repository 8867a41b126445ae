//! Restores: the drill, which proves that a backup is one, and a person's restore into a new name.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BackupMemory, CheckRun, JobPolicy, RestoreCheck, SILENCE};
use crate::name::Region;

/// How soon a drill that failed is tried again, where its own cadence is longer.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What a restore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePurpose {
    /// A proof: what was restored is checked and removed.
    Drill,
    /// A person wants it: it is checked and stays.
    Keep,
}

/// What is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestoreSource {
    /// A copy of ours.
    Copy {
        /// What AWS calls it.
        id: String,
        /// Its name.
        name: String,
        /// When it was due.
        due: Timestamp,
    },
    /// The state of an instant, by point-in-time recovery.
    Instant(Timestamp),
}

impl RestoreSource {
    /// The instant whose state is restored.
    pub fn taken(&self) -> Timestamp {
        match self {
            Self::Copy { due, .. } => *due,
            Self::Instant(instant) => *instant,
        }
    }
}

impl std::fmt::Display for RestoreSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Copy { name, .. } => f.write_str(name),
            Self::Instant(instant) => write!(f, "the state of {instant}"),
        }
    }
}

/// A restore under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RestoreRun {
    /// The execution that does it now.
    pub run: String,
    /// The value of [`super::RESTORE_TAG`] on what it makes: the execution that began it.
    pub mark: String,
    /// What it is for.
    pub purpose: RestorePurpose,
    /// The name under which it is restored.
    pub target: String,
    /// What is restored.
    pub from: RestoreSource,
    /// Where; records of before say nothing, and were made at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// When it began.
    pub began: Timestamp,
    /// When it was last worked on.
    pub touched: Timestamp,
    /// When AWS was last asked to restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// When what was restored was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Timestamp>,
    /// What was set on it that a restore does not bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reapplied: Option<Vec<String>>,
    /// When AWS was asked for the instance that a restored Aurora cluster needs for its check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_asked: Option<Timestamp>,
    /// The check by a task of the estate's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<CheckRun>,
    /// What was found of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<RestoreCheck>>,
    /// What that was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// When AWS was asked to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removing: Option<Timestamp>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Whether nothing is left to be done.
    #[serde(default)]
    pub over: bool,
    /// Whether its end was told, though something was left to be done.
    #[serde(default)]
    pub told: bool,
    /// Whether a report of it was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
}

impl RestoreRun {
    /// A new one.
    pub fn new(run: &str, purpose: RestorePurpose, target: String, from: RestoreSource, now: Timestamp) -> Self {
        Self {
            run: run.to_owned(),
            mark: run.to_owned(),
            purpose,
            target,
            from,
            region: None,
            began: now,
            touched: now,
            asked: None,
            ready: None,
            reapplied: None,
            instance_asked: None,
            task: None,
            checks: None,
            compared: None,
            removing: None,
            failed: None,
            over: false,
            told: false,
            report: false,
        }
    }

    /// The same, said to be in a region.
    #[must_use]
    pub fn within(self, region: &Region) -> Self {
        Self { region: Some(region.clone()), ..self }
    }

    /// Whether it is in a region: a pair may be served in the other one by now.
    pub fn is_in(&self, region: &Region) -> bool {
        self.region.as_ref().is_none_or(|own| own == region)
    }

    /// A drill with the newest good copy of a region, under the scratch name of the document.
    pub fn drill(
        run: &str,
        policy: &JobPolicy,
        memory: &BackupMemory,
        region: &Region,
        now: Timestamp,
    ) -> Option<Self> {
        let newest = memory.newest_good(region)?;
        let drill = policy.drill.as_ref();
        let scratch = drill.and_then(|drill| drill.scratch.as_ref()).map(ToString::to_string);
        let target = scratch.unwrap_or_else(|| policy.subject.source.scratch());
        let from = RestoreSource::Copy { id: newest.id.clone(), name: newest.name.clone(), due: newest.due };
        Some(Self::new(run, RestorePurpose::Drill, target, from, now).within(region))
    }

    /// Whether it reads a copy, so that the copy may not be removed. Once what was restored is there, it does so no more.
    pub fn uses(&self, copy: &str) -> bool {
        self.ready.is_none() && matches!(&self.from, RestoreSource::Copy { id, .. } if id == copy)
    }

    /// Whether an execution is at work on it.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.touched) < SILENCE
    }

    /// Whether it is only still to be tidied up.
    pub(super) fn is_over(&self) -> bool {
        self.failed.is_some() || self.removing.is_some() || self.checks.is_some()
    }

    /// What it came to, once it is over.
    pub fn outcome(&self, now: Timestamp) -> RestoreEvidence {
        let mut checks = self.checks.clone().unwrap_or_default();
        // What a restore that failed had asked its own task is evidence, too.
        if self.checks.is_none() {
            checks.extend(self.task.as_ref().map(CheckRun::verdict));
        }
        // What was not asked proves nothing, and fails nothing.
        let (proved, wrong) =
            (|check: &RestoreCheck| check.ok == Some(true), |check: &RestoreCheck| check.ok == Some(false));
        let ok = self.failed.is_none() && checks.iter().any(proved) && !checks.iter().any(wrong);
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs().max(0);
        RestoreEvidence {
            at: now,
            run: self.run.clone(),
            purpose: self.purpose,
            from: self.from.clone(),
            target: self.target.clone(),
            ok,
            // From the wish to what can be used: restored, and with everything on it that a restore does not bring.
            rto_seconds: self.ready.map(|ready| seconds(self.began, ready)),
            rpo_seconds: seconds(self.from.taken(), self.began),
            reapplied: self.reapplied.clone().unwrap_or_default(),
            checks,
            compared: self.compared.clone(),
            why: self.failed.clone(),
            report: self.report,
        }
    }
}

/// A restore that has ended: the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RestoreEvidence {
    /// When it ended.
    pub at: Timestamp,
    /// The execution.
    pub run: String,
    /// What it was for.
    pub purpose: RestorePurpose,
    /// What was restored.
    pub from: RestoreSource,
    /// Under which name.
    pub target: String,
    /// Whether everything was as it should be.
    pub ok: bool,
    /// What it took until it could be used, in seconds: evidence for the recovery time.
    pub rto_seconds: Option<i64>,
    /// How old what was restored was when it began, in seconds: evidence for the recovery point.
    pub rpo_seconds: i64,
    /// What was set on it that a restore does not bring.
    #[serde(default)]
    pub reapplied: Vec<String>,
    /// What was found.
    pub checks: Vec<RestoreCheck>,
    /// What it was compared with; nothing where it did not come to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether a report of it was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
}

impl RestoreEvidence {
    /// Whether a report of it is kept, where the stack keeps any: of each drill, and of what asked for one.
    pub fn is_reported(&self) -> bool {
        self.report || self.purpose == RestorePurpose::Drill
    }
}

/// Whether a drill is due: never done, its cadence over, or failed a day ago. Without a good copy there is nothing to
/// drill with; a restore under way is gone on with, if it is a drill that nobody works on.
pub fn drill_is_due(policy: &JobPolicy, memory: &BackupMemory, now: Timestamp) -> bool {
    let Some(drill) = &policy.drill else { return false };
    if let Some(restore) = &memory.restore {
        return restore.purpose == RestorePurpose::Drill && !restore.is_alive(now) && restore.is_in(&policy.region);
    }
    if memory.newest_good(&policy.region).is_none() {
        return false;
    }
    memory.drilled.as_ref().is_none_or(|drilled| {
        let every = drill.every.signed();
        let pause = if drilled.ok { every } else { every.min(AGAIN) };
        now.duration_since(drilled.at) >= pause
    })
}
