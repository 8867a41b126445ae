//! Every runbook: some play at the same time, each in sandboxes of its own, and are heard one after the other.

use std::cell::Cell;
use std::pin::Pin;

use futures_util::future::try_join_all;
use tokio::sync::Semaphore;

use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::{backup, failover, sleep, surge, unblock, wake};
use crate::harness::HarnessError;

/// How many play at once: a play waits as often as it works, and more than these would only take memory.
const AT_ONCE: usize = 3;
/// How many plays there are.
const RUNBOOKS: usize = 7;

/// A play. In a box: its own future is large.
type Play<'a> = Pin<Box<dyn Future<Output = Result<DrillResults, HarnessError>> + 'a>>;

/// Play all of them. The results are in the order in which they are heard.
///
/// # Errors
/// [`HarnessError`] when one of their sandboxes fails; the others are ended then.
pub(super) async fn play(selection: &DrillSelection) -> Result<DrillResults, HarnessError> {
    let shows: [DrillOutput; RUNBOOKS] = std::array::from_fn(|_| DrillOutput::held());
    let plays: [Play<'_>; RUNBOOKS] = [
        Box::pin(sleep::play(selection, &shows[0])),
        Box::pin(wake::play(selection, &shows[1])),
        Box::pin(surge::play(selection, &shows[2])),
        Box::pin(backup::play(selection, &shows[3])),
        Box::pin(unblock::play(selection, &shows[4])),
        Box::pin(failover::play(selection, &shows[5])),
        Box::pin(failover::rehearse(selection, &shows[6])),
    ];
    let (turns, places) = (&Turns::begin(&shows), &Semaphore::new(AT_ONCE));
    let played = plays.into_iter().enumerate().map(async |(nth, play)| {
        let closed = |why| HarnessError::Unknown(format!("no place to play: {why}"));
        let _place = places.acquire().await.map_err(closed)?;
        let results = play.await;
        match &results {
            Ok(_) => turns.end(nth),
            // What led to it is to be read before it.
            Err(_) => shows[nth].release(),
        }
        results
    });
    let mut all = DrillResults::default();
    try_join_all(played).await?.into_iter().for_each(|results| all.extend(results));
    Ok(all)
}

/// Whose turn it is to be heard: the first that has not ended.
struct Turns<'a> {
    shows: &'a [DrillOutput; RUNBOOKS],
    ended: [Cell<bool>; RUNBOOKS],
}

impl<'a> Turns<'a> {
    fn begin(shows: &'a [DrillOutput; RUNBOOKS]) -> Self {
        shows[0].release();
        Self { shows, ended: Default::default() }
    }

    /// One has ended: whoever was only waiting for it is heard.
    fn end(&self, nth: usize) {
        self.ended[nth].set(true);
        let heard = self.ended.iter().take_while(|ended| ended.get()).count();
        self.shows.iter().take(heard + 1).for_each(DrillOutput::release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plays_beside_another_is_heard_when_all_before_it_have_ended() {
        let shows = std::array::from_fn(|_| DrillOutput::held());
        let heard = || shows.each_ref().map(DrillOutput::is_heard);
        let turns = Turns::begin(&shows);
        assert_eq!(heard(), [true, false, false, false, false, false, false]);
        turns.end(2);
        turns.end(1);
        assert_eq!(heard(), [true, false, false, false, false, false, false]);
        turns.end(0);
        assert_eq!(heard(), [true, true, true, true, false, false, false]);
    }
}
