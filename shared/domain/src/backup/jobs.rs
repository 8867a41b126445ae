//! Jobs of AWS Backup. Its recovery points have no names, and their tags cannot be asked for where their ARN is that of
//! another service (AWS Backup API reference, `ListTags`); so what we asked for is followed by its job, and known by its ARN.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupMemory, BackupSubject, CopyState, ObservedCopy};
use crate::name::Region;

/// How many jobs are remembered of a resource: more than can be under way.
const MOST: usize = 16;

/// A job whose recovery point is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingJob {
    /// What AWS Backup calls it.
    pub id: String,
    /// The name of the copy.
    pub name: String,
    /// Where the copy will be.
    pub region: Region,
    /// When it was due.
    pub due: Timestamp,
}

impl BackupMemory {
    /// Remembers the job that makes the copy of the attempt in a region.
    pub fn started(&mut self, subject: &BackupSubject, region: &Region, id: &str) {
        let Some(due) = self.attempt.as_ref().map(|attempt| attempt.due) else { return };
        let name = subject.series().name(due).to_string();
        self.jobs.retain(|job| job.name != name || job.region != *region);
        self.jobs.push(PendingJob { id: id.to_owned(), name, region: region.clone(), due });
        let surplus = self.jobs.len().saturating_sub(MOST);
        self.jobs.drain(..surplus);
    }

    /// Forgets the jobs whose copies are known by now, and those that failed and belong to no attempt any more.
    pub(super) fn follow(&mut self, subject: &BackupSubject, region: &Region, there: &[ObservedCopy]) {
        let attempt = self.attempt.as_ref().map(|attempt| subject.series().name(attempt.due).to_string());
        let ended = |job: &PendingJob| {
            let copy = there.iter().find(|copy| copy.name == job.name);
            copy.is_some_and(|copy| match copy.state {
                CopyState::Available | CopyState::Deleting => true,
                CopyState::Failed(_) => attempt.as_ref() != Some(&job.name),
                CopyState::Creating => false,
            })
        };
        self.jobs.retain(|job| job.region != *region || !ended(job));
    }
}
