//! The page of an environment that sleeps, as the target of a load balancer: its events in, its answers out.

mod event;

use jiff::Timestamp;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::wake_page::WakePageRunbook;

pub use event::{AlbAnswer, AlbRequest};

/// The answer to an event that came at `now`. Whatever a client sends is answered: only what no load balancer sends is an error.
pub async fn handle<P: Platform>(
    pages: &WakePageRunbook<P>,
    stack: &Stack,
    event: AlbRequest,
    now: Timestamp,
) -> AlbAnswer {
    let many = event.has_many_values();
    AlbAnswer::of(pages.answer(stack, &event.into(), now).await, many)
}
