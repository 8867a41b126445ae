//! Runs that end before they could begin, or without their record: whom they are told to, and that it is once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::message::{Message, MessageContext};
use crate::name::Scope;
use crate::reconcile::run::RunError;
use crate::request::RunTrigger;

/// How long the runs of a tick may fail before a person hears of it: what passes by itself passes within two ticks.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// How far apart two failures are one trouble: three ticks of five minutes.
pub const GAP: SignedDuration = SignedDuration::from_mins(15);

/// Names of errors that say what is wrong with the input.
const OF_INPUT: [&str; 3] = ["Request.Invalid", "Estate.Unknown", "Environment.Unknown"];

/// To whom a run is told that could not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleAudience {
    /// To nobody: whoever started it reads it in the execution, or another run, which lives, will tell.
    Nobody,
    /// To people, now: one of them asked for it.
    Now,
    /// To people, once the trouble has lasted for so long.
    Once(SignedDuration),
}

/// To whom a run is told that ended with `error`. A run of a tick that waited for another one's lease, for longer than a
/// dead one's lasts, leaves the word to that one; and so does whatever no person started and another run took the place of.
pub fn telling(trigger: RunTrigger, error: &str) -> TroubleAudience {
    match trigger {
        RunTrigger::Human if OF_INPUT.contains(&error) => TroubleAudience::Nobody,
        RunTrigger::Human => TroubleAudience::Now,
        _ if error == "Lease.Lost" => TroubleAudience::Nobody,
        RunTrigger::Schedule if error == "Lease.Held" => TroubleAudience::Nobody,
        RunTrigger::Schedule => TroubleAudience::Once(PATIENCE),
        RunTrigger::Emergency | RunTrigger::Failover => TroubleAudience::Once(SignedDuration::ZERO),
    }
}

/// What is remembered of runs that failed one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunTrouble {
    /// The instant of the first.
    pub since: Timestamp,
    /// The instant of the last.
    pub last: Timestamp,
    /// Whether people have been told.
    pub told: bool,
}

impl RunTrouble {
    /// The trouble after another run failed: the same one, unless it was over in between.
    pub fn after(before: Option<Self>, instant: Timestamp) -> Self {
        match before {
            Some(before) if instant.duration_since(before.last) <= GAP => {
                Self { last: instant.max(before.last), ..before }
            }
            _ => Self { since: instant, last: instant, told: false },
        }
    }

    /// Whether people have to be told now.
    pub fn is_due(&self, patience: SignedDuration) -> bool {
        !self.told && self.last.duration_since(self.since) >= patience
    }

    /// The same where nothing can be remembered: twice an hour, and no more.
    pub fn is_due_blindly(instant: Timestamp, patience: SignedDuration) -> bool {
        patience.is_zero() || instant.as_second().rem_euclid(1800) < 300
    }
}

/// What people are told of a run that could not begin, or not be closed.
pub fn message(scope: &Scope, trigger: RunTrigger, error: &RunError, since: Option<Timestamp>, run: &str) -> Message {
    let Scope { estate, environment, region } = scope;
    let subject = format!("{estate} {environment}: a run could not be made: {}", error.name);
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    let next = match trigger {
        RunTrigger::Schedule => "the next tick tries again by itself; it is told once while it lasts".to_owned(),
        RunTrigger::Emergency => "the emergency-scale execution says what becomes of it".to_owned(),
        RunTrigger::Failover => "the next look of the watch tries again by itself".to_owned(),
        RunTrigger::Human => "start it again once the cause is gone".to_owned(),
    };
    let text = format!(
        "{subject} ({region}){since}.\n\nError: {}: {}\nChanged: nothing by this run, or what its record says.\n\nWhat to do: remove the \
         cause; {next}\n\nRun: {run}",
        error.name, error.message
    );
    Message::new(&subject, text).with(MessageContext::of_run(scope, run).with_codes([&error.name]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(RunTrigger::Human, "Request.Invalid", TroubleAudience::Nobody)]
    #[case(RunTrigger::Human, "Environment.Unknown", TroubleAudience::Nobody)]
    #[case(RunTrigger::Human, "Lease.Held", TroubleAudience::Now)]
    #[case(RunTrigger::Human, "Aws.Denied", TroubleAudience::Now)]
    #[case(RunTrigger::Schedule, "Lease.Held", TroubleAudience::Nobody)]
    #[case(RunTrigger::Human, "Lease.Lost", TroubleAudience::Now)]
    #[case(RunTrigger::Schedule, "Lease.Lost", TroubleAudience::Nobody)]
    #[case(RunTrigger::Emergency, "Lease.Lost", TroubleAudience::Nobody)]
    #[case(RunTrigger::Schedule, "Request.Invalid", TroubleAudience::Once(PATIENCE))]
    #[case(RunTrigger::Schedule, "Aws.Unavailable", TroubleAudience::Once(PATIENCE))]
    #[case(RunTrigger::Emergency, "Lease.Held", TroubleAudience::Once(SignedDuration::ZERO))]
    #[case(RunTrigger::Emergency, "Aws.Unavailable", TroubleAudience::Once(SignedDuration::ZERO))]
    #[case(RunTrigger::Failover, "Pointer.Unfollowed", TroubleAudience::Once(SignedDuration::ZERO))]
    fn whoever_waits_for_a_run_hears_that_it_could_not_begin(
        #[case] trigger: RunTrigger,
        #[case] error: &str,
        #[case] expected: TroubleAudience,
    ) {
        assert_eq!(telling(trigger, error), expected);
    }

    /// The instants, in minutes, at which a trouble of these failures is told.
    fn told(patience: SignedDuration, failures: &[i64]) -> Vec<i64> {
        let start: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let (mut before, mut told) = (None, Vec::new());
        for minutes in failures {
            let mut trouble = RunTrouble::after(before, start + SignedDuration::from_mins(*minutes));
            if trouble.is_due(patience) {
                trouble.told = true;
                told.push(*minutes);
            }
            before = Some(trouble);
        }
        told
    }

    #[test]
    fn a_trouble_is_told_once_after_ten_minutes_and_again_only_when_it_was_over() {
        assert_eq!(told(PATIENCE, &[0, 5, 10, 15, 20, 25]), [10]);
        assert_eq!(told(PATIENCE, &[0, 5]), [0_i64; 0]);
        assert_eq!(told(PATIENCE, &[0, 60, 120]), [0_i64; 0], "each was over by the next tick");
        assert_eq!(told(PATIENCE, &[0, 5, 10, 60, 65, 70]), [10, 70]);
        assert_eq!(told(SignedDuration::ZERO, &[0, 1, 2, 3]), [0], "an emergency tries each minute");
    }

    #[test]
    fn an_older_failure_that_comes_late_changes_nothing() {
        let start: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let trouble = RunTrouble { since: start, last: start + SignedDuration::from_mins(5), told: true };
        assert_eq!(RunTrouble::after(Some(trouble.clone()), start), trouble);
    }

    #[test]
    fn without_a_memory_it_is_told_at_most_twice_an_hour() {
        let start: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let ticks = (0..24).map(|tick| start + SignedDuration::from_mins(5 * tick + 2));
        assert_eq!(ticks.filter(|tick| RunTrouble::is_due_blindly(*tick, PATIENCE)).count(), 4);
        assert!(RunTrouble::is_due_blindly(start + SignedDuration::from_mins(7), SignedDuration::ZERO));
    }
}
