//! Running the code under test: to its end, or to the death of its process.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::region::SimRegion;

/// How often a future may yield without a call to the simulation before it counts as one that waits for something else.
const PATIENCE: u32 = 1_000_000;

/// Runs a future as one process over the simulation. `None` when a crash of the fault plan ended it; the rest then goes on,
/// and what runs next is a new process.
///
/// # Panics
/// When the future waits for anything that this simulation does not give, such as a timer of a runtime.
pub fn run_until_done_or_crash<F: Future>(sim: &SimRegion, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..PATIENCE {
        let interrupted = sim.lock().aws.begin_round();
        let polled = future.as_mut().poll(&mut context);
        sim.lock().aws.end_round(interrupted);
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        if std::mem::take(&mut sim.lock_caller().crashed) {
            return None;
        }
    }
    panic!("the future waits for something that the simulation does not give");
}
