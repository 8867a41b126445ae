//! Whose backups the sandbox can take.

use jiff::Timestamp;
use watchkeeper_domain::estate::{BackupJob, BackupProvider, Environment};

use super::{Audition, Unplayed};

/// Environments with a job that the sandbox can do.
pub(in crate::drill) const BACKUP: Audition =
    Audition { scenario: "backup", needy: &[("clos-v2", &["prod"])], judge: plays, alone: true };

fn plays(environment: &Environment, _: Timestamp) -> Result<(), Unplayed> {
    let Some(backups) = &environment.document().backups else {
        return Err(Unplayed::new("no `backups`", "`backups` with a job"));
    };
    let mut why = Unplayed::new("no job in `backups`", "a job of `rds`, `aurora`, `dynamodb`, `elasticache` or `s3`");
    for job in &backups.jobs {
        match can(job) {
            Ok(()) => return Ok(()),
            Err(lacking) => why.found = lacking.found,
        }
    }
    Err(why)
}

/// Whether the sandbox can do a job.
pub(in crate::drill) fn can(job: &BackupJob) -> Result<(), Unplayed> {
    if job.engine == Some(BackupProvider::AwsBackup) {
        return Err(Unplayed::new("`engine: aws-backup`, which the sandbox has not", "the resource's own backups"));
    }
    if job.opensearch.is_some() {
        return Err(Unplayed::new(
            "`opensearch`, of which the sandbox keeps no documents",
            "AWS: take it there by hand",
        ));
    }
    Ok(())
}
