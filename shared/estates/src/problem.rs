//! What is wrong with a document, and where.

use std::fmt;

use serde_json::Value;
use watchkeeper_domain::finding::FieldPath;

/// One mistake in one file. Its text is one line, as compilers write them, so that an editor can jump to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The field; empty for the whole document.
    pub path: FieldPath,
    /// What is there.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.path.steps().is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

impl std::error::Error for FileProblem {}

/// A mistake in a file whose name is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileMistake {
    pub(crate) line: usize,
    pub(crate) path: FieldPath,
    pub(crate) found: String,
    pub(crate) expected: String,
}

impl FileMistake {
    /// A mistake of the document as a whole.
    pub(crate) fn of_document(line: usize, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { line, path: FieldPath::root(), found: found.into(), expected: expected.into() }
    }

    pub(crate) fn in_file(self, file: &str) -> FileProblem {
        let Self { line, path, found, expected } = self;
        FileProblem { file: file.to_owned(), line, path, found, expected }
    }
}

/// Characters of a found text that a message repeats.
const SHOWN: usize = 60;

/// A value, as the end of "found …".
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => format!("the word {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => quote(text),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

/// A text in quotes, control characters escaped, shortened if it is long.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
