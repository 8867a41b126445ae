//! What has gone out: messages and events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::message::MessageContext;

/// A message that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// When it was sent.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What a chat is told beside that.
    pub context: MessageContext,
}

/// An event that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEvent {
    /// When it was sent.
    pub at: Timestamp,
    /// What kind.
    pub detail_type: String,
    /// What it says.
    pub detail: serde_json::Value,
}

/// What has gone out.
#[derive(Debug, Default)]
pub(crate) struct SimOutbox {
    pub(crate) messages: Vec<SentMessage>,
    pub(crate) events: Vec<PublishedEvent>,
    /// The files of the bucket of reports.
    pub(crate) reports: BTreeMap<String, String>,
}
