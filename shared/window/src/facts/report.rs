//! The facts of a report on a page of its own.

use watchkeeper_domain::name::Scope;

use super::Reading;
use crate::report::{Report, ReportName};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFacts {
    /// What it is called: of which run, of which kind, and where.
    pub name: ReportName,
    /// Where its files are, without their extensions; none where the stack keeps no reports.
    pub place: Option<String>,
    /// The report, as its file has it.
    pub report: Reading<Report>,
}

impl ReportFacts {
    /// The environment, in the region whose stack wrote it.
    pub fn scope(&self) -> &Scope {
        &self.name.scope
    }
}
