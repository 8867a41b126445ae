//! The wiring that all functions share, so that a `main` only says what is its own.

use std::process::ExitCode;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;
use watchkeeper_aws::{
    Aws, BackupEngines, CloudWatch, DynamoLedger, NotificationTargets, SdkConfig, StateMachine, StuckThings, sdk_config,
};
use watchkeeper_domain::reconcile::report::fitting;
use watchkeeper_estates::{EstateFolder, FileProblem, load_dir};

use crate::errors::{ErrorName, FunctionFailure};
use crate::metrics::Metrics;
use crate::pairs::PairKit;
use crate::settings::{FunctionSettings, SettingError};
use crate::telemetry;

/// What a function is built from: read and checked once, before the first event.
#[derive(Debug)]
pub struct FunctionContext {
    /// What the stack tells the function.
    pub settings: FunctionSettings,
    /// Every estate, checked.
    pub estates: EstateFolder,
    /// Where metrics go.
    pub metrics: Metrics,
    sdk: SdkConfig,
}

impl FunctionContext {
    /// The capacity of this region.
    pub fn cloud(&self) -> Aws {
        Aws::new(&self.sdk)
    }

    /// The alarms of this region.
    pub fn alarms(&self) -> CloudWatch {
        CloudWatch::new(&self.sdk)
    }

    /// The ledger, and what it remembers of alarms.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which table it is.
    pub fn ledger(&self) -> Result<DynamoLedger, SettingError> {
        Ok(DynamoLedger::new(&self.sdk, self.settings.ledger_table()?))
    }

    /// Where people and programs learn of a run.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which topic or bus it is.
    pub fn announcer(&self) -> Result<NotificationTargets, SettingError> {
        Ok(NotificationTargets::new(&self.sdk, &self.settings.topic_arn()?, &self.settings.event_bus()?))
    }

    /// The machine `reconcile`.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machine it is.
    pub fn machine(&self) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, self.settings.reconcile_machine_arn()?))
    }

    /// The machine `emergency-scale`.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machine it is.
    pub fn emergency_machine(&self) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, self.settings.emergency_machine_arn()?))
    }

    /// What the watch over pairs, and their moves, are built from.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn watch(&self) -> Result<PairKit, SettingError> {
        PairKit::new(self, &self.sdk)
    }

    /// The machine `daily-unblock`.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machine it is.
    pub fn unblock_machine(&self) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, self.settings.unblock_machine_arn()?))
    }

    /// What may be stuck in this region, and the executions of our machines that hold leases, may be ended, or free what is
    /// stuck. A failover is none of them: its children hold the leases, and a question of it may come in the middle of a
    /// move, and ends by itself.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machines there are.
    pub fn stuck(&self) -> Result<StuckThings, SettingError> {
        let (reconcile, emergency) = (self.settings.reconcile_machine_arn()?, self.settings.emergency_machine_arn()?);
        let machines = vec![reconcile, emergency.clone(), self.settings.unblock_machine_arn()?];
        Ok(StuckThings::new(&self.sdk, machines, vec![emergency]))
    }

    /// The machine `backup`.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machine it is.
    pub fn backup_machine(&self) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, self.settings.backup_machine_arn()?))
    }

    /// The machine `restore-drill`.
    ///
    /// # Errors
    /// [`SettingError`] when the stack does not say which machine it is.
    pub fn restore_machine(&self) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, self.settings.restore_machine_arn()?))
    }

    /// The backups of this region, and their copies in others.
    pub fn vaults(&self) -> BackupEngines {
        BackupEngines::new(&self.sdk)
    }
}

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

/// Runs a function until Lambda ends it: `build` takes what it needs of the kit and returns the handler of its events.
/// A setting that is missing, or an estate document that is wrong, stops it before the first event.
pub async fn serve<Q, A, E, H>(build: impl FnOnce(FunctionContext) -> Result<H, SettingError>) -> ExitCode
where
    Q: DeserializeOwned,
    A: Serialize,
    E: Into<FunctionFailure>,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, E>,
{
    telemetry::init();
    match run(build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = FunctionFailure::new(ErrorName::EstateInvalid, &error);
            let name = matches!(error, StartError::Estates(_)).then_some(failure.name.name());
            tracing::error!(name, error = failure.message, "the function does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run<Q, A, E, H>(build: impl FnOnce(FunctionContext) -> Result<H, SettingError>) -> Result<(), StartError>
where
    Q: DeserializeOwned,
    A: Serialize,
    E: Into<FunctionFailure>,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, E>,
{
    let settings = FunctionSettings::from_env()?;
    let estates = load_dir(&settings.estates_dir).map_err(StartError::Estates)?;
    let sdk = sdk_config(settings.home.region.as_str()).await;
    let metrics = Metrics::new(&settings.metrics_namespace);
    let handler = build(FunctionContext { settings, estates, metrics, sdk })?;
    let handler = &handler;
    let service = service_fn(|event: LambdaEvent<Value>| {
        let span = telemetry::invocation(&event.context.request_id);
        answer(handler, event.payload, LambdaInvocation::from(&event.context)).instrument(span)
    });
    // In a box, like the handler's future: nested unboxed, they are deeper than the compiler follows a type's layout.
    Box::pin(lambda_runtime::run(service)).await.map_err(StartError::Runtime)
}

/// Handles one event. An error is logged here, once, and leaves under its stable name.
async fn answer<Q, A, E, H>(handler: &H, payload: Value, invocation: LambdaInvocation) -> Result<Value, Diagnostic>
where
    Q: DeserializeOwned,
    A: Serialize,
    E: Into<FunctionFailure>,
    H: AsyncFn(Q, LambdaInvocation) -> Result<A, E>,
{
    let answered = match request(payload) {
        Ok(request) => Box::pin(handler(request, invocation)).await.map_err(Into::into),
        Err(failure) => Err(failure),
    };
    answered.and_then(|answer| carried(&answer)).map_err(|failure: FunctionFailure| {
        tracing::error!(name = failure.name.name(), error = failure.message, "the event was not handled");
        failure.into()
    })
}

/// An answer as a state of a machine carries it: a text that is too long for one is cut, whichever step wrote it.
fn carried<A: Serialize>(answer: &A) -> Result<Value, FunctionFailure> {
    let mut value =
        serde_json::to_value(answer).map_err(|error| FunctionFailure::new(ErrorName::AwsInvalid, &error))?;
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
fn request<Q: DeserializeOwned>(payload: Value) -> Result<Q, FunctionFailure> {
    serde_path_to_error::deserialize(payload).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "event".to_owned() } else { format!("event.{path}") };
        FunctionFailure { name: ErrorName::RequestInvalid, message: format!("{place}: {}", error.inner()) }
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
        let handler = async |tick: Tick, _: LambdaInvocation| outcome().map(|()| tick.time.as_second());
        answer(&handler, payload, LambdaInvocation { deadline: Timestamp::UNIX_EPOCH }).await
    }

    #[tokio::test]
    async fn the_deadline_of_the_invocation_reaches_the_handler() {
        let mut context = Context::default();
        context.deadline = 1_795_219_500_250;
        let handler =
            async |_: Value, invocation: LambdaInvocation| Ok::<_, AwsError>(invocation.deadline.as_millisecond());
        let answered = answer(&handler, json!({}), LambdaInvocation::from(&context)).await;
        assert_eq!(answered, Ok(json!(1_795_219_500_250_i64)));
    }

    #[tokio::test]
    async fn an_answer_is_never_too_long_for_a_state() {
        let long = "service:c/s: below the floor\n".repeat(20_000);
        let handler =
            async |_: Value, _: LambdaInvocation| Ok::<_, AwsError>(json!({"plan": {"lines": [long.clone()]}, "n": 1}));
        let answered = answer(&handler, json!({}), LambdaInvocation { deadline: Timestamp::UNIX_EPOCH }).await.unwrap();
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
}
