//! The pace of a function whose ledger does not answer.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::budget::{AccountBudget, ApiBucket, BucketQuota, Grant, Precedence, SlotRequest};

/// For how long a function paces itself before it asks the ledger again: a ledger that hangs costs its time-out each time.
const FOR: SignedDuration = SignedDuration::from_secs(30);

/// The part of the whole that it takes then: eight functions that are all without their ledger stay within half of it.
const ROUTINE: f64 = 1.0 / 8.0;

/// The same in emergencies and failovers, of which fewer go on at once.
const URGENT: f64 = 1.0 / 4.0;

/// A budget of one function alone.
#[derive(Debug, Default)]
pub(super) struct LocalBudget {
    since: Option<Timestamp>,
    budget: AccountBudget,
}

impl LocalBudget {
    /// Whether the function paces itself now.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) < FOR)
    }

    /// The ledger has not answered.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.since = Some(now);
    }

    /// Slots at this function's own pace, one call after the other.
    pub(super) fn reserve(&mut self, api: ApiBucket, request: &SlotRequest, now: Timestamp) -> Grant {
        let part = if request.precedence == Precedence::Routine { ROUTINE } else { URGENT };
        let quota = BucketQuota { burst: 1.0, rate: api.quota().rate * part };
        self.budget.reserve(quota, &SlotRequest { wanted: 1, ..*request }, now)
    }
}
