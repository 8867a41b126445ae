//! Alarm state changes in, executions out. Whatever leads to nothing says why: in the log, in the ledger.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::emergency::alarm::{
    AlarmChange, AlarmState, AlarmStates, AlarmStatus, IgnoreReason, consider, found as found_in_alarm,
};
use watchkeeper_domain::emergency::{AlarmCalls, Call};
use watchkeeper_domain::value::AlarmName;

use super::respond::Heard;
use super::{AlarmOutcome, AlarmResult, EmergencyRunbook, Handled, Incoming, Nothing, Passed, Unread};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::runbook::{RunbookError, Stack};

impl<P: Platform> EmergencyRunbook<P> {
    /// Handles an event about alarms. `now` is the latest moment at which an answer could take effect. What of it cannot be
    /// handled does not keep the rest from its turn; the first failure is returned at the end, so that the event comes again.
    ///
    /// # Errors
    /// The first [`RunbookError`].
    pub async fn hear(&self, stack: &Stack, incoming: Incoming, now: Timestamp) -> Result<Handled, RunbookError> {
        let emergencies = stack.environments().filter_map(|(estate, environment)| {
            AlarmCalls::of(stack.scope(estate, environment), environment.document().emergency.as_ref()?)
        });
        let all_alarm_calls: Vec<AlarmCalls<'_>> = emergencies.collect();
        let mut round = Round { lines: Vec::new(), passed: Vec::new(), failed: None };
        match incoming {
            Incoming::Sweep => self.sweep(&all_alarm_calls, now, &mut round).await?,
            Incoming::Changes(changes) => {
                for change in changes {
                    match change {
                        Ok(change) => self.change(&all_alarm_calls, stack, &change, now, &mut round).await,
                        Err(unread) => round.unread(unread, &all_alarm_calls),
                    }
                }
            }
        }
        let Round { lines, passed, failed } = round;
        failed.map_or(Ok(Handled { lines, passed }), Err)
    }
}

/// What was done so far, and the first failure.
struct Round {
    lines: Vec<AlarmResult>,
    passed: Vec<Passed>,
    failed: Option<RunbookError>,
}

impl Round {
    /// What tells of no change is a failure only where it may be one of an alarm of ours.
    fn unread(&mut self, unread: Unread, all_alarm_calls: &[AlarmCalls<'_>]) {
        let (why, text) = match unread {
            Unread::Contributor(text) => (Nothing::Contributor, text),
            Unread::NoAlarm(text) => (Nothing::NoAlarm, text),
            Unread::Damaged(Some(alarm), text)
                if !all_alarm_calls.iter().any(|alarm_calls| alarm_calls.calls.contains_key(&alarm)) =>
            {
                (Nothing::NotOurs, text)
            }
            Unread::Damaged(_, text) => {
                return self.failed(RunbookError::Event(format!("the event cannot be read: {text}")));
            }
        };
        tracing::info!(why = why.name(), error = text, "a message that is nothing for us");
        self.passed.push(Passed { why, text });
    }

    fn failed(&mut self, error: RunbookError) {
        tracing::warn!(%error, "a message about an alarm could not be handled; it comes again");
        self.failed.get_or_insert(error);
    }

    fn did(&mut self, alarm: &AlarmName, answer: Result<Vec<AlarmResult>, RunbookError>) {
        match answer {
            Ok(lines) => {
                for AlarmResult { scope, what, did } in &lines {
                    let ignored = match did {
                        AlarmOutcome::Ignored { why, .. } => Some(why.name()),
                        _ => None,
                    };
                    tracing::info!(%alarm, estate = %scope.estate, environment = %scope.environment, what, ignored, ?did,
                        "alarm");
                }
                self.lines.extend(lines);
            }
            Err(error) => self.failed(error),
        }
    }
}

impl<P: Platform> EmergencyRunbook<P> {
    /// Answers one change for every environment that it calls in.
    async fn change(
        &self,
        all_alarm_calls: &[AlarmCalls<'_>],
        stack: &Stack,
        change: &AlarmChange,
        now: Timestamp,
        round: &mut Round,
    ) {
        let alarm = &change.alarm;
        let ours = change.account.as_ref().is_none_or(|account| *account == stack.home.account)
            && change.region.as_ref().is_none_or(|region| *region == stack.home.region);
        let mut called =
            all_alarm_calls.iter().filter(|alarm_calls| ours && alarm_calls.calls.contains_key(alarm)).peekable();
        if called.peek().is_none() {
            tracing::info!(%alarm, state = %change.state, ours, "no document here answers this alarm");
            let text = format!("no document here answers the alarm {alarm}");
            round.passed.push(Passed { why: Nothing::NotOurs, text });
        }
        for alarm_calls in called {
            let answer = self.answer(alarm_calls, change, now).await;
            round.did(alarm, answer);
        }
    }

    async fn answer(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        change: &AlarmChange,
        now: Timestamp,
    ) -> Result<Vec<AlarmResult>, RunbookError> {
        let calls = alarm_calls.calls.get(&change.alarm).map_or(&[][..], Vec::as_slice);
        let mut names: BTreeSet<AlarmName> = calls.iter().flat_map(|call| &call.forbidding).cloned().collect();
        // Whether its actions are disabled, only a description of the alarm itself tells.
        names.insert(change.alarm.clone());
        // Only an ALARM leads to something: for anything else CloudWatch is not asked.
        let asks = change.state == AlarmState::Alarm;
        let states = if asks { self.alarms.alarm_states(&names).await? } else { AlarmStates::new() };
        self.respond(alarm_calls, calls, Heard { change, how: consider, states: &states, now }).await
    }

    /// Makes up for lost messages: looks at every alarm that calls for something, and answers those that are in ALARM.
    async fn sweep(
        &self,
        all_alarm_calls: &[AlarmCalls<'_>],
        now: Timestamp,
        round: &mut Round,
    ) -> Result<(), RunbookError> {
        let names: BTreeSet<AlarmName> = all_alarm_calls.iter().flat_map(AlarmCalls::alarms).collect();
        if names.is_empty() {
            return Ok(());
        }
        let states = self.alarms.alarm_states(&names).await?;
        for alarm_calls in all_alarm_calls {
            for (alarm, calls) in &alarm_calls.calls {
                let found = states.get(alarm).filter(|found| found.state == AlarmState::Alarm);
                if let Some(found) = found {
                    let answer = self.found(alarm_calls, (alarm, calls), found, &states, now).await;
                    round.did(alarm, answer);
                }
            }
        }
        for alarm_calls in all_alarm_calls {
            if let Err(error) = self.missing(alarm_calls, &states, now).await {
                round.failed(error);
            }
        }
        Ok(())
    }

    /// Answers an alarm that was found in ALARM. What lasts is found again each time; only what is new is worth a line.
    async fn found(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        (alarm, calls): (&AlarmName, &[Call]),
        found: &AlarmStatus,
        states: &AlarmStates,
        now: Timestamp,
    ) -> Result<Vec<AlarmResult>, RunbookError> {
        let Some(since) = found.since else { return Ok(Vec::new()) };
        let (memory, _) = self.ledger.recall(&alarm_calls.scope, alarm).await?;
        let change = AlarmChange {
            alarm: alarm.clone(),
            account: None,
            region: None,
            state: AlarmState::Alarm,
            previous: None,
            at: memory.change_at(since),
            reason: "found in ALARM by the sweep".to_owned(),
            suppressed: found.suppressed,
        };
        let told = |line: &AlarmResult| matches!(line.did, AlarmOutcome::Ignored { why: IgnoreReason::Duplicate, .. });
        let lines =
            self.respond(alarm_calls, calls, Heard { change: &change, how: found_in_alarm, states, now }).await?;
        Ok(lines.into_iter().filter(|line| !told(line)).collect())
    }
}
