//! One step of the `emergency-scale` machine.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::emergency::{
    DecisionInputs, EmergencyDecision, EmergencyRequest, EmergencyStep, HeldEmergency, HeldLook, LastQuestion,
    PersonReply, decide, in_spite_of_veto, not_done, watched, worse,
};
use watchkeeper_domain::guardrail::{GuardrailCode, Severity};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RequestError;
use watchkeeper_domain::value::{AlarmName, ProfileName};

use super::EmergencyRunbook;
use super::call::{Decided, Details, Looked, Step, after_decision, after_look};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::runbook::{MachineExecution, RunbookError, Stack, StepCall, StepOutcome, read_input};
use crate::scoped::ScopedEnvironment;

impl<P: Platform> EmergencyRunbook<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read or followed, an unknown environment, or a ledger, an alarm or a
    /// topic that does not answer.
    pub async fn handle(
        &self,
        stack: &Stack,
        StepCall { now, step }: StepCall<Step>,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        match step {
            Step::Decide { request, execution, answer, asked } => {
                let request: EmergencyRequest = read_input(request)?;
                let reply = answer.map(|answer| PersonReply::read(&answer, &asked));
                // One of another account or region is none of ours.
                let scoped = stack.place(request.estate.as_str(), request.environment.as_str(), now)?;
                self.decided(&scoped, &request, &execution, reply.as_ref(), now).await
            }
            Step::Ask(ask) => {
                self.put(&ask, now).await;
                Ok(ask.send(&self.notifier, now).await?.map(Details::Told))
            }
            Step::Hold { run, profile, told } => self.look(stack, run, &profile, told, now).await,
            Step::Tell(tell) => Ok(tell.send(&self.notifier).await?.map(Details::Told)),
        }
    }

    async fn decided(
        &self,
        scoped: &ScopedEnvironment,
        request: &EmergencyRequest,
        execution: &MachineExecution,
        reply: Option<&PersonReply>,
        now: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let emergency = scoped.emergency.as_ref().ok_or_else(|| RequestError {
            field: "environment",
            found: format!("{}, whose document has no `emergency`", scoped.scope),
            expected: "an environment with emergency profiles".to_owned(),
        })?;
        let seen = self.ledger.load(&scoped.scope).await?;
        let states = self.alarms.alarm_states(&watched(request, emergency)).await?;
        let decide = |asked: Option<&LastQuestion>| {
            let (scope, intents) = (&scoped.scope, seen.intents.as_slice());
            let (execution, started) = (execution.name.as_str(), execution.start);
            let known =
                DecisionInputs { scope, emergency, intents, states: &states, execution, started, reply, asked, now };
            decide(request, &known)
        };
        if reply.is_some() {
            self.answered(&scoped.scope, &execution.name, now).await;
        }
        let decision = self.one_question(&scoped.scope, (request, execution.name.as_str()), reply, now, decide).await?;
        let run = RunRef::new(scoped.scope.clone(), &execution.name);
        Ok(outcome(run, request, decision))
    }

    async fn look(
        &self,
        stack: &Stack,
        run: RunRef,
        profile: &ProfileName,
        mut told: BTreeSet<AlarmName>,
        now: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
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
        let then = after_look(held.verdict, held.wait, request);
        let looked = Details::Looked(Looked { next: held.verdict, told });
        Ok(StepOutcome::new(run, then, held.summary, looked).telling(tell))
    }
}

fn outcome(run: RunRef, request: &EmergencyRequest, decision: EmergencyDecision) -> StepOutcome<Details> {
    let what = request.what();
    let asks: BTreeSet<GuardrailCode> =
        decision.violations.iter().filter(|v| v.severity == Severity::Ask).map(|v| v.code).collect();
    let tell = matches!(decision.step, EmergencyStep::Refused | EmergencyStep::Declined).then(|| {
        let by_hand = in_spite_of_veto(request, &decision.violations);
        not_done(&run.scope, &what, &decision.summary, &decision.violations, by_hand.as_deref())
    });
    let then = after_decision(&decision);
    let EmergencyDecision { step: next, holds, summary, .. } = decision;
    let profile = holds.then(|| request.profile.clone()).flatten();
    StepOutcome::new(run, then, summary, Details::Decided(Decided { next, holds, profile, what, asks })).telling(tell)
}
