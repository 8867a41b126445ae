//! Where in a document something is wrong, and what.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathStep {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// The way from a document's root to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldPath(Vec<PathStep>);

impl FieldPath {
    /// The document itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The value of a key below.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a place is written as a chain of short calls")]
    pub fn key(mut self, key: impl ToString) -> Self {
        self.0.push(PathStep::Key(key.to_string()));
        self
    }

    /// An item of a list below.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(PathStep::Index(index));
        self
    }

    /// A path that goes on where this one ends.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(&below.0).cloned().collect())
    }

    /// The steps, from the root.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }
}

impl FromIterator<PathStep> for FieldPath {
    fn from_iter<I: IntoIterator<Item = PathStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) if place == 0 => write!(f, "{key}")?,
                PathStep::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Something in a document whose parts are well formed, but which cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: found {found}, expected {expected}")]
pub struct DocumentFinding {
    /// The field.
    pub path: FieldPath,
    /// What is there.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl DocumentFinding {
    /// A finding.
    pub fn new(path: FieldPath, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { path, found: found.into(), expected: expected.into() }
    }

    /// The same finding, seen from further up.
    #[must_use]
    pub fn below(self, path: &FieldPath) -> Self {
        Self { path: path.join(&self.path), ..self }
    }
}
