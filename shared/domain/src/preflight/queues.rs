//! Queues and their dead letters.

use super::row::existing;
use super::services::of_tag;
use super::{Check, MANAGED, PreflightCase, QueueFacts, QueueNeed, ReportRow};
use crate::value::ResourceName;

/// Receives after which a message becomes a dead letter, where a queue has no figure of its own yet: what the documents of
/// SQS take for their example, and what the estates of this repository use.
const RECEIVES: u32 = 3;

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    for (name, need) in &case.wanted.queues {
        of_queue(case, name, need, rows);
    }
}

pub(super) fn arn(case: PreflightCase<'_>, name: &ResourceName) -> String {
    case.facts.place.arn("sqs", name.as_str())
}

fn of_queue(case: PreflightCase<'_>, name: &ResourceName, need: &QueueNeed, rows: &mut Vec<ReportRow>) {
    let subject = format!("queue {name}");
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), case.aws(&["sqs", "list-queues"]));
    let queue = match existing(case.facts.queues.get(name), &subject, missing) {
        Ok(queue) => queue,
        Err(row) => return rows.push(row),
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), "is there"));
    rows.push(match &queue.tags {
        Err(unread) => ReportRow::unread(Check::Tagged, subject.as_str(), unread),
        Ok(tags) => of_tag(&subject, tags, || {
            let tag = format!("{MANAGED}=true");
            case.aws(&["sqs", "tag-queue", "--queue-url", &queue.url, "--tags", &tag])
        }),
    });
    if let Some(dead_letters) = &need.dead_letters {
        rows.push(of_dead_letters(case, dead_letters, &subject, queue));
    }
    if !need.letters_of.is_empty() {
        rows.push(of_letters(need, &subject, queue));
    }
}

/// Where a queue sends its dead letters.
fn of_dead_letters(
    case: PreflightCase<'_>,
    dead_letters: &ResourceName,
    subject: &str,
    queue: &QueueFacts,
) -> ReportRow {
    let arn = arn(case, dead_letters);
    let (found, receives) = match &queue.redrive {
        Some((to, receives)) if *to == arn => {
            return ReportRow::good(Check::DeadLetters, subject, format!("{dead_letters}, after {receives} receives"));
        }
        Some((to, receives)) => (to.rsplit(':').next().unwrap_or(to).to_owned(), *receives),
        None => ("nowhere: it has no redrive policy".to_owned(), RECEIVES),
    };
    // A queue that does not exist is named as such; letters cannot be sent there before.
    if !matches!(case.facts.queues.get(dead_letters), Some(Ok(Some(_)))) {
        let why = format!("{dead_letters} was not found");
        return ReportRow::untold(Check::DeadLetters, subject, why, None);
    }
    let policy = format!(r#"{{\"deadLetterTargetArn\":\"{arn}\",\"maxReceiveCount\":\"{receives}\"}}"#);
    let attributes = format!(r#"{{"RedrivePolicy":"{policy}"}}"#);
    let words = ["sqs", "set-queue-attributes", "--queue-url", &queue.url, "--attributes", &attributes];
    ReportRow::bad(Check::DeadLetters, subject, found, dead_letters.as_str(), case.aws(&words))
}

/// Whose dead letters it has: a letter of a queue that the document does not name stays where it is.
fn of_letters(need: &QueueNeed, subject: &str, queue: &QueueFacts) -> ReportRow {
    let sources = match &queue.sources {
        Ok(sources) => sources,
        Err(unread) => return ReportRow::unread(Check::Letters, subject, unread),
    };
    let own = need.letters_of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let named = |source: &str| need.letters_of.iter().any(|own| own.as_str() == source);
    let others: Vec<&str> = sources.iter().map(String::as_str).filter(|source| !named(source)).collect();
    let others = if others.is_empty() { String::new() } else { format!("; those of {} stay", others.join(", ")) };
    ReportRow::good(Check::Letters, subject, format!("letters of {own} go back{others}"))
}
