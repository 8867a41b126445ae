//! What people and programs read of backups: the run, each copy with age, size and verdict, and a plan before anything is
//! written.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Drilled, End, Freshness, Memory, Policy, Purpose, Shelf, Source, ago, fates, size};
use crate::name::Scope;
use crate::report::Message;
use crate::request::Trigger;

/// The longest subject that SNS takes, in characters (SNS API reference, Publish).
const SUBJECT: usize = 100;

/// How many copies of one resource a message lists before it only counts.
const COPIES: usize = 40;

/// How one resource's backup stands at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// It waits for its time, and is gone on with by itself.
    Waiting,
    /// It could not be done.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        })
    }
}

/// One resource of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The resource.
    pub source: Source,
    /// When its backup was due.
    pub due: Timestamp,
}

/// A run of the `backup` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The execution's name.
    pub id: String,
    /// What started it.
    pub trigger: Trigger,
    /// When it began.
    pub started: Timestamp,
    /// Its resources.
    pub jobs: Vec<Line>,
}

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

    /// Why it is not done; empty where it is.
    pub fn why(&self) -> String {
        let parked = self.memory.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
        match (self.outcome(), parked, &self.memory.settled) {
            (Outcome::Done, ..) => String::new(),
            (Outcome::Waiting, Some(parked), _) => format!("{}; looked at again at {}", parked.why, parked.until),
            (Outcome::Waiting, None, _) => "it is under way in another execution".to_owned(),
            (Outcome::Failed, _, Some(settled)) if !settled.why.is_empty() => settled.why.clone(),
            (Outcome::Failed, ..) => "it ended without a verdict".to_owned(),
        }
    }
}

/// Every copy of a resource, the newest first: where, how old, how large, and whether it is good.
pub fn inventory(policy: &Policy, memory: &Memory, now: Timestamp) -> Vec<String> {
    let mut copies: Vec<_> = memory.copies.iter().collect();
    copies.sort_by(|a, b| (b.due, &a.region).cmp(&(a.due, &b.region)));
    let home = &policy.subject.scope.region;
    let line = |known: &super::Known| {
        let verdict = match &known.verified {
            None => "not verified".to_owned(),
            Some(verified) if verified.flaws.is_empty() => "good".to_owned(),
            Some(verified) => format!("NOT GOOD: {}", verified.flaws.join("; ")),
        };
        let place = if known.region == *home { String::new() } else { format!(" in {}", known.region) };
        format!("{}{place}: {} old, {}, {verdict}", known.name, ago(now.duration_since(known.due)), size(known.bytes))
    };
    copies.into_iter().map(line).collect()
}

/// What a person is told of a run.
pub fn message(scope: &Scope, run: &Run, all: &[Told<'_>], now: Timestamp) -> Message {
    let of = |outcome: Outcome| all.iter().filter(|told| told.outcome() == outcome).count();
    let (done, waiting, failed) = (of(Outcome::Done), of(Outcome::Waiting), of(Outcome::Failed));
    let Scope { estate, environment, region } = scope;
    let mut headline = format!("{estate} {environment}: {done} of {} backups done", all.len());
    for (number, word) in [(waiting, "waiting"), (failed, "failed")] {
        if number > 0 {
            _ = write!(headline, ", {number} {word}");
        }
    }
    let mut text = format!("{headline} ({region}).\n");
    for told in all {
        _ = writeln!(text, "\n{}: {}", told.policy.subject.source, told.outcome());
        let why = told.why();
        if !why.is_empty() {
            _ = writeln!(text, "  {why}");
        }
        for finding in &told.findings {
            _ = writeln!(text, "  finding: {finding}");
        }
        if let Some(finding) = Freshness::of(told.policy, told.memory, now).finding() {
            _ = writeln!(text, "  finding: {finding}");
        }
        let copies = inventory(told.policy, told.memory, now);
        for copy in copies.iter().take(COPIES) {
            _ = writeln!(text, "  - {copy}");
        }
        if copies.len() > COPIES {
            _ = writeln!(text, "  - and {} more", copies.len() - COPIES);
        }
    }
    let advice = match (failed, waiting) {
        (0, 0) => "nothing.",
        (0, _) => "nothing: what waits is gone on with when its time has come.",
        _ => {
            "look at what failed; start the backup machine with {\"estate\", \"environment\", \"resource\"} to try again."
        }
    };
    _ = write!(text, "\nWhat to do: {advice}\n\nRun: {}", run.id);
    Message { subject: headline.chars().take(SUBJECT).collect(), text }
}

/// The event about a finished run.
pub fn event(scope: &Scope, run: &Run, all: &[Told<'_>], now: Timestamp) -> Value {
    let jobs = all.iter().map(|told| {
        json!({
            "resource": told.policy.subject.source,
            "due": told.due,
            "outcome": told.outcome(),
            "why": told.why(),
            "copies": told.memory.copies.len(),
        })
    });
    json!({
        "estate": scope.estate,
        "environment": scope.environment,
        "region": scope.region,
        "run": run.id,
        "trigger": run.trigger,
        "started": run.started,
        "ended": now,
        "jobs": jobs.collect::<Vec<_>>(),
    })
}

/// What would be done for one resource: its state, and why each copy stays or goes.
pub fn plan(policy: &Policy, memory: &Memory, shelves: &[Shelf<'_>], doing: &str, now: Timestamp) -> String {
    let mut text = format!("{}: {doing}\n", policy.subject.source);
    if let Some(next) = policy.dues.next(now) {
        _ = writeln!(text, "  next due {next}");
    }
    for shelf in shelves {
        let fates = fates(policy, memory, shelf);
        _ = writeln!(text, "  {}: {} copies", shelf.region, shelf.copies.len());
        if let Some(quota) = shelf.quota {
            _ = writeln!(text, "  {}: {quota}", shelf.region);
        }
        for (copy, fate) in shelf.copies.iter().zip(fates).take(COPIES * 2) {
            let age = copy.created.map_or_else(|| "age unknown".to_owned(), |at| ago(now.duration_since(at)));
            _ = writeln!(text, "    {} ({age}, {}) {fate}", copy.name, size(copy.bytes));
        }
    }
    text
}

/// What a person is told of a restore that has ended.
pub fn restored(scope: &Scope, source: &Source, drilled: &Drilled) -> Message {
    let kept = drilled.purpose == Purpose::Keep;
    let what = if kept { "restore" } else { "restore drill" };
    let end = if drilled.ok { "passed" } else { "FAILED" };
    let Scope { estate, environment, region } = scope;
    let subject = format!("{estate} {environment}: {what} of {source} {end}");
    let mut text = format!("{subject} ({region}).\n\nRestored: {} into {}.\n", drilled.from, drilled.target);
    let rto = drilled.rto_seconds.map_or_else(|| "not reached".to_owned(), |seconds| format!("{seconds} s"));
    _ = writeln!(text, "Time to restore: {rto}. Age of what was restored: {} s.", drilled.rpo_seconds);
    if !drilled.reapplied.is_empty() {
        _ = writeln!(text, "Set again, for a restore does not bring it: {}.", drilled.reapplied.join(", "));
    }
    for check in &drilled.checks {
        _ = writeln!(text, "- {} {}: {}", if check.ok { "ok" } else { "NOT OK" }, check.name, check.detail);
    }
    if let Some(why) = &drilled.why {
        _ = writeln!(text, "\nWhy it failed: {why}");
    }
    let advice = match (drilled.ok, kept) {
        (true, false) => "nothing: what the drill made is removed.".to_owned(),
        (true, true) => format!("use {}; the original was not touched.", drilled.target),
        (false, false) => "find out why before the backup is needed; what the drill made is removed.".to_owned(),
        (false, true) => format!("look at {}; the original was not touched, and nothing was removed.", drilled.target),
    };
    _ = write!(text, "\nWhat to do: {advice}\n\nRun: {}", drilled.run);
    Message { subject: subject.chars().filter(char::is_ascii).take(SUBJECT).collect(), text }
}
