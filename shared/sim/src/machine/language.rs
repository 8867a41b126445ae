//! The parts of states: what a task does, when it is tried again, and who catches its error.

use jiff::SignedDuration;
use serde::Deserialize;

use super::template::Template;

/// Errors that `States.ALL` and `States.TaskFailed` do not stand for.
const TERMINAL: [&str; 2] = ["States.Runtime", "States.DataLimitExceeded"];

#[derive(Debug, Deserialize)]
pub(super) enum JsonataOnly {
    #[serde(rename = "JSONata")]
    Jsonata,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ProcessorSettings {
    #[serde(rename = "Mode")]
    _mode: InlineOnly,
}

#[derive(Debug, Deserialize)]
enum InlineOnly {
    #[serde(rename = "INLINE")]
    Inline,
}

/// What a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Resource {
    /// A function answers.
    #[serde(rename = "arn:${Partition}:states:::lambda:invoke")]
    Invoke,
    /// A function passes a token on, and somebody answers with it.
    #[serde(rename = "arn:${Partition}:states:::lambda:invoke.waitForTaskToken")]
    InvokeAndAsk,
    /// An execution of another machine.
    #[serde(rename = "arn:${Partition}:states:::states:startExecution.sync:2")]
    Child,
}

/// What a task is given.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Arguments {
    Invoke(InvokeArguments),
    Child(ChildArguments),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct InvokeArguments {
    pub(super) function_name: String,
    pub(super) payload: Template,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ChildArguments {
    pub(super) state_machine_arn: String,
    pub(super) name: Template,
    pub(super) input: Template,
}

/// The logical name in a substitution, such as `Reconcile` in `${ReconcileFunctionArn}`.
pub(super) fn logical<'a>(substitution: &'a str, kind: &str) -> &'a str {
    let name = substitution.strip_prefix("${").and_then(|rest| rest.strip_suffix("Arn}")?.strip_suffix(kind));
    name.unwrap_or_else(|| panic!("{substitution} is no {kind}"))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ChoiceRule {
    pub(super) condition: Template,
    pub(super) next: String,
}

/// When a task is tried again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Retrier {
    error_equals: Vec<String>,
    interval_seconds: u32,
    backoff_rate: f64,
    max_attempts: u32,
    max_delay_seconds: u32,
    jitter_strategy: Jitter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Jitter {
    Full,
    None,
}

impl Retrier {
    /// Whether it is for this error.
    pub(super) fn retries(&self, error: &str) -> bool {
        matches(&self.error_equals, error)
    }

    /// How long it waits where it has been tried again so often; `None` when that is enough. The jitter is a part of the whole,
    /// which this number chooses.
    pub(super) fn delay(&self, tried: u32, chance: u64) -> Option<SignedDuration> {
        if tried >= self.max_attempts {
            return None;
        }
        let power = i32::try_from(tried).unwrap_or(i32::MAX);
        let longest = f64::from(self.interval_seconds) * self.backoff_rate.powi(power);
        let longest = SignedDuration::from_secs_f64(longest.min(f64::from(self.max_delay_seconds)));
        Some(match self.jitter_strategy {
            Jitter::None => longest,
            Jitter::Full => {
                let bound = u64::try_from(longest.as_millis()).unwrap_or(0) + 1;
                SignedDuration::from_millis(i64::try_from(chance % bound).unwrap_or(0))
            }
        })
    }
}

/// Who catches an error, and what becomes of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Catcher {
    error_equals: Vec<String>,
    pub(super) assign: Option<Template>,
    pub(super) output: Template,
    pub(super) next: String,
}

impl Catcher {
    /// Whether it is for this error.
    pub(super) fn catches(&self, error: &str) -> bool {
        matches(&self.error_equals, error)
    }
}

fn matches(names: &[String], error: &str) -> bool {
    let has = |name: &str| names.iter().any(|it| it == name);
    if error == TERMINAL[0] {
        return false;
    }
    has(error)
        || !TERMINAL.contains(&error) && (has("States.ALL") || has("States.TaskFailed") && error != "States.Timeout")
}
