//! What people and programs read of backups: the run, each copy with age, size and verdict, and a plan before anything is
//! written.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BackupMemory, BackupNotice, BackupSource, CopyInventory, JobPolicy, ago, fates, size};
use crate::message::{Machine, MachineStart, Message, MessageContext};
use crate::name::Scope;
use crate::run::RunHeader;

/// For how many of the backups that failed a message has the command that tries again.
const AGAIN: usize = 5;

/// How many copies of one resource a message lists before it only counts.
const COPIES: usize = 40;

/// How one resource's backup stands at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum BackupOutcome {
    /// It is done.
    Done,
    /// It waits for its time, and is gone on with by itself.
    Waiting,
    /// It could not be done.
    Failed,
}

/// One resource of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupLine {
    /// The resource.
    pub source: BackupSource,
    /// When its backup was due.
    pub due: Timestamp,
}

/// A run of the `backup` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRun {
    /// Which run, and how it went.
    #[serde(flatten)]
    pub header: RunHeader,
    /// Its resources.
    pub jobs: Vec<BackupLine>,
    /// Whether a report of it is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
    /// When it was over, where a report of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// How one resource of a run stood when that was over, with what is remembered of it: the evidence of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BackupResult {
    /// The resource.
    pub source: BackupSource,
    /// When its backup was due.
    pub due: Timestamp,
    /// How it stood.
    pub outcome: BackupOutcome,
    /// Why it was not done; empty where it was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What a person should know beside that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// What was remembered: its copies, each with its verdict, and how the last attempts ended.
    pub memory: BackupMemory,
}

impl BackupResult {
    /// Of what a message tells, at `now`.
    pub fn of(told: &BackupNotice<'_>, now: Timestamp) -> Self {
        Self {
            source: told.policy.subject.source.clone(),
            due: told.due,
            outcome: told.outcome(),
            why: told.why(),
            findings: told.findings(now),
            memory: told.memory.clone(),
        }
    }

    /// The same, decided again by what was remembered.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { outcome: self.memory.outcome_of(self.due), why: self.memory.why_of(self.due), ..self.clone() }
    }
}

/// How all of a run stood: as its worst resource; done where there is none.
pub fn worst(outcomes: impl IntoIterator<Item = BackupOutcome>) -> BackupOutcome {
    let all: Vec<BackupOutcome> = outcomes.into_iter().collect();
    let worst = [BackupOutcome::Failed, BackupOutcome::Waiting].into_iter().find(|outcome| all.contains(outcome));
    worst.unwrap_or(BackupOutcome::Done)
}

/// Every copy of a resource, the newest first: where, how old, how large, and whether it is good.
pub fn inventory(policy: &JobPolicy, memory: &BackupMemory, now: Timestamp) -> Vec<String> {
    let mut copies: Vec<_> = memory.copies.iter().collect();
    copies.sort_by(|a, b| (b.due, &a.region).cmp(&(a.due, &b.region)));
    let home = &policy.region;
    let line = |known: &super::KnownCopy| {
        let verdict = match &known.verified {
            _ if known.gone.is_some() => format!("NOT SEEN since {}", known.gone.unwrap_or(now)),
            None => "not verified".to_owned(),
            Some(verified) if verified.flaws.is_empty() => "good".to_owned(),
            Some(verified) => format!("NOT GOOD: {}", verified.flaws.join("; ")),
        };
        let place = if known.region == *home { String::new() } else { format!(" in {}", known.region) };
        format!("{}{place}: {} old, {}, {verdict}", known.name, ago(now.duration_since(known.due)), size(known.bytes))
    };
    copies.into_iter().map(line).collect()
}

/// What a person is told of a run; the notes are about the environment as a whole.
pub fn message(scope: &Scope, run: &BackupRun, all: &[BackupNotice<'_>], notes: &[String], now: Timestamp) -> Message {
    let of = |outcome: BackupOutcome| all.iter().filter(|told| told.outcome() == outcome).count();
    let (done, waiting, failed) = (of(BackupOutcome::Done), of(BackupOutcome::Waiting), of(BackupOutcome::Failed));
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
        for finding in told.findings(now) {
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
    for note in notes {
        _ = writeln!(text, "\nfinding: {note}");
    }
    let advice = match (failed, waiting) {
        (0, 0) => "nothing.",
        (0, _) => "nothing: what waits is gone on with when its time has come.",
        _ => {
            "look at what failed; start the backup machine with {\"estate\", \"environment\", \"resource\"} to try again."
        }
    };
    _ = write!(text, "\nWhat to do: {advice}\n\nRun: {}", run.header.id);
    let again = all.iter().filter(|told| told.outcome() == BackupOutcome::Failed).take(AGAIN).map(|told| {
        let source = &told.policy.subject.source;
        let input = json!({ "estate": estate, "environment": environment, "resource": source });
        MachineStart::new(&format!("To try {source} again"), Machine::Backup, input.to_string())
    });
    Message::new(&headline, text).with(MessageContext::of_run(scope, &run.header.id).with_starts(again))
}

/// The event about a finished run.
pub fn event(scope: &Scope, run: &BackupRun, all: &[BackupNotice<'_>], now: Timestamp) -> Value {
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
        "run": run.header.id,
        "trigger": run.header.trigger,
        "started": run.header.started,
        "ended": now,
        "jobs": jobs.collect::<Vec<_>>(),
    })
}

/// What would be done for one resource: its state, and why each copy stays or goes.
pub fn plan(
    policy: &JobPolicy,
    memory: &BackupMemory,
    inventories: &[CopyInventory<'_>],
    doing: &str,
    now: Timestamp,
) -> String {
    let mut text = format!("{}: {doing}\n", policy.subject.source);
    if let Some(next) = policy.dues.next(now) {
        _ = writeln!(text, "  next due {next}");
    }
    let told = BackupNotice { policy, memory, due: now, findings: Vec::new() };
    for finding in told.findings(now) {
        _ = writeln!(text, "  finding: {finding}");
    }
    for inventory in inventories {
        let fates = fates(policy, memory, inventory);
        _ = writeln!(text, "  {}: {} copies", inventory.region, inventory.copies.len());
        if let Some(quota) = inventory.quota {
            _ = writeln!(text, "  {}: {quota}", inventory.region);
        }
        for (copy, fate) in inventory.copies.iter().zip(fates).take(COPIES * 2) {
            let age = copy.created.map_or_else(|| "age unknown".to_owned(), |at| ago(now.duration_since(at)));
            _ = writeln!(text, "    {} ({age}, {}) {fate}", copy.name, size(copy.bytes));
        }
    }
    text
}

/// The longest text that a machine's state carries, in bytes as JSON: 256 KiB are the limit for all of it (AWS Step Functions
/// developer guide, quotas).
const TEXT: usize = 200 * 1024;

/// A text as long as a state carries it: what is too much is left out by lines, from the end.
pub fn fitting(text: &str) -> String {
    let size = |line: &str| serde_json::to_string(line).map_or(usize::MAX, |line| line.len());
    if size(text) <= TEXT {
        return text.to_owned();
    }
    let lines = text.lines().count();
    let (mut kept, mut taken, mut bytes) = (String::new(), 0, 0);
    for line in text.lines() {
        bytes += size(line);
        if bytes > TEXT {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
        taken += 1;
    }
    let what_to_do = "ask for one resource by `resource` to read the rest";
    format!("{kept}and {} more lines: {what_to_do}\n", lines - taken)
}
