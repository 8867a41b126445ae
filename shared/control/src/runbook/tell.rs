//! What people are told, by steps that every machine has.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize as _;
use serde_json::Value;
use watchkeeper_domain::emergency::ask;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::RunTrigger;

use super::{Ask, RunbookError, Stack, Tell, Told, Unmade};
use crate::ledger::Ledger;
use crate::ports::Notifier;
use crate::trouble::{self, EndedRun};

impl Ask {
    /// Asks a person.
    ///
    /// # Errors
    /// [`RunbookError`] when the topic does not take it.
    pub async fn send<N: Notifier>(self, announcer: &N, now: Timestamp) -> Result<Told, RunbookError> {
        let until = now.saturating_add(SignedDuration::from_secs(self.answer_seconds)).unwrap_or(Timestamp::MAX);
        let Message { subject, text } = ask(&self.run.scope, &self.what, &self.why, &self.plan, &self.token, until);
        announcer.tell(&subject, &text).await?;
        Ok(Told { told: true })
    }
}

impl Tell {
    /// Tells a person.
    ///
    /// # Errors
    /// [`RunbookError`] when the topic does not take it.
    pub async fn send<N: Notifier>(self, announcer: &N) -> Result<Told, RunbookError> {
        announcer.tell(&self.subject, &self.text).await?;
        Ok(Told { told: true })
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
        announcer: &N,
        stack: &Stack,
        machine: &str,
        instant: Timestamp,
    ) -> Result<Told, RunbookError> {
        let Self { request, execution, error } = self;
        let text = |field: &str| request.get(field).and_then(Value::as_str).unwrap_or_default();
        let Ok((estate, environment)) = stack.find(text("estate"), text("environment")) else {
            return Ok(Told { told: false });
        };
        let scope = stack.scope(estate, environment);
        let trigger =
            request.get("trigger").and_then(|trigger| RunTrigger::deserialize(trigger).ok()).unwrap_or_default();
        let error = RunError::from(error);
        let ended = EndedRun { machine, trigger, instant, run: &execution.name, error: &error };
        Ok(Told { told: trouble::tell(ledger, announcer, &scope, ended).await? })
    }
}
