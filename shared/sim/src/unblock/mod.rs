//! What may be stuck, in memory.

mod executions;
mod letters;
mod tables;

use watchkeeper_control::ledger::{Draft, Key, LedgerNote};
use watchkeeper_control::unblock::ports::{DeadLetter, PendingQuestion};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem, UnblockRecord};

use crate::kinds::pile::{BusEvent, QueuedMessage};
use crate::region::SimRegion;

/// What a test makes and looks at; none of it is recorded as a call.
impl SimRegion {
    /// Makes a table of locks, unless it is there.
    pub fn make_locks(&self, table: &str) {
        self.lock().pile.locks.entry(table.to_owned()).or_default();
    }

    /// Puts a lock, as its owner does.
    pub fn put_lock(&self, table: &str, lock: LockItem) {
        let key = (lock.pod.clone(), lock.item.clone());
        self.lock().pile.locks.entry(table.to_owned()).or_default().insert(key, lock);
    }

    /// Its owner renews this lock right before it is released.
    pub fn renew_before_release(&self, table: &str, lock: LockItem) {
        self.lock().pile.renewals.insert(lock.name(), (table.to_owned(), lock));
    }

    /// A lock as it is.
    pub fn lock_of(&self, table: &str, pod: &str, item: &str) -> Option<LockItem> {
        let key = (ItemAttribute::Text(pod.to_owned()), ItemAttribute::Text(item.to_owned()));
        self.lock().pile.locks.get(table)?.get(&key).cloned()
    }

    /// Every lock of a table.
    pub fn locks_of(&self, table: &str) -> Vec<LockItem> {
        self.lock().pile.locks.get(table).into_iter().flat_map(|locks| locks.values().cloned()).collect()
    }

    /// Makes a table of items that may wait, unless it is there.
    pub fn make_items(&self, table: &str) {
        let pile = &mut self.lock().pile;
        pile.statuses.entry(table.to_owned()).or_default();
        pile.items.entry(table.to_owned()).or_default();
    }

    /// Puts an item that may wait, and its status.
    pub fn put_item(&self, table: &str, item: BlockerItem) {
        let name = item.item.key().unwrap_or_default().to_owned();
        let pile = &mut self.lock().pile;
        pile.statuses.entry(table.to_owned()).or_default().insert(name.clone(), item.status.clone());
        pile.items.entry(table.to_owned()).or_default().insert(name, item);
    }

    /// Somebody removes an item.
    pub fn remove_item(&self, table: &str, item: &str) {
        let pile = &mut self.lock().pile;
        pile.statuses.entry(table.to_owned()).or_default().remove(item);
        pile.items.entry(table.to_owned()).or_default().remove(item);
    }

    /// Makes a queue, unless it is there.
    pub fn make_queue(&self, queue: &str) {
        self.lock().pile.queues.entry(queue.to_owned()).or_default();
    }

    /// Puts a message into a queue.
    pub fn put_letter(&self, queue: &str, letter: DeadLetter) {
        let mut state = self.lock();
        let visible = state.now;
        state.pile.queues.entry(queue.to_owned()).or_default().push(QueuedMessage { letter, visible });
    }

    /// The messages of a queue, seen by nobody else for a while or not.
    pub fn letters_of(&self, queue: &str) -> Vec<DeadLetter> {
        let state = self.lock();
        state.pile.queues.get(queue).into_iter().flatten().map(|lying| lying.letter.clone()).collect()
    }

    /// Takes the messages out of a queue.
    pub fn take_letters(&self, queue: &str) -> Vec<DeadLetter> {
        let taken = self.lock().pile.queues.get_mut(queue).map(std::mem::take).unwrap_or_default();
        taken.into_iter().map(|lying| lying.letter).collect()
    }

    /// A consumer fails over every message of a queue: they lie with its dead letters again.
    pub fn fail_all(&self, queue: &str, dead_letters: &str) {
        let pile = &mut self.lock().pile;
        let mut failed = pile.queues.get_mut(queue).map(std::mem::take).unwrap_or_default();
        for lying in &mut failed {
            lying.letter.source = Some(queue.to_owned());
        }
        pile.queues.entry(dead_letters.to_owned()).or_default().extend(failed);
    }

    /// Makes a bus, unless it is there.
    pub fn make_bus(&self, bus: &str) {
        self.lock().pile.buses.entry(bus.to_owned()).or_default();
    }

    /// Somebody removes a bus.
    pub fn remove_bus(&self, bus: &str) {
        self.lock().pile.buses.remove(bus);
    }

    /// The events on a bus of an estate.
    pub fn bus_events(&self, bus: &str) -> Vec<BusEvent> {
        self.lock().pile.buses.get(bus).cloned().unwrap_or_default()
    }

    /// An execution waits for an answer.
    pub fn ask_question(&self, question: PendingQuestion) {
        self.lock().pile.questions.push(question);
    }

    /// The record of a run of the unblock.
    pub fn unblock_record(&self, scope: &Scope, id: &str) -> Option<UnblockRecord> {
        let found = self.lock().ledger.get(&Key::note(scope, LedgerNote::Run(id)))?;
        found.note().ok().map(|(record, _)| record)
    }

    /// Somebody turns the halt switch of a scope on.
    ///
    /// # Panics
    /// When the ledger cannot hold it.
    pub fn halt(&self, scope: &Scope, halt: &HaltSwitch) {
        let put = Draft::of(Key::halt(Some(scope)), halt).and_then(|draft| self.lock().ledger.put(draft));
        assert!(put.is_ok(), "{put:?}");
    }

    /// Somebody has declared an intent.
    ///
    /// # Panics
    /// When the ledger cannot hold it.
    pub fn put_intent(&self, scope: &Scope, intent: &Intent) {
        let put =
            Draft::of(Key::intent(scope, &intent.intent_key()), intent).and_then(|draft| self.lock().ledger.put(draft));
        assert!(put.is_ok(), "{put:?}");
    }

    /// ECS says this of a service.
    pub fn set_words(&self, service: &ServiceId, words: &[&str]) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.lock().pile.words.insert(service.clone(), words);
    }
}
