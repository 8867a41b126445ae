//! The failover and failback machines of a pair, one step at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::name::Region;
use watchkeeper_sim::machine::{Execution, Standing};

use super::{Functions, InMemoryPair};
use crate::ExecutionEnd;

/// Steps of one execution at most; more is a loop without an end.
const STEPS: usize = 2_000;

/// The state in which the failover machine takes its next step.
const STEP: &str = "Advance";

/// Where an execution of the failover machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailoverRunState {
    /// It goes on.
    Running,
    /// It waits for a person, who reads this.
    Asking(String),
    /// It has ended: its ending, and the error if it failed.
    Ended(String, Option<String>),
    /// It failed for good, without an ending of its own.
    Failed(String),
    /// Its process died, and the execution with it.
    Crashed,
}

/// An execution of the failover machine, or of the failback machine, which starts one.
#[derive(Debug)]
pub struct FailoverRun {
    /// The name of the move: that of the failover machine's execution.
    pub name: String,
    /// The region that it runs in.
    pub region: Region,
    /// Where it is.
    pub state: FailoverRunState,
    /// What was said of its last step.
    pub said: String,
    ending: Option<String>,
    execution: Execution,
}

impl FailoverRun {
    pub(super) fn start(machine: &str, region: &Region, name: &str, input: Value, host: &mut Functions<'_>) -> Self {
        let execution = Execution::start(machine, name, input, host);
        let (name, region, state) = (name.to_owned(), region.clone(), FailoverRunState::Running);
        Self { name, region, state, said: String::new(), ending: None, execution }
    }

    /// The execution of the failover machine.
    fn moving(&self) -> Option<&Execution> {
        let own = &self.execution;
        if own.machine() == "Failover" { Some(own) } else { own.child().filter(|child| child.machine() == "Failover") }
    }

    /// Notes where it is.
    fn look(&mut self) {
        let text = |value: Value| value.as_str().map(str::to_owned);
        if let Some(moving) = self.moving() {
            let (said, ending, name) =
                (text(moving.variable("summary")), text(moving.variable("ending")), moving.name().to_owned());
            self.name = name;
            self.said = said.unwrap_or_default();
            self.ending = ending;
        }
        let ending = || self.ending.clone();
        self.state = match self.execution.standing() {
            Standing::Due(_) => FailoverRunState::Running,
            Standing::Asking(_) => {
                FailoverRunState::Asking(self.moving().and_then(|it| text(it.variable("why"))).unwrap_or_default())
            }
            Standing::Ended(ExecutionEnd::Died) => FailoverRunState::Crashed,
            Standing::Ended(ExecutionEnd::Succeeded(_)) => FailoverRunState::Ended(ending().unwrap_or_default(), None),
            Standing::Ended(ExecutionEnd::Failed { error, cause }) => match ending() {
                Some(ending) => FailoverRunState::Ended(ending, Some(error.clone())),
                None => FailoverRunState::Failed(format!("{error}: {cause}")),
            },
            Standing::Ended(other) => FailoverRunState::Failed(other.outcome().to_owned()),
        };
    }

    /// A person's answer reaches it.
    pub fn hears(&mut self, answer: Value) {
        self.execution.answer(answer);
        self.state = FailoverRunState::Running;
    }

    /// How it stands: when it goes on, or until when it asks.
    pub fn standing(&self) -> Standing<'_> {
        self.execution.standing()
    }

    /// Whether its next step is about to be taken.
    fn at_step(&self) -> bool {
        self.moving().is_some_and(|moving| moving.enters(STEP))
    }
}

impl InMemoryPair {
    /// A person starts the failover machine of a region.
    pub fn by_hand(&self, region: &Region, name: &str, more: &Value) -> FailoverRun {
        self.start("Failover", region, name, more)
    }

    fn start(&self, machine: &str, region: &Region, name: &str, more: &Value) -> FailoverRun {
        let id = &self.member(region).id;
        let mut request = json!({ "estate": id.estate, "environment": id.environment });
        if let (Some(request), Some(more)) = (request.as_object_mut(), more.as_object()) {
            request.extend(more.clone());
        }
        FailoverRun::start(machine, region, name, request, &mut self.functions(region))
    }

    /// Lets an execution go on until it ends, dies, or asks a person.
    ///
    /// # Panics
    /// When it never ends.
    pub fn fly(&mut self, failover_run: &mut FailoverRun) {
        for _ in 0..STEPS {
            if failover_run.state != FailoverRunState::Running {
                return;
            }
            self.step(failover_run);
        }
        panic!("{} does not end: {}", failover_run.name, failover_run.said);
    }

    /// One step of an execution, with what it waits for.
    pub fn step(&mut self, failover_run: &mut FailoverRun) {
        let mut steps = 0;
        while failover_run.state == FailoverRunState::Running {
            if failover_run.at_step() {
                steps += 1;
            }
            if steps > 1 {
                return;
            }
            self.take(failover_run);
        }
    }

    /// Somebody stops an execution, and what moves with it; not its own hand's run, which is left to itself. Whether there
    /// was one.
    pub fn stop(&mut self, failover_run: &mut FailoverRun) -> bool {
        let index = self.index(&failover_run.region);
        let mut functions = self.stacks[index].functions();
        let mut left = failover_run.execution.stop(&mut functions);
        if let Some(moving) = left.as_mut().filter(|left| left.machine() == "Failover") {
            left = moving.stop(&mut functions);
        }
        failover_run.look();
        let child = left.is_some();
        self.left.extend(left.map(|child| (index, child)));
        child
    }

    /// Somebody stops the run of its own hand that an execution waits for. Whether there was one.
    pub fn stop_child(&mut self, failover_run: &mut FailoverRun) -> bool {
        let waits = failover_run.moving().is_some_and(|moving| moving.child().is_some());
        waits && failover_run.execution.stop_child(&mut self.functions(&failover_run.region))
    }

    /// Somebody stops the runs that were left to themselves.
    pub fn stop_left(&mut self) {
        for (index, mut child) in std::mem::take(&mut self.left) {
            let _nothing = child.stop(&mut self.stacks[index].functions());
        }
    }

    /// The runs that were left to themselves go on until an instant.
    pub(super) fn play_left(&mut self, until: Timestamp) {
        loop {
            let due = |(_, child): &(usize, Execution)| match child.standing() {
                Standing::Due(at) | Standing::Asking(at) => at,
                Standing::Ended(_) => Timestamp::MAX,
            };
            let Some((index, child)) = self.left.iter_mut().min_by_key(|left| due(left)) else { return };
            let Standing::Due(at) = child.standing() else { return };
            if at > until {
                return;
            }
            self.pair.set_now(at);
            child.step(&mut self.stacks[*index].functions());
        }
    }

    /// One state of an execution, once it is due, or once its question has had no answer in time. What falls due while its own hand is at work waits for the end of that.
    pub fn take(&mut self, failover_run: &mut FailoverRun) {
        if let Standing::Due(at) | Standing::Asking(at) = failover_run.execution.standing() {
            let wait = Duration::try_from(at.duration_since(self.pair.now())).unwrap_or_default();
            let reconcile_machine = failover_run.moving().is_some_and(|moving| moving.child().is_some());
            if reconcile_machine {
                self.play_left(at);
                self.pair.set_now(at);
            } else if wait > Duration::ZERO {
                self.pass(wait);
            }
            failover_run.execution.step(&mut self.functions(&failover_run.region));
            if reconcile_machine && failover_run.moving().is_none_or(|moving| moving.child().is_none()) {
                self.pass(Duration::ZERO);
            }
        }
        failover_run.look();
    }

    /// A person answers, and the execution goes on until it ends, dies, or asks again.
    pub fn answer(&mut self, failover_run: &mut FailoverRun, answer: Value) {
        failover_run.hears(answer);
        self.fly(failover_run);
    }

    /// A person starts the failback machine.
    pub fn by_hand_home(&self, name: &str, more: &Value) -> FailoverRun {
        self.start("Failback", self.pair.home_region(), name, more)
    }

    /// The failback machine, up to the move: what it says of the way home, or the execution that goes there.
    ///
    /// # Errors
    /// Why it does not go.
    ///
    /// # Panics
    /// When it ends in any other way.
    pub fn go_home(&mut self, name: &str, more: &Value) -> Result<FailoverRun, String> {
        let mut failover_run = self.by_hand_home(name, more);
        while failover_run.state == FailoverRunState::Running && !failover_run.at_step() {
            self.take(&mut failover_run);
        }
        match failover_run.state {
            FailoverRunState::Running => Ok(failover_run),
            FailoverRunState::Failed(why) => Err(why),
            other => panic!("{name}: {other:?}"),
        }
    }
}
