//! Locks: a page is read, what is left behind on it is written down with its undo, then released, then recorded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::estate::{FinishedItems, LockSchema, Unblock};
use watchkeeper_domain::unblock::{
    AbandonmentProof, ItemAttribute, LockEntry, LockItem, LockRelease, LockStanding, ReleaseEnd, UnblockMemory,
    UnblockRecord, judge,
};
use watchkeeper_domain::value::Label;

use super::{FAILURES, OpenRecord, PAGE, RECORD_KEPT, UnblockRunbook, later, told, unreadable};
use crate::ledger::{Ledger, LedgerNote, WriteOutcome};
use crate::platform::Platform;
use crate::ports::{Clock, Fault};
use crate::runbook::RunbookError;
use crate::unblock::ports::LockTable;
use crate::unblock::ports::STATUSES_MAX;

/// A lock that is left behind, with its proof.
type Left = (LockItem, LockEntry, AbandonmentProof);

impl<P: Platform> UnblockRunbook<P> {
    /// One page of locks.
    pub(super) async fn locks_page(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let Some((section, table)) = section(open) else {
            open.record.next_stage(open.scoped.section);
            return Ok(());
        };
        let name = table.table.to_string();
        let page = match self.sources.locks(table, open.record.cursor.as_deref(), PAGE).await {
            Ok(page) => page,
            Err(error) => {
                unreadable(open, &name, error)?;
                open.record.next_stage(Some(section));
                return Ok(());
            }
        };
        let now = self.clock.now();
        let (memory, _) = self.memory(&open.scoped.scope).await?;
        let statuses = self.finished(open, table, &page.items).await?;
        // What was written down before a crash is on this page: it is done as it was written, not judged again.
        let (mut releases, version) = self.intended(open).await?;
        let known: BTreeSet<String> = releases.iter().map(|release| release.lock.name()).collect();
        let fresh: Vec<&LockItem> = page.items.iter().filter(|item| !known.contains(&item.name())).collect();
        let left = judged(&mut open.record, section, &fresh, &statuses, &memory, now);
        for release in &releases {
            count_left(&mut open.record, &release.proof);
        }
        let room = room(section, &open.record, releases.len());
        if left.len() > room {
            open.record.locks.remaining += number(left.len() - room);
        }
        releases.extend(left.into_iter().take(room).map(|(lock, _, proof)| LockRelease {
            lock,
            proof,
            released_at: now.to_string(),
            end: ReleaseEnd::Intended,
            undone: None,
        }));
        if !releases.is_empty() {
            self.release_page(open, table, releases, version).await?;
        }
        open.record.locks.read += number(page.items.len());
        open.record.cursor = page.next;
        if open.record.cursor.is_none() {
            ended(&mut open.record, section);
            open.record.next_stage(Some(section));
        }
        Ok(())
    }

    /// The releases of the page that comes next, where a run that died has written it already.
    async fn intended(&self, open: &OpenRecord<'_, '_>) -> Result<(Vec<LockRelease>, u64), RunbookError> {
        let note = LedgerNote::Page(&open.record.header.id, open.record.pages + 1);
        Ok(self.ledger.read(&open.scoped.scope, note).await?.unwrap_or_default())
    }

    /// What the status of each item says whose lock may be left behind for it: only of those that are finished.
    async fn finished(
        &self,
        open: &mut OpenRecord<'_, '_>,
        table: &LockSchema,
        found: &[LockItem],
    ) -> Result<BTreeMap<String, String>, RunbookError> {
        let Some(finished) = &table.finished else { return Ok(BTreeMap::new()) };
        let held = found.iter().filter(|lock| lock.released_at == ItemAttribute::Absent);
        let items: BTreeSet<String> = held.filter_map(|lock| lock.item.key().map(str::to_owned)).collect();
        let items: Vec<String> = items.into_iter().collect();
        let mut all = BTreeMap::new();
        for items in items.chunks(STATUSES_MAX) {
            match self.sources.statuses(finished, items).await {
                Ok(statuses) => {
                    all.extend(statuses.into_iter().filter_map(|(item, status)| over(finished, item, &status)));
                }
                Err(error) => {
                    // Without proof the lock of a finished item is like any other.
                    unreadable(open, finished.table.as_str(), error)?;
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Writes down what is to be released, releases it, and writes down what came of it.
    async fn release_page(
        &self,
        open: &mut OpenRecord<'_, '_>,
        table: &LockSchema,
        mut releases: Vec<LockRelease>,
        version: u64,
    ) -> Result<(), RunbookError> {
        let (scope, id) = (open.scoped.scope.clone(), open.record.header.id.clone());
        let (note, until) =
            (LedgerNote::Page(&id, open.record.pages + 1), later(open.record.header.started, RECORD_KEPT));
        if open.record.applies() {
            self.ledger.write(&scope, note, &releases, version, until).await?;
            for release in &mut releases {
                if release.end == ReleaseEnd::Intended {
                    release.end = self.release(open, table, release).await;
                }
            }
            self.ledger.write(&scope, note, &releases, version + 1, until).await?;
            open.record.pages += 1;
        }
        for release in &releases {
            record(open, release);
        }
        Ok(())
    }

    async fn release(&self, open: &mut OpenRecord<'_, '_>, table: &LockSchema, release: &LockRelease) -> ReleaseEnd {
        if open.record.failures >= FAILURES {
            return ReleaseEnd::Failed("not tried: the writes before it failed".to_owned());
        }
        match self.sources.release(table, release, self.clock.now()).await {
            Ok(written) => {
                open.record.failures = 0;
                if written == WriteOutcome::Done { ReleaseEnd::Released } else { ReleaseEnd::Changed }
            }
            Err(error) => {
                open.record.failures += 1;
                let unclear = if error.fault == Fault::Unavailable { "it may be released all the same: " } else { "" };
                ReleaseEnd::Failed(format!("{unclear}{}", told(&error)))
            }
        }
    }
}

/// The section and its table of locks.
pub(super) fn section<'p>(open: &OpenRecord<'_, 'p>) -> Option<(&'p Unblock, &'p LockSchema)> {
    let section = open.scoped.section?;
    Some((section, section.locks.as_ref()?))
}

/// An item whose status means that it is finished.
fn over(finished: &FinishedItems, item: String, status: &ItemAttribute) -> Option<(String, String)> {
    let text = status.key()?;
    let means = |value: &Label| value.as_str() == text;
    finished.values.iter().any(means).then(|| (item, text.to_owned()))
}

/// How many more locks this run may release: in a plan as many as it would.
fn room(section: &Unblock, record: &UnblockRecord, written: usize) -> usize {
    (section.release_at_most().saturating_sub(record.tried) as usize).saturating_sub(written)
}

/// Counts every lock of a page, and picks those that are left behind.
fn judged(
    record: &mut UnblockRecord,
    section: &Unblock,
    found: &[&LockItem],
    statuses: &BTreeMap<String, String>,
    memory: &UnblockMemory,
    now: Timestamp,
) -> Vec<Left> {
    let mut left = Vec::new();
    for item in found {
        let status = item.item.key().and_then(|key| statuses.get(key)).map(String::as_str);
        match judge(item, status, memory, now) {
            LockStanding::Released => record.locks.released_before += 1,
            LockStanding::Live(lock) => {
                record.locks.live += 1;
                record.held.count(section, &lock.pod, &lock.lock_type);
            }
            LockStanding::Kept(_) => record.locks.kept += 1,
            LockStanding::Malformed(why) => {
                record.locks.malformed += 1;
                record.note("malformed", &item.name(), format!("it stays as it is: {why}"), None);
            }
            LockStanding::Left(lock, proof) => {
                count_left(record, &proof);
                left.push(((*item).clone(), lock, proof));
            }
        }
    }
    left
}

fn count_left(record: &mut UnblockRecord, proof: &AbandonmentProof) {
    match proof {
        AbandonmentProof::Expired => record.locks.expired += 1,
        AbandonmentProof::Finished(_) => record.locks.finished += 1,
    }
}

/// What came of one release.
fn record(open: &mut OpenRecord<'_, '_>, release: &LockRelease) {
    let record = &mut open.record;
    record.tried += 1;
    match &release.end {
        // In a plan none is tried: it is what would be.
        ReleaseEnd::Released | ReleaseEnd::Intended => freed(record, release),
        ReleaseEnd::Changed => record.locks.changed += 1,
        ReleaseEnd::Failed(why) => {
            record.locks.remaining += 1;
            record.note("not-released", &release.lock.name(), why.clone(), None);
        }
    }
}

fn freed(record: &mut UnblockRecord, release: &LockRelease) {
    record.locks.released += 1;
    if let (Some(pod), Some(lock_type)) = (release.lock.pod.key(), release.lock.lock_type.key()) {
        record.add_freed(pod, lock_type);
    }
}

/// All locks were read: who holds too many, and whether something is left for the next run.
fn ended(record: &mut UnblockRecord, section: &Unblock) {
    record.violations = record.held.violations(section);
    if record.locks.remaining > 0 && record.failures < FAILURES {
        let detail = format!(
            "{} locks are left behind and still held: a run releases {} at most, or they could not be written; the next \
             run goes on",
            record.locks.remaining,
            section.release_at_most()
        );
        record.note("limit", "release-at-most", detail, None);
    }
}

pub(super) fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
