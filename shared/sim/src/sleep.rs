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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures_util::future::join;
    use watchkeeper_control::ports::Clock as _;

    use crate::{SimRegion, run_until_done_or_crash};

    #[test]
    fn who_sleeps_lets_what_runs_beside_it_go_on_and_time_passes_for_both_at_once() {
        let sim = SimRegion::builder().at("2026-11-16T18:00:00Z").build();
        let (began, woken) = (sim.now(), RefCell::new(Vec::new()));
        let sleeper = async |name: &'static str, seconds: u64, times: u32| {
            for _ in 0..times {
                sim.sleep(Duration::from_secs(seconds)).await;
                woken.borrow_mut().push((name, sim.now().duration_since(began).as_secs()));
            }
        };
        run_until_done_or_crash(&sim, join(sleeper("long", 3, 2), sleeper("short", 2, 2)));
        assert_eq!(*woken.borrow(), [("short", 2), ("long", 3), ("short", 4), ("long", 6)]);
        // By itself it is there at once.
        assert_eq!(sim.now().duration_since(began).as_secs(), 6);
    }
}
