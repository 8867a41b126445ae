//! What a step comes to, in one form for all runbooks: again, a child, a question, or the end.

use std::time::Duration;

use serde::{Serialize, Serializer};
use watchkeeper_domain::failover::FailoverRequest;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunRequest;

/// What a function answers: the schedule, or the step of a machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer<T, D> {
    /// What a tick did.
    Ticked(T),
    /// What a step came to.
    Stepped(Box<StepOutcome<D>>),
}

/// What a step came to. Every answer to a machine has all its fields, so that a definition reads them without a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepOutcome<D = ()> {
    /// The run, as the machine carries it to its next step; nothing where the step is of no one scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunRef>,
    /// What follows.
    #[serde(flatten)]
    pub then: NextStep,
    /// What was done or found, in a sentence for the execution's history and its output.
    pub summary: String,
    /// What a person has to hear before the machine goes on.
    pub tell: Option<Message>,
    /// What the machines of one runbook carry on, or put out, beside that.
    #[serde(flatten)]
    pub details: D,
}

/// What a machine does after a step.
#[derive(Debug, Clone, PartialEq)]
pub enum NextStep {
    /// It takes a step, again or the one after it.
    Again {
        /// Which, by its name.
        step: &'static str,
        /// After how long, in seconds.
        wait_seconds: i64,
    },
    /// It runs another machine as its child.
    Child {
        /// The suffix of the child's name.
        suffix: String,
        /// The child's input.
        request: ChildRequest,
    },
    /// It asks a person.
    Ask(Question),
    /// It ends in order.
    Done {
        /// How it ended, in a word.
        outcome: String,
    },
    /// It fails.
    Failed {
        /// How it ended, in a word.
        outcome: String,
        /// The stable name of the error.
        error: String,
    },
}

/// A question for a person; what it is about, the machine knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Why it is asked.
    pub why: String,
    /// The plan, for the person; empty where a child has to make it.
    pub plan: String,
    /// How long it stands, in seconds.
    pub answer_seconds: i64,
    /// The input of the child that makes the plan.
    pub request: Option<ChildRequest>,
}

/// The input of a child.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ChildRequest {
    /// Of `reconcile`.
    Reconcile(Box<RunRequest>),
    /// Of `failover`.
    Failover(Box<FailoverRequest>),
}

/// The word by which the definitions of the release before this one know what follows: their executions last for days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormerWord {
    /// The word.
    pub next: &'static str,
}

impl<D> StepOutcome<D> {
    /// What a step of a run came to, about which nobody has to hear.
    pub fn new(run: RunRef, then: NextStep, summary: impl Into<String>, details: D) -> Self {
        Self { run: Some(run), then, summary: summary.into(), tell: None, details }
    }

    /// The same with a message for a person.
    #[must_use]
    pub fn telling(self, tell: Option<Message>) -> Self {
        Self { tell, ..self }
    }

    /// The same with other details.
    pub fn map<E>(self, details: impl FnOnce(D) -> E) -> StepOutcome<E> {
        let Self { run, then, summary, tell, details: before } = self;
        StepOutcome { run, then, summary, tell, details: details(before) }
    }
}

impl NextStep {
    /// The same step or another one, at once.
    pub fn at_once(step: &'static str) -> Self {
        Self::Again { step, wait_seconds: 0 }
    }

    /// The end, in order.
    pub fn done(outcome: &(impl ToString + ?Sized)) -> Self {
        Self::Done { outcome: outcome.to_string() }
    }

    /// The end, with an error.
    pub fn failed(outcome: &(impl ToString + ?Sized), error: &(impl ToString + ?Sized)) -> Self {
        Self::Failed { outcome: outcome.to_string(), error: error.to_string() }
    }

    /// Its name, as machines compare it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Again { .. } => "again",
            Self::Child { .. } => "child",
            Self::Ask(_) => "ask",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }

    /// The name of the step that follows, where one does.
    pub fn step(&self) -> Option<&'static str> {
        if let Self::Again { step, .. } = self { Some(step) } else { None }
    }

    /// How long it waits before that.
    pub fn wait(&self) -> Duration {
        let wait = if let Self::Again { wait_seconds, .. } = self { *wait_seconds } else { 0 };
        Duration::from_secs(wait.unsigned_abs())
    }

    /// The stable name of the error that it ends with, where it fails.
    pub fn error(&self) -> Option<&str> {
        if let Self::Failed { error, .. } = self { Some(error) } else { None }
    }
}

/// Every field that a definition may read, whatever follows: one that is not there would end the execution.
#[derive(Default, Serialize)]
struct Fields<'a> {
    then: &'static str,
    step: Option<&'static str>,
    wait_seconds: i64,
    child: Option<&'a str>,
    request: Option<&'a ChildRequest>,
    why: &'a str,
    plan: &'a str,
    answer_seconds: i64,
    outcome: Option<&'a str>,
    error: Option<&'a str>,
}

impl Serialize for NextStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields { then: self.name(), step: self.step(), error: self.error(), ..Fields::default() };
        match self {
            Self::Again { wait_seconds, .. } => fields.wait_seconds = *wait_seconds,
            Self::Child { suffix, request } => (fields.child, fields.request) = (Some(suffix.as_str()), Some(request)),
            Self::Ask(Question { why, plan, answer_seconds, request }) => {
                (fields.why, fields.plan) = (why.as_str(), plan.as_str());
                (fields.answer_seconds, fields.request) = (*answer_seconds, request.as_ref());
            }
            Self::Done { outcome } | Self::Failed { outcome, .. } => fields.outcome = Some(outcome.as_str()),
        }
        fields.serialize(serializer)
    }
}

impl From<RunRequest> for ChildRequest {
    fn from(request: RunRequest) -> Self {
        Self::Reconcile(Box::new(request))
    }
}

impl From<FailoverRequest> for ChildRequest {
    fn from(request: FailoverRequest) -> Self {
        Self::Failover(Box::new(request))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn answer(then: NextStep) -> Value {
        serde_json::to_value(StepOutcome { run: None, then, summary: "why".to_owned(), tell: None, details: () })
            .unwrap()
    }

    #[test]
    fn every_answer_has_every_field_whatever_follows() {
        let request: RunRequest = serde_json::from_value(json!({"estate": "clos-v2", "environment": "dev"})).unwrap();
        let (why, plan) = ("data loss".to_owned(), "the plan".to_owned());
        let all = [
            NextStep::Again { step: "verify", wait_seconds: 3 },
            NextStep::Child { suffix: "-back".to_owned(), request: request.into() },
            NextStep::Ask(Question { why, plan, answer_seconds: 60, request: None }),
            NextStep::done("nothing"),
            NextStep::failed("refused", "Guardrail.Refused"),
        ];
        let answers = all.map(answer);
        let fields = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert!(answers.iter().all(|it| fields(it) == fields(&answers[0])), "{answers:?}");
        let words: Vec<&Value> = answers.iter().map(|it| &it["then"]).collect();
        assert_eq!(words, ["again", "child", "ask", "done", "failed"]);
        assert_eq!((&answers[0]["step"], &answers[0]["wait_seconds"]), (&json!("verify"), &json!(3)));
        assert_eq!(answers[1]["request"]["estate"], "clos-v2");
        assert_eq!((&answers[4]["outcome"], &answers[4]["error"]), (&json!("refused"), &json!("Guardrail.Refused")));
    }
}
