//! Executions of our machines that failed or timed out, looked up in Step Functions, which keeps them for 90 days: its events
//! about them are best effort (EventBridge events reference, AWS Step Functions).

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use watchkeeper_domain::failures::{FailureMemory, message};

use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{FailedExecutions, Notifier};
use crate::runbook::{RunbookError, Stack};

/// How long failures are remembered after the last one: longer than they are looked back for.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the look at failed executions works with.
#[derive(Debug)]
pub struct FailureWatch<P: Platform> {
    /// What is remembered.
    pub ledger: P::Ledger,
    /// Every machine of the stack.
    pub machines: Vec<P::Machine>,
    /// Where people hear of it.
    pub notifier: P::Notifier,
}

/// What a look at failed executions told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldFailures {
    /// The names of the executions that people were told of.
    pub told: Vec<String>,
}

impl<P: Platform> FailureWatch<P> {
    /// Tells people of the executions that failed since it looked last, in one message. What was told is remembered after
    /// that, so that a look that dies is made again.
    ///
    /// # Errors
    /// [`RunbookError`] when Step Functions, the ledger or the topic does not answer.
    pub async fn look(&self, stack: &Stack, now: Timestamp) -> Result<ToldFailures, RunbookError> {
        let region = &stack.home.region;
        let mut failed = Vec::new();
        for machine in &self.machines {
            failed.extend(machine.failed().await?);
        }
        let (before, version) = self.ledger.failures::<FailureMemory>(region).await?.unwrap_or_default();
        let (news, after) = before.news(failed, now);
        let told = ToldFailures { told: news.iter().map(|execution| execution.name.clone()).collect() };
        if !news.is_empty() {
            let mut with_errors = Vec::new();
            for execution in news {
                tracing::warn!(machine = execution.machine, execution = execution.name, "an execution failed");
                let mut of = self.machines.iter().filter(|machine| machine.name() == execution.machine);
                if let Some(machine) = of.next() {
                    let error = machine.error(&execution.name).await?;
                    with_errors.push((execution, error));
                }
            }
            let message = message(region, &with_errors);
            self.notifier.notify(&message).await?;
        }
        if after != before {
            let until = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
            self.ledger.keep_failures(region, &after, version, until).await?;
        }
        Ok(told)
    }
}
