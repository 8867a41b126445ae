//! The emergency runbook over the simulated AWS: alarm-response as Lambda delivers to it, and the `emergency-scale` machine
//! with its children, one look at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use alarm_response::read;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::emergency::{Decided, Details, EmergencyRunbook, Handled, Step};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::reconcile::BeginVerdict;
use watchkeeper_control::runbook::{Ask, MachineExecution, NextStep, RunbookError, StepCall, StepOutcome, Tell};
use watchkeeper_domain::emergency::{EmergencyStep as Next, HoldAction};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::value::{AlarmName, ProfileName};
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use super::{ATTEMPTS, InMemoryHarness, RunEnd, input, retried};

/// How long Lambda lets alarm-response work, as `template.yaml` has it.
const DEADLINE: SignedDuration = SignedDuration::from_mins(1);

/// How often a give-back is tried each minute, before a person is told and it is tried each half hour, as
/// `statemachines/emergency-scale.asl.json` has it.
const GIVE_BACKS: u32 = 45;

/// Where an execution of the emergency machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmergencyRunState {
    /// It waits for a person; this is what the question names.
    Asking(BTreeSet<GuardrailCode>),
    /// It holds, and looks again after this.
    Holding(Duration),
    /// It has ended, with this outcome or error.
    Ended(String),
    /// Its process died, and the execution with it.
    Crashed,
}

/// An execution of the emergency machine.
#[derive(Debug)]
pub struct EmergencyRun {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub stage: EmergencyRunState,
    start: Timestamp,
    request: Value,
    children: u32,
    backs: u32,
    held: Option<(RunRef, ProfileName)>,
    told: BTreeSet<AlarmName>,
    failure: Option<String>,
}

impl InMemoryHarness {
    /// An event reaches alarm-response, three times at the most, like any asynchronous invocation. `None` when it died
    /// each time.
    pub fn hears(&mut self, event: &Value) -> Option<Result<Handled, RunbookError>> {
        let mut last = None;
        for wait in [60, 120, 0] {
            last = self.hears_once(event);
            match last {
                Some(Ok(_)) => break,
                _ => self.world.advance(Duration::from_secs(wait)),
            }
        }
        last
    }

    fn hears_once(&self, event: &Value) -> Option<Result<Handled, RunbookError>> {
        let world = &self.world;
        let (emergency, now) = (emergency(world), world.now() + DEADLINE);
        run_until_done_or_crash(world, emergency.hear(&self.stack, read(event), now))
    }

    /// The emergency executions that were started and have not been played yet, each up to where it waits.
    pub fn sirens(&mut self) -> Vec<EmergencyRun> {
        let started = self.started(|request| request.get("trigger").is_none());
        started.into_iter().map(|(name, request)| self.siren(&name, request)).collect()
    }

    /// An emergency execution, up to where it waits.
    pub fn siren(&self, name: &str, request: Value) -> EmergencyRun {
        let stage = EmergencyRunState::Ended("not begun".to_owned());
        let mut siren = EmergencyRun {
            name: name.to_owned(),
            stage,
            start: self.world.now(),
            request,
            children: 0,
            backs: 0,
            held: None,
            told: BTreeSet::new(),
            failure: None,
        };
        siren.stage = siren.decide(self, None, &BTreeSet::new());
        siren
    }

    fn step(&self, step: impl Fn() -> Step) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        for attempt in 1.. {
            let world = &self.world;
            let emergency = emergency(world);
            let call = StepCall { now: world.now(), step: step() };
            let handled = emergency.handle(&self.stack, call);
            match run_until_done_or_crash(world, handled)? {
                Err(error) if attempt < ATTEMPTS && retried(&error) => {
                    world.advance(Duration::from_secs(2 << attempt));
                }
                answer => return Some(answer),
            }
        }
        None
    }
}

impl EmergencyRun {
    /// Answers the question that it waits with.
    ///
    /// # Panics
    /// When it waits with none: the test is broken then.
    pub fn answer(&mut self, rehearsal: &InMemoryHarness, answer: Value) {
        let EmergencyRunState::Asking(asked) = self.stage.clone() else { panic!("it asks nothing: {:?}", self.stage) };
        self.stage = self.decide(rehearsal, Some(answer), &asked);
    }

    /// Waits as long as it wants to, and looks again.
    pub fn look(&mut self, rehearsal: &InMemoryHarness) {
        if let EmergencyRunState::Holding(wait) = self.stage {
            rehearsal.world.advance(wait);
            self.stage = self.hold(rehearsal);
        }
    }

    /// Looks until it ends.
    pub fn run_out(&mut self, rehearsal: &InMemoryHarness) {
        while matches!(self.stage, EmergencyRunState::Holding(_)) {
            self.look(rehearsal);
        }
    }

    fn decide(
        &mut self,
        rehearsal: &InMemoryHarness,
        answer: Option<Value>,
        asked: &BTreeSet<GuardrailCode>,
    ) -> EmergencyRunState {
        let execution = MachineExecution { name: self.name.clone(), start: self.start };
        let step = || Step::Decide {
            request: self.request.clone(),
            execution: execution.clone(),
            answer: answer.clone(),
            asked: asked.clone(),
        };
        let outcome = match rehearsal.step(step) {
            None => return EmergencyRunState::Crashed,
            Some(Ok(outcome)) => outcome,
            Some(other) => return EmergencyRunState::Ended(format!("{other:?}")),
        };
        let Details::Decided(decided) = outcome.details.clone() else { panic!("{outcome:?}") };
        match decided.next {
            Next::Wait => {
                rehearsal.world.advance(outcome.then.wait());
                self.decide(rehearsal, answer, asked)
            }
            Next::Apply => self.apply(rehearsal, outcome, decided),
            Next::Plan | Next::Ask => self.preview(rehearsal, outcome, &decided),
            Next::Refused | Next::Declined => {
                let text = outcome.tell.unwrap_or_else(|| panic!("a refusal without a message"));
                let (subject, text) = (text.subject, text.text);
                let tell =
                    || Step::Tell(Tell { run: outcome.run.clone(), subject: subject.clone(), text: text.clone() });
                let told = rehearsal.step(tell);
                let end = if decided.next == Next::Refused { "Guardrail.Refused" } else { "declined" };
                told.map_or(EmergencyRunState::Crashed, |_| EmergencyRunState::Ended(end.to_owned()))
            }
            Next::Nothing => EmergencyRunState::Ended("nothing".to_owned()),
        }
    }

    fn child(&mut self, rehearsal: &InMemoryHarness, kind: &str, request: &Value) -> RunEnd {
        self.children += 1;
        rehearsal.execute(&format!("{}-{kind}-{}", self.name, self.children), request)
    }

    fn preview(
        &mut self,
        rehearsal: &InMemoryHarness,
        outcome: StepOutcome<Details>,
        decided: &Decided,
    ) -> EmergencyRunState {
        let mut request = input(&outcome.then);
        request["mode"] = json!("plan");
        let plan = match self.child(rehearsal, "plan", &request) {
            RunEnd::AtBegin(BeginVerdict::Plan, plan) => plan,
            RunEnd::Crashed => return EmergencyRunState::Crashed,
            other => return EmergencyRunState::Ended(format!("{other:?}")),
        };
        let (Some(run), NextStep::Ask(question)) = (outcome.run, outcome.then) else {
            return EmergencyRunState::Ended(plan);
        };
        // The machine adds what the preview would ask to what the question names.
        let named = |code: &GuardrailCode| plan.contains(&format!("[needs approval] {code}"));
        let asks = &decided.asks | &GuardrailCode::ALL.iter().copied().filter(named).collect();
        let ask = || {
            Step::Ask(Ask {
                run: run.clone(),
                token: "token".to_owned(),
                what: decided.what.clone(),
                why: question.why.clone(),
                plan: plan.clone(),
                answer_seconds: question.answer_seconds,
            })
        };
        match rehearsal.step(ask) {
            None => EmergencyRunState::Crashed,
            Some(Ok(_)) => EmergencyRunState::Asking(asks),
            Some(Err(error)) => EmergencyRunState::Ended(error.to_string()),
        }
    }

    fn apply(
        &mut self,
        rehearsal: &InMemoryHarness,
        outcome: StepOutcome<Details>,
        decided: Decided,
    ) -> EmergencyRunState {
        let end = self.child(rehearsal, "apply", &input(&outcome.then));
        self.failure = failure(&end);
        match (end, outcome.run, decided.profile) {
            (RunEnd::Crashed, ..) => EmergencyRunState::Crashed,
            (_, Some(run), Some(profile)) if decided.holds => {
                self.held = Some((run, profile));
                self.hold(rehearsal)
            }
            _ => EmergencyRunState::Ended(self.failure.clone().unwrap_or_else(|| "done".to_owned())),
        }
    }

    fn hold(&mut self, rehearsal: &InMemoryHarness) -> EmergencyRunState {
        let Some((run, profile)) = self.held.clone() else { panic!("nothing is held") };
        loop {
            let look = || Step::Hold { run: run.clone(), profile: profile.clone(), told: self.told.clone() };
            let outcome = match rehearsal.step(look) {
                None => return EmergencyRunState::Crashed,
                Some(Ok(outcome)) => outcome,
                Some(_) => return EmergencyRunState::Holding(Duration::from_mins(1)),
            };
            let Details::Looked(looked) = outcome.details else { panic!("{outcome:?}") };
            self.told = looked.told;
            if let Some(Message { subject, text }) = outcome.tell {
                let tell = || Step::Tell(Tell { run: Some(run.clone()), subject: subject.clone(), text: text.clone() });
                if rehearsal.step(tell).is_none() {
                    return EmergencyRunState::Crashed;
                }
            }
            match looked.next {
                HoldAction::Hold => {
                    return EmergencyRunState::Holding(outcome.then.wait());
                }
                HoldAction::Over => {
                    return EmergencyRunState::Ended(self.failure.clone().unwrap_or_else(|| "over".to_owned()));
                }
                HoldAction::GiveBack => match self.child(rehearsal, "back", &input(&outcome.then)) {
                    RunEnd::Crashed => return EmergencyRunState::Crashed,
                    RunEnd::Finished { then: NextStep::Done { .. }, run, .. } => {
                        return EmergencyRunState::Ended(run.back.to_string());
                    }
                    end if failure(&end).is_none() => return EmergencyRunState::Ended("given-back".to_owned()),
                    end => self.failure = failure(&end),
                },
            }
            self.backs += 1;
            if self.backs == GIVE_BACKS {
                let subject =
                    format!("{} {}: {profile} is over and not given back", run.scope.estate, run.scope.environment);
                let tell = || {
                    Step::Tell(Tell { run: Some(run.clone()), subject: subject.clone(), text: outcome.summary.clone() })
                };
                if rehearsal.step(tell).is_none() {
                    return EmergencyRunState::Crashed;
                }
            }
            if self.backs >= GIVE_BACKS {
                return EmergencyRunState::Holding(Duration::from_mins(30));
            }
            rehearsal.world.advance(Duration::from_mins(1));
        }
    }
}

/// Why a child failed; nothing where it did not.
fn failure(end: &RunEnd) -> Option<String> {
    match end {
        RunEnd::AtBegin(..) | RunEnd::Finished { then: NextStep::Done { .. }, .. } => None,
        RunEnd::Finished { summary, run, .. } => Some(format!("{}: {summary}", run.outcome)),
        RunEnd::Failed(error) => Some(error.clone()),
        RunEnd::Crashed => Some("crashed".to_owned()),
    }
}

/// Emergencies over a world.
fn emergency(world: &SimRegion) -> EmergencyRunbook<SimRegion> {
    EmergencyRunbook {
        ledger: world.clone(),
        alarms: world.clone(),
        machine: world.machine(""),
        announcer: world.clone(),
    }
}

/// The event of EventBridge about an alarm that changed its state at an instant, to the millisecond.
pub fn alarm_event(alarm: &str, (account, region): (&str, &str), state: &str, at: Timestamp) -> Value {
    let time = at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    json!({
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": account,
        "region": region,
        "resources": [format!("arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}")],
        "detail": {"alarmName": alarm, "state": {"value": state, "reason": "test", "timestamp": time}},
    })
}
