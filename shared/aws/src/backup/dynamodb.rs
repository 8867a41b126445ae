//! Tables: on-demand backups, which have names that are not unique and no tags, and point-in-time recovery.

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    BackupStatus, BackupSummary, BackupTypeFilter, ContinuousBackupsDescription, PointInTimeRecoveryStatus,
    TableDescription, TableStatus,
};
use jiff::Timestamp;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyState, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource, RestoreWindow,
    RestoredFacts, SourceState,
};

use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::{BackupClients, next_page};
use crate::fault::failed;
use crate::time::timestamp;

/// `DynamoDB` tables. What is restored of them is in a file of its own.
#[derive(Debug)]
pub(super) struct Dynamodb;

impl CopyEngine for Dynamodb {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let name = resource.name();
        let mut copies = Vec::new();
        let mut from: Option<String> = None;
        loop {
            let call = resource.clients.dynamodb.list_backups().table_name(name).backup_type(BackupTypeFilter::User);
            let answer = call.set_exclusive_start_backup_arn(from.clone()).send().await;
            let answer = answer.map_err(|error| failed("ListBackups", name, error))?;
            copies.extend(answer.backup_summaries().iter().filter_map(copy));
            from = next_page(from.as_deref(), answer.last_evaluated_backup_arn);
            if from.is_none() {
                return Ok(copies);
            }
        }
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let table = resource.name();
        let call = resource.clients.dynamodb.create_backup().table_name(table).backup_name(name.as_str());
        // Names are not unique, so an attempt whose answer was lost must not be made again: the next step looks first.
        let once = Builder::new().retry_config(RetryConfig::disabled());
        call.customize()
            .config_override(once)
            .send()
            .await
            .map(|_| None)
            .map_err(|error| failed("CreateBackup", name, error))
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let call = resource.clients.dynamodb.delete_backup().backup_arn(&copy.id);
        call.send().await.map(drop).map_err(|error| failed("DeleteBackup", &copy.name, error))
    }
}

impl BackupEngine for Dynamodb {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        let name = resource.name();
        let Some(table) = resource.clients.table(name).await? else { return Ok(None) };
        let window = resource.clients.recovery(name).await?;
        // DynamoDB encrypts every table and every backup (Amazon DynamoDB developer guide, encryption at rest).
        Ok(Some(ObservedSource { state: state(&table), encrypted: true, window, settings: settings(&table) }))
    }

    async fn arn(&self, resource: &RegionalResource<'_>) -> Result<Option<String>, AwsError> {
        Ok(resource.clients.table(resource.name()).await?.and_then(|it| it.table_arn))
    }

    async fn restored(
        &self,
        resource: &RegionalResource<'_>,
        target: &str,
    ) -> Result<Option<ObservedRestore>, AwsError> {
        resource.clients.restored_table(target).await
    }

    async fn restore(
        &self,
        resource: &RegionalResource<'_>,
        known: &KnownCopy,
        target: &str,
        _: &str,
    ) -> Result<(), AwsError> {
        resource.clients.restore_table(&known.id, target).await
    }

    async fn restore_instant(
        &self,
        resource: &RegionalResource<'_>,
        instant: Timestamp,
        target: &str,
        _: &str,
    ) -> Result<(), AwsError> {
        resource.clients.restore_table_to(resource.policy, instant, target).await
    }

    async fn mark(&self, resource: &RegionalResource<'_>, target: &str, mark: &str) -> Result<(), AwsError> {
        resource.clients.mark_table(target, mark).await
    }

    async fn reapply(&self, resource: &RegionalResource<'_>, target: &str) -> Result<Vec<String>, AwsError> {
        resource.clients.reapply_to_table(resource.policy, target).await
    }

    async fn inspect(&self, resource: &RegionalResource<'_>, target: &str) -> Result<RestoredFacts, AwsError> {
        resource.clients.inspect_table(resource.policy, target).await
    }

    async fn delete_restored(&self, resource: &RegionalResource<'_>, target: &str) -> Result<(), AwsError> {
        resource.clients.delete_table(target).await
    }
}

impl BackupClients {
    /// A table; nothing when there is none.
    pub(super) async fn table(&self, name: &str) -> Result<Option<TableDescription>, AwsError> {
        match self.dynamodb.describe_table().table_name(name).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) => {
                Ok(None)
            }
            Err(error) => Err(failed("DescribeTable", name, error)),
        }
    }

    /// Point-in-time recovery of a table, where it is on.
    pub(super) async fn recovery(&self, name: &str) -> Result<Option<RestoreWindow>, AwsError> {
        let answer = self.dynamodb.describe_continuous_backups().table_name(name).send().await;
        let answer = answer.map_err(|error| failed("DescribeContinuousBackups", name, error))?;
        Ok(answer.continuous_backups_description().and_then(window))
    }
}

pub(super) fn state(table: &TableDescription) -> SourceState {
    match table.table_status() {
        // A table that is being updated can be backed up, too.
        Some(TableStatus::Active | TableStatus::Updating) => SourceState::Available,
        Some(other) => SourceState::Busy(other.as_str().to_ascii_lowercase()),
        None => SourceState::Busy("in no state that AWS tells".to_owned()),
    }
}

/// What a restored table has to have too.
pub(super) fn settings(table: &TableDescription) -> std::collections::BTreeMap<String, String> {
    let keys = table.key_schema().iter().map(|key| format!("{} {}", key.attribute_name(), key.key_type()));
    let indexes = table.global_secondary_indexes().iter().filter_map(|index| index.index_name());
    let mut indexes: Vec<&str> =
        indexes.chain(table.local_secondary_indexes().iter().filter_map(|index| index.index_name())).collect();
    indexes.sort_unstable();
    let none = || "none".to_owned();
    let list = |names: String| if names.is_empty() { none() } else { names };
    [("key".to_owned(), list(keys.collect::<Vec<_>>().join(", "))), ("indexes".to_owned(), list(indexes.join(", ")))]
        .into()
}

fn window(described: &ContinuousBackupsDescription) -> Option<RestoreWindow> {
    let recovery = described.point_in_time_recovery_description()?;
    if recovery.point_in_time_recovery_status() != Some(&PointInTimeRecoveryStatus::Enabled) {
        return None;
    }
    let from = recovery.earliest_restorable_date_time().and_then(timestamp);
    let to = recovery.latest_restorable_date_time().and_then(timestamp)?;
    Some(RestoreWindow { from, to })
}

fn copy(summary: &BackupSummary) -> Option<ObservedCopy> {
    Some(ObservedCopy {
        id: summary.backup_arn()?.to_owned(),
        name: summary.backup_name()?.to_owned(),
        state: match summary.backup_status()? {
            BackupStatus::Available => CopyState::Available,
            BackupStatus::Creating => CopyState::Creating,
            BackupStatus::Deleted => CopyState::Deleting,
            other => CopyState::Failed(other.as_str().to_ascii_lowercase()),
        },
        created: summary.backup_creation_date_time().and_then(timestamp),
        bytes: summary.backup_size_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
        encrypted: true,
        mark: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::{BackupType, KeySchemaElement, KeyType, PointInTimeRecoveryDescription};
    use aws_smithy_types::DateTime;

    use super::*;

    fn summary(status: BackupStatus) -> BackupSummary {
        BackupSummary::builder()
            .backup_arn("arn:backup")
            .backup_name("wk-a")
            .backup_status(status)
            .backup_type(BackupType::User)
            .backup_size_bytes(42)
            .backup_creation_date_time(DateTime::from_secs(1_795_000_000))
            .build()
    }

    #[test]
    fn a_backup_is_read_with_its_state_and_never_has_a_tag() {
        let read = copy(&summary(BackupStatus::Available)).unwrap();
        assert_eq!((read.id.as_str(), read.name.as_str(), read.bytes), ("arn:backup", "wk-a", Some(42)));
        assert_eq!((read.state, read.mark), (CopyState::Available, None));
        assert_eq!(copy(&summary(BackupStatus::Creating)).unwrap().state, CopyState::Creating);
        let odd = copy(&summary(BackupStatus::from("LOST"))).unwrap().state;
        assert_eq!(odd, CopyState::Failed("lost".to_owned()));
        assert_eq!(copy(&BackupSummary::builder().build()), None);
    }

    #[test]
    fn recovery_counts_only_where_it_is_on() {
        let described = |status: PointInTimeRecoveryStatus| {
            let recovery = PointInTimeRecoveryDescription::builder()
                .point_in_time_recovery_status(status)
                .latest_restorable_date_time(DateTime::from_secs(1_795_000_000))
                .build();
            let described = ContinuousBackupsDescription::builder().point_in_time_recovery_description(recovery);
            described
                .continuous_backups_status(aws_sdk_dynamodb::types::ContinuousBackupsStatus::Enabled)
                .build()
                .unwrap()
        };
        assert_eq!(window(&described(PointInTimeRecoveryStatus::Disabled)), None);
        let on = window(&described(PointInTimeRecoveryStatus::Enabled)).unwrap();
        assert_eq!((on.from, on.to.as_second()), (None, 1_795_000_000));
    }

    #[test]
    fn settings_are_keys_and_indexes() {
        let key = KeySchemaElement::builder().attribute_name("idea_id").key_type(KeyType::Hash).build().unwrap();
        let table = TableDescription::builder().key_schema(key).table_status(TableStatus::Active).build();
        let read = settings(&table);
        assert_eq!((read["key"].as_str(), read["indexes"].as_str()), ("idea_id HASH", "none"));
        assert_eq!(state(&table), SourceState::Available);
        let busy = TableDescription::builder().table_status(TableStatus::Creating).build();
        assert_eq!(state(&busy), SourceState::Busy("creating".to_owned()));
    }
}
