//! The decision once more, over the facts that a report has: what comes out has to be what was done.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use watchkeeper_domain::backup::{BackupOutcome, BackupResult, worst};
use watchkeeper_domain::failover::Move;
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::violation::{GuardrailCode, stops};

use super::{BackupRecord, Evidence, RestoreRecord};

/// Where a report is not what its facts lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The place in `content.evidence.record`, such as `plan.steps[0].wave`.
    pub place: String,
    /// What the report has there.
    pub found: String,
    /// What the facts lead to.
    pub expected: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}: what its facts lead to", self.place, self.found, self.expected)
    }
}

impl Evidence {
    /// Decides again, and tells where that comes to something else. Without facts there is nothing to decide by: that is among
    /// what the report says is not known.
    pub fn replay(&self) -> Option<Difference> {
        match self {
            Self::Run(record) => of_run(record),
            Self::Move(record) => of_move(record),
            Self::Restore(record) => of_restore(record),
            Self::Backup(record) => of_backup(record),
        }
    }
}

fn of_run(record: &RunRecord) -> Option<Difference> {
    let again = record.facts.as_ref()?.assess();
    // What is asked beside the plan (the age of backups, releases, schedules that could not be read) adds to what the guardrails
    // say, and never takes from it.
    let unsaid = again.violations.iter().find(|violation| !record.violations.contains(violation));
    // The obstacles are those of the last look: what stood in the way at the beginning is among what the guardrails say.
    difference("plan.steps", &record.plan.steps, &again.plan.steps)
        .or_else(|| difference("deciding", &record.deciding, &again.deciding))
        .or_else(|| {
            let place = "violations".to_owned();
            unsaid.map(|violation| Difference { place, found: "nothing".to_owned(), expected: violation.to_string() })
        })
        .or_else(|| difference("verdict", &record.verdict, &verdict(record, again.verdict)))
}

/// The verdict, once what is asked beside the plan and the wish that the run came with are added to it.
fn verdict(record: &RunRecord, of_plan: Verdict) -> Verdict {
    let verdict = if stops(&record.violations) { Verdict::Refused } else { of_plan };
    verdict.answered(record.wanted.is_some())
}

fn of_move(record: &Move) -> Option<Difference> {
    let again = record.facts.as_ref()?.plan();
    let judged = |code: &GuardrailCode| matches!(code, GuardrailCode::NotReady | GuardrailCode::DataLoss);
    // Those that were answered are gone, and the fence asks on its own.
    let asked = record.asks.iter().filter(|(code, _)| judged(code));
    difference("serving", &record.serving, &again.serving)
        .or_else(|| difference("waves", &record.waves, &again.waves))
        .or_else(|| {
            let other = |(code, why): (&GuardrailCode, &String)| {
                difference(&format!("asks.{code}"), &Some(why), &again.asks.get(code))
            };
            asked.into_iter().find_map(other)
        })
}

fn of_restore(record: &RestoreRecord) -> Option<Difference> {
    difference("outcome", &record.outcome, &record.restore.outcome(record.outcome.at))
}

/// Each resource by what was remembered of it. One that could not be read is a failure of the run.
fn of_backup(record: &BackupRecord) -> Option<Difference> {
    let again: Vec<BackupResult> = record.lines.iter().map(BackupResult::again).collect();
    let unread = (record.lines.len() < record.run.jobs.len() && record.outcome == BackupOutcome::Failed)
        .then_some(BackupOutcome::Failed);
    let outcome = worst(again.iter().map(|line| line.outcome).chain(unread));
    difference("lines", &record.lines, &again).or_else(|| difference("outcome", &record.outcome, &outcome))
}

/// The first place at which two values differ.
fn difference<T: Serialize>(place: &str, found: &T, expected: &T) -> Option<Difference> {
    let written = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
    first(place, Some(&written(found)), Some(&written(expected)))
}

fn first(place: &str, found: Option<&Value>, expected: Option<&Value>) -> Option<Difference> {
    match (found, expected) {
        (found, expected) if found == expected => None,
        (Some(Value::Object(found)), Some(Value::Object(expected))) => {
            let keys = found.keys().chain(expected.keys().filter(|key| !found.contains_key(*key)));
            keys.into_iter().find_map(|key| first(&format!("{place}.{key}"), found.get(key), expected.get(key)))
        }
        (Some(Value::Array(found)), Some(Value::Array(expected))) => {
            let mut places = 0..found.len().max(expected.len());
            places.find_map(|at| first(&format!("{place}[{at}]"), found.get(at), expected.get(at)))
        }
        (found, expected) => {
            let told = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            Some(Difference { place: place.to_owned(), found: told(found), expected: told(expected) })
        }
    }
}
