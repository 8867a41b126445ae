//! The end of a run: what became of each resource, for a person and for programs.

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupNotice, BackupOutcome, BackupResult, CopyQuota, JobPolicy, event, message, worst,
};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_window::report::{BackupRecord, Evidence, EvidenceKind, ReportName, SentIds};

use super::call::FinishedBackup;
use super::{BackupRunbook, BackupStore, EnvironmentJobs};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Notifier;
use crate::report::note_sent;
use crate::runbook::{ErrorName, NextStep, RunbookError, StepOutcome};

/// The kind of event that a finished run puts on the bus.
const FINISHED: &str = "Watchkeeper Backup Run Finished";

impl<P: Platform> BackupRunbook<P> {
    /// Tells how a run ended. A run in which nothing happened but that something goes on waiting is not told again.
    ///
    /// # Errors
    /// [`RunbookError`] for a run that is not known, or a ledger, topic or bus that does not answer.
    pub async fn finish(
        &self,
        jobs: &EnvironmentJobs,
        run_ref: RunRef,
        now: Timestamp,
    ) -> Result<StepOutcome<FinishedBackup>, RunbookError> {
        let (scope, id) = (&jobs.scope, &run_ref.id);
        let mut run = self
            .ledger
            .backup_run(scope, id)
            .await?
            .ok_or_else(|| RunbookError::RunUnknown { what: format!("run {id}"), scope: scope.clone() })?;
        // What cannot be read is said, and keeps nothing else from being told.
        let (mut memories, mut notes, mut unread) = (Vec::new(), Vec::new(), false);
        for line in &run.jobs {
            if jobs.is_elsewhere(&line.source) {
                notes.push(format!(
                    "{}: the pair is served in {} by now, which goes on with it",
                    line.source, jobs.serves
                ));
                continue;
            }
            let Ok(policy) = jobs.policy(&line.source) else {
                notes
                    .push(format!("{}: the document names it no more, and its backup was left as it was", line.source));
                continue;
            };
            match self.ledger.backup(&jobs.kept, &line.source).await {
                Ok((memory, _)) => memories.push((policy, memory, line.due, self.findings(policy).await)),
                Err(error) => {
                    unread = true;
                    notes.push(format!("{}: how it ended cannot be read: {error}", line.source));
                }
            }
        }
        if let Ok(all) = self.ledger.backups(&jobs.kept).await {
            notes.extend(jobs.abandoned(&all));
        }
        let told: Vec<BackupNotice<'_>> = memories
            .iter()
            .map(|(policy, memory, due, findings)| BackupNotice {
                policy,
                memory,
                due: *due,
                findings: findings.clone(),
            })
            .collect();
        let failed = unread.then_some(BackupOutcome::Failed);
        let outcome = worst(told.iter().map(BackupNotice::outcome).chain(failed));
        let mut message = message(scope, &run, &told, &notes, now);
        let headline = message.subject.clone();
        let reported = self.reports.as_ref().filter(|_| run.report);
        let name = ReportName { scope: scope.clone(), kind: EvidenceKind::Backup, run: id.clone() };
        if let Some(desk) = reported {
            if run.ended.is_none() {
                run.ended = Some(now);
                let lines = told.iter().map(|told| BackupResult::of(told, now)).collect();
                let record = BackupRecord { run: run.clone(), outcome, lines, notes: notes.clone() };
                let due = desk.due(scope, now, Evidence::Backup(Box::new(record)));
                self.ledger.end_backup_run(scope, &run, &due).await?;
            }
            message = desk.announce(message, &name);
        }
        let news = unread || told.len() < run.jobs.len() || told.iter().any(|told| told.is_news(&run));
        if news || reported.is_some() {
            // The bus does not wait for the topic, nor the other way round.
            let tells = self.notify(&message).await;
            let published = self.notifier.publish(FINISHED, &event(scope, &run, &told, now).to_string()).await;
            if reported.is_some() {
                let sent = SentIds { message: tells.as_ref().ok().cloned(), event: published.as_ref().ok().cloned() };
                note_sent(&self.ledger, &name, sent).await;
            }
            tells.and(published)?;
        }
        let then = match outcome {
            BackupOutcome::Done | BackupOutcome::Waiting => NextStep::done(&outcome),
            BackupOutcome::Failed => NextStep::failed(&outcome, &ErrorName::BackupFailed),
        };
        Ok(StepOutcome::new(run_ref, then, headline.clone(), FinishedBackup { outcome, headline }))
    }

    /// What a person should know beside the verdicts: a quota whose end is near, or that cannot be read.
    async fn findings(&self, policy: &JobPolicy) -> Vec<String> {
        let home = &policy.region;
        let mut findings = Vec::new();
        for region in std::iter::once(home).chain(policy.copy.iter().map(|copy| &copy.region)) {
            match self.cloud.copy_quota(policy, region).await {
                Ok(quota) => {
                    let near = quota.filter(|quota| quota.is_near());
                    let (most, what_to_do) = (CopyQuota::NEAR_PERCENT, "raise the quota before it is full");
                    findings
                        .extend(near.map(|quota| format!("{region} holds {quota}, more than {most} %: {what_to_do}")));
                }
                Err(error) => findings.push(format!("how full {region} is of copies cannot be read: {error}")),
            }
        }
        findings
    }
}
