//! Undo: a page of an earlier run's releases is put back, and noted there, so that it is done once.

use watchkeeper_domain::unblock::{LockRelease, UnblockKind, UnblockMemory, UndoOutcome, wanted};

use super::{MEMORY_KEPT, OpenRecord, RECORD_KEPT, UnblockRunbook, later, passes, told};
use crate::ledger::{Ledger, LedgerError, LedgerNote, WriteOutcome};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;
use crate::unblock::ports::LockTable;

/// How often the memory is written again when another run was faster.
const TRIES: u32 = 5;

impl<P: Platform> UnblockRunbook<P> {
    /// One page of the earlier run.
    pub(super) async fn undo_page(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let UnblockKind::Undo { of, lock } = open.record.kind.clone() else {
            open.record.next_stage(open.scoped.section);
            return Ok(());
        };
        let (scope, number) = (open.scoped.scope.clone(), open.record.pages + 1);
        let note = LedgerNote::Page(&of, number);
        let Some((mut releases, version)) = self.ledger.read::<Vec<LockRelease>>(&scope, note).await? else {
            nothing_found(open, &of, lock.as_deref());
            open.record.next_stage(open.scoped.section);
            return Ok(());
        };
        let mut restored = Vec::new();
        for release in releases.iter_mut().filter(|release| wanted(release, lock.as_deref())) {
            if let Some(undone) = self.undo(open, release).await? {
                release.undone = Some(undone);
                restored.extend((undone == UndoOutcome::Restored).then(|| release.lock.clone()));
            }
        }
        if open.record.applies() {
            // What a person took back is not released by the next run either.
            self.remember(open, |memory| restored.iter().for_each(|lock| memory.keep(lock))).await?;
            self.ledger.write(&scope, note, &releases, version, later(self.clock.now(), RECORD_KEPT)).await?;
        }
        open.record.pages = number;
        Ok(())
    }

    async fn undo(
        &self,
        open: &mut OpenRecord<'_, '_>,
        release: &LockRelease,
    ) -> Result<Option<UndoOutcome>, RunbookError> {
        let name = release.lock.name();
        let Some((_, table)) = super::locks::section(open) else {
            open.record.note("not-put-back", &name, "its document names no table of locks any more", None);
            return Ok(None);
        };
        if !open.record.applies() {
            open.record.locks.restored += 1;
            return Ok(None);
        }
        match self.sources.restore(table, release).await {
            Ok(WriteOutcome::Done) => {
                open.record.locks.restored += 1;
                Ok(Some(UndoOutcome::Restored))
            }
            Ok(WriteOutcome::Changed) => {
                open.record.locks.changed += 1;
                open.record.note("not-put-back", &name, "it has changed since, and stays as it is", None);
                Ok(Some(UndoOutcome::Changed))
            }
            Err(error) if passes(&error) => Err(error.into()),
            Err(error) => {
                open.record.note("not-put-back", &name, told(&error), None);
                Ok(None)
            }
        }
    }

    /// Changes the memory, and again over what another run has put in between.
    pub(super) async fn remember(
        &self,
        open: &OpenRecord<'_, '_>,
        change: impl Fn(&mut UnblockMemory),
    ) -> Result<(), RunbookError> {
        let scope = &open.scoped.scope;
        for attempt in 1.. {
            let (mut memory, version) = self.memory(scope).await?;
            let before = memory.clone();
            change(&mut memory);
            if memory == before {
                break;
            }
            let until = later(self.clock.now(), MEMORY_KEPT);
            match self.ledger.write(scope, LedgerNote::Memory, &memory, version, until).await {
                Err(LedgerError::Conflict { .. }) if attempt < TRIES => {}
                written => return Ok(written?),
            }
        }
        Ok(())
    }
}

/// The last page is behind us: a lock that was named and is on none is an answer, too.
fn nothing_found(open: &mut OpenRecord<'_, '_>, of: &str, lock: Option<&str>) {
    if open.record.locks.restored + open.record.locks.changed == 0 && open.record.findings.count() == 0 {
        let subject = lock.unwrap_or(of);
        let detail = format!("run {of} released nothing of it that is not put back already");
        open.record.note("nothing-to-undo", subject, detail, None);
    }
}
