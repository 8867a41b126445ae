//! Tables.

use aws_sdk_dynamodb::types::PointInTimeRecoveryStatus;
use watchkeeper_aws::failed;
use watchkeeper_control::failover::ports::ReplicatedStores as _;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::{FoundTable, Tags};
use watchkeeper_domain::value::ResourceName;

use super::{RegionClients, tags};
use crate::unread::read;

impl RegionClients {
    /// A table; its tags by its ARN.
    pub(crate) async fn table(&self, name: &ResourceName, arn: &str) -> Result<Option<FoundTable>, AwsError> {
        let Some(table) = self.view.table(name).await? else { return Ok(None) };
        let (tags, recovers) = (read(self.table_tags(arn).await), read(self.recovers(name).await));
        Ok(Some(FoundTable { replicas: table.replicas, indexes: table.indexes, tags, recovers }))
    }

    pub(crate) async fn table_tags(&self, arn: &str) -> Result<Tags, AwsError> {
        let (mut all, mut next) = (Tags::new(), None);
        loop {
            let call = self.dynamodb.list_tags_of_resource().resource_arn(arn).set_next_token(next).send().await;
            let page = call.map_err(|error| failed("dynamodb:ListTagsOfResource", arn, error))?;
            all.extend(tags(page.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))));
            next = page.next_token;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    pub(crate) async fn recovers(&self, name: &ResourceName) -> Result<bool, AwsError> {
        let answer = self.dynamodb.describe_continuous_backups().table_name(name.as_str()).send().await;
        let answer = answer.map_err(|error| failed("dynamodb:DescribeContinuousBackups", name, error))?;
        let backups = answer.continuous_backups_description();
        let status = backups.and_then(|it| it.point_in_time_recovery_description()?.point_in_time_recovery_status());
        Ok(status == Some(&PointInTimeRecoveryStatus::Enabled))
    }
}
