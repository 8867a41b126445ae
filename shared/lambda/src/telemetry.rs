//! Logs: one JSON object a line on stdout, with the run, the estate and the environment that they are about.

use std::fmt;
use std::io;

use tracing::field::{Empty, display};
use tracing::level_filters::LevelFilter;
use tracing::{Span, error_span};
use tracing_subscriber::EnvFilter;
use watchkeeper_control::runbook::{NextStep, StepOutcome};
use watchkeeper_domain::name::Scope;

/// The runtime logs each error of a handler in its debug form; we log it once ourselves, with its name.
const RUNTIME_ERRORS: &str = "lambda_runtime::layers::panic=off";

/// Begins to log. The level is `AWS_LAMBDA_LOG_LEVEL`, which the logging configuration of the function sets,
/// else `info`. A second call changes nothing.
#[allow(clippy::disallowed_methods, reason = "the log level is read from the environment once, before anything else")]
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL");
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter(level.as_deref().unwrap_or_default()))
        .with_writer(io::stdout);
    // Only a second initialisation fails, and the first one counts.
    let _ = subscriber.try_init();
}

/// The filter behind a level; Lambda knows `FATAL`, and we log nothing above errors.
fn filter(level: &str) -> EnvFilter {
    let level = if level.eq_ignore_ascii_case("fatal") { "error" } else { level };
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let filter = builder.parse(level.to_lowercase()).unwrap_or_else(|_| EnvFilter::new("info"));
    match RUNTIME_ERRORS.parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

/// The span of one invocation; what it is about is filled in by [`about`] as soon as it is known.
pub(crate) fn invocation(request_id: &str) -> Span {
    // Of the highest level, so that it is there at every level of logging.
    error_span!("invocation", request_id, run = Empty, estate = Empty, environment = Empty)
}

/// From here on, every line of this invocation says which run and which environment it is about.
pub fn about(run: impl fmt::Display, scope: &Scope) {
    let span = Span::current();
    span.record("run", display(run));
    span.record("estate", display(&scope.estate));
    span.record("environment", display(&scope.environment));
}

/// Logs what a step of a machine came to, and about which run.
pub fn stepped<D>(outcome: &StepOutcome<D>) {
    let StepOutcome { run, then, summary, .. } = outcome;
    if let Some(run) = run {
        about(&run.id, &run.scope);
    }
    let (name, step, error) = (then.name(), then.step(), then.error());
    match then {
        NextStep::Failed { .. } => tracing::warn!(then = name, error, "{summary}"),
        NextStep::Again { wait_seconds, .. } => tracing::info!(then = name, step, wait_seconds, "{summary}"),
        _ => tracing::info!(then = name, "{summary}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;
    use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;
        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn logged(level: &str, log: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_env_filter(filter(level))
            .with_writer(lines.clone());
        tracing::subscriber::with_default(subscriber.finish(), log);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_says_which_run_and_environment_it_is_about() {
        let scope = Scope {
            estate: EstateName::new("clos-v2").unwrap(),
            environment: EnvironmentName::new("dev").unwrap(),
            region: Region::new("us-east-1").unwrap(),
        };
        let lines = logged("", || {
            let _entered = invocation("r-1").entered();
            about("clos-v2-dev-1", &scope);
            tracing::info!(writes = 2, "applied");
        });
        let line = &lines[0];
        assert_eq!((line["message"].as_str(), line["writes"].as_i64()), (Some("applied"), Some(2)));
        let span = &line["span"];
        assert_eq!(
            (&span["run"], &span["estate"], &span["environment"]),
            (&Value::from("clos-v2-dev-1"), &Value::from("clos-v2"), &Value::from("dev"),)
        );
    }

    #[test]
    fn the_level_is_lambdas_word_for_it() {
        let all = || {
            tracing::debug!("debug");
            tracing::info!("info");
            tracing::warn!("warn");
            tracing::error!("error");
        };
        let count = |level: &str| logged(level, all).len();
        assert_eq!((count("DEBUG"), count("INFO"), count("WARN"), count("ERROR"), count("FATAL")), (4, 3, 2, 1, 1));
        assert_eq!((count(""), count("no,such=level")), (3, 3));
    }

    #[test]
    fn the_runtimes_own_line_about_an_error_is_left_out() {
        let lines = logged("info", || {
            tracing::error!(target: "lambda_runtime::layers::panic", "Failure(..)");
            tracing::error!(target: "lambda_runtime::layers::api_client", "no connection");
        });
        assert_eq!(lines.len(), 1);
    }
}
