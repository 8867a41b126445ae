//! What people are told, by steps that every machine has.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize as _;
use serde_json::Value;
use watchkeeper_domain::emergency::ask;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::{RunError, RunRef};
use watchkeeper_domain::request::RunTrigger;

use super::{Ask, NextStep, RunbookError, Stack, StepOutcome, Tell, Told, Unmade};
use crate::ledger::Ledger;
use crate::ports::Notifier;
use crate::trouble::{self, EndedRun};

impl Ask {
    /// Asks a person.
    ///
    /// # Errors
    /// [`RunbookError`] when the topic does not take it.
    pub async fn send<N: Notifier>(self, notifier: &N, now: Timestamp) -> Result<StepOutcome<Told>, RunbookError> {
        let until = now.saturating_add(SignedDuration::from_secs(self.answer_seconds)).unwrap_or(Timestamp::MAX);
        let message = ask(&self.run, &self.what, &self.why, &self.plan, &self.token, until);
        notifier.notify(&message).await?;
        Ok(told(Some(self.run), true, message.subject))
    }
}

impl Tell {
    /// Tells a person.
    ///
    /// # Errors
    /// [`RunbookError`] when the topic does not take it.
    pub async fn send<N: Notifier>(self, notifier: &N) -> Result<StepOutcome<Told>, RunbookError> {
        let context = self.context.or_of(self.run.as_ref());
        let message = Message::new(&self.subject, self.text).with(context);
        notifier.notify(&message).await?;
        Ok(told(self.run, true, message.subject))
    }
}

impl Unmade {
    /// The instant that the input is about; without one, when the execution started.
    pub fn instant(&self) -> Timestamp {
        let instant = self.request.get("instant").and_then(|instant| Timestamp::deserialize(instant).ok());
        instant.unwrap_or(self.execution.start)
    }

    /// Tells people, if they have to hear of it, as far as the input can be read. `machine` is the machine whose run it is,
    /// and `instant` by what it is told how long such runs have failed.
    ///
    /// # Errors
    /// [`RunbookError`] when the topic does not take it.
    pub async fn send<L: Ledger, N: Notifier>(
        self,
        ledger: &L,
        notifier: &N,
        stack: &Stack,
        machine: &str,
        instant: Timestamp,
    ) -> Result<StepOutcome<Told>, RunbookError> {
        let Self { request, execution, error } = self;
        let text = |field: &str| request.get(field).and_then(Value::as_str).unwrap_or_default();
        let Ok((estate, environment)) = stack.find(text("estate"), text("environment")) else {
            return Ok(told(None, false, format!("the input of {} names nothing that is known", execution.name)));
        };
        let scope = stack.scope(estate, environment);
        let trigger =
            request.get("trigger").and_then(|trigger| RunTrigger::deserialize(trigger).ok()).unwrap_or_default();
        let error = RunError::from(error);
        let ended = EndedRun { machine, trigger, instant, run: &execution.name, error: &error };
        let heard = trouble::notify(ledger, notifier, &scope, ended).await?;
        let summary = format!("{} could not be made: {}: {}", execution.name, error.name, error.message);
        Ok(told(Some(RunRef::new(scope, execution.name)), heard, summary))
    }
}

/// The outcome of a step that only tells: nothing follows from it.
fn told(run: Option<RunRef>, told: bool, summary: String) -> StepOutcome<Told> {
    let then = NextStep::done(if told { "told" } else { "not-told" });
    StepOutcome { run, then, summary, tell: None, details: Told { told } }
}
