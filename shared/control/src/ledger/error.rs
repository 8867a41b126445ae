//! How an operation of the ledger fails.

use crate::ports::AwsError;

/// An operation of the ledger that failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The lease of the scope has another generation by now: nothing was written.
    #[error("the lease of {scope} was taken over by another run")]
    LeaseLost {
        /// Whose lease.
        scope: String,
    },
    /// Somebody else wrote in the same moment, such as the lease, a history or the memory of an alarm: nothing was written.
    #[error("somebody else wrote in {scope} in the same moment")]
    Conflict {
        /// The scope, or the pair, of the item.
        scope: String,
    },
    /// An item would not fit (400 KB, DynamoDB quotas): nothing was written.
    #[error("the {item} of {scope} has {bytes} bytes, and an item of the ledger holds {limit}")]
    TooLarge {
        /// Which item.
        item: &'static str,
        /// The scope, or the pair, of the item.
        scope: String,
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An item does not read as what it should be.
    #[error("item {item} of {scope} in the ledger does not read")]
    Corrupt {
        /// Which item.
        item: String,
        /// The scope, or the pair, of the item.
        scope: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer release has written an item in a form that this one would misread.
    #[error("item {item} of {scope} in the ledger is of form {found}, and this release reads up to {known}")]
    Newer {
        /// Which item.
        item: String,
        /// The scope, or the pair, of the item.
        scope: String,
        /// Its form.
        found: u64,
        /// The newest form that this release reads.
        known: u64,
    },
    /// DynamoDB did not do it.
    #[error("the ledger did not answer")]
    Aws(#[from] AwsError),
}
