//! What was not known when a report was written.

use super::{DueReport, Evidence};

/// Each in a sentence.
pub(super) fn of(due: &DueReport) -> Vec<String> {
    let sent = due.sent.clone().unwrap_or_default();
    let mut missing = Vec::new();
    if due.deployed.document.is_none() {
        missing.push("The digest of the estate document is not known: it was read from no file.");
    }
    if due.sent.is_none() {
        missing.push("Whether people and programs were told is not known: nothing was heard of it in time.");
    } else {
        if sent.message.is_none() {
            missing.push("There is no id of a message: none was sent, or the topic did not take it.");
        }
        if sent.event.is_none() {
            missing.push("There is no id of an event: none was sent, or the bus did not take it.");
        }
    }
    missing.extend(of_record(&due.evidence));
    missing.into_iter().map(str::to_owned).collect()
}

fn of_record(evidence: &Evidence) -> Vec<&'static str> {
    match evidence {
        Evidence::Run(record) if record.facts.is_none() => vec!["What the plan was decided by is not in the record."],
        Evidence::Move(record) => {
            let mut missing = Vec::new();
            if record.facts.is_none() {
                missing.push(
                    "What the move was planned by is not in the record: it ended before that, or began elsewhere.",
                );
            }
            if record.lag_ms.is_none() && record.rehearsal.is_none() {
                missing.push("How far the tables lagged is not known.");
            }
            missing
        }
        Evidence::Restore(record) if record.outcome.checks.iter().any(|check| check.ok.is_none()) => {
            vec!["Not every check of what was restored was made: those say so."]
        }
        Evidence::Backup(record) if record.lines.len() < record.run.jobs.len() => {
            vec!["How each of its resources ended is not known: the notes say of which."]
        }
        Evidence::Run(_) | Evidence::Restore(_) | Evidence::Backup(_) => Vec::new(),
    }
}
