//! What the ledger remembers of a chain of reports.

use serde::{Deserialize, Serialize};
use watchkeeper_window::report::{ChainHead, ChainLink, DueReport, Report};

/// The chain of an estate's reports in a region. Only that region's tick writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportChain {
    /// The newest report; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ChainHead>,
    /// What that is a report of, by its [`DueReport::name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What could not be written for so long that people were told, until it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// What is being written: the next one is a report of this and of nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writing: Option<String>,
}

impl ReportChain {
    /// The place of the next report.
    pub fn next(&self) -> ChainLink {
        ChainLink::after(self.head.as_ref())
    }

    /// The same while a report of this is written.
    pub(super) fn begun(&self, due: &DueReport) -> Self {
        Self { writing: Some(due.name().to_string()), ..self.clone() }
    }

    /// The chain whose newest report is this one.
    pub(super) fn ending_with(due: &DueReport, report: &Report) -> Self {
        Self { head: Some(report.head()), last: Some(due.name().to_string()), told: None, writing: None }
    }

    /// Whether this was begun, by whoever came before.
    pub(super) fn is_writing(&self, due: &DueReport) -> bool {
        self.writing == Some(due.name().to_string())
    }

    /// Whether this was written before, and only not forgotten.
    pub(super) fn has(&self, due: &DueReport) -> bool {
        self.last == Some(due.name().to_string())
    }
}
