//! Restored tables: what a restore does not bring is set again (Amazon DynamoDB developer guide, restoring a table): tags,
//! time to live, streams, point-in-time recovery. Scaling policies, alarms and IAM policies stay with whoever made them.

use aws_sdk_dynamodb::types::{
    AttributeValue, PointInTimeRecoverySpecification, Select, StreamSpecification, TableDescription, Tag,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use jiff::Timestamp;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{JobPolicy, ObservedRestore, RESTORE_TAG, RestoredFacts};
use watchkeeper_domain::estate::KeyValue;

use super::{BackupClients, dynamodb, next_page, tags};
use crate::fault::{failed, odd};
use crate::time::{date_time, timestamp};

/// How many pages of a table are counted, each of up to 1 MB (Amazon DynamoDB API reference, Scan): beyond, there are
/// "more". What fits into the time of one step.
const PAGES: u32 = 100;

impl BackupClients {
    pub(super) async fn restored_table(&self, target: &str) -> Result<Option<ObservedRestore>, AwsError> {
        let Some(table) = self.table(target).await? else { return Ok(None) };
        let summary = table.restore_summary();
        let being_made = table.table_status() == Some(&aws_sdk_dynamodb::types::TableStatus::Creating);
        // While it is being made it carries no tags, and asking for them is an error.
        let mark = if being_made { None } else { tags::value(pairs(&self.table_tags(&table).await?), RESTORE_TAG) };
        Ok(Some(ObservedRestore {
            state: dynamodb::state(&table),
            deleting: table.table_status() == Some(&aws_sdk_dynamodb::types::TableStatus::Deleting),
            created: table.creation_date_time().and_then(timestamp),
            from: summary.and_then(|summary| summary.source_backup_arn()).map(str::to_owned),
            mark,
            settings: dynamodb::settings(&table),
            endpoint: None,
            instance: None,
        }))
    }

    async fn table_tags(&self, table: &TableDescription) -> Result<Vec<Tag>, AwsError> {
        let arn = table.table_arn().unwrap_or_default();
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let call = self.dynamodb.list_tags_of_resource().resource_arn(arn).set_next_token(next.clone());
            let answer = call.send().await;
            let answer = answer.map_err(|error| failed("ListTagsOfResource", arn, error))?;
            all.extend_from_slice(answer.tags());
            next = next_page(next.as_deref(), answer.next_token);
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn restore_table(&self, backup: &str, target: &str) -> Result<(), AwsError> {
        let call = self.dynamodb.restore_table_from_backup().backup_arn(backup).target_table_name(target);
        call.send().await.map(drop).map_err(|error| failed("RestoreTableFromBackup", target, error))
    }

    pub(super) async fn restore_table_to(
        &self,
        policy: &JobPolicy,
        instant: Timestamp,
        target: &str,
    ) -> Result<(), AwsError> {
        let source = policy.subject.source.name.as_str();
        let call = self.dynamodb.restore_table_to_point_in_time().source_table_name(source).target_table_name(target);
        let answer = call.restore_date_time(date_time(instant)).send().await;
        answer.map(drop).map_err(|error| failed("RestoreTableToPointInTime", target, error))
    }

    pub(super) async fn mark_table(&self, target: &str, mark: &str) -> Result<(), AwsError> {
        let table = self.table(target).await?;
        let arn = table.as_ref().and_then(TableDescription::table_arn).unwrap_or_default();
        self.tag_table(arn, vec![(RESTORE_TAG.to_owned(), mark.to_owned())]).await
    }

    async fn tag_table(&self, arn: &str, wanted: Vec<(String, String)>) -> Result<(), AwsError> {
        let tag = |(key, value): (String, String)| Tag::builder().key(key).value(value).build();
        let wanted = wanted.into_iter().map(tag).collect::<Result<Vec<_>, _>>();
        let wanted = wanted.map_err(|flaw| odd("TagResource", arn, flaw.to_string()))?;
        let call = self.dynamodb.tag_resource().resource_arn(arn).set_tags(Some(wanted));
        call.send().await.map(drop).map_err(|error| failed("TagResource", arn, error))
    }

    pub(super) async fn reapply_to_table(&self, policy: &JobPolicy, target: &str) -> Result<Vec<String>, AwsError> {
        let name = policy.subject.source.name.as_str();
        let (Some(source), Some(table)) = (self.table(name).await?, self.table(target).await?) else {
            return Err(odd("DescribeTable", target, format!("{name} or {target} is gone")));
        };
        let mut set = Vec::new();
        let theirs = self.table_tags(&source).await?;
        let theirs = theirs.iter().filter(|tag| tags::is_theirs(tag.key()));
        let theirs: Vec<_> = theirs.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        if !theirs.is_empty() {
            self.tag_table(table.table_arn().unwrap_or_default(), theirs).await?;
            set.push("tags".to_owned());
        }
        if let Some(attribute) = self.expires_by(name).await? {
            self.expire_by(target, &attribute).await?;
            set.push(format!("time to live by {attribute}"));
        }
        let stream = source.stream_specification().filter(|stream| stream.stream_enabled());
        if let Some(stream) = stream {
            let there = table.stream_specification().is_some_and(StreamSpecification::stream_enabled);
            if !there {
                let call = self.dynamodb.update_table().table_name(target).stream_specification(stream.clone());
                // In a box: the call's own future is large.
                Box::pin(call.send()).await.map_err(|error| failed("UpdateTable", target, error))?;
            }
            set.push("stream".to_owned());
        }
        if self.recovery(name).await?.is_some() {
            if self.recovery(target).await?.is_none() {
                self.recover(target).await?;
            }
            set.push("point-in-time recovery".to_owned());
        }
        Ok(set)
    }

    /// The attribute by which items of a table expire, where they do.
    async fn expires_by(&self, table: &str) -> Result<Option<String>, AwsError> {
        let answer = self.dynamodb.describe_time_to_live().table_name(table).send().await;
        let answer = answer.map_err(|error| failed("DescribeTimeToLive", table, error))?;
        let described = answer.time_to_live_description();
        let on = |status: &TimeToLiveStatus| matches!(status, TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling);
        let described = described.filter(|it| it.time_to_live_status().is_some_and(on));
        Ok(described.and_then(|it| it.attribute_name()).map(str::to_owned))
    }

    async fn expire_by(&self, table: &str, attribute: &str) -> Result<(), AwsError> {
        // Setting what is set already is an error.
        if self.expires_by(table).await?.as_deref() == Some(attribute) {
            return Ok(());
        }
        let wanted = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
        let wanted = wanted.map_err(|flaw| odd("UpdateTimeToLive", table, flaw.to_string()))?;
        let call = self.dynamodb.update_time_to_live().table_name(table).time_to_live_specification(wanted);
        call.send().await.map(drop).map_err(|error| failed("UpdateTimeToLive", table, error))
    }

    async fn recover(&self, table: &str) -> Result<(), AwsError> {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let on = on.map_err(|flaw| odd("UpdateContinuousBackups", table, flaw.to_string()))?;
        let call = self.dynamodb.update_continuous_backups().table_name(table);
        let answer = call.point_in_time_recovery_specification(on).send().await;
        answer.map(drop).map_err(|error| failed("UpdateContinuousBackups", table, error))
    }

    pub(super) async fn inspect_table(&self, policy: &JobPolicy, target: &str) -> Result<RestoredFacts, AwsError> {
        let settings = self.table(target).await?.as_ref().map(dynamodb::settings).unwrap_or_default();
        let known = policy.drill.as_ref().map(|drill| &drill.known_item).filter(|key| !key.is_empty());
        let known_item = match known {
            None => None,
            Some(key) => {
                let key = key.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
                let call = self.dynamodb.get_item().table_name(target).set_key(Some(key)).consistent_read(true);
                let answer = call.send().await.map_err(|error| failed("GetItem", target, error))?;
                Some(answer.item.is_some())
            }
        };
        Ok(RestoredFacts { items: Some(self.count(target).await?), known_item, settings })
    }

    /// How many items a table has, and whether these are all.
    async fn count(&self, table: &str) -> Result<(u64, bool), AwsError> {
        let (mut items, mut from) = (0_u64, None);
        for _ in 0..PAGES {
            let call = self.dynamodb.scan().table_name(table).select(Select::Count).set_exclusive_start_key(from);
            let answer = call.send().await.map_err(|error| failed("Scan", table, error))?;
            items += u64::try_from(answer.count()).unwrap_or(0);
            from = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok((items, true));
            }
        }
        Ok((items, false))
    }

    pub(super) async fn delete_table(&self, target: &str) -> Result<(), AwsError> {
        let call = self.dynamodb.delete_table().table_name(target);
        call.send().await.map(drop).map_err(|error| failed("DeleteTable", target, error))
    }
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    tags.iter().map(|tag| (Some(tag.key()), Some(tag.value())))
}

fn attribute(value: &KeyValue) -> AttributeValue {
    match value {
        KeyValue::Number(number) => AttributeValue::N(number.to_string()),
        KeyValue::Text(text) => AttributeValue::S(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_texts_or_numbers() {
        assert_eq!(attribute(&KeyValue::Number(7)), AttributeValue::N("7".to_owned()));
        assert_eq!(attribute(&KeyValue::Text("7".to_owned())), AttributeValue::S("7".to_owned()));
    }
}
