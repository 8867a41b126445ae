//! Questions that wait for a person. The token of an answer is no fact: it never reaches a page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::Zone;
use watchkeeper_domain::violation::GuardrailCode;

use super::{PlanFacts, Reading, StackFacts};

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenQuestion {
    /// The execution that waits: what an answer names.
    pub id: String,
    /// What a yes allows, as the message asks it, such as `go back from h2o-backend:42 to h2o-backend:41`.
    pub what: String,
    /// Why it is asked, as the message says it.
    pub why: String,
    /// The guardrails that ask, each with what it found.
    pub asks: BTreeMap<GuardrailCode, String>,
    /// The mark of it, as the execution asks it ([`watchkeeper_domain::emergency::question_mark`]): an answer carries it, and
    /// counts for this question alone.
    pub mark: String,
    /// When it was asked.
    pub asked: Timestamp,
    /// When it refuses itself.
    pub until: Timestamp,
}

/// A question on a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionFacts {
    /// The stack whose machine asks.
    pub stack: StackFacts,
    /// Of what.
    pub scope: Scope,
    /// The clocks of the environment.
    pub zone: Zone,
    /// The question; `Now(None)` once it is answered or over.
    pub question: Reading<Option<OpenQuestion>>,
    /// What a yes leads to, as it was judged when it was asked.
    pub plan: Reading<PlanFacts>,
    /// Further facts about it, each with its label, such as what ran before; in the order in which they are shown.
    pub known: Vec<(String, String)>,
}
