//! The pace of one run: its pacer, with the ledger and the clock that it needs.

use jiff::Timestamp;
use watchkeeper_domain::budget::{ApiBucket, LATE};
use watchkeeper_domain::intent::Layer;

use super::{PacedCalls, Pacer};
use crate::ledger::Ledger;
use crate::ports::{AwsError, Clock, Fault};

/// So many asked for an API that there was no slot for a call in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's budget of {0} is taken by other runs")]
pub struct Crowded(pub(super) ApiBucket);

impl From<Crowded> for AwsError {
    /// As AWS would have answered.
    fn from(crowded: Crowded) -> Self {
        let (operation, subject) = ("a call within the budget", crowded.0.to_string());
        Self { operation, subject, fault: Fault::Throttled, source: Some(Box::new(crowded)) }
    }
}

/// A slot that has begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot(Timestamp);

/// The pace of one run, in the share of its layer.
#[derive(Debug)]
pub struct Pace<'a, L, K> {
    /// What is reserved.
    pub pacer: &'a Pacer,
    /// Where the budget is.
    pub ledger: &'a L,
    /// The time that it is paced by.
    pub clock: &'a K,
    /// Whose share is taken.
    pub layer: Layer,
}

impl<L: Ledger, K: Clock> Pace<'_, L, K> {
    /// Waits for a slot; `wanted` calls of this kind are to be made soon.
    pub(crate) async fn slot(&self, api: ApiBucket, wanted: usize) -> Result<Slot, Crowded> {
        self.pacer.wait(self.calls(api, wanted), self.ledger, self.clock).await.map(Slot)
    }

    /// Whether a call may still be made in a slot.
    pub(crate) fn counts(&self, slot: Slot) -> bool {
        self.clock.shared().duration_since(slot.0) <= LATE
    }

    /// One call in a slot of its own; `wanted` calls of this kind are to be made soon.
    pub(crate) async fn call<T>(
        &self,
        api: ApiBucket,
        wanted: usize,
        call: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        self.slot(api, wanted).await?;
        self.learn(api, call.await).await
    }

    /// Lets everybody learn from an answer.
    pub(crate) async fn learn<T>(&self, api: ApiBucket, answer: Result<T, AwsError>) -> Result<T, AwsError> {
        if matches!(&answer, Err(error) if error.fault == Fault::Throttled) {
            self.pacer.throttled(self.calls(api, 1), self.ledger, self.clock).await;
        }
        answer
    }

    fn calls(&self, api: ApiBucket, wanted: usize) -> PacedCalls {
        PacedCalls { api, layer: self.layer, wanted }
    }
}
