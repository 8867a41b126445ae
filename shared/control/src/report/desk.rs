//! What ends a run, and leaves what its report is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::estate::EstateFolder;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::name::{EstateName, Scope};
use watchkeeper_domain::request::RequestError;
use watchkeeper_domain::value::Sha256;
use watchkeeper_window::report::{Deployed, DueReport, Evidence, ReportName, SentIds};

use crate::ledger::{Ledger, LedgerError};

/// The version of the code: all of it has one.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A stack that keeps reports: where, and what is deployed in it.
#[derive(Debug, Clone)]
pub struct ReportDesk {
    /// The bucket.
    pub bucket: String,
    /// The digest of each estate's document.
    pub documents: BTreeMap<EstateName, Sha256>,
}

impl ReportDesk {
    /// That of a stack with these documents.
    pub fn of(bucket: impl Into<String>, estates: &EstateFolder) -> Self {
        let digest =
            |estate: &watchkeeper_domain::estate::Estate| Some((estate.name().clone(), estate.digest()?.clone()));
        Self { bucket: bucket.into(), documents: estates.iter().filter_map(digest).collect() }
    }

    /// What a report is made of, of a run that is over.
    pub fn due(&self, scope: &Scope, ended: Timestamp, evidence: Evidence) -> DueReport {
        let document = self.documents.get(&scope.estate).cloned();
        let deployed = Deployed { document, version: VERSION.to_owned() };
        DueReport { scope: scope.clone(), ended, deployed, sent: None, evidence }
    }

    /// The message with a line that says where the report will be.
    pub fn announce(&self, message: Message, report: &ReportName) -> Message {
        let (bucket, file) = (&self.bucket, report.file());
        let text = format!(
            "{}\n\nReport: s3://{bucket}/{file}.html (a tick writes it, and tells where it could not for half an hour)",
            message.text.trim_end()
        );
        Message { text, ..message }
    }

    /// Refuses a report that nobody would keep.
    ///
    /// # Errors
    /// [`RequestError`] that names the field.
    pub fn refuse(desk: Option<&Self>, asked: bool) -> Result<(), RequestError> {
        let expected = "none: this stack keeps no reports, its parameter ReportBucket is false".to_owned();
        if asked && desk.is_none() {
            return Err(RequestError { field: "report", found: "true".to_owned(), expected });
        }
        Ok(())
    }
}

/// Notes what was sent of a run, while its report is due. That it could not be noted is said in the report, and costs the run
/// nothing.
pub async fn note_sent<L: Ledger>(ledger: &L, report: &ReportName, sent: SentIds) {
    if let Err(error) = noted(ledger, report, sent).await {
        tracing::warn!(%report, %error, "what was sent could not be noted");
    }
}

async fn noted<L: Ledger>(ledger: &L, report: &ReportName, sent: SentIds) -> Result<(), LedgerError> {
    let Some((kept, version)) = ledger.due_report(report).await? else { return Ok(()) };
    if kept.sent.is_some() {
        return Ok(());
    }
    ledger.keep_due(&DueReport { sent: Some(sent), ..kept }, version).await
}
