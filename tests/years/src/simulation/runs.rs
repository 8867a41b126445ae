//! Executions that are under way, and the people who answer them.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_in_memory::ExecutionEnd;
use watchkeeper_sim::machine::{Execution, Standing};

use super::{Later, Simulation};
use crate::coverage::Phase;
use crate::invariant::{Actor, Violation};
use crate::story::fated;
use crate::story::weights::{ANSWERS, Answer};

/// An execution that is under way.
pub(crate) struct Run {
    pub(crate) execution: Execution,
    pub(crate) began: Timestamp,
    asked: bool,
}

impl Run {
    /// Until when nothing has to be done about it.
    fn due(&self) -> Option<Timestamp> {
        match self.execution.standing() {
            Standing::Due(at) | Standing::Asking(at) => Some(at),
            Standing::Ended(_) => None,
        }
    }

    /// What an estate with this execution is in the middle of.
    pub(super) fn phase(&self) -> Option<Phase> {
        if matches!(self.execution.standing(), Standing::Asking(_)) {
            return Some(Phase::Asked);
        }
        match innermost(&self.execution).machine() {
            "Reconcile" => Some(Phase::Changing),
            "Backup" | "Restore" => Some(Phase::BackingUp),
            "Unblock" => Some(Phase::Unblocking),
            _ => None,
        }
    }
}

/// The execution that acts: the child of a child of it.
pub(crate) fn innermost(execution: &Execution) -> &Execution {
    execution.child().map_or(execution, innermost)
}

impl Simulation {
    /// The execution that is due first, and when.
    pub(super) fn due_run(&self) -> Option<(Timestamp, usize)> {
        let now = self.now();
        let due = self.runs.iter().enumerate().filter_map(|(place, run)| Some((run.due()?.max(now), place)));
        due.min()
    }

    /// An execution is started by somebody.
    pub(super) fn start(&mut self, machine: &str, name: &str, input: Value) -> Result<(), Violation> {
        self.say(|| format!("  {machine} {name} starts"));
        let execution = Execution::start(machine, name, input, &mut self.stack.host());
        self.runs.push(Run { execution, began: self.now(), asked: false });
        self.acted(&Actor::Somebody)
    }

    /// What was started by functions begins.
    pub(super) fn begin_started(&mut self) {
        for started in self.stack.sim.take_started() {
            let input = serde_json::from_str(&started.input).unwrap_or(Value::Null);
            let execution = Execution::start(&started.machine, &started.name, input, &mut self.stack.host());
            self.runs.push(Run { execution, began: self.now(), asked: false });
        }
    }

    /// An execution goes on by one state.
    pub(super) fn step(&mut self, place: usize) -> Result<(), Violation> {
        let run = &mut self.runs[place];
        let actor = Actor::Run(innermost(&run.execution).name().to_owned());
        run.execution.step(&mut self.stack.host());
        let asks = matches!(run.execution.standing(), Standing::Asking(_));
        if !asks {
            run.asked = false;
        } else if !std::mem::replace(&mut run.asked, true) {
            let name = run.execution.name().to_owned();
            self.asked(&name);
        }
        if let Some(end) = self.runs[place].execution.end() {
            let (outcome, said) = (end.outcome().to_owned(), end.said().to_owned());
            let died = matches!(end, ExecutionEnd::Died);
            let run = self.runs.remove(place);
            let (machine, name) = (run.execution.machine(), run.execution.name());
            if outcome != "nothing" {
                self.say(|| format!("  {machine} {name} {}: {said}", if died { "dies" } else { &outcome }));
            }
        }
        self.acted(&actor)
    }

    /// A person may answer, as fate has it for this execution.
    fn asked(&mut self, name: &str) {
        let (answer, minutes) = fated(self.seed, name, ANSWERS);
        let answer = match answer {
            Answer::Yes => json!({ "approved": true, "by": "Ada" }),
            Answer::No => json!({ "approved": false, "by": "Ada" }),
            Answer::Unsigned => json!({ "approved": true }),
            Answer::Nothing => return self.say(|| format!("  {name} asks; nobody will answer")),
        };
        self.say(|| format!("  {name} asks; {answer} in {minutes} min"));
        self.soon(minutes, Later::Answer(name.to_owned(), answer));
    }

    /// An answer comes; where nobody asks any more, it leads to nothing.
    pub(super) fn answers(&mut self, name: &str, answer: Value) -> Result<(), Violation> {
        let asking = |run: &&mut Run| run.execution.name() == name && run.asked;
        if let Some(run) = self.runs.iter_mut().find(asking) {
            run.asked = false;
            run.execution.answer(answer);
        }
        self.acted(&Actor::Somebody)
    }

    /// Every execution dies at once, as nothing in Step Functions would have it but a person who stops them.
    pub(super) fn abort(&mut self) {
        for run in std::mem::take(&mut self.runs) {
            let status = watchkeeper_domain::execution::ExecutionStatus::Dead("ABORTED".to_owned());
            self.stack.sim.set_status(run.execution.name(), status.clone());
            self.stack.sim.set_status(innermost(&run.execution).name(), status);
        }
    }
}
