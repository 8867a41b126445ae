//! Dead letters: what is taken on counts before the first is sent, so that no crash makes a batch larger.

use watchkeeper_domain::estate::QueuePolicy;
use watchkeeper_domain::unblock::{LetterFate, QueueFigures, entry_of, fate_of};
use watchkeeper_domain::value::ResourceName;

use super::{FAILURES, OpenRecord, UnblockRunbook, passes, told, unreadable};
use crate::platform::Platform;
use crate::ports::AwsError;
use crate::runbook::RunbookError;
use crate::unblock::ports::DeadLetters;
use crate::unblock::ports::{DeadLetter, MessageStamp, RECEIVE_MAX};

/// The most letters of one dead-letter queue that one run looks at beyond those that waited at its beginning: what is left
/// there comes up again after a while, parked ones for ever.
const LOOKED_AT_MORE: u64 = 1000;

/// The entries of a document over one dead-letter queue, and where the first of them is: that one counts what waits.
struct SharedQueue<'p> {
    first: usize,
    dead_letters: &'p ResourceName,
    entries: Vec<(usize, &'p QueuePolicy)>,
}

impl<'p> SharedQueue<'p> {
    /// Those of the entry with this number, unless an earlier one stands for them.
    fn of(queues: &'p [QueuePolicy], number: usize) -> Option<Self> {
        let dead_letters = &queues.get(number)?.dead_letters;
        let all = queues.iter().enumerate();
        let entries: Vec<_> = all.filter(|(_, entry)| entry.dead_letters == *dead_letters).collect();
        let first = entries.first()?.0;
        (first == number).then_some(Self { first, dead_letters, entries })
    }

    /// How many more may be sent again.
    fn room(&self, figures: &[QueueFigures]) -> u32 {
        let left = |(number, entry): &(usize, &QueuePolicy)| entry.batch().saturating_sub(figures[*number].claimed);
        self.entries.iter().filter(|(_, entry)| entry.redrive).map(left).sum()
    }
}

impl<P: Platform> UnblockRunbook<P> {
    /// One batch of a queue's dead letters.
    pub(super) async fn queue_batch(&self, open: &mut OpenRecord<'_, '_>, number: usize) -> Result<(), RunbookError> {
        let queues = open.scoped.section.map_or(&[][..], |section| &section.queues);
        let Some(shared) = SharedQueue::of(queues, number) else {
            open.record.next_stage(open.scoped.section);
            return Ok(());
        };
        let more = match self.batch(open, &shared).await {
            Ok(more) => more,
            Err(RunbookError::Aws(error)) if !passes(&error) => {
                unreadable(open, shared.dead_letters.as_str(), error)?;
                false
            }
            Err(error) => return Err(error),
        };
        if !more {
            left_over(open, &shared);
            open.record.next_stage(open.scoped.section);
        }
        Ok(())
    }

    /// Whether there may be more.
    async fn batch(&self, open: &mut OpenRecord<'_, '_>, shared: &SharedQueue<'_>) -> Result<bool, RunbookError> {
        let (first, dead_letters) = (shared.first, shared.dead_letters);
        if open.record.queues.get(first).is_none_or(|figures| figures.queue.is_empty()) {
            let waiting = self.sources.waiting(dead_letters).await?;
            let figures = &mut open.record.queues;
            for (number, entry) in &shared.entries {
                figures.resize(figures.len().max(number + 1), QueueFigures::default());
                figures[*number].queue = entry.queue.to_string();
            }
            figures[first].waiting = waiting;
            // How much waits is worth knowing, also when none of it can be received.
            self.save(open).await?;
        }
        let room = shared.room(&open.record.queues);
        let applies = open.record.applies();
        let figures = &mut open.record.queues[first];
        if !applies {
            // To receive a message changes it, so a plan only counts.
            figures.redriven = u32::try_from(figures.waiting).unwrap_or(u32::MAX).min(room);
            return Ok(false);
        }
        let enough = u64::from(figures.looked_at) >= figures.waiting.saturating_add(LOOKED_AT_MORE);
        if room == 0 || enough || open.record.failures >= FAILURES {
            return Ok(false);
        }
        let letters = self.sources.receive(dead_letters, room.min(RECEIVE_MAX)).await?;
        let figures = &mut open.record.queues;
        figures[first].looked_at += super::locks::number(letters.len());
        let mut fates = Vec::new();
        for letter in letters {
            let entry = entry_of(shared.entries.iter().copied(), letter.source.as_deref());
            let counted = entry.map(|(number, entry)| (entry, figures[number].claimed));
            let fate = fate_of(counted, letter.source.as_deref(), &letter.stamps);
            if let (Some((number, _)), LetterFate::Redrive(_)) = (entry, &fate) {
                figures[number].claimed += 1;
            }
            fates.push((letter, entry, fate));
        }
        if fates.iter().any(|(_, _, fate)| matches!(fate, LetterFate::Redrive(_))) {
            self.save(open).await?;
        }
        for (letter, entry, fate) in &fates {
            self.settle(open, shared, *entry, letter, fate).await;
        }
        Ok(!fates.is_empty())
    }

    /// Does with one letter what is to be done.
    async fn settle(
        &self,
        open: &mut OpenRecord<'_, '_>,
        shared: &SharedQueue<'_>,
        entry: Option<(usize, &QueuePolicy)>,
        letter: &DeadLetter,
        fate: &LetterFate,
    ) {
        let dead_letters = shared.dead_letters;
        let number = entry.map_or(shared.first, |(number, _)| number);
        let parking = entry.and_then(|(_, entry)| entry.parked.as_ref()).unwrap_or(dead_letters);
        let figures = &mut open.record.queues[number];
        let sent = match (fate, entry) {
            (LetterFate::Redrive(returns), Some((_, entry))) => {
                self.send_on(dead_letters, &entry.queue, letter, MessageStamp::Returns(*returns)).await
            }
            (LetterFate::Park(why), _) => {
                self.send_on(dead_letters, parking, letter, MessageStamp::Parked(why.clone())).await
            }
            (LetterFate::Parked, _) => {
                figures.parked_before += 1;
                return;
            }
            (LetterFate::Kept, _) => {
                figures.kept += 1;
                return;
            }
            (LetterFate::Stranger(source), _) => {
                *figures.strangers.entry(source.clone().unwrap_or_default()).or_default() += 1;
                return;
            }
            (LetterFate::NoRoom, _) => {
                figures.left += 1;
                let detail = format!("in {dead_letters}: it has ten attributes, and no room to be counted");
                open.record.note("not-sent-again", &letter.id, detail, None);
                return;
            }
            (LetterFate::Later | LetterFate::Redrive(_), _) => return,
        };
        let figures = &mut open.record.queues[number];
        match (sent, fate) {
            (Ok(()), LetterFate::Park(why)) => {
                figures.parked += 1;
                let detail =
                    format!("in {parking}: {why}; look at why it fails, and send it again or delete it by hand");
                open.record.note("parked", &letter.id, detail, None);
                open.record.failures = 0;
            }
            (Ok(()), _) => {
                figures.redriven += 1;
                open.record.failures = 0;
            }
            (Err(error), _) => {
                figures.left += 1;
                open.record.failures += 1;
                let detail = format!("in {dead_letters}: {}", told(&error));
                open.record.note("not-sent-again", &letter.id, detail, None);
            }
        }
    }

    /// Sent first and removed then: a crash in between makes two of it, and never none.
    async fn send_on(
        &self,
        from: &ResourceName,
        to: &ResourceName,
        letter: &DeadLetter,
        stamp: MessageStamp,
    ) -> Result<(), AwsError> {
        self.sources.send(to, letter, &stamp).await?;
        self.sources.remove(from, letter).await
    }
}

/// What of a dead-letter queue is left for a person.
fn left_over(open: &mut OpenRecord<'_, '_>, shared: &SharedQueue<'_>) {
    let name = shared.dead_letters;
    let Some(first) = open.record.queues.get(shared.first).cloned() else { return };
    if shared.entries.iter().all(|(_, entry)| !entry.redrive) && first.waiting > 0 {
        let detail = format!("{} dead letters, about, and its document allows none to be sent again", first.waiting);
        open.record.note("dead-letters", name, detail, None);
    }
    let mut parked = 0;
    for (number, entry) in &shared.entries {
        let Some(figures) = open.record.queues.get(*number).cloned() else { continue };
        parked += figures.parked_before;
        if figures.kept > 0 {
            let detail = format!("{} of {}, and its document allows none to be sent again", figures.kept, entry.queue);
            open.record.note("dead-letters", name, detail, None);
        }
        if entry.redrive && figures.claimed >= entry.batch() && first.waiting > u64::from(first.looked_at) {
            let queue = &entry.queue;
            let detail = format!("more dead letters of {queue} than one run sends again ({})", entry.batch());
            open.record.note("limit", name, format!("{detail}; the next run goes on"), None);
        }
    }
    if parked > 0 {
        let detail = format!("{parked} messages are parked; look at them, and delete them by hand");
        open.record.note("parked-before", name, detail, None);
    }
    for (source, letters) in first.strangers {
        let detail = if source.is_empty() {
            format!("{letters} do not say which queue they come from, and stay; send them on or delete them by hand")
        } else {
            format!("{letters} come from {source}, which no entry of `queues` names for them, and stay; name it there")
        };
        open.record.note("of-another-queue", name, detail, None);
    }
}
