//! Unblock: limits that free nothing or everything, times in the wrong order, one name for two things.

use std::collections::BTreeMap;

use super::{EnvironmentChecker, at};
use crate::estate::{BlockerPolicy, LockSchema, Unblock};
use crate::finding::FieldPath;
use crate::value::ResourceName;

impl EnvironmentChecker<'_> {
    pub(super) fn unblock(&mut self) {
        let Some(unblock) = &self.environment.unblock else { return };
        let place = at("unblock");
        if unblock.release_at_most == Some(0) {
            self.note(place.clone().key("release-at-most"), "0", "at least 1, or no `locks`");
        }
        if let Some(locks) = &unblock.locks {
            self.lock_attributes(&place.clone().key("locks"), locks);
        } else if !unblock.limits.is_empty() {
            self.note(place.clone().key("limits"), "limits without `locks`", "a table of locks to count");
        }
        if let Some(blockers) = &unblock.blockers {
            self.blockers(&place.clone().key("blockers"), blockers);
        }
        self.queues(&place.key("queues"), unblock);
    }

    fn lock_attributes(&mut self, place: &FieldPath, locks: &LockSchema) {
        let named = [
            ("pod", &locks.pod),
            ("item", &locks.item),
            ("lock-type", &locks.lock_type),
            ("acquired-by", &locks.acquired_by),
            ("acquired-at", &locks.acquired_at),
            ("expires-at", &locks.expires_at),
            ("released-at", &locks.released_at),
        ];
        let mut taken: BTreeMap<&ResourceName, &str> = BTreeMap::new();
        for (key, name) in named {
            if let Some(other) = taken.insert(name, key) {
                self.note(place.clone().key(key), format!("{name}, as in {other}"), "an attribute of its own");
            }
        }
        if locks.finished.as_ref().is_some_and(|finished| finished.values.is_empty()) {
            self.note(
                place.clone().key("finished").key("values"),
                "nothing",
                "what the status of a finished item says",
            );
        }
    }

    fn blockers(&mut self, place: &FieldPath, blockers: &BlockerPolicy) {
        if blockers.escalate_after <= blockers.tell_after {
            let expected = format!("more than the {} of tell-after", blockers.tell_after);
            self.note(place.clone().key("escalate-after"), blockers.escalate_after.to_string(), expected);
        }
        if blockers.systemic < 2 {
            self.note(place.clone().key("systemic"), blockers.systemic.to_string(), "at least 2: one is no pattern");
        }
        if blockers.status.is_some() == blockers.finished.is_empty() {
            let found = if blockers.finished.is_empty() { "`status` alone" } else { "`finished` alone" };
            self.note(place.clone(), found, "both of `status` and `finished`, or none");
        }
    }

    fn queues(&mut self, place: &FieldPath, unblock: &Unblock) {
        let mut seen: BTreeMap<&ResourceName, usize> = BTreeMap::new();
        for (index, queue) in unblock.queues.iter().enumerate() {
            let place = place.clone().index(index);
            // Several queues may share their dead letters: each goes back where it came from.
            if let Some(other) = seen.insert(&queue.queue, index) {
                let found = format!("{}, as in queue {other}", queue.queue);
                self.note(place.clone().key("queue"), found, "each queue once: it has one dead-letter queue");
            }
            if queue.queue == queue.dead_letters {
                self.note(place.clone().key("dead-letters"), "the queue itself", "another queue");
            }
            let kind = |fifo: bool| if fifo { "a FIFO queue" } else { "a standard queue" };
            if queue.queue.is_fifo() != queue.dead_letters.is_fifo() {
                let found = format!("{}, {}", queue.dead_letters, kind(queue.dead_letters.is_fifo()));
                let expected = format!("{}, as its queue is", kind(queue.queue.is_fifo()));
                self.note(place.clone().key("dead-letters"), found, expected);
            }
            if let Some(parked) = &queue.parked {
                if unblock.queues.iter().any(|other| other.queue == *parked) {
                    let found = if *parked == queue.queue {
                        "the queue itself".to_owned()
                    } else {
                        format!("{parked}, which has a consumer")
                    };
                    self.note(place.clone().key("parked"), found, "another queue");
                }
                if parked.is_fifo() != queue.dead_letters.is_fifo() {
                    let found = format!("{parked}, {}", kind(parked.is_fifo()));
                    let expected = format!("{}, as its dead letters are", kind(queue.dead_letters.is_fifo()));
                    self.note(place.clone().key("parked"), found, expected);
                }
            }
            for (key, value) in [("batch", queue.batch), ("poison", queue.poison)] {
                if value == Some(0) {
                    self.note(place.clone().key(key), "0", "at least 1");
                }
            }
        }
    }
}
