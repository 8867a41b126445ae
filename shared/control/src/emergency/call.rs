//! What the machine asks, and what it is answered: ids, verdicts and short texts only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_domain::emergency::{EmergencyStep as Next, HoldAction};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunRequest;
use watchkeeper_domain::value::{AlarmName, ProfileName};

use crate::runbook::{Ask, MachineExecution, Tell, Told};

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Decide what follows.
    Decide {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
        /// What a person answered, once somebody was asked.
        #[serde(default)]
        answer: Option<Value>,
        /// The guardrails that the question named.
        #[serde(default)]
        asked: BTreeSet<GuardrailCode>,
    },
    /// Ask a person.
    Ask(Ask),
    /// Look whether it is over.
    Hold {
        /// The execution.
        run: RunRef,
        /// What it holds.
        profile: ProfileName,
        /// The alarms that may be made worse and that a person was told of.
        #[serde(default)]
        told: BTreeSet<AlarmName>,
    },
    /// Tell a person.
    Tell(Tell),
}

/// What a step answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of decide.
    Decided(Box<Decided>),
    /// Of hold.
    Looked(Box<Looked>),
    /// Of ask and tell.
    Told(Told),
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The execution.
    pub run: RunRef,
    /// What follows.
    pub next: Next,
    /// After how long, in seconds, where it waits.
    pub wait_seconds: i64,
    /// How long a question stands, in seconds, where one is asked.
    pub answer_seconds: i64,
    /// What `reconcile` is asked for.
    pub request: Option<RunRequest>,
    /// Whether what is done has to be given back.
    pub holds: bool,
    /// The profile that is held then.
    pub profile: Option<ProfileName>,
    /// What is asked for, in a word or two.
    pub what: String,
    /// Why, in a sentence.
    pub summary: String,
    /// The guardrails that a person has to approve.
    pub asks: BTreeSet<GuardrailCode>,
    /// What a person has to hear.
    pub tell: Option<Message>,
}

/// What a look at a held emergency found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// What follows.
    pub next: HoldAction,
    /// After how long, in seconds, where it holds on.
    pub wait_seconds: i64,
    /// What `reconcile` is asked for, where it gives back.
    pub request: Option<RunRequest>,
    /// What a person has to hear.
    pub tell: Option<Message>,
    /// The alarms that may be made worse and that a person will have been told of.
    pub told: BTreeSet<AlarmName>,
    /// Why, in a sentence.
    pub summary: String,
}
