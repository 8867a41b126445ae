//! What the machine asks, and what it is answered: ids, verdicts and short texts only.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_domain::emergency::{EmergencyDecision, EmergencyStep, HoldAction};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunRequest;
use watchkeeper_domain::value::{AlarmName, ProfileName};

use crate::runbook::{Ask, ChildRequest, ErrorName, MachineExecution, NextStep, Question, Tell, Told};

/// The steps that are taken again, by their names.
const DECIDE: &str = "decide";
const HOLD: &str = "hold";

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

/// What the machine carries on beside what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of decide.
    Decided(Decided),
    /// Of hold.
    Looked(Looked),
    /// Of ask and tell.
    Told(Told),
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The decision; definitions of the release before know by it what follows.
    pub next: EmergencyStep,
    /// Whether what is done has to be given back.
    pub holds: bool,
    /// The profile that is held then.
    pub profile: Option<ProfileName>,
    /// What is asked for, in a word or two.
    pub what: String,
    /// The guardrails that a person has to approve.
    pub asks: BTreeSet<GuardrailCode>,
}

/// What a look at a held emergency found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// What was found; definitions of the release before know by it what follows.
    pub next: HoldAction,
    /// The alarms that may be made worse and that a person will have been told of.
    pub told: BTreeSet<AlarmName>,
}

/// What follows a decision.
pub fn after_decision(decision: &EmergencyDecision) -> NextStep {
    let wait_seconds = seconds(decision.wait);
    let request = decision.request.clone().map(ChildRequest::from);
    match (decision.step, request) {
        (EmergencyStep::Wait, _) => NextStep::Again { step: DECIDE, wait_seconds },
        (EmergencyStep::Ask, request) => {
            let (why, plan) = (decision.summary.clone(), String::new());
            NextStep::Ask(Question { why, plan, answer_seconds: wait_seconds, request })
        }
        (EmergencyStep::Plan, Some(request)) => NextStep::Child { suffix: "-plan".to_owned(), request },
        (EmergencyStep::Apply, Some(request)) => NextStep::Child { suffix: "-apply".to_owned(), request },
        (EmergencyStep::Declined, _) => NextStep::done("declined"),
        (EmergencyStep::Refused, _) => NextStep::failed("refused", &ErrorName::GuardrailRefused),
        (EmergencyStep::Nothing | EmergencyStep::Plan | EmergencyStep::Apply, _) => NextStep::done("nothing"),
    }
}

/// What follows a look.
pub fn after_look(verdict: HoldAction, wait: SignedDuration, request: Option<RunRequest>) -> NextStep {
    match (verdict, request) {
        (HoldAction::GiveBack, Some(request)) => {
            NextStep::Child { suffix: "-back".to_owned(), request: request.into() }
        }
        (HoldAction::Hold, _) => NextStep::Again { step: HOLD, wait_seconds: seconds(wait) },
        (HoldAction::Over | HoldAction::GiveBack, _) => NextStep::done("over"),
    }
}

/// Whole seconds, rounded up, so that what is waited for has come.
fn seconds(wait: SignedDuration) -> i64 {
    if wait.is_zero() { 0 } else { wait.as_secs() + i64::from(wait.subsec_nanos() > 0) }
}
