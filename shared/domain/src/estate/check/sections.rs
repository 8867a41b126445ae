//! Backups: jobs without a resource, copies that go nowhere.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{EnvironmentChecker, at};
use crate::estate::source::{BackupSource, ResourceKind};
use crate::estate::{BackupJob, BackupProvider, CheckTask, RestoreDrill};
use crate::finding::FieldPath;
use crate::value::ResourceName;

/// How long the check of a drill may be given: below the time that one execution works on it.
const CHECKING: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(1), SignedDuration::from_hours(6));

/// How the names of what is restored end: the role of the backups function may fill, tag and remove only what is called so.
pub(crate) const SCRATCH: [&str; 2] = ["-drill", "-restored"];

impl EnvironmentChecker<'_> {
    pub(super) fn sections(&mut self) {
        let mut seen = BTreeSet::new();
        for (index, job) in self.environment.backups.iter().flat_map(|b| b.jobs.iter().enumerate()) {
            let place = at("backups").key("jobs").index(index);
            self.backup(&place, job);
            let Some(source) = BackupSource::of(job) else { continue };
            self.engine(&place, job, &source);
            self.drill(&place, job, &source);
            if !seen.insert(source.clone()) {
                self.note(place, format!("{source} a second time"), "each resource once");
            }
        }
        self.unblock();
    }

    fn backup(&mut self, place: &FieldPath, job: &BackupJob) {
        let kinds: Vec<&str> = BackupSource::all_of(job).iter().map(|source| source.kind.name()).collect();
        if kinds.len() != 1 {
            let found = if kinds.is_empty() { "no resource".to_owned() } else { kinds.join(" and ") };
            let known: Vec<&str> = ResourceKind::ALL.iter().map(|kind| kind.name()).collect();
            self.note(place.clone(), found, format!("exactly one of {}", known.join(", ")));
        }
        let retention = &job.retention;
        if [retention.daily, retention.weekly, retention.monthly].iter().all(|kept| *kept == 0) {
            self.note(place.clone().key("retention"), "nothing kept", "at least one of daily, weekly, monthly above 0");
        }
        if let Some(copy) = job.copy.as_ref().filter(|copy| copy.region == self.environment.regions.primary) {
            let found = format!("{}, where the original is", copy.region);
            self.note(place.clone().key("copy").key("region"), found, "another region");
        }
    }

    /// What a kind of resource and its engine need, and what they cannot do.
    fn engine(&mut self, place: &FieldPath, job: &BackupJob, source: &BackupSource) {
        let (kind, native) = (source.kind, job.engine != Some(BackupProvider::AwsBackup));
        if !native && !matches!(kind, ResourceKind::Aurora | ResourceKind::Rds | ResourceKind::Dynamodb) {
            let found = format!("aws-backup for {source}");
            self.note(place.clone().key("engine"), found, "native, or one of aurora, rds, dynamodb");
        }
        if !native && self.environment.backups.as_ref().is_some_and(|backups| backups.aws_backup.is_none()) {
            let expected = "`aws-backup` with vault and role, beside the jobs";
            self.note(place.clone().key("engine"), "aws-backup without a vault", expected);
        }
        if native && job.copy.is_some() && !kind.copies_natively() {
            let found = format!("a copy of {source}, whose own backups stay in their region");
            self.note(
                place.clone().key("copy"),
                found,
                "no copy, or `engine: aws-backup` where it takes such resources",
            );
        }
        if kind == ResourceKind::S3 && source.name.as_str().split_once('/').is_none_or(|(_, key)| key.is_empty()) {
            self.note(place.clone().key("s3"), source.name.to_string(), "bucket/key");
        }
        if kind == ResourceKind::S3 && job.copy.as_ref().is_some_and(|copy| copy.bucket.is_none()) {
            self.note(place.clone().key("copy").key("bucket"), "nothing", "the bucket of the other region");
        }
        if kind == ResourceKind::Opensearch && job.repository.is_none() {
            self.note(place.clone().key("repository"), "nothing", "the name of a registered snapshot repository");
        }
    }

    fn drill(&mut self, place: &FieldPath, job: &BackupJob, source: &BackupSource) {
        let Some(drill) = &job.drill else { return };
        let place_of = || place.clone().key("drill");
        if !source.kind.can_be_drilled() || job.engine == Some(BackupProvider::AwsBackup) {
            let found = format!("a drill of {source}");
            self.note(place_of(), found, "no drill, or one of aurora, rds, dynamodb with their own backups");
        }
        if let Some(scratch) = drill.scratch.as_ref().map(ResourceName::as_str) {
            if source.kind.same_name(scratch, source.name.as_str()) {
                self.note(place_of().key("scratch"), source.name.to_string(), "another name than the original's");
            } else if let Some(expected) = source.kind.wrong_target(scratch) {
                self.note(place_of().key("scratch"), scratch, expected);
            }
        }
        if let (Some(least), Some(most)) = (drill.items_at_least, drill.items_at_most)
            && least > most
        {
            let place = place_of().key("items-at-most");
            self.note(place, most.to_string(), format!("at least the {least} of items-at-least"));
        }
        self.check_task(&place_of(), drill, source);
    }

    /// What a check by a task of the estate's own needs, and an instance for it.
    fn check_task(&mut self, place: &FieldPath, drill: &RestoreDrill, source: &BackupSource) {
        if let Some(class) = drill.instance_class.as_ref().filter(|_| source.kind != ResourceKind::Aurora) {
            let found = format!("{class} for {source}");
            self.note(place.clone().key("instance-class"), found, "none, or a drill of aurora");
        }
        let Some(CheckTask { task_definition, subnets, security_groups, within, .. }) = &drill.check else { return };
        let place = place.clone().key("check");
        // By its ARN it could be another account's or region's, which the role may not run.
        if !task_definition.as_str().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')) {
            self.note(place.clone().key("task-definition"), task_definition.to_string(), "family or family:revision");
        }
        if subnets.is_empty() && !security_groups.is_empty() {
            self.note(place.clone().key("subnets"), "nothing beside security-groups", "the subnets of the task");
        }
        if let Some(within) = within.filter(|it| !(CHECKING.0..=CHECKING.1).contains(&it.signed())) {
            self.note(place.key("within"), within.to_string(), "1m to 6h");
        }
    }
}
