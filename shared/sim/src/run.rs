//! Running the code under test: to its end, or to the death of its process.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::world::SimRegion;

/// How often a future may yield without a call to the world before it counts as one that waits for something else.
const PATIENCE: u32 = 1_000_000;

/// Runs a future as one process over the world. `None` when a crash of the fault plan ended it; the world then goes on,
/// and what runs next is a new process.
///
/// # Panics
/// When the future waits for anything that this world does not give, such as a timer of a runtime.
pub fn run_until_done_or_crash<F: Future>(world: &SimRegion, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..PATIENCE {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        if std::mem::take(&mut world.lock_caller().crashed) {
            return None;
        }
    }
    panic!("the future waits for something that the simulated world does not give");
}
