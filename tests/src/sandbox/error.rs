//! What can go wrong with the sandbox itself.

use std::path::{Path, PathBuf};

use super::{DeniedRequest, EvaluationDifference, InvalidRequest, ThrottledCall};

/// A step of the sandbox that failed.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file or a process could not be handled.
    #[error("{what}")]
    Io {
        /// What was attempted, with the path or the program.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A program ended with a failure.
    #[error("{what} failed ({status}); its whole output is in {}\n{tail}", log.display())]
    Step {
        /// What the step was for.
        what: String,
        /// How the program ended.
        status: String,
        /// Where all of its output is.
        log: PathBuf,
        /// The last lines of its output.
        tail: String,
    },
    /// The machine lacks something that the sandbox needs.
    #[error("{0}")]
    Missing(String),
    /// The emulator did not come up.
    #[error("the emulator did not start: {why}; its log is {}", log.display())]
    Boot {
        /// What was seen instead of its first line.
        why: String,
        /// Where its log is.
        log: PathBuf,
    },
    /// The emulator refused a request to its control API, or could not be reached.
    #[error("the emulator refused {request}: {why}")]
    Control {
        /// Method and path.
        request: String,
        /// Its own words, or the transport's.
        why: String,
    },
    /// Calls that the role of who made them does not permit.
    #[error("AWS would deny {} of the calls:\n  {}", .0.len(), listed(.0))]
    Denied(Vec<DeniedRequest>),
    /// Calls that found their bucket empty.
    #[error("AWS would throttle {} of the calls:\n  {}", .0.len(), listed(.0))]
    Throttled(Vec<ThrottledCall>),
    /// Requests that AWS would have refused.
    #[error("AWS would refuse {} of the requests:\n  {}", .0.len(), listed(.0))]
    Requests(Vec<InvalidRequest>),
    /// Expressions that Step Functions may evaluate otherwise.
    #[error("Step Functions may evaluate {} expressions otherwise:\n  {}", .0.len(), listed(.0))]
    Expressions(Vec<EvaluationDifference>),
    /// An answer that could not be read.
    #[error("{what} could not be read")]
    Decode {
        /// Whose answer it was.
        what: String,
        /// Why it could not be read.
        #[source]
        source: serde_json::Error,
    },
}

impl SandboxError {
    /// For `map_err`: what was attempted with a path.
    pub(super) fn io(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let what = format!("cannot {what} {}", path.display());
        move |source| Self::Io { what, source }
    }
}

fn listed(found: &[impl ToString]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}
