//! The emergency runbook over the simulated AWS: alarm-response as Lambda delivers to it, and the `emergency-scale` machine with its
//! children, one look at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use alarm_response::read;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_control::emergency::{Handled, Incoming};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::runbook::RunbookError;
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_sim::machine::{Execution, Standing};
use watchkeeper_sim::run_until_done_or_crash;

use super::functions::emergencies;
use crate::{ExecutionEnd, InMemoryHarness};

/// How long Lambda lets alarm-response work, as `template.yaml` has it.
pub(super) const DEADLINE: SignedDuration = SignedDuration::from_mins(1);

/// The state in which the machine waits for its next look.
const BETWEEN_LOOKS: &str = "Pause";

/// Where an execution of the emergency machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmergencyRunState {
    /// It waits for a person; this is what the question names.
    Asking(BTreeSet<GuardrailCode>),
    /// It holds, and looks again after this.
    Holding(Duration),
    /// It has ended, with this outcome or error; a plan with what it says.
    Ended(String),
    /// Its process died, and the execution with it.
    Crashed,
}

/// An execution of the emergency machine.
#[derive(Debug)]
pub struct EmergencyRun {
    /// Where it is.
    pub stage: EmergencyRunState,
    execution: Execution,
}

impl InMemoryHarness {
    /// An event reaches alarm-response, three times at the most, like any asynchronous invocation. `None` when it died
    /// each time.
    pub fn hears(&mut self, event: &Value) -> Option<Result<Handled, RunbookError>> {
        self.considers(&read(event))
    }

    /// A tick looks at the alarms themselves, and at nothing else.
    pub fn sweeps(&mut self) -> Option<Result<Handled, RunbookError>> {
        self.considers(&Incoming::Sweep)
    }

    fn considers(&mut self, incoming: &Incoming) -> Option<Result<Handled, RunbookError>> {
        let mut last = None;
        let _answered = self.deliver(|| {
            let (runbook, now) = (emergencies(&self.sim), self.sim.now() + DEADLINE);
            last = run_until_done_or_crash(&self.sim, runbook.hear(&self.stack, incoming.clone(), now));
            matches!(last, Some(Ok(_))).then_some(())
        });
        last
    }

    /// The emergency executions that were started and have not been played yet, each up to where it waits.
    pub fn emergency_runs(&mut self) -> Vec<EmergencyRun> {
        let started = self.started("Emergency");
        started.into_iter().map(|(name, request)| self.emergency_run(&name, request)).collect()
    }

    /// An emergency execution, up to where it waits.
    pub fn emergency_run(&self, name: &str, request: Value) -> EmergencyRun {
        let execution = Execution::start("Emergency", name, request, &mut self.functions());
        let mut emergency_run = EmergencyRun { stage: EmergencyRunState::Crashed, execution };
        emergency_run.go_on(self);
        emergency_run
    }
}

impl EmergencyRun {
    /// Its name.
    pub fn name(&self) -> &str {
        self.execution.name()
    }

    /// How it ended.
    pub fn end(&self) -> Option<&ExecutionEnd> {
        self.execution.end()
    }

    /// Answers the question that it waits with.
    ///
    /// # Panics
    /// When it waits with none: the test is broken then.
    pub fn answer(&mut self, harness: &InMemoryHarness, answer: Value) {
        self.execution.answer(answer);
        self.go_on(harness);
    }

    /// Waits as long as it wants to, and looks again.
    pub fn look(&mut self, harness: &InMemoryHarness) {
        if let EmergencyRunState::Holding(wait) = self.stage {
            harness.sim.advance(wait);
            self.execution.step(&mut harness.functions());
            self.go_on(harness);
        }
    }

    /// Looks until it ends.
    pub fn run_out(&mut self, harness: &InMemoryHarness) {
        while matches!(self.stage, EmergencyRunState::Holding(_)) {
            self.look(harness);
        }
    }

    fn go_on(&mut self, harness: &InMemoryHarness) {
        let holds = |execution: &Execution| left(execution, harness.sim.now()).is_some();
        harness.go_on(&mut self.execution, holds);
        self.stage = match self.execution.standing() {
            Standing::Due(_) => {
                EmergencyRunState::Holding(left(&self.execution, harness.sim.now()).unwrap_or_default())
            }
            Standing::Asking(_) => {
                let named = serde_json::from_value(self.execution.variable("asks"));
                EmergencyRunState::Asking(named.unwrap_or_else(|error| panic!("{error}")))
            }
            Standing::Ended(ExecutionEnd::Died) => EmergencyRunState::Crashed,
            Standing::Ended(end) => EmergencyRunState::Ended(match end {
                ExecutionEnd::Failed { error, cause } => format!("{error}: {cause}"),
                end if end.outcome() == "planned" => end.said().to_owned(),
                end => end.outcome().to_owned(),
            }),
        };
    }
}

/// How long it still waits for its next look, if it does.
fn left(execution: &Execution, now: Timestamp) -> Option<Duration> {
    let Standing::Due(at) = execution.standing() else { return None };
    let waits = execution.state() == BETWEEN_LOOKS && at > now;
    waits.then(|| Duration::try_from(at.duration_since(now)).unwrap_or_default())
}
