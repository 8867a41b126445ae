//! The instance of a restored Aurora cluster: without one, nobody can connect to it.

use aws_sdk_rds::types::{DbCluster, DbInstance, ServerlessV2ScalingConfiguration};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{ObservedInstance, RESTORE_TAG, RestorePurpose, RestoreWants, RestoredEndpoint};
use watchkeeper_domain::value::ResourceName;

use super::database::{pairs, restore_tag, state};
use super::engine::RegionalResource;
use super::tags;
use crate::fault::{failed, odd};

impl RegionalResource<'_> {
    /// Whether what a drill restores may have an instance.
    pub(super) fn may_have_instance(&self) -> bool {
        RestoreWants::of(self.policy, RestorePurpose::Drill).instance
    }

    /// Begins to make the instance, of the class of the document or of the original's writer, and not public. The rest is the
    /// cluster's (Amazon RDS API reference, `CreateDBInstance`).
    pub(super) async fn add_instance(&self, target: &str, mark: &str) -> Result<(), AwsError> {
        let original = self.clients.cluster(self.name()).await?;
        let original = original.ok_or_else(|| odd("DescribeDBClusters", target, "the original is gone".to_owned()))?;
        let declared = self.policy.drill.as_ref().and_then(|drill| drill.instance_class.as_ref());
        let class = match declared.map(ResourceName::as_str) {
            Some(class) => class.to_owned(),
            None => self.writers_class(&original).await?,
        };
        let call = self.clients.rds.create_db_instance().db_instance_identifier(target).db_cluster_identifier(target);
        let call = call.db_instance_class(class).set_engine(original.engine().map(str::to_owned));
        let call = call.publicly_accessible(false).tags(restore_tag(mark));
        // In a box: the call's own future is large.
        let answer = Box::pin(call.send()).await;
        answer.map(drop).map_err(|error| failed("CreateDBInstance", target, error))
    }

    async fn writers_class(&self, cluster: &DbCluster) -> Result<String, AwsError> {
        let members = cluster.db_cluster_members();
        let writer = members.iter().find(|member| member.is_cluster_writer() == Some(true)).or_else(|| members.first());
        let name = writer.and_then(|member| member.db_instance_identifier()).unwrap_or_default();
        let found = if name.is_empty() { None } else { self.clients.instance(name).await? };
        found.and_then(|instance| instance.db_instance_class).ok_or_else(|| {
            let what = "found no instance of the original, expected one, or `drill.instance-class`".to_owned();
            odd("DescribeDBInstances", self.name(), what)
        })
    }
}

/// As its cluster has it, for AWS to keep.
pub(super) fn serverless(original: &DbCluster) -> Option<ServerlessV2ScalingConfiguration> {
    let found = original.serverless_v2_scaling_configuration()?;
    let scaling = ServerlessV2ScalingConfiguration::builder().set_min_capacity(found.min_capacity());
    Some(scaling.set_max_capacity(found.max_capacity()).build())
}

pub(super) fn observed(instance: &DbInstance) -> ObservedInstance {
    ObservedInstance {
        state: state(instance.db_instance_status()),
        deleting: instance.db_instance_status() == Some("deleting"),
        mark: tags::value(pairs(instance.tag_list()), RESTORE_TAG),
    }
}

/// Where the cluster answers.
pub(super) fn endpoint(cluster: &DbCluster) -> Option<RestoredEndpoint> {
    let port = cluster.port().and_then(|port| u16::try_from(port).ok())?;
    let address = cluster.endpoint().filter(|address| !address.is_empty())?.to_owned();
    Some(RestoredEndpoint { address, port })
}

#[cfg(test)]
mod tests {
    use watchkeeper_domain::backup::SourceState;

    use super::*;

    #[test]
    fn an_instance_is_read_with_its_mark() {
        let made = DbInstance::builder().db_instance_status("deleting").tag_list(restore_tag("run")).build();
        let read = observed(&made);
        assert_eq!((read.deleting, read.mark.as_deref()), (true, Some("run")));
        assert_eq!(read.state, SourceState::Busy("deleting".to_owned()));
    }

    #[test]
    fn a_cluster_without_an_address_answers_nowhere() {
        assert_eq!(endpoint(&DbCluster::builder().port(5432).build()), None);
        let whole = DbCluster::builder().port(5432).endpoint("db").build();
        assert_eq!(endpoint(&whole), Some(RestoredEndpoint { address: "db".to_owned(), port: 5432 }));
    }
}
