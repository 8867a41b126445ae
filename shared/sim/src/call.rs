//! The record of calls: which, about what, when, and how they ended.

use std::fmt;

use jiff::Timestamp;

use crate::fault::CallTrouble;
use crate::operation::Operation;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnding {
    /// With its answer, and its effect.
    Answered,
    /// With an error that the state of the simulation gave it, and no effect.
    Refused,
    /// At an empty bucket, without effect.
    OverQuota,
    /// With a fault of the plan.
    Troubled(CallTrouble),
    /// At a region that is lost, without effect.
    Lost,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// Its place among all calls of this simulation, from 0: what a [`crate::FaultPlan`] counts by.
    pub index: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it asked for.
    pub operation: Operation,
    /// What it was about.
    pub subject: String,
    /// Whether it went to the other region of a pair.
    pub abroad: bool,
    /// How it ended.
    pub ending: CallEnding,
}

impl fmt::Display for RecordedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {} {}: {:?}", self.index, self.at, self.operation, self.subject, self.ending)
    }
}
