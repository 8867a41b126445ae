//! The halt switch: turned, and told.

use jiff::Timestamp;
use serde_json::json;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::{RunRequest, switched};

use super::Reconciler;
use crate::ledger::{Key, Ledger, LedgerError};
use crate::platform::Platform;
use crate::ports::{Clock, Notifier};
use crate::runbook::{RunbookError, Stack};

/// The detail type of the event about the halt switch.
pub const HALT_SWITCHED: &str = "Watchkeeper Halt Switched";

impl<P: Platform> Reconciler<P> {
    /// Turns the halt switch of a scope, or of everything that the stack looks after, on or off, and tells of it. Repeated, it only
    /// tells again. A halt that is over stays in the history of its scopes.
    ///
    /// # Errors
    /// [`RunbookError`] when the ledger does not take it, or the news cannot be sent.
    pub async fn halt(
        &self,
        stack: &Stack,
        scope: Option<&Scope>,
        request: &RunRequest,
        run: &str,
    ) -> Result<String, RunbookError> {
        let on = request.halt == Some(true);
        let by = request.by.as_deref().map_or(run, str::trim);
        let reason = request.reason.as_deref();
        let halt = on.then(|| HaltSwitch {
            by: by.to_owned(),
            reason: reason.unwrap_or_default().to_owned(),
            since: self.clock.now(),
        });
        let before: Option<HaltSwitch> = self.ledger.document(Key::halt(scope)).await?;
        if let Some(before) = before {
            let all = || stack.environments().map(|(estate, environment)| stack.scope(estate, environment)).collect();
            let scopes: Vec<Scope> = scope.map_or_else(all, |scope| vec![scope.clone()]);
            self.over(&scopes, before.since).await?;
        }
        self.ledger.set_halt(scope, halt.as_ref()).await?;
        let message = switched(scope, on, by, reason, run);
        let event = json!({
            "estate": scope.map(|scope| &scope.estate),
            "environment": scope.map(|scope| &scope.environment),
            "region": scope.map(|scope| &scope.region),
            "run": run, "halted": on, "by": by, "reason": reason, "headline": message.subject,
        });
        self.notifier.publish(HALT_SWITCHED, &event.to_string()).await?;
        self.notifier.notify(&message).await?;
        Ok(message.subject)
    }

    /// Notes that a halt is over, before it is: whoever dies in between notes it again. A history that
    /// does not read is left as it is, and holds up no lifting.
    async fn over(&self, scopes: &[Scope], since: Timestamp) -> Result<(), RunbookError> {
        for scope in scopes {
            let (mut history, version) = match self.ledger.history(scope).await {
                Err(LedgerError::Corrupt { .. } | LedgerError::Newer { .. }) => continue,
                kept => kept?,
            };
            history.note_halt(since, self.clock.now());
            self.ledger.keep_history(scope, &history, version).await?;
        }
        Ok(())
    }
}
