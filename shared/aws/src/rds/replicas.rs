//! Read replicas in a region that was left: the old primary is set aside, and a replica comes in its place.

use aws_sdk_rds::types::{DbInstance, GlobalClusterMemberSynchronizationStatus, Tag};
use watchkeeper_control::failover::ports::StandbyReplicas;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::failover::protection::{InstanceFacts, InstanceSettings, NewReplica};
use watchkeeper_domain::value::ResourceName;

use super::named;
use super::promotions::member_in;
use crate::fault::failed;
use crate::{AwsRegionReader, managed, tagged};

/// The engines whose replica in another region may have a parameter group of its own (Amazon RDS API reference,
/// `CreateDBInstanceReadReplica`): the others get the default one.
const OWN_PARAMETERS: [&str; 3] = ["mysql", "oracle", "db2"];

impl StandbyReplicas for AwsRegionReader {
    async fn instance(&self, name: &ResourceName) -> Result<Option<InstanceFacts>, AwsError> {
        Ok(self.aws.instance(name.as_str()).await?.as_ref().map(facts))
    }

    /// `pending-resync` (Amazon RDS API reference, `GlobalClusterMember`).
    async fn resynchronizes(&self, global: &ResourceName) -> Result<bool, AwsError> {
        let own = self.aws.rds.config().region().map_or("", AsRef::as_ref);
        let found = self.global(global).await?;
        let status = found.as_ref().and_then(|global| member_in(global, own)?.synchronization_status());
        Ok(status == Some(&GlobalClusterMemberSynchronizationStatus::PendingResync))
    }

    async fn rename_instance(&self, from: &ResourceName, to: &ResourceName) -> Result<(), AwsError> {
        let call = self.aws.rds.modify_db_instance().db_instance_identifier(from.as_str());
        // Without `ApplyImmediately` it would wait for a maintenance window.
        let call = call.new_db_instance_identifier(to.as_str()).apply_immediately(true);
        call.send().await.map_err(|error| failed("ModifyDBInstance", from, error))?;
        Ok(())
    }

    async fn stop_instance(&self, name: &ResourceName) -> Result<(), AwsError> {
        let call = self.aws.rds.stop_db_instance().db_instance_identifier(name.as_str());
        call.send().await.map_err(|error| failed("StopDBInstance", name, error))?;
        Ok(())
    }

    async fn create_replica(&self, new: &NewReplica) -> Result<(), AwsError> {
        let NewReplica { name, source, settings } = new;
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
        let call = self.aws.rds.create_db_instance_read_replica().db_instance_identifier(name.as_str());
        let call = call.source_db_instance_identifier(source).db_instance_class(&settings.class);
        let call = call.set_db_subnet_group_name(settings.subnet_group.clone());
        let groups = Some(settings.security_groups.clone()).filter(|groups| !groups.is_empty());
        let call = call.set_vpc_security_group_ids(groups);
        let call = call.set_db_parameter_group_name(settings.parameter_group.clone());
        let call = call.set_kms_key_id(settings.key.clone()).multi_az(settings.multi_az);
        let call = call.publicly_accessible(settings.public);
        let call = call.enable_iam_database_authentication(settings.iam_authentication);
        let call = call.set_tags(Some(settings.tags.iter().map(tag).collect()));
        call.send().await.map_err(|error| failed("CreateDBInstanceReadReplica", name, error))?;
        Ok(())
    }
}

fn facts(instance: &DbInstance) -> InstanceFacts {
    let source = named(instance.read_replica_source_db_instance_identifier())
        .or(named(instance.read_replica_source_db_cluster_identifier()));
    let tags = instance.tag_list().iter().map(|tag| (tag.key(), tag.value()));
    InstanceFacts {
        arn: instance.db_instance_arn().unwrap_or_default().to_owned(),
        status: instance.db_instance_status().unwrap_or("in an unknown state").to_owned(),
        source: source.map(ToOwned::to_owned),
        managed: managed(tags),
        settings: settings(instance),
    }
}

fn settings(instance: &DbInstance) -> InstanceSettings {
    let owned = |text: Option<&str>| named(text).map(ToOwned::to_owned);
    let engine = instance.engine().unwrap_or_default();
    let own = OWN_PARAMETERS.iter().any(|known| engine.starts_with(known));
    let group = instance.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name());
    let groups = instance.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id());
    let tags = tagged(instance.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    InstanceSettings {
        class: instance.db_instance_class().unwrap_or_default().to_owned(),
        subnet_group: owned(instance.db_subnet_group().and_then(|group| group.db_subnet_group_name())),
        security_groups: groups.map(ToOwned::to_owned).collect(),
        parameter_group: owned(group).filter(|name| own && !name.starts_with("default.")),
        key: owned(instance.kms_key_id()).filter(|_| instance.storage_encrypted() == Some(true)),
        multi_az: instance.multi_az() == Some(true),
        public: instance.publicly_accessible() == Some(true),
        iam_authentication: instance.iam_database_authentication_enabled() == Some(true),
        // Tags that begin so are AWS's, and nobody else may set them.
        tags: tags.filter(|(key, _)| !key.starts_with("aws:")).map(|(key, value)| (key.into(), value.into())).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_rds::types::{DbParameterGroupStatus, DbSubnetGroup, VpcSecurityGroupMembership};
    use rstest::rstest;

    use super::*;

    fn old(engine: &str, group: &str) -> DbInstance {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        DbInstance::builder()
            .db_instance_arn("arn:aws:rds:us-west-2:123456789012:db:orders")
            .db_instance_status("available")
            .db_instance_class("db.t4g.small")
            .engine(engine)
            .db_subnet_group(DbSubnetGroup::builder().db_subnet_group_name("orders").build())
            .vpc_security_groups(VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1").build())
            .db_parameter_groups(DbParameterGroupStatus::builder().db_parameter_group_name(group).build())
            .kms_key_id("arn:aws:kms:us-west-2:123456789012:key/k")
            .storage_encrypted(true)
            .multi_az(true)
            .tag_list(tag("watchkeeper:managed", "true"))
            .tag_list(tag("aws:cloudformation:stack-name", "fleet"))
            .build()
    }

    #[test]
    fn a_replica_is_like_the_old_primary_but_for_what_is_awss() {
        let found = facts(&old("postgres", "orders-16"));
        assert!(found.managed && found.source.is_none());
        let expected = InstanceSettings {
            class: "db.t4g.small".to_owned(),
            subnet_group: Some("orders".to_owned()),
            security_groups: vec!["sg-1".to_owned()],
            parameter_group: None,
            key: Some("arn:aws:kms:us-west-2:123456789012:key/k".to_owned()),
            multi_az: true,
            tags: [("watchkeeper:managed".to_owned(), "true".to_owned())].into(),
            ..InstanceSettings::default()
        };
        assert_eq!(found.settings, expected);
    }

    #[rstest]
    #[case("postgres", "orders", None)]
    #[case("mysql", "orders", Some("orders"))]
    #[case("mysql", "default.mysql8.0", None)]
    #[case("oracle-ee", "orders", Some("orders"))]
    fn a_parameter_group_of_its_own_is_named_where_the_engine_takes_one(
        #[case] engine: &str,
        #[case] group: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(facts(&old(engine, group)).settings.parameter_group.as_deref(), expected);
    }
}
