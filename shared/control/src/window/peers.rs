//! Rows of other stacks: of other regions, and of other accounts. Each peer is asked for its own rows only.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::json;
use watchkeeper_window::facts::{FunctionArn, Reading, StackRows};

use super::ports::PeerWindows;
use crate::ports::Clock;

/// How long a peer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What all peers say, side by side. One that is late, that refuses, or whose answer is none of rows, is not read.
pub(super) async fn rows<W: PeerWindows>(peers: &W, clock: &impl Clock) -> BTreeMap<FunctionArn, Reading<StackRows>> {
    let asked = peers.peers().iter().map(|peer| async move {
        let event = json!({ "do": "rows" });
        let answer = Box::pin(peers.ask(peer, &event));
        let rows = match select(answer, Box::pin(clock.sleep(PATIENCE))).await {
            Either::Left((answer, _)) => answer.map_err(|error| crate::runbook::in_full(&error)),
            Either::Right(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let rows = rows.and_then(|rows| {
            serde_json::from_value(rows).map_err(|error| format!("found no rows as this release knows them: {error}"))
        });
        (peer.clone(), rows.map_or_else(|why| Reading::Unread { why }, Reading::Now))
    });
    join_all(asked).await.into_iter().collect()
}
