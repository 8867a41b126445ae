//! What must hold of the pace of all runs together.

use watchkeeper_domain::intent::Layer;
use watchkeeper_sim::token_bucket::TokenBucket;
use watchkeeper_sim::{CallEnding, Operation, RecordedCall, SimRegion};

use super::judge::{Judge, violation};
use super::{Invariant, Violation};

/// What AWS lets through of `UpdateService`: at once, and a second (Amazon ECS API reference, request throttling).
const BURST: f64 = 50.0;
const RATE: f64 = 5.0;

/// What is left of the shares: of scheduled runs, and of all.
#[derive(Debug)]
pub(super) struct Share {
    scheduled: TokenBucket,
    all: TokenBucket,
}

impl Share {
    pub(super) fn new() -> Self {
        let part = |part: f64| TokenBucket::new(BURST * part, RATE * part);
        Self { scheduled: part(0.5), all: part(0.9) }
    }
}

impl Judge {
    /// Nobody else calls here: nothing is throttled, and of the counts that are set each layer has its share.
    pub(super) fn within_the_share(&mut self, sim: &SimRegion, calls: &[RecordedCall]) -> Result<(), Violation> {
        for call in calls {
            if call.ending == CallEnding::OverQuota {
                return Err(violation(sim, Invariant::WithinTheShare, format!("{call}: AWS throttles it")));
            }
            if call.operation != Operation::UpdateService {
                continue;
            }
            let layer = self.whose(&call.subject).and_then(|(view, _)| Some(view.holder.as_ref()?.2));
            let scheduled = layer.is_some_and(|layer| layer < Layer::Emergency);
            let over = self.share.all.try_take(call.at).is_err()
                || (scheduled && self.share.scheduled.try_take(call.at).is_err());
            if over {
                let seen =
                    format!("{call}, by a run of {layer:?}: its share of {BURST} and {RATE} a second is used up");
                return Err(violation(sim, Invariant::WithinTheShare, seen));
            }
        }
        Ok(())
    }
}
