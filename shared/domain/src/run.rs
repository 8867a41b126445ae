//! A run of any runbook: how a machine refers to it, and what each record of one begins with.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Scope;
use crate::request::RunTrigger;
use crate::violation::GuardrailCode;

/// A run, as a state machine carries it from step to step: ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    /// Where it works.
    #[serde(flatten)]
    pub scope: Scope,
    /// The execution's name.
    pub id: String,
    /// The generation that its lease had at first, where it holds one; each slice that writes raises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
}

impl RunRef {
    /// A run that holds no lease.
    pub fn new(scope: Scope, id: impl Into<String>) -> Self {
        Self { scope, id: id.into(), generation: None }
    }
}

/// What the record of every run begins with. Beside it stands what only this runbook's runs have, its outcome among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunHeader {
    /// What the run is known by: the name of its execution, but for a due unblock, which several executions may do.
    pub id: String,
    /// What started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// When it began.
    pub started: Timestamp,
    /// The guardrails that a person approved.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approved: BTreeSet<GuardrailCode>,
    /// What happened, in order.
    #[serde(default)]
    pub timeline: Vec<TimelineEvent>,
}

impl RunHeader {
    /// Of a run that begins.
    pub fn new(id: impl Into<String>, trigger: RunTrigger, started: Timestamp) -> Self {
        Self { id: id.into(), trigger, started, approved: BTreeSet::new(), timeline: Vec::new() }
    }

    /// Adds to the timeline.
    pub fn note(&mut self, at: Timestamp, what: impl Into<String>) {
        self.timeline.push(TimelineEvent { at, what: what.into() });
    }
}

/// A moment of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}

/// An error that ended a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Its stable name.
    pub name: String,
    /// What it says.
    pub message: String,
}
