//! One step of the `emergency-scale` machine.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::{
    DecisionInputs, EmergencyDecision, EmergencyRequest, EmergencyStep as Next, HeldEmergency, HeldLook, LastQuestion,
    PersonReply, decide, in_spite_of_veto, not_done, watched, worse,
};
use watchkeeper_domain::guardrail::{GuardrailCode, Severity};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RequestError;
use watchkeeper_domain::value::{AlarmName, ProfileName};

use super::EmergencyRunbook;
use super::call::{Answer, Decided, Looked, Step};
use crate::ledger::Ledger;
use crate::place::ScopedEnvironment;
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::runbook::{MachineExecution, RunbookError, Stack, StepCall, read_input};

impl<P: Platform> EmergencyRunbook<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read or followed, an unknown environment, or a ledger, an alarm or a
    /// topic that does not answer.
    pub async fn handle(&self, stack: &Stack, StepCall { now, step }: StepCall<Step>) -> Result<Answer, RunbookError> {
        match step {
            Step::Decide { request, execution, answer, asked } => {
                let request: EmergencyRequest = read_input(request)?;
                let reply = answer.map(|answer| PersonReply::read(&answer, &asked));
                // One of another account or region is none of ours.
                let place = stack.place(request.estate.as_str(), request.environment.as_str(), now)?;
                let decided = self.decided(&place, &request, &execution, reply.as_ref(), now).await?;
                Ok(Answer::Decided(Box::new(decided)))
            }
            Step::Ask(ask) => Ok(Answer::Told(ask.send(&self.announcer, now).await?)),
            Step::Hold { run, profile, told } => {
                Ok(Answer::Looked(Box::new(self.look(stack, &run, &profile, told, now).await?)))
            }
            Step::Tell(tell) => Ok(Answer::Told(tell.send(&self.announcer).await?)),
        }
    }

    async fn decided(
        &self,
        place: &ScopedEnvironment,
        request: &EmergencyRequest,
        execution: &MachineExecution,
        reply: Option<&PersonReply>,
        now: Timestamp,
    ) -> Result<Decided, RunbookError> {
        let emergency = place.emergency.as_ref().ok_or_else(|| RequestError {
            field: "environment",
            found: format!("{}, whose document has no `emergency`", place.scope),
            expected: "an environment with emergency profiles".to_owned(),
        })?;
        let seen = self.ledger.load(&place.scope).await?;
        let states = self.alarms.alarm_states(&watched(request, emergency)).await?;
        let decide = |asked: Option<&LastQuestion>| {
            let (scope, intents) = (&place.scope, seen.intents.as_slice());
            let (execution, started) = (execution.name.as_str(), execution.start);
            let known =
                DecisionInputs { scope, emergency, intents, states: &states, execution, started, reply, asked, now };
            decide(request, &known)
        };
        let decision = self.one_question(&place.scope, (request, execution.name.as_str()), reply, now, decide).await?;
        let run = RunRef { scope: place.scope.clone(), id: execution.name.clone() };
        Ok(answer(run, request, decision))
    }

    async fn look(
        &self,
        stack: &Stack,
        run: &RunRef,
        profile: &ProfileName,
        mut told: BTreeSet<AlarmName>,
        now: Timestamp,
    ) -> Result<Looked, RunbookError> {
        let (_, environment) = stack.of(&run.scope)?;
        let seen = self.ledger.load(&run.scope).await?;
        let held = HeldEmergency {
            scope: &run.scope,
            profile,
            emergency: environment.document().emergency.as_ref(),
            intents: &seen.intents,
            kept: seen.baseline.is_some(),
            execution: &run.id,
        };
        let states = self.alarms.alarm_states(&held.alarms()).await?;
        let HeldLook { held, request, worsened } = held.look(&states, &told, now);
        let tell = (!worsened.is_empty()).then(|| worse(&run.scope, profile, &worsened));
        told.extend(worsened);
        Ok(Looked { next: held.verdict, wait_seconds: seconds(held.wait), request, tell, told, summary: held.summary })
    }
}

fn answer(run: RunRef, request: &EmergencyRequest, decision: EmergencyDecision) -> Decided {
    let what = request.what();
    let asks: BTreeSet<GuardrailCode> =
        decision.violations.iter().filter(|v| v.severity == Severity::Ask).map(|v| v.code).collect();
    let told = matches!(decision.step, Next::Refused | Next::Declined).then(|| {
        let by_hand = in_spite_of_veto(request, &decision.violations);
        not_done(&run.scope, &what, &decision.summary, &decision.violations, by_hand.as_deref())
    });
    let seconds = seconds(decision.wait);
    let (wait_seconds, answer_seconds) = if decision.step == Next::Wait { (seconds, 0) } else { (0, seconds) };
    let profile = decision.holds.then(|| request.profile.clone()).flatten();
    Decided {
        run,
        next: decision.step,
        wait_seconds,
        answer_seconds,
        request: decision.request,
        holds: decision.holds,
        profile,
        what,
        summary: decision.summary,
        asks,
        tell: told,
    }
}

/// Whole seconds, rounded up, so that what is waited for has come.
fn seconds(wait: SignedDuration) -> i64 {
    if wait.is_zero() { 0 } else { wait.as_secs() + i64::from(wait.subsec_nanos() > 0) }
}
