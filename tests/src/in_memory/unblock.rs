//! The daily unblock over the simulated AWS: the tick, and the `daily-unblock` machine between its steps.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::runbook::{
    Begin, CaughtError, FunctionEvent, MachineExecution, RunbookError, ScheduleTick, StepCall, StepOutcome, Unmade,
};
use watchkeeper_control::unblock::{Answer, Details, Step, Ticked, UnblockRunbook};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use super::{ATTEMPTS, InMemoryHarness, retried, told};

/// How an execution of the machine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnblockEnded {
    /// It came to its end; this is its summary.
    Done(String),
    /// It failed.
    Failed(String),
    /// Its process died, and the execution with it.
    Crashed,
}

impl InMemoryHarness {
    /// The schedule of the unblock fires: three times at the most, like any asynchronous invocation; then every execution
    /// that it started plays to its end.
    pub fn unblock_tick(&mut self, instant: Timestamp) -> Vec<(String, UnblockEnded)> {
        self.unblock_ticked(instant);
        let started = self.world.executions().into_iter().filter(|(name, _)| name.contains("-unblock-"));
        let fresh: Vec<_> = started.filter(|(name, _)| self.done.insert(name.clone())).collect();
        let read = |input: &str| serde_json::from_str(input).unwrap_or(Value::Null);
        fresh.into_iter().map(|(name, input)| (name.clone(), self.unblock(&name, &read(&input)))).collect()
    }

    /// Only the tick: what it started is left to be played.
    pub fn unblock_ticked(&self, instant: Timestamp) -> Option<Ticked> {
        let world = &self.world;
        world.set_now(instant);
        for wait in [60, 120, 0] {
            let hand = hand(world);
            let ticked = hand.handle(&self.stack, FunctionEvent::Tick(ScheduleTick { time: instant }));
            match run_until_done_or_crash(world, ticked) {
                Some(Ok(Answer::Ticked(ticked))) => return Some(ticked),
                _ => world.advance(Duration::from_secs(wait)),
            }
        }
        None
    }

    /// One execution of the machine, from its input to its end.
    pub fn unblock(&self, name: &str, request: &Value) -> UnblockEnded {
        let mut end = self.unblock_machine(name, request);
        if let UnblockEnded::Failed(why) = &end {
            let execution = MachineExecution { name: name.to_owned(), start: self.world.now() };
            let error = CaughtError { error: "Step.Failed".to_owned(), cause: Some(why.clone()) };
            let tell = || {
                let (request, execution) = (request.clone(), execution.clone());
                Step::Tell(Unmade { request, execution, error: error.clone() })
            };
            if self.unblock_call(tell).is_none() {
                end = UnblockEnded::Crashed;
            }
        }
        let status = match &end {
            UnblockEnded::Done(_) => ExecutionStatus::Succeeded,
            UnblockEnded::Failed(_) => ExecutionStatus::Dead("FAILED".to_owned()),
            UnblockEnded::Crashed => ExecutionStatus::Dead("ABORTED".to_owned()),
        };
        self.world.set_status(name, status);
        end
    }

    fn unblock_machine(&self, name: &str, request: &Value) -> UnblockEnded {
        let execution = MachineExecution { name: name.to_owned(), start: self.world.now() };
        let begin = || Step::Begin(Begin { request: request.clone(), execution: execution.clone() });
        let mut taken = match self.unblock_task(begin) {
            None => return UnblockEnded::Crashed,
            Some(Err(error)) => return UnblockEnded::Failed(told(&error)),
            Some(Ok(taken)) => taken,
        };
        while taken.then.step() == Some("work") {
            let run = of(&taken);
            taken = match self.unblock_task(|| Step::Work { run: run.clone() }) {
                None => return UnblockEnded::Crashed,
                Some(Ok(taken)) => taken,
                Some(Err(error)) => match self.unblock_skip(&run, &told(&error)) {
                    None => return UnblockEnded::Crashed,
                    Some(Err(error)) => return UnblockEnded::Failed(told(&error)),
                    Some(Ok(taken)) => taken,
                },
            };
        }
        if taken.then.step() == Some("report") {
            let run = of(&taken);
            taken = match self.unblock_task(|| Step::Report { run: run.clone() }) {
                None => return UnblockEnded::Crashed,
                Some(Err(error)) => return UnblockEnded::Failed(told(&error)),
                Some(Ok(taken)) => taken,
            };
        }
        UnblockEnded::Done(taken.summary)
    }

    fn unblock_skip(&self, run: &RunRef, cause: &str) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        let error = CaughtError { error: "Step.Failed".to_owned(), cause: Some(cause.to_owned()) };
        self.unblock_task(|| Step::Skip { run: run.clone(), error: error.clone() })
    }

    /// One task of the machine: a new process each time, retried as the machine retries it. What goes over the wire is
    /// JSON, so it is here, too.
    fn unblock_task(&self, step: impl Fn() -> Step) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        Some(self.unblock_call(step)?.map(|answer| match answer {
            Answer::Stepped(outcome) => *outcome,
            Answer::Ticked(ticked) => panic!("{ticked:?}"),
        }))
    }

    fn unblock_call(&self, step: impl Fn() -> Step) -> Option<Result<Answer, RunbookError>> {
        for attempt in 1.. {
            let world = &self.world;
            let hand = hand(world);
            let call = StepCall { now: world.now(), step: step() };
            let handled = hand.handle(&self.stack, FunctionEvent::Call(call));
            match run_until_done_or_crash(world, handled)? {
                Err(error) if attempt < ATTEMPTS && retried(&error) => world.advance(Duration::from_secs(2 << attempt)),
                answer => return Some(answer),
            }
        }
        None
    }
}

/// The run that a step was of.
fn of(taken: &StepOutcome<Details>) -> RunRef {
    taken.run.clone().unwrap_or_else(|| panic!("{taken:?}"))
}

/// The unblock over a world.
fn hand(world: &SimRegion) -> UnblockRunbook<SimRegion> {
    UnblockRunbook {
        stuck: world.clone(),
        ledger: world.clone(),
        reconcile: world.machine(""),
        machine: world.machine(""),
        announcer: world.clone(),
        clock: world.clone(),
    }
}
