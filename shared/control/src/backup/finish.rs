//! The end of a run: what became of each resource, for a person and for programs.

use jiff::Timestamp;
use watchkeeper_domain::backup::{CopyQuota, Outcome, Policy, Told, event, message};

use super::{BackupError, BackupLog, Backups, Jobs, Keeper};
use crate::ledger::Ledger;
use crate::ports::{Announcer, AwsError};

/// The kind of event that a finished run puts on the bus.
const FINISHED: &str = "Watchkeeper Backup Run Finished";

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The worst of its resources' ends.
    pub outcome: Outcome,
    /// In a line.
    pub headline: String,
    /// What became of each resource.
    pub outcomes: Vec<(String, Outcome)>,
}

impl<C: Backups, L: Ledger + BackupLog, N: Announcer> Keeper<'_, C, L, N> {
    /// Tells how a run ended. A run in which nothing happened but that something goes on waiting is not told again.
    ///
    /// # Errors
    /// [`BackupError`] for a run that is not known, or a ledger, topic or bus that does not answer.
    pub async fn finish(&self, jobs: &Jobs, id: &str, now: Timestamp) -> Result<Finished, BackupError> {
        let scope = &jobs.scope;
        let run = self
            .ledger
            .backup_run(scope, id)
            .await?
            .ok_or_else(|| BackupError::Unknown { what: format!("run {id}"), scope: scope.to_string() })?;
        let mut memories = Vec::new();
        for line in &run.jobs {
            let Ok(policy) = jobs.policy(&line.source) else { continue };
            let (memory, _) = self.ledger.backup(scope, &line.source).await?;
            memories.push((policy, memory, line.due, self.findings(policy).await?));
        }
        let told: Vec<Told<'_>> = memories
            .iter()
            .map(|(policy, memory, due, findings)| Told { policy, memory, due: *due, findings: findings.clone() })
            .collect();
        let message = message(scope, &run, &told, now);
        let news = |told: &Told<'_>| {
            let parked = told.memory.attempt.as_ref().and_then(|attempt| attempt.parked.as_ref());
            told.outcome() != Outcome::Waiting || parked.is_some_and(|parked| parked.since >= run.started)
        };
        if told.iter().any(news) {
            self.tell(&message).await?;
            self.announcer.publish(FINISHED, &event(scope, &run, &told, now).to_string()).await?;
        }
        let outcomes: Vec<(String, Outcome)> =
            told.iter().map(|told| (told.policy.subject.source.to_string(), told.outcome())).collect();
        let has = |wanted: Outcome| outcomes.iter().any(|(_, outcome)| *outcome == wanted);
        let worst = [Outcome::Failed, Outcome::Waiting].into_iter().find(|outcome| has(*outcome));
        Ok(Finished { outcome: worst.unwrap_or(Outcome::Done), headline: message.subject, outcomes })
    }

    /// What a person should know beside the verdicts: a quota whose end is near.
    async fn findings(&self, policy: &Policy) -> Result<Vec<String>, AwsError> {
        let home = &policy.subject.scope.region;
        let mut findings = Vec::new();
        for region in std::iter::once(home).chain(policy.copy.iter().map(|copy| &copy.region)) {
            let quota = self.cloud.copy_quota(policy, region).await?;
            if let Some(quota) = quota.filter(|quota| quota.is_near()) {
                let most = CopyQuota::NEAR_PERCENT;
                findings.push(format!("{region} holds {quota}, more than {most} %: raise the quota before it is full"));
            }
        }
        Ok(findings)
    }
}
