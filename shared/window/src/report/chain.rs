//! The chain: each report of an estate holds the digest of the one before it.
//!
//! One chain is of one estate in one region, because one stack writes it: were it of both regions of a pair, they would have to
//! agree on its head in the very hour in which one of them is lost.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::value::Sha256;

/// A report that others come after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChainHead {
    /// Which one of the chain it is, from 1.
    pub number: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// The place of a report in its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChainLink {
    /// Which one it is, from 1.
    pub number: u64,
    /// The digest of the one before it; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
}

impl ChainLink {
    /// The place after a head; the first without one.
    pub fn after(head: Option<&ChainHead>) -> Self {
        Self { number: head.map_or(0, |head| head.number) + 1, previous: head.map(|head| head.sha256.clone()) }
    }
}
