//! The operator's window: reads what a page is made of, and renders it. It starts nothing: a mistake in what is asked for is
//! a page, too.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::window::ports::PeerWindows;
use watchkeeper_control::window::{WindowReader, answer};

/// What a widget says of itself, as Markdown (Amazon CloudWatch user guide, custom widgets: `describe`).
const DESCRIPTION: &str = include_str!("describe.md");

/// The answer to an event that came at `now`: the page, as text, the rows for a peer, or the widget's own documentation.
pub async fn handle<P: Platform, W: PeerWindows>(
    reader: &WindowReader<P>,
    peers: &W,
    stack: &Stack,
    event: Value,
    now: Timestamp,
) -> Value {
    answer(reader, peers, stack, event, DESCRIPTION, now).await
}
