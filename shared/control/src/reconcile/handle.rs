//! What the `reconcile` machine asks, and what it is answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::{RunRequest, RunTrigger};

use super::{BegunRun, FinishedRun, LeasedRun, Reconciler, SliceResult};
use crate::place::ScopedEnvironment;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{Begin, CaughtError, MachineExecution, RunbookError, Stack, Told, Unmade, read_input};

/// The machine's name.
const MACHINE: &str = "reconcile";

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Decide.
    Begin(Begin),
    /// Write.
    Apply {
        /// The run.
        run: LeasedRun,
    },
    /// Look.
    Verify {
        /// The run.
        run: LeasedRun,
    },
    /// Close.
    Finish {
        /// The run.
        run: LeasedRun,
        /// The error that ended it, if one did.
        #[serde(default)]
        error: Option<CaughtError>,
    },
    /// Tell of a run that could not begin, or not be closed.
    Tell(Unmade),
}

impl Step {
    /// The run that a step belongs to; at its beginning only its name is known.
    pub fn run(&self) -> (&str, Option<&Scope>) {
        match self {
            Self::Begin(Begin { execution, .. }) | Self::Tell(Unmade { execution, .. }) => (&execution.name, None),
            Self::Apply { run } | Self::Verify { run } | Self::Finish { run, .. } => (&run.id, Some(&run.scope)),
        }
    }
}

/// What a step answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of begin.
    Begun(BegunRun),
    /// Of begin, when it was about the halt switch.
    Switched {
        /// The run that turned it.
        run: Switch,
        /// Always `nothing`: the machine ends.
        verdict: &'static str,
        /// What was switched.
        summary: String,
    },
    /// Of apply and verify.
    Slice(SliceResult),
    /// Of finish.
    Finished(FinishedRun),
    /// Of tell.
    Told(Told),
}

/// A run that only turned the halt switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The execution's name.
    pub id: String,
}

impl<P: Platform> Reconciler<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read, an unknown environment, or a step that failed.
    pub async fn handle(&self, stack: &Stack, step: Step) -> Result<Answer, RunbookError> {
        match step {
            Step::Begin(begin) => self.take_up(stack, begin).await,
            Step::Apply { run } => Ok(Answer::Slice(self.apply(&self.place(stack, &run.scope)?, &run).await?)),
            Step::Verify { run } => Ok(Answer::Slice(self.verify(&self.place(stack, &run.scope)?, &run).await?)),
            Step::Finish { run, error } => {
                let place = self.place(stack, &run.scope)?;
                Ok(Answer::Finished(self.finish(&place, &run, error.map(RunError::from)).await?))
            }
            Step::Tell(unmade) => {
                let instant = unmade.instant();
                Ok(Answer::Told(unmade.send(&self.ledger, &self.announcer, stack, MACHINE, instant).await?))
            }
        }
    }

    /// Begins what the input asks for: a run, or to turn the halt switch.
    async fn take_up(&self, stack: &Stack, Begin { request, execution }: Begin) -> Result<Answer, RunbookError> {
        let request: RunRequest = read_input(request)?;
        request.check()?;
        let instant = instant(&request, &execution);
        if request.halt.is_some() && request.estate.is_none() {
            return Ok(switched(&execution, self.halt(None, &request, &execution.name).await?));
        }
        let (estate, environment) = request.place()?;
        let place = stack.place(estate.as_str(), environment.as_str(), instant)?;
        if request.halt.is_some() {
            return Ok(switched(&execution, self.halt(Some(&place.scope), &request, &execution.name).await?));
        }
        Ok(Answer::Begun(self.begin(&place, &request, &execution.name, instant).await?))
    }

    /// The place of a run that has begun. Freeze windows count at its beginning only: the wall time stands in here.
    fn place(&self, stack: &Stack, scope: &Scope) -> Result<ScopedEnvironment, RunbookError> {
        stack.place(scope.estate.as_str(), scope.environment.as_str(), self.clock.now())
    }
}

/// What a run is about: the instant of its tick, or its own start.
fn instant(request: &RunRequest, execution: &MachineExecution) -> Timestamp {
    match (request.trigger, request.instant) {
        (RunTrigger::Schedule, Some(instant)) => instant,
        _ => execution.start,
    }
}

fn switched(execution: &MachineExecution, summary: String) -> Answer {
    Answer::Switched { run: Switch { id: execution.name.clone() }, verdict: "nothing", summary }
}
