//! One change and one environment: considered, acted upon, told, remembered; in this order, so that whatever fails is
//! repeated as a whole and nothing is lost. Executions have names that make the repetition harmless.

use jiff::Timestamp;
use watchkeeper_control::ledger::{AlarmLog, LedgerError};
use watchkeeper_control::ports::{Announcer, AwsError, Executions, Started};
use watchkeeper_domain::alarm::{AlarmChange, AlarmMemory, AlarmStates, Answer, Considered, Question, Why, consider};
use watchkeeper_domain::emergency::{EmergencyRequest, not_done};
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::guardrail::{Code, Violation};

use crate::calls::{Call, Callee};
use crate::{Did, Line, Ports, ResponseError};

/// How often a message is considered again when another one about the same alarm was faster.
const TRIES: u32 = 5;

impl<L: AlarmLog, A, X: Executions, N: Announcer> Ports<'_, L, A, X, N> {
    /// Answers a change for an environment. `states` has the alarms that may forbid it.
    pub(crate) async fn respond(
        &self,
        callee: &Callee<'_>,
        calls: &[Call],
        change: &AlarmChange,
        states: &AlarmStates,
        now: Timestamp,
    ) -> Result<Vec<Line>, ResponseError> {
        for _ in 1..TRIES {
            let (before, version) = self.ledger.recall(&callee.scope, &change.alarm).await?;
            match self.once(callee, calls, change, states, now, (before, version)).await {
                Err(ResponseError::Ledger(LedgerError::Conflict { .. })) => {}
                answer => return answer,
            }
        }
        let (before, version) = self.ledger.recall(&callee.scope, &change.alarm).await?;
        self.once(callee, calls, change, states, now, (before, version)).await
    }

    async fn once(
        &self,
        callee: &Callee<'_>,
        calls: &[Call],
        change: &AlarmChange,
        states: &AlarmStates,
        now: Timestamp,
        (before, version): (AlarmMemory, u64),
    ) -> Result<Vec<Line>, ResponseError> {
        let mut memory = before.clone();
        let mut lines = Vec::new();
        for call in calls {
            let (what, forbidding) = (call.what(), call.forbidding.as_slice());
            let question = Question { change, what, emergency: callee.emergency, forbidding, states, now };
            let Considered { answer, memory: after } = consider(&question, &memory);
            memory = after;
            let did = self.act(callee, call, change, answer).await?;
            lines.push(Line { scope: callee.scope.clone(), what: what.to_owned(), did });
        }
        if memory != before {
            self.ledger.remember(&callee.scope, &change.alarm, &memory, version).await?;
        }
        Ok(lines)
    }

    async fn act(
        &self,
        callee: &Callee<'_>,
        call: &Call,
        change: &AlarmChange,
        answer: Answer,
    ) -> Result<Did, AwsError> {
        match answer {
            Answer::Start { ask } => {
                let scope = &callee.scope;
                let words = [scope.estate.as_str(), scope.environment.as_str(), call.what(), change.alarm.as_str()];
                let execution = execution_name(&words, change.at);
                let input = call.request(scope, change, ask.map(|asks| asks.to_string())).to_string();
                Ok(match self.executions.start(&execution, &input).await? {
                    Started::New => Did::Started { execution },
                    Started::AlreadyThere => Did::Doubled { execution },
                })
            }
            Answer::Ignored { why, text, violations, news } => {
                // A delay passes by itself, and the sweep comes back to it; a veto is for a person.
                if news && why == Why::DependencyVeto {
                    self.tell(callee, call, change, &violations).await?;
                }
                Ok(Did::Ignored { why, text })
            }
        }
    }

    /// Tells a person of something that was forbidden, and how to do it all the same.
    async fn tell(
        &self,
        callee: &Callee<'_>,
        call: &Call,
        change: &AlarmChange,
        violations: &[Violation],
    ) -> Result<(), AwsError> {
        let request = call.request(&callee.scope, change, None);
        let why = request.reason.clone().unwrap_or_default();
        let approve = [Code::DependencyVeto].into();
        let by_hand = EmergencyRequest { alarm: None, since: None, approve, ..request };
        let message = not_done(&callee.scope, call.what(), &why, violations, Some(&by_hand.to_string()));
        self.announcer.tell(&message.subject, &message.text).await
    }
}
