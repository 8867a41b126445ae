//! All rows of a preflight, by what they are about.

use serde::Serialize;

use super::{ReportRow, RowMark};
use crate::name::{EnvironmentName, EstateName, Region};

/// The rows of one environment in one region, or those of what is deployed there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportSection {
    /// The estate; none for what is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estate: Option<EstateName>,
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The region; none for an environment that was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The rows.
    pub rows: Vec<ReportRow>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreflightReport {
    /// The caller's account.
    pub account: String,
    /// Who the caller is.
    pub caller: String,
    /// The rows.
    pub sections: Vec<ReportSection>,
}

impl PreflightReport {
    /// Rows of one kind.
    pub fn of(&self, mark: RowMark) -> impl Iterator<Item = &ReportRow> {
        self.sections.iter().flat_map(|section| &section.rows).filter(move |row| row.mark == mark)
    }

    /// The exit code: 1 where something is bad; 3 where nothing is, but not everything could be read, or nothing was there
    /// to look at; 0 where all is well. 2 is that of arguments which are wrong.
    pub fn exit_code(&self) -> u8 {
        let any = |mark| self.of(mark).next().is_some();
        match (any(RowMark::Bad), any(RowMark::Unread), any(RowMark::Good)) {
            (true, _, _) => 1,
            (false, true, _) | (false, false, false) => 3,
            (false, false, true) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::{Check, UnreadFact};

    #[test]
    fn what_could_not_be_read_is_never_taken_for_good() {
        let report = |rows| {
            let section = ReportSection { estate: None, environment: None, region: None, rows };
            PreflightReport { account: String::new(), caller: String::new(), sections: vec![section] }.exit_code()
        };
        let good = || ReportRow::good(Check::Exists, "a", "there");
        let unread = UnreadFact { action: "rds:DescribeDBInstances".to_owned(), denied: true, why: String::new() };
        let unread = || ReportRow::unread(Check::Exists, "a", &unread);
        let bad = || ReportRow::bad(Check::Exists, "a", "not there", "there", String::new());
        let untold = || ReportRow::untold(Check::TagConditionsOfTables, "a", "no API", None);
        assert_eq!(report(vec![good(), untold()]), 0);
        assert_eq!(report(vec![good(), unread()]), 3);
        assert_eq!(report(vec![good(), unread(), bad()]), 1);
        assert_eq!(report(vec![untold()]), 3, "nothing was looked at");
        assert_eq!(unread().found, "cannot be read: needs rds:DescribeDBInstances");
    }
}
