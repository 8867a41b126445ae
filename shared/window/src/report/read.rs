//! A file of a report is read: it is whole, or it is said where it is not.

use serde::Deserialize;
use watchkeeper_domain::value::Sha256;

use super::{DueReport, Report, ReportContent, SCHEMA, unknown};

/// Why a file is no report, or not the one that was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportFlaw {
    /// It does not read.
    #[error("found {0}, expected the JSON of a report")]
    Unreadable(String),
    /// It is of another version.
    #[error("schema: found {found}, expected {SCHEMA}, the version that this release reads")]
    Schema {
        /// The version that was found.
        found: u32,
    },
    /// A line is not as the program writes it.
    #[error("line {line}: found {found:?}, expected {expected:?}")]
    Form {
        /// The first such line, from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// The content is not the one that the digest is of.
    #[error("sha256: found {found}, expected {expected}, the digest of the content")]
    Digest {
        /// The digest in the file.
        found: Sha256,
        /// The digest of what is there.
        expected: Sha256,
    },
    /// What is said not to be known is not what is missing.
    #[error("not-known: found {found:?}, expected {expected:?}")]
    NotKnown {
        /// What is there.
        found: Vec<String>,
        /// What belongs there.
        expected: Vec<String>,
    },
}

/// The version alone.
#[derive(Deserialize)]
struct Versioned {
    schema: u32,
}

/// The most characters of a line that a flaw shows.
const SHOWN: usize = 120;

impl Report {
    /// Reads a file.
    ///
    /// # Errors
    /// The first [`ReportFlaw`].
    pub fn read(text: &str) -> Result<Self, ReportFlaw> {
        let unreadable = |error: serde_json::Error| ReportFlaw::Unreadable(error.to_string());
        let Versioned { schema } = serde_json::from_str(text).map_err(unreadable)?;
        if schema != SCHEMA {
            return Err(ReportFlaw::Schema { found: schema });
        }
        let report: Self = serde_json::from_str(text).map_err(unreadable)?;
        let written = report.to_json().map_err(unreadable)?;
        if written != text {
            return Err(form(text, &written));
        }
        let expected = report.content.digest().map_err(unreadable)?;
        if report.sha256 != expected {
            return Err(ReportFlaw::Digest { found: report.sha256, expected });
        }
        let (found, expected) = (report.content.not_known.clone(), unknown::of(&due(&report.content)));
        // Where nothing was heard of a message, that is what is said, and where it was, that no id came.
        let silent = unknown::of(&DueReport { sent: None, ..due(&report.content) });
        if found != expected && found != silent {
            return Err(ReportFlaw::NotKnown { found, expected });
        }
        Ok(report)
    }
}

fn due(content: &ReportContent) -> DueReport {
    let ReportContent { scope, ended, deployed, sent, evidence, .. } = content.clone();
    DueReport { scope, ended, deployed, sent: Some(sent), evidence }
}

/// The first line that is another one.
fn form(text: &str, written: &str) -> ReportFlaw {
    let (mut found, mut expected) = (text.split('\n'), written.split('\n'));
    let mut line = 1;
    loop {
        match (found.next(), expected.next()) {
            (Some(there), Some(belongs)) if there == belongs => line += 1,
            (there, belongs) => {
                let shown = |text: Option<&str>| text.unwrap_or("the end of the file").chars().take(SHOWN).collect();
                return ReportFlaw::Form { line, found: shown(there), expected: shown(belongs) };
            }
        }
    }
}
