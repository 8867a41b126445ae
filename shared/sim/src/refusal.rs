//! Why the simulation does not do what is asked.

use std::fmt::Display;

use watchkeeper_control::ports::{AwsError, Fault};

use crate::operation::Operation;

/// Why the simulation does not do what is asked.
#[derive(Debug)]
pub(crate) struct CallRefusal {
    fault: Fault,
    why: String,
}

impl CallRefusal {
    pub(crate) fn new(fault: Fault, why: impl Into<String>) -> Self {
        Self { fault, why: why.into() }
    }

    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::new(Fault::Invalid, why)
    }

    pub(crate) fn not_found(what: impl Display) -> Self {
        Self::new(Fault::NotFound, format!("{what} does not exist"))
    }

    /// The policy of the writing role allows resources with the tag only.
    pub(crate) fn not_managed(what: impl Display) -> Self {
        Self::new(Fault::Denied, format!("{what} does not carry the tag watchkeeper:managed = true"))
    }

    /// A policy of somebody else forbids it: a permissions boundary, or a target whose own tag is missing.
    pub(crate) fn denied(what: impl Display) -> Self {
        Self::new(Fault::Denied, format!("a policy denies it for {what}"))
    }

    pub(crate) fn of(self, operation: Operation, subject: String) -> AwsError {
        AwsError { operation: operation.name(), subject, fault: self.fault, source: Some(self.why.into()) }
    }
}

/// A text as JSON, or why it is none.
pub(crate) fn json(text: &str) -> Result<serde_json::Value, CallRefusal> {
    serde_json::from_str(text).map_err(|error| CallRefusal::invalid(format!("JSON expected: {error}")))
}
