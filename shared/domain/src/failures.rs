//! Executions of our machines that failed: which of them people have to hear of, and what they are told. A run that fails
//! with each tick is told once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::message::{Message, MessageContext};
use crate::name::Region;
use crate::reconcile::run::RunError;

/// How far back executions are looked at: longer than any outage of the tick that nobody was told of.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How long runs of one kind have to be quiet before the next failure is news: an hour is twelve ticks.
const QUIET: SignedDuration = SignedDuration::from_hours(1);

/// As many failures as one message has, and as much of each cause, in characters: a message has 256 KiB at most (Amazon SNS
/// API reference, `Publish`), and is read on a phone.
const NAMED: usize = 20;
const CAUSE: usize = 400;

/// An execution that failed or timed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedExecution {
    /// Its machine.
    pub machine: String,
    /// Its name.
    pub name: String,
    /// When it ended.
    pub stopped: Timestamp,
}

impl FailedExecution {
    /// What it has in common with the runs of other ticks: its machine, and its name without the instant.
    fn kind(&self) -> String {
        let is_instant = |part: &&str| part.len() == 16 && part.ends_with('Z') && part.starts_with("20");
        let words: Vec<&str> = self.name.split('-').filter(|part| !is_instant(part)).collect();
        format!("{} {}", self.machine, words.join("-"))
    }
}

/// What is remembered of failures: when the last one of each kind ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureMemory {
    /// By kind.
    #[serde(default)]
    pub seen: BTreeMap<String, Timestamp>,
}

impl FailureMemory {
    /// The failures of which people have to hear, oldest first, and what is remembered then. What was seen stays seen,
    /// however often it is looked at.
    #[must_use]
    pub fn news(&self, mut failed: Vec<FailedExecution>, now: Timestamp) -> (Vec<FailedExecution>, Self) {
        let mut after = self.clone();
        let recent = |stopped: Timestamp| now.duration_since(stopped) < LOOKED_BACK;
        after.seen.retain(|_, stopped| recent(*stopped));
        failed.retain(|execution| recent(execution.stopped));
        failed.sort_by_key(|execution| execution.stopped);
        failed.retain(|execution| {
            let before = after.seen.get(&execution.kind()).copied();
            if before.is_none_or(|before| before < execution.stopped) {
                after.seen.insert(execution.kind(), execution.stopped);
            }
            before.is_none_or(|before| execution.stopped.duration_since(before) > QUIET)
        });
        (failed, after)
    }
}

/// What people are told of executions that failed, each with its error.
pub fn message(region: &Region, news: &[(FailedExecution, RunError)]) -> Message {
    let subject = match news {
        [(execution, error)] => format!("{region}: {} failed: {}", execution.machine, error.name),
        _ => format!("{region}: {} executions failed", news.len()),
    };
    let lines = news.iter().take(NAMED).map(|(FailedExecution { machine, name, stopped }, error)| {
        let cause: String = error.message.chars().take(CAUSE).collect();
        format!("{machine} {name}, at {stopped}\n  {}: {cause}\n", error.name)
    });
    let lines = lines.collect::<String>();
    let more = match news.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("and {more} more\n"),
    };
    let text = format!(
        "{subject}.\n\n{lines}{more}\nWhat to do: the cause says it, and the execution in Step Functions has the rest. Runs \
         that fail alike are told again after an hour without."
    );
    let codes = news.iter().map(|(_, error)| &error.name);
    Message::new(&subject, text).with(MessageContext::default().with_codes(codes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const START: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn after(minutes: i64) -> Timestamp {
        START + SignedDuration::from_mins(minutes)
    }

    fn failed(name: &str, minutes: i64) -> FailedExecution {
        FailedExecution { machine: "reconcile".to_owned(), name: name.to_owned(), stopped: after(minutes) }
    }

    fn names(news: &[FailedExecution]) -> Vec<&str> {
        news.iter().map(|execution| execution.name.as_str()).collect()
    }

    #[test]
    fn a_run_that_fails_with_each_tick_is_told_once_and_again_after_an_hour_without() {
        let mut memory = FailureMemory::default();
        let mut told = Vec::new();
        let mut all = Vec::new();
        for minutes in (0..60).chain(150..160).step_by(5) {
            all.push(failed(&format!("clos-v2-dev-20261120T{minutes:06}Z"), minutes));
            let (news, after) = memory.news(all.clone(), after(minutes + 1));
            told.extend(news.into_iter().map(|execution| execution.stopped));
            memory = after;
        }
        assert_eq!(told, [after(0), after(150)]);
    }

    #[test]
    fn what_was_not_looked_at_meanwhile_is_told_later_and_what_was_told_is_not_again() {
        let all = vec![failed("clos-v2-dev-20261120T000500Z", 5), failed("clos-v2-dr-20261120T000500Z", 7)];
        let (news, memory) = FailureMemory::default().news(all.clone(), after(600));
        assert_eq!(names(&news), ["clos-v2-dev-20261120T000500Z", "clos-v2-dr-20261120T000500Z"]);
        let (news, again) = memory.news(all.clone(), after(605));
        assert_eq!((news, &again), (Vec::new(), &memory));
        // Nobody is told of yesterday, and nothing of it is remembered.
        let (news, later) = memory.news(all, after(3000));
        assert_eq!((news, later), (Vec::new(), FailureMemory::default()));
    }

    #[test]
    fn a_message_names_the_execution_its_error_and_its_cause() {
        let error = RunError { name: "Guardrail.Refused".to_owned(), message: "below-floor: api: 0 of 1".to_owned() };
        let region = Region::new("us-east-1").unwrap();
        let one = message(&region, &[(failed("clos-v2-dev-20261120T000500Z", 0), error.clone())]);
        assert_eq!(one.subject, "us-east-1: reconcile failed: Guardrail.Refused");
        assert!(one.text.contains("reconcile clos-v2-dev-20261120T000500Z, at "), "{}", one.text);
        assert!(one.text.contains("Guardrail.Refused: below-floor: api: 0 of 1"), "{}", one.text);
        let many = vec![(failed("x", 0), error); 30];
        assert!(message(&region, &many).text.contains("and 10 more"));
    }
}
