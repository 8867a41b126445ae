//! Backups follow the pointer of a pair: what lies in both regions is backed up where the pair is served, and copied to the
//! other region. Names, tags and what is remembered stay those of the home, so that both regions know of each copy.

use super::{BackupSource, JobPolicy, ResourceKind};
use crate::estate::Environment;
use crate::name::Region;

impl JobPolicy {
    /// The same while a region serves the pair: what follows the pointer is backed up there. What was copied there is copied
    /// home then; a copy in a third region stays one.
    #[must_use]
    pub fn served_in(mut self, region: &Region) -> Self {
        if self.standby.as_ref() != Some(region) || *region == self.region {
            return self;
        }
        if let Some(copy) = self.copy.as_mut().filter(|copy| copy.region == *region) {
            copy.region = self.region;
            copy.key = copy.home_key.take();
        }
        self.region = region.clone();
        self
    }

    /// Whether its backups may be taken in a region: at home, and in the standby region where they follow the pointer.
    pub fn may_be_in(&self, region: &Region) -> bool {
        *region == self.subject.scope.region || self.standby.as_ref() == Some(region)
    }
}

/// The standby region, where a resource is in both regions of a pair under one name: what the failover promotes or replicates.
/// All else stays where it is, and so do its backups.
pub(super) fn follows(environment: &Environment, source: &BackupSource) -> Option<Region> {
    let document = environment.document();
    let failover = document.failover.as_ref()?;
    let name = source.name.as_str();
    let is_there = match source.kind {
        ResourceKind::Dynamodb => failover.tables.iter().any(|table| table.table.as_str() == name),
        ResourceKind::Rds => {
            let replicas = failover.databases.iter().filter_map(|database| database.replica.as_ref());
            replicas.into_iter().any(|replica| source.kind.same_name(replica.as_str(), name))
        }
        ResourceKind::Aurora => failover.databases.iter().any(|database| database.aurora_global.is_some()),
        ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => false,
    };
    document.regions.standby.clone().filter(|_| is_there)
}
