//! Databases, what is promoted of them, and what backups are taken of.

use watchkeeper_aws::failed;
use watchkeeper_control::backup::BackupStore as _;
use watchkeeper_control::failover::ports::DatabasePromotions as _;
use watchkeeper_control::ports::{AwsError, Databases as _, all_databases};
use watchkeeper_domain::backup::{CopyQuota, JobPolicy, ObservedSource};
use watchkeeper_domain::capacity::{DatabaseId, ListedDatabase};
use watchkeeper_domain::failover::PairDatabase;
use watchkeeper_domain::name;
use watchkeeper_domain::preflight::{DatabaseFacts, PromotedFacts, Tags};

use super::{RegionClients, tags};
use crate::unread::read;

impl RegionClients {
    /// A database, by the engine's own eyes; its tags by its ARN.
    pub(crate) async fn database(&self, id: &DatabaseId, arn: &str) -> Result<Option<DatabaseFacts>, AwsError> {
        let Some(observed) = self.aws.describe_database(id).await? else { return Ok(None) };
        Ok(Some(DatabaseFacts { observed, tags: read(self.database_tags(arn).await) }))
    }

    /// All databases of the region, with the tags that they may be found by.
    pub(crate) async fn all_databases(&self) -> Result<Vec<ListedDatabase>, AwsError> {
        all_databases(&self.aws).await
    }

    async fn database_tags(&self, arn: &str) -> Result<Tags, AwsError> {
        let answer = self.rds.list_tags_for_resource().resource_name(arn).send().await;
        let answer = answer.map_err(|error| failed("rds:ListTagsForResource", arn, error))?;
        Ok(tags(answer.tag_list().iter().map(|tag| (tag.key(), tag.value()))))
    }

    /// What a database is here that a failover promotes; the tags of a replica, by the ARN that it would have.
    pub(crate) async fn promoted(&self, promoted: &PairDatabase, arn: &str) -> Result<Option<PromotedFacts>, AwsError> {
        let Some(role) = self.view.role(promoted).await? else { return Ok(None) };
        let tags = match promoted {
            PairDatabase::Replica(_) => Some(read(self.database_tags(arn).await)),
            PairDatabase::AuroraGlobal(_) => None,
        };
        Ok(Some(PromotedFacts { role, tags }))
    }

    /// What a backup is taken of.
    pub(crate) async fn source(&self, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError> {
        self.vaults.describe_source(policy).await
    }

    /// How full a region is of copies of a kind.
    pub(crate) async fn copies(
        &self,
        policy: &JobPolicy,
        region: &name::Region,
    ) -> Result<Option<CopyQuota>, AwsError> {
        self.vaults.copy_quota(policy, region).await
    }
}
