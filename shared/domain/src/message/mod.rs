//! A message for a person: on a phone, and in a chat.

mod chat;
mod context;
mod topic;

use serde::Serialize;

pub use chat::ChatNotification;
pub use context::{Machine, MachineStart, MessageContext, QuestionContext};
pub use topic::{ChatTopic, ChatTopicError};

/// The longest subject that SNS takes, in characters (SNS API reference, Publish).
const SUBJECT: usize = 100;

/// A message for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// What, where, why, what changed, what to do.
    pub text: String,
    /// What a chat needs beside that.
    pub context: MessageContext,
}

impl Message {
    /// A message whose subject is cut to what SNS takes, and of which no more is known.
    pub fn new(subject: &str, text: impl Into<String>) -> Self {
        let subject = subject.chars().take(SUBJECT).collect();
        Self { subject, text: text.into(), context: MessageContext::default() }
    }

    /// The same with what is known of it.
    #[must_use]
    pub fn with(self, context: MessageContext) -> Self {
        Self { context, ..self }
    }
}
