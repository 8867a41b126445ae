//! The failover and failback machines of a pair, one step at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::failover::{Child, Details, Step};
use watchkeeper_control::runbook::{
    Begin, CaughtError, ErrorName, MachineExecution, NextStep, RunbookError, StepCall, StepOutcome,
};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::name::Region;
use watchkeeper_sim::run_until_done_or_crash;

use super::{FAILOVER, InMemoryPair};
use crate::in_memory::{ATTEMPTS, RunEnd, input, retried};

/// Steps of one execution at most; more is a loop without an end.
const STEPS: usize = 2_000;

/// Where an execution of the failover machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailoverRunState {
    /// It goes on.
    Flying,
    /// It waits for a person, who reads this.
    Asking(String),
    /// It has ended: its ending, and the error if it failed.
    Ended(String, Option<&'static str>),
    /// It failed for good, without an ending of its own.
    Failed(String),
    /// Its process died, and the execution with it.
    Crashed,
}

/// An execution of the failover machine.
#[derive(Debug)]
pub struct FailoverRun {
    /// Its name.
    pub name: String,
    /// The region that it runs in.
    pub region: Region,
    /// Where it is.
    pub flight: FailoverRunState,
    /// What it was told last.
    pub last: Option<StepOutcome<Details>>,
    request: Value,
    start: Timestamp,
    child: Option<Child>,
    answer: Option<Value>,
}

impl InMemoryPair {
    /// An execution of the failover machine of a region, before its first step.
    pub fn pilot(&self, region: &Region, name: &str, request: Value) -> FailoverRun {
        FailoverRun {
            name: name.to_owned(),
            region: region.clone(),
            flight: FailoverRunState::Flying,
            last: None,
            request,
            start: self.pair.now(),
            child: None,
            answer: None,
        }
    }

    /// A person starts the failover machine of a region.
    pub fn by_hand(&self, region: &Region, name: &str, more: &Value) -> FailoverRun {
        let id = &self.half(region).id;
        let mut request = json!({ "estate": id.estate, "environment": id.environment });
        if let (Some(request), Some(more)) = (request.as_object_mut(), more.as_object()) {
            request.extend(more.clone());
        }
        let world = self.pair.world(region);
        let machine = world.machine(FAILOVER);
        // What a person starts is known to the machine as what a tick starts is.
        let started = watchkeeper_control::ports::Executions::start(&machine, name, "{}");
        let _died = run_until_done_or_crash(&world, async { started.await.map(|_| ()) });
        world.take_started();
        self.pilot(region, name, request)
    }

    /// Lets an execution go on until it ends, dies, or asks a person.
    ///
    /// # Panics
    /// When it never ends.
    pub fn fly(&mut self, pilot: &mut FailoverRun) {
        for _ in 0..STEPS {
            if pilot.flight != FailoverRunState::Flying {
                return;
            }
            self.step(pilot);
        }
        panic!("{} does not end: {:?}", pilot.name, pilot.last);
    }

    /// One step of an execution, with what it waits for.
    ///
    /// # Panics
    /// When it is answered what no step of a move is.
    pub fn step(&mut self, pilot: &mut FailoverRun) {
        let (child, answer) = (pilot.child.take(), pilot.answer.take());
        let advanced = match self.advance(pilot, child.as_ref(), answer.as_ref(), None) {
            None => return self.over(pilot, FailoverRunState::Crashed),
            Some(Ok(advanced)) => advanced,
            Some(Err(error)) => {
                let caught = CaughtError { error: "Step.Failed".to_owned(), cause: Some(error.to_string()) };
                match self.advance(pilot, None, None, Some(&caught)) {
                    None => return self.over(pilot, FailoverRunState::Crashed),
                    Some(Ok(advanced)) => advanced,
                    Some(Err(again)) => {
                        return self.over(pilot, FailoverRunState::Failed(format!("{error}; {again}: {again:?}")));
                    }
                }
            }
        };
        pilot.last = Some(advanced.clone());
        let Details::Advanced(details) = &advanced.details else { panic!("{advanced:?}") };
        let ending = details.ending.map_or_else(String::new, |ending| ending.to_string());
        match &advanced.then {
            NextStep::Again { .. } => self.pass(advanced.then.wait()),
            NextStep::Child { suffix, .. } => pilot.child = Some(self.run_child(pilot, suffix, &advanced.then)),
            NextStep::Ask(question) => pilot.flight = FailoverRunState::Asking(question.why.clone()),
            NextStep::Done { .. } => self.over(pilot, FailoverRunState::Ended(ending, None)),
            NextStep::Failed { error, .. } => {
                let named = ErrorName::ALL.iter().map(|name| name.name()).find(|name| name == error);
                self.over(pilot, FailoverRunState::Ended(ending, named));
            }
        }
    }

    /// A person answers.
    pub fn answer(&mut self, pilot: &mut FailoverRun, answer: Value) {
        pilot.answer = Some(answer);
        pilot.flight = FailoverRunState::Flying;
        self.fly(pilot);
    }

    fn over(&self, pilot: &mut FailoverRun, flight: FailoverRunState) {
        self.pair.world(&pilot.region).set_status(&pilot.name, ExecutionStatus::Succeeded);
        pilot.flight = flight;
    }

    fn run_child(&mut self, pilot: &FailoverRun, suffix: &str, then: &NextStep) -> Child {
        let kept: String = pilot.name.chars().take(68).collect();
        let name = format!("{kept}{suffix}");
        let request = input(then);
        let index = self.index(&pilot.region);
        let failed =
            |error: &str, cause: String| Child::Failed(CaughtError { error: error.to_owned(), cause: Some(cause) });
        let end = self.stacks[index].rehearsal.execute(&name, &request);
        // What fell due while it ran.
        self.pass(Duration::ZERO);
        match end {
            RunEnd::AtBegin(..) => Child::Done(json!({ "outcome": "nothing" })),
            RunEnd::Finished { then, summary, .. } => match then {
                NextStep::Failed { error, .. } => failed(&error, summary),
                _ => Child::Done(json!({ "summary": summary })),
            },
            RunEnd::Failed(why) => failed("Run.Failed", why),
            RunEnd::Crashed => failed("States.Timeout", "the child died".to_owned()),
        }
    }

    fn advance(
        &self,
        pilot: &FailoverRun,
        child: Option<&Child>,
        answer: Option<&Value>,
        error: Option<&CaughtError>,
    ) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        let world = self.pair.world(&pilot.region);
        let half = self.half(&pilot.region);
        for attempt in 1.. {
            let mover = self.runbook(&pilot.region);
            let step = Step::Advance {
                request: pilot.request.clone(),
                execution: MachineExecution { name: pilot.name.clone(), start: pilot.start },
                answer: answer.cloned(),
                child: child.cloned(),
                error: error.cloned(),
            };
            let call = StepCall { now: self.pair.now(), step };
            match run_until_done_or_crash(&world, mover.handle(half, call))? {
                Ok(advanced) => return Some(Ok(advanced)),
                Err(error) if attempt < ATTEMPTS && retried(&error) => {
                    self.pair.advance(Duration::from_secs(2 << attempt));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    /// The failback machine, up to the move: what it says of the way home, and the execution that goes there.
    ///
    /// # Panics
    /// When its function dies or fails for good.
    pub fn go_home(&mut self, name: &str, more: &Value) -> Result<FailoverRun, String> {
        let region = self.pair.home_region().clone();
        let mut pilot = self.by_hand(&region, name, more);
        let start = self.pair.now();
        loop {
            let world = self.pair.world(&region);
            let mover = self.runbook(&region);
            let execution = MachineExecution { name: name.to_owned(), start };
            let step = Step::Ready(Begin { request: pilot.request.clone(), execution });
            let call = StepCall { now: self.pair.now(), step };
            let handled = run_until_done_or_crash(&world, mover.handle(self.half(&region), call));
            let readied = match handled {
                Some(Ok(readied)) => readied,
                other => panic!("{other:?}"),
            };
            match &readied.then {
                NextStep::Again { .. } => self.pass(readied.then.wait()),
                NextStep::Failed { .. } => return Err(readied.summary),
                then => {
                    pilot.request = input(then);
                    pilot.start = self.pair.now();
                    return Ok(pilot);
                }
            }
        }
    }
}
