//! The emergency runbook: takes one step of the `emergency-scale` machine. It decides and asks; it changes no capacity.

mod call;
mod question;
mod watch;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ledger::{Ledger, LedgerError};
use watchkeeper_control::place::{ScopedEnvironment, StackIdentity};
use watchkeeper_control::ports::{Alarms, AwsError, ExecutionStates, Notifier};
use watchkeeper_domain::emergency::{
    DecisionInputs, EmergencyDecision, EmergencyHold, EmergencyPurpose, EmergencyRequest, EmergencyStep as Next,
    HoldAction, LastQuestion, PersonReply, ask, decide, hold, made_worse, not_done, still_called_for, worse,
};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::{GuardrailCode, Severity};
use watchkeeper_domain::intent::{DesiredState, IntentKey, deciding};
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::{RequestError, RunRequest, Urgency};
use watchkeeper_domain::value::{AlarmName, ProfileName};
use watchkeeper_estates::{EstateFolder, UnknownName};
use watchkeeper_lambda::{FunctionFailure, MachineExecution, StepCall, UnreadableInput, read_input};

pub use call::{Answer, Decided, Looked, Step};
use watch::{forbidding, watched};

/// What a step works with.
#[derive(Debug, Clone, Copy)]
pub struct Ports<'a, L, A, X, N> {
    /// What is remembered.
    pub ledger: &'a L,
    /// The alarms.
    pub alarms: &'a A,
    /// The executions of the machine: one that is dead asks nobody any more.
    pub executions: &'a X,
    /// Where people hear of it.
    pub announcer: &'a N,
}

/// Why a step could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// A field is not as it must be.
    #[error("the request cannot be followed")]
    Request(#[from] RequestError),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// AWS did not do what it was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl From<CallError> for FunctionFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreadable(error) => error.into(),
            CallError::Request(error) => error.into(),
            CallError::Unknown(error) => error.into(),
            CallError::Ledger(error) => error.into(),
            CallError::Aws(error) => error.into(),
        }
    }
}

/// Takes one step.
///
/// # Errors
/// [`CallError`] for a request that cannot be read or followed, an unknown environment, or a ledger, an alarm or a topic
/// that does not answer.
pub async fn handle<L: Ledger, A: Alarms, X: ExecutionStates, N: Notifier>(
    ports: Ports<'_, L, A, X, N>,
    estates: &EstateFolder,
    home: &StackIdentity,
    call: StepCall<Step>,
) -> Result<Answer, CallError> {
    let now = call.now;
    match call.step {
        Step::Decide { request, execution, answer, asked } => {
            let request: EmergencyRequest = read_input(request)?;
            let reply = answer.map(|answer| PersonReply::read(&answer, &asked));
            let place = place(estates, home, &request, now)?;
            Ok(Answer::Decided(Box::new(decided(ports, &place, &request, &execution, reply.as_ref(), now).await?)))
        }
        Step::Ask { run, token, what, why, plan, answer_seconds } => {
            let until = now.saturating_add(SignedDuration::from_secs(answer_seconds)).unwrap_or(Timestamp::MAX);
            let question = ask(&run.scope, &what, &why, &plan, &token, until);
            tell(ports.announcer, &question).await
        }
        Step::Hold { run, profile, told } => {
            let (_, environment) = estates.environment(run.scope.estate.as_str(), run.scope.environment.as_str())?;
            let emergency = environment.document().emergency.as_ref();
            Ok(Answer::Looked(Box::new(look(ports, &run, &profile, emergency, told, now).await?)))
        }
        Step::Tell { subject, text, .. } => tell(ports.announcer, &Message { subject, text }).await,
    }
}

async fn tell<N: Notifier>(announcer: &N, message: &Message) -> Result<Answer, CallError> {
    announcer.tell(&message.subject, &message.text).await?;
    Ok(Answer::Told {})
}

/// The environment that is meant; one of another account or region is none of ours.
fn place(
    estates: &EstateFolder,
    home: &StackIdentity,
    request: &EmergencyRequest,
    now: Timestamp,
) -> Result<ScopedEnvironment, CallError> {
    let (estate, environment) = estates.environment(request.estate.as_str(), request.environment.as_str())?;
    Ok(ScopedEnvironment::of(estate, environment, home, now)?)
}

async fn decided<L: Ledger, A: Alarms, X: ExecutionStates, N>(
    ports: Ports<'_, L, A, X, N>,
    place: &ScopedEnvironment,
    request: &EmergencyRequest,
    execution: &MachineExecution,
    reply: Option<&PersonReply>,
    now: Timestamp,
) -> Result<Decided, CallError> {
    let emergency = place.emergency.as_ref().ok_or_else(|| RequestError {
        field: "environment",
        found: format!("{}, whose document has no `emergency`", place.scope),
        expected: "an environment with emergency profiles".to_owned(),
    })?;
    let seen = ports.ledger.load(&place.scope).await?;
    let states = ports.alarms.alarm_states(&watched(request, emergency)).await?;
    let decide = |asked: Option<&LastQuestion>| {
        let (scope, intents) = (&place.scope, seen.intents.as_slice());
        let (execution, started) = (execution.name.as_str(), execution.start);
        decide(
            request,
            &DecisionInputs { scope, emergency, intents, states: &states, execution, started, reply, asked, now },
        )
    };
    let decision = ports.one_question(&place.scope, (request, execution.name.as_str()), reply, now, decide).await?;
    let run = RunRef { scope: place.scope.clone(), id: execution.name.clone() };
    Ok(answer(run, request, decision))
}

fn answer(run: RunRef, request: &EmergencyRequest, decision: EmergencyDecision) -> Decided {
    let what = what(request);
    let asks: BTreeSet<GuardrailCode> =
        decision.violations.iter().filter(|v| v.severity == Severity::Ask).map(|v| v.code).collect();
    let told = matches!(decision.step, Next::Refused | Next::Declined).then(|| {
        let by_hand = forbidding(request, &decision.violations);
        not_done(&run.scope, &what, &decision.summary, &decision.violations, by_hand.as_deref())
    });
    let seconds = seconds(decision.wait);
    let (wait_seconds, answer_seconds) = if decision.step == Next::Wait { (seconds, 0) } else { (0, seconds) };
    let profile = decision.holds.then(|| request.profile.clone()).flatten();
    Decided {
        run,
        next: decision.step,
        wait_seconds,
        answer_seconds,
        request: decision.request,
        holds: decision.holds,
        profile,
        what,
        summary: decision.summary,
        asks,
        tell: told,
    }
}

/// What is asked for, in the words of a message.
fn what(request: &EmergencyRequest) -> String {
    match request.purpose() {
        Ok(EmergencyPurpose::Scale(profile)) => profile.to_string(),
        Ok(EmergencyPurpose::GiveBack(profile)) => format!("giving {profile} back"),
        Ok(EmergencyPurpose::RollBack) | Err(_) => "a rollback".to_owned(),
    }
}

async fn look<L: Ledger, A: Alarms, X, N>(
    ports: Ports<'_, L, A, X, N>,
    run: &RunRef,
    profile: &ProfileName,
    emergency: Option<&Emergency>,
    mut told: BTreeSet<AlarmName>,
    now: Timestamp,
) -> Result<Looked, CallError> {
    let seen = ports.ledger.load(&run.scope).await?;
    let slot = IntentKey::emergency(profile.clone());
    let intent = seen.intents.iter().find(|intent| intent.slot() == slot);
    let forbidding: BTreeSet<AlarmName> =
        emergency.map(|emergency| emergency.vetoes(profile).into_iter().cloned().collect()).unwrap_or_default();
    let states = ports.alarms.alarm_states(&(&watch::holding(intent) | &forbidding)).await?;
    let cool_down = emergency.map_or(SignedDuration::ZERO, |emergency| emergency.cool_down().signed());
    let nothing_held = deciding(&seen.intents, now).iter().all(|intent| intent.want == DesiredState::Awake);
    let owing = nothing_held && seen.baseline.is_some();
    let named = emergency.map(|emergency| emergency.calls(profile)).unwrap_or_default();
    let lasting = intent.map(|intent| still_called_for(intent, &states, &named).ok_or(intent));
    let held = match &lasting {
        // Ours, and of alarms that nobody can name any more.
        Some(Err(intent)) if intent.by == run.id => EmergencyHold {
            verdict: HoldAction::GiveBack,
            wait: SignedDuration::ZERO,
            summary: "none of the alarms that called for it is left: they neither exist nor are in the document"
                .to_owned(),
        },
        Some(Err(intent)) => hold(Some(*intent), owing, &run.id, &states, cool_down, now),
        Some(Ok(intent)) => hold(Some(intent), owing, &run.id, &states, cool_down, now),
        None => hold(None, owing, &run.id, &states, cool_down, now),
    };
    let request = (held.verdict == HoldAction::GiveBack).then(|| {
        let urgency = Urgency::GiveBack { profile: profile.clone(), by: Some(run.id.clone()) };
        RunRequest::of_emergency(&run.scope, urgency, format!("{profile}: {}", held.summary), [].into())
    });
    let worsened =
        if held.verdict == HoldAction::Hold { made_worse(forbidding, &states, &told) } else { BTreeSet::new() };
    let tell = (!worsened.is_empty()).then(|| worse(&run.scope, profile, &worsened));
    told.extend(worsened);
    Ok(Looked { next: held.verdict, wait_seconds: seconds(held.wait), request, tell, told, summary: held.summary })
}

/// Whole seconds, rounded up, so that what is waited for has come.
fn seconds(wait: SignedDuration) -> i64 {
    if wait.is_zero() { 0 } else { wait.as_secs() + i64::from(wait.subsec_nanos() > 0) }
}
