//! The daily unblock over the simulated AWS: the tick, and the `daily-unblock` machine between its steps.

use std::time::Duration;

use daily_unblock::tick::{Hands, Ticked, tick};
use daily_unblock::{Answer, CallError, Step, handle};
use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::{Clock as _, Fault};
use watchkeeper_control::unblock::{Step as Taken, UnblockError, UnblockNext, UnblockRunbook};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_lambda::{CaughtError, MachineExecution};
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use super::{ATTEMPTS, InMemoryHarness};

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

type Hand = UnblockRunbook<SimRegion, SimRegion, SimRegion, SimRegion, SimRegion>;

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
            let hands = Hands { ledger: world, machine: world, watch: world, announcer: world };
            let ticked = tick(&hands, &self.estates, &self.home, instant);
            match run_until_done_or_crash(world, ticked) {
                Some(Ok(ticked)) => return Some(ticked),
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
            let tell = || Step::Tell { request: request.clone(), execution: execution.clone(), error: error.clone() };
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
        let begin = || Step::Begin { request: request.clone(), execution: execution.clone() };
        let mut taken = match self.unblock_task(begin) {
            None => return UnblockEnded::Crashed,
            Some(Err(error)) => return UnblockEnded::Failed(told(&error)),
            Some(Ok(taken)) => taken,
        };
        while taken.next == UnblockNext::Work {
            let run = taken.run.clone();
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
        if taken.next == UnblockNext::Report {
            let run = taken.run.clone();
            taken = match self.unblock_task(|| Step::Report { run: run.clone() }) {
                None => return UnblockEnded::Crashed,
                Some(Err(error)) => return UnblockEnded::Failed(told(&error)),
                Some(Ok(taken)) => taken,
            };
        }
        UnblockEnded::Done(taken.summary)
    }

    fn unblock_skip(&self, run: &RunRef, cause: &str) -> Option<Result<Taken, CallError>> {
        let error = CaughtError { error: "Step.Failed".to_owned(), cause: Some(cause.to_owned()) };
        self.unblock_task(|| Step::Skip { run: run.clone(), error: error.clone() })
    }

    /// One task of the machine: a new process each time, retried as the machine retries it. What goes over the wire is
    /// JSON, so it is here, too.
    fn unblock_task(&self, step: impl Fn() -> Step) -> Option<Result<Taken, CallError>> {
        Some(self.unblock_call(step)?.map(|answer| match answer {
            Answer::Taken(taken) => taken,
            other => panic!("{other:?}"),
        }))
    }

    fn unblock_call(&self, step: impl Fn() -> Step) -> Option<Result<Answer, CallError>> {
        for attempt in 1.. {
            let world = &self.world;
            let (stuck, ledger, announcer) = (world.clone(), world.clone(), world.clone());
            let hand: Hand =
                UnblockRunbook { stuck, ledger, reconcile: world.clone(), announcer, clock: world.clone() };
            let handled = handle(&hand, &self.estates, &self.home, step());
            match run_until_done_or_crash(world, handled)? {
                Err(error) if attempt < ATTEMPTS && retried(&error) => world.advance(Duration::from_secs(2 << attempt)),
                answer => return Some(answer),
            }
        }
        None
    }
}

/// Whether the machine tries a task again after this error.
fn retried(error: &CallError) -> bool {
    let fault = match error {
        CallError::Step(UnblockError::Ledger(LedgerError::Conflict { .. })) => return true,
        CallError::Step(UnblockError::Aws(error) | UnblockError::Ledger(LedgerError::Aws(error))) => error.fault,
        _ => return false,
    };
    matches!(fault, Fault::Throttled | Fault::Unavailable)
}

fn told(error: &CallError) -> String {
    format!("{error}: {error:?}")
}
