//! What is made of an alarm's change: an execution, or a reason why there is none.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AlarmChange, AlarmMemory, AlarmState, AlarmStates, NotedMessage, vetoes};
use crate::estate::{Emergency, FlapLimits};
use crate::value::AlarmName;
use crate::violation::{GuardrailCode, Severity, Violation};

/// How far a message may come from the future: what clocks may differ, generously.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// Why a message about an alarm leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum IgnoreReason {
    /// This very change was answered before.
    Duplicate,
    /// A later change is known.
    OutOfOrder,
    /// The alarm is not in ALARM.
    NotInAlarm,
    /// Somebody holds its actions back.
    Suppressed,
    /// The change is too old, or from the future.
    StaleEvent,
    /// The same alarm was answered a moment ago.
    CoolDown,
    /// An alarm that more tasks would make worse is in ALARM.
    DependencyVeto,
}

impl IgnoreReason {
    /// Every reason.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The stable text of the reason.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is made of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseDecision {
    /// An execution is started; where something asks, a person answers first.
    Start {
        /// What asks.
        ask: Option<Violation>,
    },
    /// Nothing is done.
    Ignored {
        /// The reason's name.
        why: IgnoreReason,
        /// The reason, as a person reads it.
        text: String,
        /// What forbade it.
        violations: Vec<Violation>,
        /// Whether it was not said before of this change.
        news: bool,
    },
}

/// An answer, and what is to be remembered with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsideredAnswer {
    /// The answer.
    pub answer: ResponseDecision,
    /// The memory after it.
    pub memory: AlarmMemory,
}

/// What is asked of a change: one thing that the alarm calls for.
#[derive(Debug, Clone, Copy)]
pub struct AlarmQuestion<'a> {
    /// The change.
    pub change: &'a AlarmChange,
    /// What the alarm calls for: a profile's name, or another that is the same each time.
    pub what: &'a str,
    /// The document's times.
    pub emergency: &'a Emergency,
    /// The alarms that may forbid it.
    pub forbidding: &'a [AlarmName],
    /// What those alarms say.
    pub states: &'a AlarmStates,
    /// The latest moment at which an answer could take effect.
    pub now: Timestamp,
}

/// Considers one thing that a changed alarm calls for, as a message tells of the change: messages grow old.
pub fn consider(question: &AlarmQuestion<'_>, memory: &AlarmMemory) -> ConsideredAnswer {
    weigh(question, memory, ChangeSource::Message)
}

/// The same, of an alarm that was looked at: what was found is true now, however long ago it began.
pub fn found(question: &AlarmQuestion<'_>, memory: &AlarmMemory) -> ConsideredAnswer {
    weigh(question, memory, ChangeSource::Look)
}

/// Where a change is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangeSource {
    Message,
    Look,
}

fn weigh(question: &AlarmQuestion<'_>, memory: &AlarmMemory, source: ChangeSource) -> ConsideredAnswer {
    let mut memory = memory.clone();
    let change =
        AlarmChange { at: memory.same_change(question.change.at, question.change.state), ..question.change.clone() };
    let (what, question) = (question.what, &AlarmQuestion { change: &change, ..*question });
    let order = order(&change, &memory);
    if order == AlarmOrder::New {
        memory.learn(change.at, change.state);
    }
    let mut called = memory.called(what);
    let refused = match order {
        AlarmOrder::Before(newest) => Some(ignored(
            IgnoreReason::OutOfOrder,
            format!("it changed at {}, and a change of {newest} is known", change.at),
        )),
        AlarmOrder::Same if called.settled == Some(change.at) => {
            Some(ignored(IgnoreReason::Duplicate, format!("the change of {} was answered before", change.at)))
        }
        // What was heard of in time does not grow old while it is held up; what came too late stays so, told again.
        AlarmOrder::Same if memory.heard_in_time(what, change.at) => {
            refusal(question, called.answered, ChangeSource::Look)
        }
        AlarmOrder::Same | AlarmOrder::New => refusal(question, called.answered, source),
    };
    let mut answer = refused.unwrap_or_else(|| {
        called.answered = Some(change.at);
        ResponseDecision::Start { ask: flapping(question.emergency.flap(), &memory, change.at) }
    });
    // What may pass by itself is looked at again: a veto, a suppression, the time since the last answer; and so is an alarm
    // whose message came too late, for it may last.
    let open = matches!(
        answer,
        ResponseDecision::Ignored {
            why: IgnoreReason::Suppressed
                | IgnoreReason::CoolDown
                | IgnoreReason::DependencyVeto
                | IgnoreReason::StaleEvent,
            ..
        }
    );
    if !matches!(order, AlarmOrder::Before(_)) {
        called.settled = Some(change.at).filter(|_| !open);
    }
    memory.calls.insert(what.to_owned(), called);
    let noted = NotedMessage { at: change.at, state: change.state, what: format!("{what}: {}", told(&answer)) };
    if let ResponseDecision::Ignored { news, .. } = &mut answer {
        *news = !memory.notes.contains(&noted);
    }
    memory.note(noted);
    ConsideredAnswer { answer, memory }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlarmOrder {
    New,
    Same,
    Before(Timestamp),
}

fn order(change: &AlarmChange, memory: &AlarmMemory) -> AlarmOrder {
    match memory.newest {
        Some((at, state)) if at == change.at && state == change.state => AlarmOrder::Same,
        // Two states of one instant: the one that came first stays, as of any older change.
        Some((at, _)) if at >= change.at => AlarmOrder::Before(at),
        _ => AlarmOrder::New,
    }
}

fn refusal(
    question: &AlarmQuestion<'_>,
    answered: Option<Timestamp>,
    source: ChangeSource,
) -> Option<ResponseDecision> {
    let AlarmQuestion { change, emergency, forbidding, states, now, .. } = *question;
    if change.state != AlarmState::Alarm {
        return Some(ignored(IgnoreReason::NotInAlarm, format!("its state is {}", change.state)));
    }
    if change.suppressed {
        return Some(ignored(IgnoreReason::Suppressed, "somebody holds its actions back".to_owned()));
    }
    let age = now.duration_since(change.at);
    let limit = emergency.max_age();
    if source == ChangeSource::Message && (age > limit.signed() || age < -SKEW) {
        let when = if age < SignedDuration::ZERO { "ahead of" } else { "before" };
        let text = format!("it changed {:#} {when} {now}, and the limit is {limit}", age.abs());
        return Some(ignored(IgnoreReason::StaleEvent, text));
    }
    let delay = emergency.minimum_delay();
    let next = answered.map(|last| last.saturating_add(delay.signed()).unwrap_or(Timestamp::MAX));
    if let Some((last, next)) = answered.zip(next).filter(|(_, next)| now < *next) {
        let text = format!("it was answered for its change of {last}, and is answered again from {next}");
        let advice = "Nothing: the sweep answers it then, if it is still in ALARM";
        let violations = vec![Violation::new(GuardrailCode::CoolDown, Severity::Refuse, text.clone(), advice)];
        return Some(ResponseDecision::Ignored { why: IgnoreReason::CoolDown, text, violations, news: true });
    }
    let violations = vetoes(forbidding, states, Severity::Refuse, emergency.missing());
    // What asks is for the execution to ask.
    let refuses = |violation: &&Violation| violation.severity == Severity::Refuse;
    violations.iter().any(|violation| refuses(&violation)).then(|| {
        let stopping = violations.iter().filter(refuses);
        let text = stopping.map(|violation| violation.found.clone()).collect::<Vec<_>>().join("; ");
        ResponseDecision::Ignored { why: IgnoreReason::DependencyVeto, text, violations, news: true }
    })
}

fn ignored(why: IgnoreReason, text: String) -> ResponseDecision {
    ResponseDecision::Ignored { why, text, violations: Vec::new(), news: true }
}

fn flapping(flap: FlapLimits, memory: &AlarmMemory, at: Timestamp) -> Option<Violation> {
    let changes = memory.changes_within(flap.within.signed(), at);
    (changes >= flap.transitions).then(|| {
        let found = format!("the alarm changed {changes} times within {}", flap.within);
        Violation::new(GuardrailCode::Flap, Severity::Ask, found, "Look at what makes it come and go")
    })
}

fn told(answer: &ResponseDecision) -> String {
    match answer {
        ResponseDecision::Start { ask: None } => "answered".to_owned(),
        ResponseDecision::Start { ask: Some(violation) } => format!("a person is asked: {violation}"),
        // The time that the text tells moves; the reason alone is what was said.
        ResponseDecision::Ignored { why: IgnoreReason::DependencyVeto, text, .. } => {
            format!("{}: {text}", IgnoreReason::DependencyVeto.name())
        }
        ResponseDecision::Ignored { why, .. } => format!("ignored, {}", why.name()),
    }
}
