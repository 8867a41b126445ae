//! A message for a person, on a phone.

use serde::Serialize;

/// The longest subject that SNS takes, in characters (SNS API reference, Publish).
const SUBJECT: usize = 100;

/// A message for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// What, where, why, what changed, what to do.
    pub text: String,
}

impl Message {
    /// A message whose subject is cut to what SNS takes.
    pub fn new(subject: &str, text: String) -> Self {
        Self { subject: subject.chars().take(SUBJECT).collect(), text }
    }
}
