//! One execution of a machine.

use jiff::Timestamp;
use jsonata_core::value::JValue;
use serde_json::{Value, json};
use watchkeeper_domain::execution::ExecutionStatus;

use super::expression::{StateError, Variables, iso};
use super::frame::{Frame, Phase, Stop, after, object};
use super::{MachineHost, library, template};

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecutionEnd {
    /// With this output.
    Succeeded(Value),
    /// With this error.
    Failed {
        /// Its name.
        error: String,
        /// What was said.
        cause: String,
    },
    /// It took longer than its machine allows.
    TimedOut,
    /// Whoever had started it gave it up.
    Aborted,
    /// A process died, and the execution with it.
    Died,
}

/// How an execution stands.
#[derive(Debug)]
pub enum Standing<'a> {
    /// It goes on then; at once, where that is over.
    Due(Timestamp),
    /// It waits for somebody's answer, until then.
    Asking(Timestamp),
    /// It has ended.
    Ended(&'a ExecutionEnd),
}

/// What the expressions of an execution see of it.
#[derive(Debug)]
pub(super) struct Identity {
    machine: &'static str,
    pub(super) name: String,
    pub(super) execution: JValue,
}

/// One execution of a machine.
#[derive(Debug)]
pub struct Execution {
    who: Identity,
    input: Value,
    deadline: Timestamp,
    frame: Frame,
    end: Option<ExecutionEnd>,
}

impl Execution {
    /// Starts the machine of this logical name.
    pub fn start(machine: &str, name: &str, input: Value, host: &mut dyn MachineHost) -> Self {
        let now = host.now();
        let (machine, definition) = library::machine(machine);
        let seen = JValue::from(input.clone());
        let execution = object([
            ("Id", JValue::from(format!("arn:aws:states:::execution:{machine}:{name}"))),
            ("Name", JValue::from(name)),
            ("StartTime", JValue::from(iso(now))),
            ("Input", seen.clone()),
        ]);
        host.stands(name, ExecutionStatus::Running);
        Self {
            who: Identity { machine, name: name.to_owned(), execution },
            input,
            deadline: after(now, definition.timeout_seconds.into()),
            frame: Frame::new(definition.scope(), seen, Variables::new(), now),
            end: None,
        }
    }

    /// The logical name of its machine.
    pub fn machine(&self) -> &'static str {
        self.who.machine
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.who.name
    }

    /// How it stands.
    pub fn standing(&self) -> Standing<'_> {
        match &self.end {
            Some(end) => Standing::Ended(end),
            None => match self.asking() {
                Some(until) => Standing::Asking(until.min(self.deadline)),
                None => Standing::Due(self.due()),
            },
        }
    }

    /// How it ended.
    pub fn end(&self) -> Option<&ExecutionEnd> {
        self.end.as_ref()
    }

    pub(super) fn due(&self) -> Timestamp {
        if self.end.is_some() { Timestamp::MIN } else { self.frame.due().min(self.deadline) }
    }

    fn asking(&self) -> Option<Timestamp> {
        match &self.frame.phase {
            Phase::Asking(until) => Some(*until),
            Phase::Child(child, until) => Some(child.asking()?.min(*until)),
            _ => None,
        }
    }

    /// The state that it is in.
    pub fn state(&self) -> &'static str {
        self.frame.state
    }

    /// Whether it is about to take this state, for the first time or again.
    pub fn enters(&self, state: &str) -> bool {
        self.end.is_none() && self.frame.state == state && matches!(self.frame.phase, Phase::Ready)
    }

    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Value {
        self.frame.variables.get(name).map_or(Value::Null, template::json)
    }

    /// The execution that it waits for.
    pub fn child(&self) -> Option<&Self> {
        match &self.frame.phase {
            Phase::Child(child, _) => Some(child),
            _ => None,
        }
    }

    /// Somebody answers the question that it waits with.
    ///
    /// # Panics
    /// When it waits with none.
    pub fn answer(&mut self, answer: Value) {
        match &mut self.frame.phase {
            Phase::Child(child, _) => child.answer(answer),
            phase @ Phase::Asking(_) => *phase = Phase::Answered(Ok(JValue::from(answer))),
            phase => panic!("{} asks nothing: {phase:?}", self.who.name),
        }
    }

    /// Goes on by one state, if it is due.
    pub fn step(&mut self, host: &mut dyn MachineHost) {
        if self.end.is_some() {
            return;
        }
        if host.now() >= self.deadline {
            return self.over(ExecutionEnd::TimedOut, host);
        }
        match self.frame.step(&self.who, host) {
            Ok(None) => {}
            Ok(Some(output)) => self.over(ExecutionEnd::Succeeded(template::json(&output)), host),
            Err(Stop::Failed(StateError { error, cause })) => {
                self.over(ExecutionEnd::Failed { error, cause: cause.unwrap_or_default() }, host);
            }
            Err(Stop::Died) => self.over(ExecutionEnd::Died, host),
        }
    }

    pub(super) fn abort(&mut self, host: &mut dyn MachineHost) {
        self.over(ExecutionEnd::Aborted, host);
    }

    /// Somebody stops it. The execution that it waited for is not stopped with it: whoever has it plays it on, or stops it too.
    pub fn stop(&mut self, host: &mut dyn MachineHost) -> Option<Self> {
        let child = match std::mem::replace(&mut self.frame.phase, Phase::Ready) {
            Phase::Child(child, _) => Some(*child),
            _ => None,
        };
        self.abort(host);
        child
    }

    /// Somebody stops the innermost execution that it waits for, of which it hears at its next step. Whether there was one.
    pub fn stop_child(&mut self, host: &mut dyn MachineHost) -> bool {
        let Phase::Child(child, _) = &mut self.frame.phase else { return false };
        if !child.stop_child(host) {
            child.abort(host);
        }
        true
    }

    fn over(&mut self, end: ExecutionEnd, host: &mut dyn MachineHost) {
        if let Phase::Child(child, _) = &mut self.frame.phase {
            child.abort(host);
        }
        self.frame.phase = Phase::Ready;
        host.stands(&self.who.name, end.status());
        self.end = Some(end);
    }

    /// What its parent reads of it.
    pub(super) fn described(&self) -> Value {
        let mut told = json!({
            "Input": self.input.to_string(),
            "Name": self.who.name,
            "Status": self.end.as_ref().map_or("RUNNING", ExecutionEnd::name),
        });
        if let Some(ExecutionEnd::Failed { error, cause }) = &self.end {
            (told["Error"], told["Cause"]) = (error.as_str().into(), cause.as_str().into());
        }
        told
    }
}

impl ExecutionEnd {
    fn name(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed { .. } => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted | Self::Died => "ABORTED",
        }
    }

    fn status(&self) -> ExecutionStatus {
        match self {
            Self::Succeeded(_) => ExecutionStatus::Succeeded,
            other => ExecutionStatus::Dead(other.name().to_owned()),
        }
    }

    /// In a word: the outcome that its machine gave, or the name of its error.
    pub fn outcome(&self) -> &str {
        match self {
            Self::Succeeded(output) => output["outcome"].as_str().unwrap_or("succeeded"),
            Self::Failed { error, .. } => error,
            other => other.name(),
        }
    }

    /// What was said of it.
    pub fn said(&self) -> &str {
        match self {
            Self::Succeeded(output) => output["summary"].as_str().unwrap_or_default(),
            Self::Failed { cause, .. } => cause,
            _ => "",
        }
    }
}
