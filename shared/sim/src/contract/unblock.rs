//! Cases about what may be stuck: locks, dead letters, and the notes of the daily unblock.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger, LedgerError, LedgerNote, LedgerWrite, WriteOutcome};
use watchkeeper_control::ports::Fault;
use watchkeeper_control::unblock::ports::{DeadLetters, LockTable, MessageStamp, UnblockSources};
use watchkeeper_domain::estate::{FinishedItems, LockSchema};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::unblock::{AbandonmentProof, ItemAttribute, LockItem, LockRelease, ReleaseEnd};
use watchkeeper_domain::value::ResourceName;

use super::ledger::samples::run as sample_run;
use super::{CaseFailure, ContractBench, Passed, differs, equal, fails, holds};
use crate::spec::checked;

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! unblock_cases {
    ($test:ident) => {
        $test! {
            every_lock_is_on_one_page
            a_lock_that_is_left_behind_is_released_and_put_back_exactly
            a_lock_that_was_renewed_before_the_release_stays
            a_lock_that_was_taken_again_after_the_release_stays_so
            a_release_that_is_tried_again_is_done_once
            a_lock_that_has_not_run_out_is_not_released
            a_lock_of_a_finished_item_is_released_while_the_item_is_finished
            a_table_that_is_not_there_is_not_found
            a_dead_letter_is_sent_again_as_it_was_with_its_count
            a_letter_that_was_received_is_not_received_again_at_once
            a_queue_that_is_not_there_is_not_found
            a_note_is_written_over_the_version_that_was_read
            only_runs_without_an_outcome_are_open
            only_the_very_intent_is_taken_out
        }
    };
}

/// A place to try an implementation of these ports in. All that it makes is new.
pub trait UnblockBench: ContractBench {
    /// The ports.
    type Unblock: UnblockSources;

    /// The ports.
    fn sources(&self) -> &Self::Unblock;

    /// Makes a table of locks by the names of the document, and the table of its items.
    async fn make_tables(&self, locks: &LockSchema) -> Result<(), CaseFailure>;

    /// Puts a lock, as its owner does.
    async fn put_lock(&self, locks: &LockSchema, lock: &LockItem) -> Result<(), CaseFailure>;

    /// Puts an item with this status.
    async fn put_item(&self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), CaseFailure>;

    /// Makes a queue with these messages.
    async fn make_queue(&self, queue: &ResourceName, bodies: &[&str]) -> Result<(), CaseFailure>;
}

fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

/// Tables with the names of `clos-v2`, but new.
async fn tables<B: UnblockBench>(bench: &B) -> Result<LockSchema, CaseFailure> {
    let name = |text: &str| -> ResourceName { checked(text.parse()) };
    let finished = FinishedItems {
        table: name(&bench.fresh_name()),
        item: name("idea_id"),
        status: name("status"),
        values: vec![checked("done".parse())],
    };
    let locks = LockSchema {
        table: name(&bench.fresh_name()),
        pod: name("pod_id"),
        item: name("item_id"),
        lock_type: name("lock_type"),
        acquired_by: name("acquired_by"),
        acquired_at: name("acquired_at"),
        expires_at: name("expires_at"),
        released_at: name("released_at"),
        index: None,
        finished: Some(finished),
    };
    bench.make_tables(&locks).await?;
    Ok(locks)
}

/// A lock that runs out so many hours from now.
fn lock<B: UnblockBench>(bench: &B, item: &str, hours: i64) -> LockItem {
    let expires = bench.now() + SignedDuration::from_hours(hours);
    LockItem {
        pod: text("Ratio"),
        item: text(item),
        lock_type: text("projects"),
        acquired_by: text("ada"),
        acquired_at: text("2026-11-01T09:00:00Z"),
        expires_at: ItemAttribute::Number(expires.as_second().to_string()),
        released_at: ItemAttribute::Absent,
    }
}

fn release(lock: &LockItem, proof: AbandonmentProof) -> LockRelease {
    let released_at = "2026-11-23T14:00:00.123Z".to_owned();
    LockRelease { lock: lock.clone(), proof, released_at, end: ReleaseEnd::Intended, undone: None }
}

/// The locks of a table, all of them.
async fn all<B: UnblockBench>(bench: &B, locks: &LockSchema) -> Result<Vec<LockItem>, CaseFailure> {
    Ok(bench.sources().locks(locks, None, 100).await?.items)
}

/// Pages of three over seven: each once, and an end.
pub async fn every_lock_is_on_one_page<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let mut put = BTreeSet::new();
    for n in 0..7 {
        let lock = lock(bench, &format!("item-{n}"), 1);
        bench.put_lock(&locks, &lock).await?;
        put.insert(lock.name());
    }
    let (mut cursor, mut found, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = bench.sources().locks(&locks, cursor.as_deref(), 3).await?;
        found.extend(page.items.iter().map(LockItem::name));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() || pages > 10 {
            break;
        }
    }
    equal("how many were found", &found.len(), &7)?;
    equal("which were found", &found.into_iter().collect(), &put)
}

/// All attributes as they were, and only one of them changes.
pub async fn a_lock_that_is_left_behind_is_released_and_put_back_exactly<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let lock = lock(bench, "left", -2);
    bench.put_lock(&locks, &lock).await?;
    let release = release(&lock, AbandonmentProof::Expired);
    equal("the release", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Done)?;
    let released = LockItem { released_at: text(&release.released_at), ..lock.clone() };
    equal("the lock, released", &all(bench, &locks).await?, &vec![released])?;
    equal("the undo", &bench.sources().restore(&locks, &release).await?, &WriteOutcome::Done)?;
    equal("the lock, put back", &all(bench, &locks).await?, &vec![lock])
}

/// The race, in the one order: renewed, then released on what was read before.
pub async fn a_lock_that_was_renewed_before_the_release_stays<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let read = lock(bench, "renewed", -2);
    bench.put_lock(&locks, &read).await?;
    for renewed in [
        LockItem { expires_at: lock(bench, "", 22).expires_at, ..read.clone() },
        LockItem { acquired_by: text("grace"), ..read.clone() },
        LockItem { acquired_at: text("2026-11-02T09:00:00Z"), ..read.clone() },
        LockItem { lock_type: text("pull_requests"), ..read.clone() },
        LockItem { released_at: text("2026-11-20T00:00:00Z"), ..read.clone() },
    ] {
        bench.put_lock(&locks, &renewed).await?;
        let written = bench.sources().release(&locks, &release(&read, AbandonmentProof::Expired), bench.now()).await?;
        equal("the release", &written, &WriteOutcome::Changed)?;
        equal("the lock", &all(bench, &locks).await?, &vec![renewed])?;
    }
    Ok(())
}

/// The race, in the other order: released, then taken again; the undo leaves that alone.
pub async fn a_lock_that_was_taken_again_after_the_release_stays_so<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let read = lock(bench, "again", -2);
    bench.put_lock(&locks, &read).await?;
    let release = release(&read, AbandonmentProof::Expired);
    equal("the release", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Done)?;
    let again = LockItem { acquired_by: text("grace"), ..lock(bench, "again", 24) };
    bench.put_lock(&locks, &again).await?;
    equal("the release again", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Changed)?;
    equal("the undo", &bench.sources().restore(&locks, &release).await?, &WriteOutcome::Changed)?;
    equal("the lock", &all(bench, &locks).await?, &vec![again])
}

/// A step that was taken twice finds its own release.
pub async fn a_release_that_is_tried_again_is_done_once<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let lock = lock(bench, "twice", -2);
    bench.put_lock(&locks, &lock).await?;
    for _ in 0..2 {
        let written = bench.sources().release(&locks, &release(&lock, AbandonmentProof::Expired), bench.now()).await?;
        equal("the release", &written, &WriteOutcome::Done)?;
    }
    for _ in 0..2 {
        let written = bench.sources().restore(&locks, &release(&lock, AbandonmentProof::Expired)).await?;
        equal("the undo", &written, &WriteOutcome::Done)?;
    }
    equal("the lock", &all(bench, &locks).await?, &vec![lock])
}

/// The expiry is in the condition, not only in what was judged.
pub async fn a_lock_that_has_not_run_out_is_not_released<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let lock = lock(bench, "live", 2);
    bench.put_lock(&locks, &lock).await?;
    let written = bench.sources().release(&locks, &release(&lock, AbandonmentProof::Expired), bench.now()).await?;
    equal("the release", &written, &WriteOutcome::Changed)?;
    equal("the lock", &all(bench, &locks).await?, &vec![lock])
}

/// The proof is in the transaction: an item that is opened again in between keeps its lock.
pub async fn a_lock_of_a_finished_item_is_released_while_the_item_is_finished<B: UnblockBench>(bench: &B) -> Passed {
    let locks = tables(bench).await?;
    let Some(finished) = locks.finished.clone() else { return holds("that there are items", false) };
    let lock = lock(bench, "idea-1", 20);
    bench.put_lock(&locks, &lock).await?;
    bench.put_item(&finished, "idea-1", "done").await?;
    let statuses = bench.sources().statuses(&finished, &["idea-1".to_owned(), "idea-2".to_owned()]).await?;
    equal("the statuses", &statuses, &[("idea-1".to_owned(), text("done"))].into())?;
    bench.put_item(&finished, "idea-1", "open").await?;
    let release = release(&lock, AbandonmentProof::Finished("done".to_owned()));
    equal("opened again", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Changed)?;
    equal("the lock", &all(bench, &locks).await?, &vec![lock])?;
    bench.put_item(&finished, "idea-1", "done").await?;
    equal("finished", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Done)?;
    equal("finished, again", &bench.sources().release(&locks, &release, bench.now()).await?, &WriteOutcome::Done)
}

/// By its name.
pub async fn a_table_that_is_not_there_is_not_found<B: UnblockBench>(bench: &B) -> Passed {
    let mut locks = tables(bench).await?;
    locks.table = checked(bench.fresh_name().parse());
    fails("the read", bench.sources().locks(&locks, None, 10).await, Fault::NotFound)
}

/// Body and stamp.
pub async fn a_dead_letter_is_sent_again_as_it_was_with_its_count<B: UnblockBench>(bench: &B) -> Passed {
    let (queue, dead): (ResourceName, ResourceName) =
        (checked(bench.fresh_name().parse()), checked(bench.fresh_name().parse()));
    bench.make_queue(&queue, &[]).await?;
    bench.make_queue(&dead, &["{\"n\": 1}"]).await?;
    equal("what waits", &bench.sources().waiting(&dead).await?, &1)?;
    for (stamp, from, to) in [
        (MessageStamp::Returns(1), &dead, &queue),
        (MessageStamp::Returns(2), &queue, &dead),
        (MessageStamp::Parked("poison".to_owned()), &dead, &queue),
    ] {
        let letters = bench.sources().receive(from, 10).await?;
        equal("how many there are", &letters.len(), &1)?;
        equal("the body", &letters[0].body, &"{\"n\": 1}".to_owned())?;
        bench.sources().send(to, &letters[0], &stamp).await?;
        bench.sources().remove(from, &letters[0]).await?;
        equal("what is left", &bench.sources().waiting(from).await?, &0)?;
    }
    let letters = bench.sources().receive(&queue, 1).await?;
    let stamps = letters.first().map(|letter| (letter.stamps.returns.clone(), letter.stamps.parked.clone()));
    equal("the stamps", &stamps, &Some((Some("2".to_owned()), Some("poison".to_owned()))))
}

/// Another run would send it twice.
pub async fn a_letter_that_was_received_is_not_received_again_at_once<B: UnblockBench>(bench: &B) -> Passed {
    let queue: ResourceName = checked(bench.fresh_name().parse());
    bench.make_queue(&queue, &["one", "two", "three"]).await?;
    let first = bench.sources().receive(&queue, 2).await?;
    let second = bench.sources().receive(&queue, 10).await?;
    let third = bench.sources().receive(&queue, 10).await?;
    equal("how many were received", &(first.len(), second.len(), third.len()), &(2, 1, 0))
}

/// By its name.
pub async fn a_queue_that_is_not_there_is_not_found<B: UnblockBench>(bench: &B) -> Passed {
    let queue: ResourceName = checked(bench.fresh_name().parse());
    fails("its length", bench.sources().waiting(&queue).await, Fault::NotFound)?;
    fails("its messages", bench.sources().receive(&queue, 1).await, Fault::NotFound)
}

/// Version by version; of two that read the same one writes.
pub async fn a_note_is_written_over_the_version_that_was_read<B: UnblockBench>(bench: &B) -> Passed {
    let (scope, until) = (bench.fresh_scope(), bench.now() + Duration::from_hours(1));
    let read = async |note| Ok::<_, CaseFailure>(bench.ledger().read::<String>(&scope, note).await?);
    for note in [
        LedgerNote::Memory,
        LedgerNote::Run("run-1"),
        LedgerNote::Page("run-1", 1),
        LedgerNote::Page("run-1", 2),
        LedgerNote::Trouble("reconcile"),
    ] {
        equal("nothing yet", &read(note).await?, &None)?;
        bench.ledger().write(&scope, note, &format!("{note:?}"), 0, until).await?;
        equal("the note", &read(note).await?, &Some((format!("{note:?}"), 1)))?;
        match bench.ledger().write(&scope, note, &"late".to_owned(), 0, until).await {
            Err(LedgerError::Conflict { .. }) => {}
            other => return Err(differs("a stale write", &other, "a conflict")),
        }
        bench.ledger().write(&scope, note, &"next".to_owned(), 1, until).await?;
        equal("the next", &read(note).await?, &Some(("next".to_owned(), 2)))?;
    }
    equal("what a run reads", &bench.ledger().load(&scope).await?.intents.len(), &0)
}

/// Those that ended are not among them, on whichever page they are.
pub async fn only_runs_without_an_outcome_are_open<B: UnblockBench>(bench: &B) -> Passed {
    let (scope, now) = (bench.fresh_scope(), bench.now());
    let expires = now + Duration::from_mins(3);
    let lease =
        Lease { holder: "run".to_owned(), layer: Layer::Schedule, generation: 1, usable: now, expires, at_work: false };
    bench.ledger().take_lease(&scope, &lease, 0).await?;
    for n in 0..8 {
        let mut run = sample_run(&format!("run-{n}"), now);
        run.outcome = (n % 3 != 0).then_some(RunOutcome::Done);
        bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(run))]).await?;
    }
    let (mut cursor, mut open) = (None, Vec::new());
    loop {
        let page = bench.ledger().open_runs(&scope, cursor.as_deref()).await?;
        open.extend(page.items.into_iter().map(|run| run.header.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    open.sort();
    equal("the open runs", &open, &["run-0", "run-3", "run-6"].map(str::to_owned).to_vec())
}

/// One that took its place in between stays.
pub async fn only_the_very_intent_is_taken_out<B: UnblockBench>(bench: &B) -> Passed {
    let (scope, now) = (bench.fresh_scope(), bench.now());
    let intent = |reason: &str| Intent {
        layer: Layer::Override,
        want: DesiredState::Awake,
        reason: reason.to_owned(),
        by: "run-1".to_owned(),
        declared: now,
        expires: Some(now + Duration::from_hours(1)),
        approved: [].into(),
        for_release: None,
    };
    bench.ledger().declare(&scope, &intent("new")).await?;
    equal("another one", &bench.ledger().take_out(&scope, &intent("old")).await?, &WriteOutcome::Changed)?;
    equal("what is left", &bench.ledger().load(&scope).await?.intents, &vec![intent("new")])?;
    equal("this one", &bench.ledger().take_out(&scope, &intent("new")).await?, &WriteOutcome::Done)?;
    equal("nothing", &bench.ledger().take_out(&scope, &intent("new")).await?, &WriteOutcome::Changed)?;
    equal("what is left then", &bench.ledger().load(&scope).await?.intents, &vec![])
}
