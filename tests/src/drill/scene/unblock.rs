//! Mornings of the daily unblock in the sandbox.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::unblock::{BlockerItem, LockItem};

use super::SandboxScene;
use crate::estate::{UnblockFixtures, awaited};
use crate::harness::HarnessError;
use crate::sandbox::{FaultKind, FaultOrder, Progress as _, RolloutEnd};
use crate::scenarios::unblock::{FoundMessage, TRACE, UnblockHarness, needs};
use crate::scenarios::{Harness as _, RunEnd};

/// What frees something, holds it up, or starts an execution; the ledger itself is written by other operations.
const FREES: [&str; 5] = ["UpdateItem", "ReceiveMessage", "SendMessage", "DeleteMessage", "StartExecution"];
/// The attribute that the unblock counts returns in.
const RETURNS: &str = "watchkeeper-returns";

impl SandboxScene<'_> {
    fn fixtures(&self) -> UnblockFixtures {
        UnblockFixtures::new(&self.harness.sandbox().sdk_config(self.scope.region.as_str()))
    }

    /// Play something in which locks are released. If one is to be renewed meanwhile, the first release is held up for it: its page
    /// has been read by then.
    async fn releasing<T>(
        &mut self,
        released: impl Future<Output = Result<T, HarnessError>>,
    ) -> Result<T, HarnessError> {
        let Some((table, renewed)) = self.renewal.take() else { return released.await };
        let (control, fixtures, mark) = (self.stack.control(), self.fixtures(), self.mark().await?);
        control.order(&FaultOrder::new("dynamodb", "UpdateItem", FaultKind::Hold)).await?;
        let renew = async {
            awaited("the first release", async || {
                let calls = control.calls(mark).await?;
                Ok::<_, HarnessError>(calls.iter().any(|call| call.fault.is_some()).then_some(()))
            })
            .await?;
            fixtures.put_locks(&table, std::slice::from_ref(&renewed)).await?;
            Ok(control.clear_faults().await?)
        };
        Ok(tokio::try_join!(released, renew)?.0)
    }
}

impl UnblockHarness for SandboxScene<'_> {
    async fn build(&mut self, section: &Unblock) -> Result<(), HarnessError> {
        Ok(self.fixtures().build(section).await?)
    }

    async fn unblock_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError> {
        let (stack, scope) = (self.stack, self.scope.clone());
        let step = format!("{}: the schedule of the unblock ticks", self.local(instant));
        self.show.begin(&step);
        let ended = Box::pin(self.releasing(stack.unblock_tick(instant, &scope))).await?;
        self.done(instant, &step, ended.first().map(|run| run.took).unwrap_or_default());
        Ok(ended.iter().map(RunEnd::from).collect())
    }

    async fn unblock(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        let (stack, at) = (self.stack, self.now().await?);
        let step = format!("{}: by hand: {input}", self.local(at));
        self.show.begin(&step);
        let ended = Box::pin(self.releasing(stack.unblock(input))).await?;
        self.done(at, &step, ended.took);
        Ok(RunEnd::from(&ended))
    }

    async fn put_locks(&mut self, table: &LockSchema, locks: &[LockItem]) -> Result<(), HarnessError> {
        self.prepare(&format!("locks are put: {}", locks.len())).await?;
        Ok(self.fixtures().put_locks(table, locks).await?)
    }

    async fn renew_meanwhile(&mut self, table: &LockSchema, renewed: &LockItem) -> Result<(), HarnessError> {
        self.renewal = Some((table.clone(), renewed.clone()));
        Ok(())
    }

    async fn lock(&self, table: &LockSchema, lock: &LockItem) -> Result<Option<LockItem>, HarnessError> {
        Ok(self.fixtures().lock(table, lock).await?)
    }

    async fn released(&self, table: &LockSchema) -> Result<usize, HarnessError> {
        Ok(self.fixtures().released(table).await?)
    }

    async fn put_item(&mut self, source: &BlockerPolicy, item: &BlockerItem) -> Result<(), HarnessError> {
        Ok(self.fixtures().put_item(source, item).await?)
    }

    async fn remove_item(&mut self, source: &BlockerPolicy, item: &str) -> Result<(), HarnessError> {
        self.prepare(&format!("{item} is resolved")).await?;
        Ok(self.fixtures().remove_item(source, item).await?)
    }

    async fn put_status(&mut self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), HarnessError> {
        Ok(self.fixtures().put_status(finished, item, status).await?)
    }

    async fn fail(&mut self, queue: &QueuePolicy, body: &str, returns: Option<u32>) -> Result<(), HarnessError> {
        self.prepare(&format!("the consumer of {} fails over a message: {body}", queue.queue)).await?;
        let (returns, (name, text)) = (returns.map(|returns| returns.to_string()), TRACE);
        let mut attributes = vec![(name, "String", text)];
        attributes.extend(returns.as_deref().map(|returns| (RETURNS, "Number", returns)));
        Ok(self.fixtures().fail(queue, body, &attributes).await?)
    }

    async fn length(&self, queue: &str) -> Result<u64, HarnessError> {
        Ok(self.fixtures().length(queue).await?)
    }

    async fn drain(&mut self, queue: &str) -> Result<Vec<FoundMessage>, HarnessError> {
        let found = self.fixtures().drain(queue).await?.into_iter().map(|mut it| FoundMessage {
            body: it.body,
            returns: it.attributes.remove(RETURNS),
            trace: it.attributes.remove(TRACE.0),
        });
        let mut found: Vec<FoundMessage> = found.collect();
        found.sort();
        Ok(found)
    }

    async fn heard(&mut self, report: &ReportTarget, least: usize) -> Result<Vec<Value>, HarnessError> {
        Ok(self.fixtures().heard_from((report.bus.as_str(), report.source.as_str()), least).await?)
    }

    async fn frees(&self, since: u64) -> Result<usize, HarnessError> {
        let api_calls = self.api_calls(since).await?;
        Ok(FREES.iter().map(|operation| api_calls.count(operation)).sum())
    }

    async fn holder(&mut self, status: &ExecutionStatus) -> Result<String, HarnessError> {
        let profile = match status {
            ExecutionStatus::Unknown => return Ok("nobody-knows".to_owned()),
            ExecutionStatus::Running => {
                let waiting = needs::waiting_execution(self.environment);
                waiting.map_err(|why| HarnessError::Unknown(why.to_string()))?.to_string()
            }
            // There is no such profile: it is over at its first step, and not in order.
            ExecutionStatus::Succeeded | ExecutionStatus::Dead(_) => "none".to_owned(),
        };
        let mut run = self.stack.raise(&self.input(json!({ "profile": profile }))).await?;
        run.goes_on().await?;
        let name = run.name().to_owned();
        self.prepare(&format!("{name} has the lease, and it is over")).await?;
        self.emergencies.push(run);
        Ok(name)
    }

    async fn end_holder(&mut self, name: &str) -> Result<(), HarnessError> {
        for run in self.emergencies.iter().filter(|run| run.name() == name) {
            run.stop().await?;
        }
        Ok(())
    }

    async fn hold_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError> {
        let (region, cluster, name) = (self.scope.region.as_str(), service.cluster.as_str(), service.service.as_str());
        self.stack.control().order_release(region, cluster, name, RolloutEnd::Hold).await?;
        let release = self.stack.site().make_release(service, None).await?;
        self.prepare(&format!("{release} is deployed, and its tasks do not start")).await?;
        Ok(self.stack.site().begin_release(service, &release).await?)
    }

    async fn end_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError> {
        let (region, cluster, name) = (self.scope.region.as_str(), service.cluster.as_str(), service.service.as_str());
        Ok(self.stack.control().order_release(region, cluster, name, RolloutEnd::Succeed).await?)
    }
}
