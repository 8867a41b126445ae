//! What a document says of one resource's backups, with every default filled in.

use std::fmt;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::served::follows;
use super::{BackupSource, BackupSubject, DueSchedule};
use crate::estate::{BackupProvider, Backups, CopyPolicy, Environment, RestoreDrill, VerifyPolicy};
use crate::name::{Region, Scope};
use crate::value::Percent;

/// How much smaller than the last good one a copy may be, where the document does not say: below half, something was
/// lost, in the data or on the way.
pub const SHRINK: Percent = Percent::new(50);

/// How many copies are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionCounts {
    /// Days of which the newest is kept: the last ones that have any.
    pub daily: u32,
    /// Weeks, likewise.
    pub weekly: u32,
    /// Months, likewise.
    pub monthly: u32,
    /// The newest that are kept whatever the rest says; at least one.
    pub minimum: u32,
    /// The zone of days, weeks and months.
    pub zone: TimeZone,
}

impl fmt::Display for RetentionCounts {
    /// Such as `14 daily, 4 weekly`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.daily, "daily"), (self.weekly, "weekly"), (self.monthly, "monthly")];
        let kept = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        f.write_str(&kept.collect::<Vec<_>>().join(", "))
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPolicy {
    /// The resource.
    pub subject: BackupSubject,
    /// Where it is backed up: at home, or where its pair is served.
    pub region: Region,
    /// The standby region of its pair, where its backups follow the pointer.
    pub standby: Option<Region>,
    /// When it is due.
    pub dues: DueSchedule,
    /// How long copies are kept.
    pub keep: RetentionCounts,
    /// Where to, besides.
    pub copy: Option<CopyPolicy>,
    /// What makes it good.
    pub verify: VerifyPolicy,
    /// How old the newest good one may be.
    pub fresh_within: SignedDuration,
    /// The proof.
    pub drill: Option<RestoreDrill>,
    /// Where an `OpenSearch` domain keeps them.
    pub repository: Option<String>,
    /// What AWS Backup needs: the vault and the role.
    pub vault: Option<(String, String)>,
}

impl JobPolicy {
    /// How much smaller than the last good one a copy may be.
    pub fn shrink(&self) -> Percent {
        self.verify.shrink_at_most.unwrap_or(SHRINK)
    }

    /// The jobs of an environment; those of its document that name one resource each.
    pub fn all(scope: &Scope, environment: &Environment) -> Vec<Self> {
        let Some(section) = &environment.document().backups else { return Vec::new() };
        let jobs = section.jobs.iter().filter_map(|job| Self::of(scope, section, job));
        jobs.map(|policy| Self { standby: follows(environment, &policy.subject.source), ..policy }).collect()
    }

    fn of(scope: &Scope, section: &Backups, job: &crate::estate::BackupJob) -> Option<Self> {
        let engine = job.engine.unwrap_or(BackupProvider::Native);
        let subject = BackupSubject { scope: scope.clone(), source: BackupSource::of(job)?, engine };
        let dues = DueSchedule::of(&job.schedule, section);
        let keep = RetentionCounts {
            daily: job.retention.daily,
            weekly: job.retention.weekly,
            monthly: job.retention.monthly,
            minimum: job.retention.minimum.unwrap_or(1).max(1),
            zone: dues.zone().clone(),
        };
        let vault = section.aws_backup.as_ref().map(|it| (it.vault.to_string(), it.role.to_string()));
        Some(Self {
            subject,
            region: scope.region.clone(),
            standby: None,
            fresh_within: job.fresh_within.map_or_else(|| dues.patience(), crate::value::Duration::signed),
            dues,
            keep,
            copy: job.copy.clone(),
            verify: job.verify.clone().unwrap_or_default(),
            drill: job.drill.clone(),
            repository: job.repository.as_ref().map(ToString::to_string),
            vault: vault.filter(|_| engine == BackupProvider::AwsBackup),
        })
    }
}
