//! What the buttons of the operator's window do: an execution is started, or a question answered, and a page says what came of
//! it.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::ports::Clock;
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::window::act::WindowActor;
use watchkeeper_control::window::event::{WidgetEvent, anybody};
use watchkeeper_control::window::ports::QuestionAnswers;
use watchkeeper_window::facts::{ActionOutcome, Frame, Viewer};
use watchkeeper_window::page;

/// The answer to an event that came at `now`, as a page.
pub async fn answer<P: Platform, Q: QuestionAnswers>(
    actor: &WindowActor<P, Q>,
    stack: &Stack,
    event: Value,
    now: Timestamp,
) -> Value {
    let own = &actor.reader.own;
    let frame = |viewer: Viewer| Frame {
        now,
        took_ms: actor.reader.clock.now().duration_since(now).as_millis().try_into().unwrap_or_default(),
        viewer,
        stack: own.clone(),
    };
    let event = match WidgetEvent::read(event) {
        Ok(event) => event,
        Err(error) => {
            tracing::info!(%error, "not understood");
            let page = page::bad_request(&frame(anybody()), &error.field, &error.found, &error.expected);
            return Value::String(page.into());
        }
    };
    let facts = actor.act(stack, &event.call, &event.form, now).await;
    match &facts.outcome {
        ActionOutcome::Started { execution, .. } => tracing::info!(action = %event.call.verb, execution, "started"),
        ActionOutcome::Answered { execution, approved } => tracing::info!(execution, approved, "answered"),
        ActionOutcome::Refused { code, found, .. } => tracing::info!(action = %event.call.verb, code, found, "refused"),
        ActionOutcome::Differs { .. } => tracing::info!(action = %event.call.verb, "asked again: the plan differs"),
    }
    Value::String(page::action(&frame(event.viewer), &facts).into())
}
