//! Acting: what a button starts, or answers. It writes nothing itself: each action is one execution of one of our machines,
//! or the answer to one that asks.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::emergency::EmergencyRequest;
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::failover::{FailoverRequest, MoveManner};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::person::PersonName;
use watchkeeper_domain::request::{RequestedState, RunRequest, RunTrigger};
use watchkeeper_domain::value::{Duration, ProfileName};
use watchkeeper_window::call::{Call, CallMode, Verb};
use watchkeeper_window::facts::{ActionFacts, ActionOutcome, Offer, Wish};

use super::event::{EventError, Form};
use super::pages::MeantScope;
use super::ports::{AnswerOutcome, QuestionAnswers};
use super::{WindowReader, plan};
use crate::ledger::{KeptHistory, Ledger};
use crate::platform::Platform;
use crate::ports::Executions;
use crate::runbook::{ErrorName, RunbookError, Stack};

/// How old a page may be whose button is pressed.
pub const PAGE_MAX_AGE: SignedDuration = SignedDuration::from_mins(15);

/// How far ahead of this clock a page may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// What acts: it looks as the window does, and starts machines.
pub struct WindowActor<P: Platform, Q> {
    /// What is looked at before anything is started. It keeps nothing of what it observes.
    pub reader: WindowReader<P>,
    /// The machine `reconcile`.
    pub reconcile: P::Machine,
    /// The machine `emergency-scale`.
    pub emergency: P::Machine,
    /// The machine `failover`.
    pub failover: P::Machine,
    /// The machine `failback`.
    pub failback: P::Machine,
    /// The machine `backup`.
    pub backup: P::Machine,
    /// The machine `restore-drill`.
    pub restore: P::Machine,
    /// Questions that executions ask, and the way to answer them.
    pub questions: Q,
}

/// One of our machines, by what its name ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
enum Machine {
    Reconcile,
    EmergencyScale,
    Failover,
    Failback,
    Backup,
    RestoreDrill,
}

/// Why nothing was started: the name of the error or guardrail, what was found, and what was expected.
struct Refusal(String, String, String);

impl From<EventError> for Refusal {
    fn from(error: EventError) -> Self {
        Self(ErrorName::RequestInvalid.to_string(), format!("{}: {}", error.field, error.found), error.expected)
    }
}

impl From<watchkeeper_domain::request::RequestError> for Refusal {
    fn from(error: watchkeeper_domain::request::RequestError) -> Self {
        EventError::from(error).into()
    }
}

impl From<RunbookError> for Refusal {
    fn from(error: RunbookError) -> Self {
        let name = error.name();
        Self(name.to_string(), error.message(), name.advice().to_owned())
    }
}

impl<P: Platform, Q: QuestionAnswers> WindowActor<P, Q> {
    /// Does what a button asks for, at `now`, and says what came of it.
    pub async fn act(&self, stack: &Stack, call: &Call, form: &Form, now: Timestamp) -> ActionFacts {
        let scope = meant(stack, call).ok().flatten().map(|meant| meant.scope());
        let outcome = match self.outcome(stack, call, form, now).await {
            Ok(outcome) => outcome,
            Err(Refusal(code, found, expected)) => ActionOutcome::Refused { code, found, expected },
        };
        ActionFacts { stack: self.reader.own.clone(), scope, what: what(call), outcome }
    }

    async fn outcome(&self, stack: &Stack, call: &Call, form: &Form, now: Timestamp) -> Result<ActionOutcome, Refusal> {
        let at = page(call, now)?;
        let meant = meant(stack, call)?;
        if call.verb == Verb::Answer {
            return self.answer(call, form).await;
        }
        let mut took_seconds = None;
        if let Some((meant, wish)) = meant.as_ref().zip(wish(call)?) {
            let offer = self.offer(stack, meant, wish, now).await?;
            if call.plan.as_ref().is_some_and(|promised| *promised != offer.plan.mark()) {
                let Offer { plan, took_seconds, .. } = offer;
                let call = Call { plan: Some(plan.mark()), at: Some(now.as_second()), ..call.clone() };
                return Ok(ActionOutcome::Differs { call, plan, took_seconds });
            }
            took_seconds = offer.took_seconds;
        }
        let (machine, input) = self.request(meant.as_ref(), call, form).await?;
        let place = meant.map(|meant| meant.scope());
        let words = place.as_ref().map(|scope| [scope.estate.as_str(), scope.environment.as_str()]);
        let words: Vec<&str> = ["window", call.verb.into()].into_iter().chain(words.into_iter().flatten()).collect();
        // Two different wishes of one page are two executions; the same one, however often it is clicked, is one.
        let execution = execution_name(&words, at);
        self.machine(machine).start(&execution, &input).await.map_err(RunbookError::from)?;
        let machine = format!("{}-{machine}", self.reader.own.name);
        Ok(ActionOutcome::Started { machine, execution, took_seconds })
    }

    fn machine(&self, machine: Machine) -> &P::Machine {
        match machine {
            Machine::Reconcile => &self.reconcile,
            Machine::EmergencyScale => &self.emergency,
            Machine::Failover => &self.failover,
            Machine::Failback => &self.failback,
            Machine::Backup => &self.backup,
            Machine::RestoreDrill => &self.restore,
        }
    }

    async fn answer(&self, call: &Call, form: &Form) -> Result<ActionOutcome, Refusal> {
        let id = call.id.as_deref().ok_or_else(|| missing("id", "the execution that asks"))?;
        let approved = call.approved.ok_or_else(|| missing("approved", "true or false"))?;
        let by = PersonName::read(form.by.as_deref()).map_err(|unsigned| EventError {
            field: "by".to_owned(),
            found: unsigned.found,
            expected: "your name, in the field of the window: an answer is signed".to_owned(),
        })?;
        let output = serde_json::json!({ "approved": approved, "by": by.as_str() }).to_string();
        match self.questions.answer(id, &output).await.map_err(RunbookError::from)? {
            AnswerOutcome::Given => Ok(ActionOutcome::Answered { execution: id.to_owned(), approved }),
            AnswerOutcome::Over => Err(Refusal(
                ErrorName::RunUnknown.to_string(),
                format!("{id} asks nothing now"),
                "a question that waits: it was answered, or its time is over".to_owned(),
            )),
        }
    }

    /// What a wish comes to now: everything is looked at anew.
    async fn offer(&self, stack: &Stack, meant: &MeantScope<'_>, wish: Wish, now: Timestamp) -> Result<Offer, Refusal> {
        let read = self.reader.planned(stack, meant, now, |it, state| {
            let observed = it.observed(now);
            let KeptHistory::Known(history, _) = &state.history else { return None };
            Some(plan::offer(it.scoped.as_ref()?, state, observed.now()?, (wish, history), now))
        });
        match read.await {
            watchkeeper_window::facts::Reading::Now(offer) => Ok(offer?),
            other => {
                let why = other.why().unwrap_or_default().to_owned();
                Err(Refusal(ErrorName::AwsUnavailable.to_string(), why, "ledger, ECS and RDS that answer".to_owned()))
            }
        }
    }

    /// The machine that does what is asked for, and its input.
    async fn request(
        &self,
        meant: Option<&MeantScope<'_>>,
        call: &Call,
        form: &Form,
    ) -> Result<(Machine, String), Refusal> {
        let reason = reason(form);
        let Some(meant) = meant else {
            let request = RunRequest::of_everything(call.verb == Verb::HaltAll, form.by.clone(), form.reason.clone());
            request.check()?;
            return Ok((Machine::Reconcile, request.to_string()));
        };
        let scope = meant.scope();
        let by_hand = RunRequest::of_person(&scope);
        let (machine, input) = match call.verb {
            Verb::Halt | Verb::Lift => {
                let halt = Some(call.verb == Verb::Halt);
                let request = RunRequest { halt, by: form.by.clone(), reason: form.reason.clone(), ..by_hand };
                request.check()?;
                (Machine::Reconcile, request.to_string())
            }
            Verb::Awake | Verb::Asleep | Verb::AsScheduled => {
                let want = Some(match call.verb {
                    Verb::Awake => RequestedState::Awake,
                    Verb::Asleep => RequestedState::Asleep,
                    _ => RequestedState::AsScheduled,
                });
                let request = RunRequest { want, until: call.until.clone(), reason, ..by_hand };
                request.check()?;
                (Machine::Reconcile, request.to_string())
            }
            Verb::Scale | Verb::GiveBack => (Machine::EmergencyScale, emergency(&scope, call, form, reason)?),
            Verb::Backup => {
                let (estate, environment) = (scope.estate, scope.environment);
                let (trigger, instant, mode) = (RunTrigger::Human, None, watchkeeper_domain::request::RunMode::Apply);
                let resource = call.resource.clone();
                let request = BackupRequest { estate, environment, trigger, instant, mode, resource };
                (Machine::Backup, request.to_string())
            }
            Verb::Drill => {
                let resource = call.resource.clone().ok_or_else(|| missing("resource", "what is restored"))?;
                let request =
                    RestoreRequest { trigger: RunTrigger::Human, ..RestoreRequest::of_tick(&scope, resource) };
                (Machine::RestoreDrill, request.to_string())
            }
            Verb::Failover | Verb::Failback | Verb::TakeOver => self.moved(&scope, meant, call, reason).await?,
            other => return Err(misplaced(other)),
        };
        Ok((machine, input))
    }

    async fn moved(
        &self,
        scope: &Scope,
        meant: &MeantScope<'_>,
        call: &Call,
        reason: Option<String>,
    ) -> Result<(Machine, String), Refusal> {
        let about =
            FailoverRequest { reason, ..FailoverRequest::about(scope.estate.clone(), scope.environment.clone()) };
        if call.verb != Verb::TakeOver {
            if call.mode != Some(CallMode::Graceful) {
                return Err(missing("mode", "graceful: the window starts planned moves only").into());
            }
            let machine = if call.verb == Verb::Failback { Machine::Failback } else { Machine::Failover };
            let request = FailoverRequest { mode: MoveManner::Graceful, ..about };
            request.check()?;
            return Ok((machine, request.to_string()));
        }
        // The machine that the move belongs to: the way home is another one than the way out.
        let pair = crate::ledger::PairId { estate: scope.estate.clone(), environment: scope.environment.clone() };
        let replica = self.reader.ledger.pair(&pair).await.map_err(RunbookError::from)?;
        let to = replica.pointer.and_then(|pointer| pointer.moving).map(|moving| moving.to);
        let to = to.ok_or_else(|| EventError {
            field: "do".to_owned(),
            found: format!("take-over of {}, which does not move", pair),
            expected: "a pair whose move is held".to_owned(),
        })?;
        let home = to == meant.environment.document().regions.primary;
        let request = FailoverRequest { take_over: true, back: call.back, ..about };
        request.check()?;
        Ok((if home { Machine::Failback } else { Machine::Failover }, request.to_string()))
    }
}

/// The instant of the page whose button was pressed.
fn page(call: &Call, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = call.at.ok_or_else(|| missing("at", "the instant of the page, in seconds since 1970"))?;
    let at = Timestamp::from_second(at).map_err(|_| missing("at", "seconds since 1970"))?;
    let age = now.duration_since(at);
    if age > PAGE_MAX_AGE || age < -AHEAD {
        let expected = format!("a page of the last {PAGE_MAX_AGE:#}, here is a fresh one");
        return Err(Refusal(GuardrailCode::StaleEvent.to_string(), format!("a page of {at}, {age:#} ago"), expected));
    }
    Ok(at)
}

/// The scope that is meant; nothing for everything, which only the halt switch has.
fn meant<'a>(stack: &'a Stack, call: &Call) -> Result<Option<MeantScope<'a>>, Refusal> {
    if matches!(call.verb, Verb::HaltAll | Verb::LiftAll) {
        return Ok(None);
    }
    let estate = call.estate.as_ref().ok_or_else(|| missing("estate", "the name of an estate"))?;
    let environment = call.environment.as_ref().ok_or_else(|| missing("environment", "the name of an environment"))?;
    let (estate, environment) = stack.find(estate.as_str(), environment.as_str()).map_err(RunbookError::from)?;
    let home = &stack.home.region;
    if let Some(region) = call.region.as_ref().filter(|region| *region != home) {
        return Err(EventError {
            field: "region".to_owned(),
            found: region.to_string(),
            expected: format!("{home}: what is meant elsewhere is done by that region's stack"),
        }
        .into());
    }
    if !environment.is_of_account(&stack.home.account) || !environment.regions().contains(home) {
        return Err(EventError {
            field: "environment".to_owned(),
            found: environment.name().to_string(),
            expected: format!(
                "an environment of account {} in {home}: another stack acts for the others",
                stack.home.account
            ),
        }
        .into());
    }
    Ok(Some(MeantScope { estate, environment, region: home.clone() }))
}

/// The wish of a button, where its plan is what the confirmation promised.
fn wish(call: &Call) -> Result<Option<Wish>, Refusal> {
    let until = || {
        let text = call.until.as_deref().ok_or_else(|| missing("until", "when the wish ends, as an instant"))?;
        text.parse::<Timestamp>().map_err(|_| EventError {
            field: "until".to_owned(),
            found: format!("{text:?}"),
            expected: "an instant, such as 2026-11-21T22:00:00Z".to_owned(),
        })
    };
    Ok(match call.verb {
        Verb::Awake => Some(Wish::Awake { until: until()? }),
        Verb::Asleep => Some(Wish::Asleep { until: until()? }),
        Verb::AsScheduled => Some(Wish::AsScheduled),
        Verb::GiveBack => call.profile.clone().map(|profile| Wish::GiveBack { profile }),
        _ => None,
    })
}

fn emergency(scope: &Scope, call: &Call, form: &Form, reason: Option<String>) -> Result<String, Refusal> {
    let written = form.profile.as_deref().map(str::parse::<ProfileName>).transpose();
    let written =
        written.map_err(|bad| EventError { field: "profile".to_owned(), found: bad.found, expected: bad.expected })?;
    let profile = call.profile.clone().or(written).ok_or_else(|| missing("profile", "a profile of the document"))?;
    let lasts = form.lasts.as_deref().map(str::parse::<Duration>).transpose();
    let lasts =
        lasts.map_err(|bad| EventError { field: "for".to_owned(), found: bad.found, expected: bad.expected })?;
    let give_back = call.verb == Verb::GiveBack;
    let request = EmergencyRequest {
        profile: Some(profile),
        give_back,
        lasts: lasts.filter(|_| !give_back),
        reason,
        ..EmergencyRequest::about(scope.estate.clone(), scope.environment.clone())
    };
    request.purpose()?;
    Ok(request.to_string())
}

/// Why, with the name that was written: a run by hand has no field of its own for it.
fn reason(form: &Form) -> Option<String> {
    match (&form.reason, &form.by) {
        (Some(reason), Some(by)) => Some(format!("{reason} ({by})")),
        (Some(reason), None) => Some(reason.clone()),
        (None, Some(by)) => Some(format!("by hand ({by})")),
        (None, None) => None,
    }
}

fn missing(field: &str, expected: &str) -> EventError {
    EventError { field: field.to_owned(), found: "nothing".to_owned(), expected: expected.to_owned() }
}

fn misplaced(verb: Verb) -> Refusal {
    EventError {
        field: "do".to_owned(),
        found: verb.to_string(),
        expected: "something that acts: pages are the window's".to_owned(),
    }
    .into()
}

/// What was asked for, in words.
fn what(call: &Call) -> String {
    let until = call.until.as_deref().map(|until| format!(" until {until}")).unwrap_or_default();
    let subject = call.resource.as_ref().map(|resource| format!(" {resource}"));
    let subject = subject.or_else(|| call.profile.as_ref().map(|profile| format!(" {profile}"))).unwrap_or_default();
    format!("{}{subject}{until}", call.verb)
}
