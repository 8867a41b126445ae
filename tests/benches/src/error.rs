//! What can keep a benchmark from being played.

use watchkeeper_tests::bill::BillError;
use watchkeeper_tests::estate::SiteError;
use watchkeeper_tests::harness::HarnessError;
use watchkeeper_tests::sandbox::SandboxError;

/// Why a row was not played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Harness(#[from] HarnessError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Bill(#[from] BillError),
    /// A file or a process could not be handled.
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    /// Something else was found than has to be.
    #[error("{0}")]
    Found(String),
}

impl BenchError {
    /// For `map_err`: what was attempted.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Something that has to be so, and is not.
    pub(crate) fn found(what: impl Into<String>) -> Self {
        Self::Found(what.into())
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
