//! Mornings of the daily unblock in memory.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::unblock::ports::{DeadLetter, MessageAttribute};
use watchkeeper_domain::capacity::{Rollout, ServiceId};
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LetterStamps, LockItem};
use watchkeeper_sim::{Operation, TimingSettings};

use super::{InMemoryScene, seen};
use watchkeeper_tests::harness::{HarnessError, name_prefix};
use watchkeeper_tests::scenarios::unblock::{FoundMessage, TRACE, UnblockHarness};
use watchkeeper_tests::scenarios::{RunEnd, count};

/// What frees something, holds it up, or starts an execution.
const FREES: [Operation; 5] = [
    Operation::ReleaseLock,
    Operation::ReceiveMessage,
    Operation::SendMessage,
    Operation::DeleteMessage,
    Operation::StartExecution,
];

impl UnblockHarness for InMemoryScene {
    async fn build(&mut self, section: &Unblock) -> Result<(), HarnessError> {
        let sim = &self.harness.sim;
        if let Some(locks) = &section.locks {
            sim.make_locks(locks.table.as_str());
            locks.finished.iter().for_each(|finished| sim.make_items(finished.table.as_str()));
        }
        section.blockers.iter().for_each(|blockers| sim.make_items(blockers.table.as_str()));
        for queue in &section.queues {
            let parked = queue.parked.as_ref();
            for name in [&queue.queue, &queue.dead_letters].into_iter().chain(parked) {
                sim.make_queue(name.as_str());
            }
        }
        section.report.iter().for_each(|report| sim.make_bus(report.bus.as_str()));
        Ok(())
    }

    async fn unblock_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError> {
        let own = name_prefix(&[self.scope.estate.as_str(), self.scope.environment.as_str(), "unblock"]);
        let played = self.harness.unblock_tick(instant);
        let took = self.harness.sim.now().duration_since(instant).unsigned_abs();
        let ours = played.iter().filter(|(name, _)| name.starts_with(&own));
        Ok(ours.map(|(name, end)| seen(name.clone(), end, took)).collect())
    }

    async fn unblock(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        self.started += 1;
        let (name, since) = (format!("unblock-by-hand-{}", self.started), self.harness.sim.now());
        let end = self.harness.unblock(&name, input);
        let took = self.harness.sim.now().duration_since(since).unsigned_abs();
        Ok(seen(name, &end, took))
    }

    async fn put_locks(&mut self, table: &LockSchema, locks: &[LockItem]) -> Result<(), HarnessError> {
        for lock in locks {
            self.harness.sim.put_lock(table.table.as_str(), lock.clone());
        }
        Ok(())
    }

    async fn renew_meanwhile(&mut self, table: &LockSchema, renewed: &LockItem) -> Result<(), HarnessError> {
        self.harness.sim.renew_before_release(table.table.as_str(), renewed.clone());
        Ok(())
    }

    async fn lock(&self, table: &LockSchema, lock: &LockItem) -> Result<Option<LockItem>, HarnessError> {
        let key = (lock.pod.key().unwrap_or_default(), lock.item.key().unwrap_or_default());
        Ok(self.harness.sim.lock_of(table.table.as_str(), key.0, key.1))
    }

    async fn released(&self, table: &LockSchema) -> Result<usize, HarnessError> {
        let all = self.harness.sim.locks_of(table.table.as_str());
        Ok(all.iter().filter(|lock| lock.released_at != ItemAttribute::Absent).count())
    }

    async fn put_item(&mut self, source: &BlockerPolicy, item: &BlockerItem) -> Result<(), HarnessError> {
        self.harness.sim.put_item(source.table.as_str(), item.clone());
        Ok(())
    }

    async fn remove_item(&mut self, source: &BlockerPolicy, item: &str) -> Result<(), HarnessError> {
        self.harness.sim.remove_item(source.table.as_str(), item);
        Ok(())
    }

    async fn put_status(&mut self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), HarnessError> {
        let text = |text: &str| ItemAttribute::Text(text.to_owned());
        let item = BlockerItem { item: text(item), status: text(status), ..BlockerItem::default() };
        self.harness.sim.put_item(finished.table.as_str(), item);
        Ok(())
    }

    async fn fail(&mut self, queue: &QueuePolicy, body: &str, returns: Option<u32>) -> Result<(), HarnessError> {
        let (name, text) = TRACE;
        let trace = MessageAttribute::Text { kind: "String".to_owned(), value: text.to_owned() };
        let returns = returns.map(|returns| returns.to_string());
        let letter = DeadLetter {
            id: body.to_owned(),
            receipt: String::new(),
            body: body.to_owned(),
            attributes: [(name.to_owned(), trace)].into(),
            stamps: LetterStamps { returns, parked: None, others: 0 },
            group: None,
            source: Some(queue.queue.to_string()),
        };
        self.harness.sim.put_letter(queue.dead_letters.as_str(), letter);
        Ok(())
    }

    async fn length(&self, queue: &str) -> Result<u64, HarnessError> {
        Ok(count(self.harness.sim.letters_of(queue).len()))
    }

    async fn drain(&mut self, queue: &str) -> Result<Vec<FoundMessage>, HarnessError> {
        let trace = |letter: &DeadLetter| match letter.attributes.get(TRACE.0) {
            Some(MessageAttribute::Text { value, .. }) => Some(value.clone()),
            _ => None,
        };
        let found = self.harness.sim.take_letters(queue).into_iter();
        let found = found.map(|letter| FoundMessage {
            trace: trace(&letter),
            body: letter.body,
            returns: letter.stamps.returns,
        });
        let mut found: Vec<FoundMessage> = found.collect();
        found.sort();
        Ok(found)
    }

    async fn heard(&mut self, report: &ReportTarget, _least: usize) -> Result<Vec<Value>, HarnessError> {
        let events = self.harness.sim.bus_events(report.bus.as_str()).split_off(self.heard);
        self.heard += events.len();
        let ours = events.into_iter().filter(|event| event.source == report.source.as_str());
        Ok(ours.map(|it| json!({ "detail-type": it.detail_type, "source": it.source, "detail": it.detail })).collect())
    }

    async fn frees(&self, since: u64) -> Result<usize, HarnessError> {
        Ok(self.since(since).filter(|call| FREES.contains(&call.operation)).count())
    }

    async fn holder(&mut self, status: &ExecutionStatus) -> Result<String, HarnessError> {
        self.started += 1;
        let name = format!("holder-{}", self.started);
        if *status != ExecutionStatus::Unknown {
            self.harness.sim.set_status(&name, status.clone());
        }
        Ok(name)
    }

    async fn end_holder(&mut self, name: &str) -> Result<(), HarnessError> {
        self.harness.sim.set_status(name, ExecutionStatus::Dead("ABORTED".to_owned()));
        Ok(())
    }

    async fn hold_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError> {
        let never = std::time::Duration::from_hours(1000);
        self.harness.sim.set_settings(TimingSettings { deployment: never, ..TimingSettings::default() });
        self.harness.sim.change_rollout(service, Rollout::InProgress);
        self.harness.sim.set_words(service, &["unable to place a task"]);
        Ok(())
    }

    async fn end_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError> {
        self.harness.sim.change_rollout(service, Rollout::Completed);
        Ok(())
    }
}
