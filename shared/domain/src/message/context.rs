//! What a message is about: what a chat sorts it by, and what can be done about it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{Region, Scope};
use crate::run::RunRef;

/// A state machine of a stack, by what its name ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Machine {
    /// It changes capacity.
    Reconcile,
    /// It holds an emergency.
    EmergencyScale,
    /// It moves a pair.
    Failover,
    /// It moves a pair home.
    Failback,
    /// It takes backups.
    Backup,
    /// It restores one under a scratch name.
    RestoreDrill,
    /// It frees what is stuck.
    DailyUnblock,
}

/// An execution that a person can start about a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MachineStart {
    /// What for, as the beginning of a sentence, such as `To go on`.
    pub purpose: String,
    /// The machine.
    pub machine: Machine,
    /// The region whose stack it is of; the one that sends the message, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Its input, as JSON.
    pub input: String,
}

impl MachineStart {
    /// An execution in the region that sends the message.
    pub fn new(purpose: &str, machine: Machine, input: impl Into<String>) -> Self {
        Self { purpose: purpose.to_owned(), machine, region: None, input: input.into() }
    }
}

/// A question, without the token that answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct QuestionContext {
    /// The mark of it ([`crate::emergency::question_mark`]), which an answer by `window-act` carries.
    pub mark: String,
    /// When it refuses itself.
    pub until: Timestamp,
    /// The message up to the commands that answer it: these have the token.
    pub asked: String,
}

/// What is known of a message beside its text. Machines hand it on with the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MessageContext {
    /// The environment, in its region; none where it is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The execution that it is about: its messages are one thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The codes of guardrails, and the stable names of errors.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub codes: BTreeSet<String>,
    /// What can be started about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<MachineStart>,
    /// The question that it puts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionContext>,
}

impl MessageContext {
    /// About an environment.
    pub fn about(scope: &Scope) -> Self {
        Self { scope: Some(scope.clone()), ..Self::default() }
    }

    /// About an execution.
    pub fn of_run(scope: &Scope, run: &str) -> Self {
        Self { run: Some(run.to_owned()), ..Self::about(scope) }
    }

    /// The same of the execution that sends it, where it does not say which.
    #[must_use]
    pub fn or_of(self, run: Option<&RunRef>) -> Self {
        let Some(RunRef { scope, id, .. }) = run else { return self };
        Self { scope: self.scope.or_else(|| Some(scope.clone())), run: self.run.or_else(|| Some(id.clone())), ..self }
    }

    /// The same with these codes, too.
    #[must_use]
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = impl ToString>) -> Self {
        self.codes.extend(codes.into_iter().map(|code| code.to_string()));
        self
    }

    /// The same with what can be started, too.
    #[must_use]
    pub fn with_starts(mut self, starts: impl IntoIterator<Item = MachineStart>) -> Self {
        self.starts.extend(starts);
        self
    }
}
