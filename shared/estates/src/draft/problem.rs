//! Why there is no draft, and where in which file.

use std::fmt;

use watchkeeper_domain::finding::FieldPath;

use crate::problem::FileProblem;

/// A mistake of a state file. It never repeats a value of the file, which may be a secret: only what kind of value it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateProblem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in bytes.
    pub column: usize,
    /// The place in the JSON; empty for the whole file.
    pub path: FieldPath,
    /// What is there.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl fmt::Display for StateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.steps().is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

/// Why there is no draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftProblem {
    /// A file that cannot be read as a state.
    #[error("{0}")]
    State(StateProblem),
    /// Nothing that a document could name.
    #[error("{origin}: found {found}, expected at least one ECS service or database with its ARN")]
    Nothing {
        /// What was read.
        origin: String,
        /// What is in them.
        found: String,
    },
    /// Nobody says which environment it is.
    #[error(
        "--environment: found none for {found}, which have neither a tag `Environment` nor a name that tells; expected \
         {expected}"
    )]
    Environment {
        /// The clusters or databases.
        found: String,
        /// What would tell.
        expected: &'static str,
    },
    /// There is no such environment in it.
    #[error("--environment: found {found:?}, expected one of {known}")]
    Unknown {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// Nobody says what the estate is called.
    #[error("--estate: found none, and no name that the clusters share; expected --estate NAME")]
    Estate,
    /// The draft is not in order, which is a mistake of ours.
    #[error(
        "the draft is not in order, which is a mistake of this command; nothing was written: {}",
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Draft(Vec<FileProblem>),
}
