//! One change and one environment: considered, acted upon, told, remembered; in this order, so that whatever fails is
//! repeated as a whole and nothing is lost. Executions have names that make the repetition harmless.

use jiff::Timestamp;
use watchkeeper_domain::emergency::alarm::{
    AlarmChange, AlarmMemory, AlarmQuestion, AlarmStates, ConsideredAnswer, IgnoreReason, ResponseDecision,
};
use watchkeeper_domain::emergency::{AlarmCalls, Call, EmergencyRequest, not_done};
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::guardrail::{GuardrailCode, Violation};

use super::{AlarmOutcome, AlarmResult, EmergencyRunbook};
use crate::ledger::{Ledger, LedgerError};
use crate::platform::Platform;
use crate::ports::{AlarmMutes, AwsError, Executions, Fault, Notifier, StartOutcome};
use crate::runbook::RunbookError;

/// How often a message is considered again when another one about the same alarm was faster.
const TRIES: u32 = 5;

/// A change, and how it is considered.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    /// The change.
    pub(super) change: &'a AlarmChange,
    /// As a message tells of it, or as a look found it.
    pub(super) how: fn(&AlarmQuestion<'_>, &AlarmMemory) -> ConsideredAnswer,
    /// The alarms that may forbid something, and the alarm itself.
    pub(super) states: &'a AlarmStates,
    /// The latest moment at which an answer could take effect.
    pub(super) now: Timestamp,
}

impl<P: Platform> EmergencyRunbook<P> {
    /// Answers a change for an environment.
    pub(super) async fn respond(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        calls: &[Call],
        heard: Heard<'_>,
    ) -> Result<Vec<AlarmResult>, RunbookError> {
        for _ in 1..TRIES {
            let (before, version) = self.ledger.recall(&alarm_calls.scope, &heard.change.alarm).await?;
            match self.once(alarm_calls, calls, heard, (before, version)).await {
                Err(RunbookError::Ledger(LedgerError::Conflict { .. })) => {}
                answer => return answer,
            }
        }
        let (before, version) = self.ledger.recall(&alarm_calls.scope, &heard.change.alarm).await?;
        self.once(alarm_calls, calls, heard, (before, version)).await
    }

    async fn once(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        calls: &[Call],
        heard: Heard<'_>,
        (before, version): (AlarmMemory, u64),
    ) -> Result<Vec<AlarmResult>, RunbookError> {
        let at = before.same_change(heard.change.at, heard.change.state);
        let mut change = AlarmChange { at, ..heard.change.clone() };
        let (mut answers, mut memory) = considered(alarm_calls, calls, heard, &change, &before);
        let starts = |answer: &ResponseDecision| matches!(answer, ResponseDecision::Start { .. });
        // Asked only where something would follow: a mute is over for certain, or it holds the answer back.
        if answers.iter().any(starts) && self.held_back(&change, heard.states, &before).await? {
            change.suppressed = true;
            (answers, memory) = considered(alarm_calls, calls, heard, &change, &before);
        }
        let mut lines = Vec::new();
        for (call, answer) in calls.iter().zip(answers) {
            let did = self.act(alarm_calls, call, &change, answer).await?;
            lines.push(AlarmResult { scope: alarm_calls.scope.clone(), what: call.what().to_owned(), did });
        }
        if memory != before {
            self.ledger.remember(&alarm_calls.scope, &change.alarm, &memory, version).await?;
        }
        Ok(lines)
    }

    /// Whether somebody holds the actions of an alarm back: they are disabled, suppressed, or muted.
    async fn held_back(
        &self,
        change: &AlarmChange,
        states: &AlarmStates,
        before: &AlarmMemory,
    ) -> Result<bool, AwsError> {
        if states.get(&change.alarm).is_some_and(|status| status.suppressed) {
            return Ok(true);
        }
        match self.alarms.is_muted(&change.alarm).await {
            // Not known is no mute; only one that was told of lasts until it is known to be over.
            Err(error) if error.fault == Fault::Denied => Ok(before.was_held_back(change.at)),
            answer => answer,
        }
    }

    async fn act(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        call: &Call,
        change: &AlarmChange,
        answer: ResponseDecision,
    ) -> Result<AlarmOutcome, AwsError> {
        match answer {
            ResponseDecision::Start { ask } => {
                let scope = &alarm_calls.scope;
                let words = [scope.estate.as_str(), scope.environment.as_str(), call.what(), change.alarm.as_str()];
                let execution = execution_name(&words, change.at);
                let input = call.request(scope, change, ask.map(|asks| asks.to_string())).to_string();
                Ok(match self.machine.start(&execution, &input).await? {
                    StartOutcome::New => AlarmOutcome::Started { execution },
                    StartOutcome::AlreadyThere => AlarmOutcome::Doubled { execution },
                })
            }
            ResponseDecision::Ignored { why, text, violations, news } => {
                // A delay passes by itself, and the sweep comes back to it; a veto is for a person.
                if news && why == IgnoreReason::DependencyVeto {
                    self.notify(alarm_calls, call, change, &violations).await?;
                }
                Ok(AlarmOutcome::Ignored { why, text })
            }
        }
    }

    /// Tells a person of something that was forbidden, and how to do it all the same.
    async fn notify(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        call: &Call,
        change: &AlarmChange,
        violations: &[Violation],
    ) -> Result<(), AwsError> {
        let request = call.request(&alarm_calls.scope, change, None);
        let why = request.reason.clone().unwrap_or_default();
        let approve = [GuardrailCode::DependencyVeto].into();
        let by_hand = EmergencyRequest { alarm: None, since: None, approve, ..request };
        let message = not_done(&alarm_calls.scope, call.what(), &why, violations, Some(&by_hand.to_string()));
        self.notifier.notify(&message).await.map(drop)
    }
}

/// What is made of a change for each thing that it calls for, and what is remembered then.
fn considered(
    alarm_calls: &AlarmCalls<'_>,
    calls: &[Call],
    heard: Heard<'_>,
    change: &AlarmChange,
    before: &AlarmMemory,
) -> (Vec<ResponseDecision>, AlarmMemory) {
    let Heard { how, states, now, .. } = heard;
    let mut memory = before.clone();
    let mut answers = Vec::new();
    for call in calls {
        let (what, forbidding) = (call.what(), call.forbidding.as_slice());
        let question = AlarmQuestion { change, what, emergency: alarm_calls.emergency, forbidding, states, now };
        let ConsideredAnswer { answer, memory: after } = how(&question, &memory);
        memory = after;
        answers.push(answer);
    }
    (answers, memory)
}
