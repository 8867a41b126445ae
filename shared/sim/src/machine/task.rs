//! Tasks: functions, questions and executions of other machines, tried again and caught as their states say.

use std::hash::{Hash as _, Hasher as _};

use fnv::FnvHasher;
use jiff::Timestamp;
use jsonata_core::value::{JMap, JValue};
use serde_json::json;

use super::MachineHost;
use super::definition::TaskState;
use super::execution::{Execution, ExecutionEnd, Identity};
use super::expression::StateError;
use super::frame::{Frame, Phase, Stop, after, object, seconds};
use super::language::{Arguments, ChildArguments, InvokeArguments, Resource, logical};
use super::template;

impl Frame {
    pub(super) fn task(
        &mut self,
        task: &'static TaskState,
        who: &Identity,
        host: &mut dyn MachineHost,
    ) -> Result<(), Stop> {
        let done = match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Answered(answer) => answer.map(Some),
            Phase::Asking(_) => Err(StateError { error: "States.Timeout".to_owned(), cause: Some(String::new()) }),
            Phase::Child(child, until) => match self.look(child, until, host)? {
                Ok(Some(done)) => Ok(Some(done)),
                Ok(None) => return Ok(()),
                Err(error) => Err(error),
            },
            _ => match self.attempt(task, who, host) {
                Ok(done) => Ok(done),
                Err(Stop::Failed(error)) => Err(error),
                Err(Stop::Died) => return Err(Stop::Died),
            },
        };
        let left = match done {
            Ok(None) => return Ok(()),
            Ok(Some(result)) => {
                let more = [("result".to_owned(), result)].into_iter().collect();
                self.leave(&task.output, task.assign.as_ref(), &task.next, (who, more, host.now()))
            }
            Err(error) => Err(error),
        };
        left.or_else(|error| self.failed(task, error, who, host.now())).map_err(Stop::from)
    }

    /// One attempt: its result, if that is there at once.
    fn attempt(
        &mut self,
        task: &'static TaskState,
        who: &Identity,
        host: &mut dyn MachineHost,
    ) -> Result<Option<JValue>, Stop> {
        let begun = host.now();
        let longest =
            task.timeout_seconds.typed(&self.seen(who, JMap::default(), begun), "number of seconds", seconds)?;
        let until = after(begun, longest);
        match (task.resource, &task.arguments) {
            (Resource::Invoke, Arguments::Invoke(arguments)) => {
                let result = self.invoke(arguments, JMap::default(), who, host)?;
                if host.now() > until {
                    return Err(StateError::new("States.Timeout", "").into());
                }
                Ok(Some(result))
            }
            (Resource::InvokeAndAsk, Arguments::Invoke(arguments)) => {
                let token = format!("{} {} {}", who.name, self.state, begun);
                let context = [("Task".to_owned(), object([("Token", JValue::from(token))]))].into_iter().collect();
                self.invoke(arguments, context, who, host)?;
                self.phase = Phase::Asking(until);
                Ok(None)
            }
            (Resource::Child, Arguments::Child(arguments)) => {
                self.phase = Phase::Child(Box::new(self.child(arguments, who, host)?), until);
                Ok(None)
            }
            (resource, arguments) => panic!("{}: {resource:?} does not take {arguments:?}", self.state),
        }
    }

    fn invoke(
        &self,
        arguments: &'static InvokeArguments,
        context: JMap,
        who: &Identity,
        host: &mut dyn MachineHost,
    ) -> Result<JValue, Stop> {
        let payload = arguments.payload.evaluate(&self.sight_in(who, context, JMap::default(), host.now()))?;
        let function = logical(&arguments.function_name, "Function");
        match host.invoke(function, template::json(&payload)) {
            None => Err(Stop::Died),
            Some(Ok(answer)) => Ok(object([("StatusCode", JValue::from(200)), ("Payload", JValue::from(answer))])),
            Some(Err(error)) => {
                let cause = json!({ "errorType": error.name, "errorMessage": error.message }).to_string();
                Err(StateError::new(&error.name, cause).into())
            }
        }
    }

    fn child(
        &self,
        arguments: &'static ChildArguments,
        who: &Identity,
        host: &mut dyn MachineHost,
    ) -> Result<Execution, StateError> {
        let seen = self.seen(who, JMap::default(), host.now());
        let name = arguments.name.typed(&seen, "text", |name| name.as_str().map(str::to_owned))?;
        let input = template::json(&arguments.input.evaluate(&seen)?);
        Ok(Execution::start(logical(&arguments.state_machine_arn, "Machine"), &name, input, host))
    }

    /// Lets a child go on; its result, if it has ended.
    fn look(
        &mut self,
        mut child: Box<Execution>,
        until: Timestamp,
        host: &mut dyn MachineHost,
    ) -> Result<Result<Option<JValue>, StateError>, Stop> {
        if host.now() >= until {
            child.abort(host);
            return Ok(Err(StateError::new("States.Timeout", "")));
        }
        child.step(host);
        Ok(match child.end() {
            None => {
                self.phase = Phase::Child(child, until);
                Ok(None)
            }
            Some(ExecutionEnd::Died) => return Err(Stop::Died),
            Some(ExecutionEnd::Succeeded(output)) => {
                let mut told = child.described();
                told["Output"] = output.clone();
                Ok(Some(JValue::from(told)))
            }
            Some(_) => Err(StateError::new("States.TaskFailed", child.described().to_string())),
        })
    }

    fn failed(
        &mut self,
        task: &'static TaskState,
        error: StateError,
        who: &Identity,
        now: Timestamp,
    ) -> Result<(), StateError> {
        if let Some(at) = task.retry.iter().position(|retrier| retrier.retries(&error.error)) {
            self.tried.resize(task.retry.len(), 0);
            if let Some(delay) = task.retry[at].delay(self.tried[at], self.chance(who)) {
                self.tried[at] += 1;
                self.phase = Phase::Retrying(now.checked_add(delay).unwrap_or(Timestamp::MAX));
                return Ok(());
            }
        }
        let Some(catcher) = task.catch.iter().find(|catcher| catcher.catches(&error.error)) else { return Err(error) };
        let cause = error.cause.map_or(JValue::Null, JValue::from);
        let caught = object([("Error", JValue::from(error.error)), ("Cause", cause)]);
        let more = [("errorOutput".to_owned(), caught)].into_iter().collect();
        self.leave(&catcher.output, catcher.assign.as_ref(), &catcher.next, (who, more, now))
    }

    /// What draws the jitter of a retry: the same execution has the same.
    fn chance(&self, who: &Identity) -> u64 {
        let mut hasher = FnvHasher::default();
        (who.name.as_str(), self.state, self.entered.duration_since(Timestamp::UNIX_EPOCH), &self.tried)
            .hash(&mut hasher);
        hasher.finish()
    }
}
