//! Backups: jobs without a resource, copies that go nowhere.

use super::{Checker, at};
use crate::estate::{BackupJob, FieldPath};

impl BackupJob {
    /// The kinds of resource that the job names.
    fn kinds(&self) -> Vec<&'static str> {
        let named = [
            ("aurora", self.aurora.is_some()),
            ("rds", self.rds.is_some()),
            ("dynamodb", self.dynamodb.is_some()),
            ("elasticache", self.elasticache.is_some()),
            ("opensearch", self.opensearch.is_some()),
            ("s3", self.s3.is_some()),
        ];
        named.into_iter().filter_map(|(kind, given)| given.then_some(kind)).collect()
    }
}

impl Checker<'_> {
    pub(super) fn sections(&mut self) {
        for (index, job) in self.environment.backups.iter().flat_map(|b| b.jobs.iter().enumerate()) {
            self.backup(&at("backups").key("jobs").index(index), job);
        }
        self.unblock();
    }

    fn backup(&mut self, place: &FieldPath, job: &BackupJob) {
        let kinds = job.kinds();
        if kinds.len() != 1 {
            let found = if kinds.is_empty() { "no resource".to_owned() } else { kinds.join(" and ") };
            self.note(place.clone(), found, "exactly one of aurora, rds, dynamodb, elasticache, opensearch, s3");
        }
        let retention = &job.retention;
        if [retention.daily, retention.weekly, retention.monthly].iter().all(|kept| *kept == 0) {
            self.note(place.clone().key("retention"), "nothing kept", "at least one of daily, weekly, monthly above 0");
        }
        if let Some(copy) = job.copy.as_ref().filter(|copy| copy.region == self.environment.regions.primary) {
            let found = format!("{}, where the original is", copy.region);
            self.note(place.clone().key("copy").key("region"), found, "another region");
        }
        let Some(drill) = &job.drill else { return };
        if let (Some(least), Some(most)) = (drill.items_at_least, drill.items_at_most)
            && least > most
        {
            let place = place.clone().key("drill").key("items-at-most");
            self.note(place, most.to_string(), format!("at least the {least} of items-at-least"));
        }
    }
}
