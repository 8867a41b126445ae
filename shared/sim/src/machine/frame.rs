//! Where an execution is within the states of a machine, or of one item of a Map.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use jsonata_core::value::{JMap, JValue};

use super::MachineHost;
use super::definition::{ChoiceState, FailState, PassState, Scope, State, WaitState};
use super::execution::{Execution, Identity};
use super::expression::{ExpressionInput, StateError, Variables, iso};
use super::map::Items;
use super::template::Template;

/// Why a scope does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// A state failed, and nothing caught it.
    Failed(StateError),
    /// A process died, and the execution with it.
    Died,
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::Failed(error)
    }
}

/// What a state waits for.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing: it can be taken, or tried again.
    Ready,
    /// An instant, after which it is left.
    Sleeping(Timestamp),
    /// An instant, after which it is tried again.
    Retrying(Timestamp),
    /// Another execution, until then.
    Child(Box<Execution>, Timestamp),
    /// Somebody's answer, until then.
    Asking(Timestamp),
    /// The answer has come.
    Answered(Result<JValue, StateError>),
    /// The items of a Map.
    Items(Items),
}

/// States under way.
#[derive(Debug)]
pub(super) struct Frame {
    scope: Scope<'static>,
    pub(super) state: &'static str,
    pub(super) entered: Timestamp,
    /// The same, as expressions see it.
    entered_text: JValue,
    pub(super) input: JValue,
    pub(super) variables: Variables,
    pub(super) phase: Phase,
    /// How often each Retry of the state has been used.
    pub(super) tried: Vec<u32>,
    output: Option<JValue>,
}

impl Frame {
    pub(super) fn new(scope: Scope<'static>, input: JValue, variables: Variables, now: Timestamp) -> Self {
        let (state, phase, tried) = (scope.start_at, Phase::Ready, Vec::new());
        let entered_text = JValue::from(iso(now));
        Self { scope, state, entered: now, entered_text, input, variables, phase, tried, output: None }
    }

    /// When it goes on: at once, where that is over.
    pub(super) fn due(&self) -> Timestamp {
        match &self.phase {
            Phase::Ready | Phase::Answered(_) => Timestamp::MIN,
            Phase::Sleeping(until) | Phase::Retrying(until) | Phase::Asking(until) => *until,
            Phase::Child(child, until) => child.due().min(*until),
            Phase::Items(items) => items.due(),
        }
    }

    /// Goes on, if it is due. With its output, if that was the end.
    pub(super) fn step(&mut self, who: &Identity, host: &mut dyn MachineHost) -> Result<Option<JValue>, Stop> {
        if self.due() > host.now() {
            return Ok(None);
        }
        match self.scope.state(self.state) {
            State::Task(task) => self.task(task, who, host)?,
            State::Choice(choice) => self.choose(choice, who, host.now())?,
            State::Wait(wait) => self.wait(wait, who, host.now())?,
            State::Map(map) => self.map(map, who, host)?,
            State::Pass(pass) => self.pass(pass, who, host.now())?,
            State::Fail(fail) => return Err(self.fail(fail, who, host.now())?.into()),
        }
        Ok(self.output.take())
    }

    fn choose(&mut self, choice: &'static ChoiceState, who: &Identity, now: Timestamp) -> Result<(), StateError> {
        let seen = self.seen(who, JMap::default(), now);
        for rule in &choice.choices {
            if rule.condition.typed(&seen, "boolean", JValue::as_bool)? {
                self.go(&rule.next, now);
                return Ok(());
            }
        }
        self.go(&choice.default, now);
        Ok(())
    }

    fn wait(&mut self, wait: &'static WaitState, who: &Identity, now: Timestamp) -> Result<(), StateError> {
        if matches!(self.phase, Phase::Sleeping(_)) {
            return self.leave(&wait.output, wait.assign.as_ref(), &wait.next, (who, JMap::default(), now));
        }
        let seconds = wait.seconds.typed(&self.seen(who, JMap::default(), now), "number of seconds", seconds)?;
        self.phase = Phase::Sleeping(after(now, seconds));
        Ok(())
    }

    fn pass(&mut self, pass: &'static PassState, who: &Identity, now: Timestamp) -> Result<(), StateError> {
        if let Some(next) = &pass.next {
            return self.leave(&pass.output, pass.assign.as_ref(), next, (who, JMap::default(), now));
        }
        assert!(pass.end, "{} leads nowhere", self.state);
        self.output = Some(pass.output.evaluate(&self.seen(who, JMap::default(), now))?);
        Ok(())
    }

    fn fail(&self, fail: &FailState, who: &Identity, now: Timestamp) -> Result<StateError, StateError> {
        let seen = self.seen(who, JMap::default(), now);
        let text = |value: &JValue| value.as_str().map(str::to_owned);
        let error = fail.error.typed(&seen, "text", text)?;
        Ok(StateError { error, cause: Some(fail.cause.typed(&seen, "text", text)?) })
    }

    /// The state is left: its output is the next one's input, and its variables are assigned, all as it was entered.
    pub(super) fn leave(
        &mut self,
        output: &Template,
        assign: Option<&Template>,
        next: &'static str,
        (who, more, now): (&Identity, JMap, Timestamp),
    ) -> Result<(), StateError> {
        let seen = self.seen(who, more, now);
        let output = output.evaluate(&seen)?;
        let assigned = assign.map(|assign| assign.fields(&seen)).transpose()?;
        let assigned = assigned.into_iter().flat_map(JMap::into_inner);
        self.variables.extend(assigned.map(|(name, value)| (Arc::from(name), value)));
        self.input = output;
        self.go(next, now);
        Ok(())
    }

    fn go(&mut self, next: &'static str, now: Timestamp) {
        (self.state, self.phase, self.entered) = (next, Phase::Ready, now);
        self.entered_text = JValue::from(iso(now));
        self.tried.clear();
    }

    /// What the state's expressions see, with parts of `$states` beyond the input and the context.
    pub(super) fn seen(&self, who: &Identity, more: JMap, now: Timestamp) -> ExpressionInput<'_> {
        self.sight_in(who, JMap::default(), more, now)
    }

    /// The same, with more in the context.
    pub(super) fn sight_in(&self, who: &Identity, context: JMap, more: JMap, now: Timestamp) -> ExpressionInput<'_> {
        let mut states = more;
        let mut seen = context;
        let tried = i64::from(self.tried.iter().sum::<u32>());
        let state = [
            ("Name", JValue::from(self.state)),
            ("EnteredTime", self.entered_text.clone()),
            ("RetryCount", JValue::from(tried)),
        ];
        seen.insert("State".to_owned(), object(state));
        seen.insert("Execution".to_owned(), who.execution.clone());
        states.insert("context".to_owned(), JValue::Object(Rc::new(seen)));
        states.insert("input".to_owned(), self.input.clone());
        ExpressionInput::new(&self.variables, states, now)
    }
}

/// An object of these fields.
pub(super) fn object<const N: usize>(fields: [(&str, JValue); N]) -> JValue {
    JValue::Object(Rc::new(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

/// Seconds, as a state takes them.
pub(super) fn seconds(value: &JValue) -> Option<i64> {
    value.as_i64().filter(|seconds| *seconds >= 0)
}

/// So many seconds later.
pub(super) fn after(instant: Timestamp, seconds: i64) -> Timestamp {
    instant.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
