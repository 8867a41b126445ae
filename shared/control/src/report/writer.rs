//! The part of the tick that writes the reports that are due.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::message::{Message, MessageContext};
use watchkeeper_domain::name::{EstateName, Region};
use watchkeeper_window::page::report_sheet;
use watchkeeper_window::report::{DueReport, Report};

use super::ReportChain;
use super::ports::{PutOutcome, ReportStore};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Notifier;
use crate::runbook::{RunbookError, Stack, in_full};

/// The most reports of an estate that one tick writes: each is some six calls, and the next tick goes on.
const MOST: usize = 10;

/// How long a report may wait to be written before people hear of it: what passes by itself passes within six ticks.
pub const LATE: SignedDuration = SignedDuration::from_mins(30);

/// What writes reports.
#[derive(Debug)]
pub struct ReportWriter<P: Platform> {
    /// What is remembered.
    pub ledger: P::Ledger,
    /// The bucket.
    pub store: P::Reports,
    /// Where people hear of a report that cannot be written.
    pub notifier: P::Notifier,
}

/// What a tick has written.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrittenReports {
    /// The files, without their extensions.
    pub written: Vec<String>,
}

impl<P: Platform> ReportWriter<P> {
    /// Writes the reports that are due of every estate that this stack has a document of: one may have backups here and nothing
    /// else. One that fails keeps no other estate from its turn.
    ///
    /// # Errors
    /// The first [`RunbookError`].
    pub async fn look(&self, stack: &Stack, now: Timestamp) -> Result<WrittenReports, RunbookError> {
        let (mut all, mut failed) = (WrittenReports::default(), None);
        for estate in stack.estates.iter().map(Estate::name) {
            if let Err(error) = self.estate(estate, &stack.home.region, now, &mut all).await {
                tracing::warn!(%estate, %error, "a report could not be written; the tick will be retried");
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(all), Err)
    }

    async fn estate(
        &self,
        estate: &EstateName,
        region: &Region,
        now: Timestamp,
        all: &mut WrittenReports,
    ) -> Result<(), RunbookError> {
        // The chain first: whatever is due after that and was written by another tick is its last one, or a conflict.
        let (mut chain, mut version) = self.ledger.report_chain(estate, region).await?;
        let dues = self.ledger.due_reports(estate, region).await?;
        for due in in_order(dues, &chain, now) {
            if !chain.has(&due) {
                (chain, version) = match self.write(chain, version, &due).await {
                    Ok(written) => written,
                    Err(error) => return Err(self.told(&due, error, now).await),
                };
                all.written.push(due.name().file());
            }
            self.ledger.drop_due(&due.name()).await?;
        }
        Ok(())
    }

    /// Tells people once of a report that could not be written for so long: its run's message said that it would be. What it is
    /// made of stays due. Returns the error of the report, whatever comes of the telling.
    async fn told(&self, due: &DueReport, error: RunbookError, now: Timestamp) -> RunbookError {
        if now.duration_since(due.ended) >= LATE
            && let Err(untold) = self.tell(due, &error).await
        {
            tracing::warn!(report = %due.name(), error = %untold, "that a report could not be written was not told; the tick will be retried");
        }
        error
    }

    async fn tell(&self, due: &DueReport, error: &RunbookError) -> Result<(), RunbookError> {
        let (estate, region) = (&due.scope.estate, &due.scope.region);
        // Read again: the attempt has perhaps written it.
        let (chain, version) = self.ledger.report_chain(estate, region).await?;
        let name = due.name().to_string();
        if chain.told.as_ref() == Some(&name) {
            return Ok(());
        }
        self.notifier.notify(&unwritten(due, error)).await?;
        Ok(self.ledger.keep_chain(estate, region, &ReportChain { told: Some(name), ..chain }, version).await?)
    }

    /// Writes one, and raises the chain.
    async fn write(
        &self,
        chain: ReportChain,
        version: u64,
        due: &DueReport,
    ) -> Result<(ReportChain, u64), RunbookError> {
        let (estate, region) = (&due.scope.estate, &due.scope.region);
        let (mut chain, mut version) = (chain, version);
        if !chain.is_writing(due) {
            chain = chain.begun(due);
            self.ledger.keep_chain(estate, region, &chain, version).await?;
            version += 1;
        }
        let report = self.put(&chain, due).await?;
        let chain = ReportChain::ending_with(due, &report);
        self.ledger.keep_chain(estate, region, &chain, version).await?;
        Ok((chain, version + 1))
    }

    /// Puts the files of one. What an attempt before this one has put is what counts.
    async fn put(&self, chain: &ReportChain, due: &DueReport) -> Result<Report, RunbookError> {
        let key = |extension: &str| format!("{}.{extension}", due.name().file());
        let unwritable = |error: serde_json::Error| RunbookError::Report { file: key("json"), why: error.to_string() };
        let made = Report::of(due.clone(), chain.next()).map_err(unwritable)?;
        let text = made.to_json().map_err(unwritable)?;
        let report = match self.store.put_new(&key("json"), "application/json", &text).await? {
            PutOutcome::New => made,
            PutOutcome::AlreadyThere => same(&self.store.text(&key("json")).await?, chain, due)?,
        };
        let sheet = report_sheet(&report);
        // One that is there was made of the same file, if perhaps by another release.
        self.store.put_new(&key("html"), "text/html; charset=utf-8", sheet.as_str()).await?;
        Ok(report)
    }
}

/// What people are told of a report that could not be written.
fn unwritten(due: &DueReport, error: &RunbookError) -> Message {
    let (scope, name) = (&due.scope, due.name());
    let subject = format!("{} {}: a report could not be written: {}", scope.estate, scope.environment, error.name());
    let text = format!(
        "{subject} ({}).\n\nReport: {}.json of {}, which was over at {}\nWhy: {}\nLost: nothing. What it is made of stays in the \
         ledger, and each tick tries again; the reports after it wait for it.\n\nWhat to do: {}",
        scope.region,
        name.file(),
        name.run,
        due.ended,
        in_full(error),
        error.name().advice()
    );
    Message::new(&subject, text).with(MessageContext::of_run(scope, &name.run).with_codes([error.name()]))
}

/// The report that is there, if it is the one that belongs there.
fn same(text: &str, chain: &ReportChain, due: &DueReport) -> Result<Report, RunbookError> {
    let wrong = |why: String| RunbookError::Report { file: due.name().file() + ".json", why };
    let there = Report::read(text).map_err(|flaw| wrong(flaw.to_string()))?;
    let (found, expected) = (&there.content.chain, chain.next());
    if *found != expected || there.content.name() != due.name() {
        return Err(wrong(format!(
            "found report {} of {}, expected number {}, the next one",
            found.number,
            there.content.name(),
            expected.number
        )));
    }
    Ok(there)
}

/// Those that have their turn: what was written and not forgotten, then what was begun, then the oldest first.
fn in_order(mut dues: Vec<DueReport>, chain: &ReportChain, now: Timestamp) -> Vec<DueReport> {
    dues.retain(|due| chain.is_writing(due) || chain.has(due) || due.is_ripe(now));
    dues.sort_by_cached_key(|due| (!chain.has(due), !chain.is_writing(due), due.ended, due.name().to_string()));
    dues.truncate(MOST);
    dues
}
