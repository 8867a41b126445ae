//! What a report is made of, as it was when its run was over.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::Sha256;

use super::{Evidence, ReportName};

/// How long the ids of message and event are waited for: a machine tries its last step again for some minutes, and then
/// nobody sends any more.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What was deployed when a run was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deployed {
    /// The digest of the estate's document, as `sha256sum` computes it of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Sha256>,
    /// The version of the code.
    pub version: String,
}

/// What AWS called the things that were sent about a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SentIds {
    /// The `MessageId` of the message on the topic (Amazon SNS API reference, `Publish`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The `EventId` of the event on the bus (Amazon EventBridge API reference, `PutEvents`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// A report that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DueReport {
    /// The environment, in the region whose stack did it.
    pub scope: Scope,
    /// When it was over.
    pub ended: Timestamp,
    /// What was deployed then.
    pub deployed: Deployed,
    /// What was sent of it; `None` until it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentIds>,
    /// The record.
    pub evidence: Evidence,
}

impl DueReport {
    /// Whether it may be written: people were told, or nobody will be any more.
    pub fn is_ripe(&self, now: Timestamp) -> bool {
        self.sent.is_some() || now.duration_since(self.ended) >= PATIENCE
    }

    /// What the report is called.
    pub fn name(&self) -> ReportName {
        self.evidence.name(&self.scope)
    }
}
