//! Dead letters: what is taken on counts before the first is sent, so that no crash makes a batch larger.

use watchkeeper_domain::estate::{Queue, ResourceName};
use watchkeeper_domain::unblock::{Fate, QueueFigures, fate};

use super::{FAILURES, Open, UnblockError, Unblocker, passes, told, unreadable};
use crate::ledger::Ledger;
use crate::ports::{Announcer, AwsError, Clock, Executions};
use crate::stuck::{Letter, Notebook, RECEIVE_MAX, Stamp, Stuck};

/// The most letters of one queue that one run looks at: parked ones among them come up in every run.
const LOOKED_AT_MAX: u32 = 1000;

impl<S: Stuck, L: Ledger + Notebook, X: Executions, N: Announcer, K: Clock> Unblocker<S, L, X, N, K> {
    /// One batch of a queue's dead letters.
    pub(super) async fn queue_batch(&self, open: &mut Open<'_, '_>, number: usize) -> Result<(), UnblockError> {
        let Some(queue) = open.place.section.and_then(|section| section.queues.get(number)) else {
            open.record.next_stage(open.place.section);
            return Ok(());
        };
        let more = match self.batch(open, queue, number).await {
            Ok(more) => more,
            Err(UnblockError::Aws(error)) if !passes(&error) => {
                unreadable(open, queue.dead_letters.as_str(), error)?;
                false
            }
            Err(error) => return Err(error),
        };
        if !more {
            left_over(open, queue, number);
            open.record.next_stage(open.place.section);
        }
        Ok(())
    }

    /// Whether there may be more.
    async fn batch(&self, open: &mut Open<'_, '_>, queue: &Queue, number: usize) -> Result<bool, UnblockError> {
        if open.record.queues.len() <= number {
            let waiting = self.stuck.waiting(&queue.dead_letters).await?;
            let name = queue.queue.to_string();
            open.record.queues.resize(number, QueueFigures::default());
            open.record.queues.push(QueueFigures { queue: name, waiting, ..QueueFigures::default() });
            // How much waits is worth knowing, also when none of it can be received.
            self.save(open).await?;
        }
        if !queue.redrive {
            return Ok(false);
        }
        let applies = open.record.applies();
        let figures = &mut open.record.queues[number];
        if !applies {
            // To receive a message changes it, so a plan only counts.
            let waiting = u32::try_from(figures.waiting).unwrap_or(u32::MAX);
            figures.redriven = waiting.min(queue.batch());
            return Ok(false);
        }
        if figures.claimed >= queue.batch() || figures.looked_at >= LOOKED_AT_MAX || open.record.failures >= FAILURES {
            return Ok(false);
        }
        let room = queue.batch() - figures.claimed;
        let letters = self.stuck.receive(&queue.dead_letters, room.min(RECEIVE_MAX)).await?;
        let fates: Vec<(Letter, Fate)> = letters
            .into_iter()
            .map(|letter| {
                let fate = fate(&letter.stamps, queue.poison());
                (letter, fate)
            })
            .collect();
        let claimed = fates.iter().filter(|(_, fate)| matches!(fate, Fate::Redrive(_))).count();
        let figures = &mut open.record.queues[number];
        figures.claimed += super::locks::number(claimed);
        figures.looked_at += super::locks::number(fates.len());
        if claimed > 0 {
            self.save(open).await?;
        }
        for (letter, fate) in &fates {
            self.settle(open, queue, number, letter, fate).await;
        }
        Ok(!fates.is_empty())
    }

    /// Does with one letter what is to be done.
    async fn settle(&self, open: &mut Open<'_, '_>, queue: &Queue, number: usize, letter: &Letter, fate: &Fate) {
        let parking = queue.parked.as_ref().unwrap_or(&queue.dead_letters);
        let sent = match fate {
            Fate::Redrive(returns) => self.send_on(queue, &queue.queue, letter, Stamp::Returns(*returns)).await,
            Fate::Park(why) => self.send_on(queue, parking, letter, Stamp::Parked(why.clone())).await,
            Fate::Parked => {
                open.record.queues[number].parked_before += 1;
                return;
            }
            Fate::NoRoom => {
                open.record.queues[number].left += 1;
                let detail = format!("in {}: it has ten attributes, and no room to be counted", queue.dead_letters);
                open.record.note("not-sent-again", &letter.id, detail, None);
                return;
            }
        };
        let figures = &mut open.record.queues[number];
        match (sent, fate) {
            (Ok(()), Fate::Park(why)) => {
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
                let detail = format!("in {}: {}", queue.dead_letters, told(&error));
                open.record.note("not-sent-again", &letter.id, detail, None);
            }
        }
    }

    /// Sent first and removed then: a crash in between makes two of it, and never none.
    async fn send_on(&self, queue: &Queue, to: &ResourceName, letter: &Letter, stamp: Stamp) -> Result<(), AwsError> {
        self.stuck.send(to, letter, &stamp).await?;
        self.stuck.remove(&queue.dead_letters, letter).await
    }
}

/// What of a queue is left for a person.
fn left_over(open: &mut Open<'_, '_>, queue: &Queue, number: usize) {
    let Some(figures) = open.record.queues.get(number).cloned() else { return };
    let name = &queue.dead_letters;
    if !queue.redrive && figures.waiting > 0 {
        let detail = format!("{} dead letters, about, and its document allows none to be sent again", figures.waiting);
        open.record.note("dead-letters", name, detail, None);
    }
    if figures.parked_before > 0 {
        let detail = format!("{} messages are parked; look at them, and delete them by hand", figures.parked_before);
        open.record.note("parked-before", name, detail, None);
    }
    if figures.claimed >= queue.batch() && figures.waiting > u64::from(figures.looked_at) {
        let detail = format!("more dead letters than one run sends again ({}); the next run goes on", queue.batch());
        open.record.note("limit", name, detail, None);
    }
}
