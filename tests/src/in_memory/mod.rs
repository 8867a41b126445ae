//! The control plane over the simulated AWS: the real handlers, and what the schedule and the machines do between them. A
//! crash is the worst one: the execution dies with its process, and only the next tick goes on.

mod backup;
mod emergency;
mod pair;
mod unblock;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::{PairPlace, ScopedEnvironment, StackIdentity};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::reconcile::{BeginVerdict, Details, FinishedRun, Reconciler, Step};
use watchkeeper_control::runbook::{
    Begin, CaughtError, ErrorName, MachineExecution, NextStep, RunbookError, ScheduleTick, Stack, StepOutcome, Unmade,
};
use watchkeeper_control::schedule::ScheduleRunbook;
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_estates::{EstateFolder, load_dir};
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

/// How often a task is tried, as `statemachines/reconcile.asl.json` has it.
const ATTEMPTS: u32 = 5;

/// How often begin waits for a lease that another run holds.
const LEASE_WAITS: u32 = 8;

/// How long each time.
const LEASE_WAIT: Duration = Duration::from_secs(30);

/// How a run of the machine ended.
#[derive(Debug)]
pub enum RunEnd {
    /// Begin found nothing to do, or only planned.
    AtBegin(BeginVerdict, String),
    /// The run was closed.
    Finished {
        /// How.
        then: NextStep,
        /// What happened.
        summary: String,
        /// What became of it.
        run: FinishedRun,
    },
    /// The execution failed without a record.
    Failed(String),
    /// The process died, and the execution with it.
    Crashed,
}

/// One stack, in one region of a simulated AWS.
#[derive(Debug)]
pub struct InMemoryHarness {
    /// The AWS.
    pub world: SimRegion,
    stack: Stack,
    done: BTreeSet<String>,
}

/// The documents of a folder.
///
/// # Panics
/// When they do not read.
pub fn documents(folder: &Path) -> EstateFolder {
    load_dir(folder).unwrap_or_else(|problems| panic!("{problems:?}"))
}

pub use backup::BackupEnded;
pub use emergency::{EmergencyRun, EmergencyRunState, alarm_event};
pub use pair::{FailoverRun, FailoverRunState, InMemoryPair};
pub use unblock::UnblockEnded;

type Hand = Reconciler<SimRegion>;

impl InMemoryHarness {
    /// A stack over this repository's own documents.
    ///
    /// # Panics
    /// When the documents or the region do not read: the test is broken then.
    pub fn new(world: SimRegion, region: &str) -> Self {
        static OWN: LazyLock<EstateFolder> =
            LazyLock::new(|| documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates")));
        Self::over(world, OWN.clone(), region)
    }

    /// A stack over these documents.
    ///
    /// # Panics
    /// When the region does not read.
    pub fn over(world: SimRegion, estates: EstateFolder, region: &str) -> Self {
        let region = Region::new(region).unwrap_or_else(|error| panic!("{error}"));
        // The account that the documents give as the example of their development environments.
        let account = "123456789012".parse().unwrap_or_else(|error| panic!("{error}"));
        let stack = Stack { estates: Arc::new(estates), home: StackIdentity { account, region } };
        Self { world, stack, done: BTreeSet::new() }
    }

    /// What its document allows a pair's half at an instant.
    pub(crate) fn allowance(&self, half: &PairPlace, at: Timestamp) -> Allowance {
        let id = &half.id;
        let found = self.stack.find(id.estate.as_str(), id.environment.as_str());
        let (estate, environment) = found.unwrap_or_else(|error| panic!("{error}"));
        ScopedEnvironment::of(estate, environment, &self.stack.home, at)
            .unwrap_or_else(|error| panic!("{error}"))
            .allowance
    }

    /// The same stack in another account.
    ///
    /// # Panics
    /// When the account does not read.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.stack.home.account = account.parse().unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// The schedule fires: the time is set to `instant`, the function runs (three times at the most, like any asynchronous
    /// invocation), and every run that it started plays to its end.
    pub fn tick(&mut self, instant: Timestamp) -> Vec<RunEnd> {
        self.world.set_now(instant);
        for wait in [60, 120, 0] {
            match self.tick_once(instant) {
                Some(Ok(())) => break,
                _ => self.world.advance(Duration::from_secs(wait)),
            }
        }
        self.play()
    }

    fn tick_once(&self, instant: Timestamp) -> Option<Result<(), RunbookError>> {
        let (world, tick) = (&self.world, ScheduleTick { time: instant });
        let schedule = schedule(world);
        run_until_done_or_crash(world, async { schedule.handle(&self.stack, &tick).await.map(|_| ()) })
    }

    /// Plays the executions that were started and have not run yet.
    pub fn play(&mut self) -> Vec<RunEnd> {
        let started = self.started(|request| request.get("trigger").is_some());
        started.into_iter().map(|(name, request)| self.execute(&name, &request)).collect()
    }

    /// The executions of one machine that were started and have not been played: only the input of `reconcile` has a
    /// trigger.
    fn started(&mut self, of_machine: impl Fn(&Value) -> bool) -> Vec<(String, Value)> {
        let all = self.world.executions().into_iter();
        let read = |(name, input): (String, String)| (name, serde_json::from_str(&input).unwrap_or(Value::Null));
        all.map(read).filter(|(name, input)| of_machine(input) && self.done.insert(name.clone())).collect()
    }

    /// One execution of the machine, from its input to its end.
    pub fn execute(&self, name: &str, request: &Value) -> RunEnd {
        let execution = MachineExecution { name: name.to_owned(), start: self.world.now() };
        let error = match self.execution(&execution, request) {
            Ok(end) => return end,
            Err(error) => error,
        };
        let why = told(&error);
        let error = CaughtError { error: error.name().to_string(), cause: Some(error.message()) };
        let tell = || {
            let (request, execution) = (request.clone(), execution.clone());
            Step::Tell(Unmade { request, execution, error: error.clone() })
        };
        if self.task(tell).is_none() { RunEnd::Crashed } else { RunEnd::Failed(why) }
    }

    fn execution(&self, execution: &MachineExecution, request: &Value) -> Result<RunEnd, RunbookError> {
        let mut waits = 0;
        let begun = loop {
            let step = || Step::Begin(Begin { request: request.clone(), execution: execution.clone() });
            match self.task(step) {
                None => return Ok(RunEnd::Crashed),
                Some(Ok(outcome)) => break outcome,
                Some(Err(RunbookError::LeaseHeld { .. })) if waits < LEASE_WAITS => {
                    waits += 1;
                    self.world.advance(LEASE_WAIT);
                }
                Some(Err(error)) => return Err(error),
            }
        };
        match (begun.run, begun.then.step(), begun.details) {
            (Some(run), Some("apply"), _) => self.slices(&run),
            (Some(run), Some(_), _) => self.finish(&run, None),
            (_, _, Details::Begun(found)) => Ok(RunEnd::AtBegin(found.verdict, begun.summary)),
            (..) => Ok(RunEnd::AtBegin(BeginVerdict::Nothing, begun.summary)),
        }
    }

    fn slices(&self, run: &RunRef) -> Result<RunEnd, RunbookError> {
        let mut next = "apply";
        while next != "finish" {
            let step = || match next {
                "verify" => Step::Verify { run: run.clone() },
                _ => Step::Apply { run: run.clone() },
            };
            match self.task(step) {
                None => return Ok(RunEnd::Crashed),
                Some(Ok(StepOutcome { then, .. })) => {
                    self.world.advance(then.wait());
                    next = then.step().unwrap_or("finish");
                }
                Some(Err(error)) => {
                    let cause = Some(told(&error));
                    return self.finish(run, Some(&CaughtError { error: "Step.Failed".to_owned(), cause }));
                }
            }
        }
        self.finish(run, None)
    }

    fn finish(&self, run: &RunRef, error: Option<&CaughtError>) -> Result<RunEnd, RunbookError> {
        match self.task(|| Step::Finish { run: run.clone(), error: error.cloned() }) {
            None => Ok(RunEnd::Crashed),
            Some(Ok(StepOutcome { then, summary, details: Details::Finished(run), .. })) => {
                Ok(RunEnd::Finished { then, summary, run })
            }
            Some(Ok(other)) => Ok(RunEnd::Failed(format!("{other:?}"))),
            Some(Err(error)) => Err(error),
        }
    }

    /// One task of the machine: a new process each time, retried as the machine retries it.
    fn task(&self, step: impl Fn() -> Step) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        for attempt in 1.. {
            let hand: Hand = Reconciler {
                cloud: self.world.clone(),
                ledger: self.world.clone(),
                announcer: self.world.clone(),
                clock: self.world.clone(),
                pacer: Arc::new(Pacer::default()),
            };
            let handled = hand.handle(&self.stack, step());
            match run_until_done_or_crash(&self.world, handled)? {
                Err(error) if attempt < ATTEMPTS && retried(&error) => {
                    self.world.advance(Duration::from_secs(2 << attempt));
                }
                answer => return Some(answer),
            }
        }
        None
    }
}

/// The input of a child, as the machine reads it.
fn input(then: &NextStep) -> Value {
    let answer = serde_json::to_value(then).unwrap_or_else(|error| panic!("{error}"));
    answer["request"].clone()
}

/// The schedule over a world.
fn schedule(world: &SimRegion) -> ScheduleRunbook<SimRegion> {
    ScheduleRunbook { ledger: world.clone(), reconcile: world.machine("") }
}

/// Whether the machines try a task again after this error.
fn retried(error: &RunbookError) -> bool {
    matches!(error.name(), ErrorName::AwsThrottled | ErrorName::AwsUnavailable | ErrorName::LedgerConflict)
}

fn told(error: &RunbookError) -> String {
    format!("{error}: {error:?}")
}
