//! The wiring that all functions share, so that a `main` only says what is its own.

use std::process::ExitCode;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;
use watchkeeper_aws::sdk_config;
use watchkeeper_control::runbook::{ErrorName, RunbookError, in_full};
use watchkeeper_domain::reconcile::report::fitting;
use watchkeeper_estates::{FileProblem, load_deployed};

use crate::context::FunctionContext;
use crate::settings::{FunctionSettings, SettingError};
use crate::telemetry;

/// What Lambda says of one invocation beside its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LambdaInvocation {
    /// When Lambda ends it: the latest moment at which it can act. It comes with the event, so no clock is read.
    pub deadline: Timestamp,
}

impl From<&Context> for LambdaInvocation {
    fn from(context: &Context) -> Self {
        let deadline = i64::try_from(context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Self { deadline: deadline.unwrap_or(Timestamp::MAX) }
    }
}

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{} of the estate documents: {}", count(.0.len()), list(.0))]
    Estates(Vec<FileProblem>),
    #[error("the Lambda runtime ended: {0}")]
    Runtime(lambda_runtime::Error),
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

fn list(problems: &[FileProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Runs a function until Lambda ends it: `build` takes what it needs of the context and returns the handler of its events.
/// A setting that is missing, or an estate document that is wrong, stops it before the first event.
pub async fn serve<Q, A, H>(build: impl FnOnce(FunctionContext) -> Result<H, SettingError>) -> ExitCode
where
    Q: DeserializeOwned,
    A: Serialize,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, RunbookError>,
{
    telemetry::init();
    match run(build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let name = matches!(error, StartError::Estates(_)).then_some(ErrorName::EstateInvalid.name());
            tracing::error!(name, error = in_full(&error), "the function does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run<Q, A, H>(build: impl FnOnce(FunctionContext) -> Result<H, SettingError>) -> Result<(), StartError>
where
    Q: DeserializeOwned,
    A: Serialize,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, RunbookError>,
{
    let settings = FunctionSettings::from_env()?;
    let estates = load_deployed(&settings.estates_dir).map_err(StartError::Estates)?;
    let sdk = sdk_config(settings.home.region.as_str()).await;
    let handler = build(FunctionContext::new(settings, estates, sdk))?;
    let handler = &handler;
    let service = service_fn(|event: LambdaEvent<Value>| {
        let span = telemetry::invocation(&event.context.request_id);
        handle_event(handler, event.payload, LambdaInvocation::from(&event.context)).instrument(span)
    });
    // In a box, like the handler's future: nested unboxed, they are deeper than the compiler follows a type's layout.
    Box::pin(lambda_runtime::run(service)).await.map_err(StartError::Runtime)
}

/// Handles one event. An error is logged here, once, and leaves under its stable name.
///
/// # Errors
/// What Lambda hands on: the event does not read, or its handler failed.
pub async fn handle_event<Q, A, H>(
    handler: &H,
    payload: Value,
    invocation: LambdaInvocation,
) -> Result<Value, Diagnostic>
where
    Q: DeserializeOwned,
    A: Serialize,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, RunbookError>,
{
    let answered = match request(payload) {
        Ok(request) => Box::pin(handler(request, invocation)).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(answer) => carried(&answer),
        Err(error) => {
            let (name, message) = (error.name(), error.message());
            tracing::error!(name = name.name(), error = message, "the event was not handled");
            Err(diagnostic(name, &message))
        }
    }
}

/// The longest message, in characters without its advice: the machines keep 4,000 of a cause, and its end says what to do.
const MESSAGE_MAX: usize = 3000;

/// An error as Lambda hands it on: its stable name, what happened, and what a person can do about it.
fn diagnostic(name: ErrorName, message: &str) -> Diagnostic {
    let whole = message.trim_end_matches('.');
    let mut said: String = whole.chars().take(MESSAGE_MAX).collect();
    if said.len() < whole.len() {
        said.push('…');
    }
    Diagnostic { error_type: name.to_string(), error_message: format!("{said}. {}", name.advice()) }
}

/// An answer as a state of a machine carries it: a text that is too long for one is cut, whichever step wrote it.
fn carried<A: Serialize>(answer: &A) -> Result<Value, Diagnostic> {
    let unwritable = |error: serde_json::Error| diagnostic(ErrorName::AwsInvalid, &error.to_string());
    let mut value = serde_json::to_value(answer).map_err(unwritable)?;
    cut(&mut value);
    Ok(value)
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) => *text = fitting(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(cut),
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}

/// The request in an event, or which of its fields is wrong.
fn request<Q: DeserializeOwned>(payload: Value) -> Result<Q, RunbookError> {
    serde_path_to_error::deserialize(payload).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "event".to_owned() } else { format!("event.{path}") };
        RunbookError::Event(format!("{place}: {}", error.inner()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;
    use serde_json::json;
    use watchkeeper_control::ports::{AwsError, Fault};

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Tick {
        time: jiff::Timestamp,
    }

    async fn of(payload: Value, outcome: impl Fn() -> Result<(), AwsError>) -> Result<Value, Diagnostic> {
        let handler = async |tick: Tick, _: LambdaInvocation| Ok(outcome().map(|()| tick.time.as_second())?);
        handle_event(&handler, payload, LambdaInvocation { deadline: Timestamp::UNIX_EPOCH }).await
    }

    #[tokio::test]
    async fn the_deadline_of_the_invocation_reaches_the_handler() {
        let mut context = Context::default();
        context.deadline = 1_795_219_500_250;
        let handler =
            async |_: Value, invocation: LambdaInvocation| Ok::<_, RunbookError>(invocation.deadline.as_millisecond());
        let answered = handle_event(&handler, json!({}), LambdaInvocation::from(&context)).await;
        assert_eq!(answered, Ok(json!(1_795_219_500_250_i64)));
    }

    #[tokio::test]
    async fn an_answer_is_never_too_long_for_a_state() {
        let long = "service:c/s: below the floor\n".repeat(20_000);
        let handler = async |_: Value, _: LambdaInvocation| {
            Ok::<_, RunbookError>(json!({"plan": {"lines": [long.clone()]}, "n": 1}))
        };
        let answered =
            handle_event(&handler, json!({}), LambdaInvocation { deadline: Timestamp::UNIX_EPOCH }).await.unwrap();
        let size = answered.to_string().len();
        assert!((190_000..250_000).contains(&size), "{size}");
        assert_eq!(answered["n"], 1);
    }

    #[tokio::test]
    async fn an_event_reaches_its_handler() {
        assert_eq!(of(json!({ "time": "2026-11-21T00:05:00Z" }), || Ok(())).await, Ok(json!(1_795_219_500)));
    }

    #[tokio::test]
    async fn an_event_that_does_not_fit_names_the_field() {
        let error = of(json!({ "time": "yesterday" }), || Ok(())).await.unwrap_err();
        assert_eq!(error.error_type, "Request.Invalid");
        assert!(error.error_message.starts_with("event.time: "), "{}", error.error_message);
        let missing = of(json!({}), || Ok(())).await.unwrap_err();
        assert!(missing.error_message.starts_with("event: missing field `time`"), "{}", missing.error_message);
    }

    #[tokio::test]
    async fn an_error_leaves_under_its_stable_name() {
        let throttled = || {
            let subject = "c/s".to_owned();
            Err(AwsError { operation: "UpdateService", subject, fault: Fault::Throttled, source: None })
        };
        let error = of(json!({ "time": "2026-11-21T00:05:00Z" }), throttled).await.unwrap_err();
        assert_eq!(error.error_type, "Aws.Throttled");
        assert!(error.error_message.starts_with("UpdateService of c/s: throttled. "), "{}", error.error_message);
    }

    #[test]
    fn an_error_is_reported_under_its_name_with_its_causes_and_advice() {
        let diagnostic = diagnostic(ErrorName::AwsDenied, "UpdateService of c/s: denied.");
        assert_eq!(diagnostic.error_type, "Aws.Denied");
        let expected = format!("UpdateService of c/s: denied. {}", ErrorName::AwsDenied.advice());
        assert_eq!(diagnostic.error_message, expected);
    }

    #[test]
    fn a_message_without_end_is_cut_and_keeps_its_advice() {
        let text = diagnostic(ErrorName::AwsInvalid, &"ä".repeat(100_000)).error_message;
        assert!(text.chars().count() < 4000 && text.ends_with(ErrorName::AwsInvalid.advice()), "{}", text.len());
    }
}
