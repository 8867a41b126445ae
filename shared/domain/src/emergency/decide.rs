//! What an execution of the emergency runbook does next: wait, ask, act, or nothing, and why.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{EmergencyPurpose, EmergencyRequest, LastQuestion, PersonReply};
use crate::emergency::alarm::{AlarmState, AlarmStates, vetoes};
use crate::estate::{AlarmResponse, Emergency, EmergencyProfile};
use crate::intent::{Intent, IntentKey};
use crate::name::Scope;
use crate::request::{RequestError, RunMode, RunRequest, Urgency};
use crate::value::ProfileName;
use crate::violation::{GuardrailCode, Severity, Violation, stops};

/// What an execution does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmergencyStep {
    /// It waits for the confirmation window, and decides again.
    Wait,
    /// It shows the plan to a person and waits for the answer.
    Ask,
    /// It starts `reconcile`.
    Apply,
    /// It shows the plan, and ends.
    Plan,
    /// It ends, and tells why not: a guardrail forbids it.
    Refused,
    /// It ends, and tells why not: a person said no, or nobody said anything.
    Declined,
    /// It ends; there is nothing to do.
    Nothing,
}

/// What is known when it is decided.
#[derive(Debug, Clone, Copy)]
pub struct DecisionInputs<'a> {
    /// The environment, in one region.
    pub scope: &'a Scope,
    /// The `emergency` section of the environment's document.
    pub emergency: &'a Emergency,
    /// The intents of the scope.
    pub intents: &'a [Intent],
    /// The alarms that the request and its vetoes name.
    pub states: &'a AlarmStates,
    /// The name of the execution.
    pub execution: &'a str,
    /// When it began: what came later, nobody had seen who was asked by it.
    pub started: Timestamp,
    /// What a person answered, once somebody was asked.
    pub reply: Option<&'a PersonReply>,
    /// The last question about the same, of whatever execution, as far as that is not dead.
    pub asked: Option<&'a LastQuestion>,
    /// The wall time.
    pub now: Timestamp,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyDecision {
    /// What follows.
    pub step: EmergencyStep,
    /// After how long, for [`EmergencyStep::Wait`]; how long the question stands, for [`EmergencyStep::Ask`].
    pub wait: SignedDuration,
    /// Why, in a sentence.
    pub summary: String,
    /// What forbids it, or has to be approved.
    pub violations: Vec<Violation>,
    /// What `reconcile` is asked for.
    pub request: Option<RunRequest>,
    /// Whether what is done has to be given back.
    pub holds: bool,
}

/// Decides.
///
/// # Errors
/// [`RequestError`] for a field that does not agree with the others or with the document.
pub fn decide(request: &EmergencyRequest, known: &DecisionInputs<'_>) -> Result<EmergencyDecision, RequestError> {
    let decision = match request.purpose()? {
        EmergencyPurpose::Scale(profile) => scale(request, profile, known)?,
        EmergencyPurpose::GiveBack(profile) => give_back(request, profile, known),
        EmergencyPurpose::RollBack => roll_back(request, known)?,
    };
    if request.mode == RunMode::Plan && decision.request.is_some() {
        return Ok(EmergencyDecision { step: EmergencyStep::Plan, ..decision });
    }
    let settled =
        known.asked.filter(|_| decision.step == EmergencyStep::Ask).and_then(|asked| settled(request, asked, known));
    Ok(settled.map_or(decision, |text| end(EmergencyStep::Nothing, text)))
}

/// Why nobody is asked: a question stands, or it was answered with a no whose cause lasts. A person who asks for it again is
/// a cause of their own.
fn settled(request: &EmergencyRequest, asked: &LastQuestion, known: &DecisionInputs<'_>) -> Option<String> {
    if asked.stands(known.execution, known.now) {
        let LastQuestion { execution, until, .. } = asked;
        return Some(format!("{execution} asks for it already, until {until}: answer that question"));
    }
    let (alarm, since) = request.alarm.as_ref().zip(request.since)?;
    let (by, at) = asked.refusal(alarm, since, known.emergency.cool_down().signed())?;
    Some(format!("{by} said no at {at}, and {alarm} was not quiet since for long enough to be asked about again"))
}

fn scale(
    request: &EmergencyRequest,
    name: &ProfileName,
    known: &DecisionInputs<'_>,
) -> Result<EmergencyDecision, RequestError> {
    let profile = profile(known.emergency, name)?;
    let response = response(request, name, known.emergency)?;
    let confirms = response.is_some_and(|response| response.confirm.is_some());
    if let Some(wait) = unconfirmed(request, response, known.now) {
        return Ok(EmergencyDecision {
            wait,
            ..end(EmergencyStep::Wait, "the alarm has to last before it is acted upon".to_owned())
        });
    }
    if let Some(text) = gone(request, confirms, known) {
        return Ok(end(EmergencyStep::Nothing, text));
    }
    let lasts = request.lasts.unwrap_or(profile.lasts);
    let until = known.now.saturating_add(lasts.signed()).unwrap_or(Timestamp::MAX);
    // What called for it while it was asked holds it as well.
    let joined = known.asked.filter(|asked| request.alarm.is_some() && asked.execution == known.execution);
    let alarms = joined.into_iter().flat_map(|asked| &asked.alarms).chain(&request.alarm).cloned().collect();
    let by = Some(known.execution.to_owned());
    let urgency = Urgency::Scale { profile: name.clone(), until, alarms, by };
    // A person may go on in spite of a veto, an alarm may not.
    let severity = if request.alarm.is_some() { Severity::Refuse } else { Severity::Ask };
    let forbidding = response.map_or_else(|| known.emergency.vetoes(name), |r| r.veto.iter().collect());
    let violations = vetoes(forbidding, known.states, severity, known.emergency.missing());
    let because = profile.ask.then(|| format!("the document asks for it before {name}"));
    Ok(judged(request, known, violations, because, profile.answer_within().signed(), (urgency, true)))
}

fn profile<'a>(emergency: &'a Emergency, name: &ProfileName) -> Result<&'a EmergencyProfile, RequestError> {
    let known = || emergency.profiles.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    emergency.profiles.get(name).ok_or_else(|| unknown("profile", format!("the unknown profile {name}"), &known()))
}

/// The response of the document that the request's alarm calls for.
fn response<'a>(
    request: &EmergencyRequest,
    name: &ProfileName,
    emergency: &'a Emergency,
) -> Result<Option<&'a AlarmResponse>, RequestError> {
    let Some(alarm) = &request.alarm else { return Ok(None) };
    let found = emergency.responses.iter().find(|response| response.alarm == *alarm && response.run == *name);
    let missing = || unknown("alarm", format!("{alarm}, which calls for no {name}"), "an alarm of a response");
    found.map(Some).ok_or_else(missing)
}

fn unknown(field: &'static str, found: String, expected: &str) -> RequestError {
    RequestError { field, found, expected: format!("one of the document's: {expected}") }
}

/// How long the alarm still has to last.
fn unconfirmed(request: &EmergencyRequest, response: Option<&AlarmResponse>, now: Timestamp) -> Option<SignedDuration> {
    let confirmed = request.since?.saturating_add(response?.confirm?.signed()).ok()?;
    Some(confirmed.duration_since(now)).filter(SignedDuration::is_positive)
}

/// Whether the alarm has gone in the meantime. At once it is believed: what CloudWatch describes may lag behind.
fn gone(request: &EmergencyRequest, confirms: bool, known: &DecisionInputs<'_>) -> Option<String> {
    let alarm = request.alarm.as_ref()?;
    let waited = known.reply.is_some() || confirms;
    let status = known.states.get(alarm).filter(|_| waited)?;
    (status.state != AlarmState::Alarm).then(|| format!("{alarm} is {} by now: nothing is needed", status.state))
}

fn give_back(request: &EmergencyRequest, profile: &ProfileName, known: &DecisionInputs<'_>) -> EmergencyDecision {
    let intent_key = IntentKey::emergency(profile.clone());
    if !known.intents.iter().any(|intent| intent.intent_key() == intent_key) {
        return end(EmergencyStep::Nothing, format!("{profile} is not held in {}", known.scope));
    }
    let urgency = Urgency::GiveBack { profile: profile.clone(), by: None };
    judged(request, known, Vec::new(), None, SignedDuration::ZERO, (urgency, false))
}

fn roll_back(request: &EmergencyRequest, known: &DecisionInputs<'_>) -> Result<EmergencyDecision, RequestError> {
    let section = known.emergency.rollback.as_ref();
    let mut suspect = None;
    if let Some((alarm, since)) = request.alarm.as_ref().zip(request.since) {
        let section = section
            .filter(|section| section.alarms.contains(alarm))
            .ok_or_else(|| unknown("alarm", format!("{alarm}, which calls for no rollback"), "`rollback.alarms`"))?;
        suspect = Some((since.saturating_sub(section.within.signed()).unwrap_or(Timestamp::MIN), since));
    }
    if let Some(text) = gone(request, false, known) {
        return Ok(end(EmergencyStep::Nothing, text));
    }
    let asks = section.is_none_or(|section| section.ask);
    let because = asks.then(|| "a rollback is proposed, and a person decides".to_owned());
    let answer = section.map_or(UNSAID, |section| section.answer_within().signed());
    let asked = known.reply.map(|_| known.started);
    let urgency = Urgency::RollBack { services: request.services.clone(), suspect, asked };
    Ok(judged(request, known, Vec::new(), because, answer, (urgency, false)))
}

/// How long the question of a rollback stands where the document has no section for it.
const UNSAID: SignedDuration = SignedDuration::from_mins(30);

/// The decision about something that can be done: a person's answer, vetoes and questions come before it.
fn judged(
    request: &EmergencyRequest,
    known: &DecisionInputs<'_>,
    mut violations: Vec<Violation>,
    because: Option<String>,
    answer_within: SignedDuration,
    (urgency, holds): (Urgency, bool),
) -> EmergencyDecision {
    let mut approve = request.approve.clone();
    let mut reason = request.reason.clone().unwrap_or_else(|| {
        request.alarm.as_ref().map_or_else(|| "asked for by hand".to_owned(), |alarm| format!("{alarm} is in ALARM"))
    });
    let mut questions: Vec<String> = because.into_iter().chain(request.ask.clone()).collect();
    match known.reply {
        Some(PersonReply::Approved { by, approve: codes }) => {
            approve.extend(codes.iter().copied());
            reason = format!("{reason}, approved by {by}");
            questions.clear();
        }
        // The answer has used its token up: the question is put once more, with another one.
        Some(PersonReply::Unsigned(unsigned)) if !put_again(known) => {
            questions.insert(0, format!("an answer was refused, because nobody had signed it: `by`: {unsigned}"));
        }
        Some(other) => return end(EmergencyStep::Declined, other.to_string()),
        None => {}
    }
    soften(&mut violations, &approve);
    // What nobody could look at is read wherever the reason is: in the plan, the message and the record.
    for unknown in violations.iter().filter(|violation| violation.severity == Severity::Warn) {
        reason = format!("{reason}; but {}", unknown.found);
    }
    let asked = violations.iter().filter(|violation| violation.severity == Severity::Ask);
    questions.extend(asked.map(|violation| violation.found.clone()));
    let refused = violations.iter().any(|violation| violation.severity == Severity::Refuse);
    let (step, summary) = match () {
        () if refused => (EmergencyStep::Refused, texts(&violations)),
        () if !questions.is_empty() || stops(&violations) => (EmergencyStep::Ask, questions.join("; ")),
        () => (EmergencyStep::Apply, reason.clone()),
    };
    let report = request.report;
    let carried_out = || RunRequest { report, ..RunRequest::of_emergency(known.scope, urgency, reason, approve) };
    let request = (!refused).then(carried_out);
    EmergencyDecision { step, wait: answer_within, summary, violations, request, holds }
}

/// Whether the question of this execution was put again already.
fn put_again(known: &DecisionInputs<'_>) -> bool {
    known.asked.is_some_and(|asked| asked.execution == known.execution && asked.again)
}

/// What was approved beforehand is still told, as a warning.
fn soften(violations: &mut [Violation], approved: &BTreeSet<GuardrailCode>) {
    for violation in violations {
        if violation.severity == Severity::Ask && approved.contains(&violation.code) {
            violation.severity = Severity::Warn;
        }
    }
}

fn texts(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn end(step: EmergencyStep, summary: String) -> EmergencyDecision {
    EmergencyDecision { step, wait: SignedDuration::ZERO, summary, violations: Vec::new(), request: None, holds: false }
}
