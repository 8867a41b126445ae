//! The question that a person answers, and the answer.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::emergency::question_mark;
use crate::message::{Message, MessageContext, QuestionContext};
use crate::name::Scope;
use crate::person::{MissingSignature, PLACEHOLDER, PersonName};
use crate::run::RunRef;
use crate::violation::GuardrailCode;

/// The part of a plan that a question shows, in characters: a message holds 256 KiB (SNS quotas), a reader much less.
const PLAN: usize = 6000;

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonReply {
    /// Yes.
    Approved {
        /// The person who said so.
        by: PersonName,
        /// The guardrails that the question named.
        approve: BTreeSet<GuardrailCode>,
    },
    /// No.
    Refused {
        /// The person who said so.
        by: PersonName,
    },
    /// Yes or no, and nobody knows whose.
    Unsigned(MissingSignature),
    /// Nobody answered in time.
    Expired,
    /// Something that is no answer, which counts as a no.
    Unreadable(String),
}

/// An answer as it comes: a person's, or the machine's own when the time is over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionAnswer {
    #[serde(default)]
    approved: Option<bool>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    expired: bool,
}

impl PersonReply {
    /// Reads the answer to a question that named these guardrails.
    pub fn read(answer: &Value, asked: &BTreeSet<GuardrailCode>) -> Self {
        // A list would be read by position.
        let read = if answer.is_object() { QuestionAnswer::deserialize(answer).ok() } else { None };
        let Some(QuestionAnswer { approved, by, expired }) = read else {
            return Self::Unreadable(answer.to_string());
        };
        match (approved, PersonName::read(by.as_deref())) {
            _ if expired => Self::Expired,
            (None, _) => Self::Unreadable(answer.to_string()),
            (Some(_), Err(unsigned)) => Self::Unsigned(unsigned),
            (Some(true), Ok(by)) => Self::Approved { by, approve: asked.clone() },
            (Some(false), Ok(by)) => Self::Refused { by },
        }
    }
}

impl fmt::Display for PersonReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved { by, .. } => write!(f, "approved by {by}"),
            Self::Refused { by } => write!(f, "refused by {by}"),
            Self::Unsigned(unsigned) => {
                write!(f, "no answer was signed, which counts as a no: `by`: {unsigned}; start it again")
            }
            Self::Expired => f.write_str("nobody answered in time, which counts as a no"),
            Self::Unreadable(found) => write!(
                f,
                "the answer {found} is not understood, which counts as a no; expected \
                 {{\"approved\": true, \"by\": \"your name\"}}"
            ),
        }
    }
}

/// The question about a plan, with the exact commands that answer it. `token` is the task's, `until` when it refuses
/// itself.
pub fn ask(run: &RunRef, what: &str, why: &str, plan: &str, token: &str, until: Timestamp) -> Message {
    let Scope { estate, environment, region } = &run.scope;
    let subject = format!("{estate} {environment}: approve {what}?");
    let mut shown: String = plan.trim_end().chars().take(PLAN).collect();
    if shown.chars().count() == PLAN {
        shown.push_str("\n… (the plan goes on)");
    }
    let answer = |approved: bool| {
        format!(
            "aws stepfunctions send-task-success --region {region} --task-token '{token}' \
             --task-output '{{\"approved\":{approved},\"by\":\"{PLACEHOLDER}\"}}'"
        )
    };
    let asked =
        format!("{estate} {environment} ({region}): {what} waits for a person.\n\nWhy: {why}.\n\nPlan:\n{shown}");
    let text = format!(
        "{asked}\n\nTo approve:\n{}\n\nTo refuse:\n{}\n\nPut your own name in the place of {PLACEHOLDER}: an answer that nobody signed is \
         refused, and the question put once more. \
         Without an answer until {until} it is refused, and nothing is changed.",
        answer(true),
        answer(false)
    );
    let question = QuestionContext { mark: question_mark(why, plan), until, asked };
    let context = MessageContext { question: Some(question), ..MessageContext::of_run(&run.scope, &run.id) };
    Message::new(&subject, text).with(context)
}
