//! The page of a report: the file as it lies in the bucket, read as an auditor would.

use futures_util::future::{Either, select};
use watchkeeper_window::facts::{Reading, ReportFacts};
use watchkeeper_window::report::{EvidenceKind, Report, ReportName};

use super::pages::MeantScope;
use super::{PATIENCE, WindowReader};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock as _, Fault};
use crate::report::ports::ReportStore as _;

/// What S3 says of a file that is not there to whoever may not list the bucket is that it is denied (Amazon S3 API reference,
/// `GetObject`, permissions).
const NOT_THERE: &str = "it may not be there: a tick writes it after its run, where one was asked for";

impl<P: Platform> WindowReader<P> {
    /// A report of a run, as its file has it.
    pub async fn report(&self, meant: &MeantScope<'_>, kind: EvidenceKind, id: &str) -> ReportFacts {
        let name = ReportName { scope: meant.scope(), kind, run: id.to_owned() };
        let report = match &self.reports {
            None => Err("this stack keeps no reports: its parameter ReportBucket is false".to_owned()),
            Some(store) => self.file(store, &name).await,
        };
        let place = self.reports.as_ref().map(|_| name.file());
        ReportFacts { name, place, report: report.map_or_else(|why| Reading::Unread { why }, Reading::Now) }
    }

    async fn file(&self, store: &P::Reports, name: &ReportName) -> Result<Report, String> {
        let key = name.file() + ".json";
        let text = Box::pin(store.text(&key));
        let text = match select(text, Box::pin(self.clock.sleep(PATIENCE))).await {
            Either::Left((text, _)) => text.map_err(|error| why(&error))?,
            Either::Right(_) => return Err(format!("the bucket did not answer within {} s", PATIENCE.as_secs())),
        };
        let report = Report::read(&text).map_err(|flaw| format!("{key} is not as it was written: {flaw}"))?;
        if report.content.name() == *name {
            Ok(report)
        } else {
            Err(format!("{key} is the report of {}", report.content.name()))
        }
    }
}

fn why(error: &AwsError) -> String {
    let said = crate::runbook::in_full(error);
    if matches!(error.fault, Fault::NotFound | Fault::Denied) { format!("{said}; {NOT_THERE}") } else { said }
}
