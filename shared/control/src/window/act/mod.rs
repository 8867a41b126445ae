//! Acting: what a button starts, or answers. It writes nothing itself: each action is one execution of one of our machines,
//! or the answer to one that asks.

mod asked;
mod request;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::execution::execution_name_of_input;
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::person::PersonName;
use watchkeeper_window::call::{Call, CallMode, Verb};
use watchkeeper_window::facts::{ActionFacts, ActionOutcome, Offer, OfferedIntent, PlanFacts, QuestionFacts, Reading};

use self::asked::{Refusal, meant, missing, offered, page, what};
use self::request::Machine;
use super::event::{EventError, Form};
use super::pages::MeantScope;
use super::ports::{AnswerOutcome, QuestionAnswers};
use super::{WindowReader, plan};
use crate::ledger::KeptHistory;
use crate::platform::Platform;
use crate::ports::Executions;
use crate::runbook::{ErrorName, RunbookError, Stack};

/// How old a page may be whose button is pressed.
pub const PAGE_MAX_AGE: SignedDuration = SignedDuration::from_mins(15);

/// What acts: it looks as the window does, and starts machines.
pub struct WindowActor<P: Platform, Q> {
    /// What is looked at before anything is started. It keeps nothing of what it observes.
    pub reader: WindowReader<P>,
    /// The machine `reconcile`.
    pub reconcile: P::Machine,
    /// The machine `emergency-scale`.
    pub emergency: P::Machine,
    /// The machine `failover`.
    pub failover: P::Machine,
    /// The machine `failback`.
    pub failback: P::Machine,
    /// The machine `backup`.
    pub backup: P::Machine,
    /// The machine `restore-drill`.
    pub restore: P::Machine,
    /// Questions that executions ask, and the way to answer them.
    pub questions: Q,
}

impl<P: Platform, Q: QuestionAnswers> WindowActor<P, Q> {
    /// Does what a button asks for, at `now`, and says what came of it.
    pub async fn act(&self, stack: &Stack, call: &Call, form: &Form, now: Timestamp) -> ActionFacts {
        let scope = meant(stack, call).ok().flatten().map(|meant| meant.scope());
        let outcome = match self.outcome(stack, call, form, now).await {
            Ok(outcome) => outcome,
            Err(Refusal(code, found, expected)) => ActionOutcome::Refused { code, found, expected },
        };
        ActionFacts { stack: self.reader.own.clone(), scope, what: what(call), outcome }
    }

    async fn outcome(&self, stack: &Stack, call: &Call, form: &Form, now: Timestamp) -> Result<ActionOutcome, Refusal> {
        // An answer out of a chat has no page: the mark of its question says what was read, and its time how old it may be.
        let at = if call.verb == Verb::Answer && call.at.is_none() { now } else { page(call, now)? };
        let meant = meant(stack, call)?;
        if call.verb == Verb::Answer {
            return self.answer(stack, meant.as_ref(), call, form, now).await;
        }
        let mut took_seconds = None;
        if let Some((plan, took)) = self.anew(stack, meant.as_ref(), call, now).await? {
            if call.plan.as_ref().is_some_and(|promised| *promised != plan.mark()) {
                return Ok(differs(call, plan, took, now));
            }
            took_seconds = took;
        }
        let (machine, input) = self.request(meant.as_ref(), call, form).await?;
        let place = meant.map(|meant| meant.scope());
        let words = place.as_ref().map(|scope| [scope.estate.as_str(), scope.environment.as_str()]);
        let words: Vec<&str> = ["window", call.verb.into()].into_iter().chain(words.into_iter().flatten()).collect();
        // The same wish of the same page is one execution, however often its button is pressed.
        let execution = execution_name_of_input(&words, &input, at);
        self.machine(machine).start(&execution, &input).await.map_err(RunbookError::from)?;
        let machine = format!("{}-{machine}", self.reader.own.name);
        Ok(ActionOutcome::Started { machine, execution, took_seconds })
    }

    fn machine(&self, machine: Machine) -> &P::Machine {
        match machine {
            Machine::Reconcile => &self.reconcile,
            Machine::EmergencyScale => &self.emergency,
            Machine::Failover => &self.failover,
            Machine::Failback => &self.failback,
            Machine::Backup => &self.backup,
            Machine::RestoreDrill => &self.restore,
        }
    }

    async fn answer(
        &self,
        stack: &Stack,
        meant: Option<&MeantScope<'_>>,
        call: &Call,
        form: &Form,
        now: Timestamp,
    ) -> Result<ActionOutcome, Refusal> {
        let id = call.id.as_deref().ok_or_else(|| missing("id", "the execution that asks"))?;
        let approved = call.approved.ok_or_else(|| missing("approved", "true or false"))?;
        let mark =
            call.question.as_deref().ok_or_else(|| missing("question", "the mark of the question that was shown"))?;
        let by = PersonName::read(form.by.as_deref()).map_err(|unsigned| EventError {
            field: "by".to_owned(),
            found: unsigned.found,
            expected: "your name, in the field of the window: an answer is signed".to_owned(),
        })?;
        if let Some((meant, promised)) = meant.zip(call.plan.as_ref()) {
            let QuestionFacts { question, plan, .. } = self.reader.question(stack, meant, id, now).await;
            // Of a question that does not stand any more, the execution's own history says so below.
            if now_known(question)?.is_some_and(|open| open.mark == mark) {
                let plan = now_known(plan)?;
                if *promised != plan.mark() {
                    return Ok(differs(call, plan, None, now));
                }
            }
        }
        let output = serde_json::json!({ "approved": approved, "by": by.as_str() }).to_string();
        match self.questions.answer(id, mark, &output).await.map_err(RunbookError::from)? {
            AnswerOutcome::Given => Ok(ActionOutcome::Answered { execution: id.to_owned(), approved }),
            AnswerOutcome::Another => Err(Refusal(
                GuardrailCode::StaleEvent.to_string(),
                format!("{id} asks something else by now"),
                "an answer to the question that stands: look at it first".to_owned(),
            )),
            AnswerOutcome::Over => Err(Refusal(
                ErrorName::RunUnknown.to_string(),
                format!("{id} asks nothing now"),
                "a question that waits: it was answered, or its time is over".to_owned(),
            )),
        }
    }

    /// What a button comes to now, and how long such a run took last: everything is looked at anew. Nothing where a button has no
    /// plan.
    async fn anew(
        &self,
        stack: &Stack,
        meant: Option<&MeantScope<'_>>,
        call: &Call,
        now: Timestamp,
    ) -> Result<Option<(PlanFacts, Option<u32>)>, Refusal> {
        let Some(meant) = meant else { return Ok(None) };
        if call.mode == Some(CallMode::Graceful) {
            let pair = self.reader.failover(stack, meant.estate, meant.environment, now).await;
            let pair = pair.ok_or_else(|| EventError {
                field: "environment".to_owned(),
                found: meant.environment.name().to_string(),
                expected: "a pair of two regions".to_owned(),
            })?;
            return Ok(Some((now_known(pair.plan)?, pair.took_seconds)));
        }
        let Some(offered) = offered(call)? else { return Ok(None) };
        let Offer { plan, took_seconds, .. } = self.offer(stack, meant, offered, now).await?;
        Ok(Some((plan, took_seconds)))
    }

    async fn offer(
        &self,
        stack: &Stack,
        meant: &MeantScope<'_>,
        offered: OfferedIntent,
        now: Timestamp,
    ) -> Result<Offer, Refusal> {
        let read = self.reader.planned(stack, meant, now, |it, state| {
            let observed = it.observed(now);
            let KeptHistory::Known(history, _) = &state.history else { return None };
            Some(plan::offer(it.scoped.as_ref()?, state, observed.now()?, (offered, history), now))
        });
        Ok(now_known(read.await)??)
    }
}

/// What was read just now: nothing older is acted on.
fn now_known<T>(reading: Reading<T>) -> Result<T, Refusal> {
    let why = reading.why().unwrap_or_default().to_owned();
    match reading {
        Reading::Now(known) => Ok(known),
        _ => Err(Refusal(ErrorName::AwsUnavailable.to_string(), why, "ledger, ECS and RDS that answer".to_owned())),
    }
}

/// The same button, with what it would do now.
fn differs(call: &Call, plan: PlanFacts, took_seconds: Option<u32>, now: Timestamp) -> ActionOutcome {
    let call = Call { plan: Some(plan.mark()), at: Some(now.as_second()), ..call.clone() };
    ActionOutcome::Differs { call, plan, took_seconds }
}
