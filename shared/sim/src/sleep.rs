//! Sleeping in simulated time: whoever sleeps lets what runs beside it go on, and time passes once nothing else is left to do.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use jiff::Timestamp;

use crate::aws::SimAws;
use crate::region::SimRegion;

/// A future that is ready at an instant.
pub(crate) struct Sleep<'a> {
    pub(crate) sim: &'a SimRegion,
    pub(crate) until: Timestamp,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut held = self.sim.lock();
        let asleep = held.aws.now() < self.until;
        if let Some(round) = held.aws.round.as_mut().filter(|_| asleep) {
            round.wakes = Some(round.wakes.map_or(self.until, |first| first.min(self.until)));
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        // Where nobody goes around, nobody else lets time pass.
        held.aws.advance_to(self.until);
        Poll::Ready(())
    }
}

/// One time around everything that runs at once in a process.
#[derive(Debug)]
pub(crate) struct Round {
    /// The calls that had been made before it.
    made: u64,
    /// When the first of those wakes who sleep.
    wakes: Option<Timestamp>,
}

impl SimAws {
    /// Begins to go around. The round that it interrupts is to be given back at the end.
    pub(crate) fn begin_round(&mut self) -> Option<Round> {
        self.round.replace(Round { made: self.made, wakes: None })
    }

    /// Ends it: time passes until the first wakes, if all that was left to do was to sleep.
    pub(crate) fn end_round(&mut self, interrupted: Option<Round>) {
        let round = std::mem::replace(&mut self.round, interrupted);
        let idle = round.filter(|round| round.made == self.made);
        if let Some(at) = idle.and_then(|round| round.wakes) {
            self.advance_to(at);
        }
    }
}
