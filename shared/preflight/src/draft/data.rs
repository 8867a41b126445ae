//! Databases, tables, queues, streams, and what has no more than a name.

use aws_sdk_dynamodb::types::KeyType;
use aws_sdk_kinesis::operation::list_streams::ListStreamsOutput;
use aws_sdk_kinesis::types::StreamMode;
use watchkeeper_aws::{domain_names, failed};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::{DatabaseName, Region};
use watchkeeper_domain::value::ResourceName;
use watchkeeper_estates::draft::Arn;
use watchkeeper_estates::draft::facts::{DatabaseFacts, Found, PlainFacts, QueueFacts, StreamFacts, TableFacts};

use super::{AccountReader, pairs};

fn count(found: Option<i32>) -> Option<u32> {
    found.and_then(|found| u32::try_from(found).ok())
}

impl AccountReader<'_> {
    /// The instances that stand for themselves: those of a cluster sleep with it.
    pub(super) async fn instances(&mut self) -> Result<(), AwsError> {
        let all = self.clients.rds.describe_db_instances().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("rds:DescribeDBInstances", self.region, error))?;
        for it in all.iter().filter(|it| it.db_cluster_identifier().is_none()) {
            let Some(name) = it.db_instance_identifier().and_then(|name| DatabaseName::new(name).ok()) else {
                continue;
            };
            let (source, multi_az) = (it.read_replica_source_db_instance_identifier(), it.multi_az() == Some(true));
            let facts = DatabaseFacts::instance(name, it.engine(), source, multi_az);
            let facts = facts.backed_up(count(it.backup_retention_period()), it.preferred_backup_window());
            let found = self.found(facts, pairs(it.tag_list(), |tag| (tag.key(), tag.value())));
            self.facts.databases.push(found);
        }
        Ok(())
    }

    pub(super) async fn database_clusters(&mut self) -> Result<(), AwsError> {
        let all = self.clients.rds.describe_db_clusters().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("rds:DescribeDBClusters", self.region, error))?;
        for it in &all {
            let engine = it.engine().unwrap_or("aurora");
            let Some(name) = it.db_cluster_identifier().and_then(|name| DatabaseName::new(name).ok()) else { continue };
            if let Some(why) = DatabaseFacts::foreign(engine) {
                self.facts.leave_out(format!("database {name} in {}", self.region), format!("it is {why}"));
                continue;
            }
            let (source, global) = (it.replication_source_identifier(), it.global_cluster_identifier());
            let facts = DatabaseFacts::cluster(name, engine, source, global, it.engine_mode());
            let facts = facts.backed_up(count(it.backup_retention_period()), it.preferred_backup_window());
            let tags = pairs(it.tag_list(), |tag| (tag.key(), tag.value()));
            let found = self.found(facts, tags);
            self.facts.databases.push(found);
        }
        Ok(())
    }

    pub(super) async fn tables(&mut self) -> Result<(), AwsError> {
        let region = self.region;
        let names = self.clients.dynamodb.list_tables().into_paginator().items().send().try_collect().await;
        let names = names.map_err(|error| failed("dynamodb:ListTables", region, error))?;
        for name in names.iter().filter_map(|name| name.parse::<ResourceName>().ok()) {
            if self.is_own(&name) {
                continue;
            }
            let answer = self.clients.dynamodb.describe_table().table_name(name.as_str()).send().await;
            let answer = answer.map_err(|error| failed("dynamodb:DescribeTable", &name, error))?;
            let Some(table) = answer.table() else { continue };
            let Some(arn) = table.table_arn() else { continue };
            let tags = self.clients.table_tags(arn).await?;
            let point_in_time = self.clients.recovers(&name).await?;
            let key = table.key_schema().iter().find(|key| key.key_type() == &KeyType::Hash);
            let (global, local) = (table.global_secondary_indexes(), table.local_secondary_indexes());
            let indexes = global.iter().map(|it| it.index_name()).chain(local.iter().map(|it| it.index_name()));
            let mut indexes: Vec<ResourceName> = indexes.filter_map(|name| name?.parse().ok()).collect();
            indexes.sort();
            let others = table.replicas().iter().filter_map(|it| Region::new(it.region_name()?).ok());
            let mut replicas: Vec<Region> = others.filter(|other| other != region).collect();
            replicas.sort();
            let key = key.and_then(|key| key.attribute_name().parse().ok());
            let facts = TableFacts { name, key, indexes, replicas, point_in_time };
            let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let found = self.found(facts, tags);
            self.facts.tables.push(found);
        }
        Ok(())
    }

    pub(super) async fn queues(&mut self) -> Result<(), AwsError> {
        let urls = self.clients.sqs.list_queues().into_paginator().items().send().try_collect().await;
        let urls = urls.map_err(|error| failed("sqs:ListQueues", self.region, error))?;
        for url in &urls {
            let name = url.rsplit('/').next().unwrap_or_default();
            let Some(name) = name.parse::<ResourceName>().ok().filter(|name| !self.is_own(name)) else { continue };
            let redrive = self.clients.redrive(&name, url).await?;
            let tags = self.clients.queue_tags(&name, url).await?;
            let dead_letters = redrive.and_then(|(arn, _)| Arn::parse(&arn)?.resource.parse().ok());
            let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let found = self.found(QueueFacts { name, dead_letters }, tags);
            self.facts.queues.push(found);
        }
        Ok(())
    }

    pub(super) async fn streams(&mut self) -> Result<(), AwsError> {
        let pages = self.kinesis.list_streams().into_paginator().send().try_collect().await;
        let pages = pages.map_err(|error| failed("kinesis:ListStreams", self.region, error))?;
        let names = pages.iter().flat_map(ListStreamsOutput::stream_names);
        for name in names.filter_map(|name| name.parse::<ResourceName>().ok()) {
            let answer = self.kinesis.describe_stream_summary().stream_name(name.as_str()).send().await;
            let answer = answer.map_err(|error| failed("kinesis:DescribeStreamSummary", &name, error))?;
            let Some(stream) = answer.stream_description_summary() else { continue };
            let on_demand = stream.stream_mode_details().is_some_and(|it| it.stream_mode() == &StreamMode::OnDemand);
            let shards = count(Some(stream.open_shard_count())).filter(|_| !on_demand);
            let facts = StreamFacts { name, shards, hours: count(Some(stream.retention_period_hours())) };
            let found = self.found(facts, []);
            self.facts.streams.push(found);
        }
        Ok(())
    }

    pub(super) async fn repositories(&mut self) -> Result<(), AwsError> {
        let all = self.clients.ecr.describe_repositories().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("ecr:DescribeRepositories", self.region, error))?;
        let found = self.named("image repository", all.iter().filter_map(|it| it.repository_name()));
        self.facts.images.extend(found);
        Ok(())
    }

    pub(super) async fn replication_groups(&mut self) -> Result<(), AwsError> {
        let all = self.caches.describe_replication_groups().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("elasticache:DescribeReplicationGroups", self.region, error))?;
        let found = self.named("cache", all.iter().filter_map(|it| it.replication_group_id()));
        self.facts.caches.extend(found);
        Ok(())
    }

    pub(super) async fn domains(&mut self) -> Result<(), AwsError> {
        let names = domain_names(self.sdk, self.region).await?;
        let found = self.named("search domain", names.iter().map(String::as_str));
        self.facts.domains.extend(found);
        Ok(())
    }

    fn named<'n>(&self, kind: &'static str, names: impl Iterator<Item = &'n str>) -> Vec<Found<PlainFacts>> {
        let names = names.filter_map(|name| name.parse().ok());
        names.map(|name| self.found(PlainFacts { kind, name }, [])).collect()
    }
}
