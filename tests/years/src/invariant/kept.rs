//! What must hold of copies, locks and messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{BackupMemory, BackupSource, JobPolicy, KnownCopy};
use watchkeeper_domain::unblock::{ItemAttribute, LockItem};
use watchkeeper_sim::{BackupDeletion, Operation, RecordedCall, SimRegion};

use super::judge::{Actor, Judge, violation};
use super::{Invariant, Violation};
use crate::estates::Site;

/// How often removals are looked at.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is kept, as of the last look.
#[derive(Debug, Default)]
pub(super) struct Kept {
    tables: Vec<String>,
    queues: Vec<[String; 2]>,
    letters: BTreeSet<String>,
    locks: BTreeMap<String, LockItem>,
    deletions: usize,
    looked: Timestamp,
}

impl Kept {
    pub(super) fn new(site: &Site) -> Self {
        let folder = site.own_folder();
        let mut kept = Self::default();
        for unblock in folder.environments().filter_map(|(_, it)| it.document().unblock.as_ref()) {
            kept.tables.extend(unblock.locks.as_ref().map(|it| it.table.to_string()));
            kept.queues.extend(unblock.queues.iter().map(|it| [it.queue.to_string(), it.dead_letters.to_string()]));
        }
        kept
    }
}

impl Judge {
    /// Only these calls, and somebody else, change a lock or a message.
    pub(super) fn kept_after(
        &mut self,
        sim: &SimRegion,
        actor: &Actor,
        calls: &[RecordedCall],
    ) -> Result<(), Violation> {
        use Operation as O;
        let made = |operations: &[O]| calls.iter().any(|call| operations.contains(&call.operation));
        let somebody = *actor == Actor::Somebody;
        let released = made(&[O::ReleaseLock]);
        if released || somebody || made(&[O::RestoreLock]) {
            self.locks(sim, released)?;
        }
        if somebody || made(&[O::SendMessage, O::DeleteMessage]) {
            self.letters(sim)?;
        }
        Ok(())
    }

    /// What was removed had a newer one that was good, where it was and where it is copied to. Each removal has with it what
    /// was known then, so a look a day is enough.
    pub(crate) fn deletions(&mut self, sim: &SimRegion, now: Timestamp) -> Result<(), Violation> {
        if now < self.kept.looked.saturating_add(DAY).unwrap_or(Timestamp::MAX) {
            return Ok(());
        }
        self.kept.looked = now;
        let new = sim.deletions().split_off(self.kept.deletions);
        self.kept.deletions += new.len();
        for BackupDeletion { copy, memory, .. } in new {
            let of = format!("{} of {} in {}", copy.name, copy.source, copy.region);
            let Some(own) = memory.known(&copy.region, &copy.id) else {
                return Err(violation(
                    sim,
                    Invariant::ForeignCopiesStay,
                    format!("{of}, which nobody knows, was removed"),
                ));
            };
            let newer = |it: &&watchkeeper_domain::backup::KnownCopy| {
                it.region == copy.region && it.id != copy.id && it.is_good() && it.due >= own.due
            };
            if !copy.has_failed()
                && own.is_good()
                && let Some((policy, rule)) = self.kept_by(&copy.source, &memory, own)
            {
                let seen = format!("{of} was removed, and is kept by `{rule}` of {policy}");
                return Err(violation(sim, Invariant::PolicyKeeps, seen));
            }
            if memory.copies.iter().find(newer).is_none() {
                let seen = format!("{of} was removed, and no newer one is known to be good");
                return Err(violation(sim, Invariant::NoDeletionBeforeTheProof, seen));
            }
            let there = sim.vault().into_iter().any(|it| it.source == copy.source && it.region == copy.region);
            if !there {
                return Err(violation(sim, Invariant::NoDeletionBeforeTheProof, format!("{of} was the last one")));
            }
        }
        Ok(())
    }

    /// The rule of the document that keeps a good copy, given the newer ones that are good.
    fn kept_by(&self, source: &BackupSource, memory: &BackupMemory, own: &KnownCopy) -> Option<(String, &'static str)> {
        let policies = self.views.values().flat_map(|view| JobPolicy::all(&view.scope, &view.environment));
        let keep = policies.into_iter().find(|policy| policy.subject.source == *source)?.keep;
        let day = |copy: &KnownCopy| copy.due.to_zoned(keep.zone.clone()).date();
        let newer = |it: &&KnownCopy| it.region == own.region && it.is_good() && (it.due, &it.id) > (own.due, &own.id);
        let newer: Vec<Date> = memory.copies.iter().filter(newer).map(day).collect();
        let rule = |wanted: u32, of: fn(Date) -> (i16, i16)| {
            let others: BTreeSet<_> = newer.iter().map(|date| of(*date)).collect();
            !others.contains(&of(day(own))) && others.len() < wanted as usize
        };
        let rules = [
            (newer.len() < keep.minimum as usize, "minimum"),
            (rule(keep.daily, |date| (date.year(), date.day_of_year())), "daily"),
            (rule(keep.weekly, |date| (date.iso_week_date().year(), date.iso_week_date().week().into())), "weekly"),
            (rule(keep.monthly, |date| (date.year(), date.month().into())), "monthly"),
        ];
        let found = rules.into_iter().find_map(|(keeps, rule)| keeps.then_some(rule))?;
        Some((format!("{keep:?}"), found))
    }

    /// What was released had run out.
    fn locks(&mut self, sim: &SimRegion, released: bool) -> Result<(), Violation> {
        let second = watchkeeper_control::ports::Clock::now(sim).as_second();
        for table in self.kept.tables.clone() {
            for lock in sim.locks_of(&table) {
                let before = self.kept.locks.insert(lock.name(), lock.clone());
                let fresh = before.is_some_and(|it| it.released_at == ItemAttribute::Absent)
                    && lock.released_at != ItemAttribute::Absent;
                if !fresh || !released {
                    continue;
                }
                let over = matches!(&lock.expires_at, ItemAttribute::Number(at)
                    if at.parse::<i64>().is_ok_and(|at| at <= second));
                if !over {
                    let seen = format!("lock {} is released, and runs until {}", lock.name(), lock.expires_at);
                    return Err(violation(sim, Invariant::NothingFreedWithoutProof, seen));
                }
            }
        }
        Ok(())
    }

    /// No consumer is at work here: every message that ever was still lies somewhere.
    fn letters(&mut self, sim: &SimRegion) -> Result<(), Violation> {
        let queues = self.kept.queues.iter().flatten();
        let there: BTreeSet<String> = queues.flat_map(|it| sim.letters_of(it)).map(|it| it.body).collect();
        if let Some(lost) = self.kept.letters.difference(&there).next() {
            return Err(violation(sim, Invariant::NoLetterLost, format!("{lost} lies in no queue any more")));
        }
        self.kept.letters = there;
        Ok(())
    }
}
