//! Restores: the drill, which proves that a backup is one, and a person's restore into a new name. What follows is decided
//! from what is remembered and what is there; nothing is restored over what exists, and nothing is removed that we did not
//! make.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Memory, ObservedRestore, ObservedSource, Policy, SETTLE, SILENCE, SourceState};
use crate::estate::Drill;
use crate::name::Region;

/// How long a restore may take: the largest databases take hours.
const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// How soon a drill that failed is tried again, where its own cadence is longer.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// How much earlier than we asked for it what we restored may say that it was made: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The shortest and the longest wait between two looks, in seconds.
const WAITS: (i64, i64) = (15, 300);

/// What a restore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A proof: what was restored is checked and removed.
    Drill,
    /// A person wants it: it is checked and stays.
    Keep,
}

/// What is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
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

impl From {
    /// The instant whose state is restored.
    pub fn taken(&self) -> Timestamp {
        match self {
            Self::Copy { due, .. } => *due,
            Self::Instant(instant) => *instant,
        }
    }
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Copy { name, .. } => f.write_str(name),
            Self::Instant(instant) => write!(f, "the state of {instant}"),
        }
    }
}

/// Something that was looked at in what was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, and what was expected.
    pub detail: String,
}

/// A restore under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restore {
    /// The execution that does it now.
    pub run: String,
    /// The value of [`super::RESTORE_TAG`] on what it makes: the execution that began it.
    pub mark: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The name under which it is restored.
    pub target: String,
    /// What is restored.
    pub from: From,
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
    /// What was found of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<Check>>,
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
}

impl Restore {
    /// Whether it reads a copy, so that the copy may not be removed. Once what was restored is there, it does so no more.
    pub fn uses(&self, copy: &str) -> bool {
        self.ready.is_none() && matches!(&self.from, From::Copy { id, .. } if id == copy)
    }

    /// Whether an execution is at work on it.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.touched) < SILENCE
    }

    /// Whether it is only still to be tidied up.
    fn is_over(&self) -> bool {
        self.failed.is_some() || self.removing.is_some() || self.checks.is_some()
    }

    /// What it came to, once it is over.
    pub fn outcome(&self, now: Timestamp) -> Drilled {
        let checks = self.checks.clone().unwrap_or_default();
        let ok = self.failed.is_none() && !checks.is_empty() && checks.iter().all(|check| check.ok);
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs().max(0);
        Drilled {
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
            why: self.failed.clone(),
        }
    }
}

/// A restore that has ended: the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drilled {
    /// When it ended.
    pub at: Timestamp,
    /// The execution.
    pub run: String,
    /// What it was for.
    pub purpose: Purpose,
    /// What was restored.
    pub from: From,
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
    pub checks: Vec<Check>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Whether a drill is due: never done, its cadence over, or failed a day ago. Without a good copy there is nothing to
/// drill with; a restore under way is gone on with, if it is a drill that nobody works on.
pub fn drill_is_due(policy: &Policy, memory: &Memory, now: Timestamp) -> bool {
    let Some(drill) = &policy.drill else { return false };
    if let Some(restore) = &memory.restore {
        return restore.purpose == Purpose::Drill && !restore.is_alive(now);
    }
    if memory.newest_good(&policy.subject.scope.region).is_none() {
        return false;
    }
    memory.drilled.as_ref().is_none_or(|drilled| {
        let every = drill.every.signed();
        let pause = if drilled.ok { every } else { every.min(AGAIN) };
        now.duration_since(drilled.at) >= pause
    })
}

/// What follows in a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreNext {
    /// Ask AWS to restore.
    Restore,
    /// It is ours and does not say so: tag it.
    Adopt,
    /// It is there: note the time.
    Ready,
    /// Set what a restore does not bring.
    Reapply,
    /// Look whether it is as it should be.
    Check,
    /// Ask AWS to remove it.
    Remove,
    /// Look again after so many seconds.
    Wait(i64, String),
    /// It cannot be done; what was made is removed.
    Fail(String),
    /// All of it is done.
    Done,
}

/// What a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct RestoreView<'a> {
    /// What is remembered.
    pub restore: &'a Restore,
    /// What has its name.
    pub target: Option<&'a ObservedRestore>,
    /// The present.
    pub now: Timestamp,
}

/// What follows.
pub fn decide_restore(view: &RestoreView<'_>) -> RestoreNext {
    let Some(target) = view.target else { return absent(view) };
    let restore = view.restore;
    let tidies = restore.purpose == Purpose::Drill && restore.is_over();
    if !is_ours(restore, target) {
        // What we did not make is neither changed nor removed.
        let exists = format!("{} exists already, and nothing is restored over what exists", restore.target);
        return if restore.is_over() { RestoreNext::Done } else { RestoreNext::Fail(exists) };
    }
    if target.mark.is_none() && !target.deleting && target.state == SourceState::Available {
        return RestoreNext::Adopt;
    }
    match &target.state {
        _ if target.deleting => waiting(view, "it is being removed"),
        SourceState::Busy(words) => waiting(view, words),
        _ if tidies => RestoreNext::Remove,
        _ if restore.is_over() => RestoreNext::Done,
        SourceState::Stopped => RestoreNext::Fail(format!("{} is stopped", restore.target)),
        SourceState::Available if restore.reapplied.is_none() => RestoreNext::Reapply,
        SourceState::Available if restore.ready.is_none() => RestoreNext::Ready,
        SourceState::Available => RestoreNext::Check,
    }
}

/// Ours is what carries our mark; and, where it carries none yet, what was made after we asked, from what we asked for.
fn is_ours(restore: &Restore, target: &ObservedRestore) -> bool {
    let Some(asked) = restore.asked else { return false };
    let earliest = asked.min(restore.began).saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
    let same = match (&restore.from, &target.from) {
        (From::Copy { id, .. }, Some(from)) => id == from,
        _ => true,
    };
    match &target.mark {
        Some(mark) => *mark == restore.mark,
        None => same && target.created.is_some_and(|created| created >= earliest),
    }
}

fn absent(view: &RestoreView<'_>) -> RestoreNext {
    let restore = view.restore;
    let recent = restore.asked.is_some_and(|asked| view.now.duration_since(asked) < SETTLE);
    match (restore.is_over(), restore.asked) {
        (true, Some(_)) if recent && restore.removing.is_none() => waiting(view, "it may still come"),
        (true, _) => RestoreNext::Done,
        (false, _) if restore.ready.is_some() => RestoreNext::Fail(format!("{} is gone", restore.target)),
        (false, Some(_)) if recent => waiting(view, "it does not show yet"),
        (false, _) => RestoreNext::Restore,
    }
}

fn waiting(view: &RestoreView<'_>, what: &str) -> RestoreNext {
    let since = view.now.duration_since(view.restore.removing.or(view.restore.asked).unwrap_or(view.restore.began));
    if since > PATIENCE && view.restore.failed.is_none() {
        return RestoreNext::Fail(format!("{} is {what} for more than {PATIENCE:#}", view.restore.target));
    }
    RestoreNext::Wait((since.as_secs() / 4).clamp(WAITS.0, WAITS.1), format!("{}: {what}", view.restore.target))
}

/// What was looked at in what was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Items that were counted, and whether all were.
    pub items: Option<(u64, bool)>,
    /// Whether the known item is there.
    pub known_item: Option<bool>,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
}

/// The checks of a restored resource: its settings against those of its source, and the document's own assertions.
pub fn checks(drill: Option<&Drill>, source: Option<&ObservedSource>, restored: &Restored) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, expected) in source.iter().flat_map(|source| &source.settings) {
        let found = restored.settings.get(name);
        let detail = format!("found {}, expected {expected}", found.map_or("nothing", String::as_str));
        checks.push(Check { name: name.clone(), ok: found == Some(expected), detail });
    }
    if let Some((items, all)) = restored.items {
        let (least, most) = (drill.and_then(|it| it.items_at_least), drill.and_then(|it| it.items_at_most));
        let enough = least.is_none_or(|least| items >= least);
        let few = most.is_none_or(|most| all && items <= most);
        let bounds = match (least, most) {
            (None, None) => "no bounds in the document".to_owned(),
            (Some(least), None) => format!("expected at least {least}"),
            (None, Some(most)) => format!("expected at most {most}"),
            (Some(least), Some(most)) => format!("expected {least} to {most}"),
        };
        let more = if all { "" } else { " or more" };
        checks.push(Check { name: "items".to_owned(), ok: enough && few, detail: format!("{items}{more}, {bounds}") });
    }
    if let Some(there) = restored.known_item {
        let detail = if there { "the known item is there" } else { "the known item is missing" };
        checks.push(Check { name: "known item".to_owned(), ok: there, detail: detail.to_owned() });
    }
    if drill.is_some_and(|drill| drill.query.is_some()) {
        // No data API is called: status and settings are the proof, and the report says so.
        let detail = "not asked: no data API is reached from here, so status and settings are the proof".to_owned();
        checks.push(Check { name: "query".to_owned(), ok: true, detail });
    }
    checks
}

impl Restore {
    /// A new one.
    pub fn new(run: &str, purpose: Purpose, target: String, from: From, now: Timestamp) -> Self {
        Self {
            run: run.to_owned(),
            mark: run.to_owned(),
            purpose,
            target,
            from,
            began: now,
            touched: now,
            asked: None,
            ready: None,
            reapplied: None,
            checks: None,
            removing: None,
            failed: None,
            over: false,
            told: false,
        }
    }

    /// A drill with the newest good copy of a region, under the scratch name of the document.
    pub fn drill(run: &str, policy: &Policy, memory: &Memory, region: &Region, now: Timestamp) -> Option<Self> {
        let newest = memory.newest_good(region)?;
        let drill = policy.drill.as_ref();
        let scratch = drill.and_then(|drill| drill.scratch.as_ref()).map(ToString::to_string);
        let target = scratch.unwrap_or_else(|| format!("{}-drill", policy.subject.source.name));
        let from = From::Copy { id: newest.id.clone(), name: newest.name.clone(), due: newest.due };
        Some(Self::new(run, Purpose::Drill, target, from, now))
    }
}
