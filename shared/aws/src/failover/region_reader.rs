//! One region as a failover looks at it: what runs there, what it has of the data, and what the account may start.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::failover::ports::ReplicatedStores;
use watchkeeper_control::ports::{AccountQuotas, Alarms, AwsError, ScalableTargets, Services, TargetTags};
use watchkeeper_domain::capacity::{ObservedService, ScalingState, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts};
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_domain::name::{ClusterName, Region, ServiceName};
use watchkeeper_domain::value::{AlarmName, ResourceName};

use super::{ecr, kinesis, tables};
use crate::{Aws, CloudWatch};

/// A region, looked at. It implements [`watchkeeper_control::failover::ports::RegionReader`], which names no write of capacity:
/// capacity has one hand, and that is in its own region. The roles of databases it does change: it implements
/// [`watchkeeper_control::failover::ports::DatabasePromotions`]; and whether event sources are on:
/// [`watchkeeper_control::failover::ports::EventSources`].
#[derive(Debug, Clone)]
pub struct AwsRegionReader {
    pub(crate) aws: Aws,
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) ecr: aws_sdk_ecr::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) kinesis: aws_sdk_kinesis::Client,
    pub(crate) events: aws_sdk_eventbridge::Client,
    pub(crate) sdk: SdkConfig,
}

impl AwsRegionReader {
    /// The configuration's region.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            aws: Aws::new(config),
            cloudwatch: CloudWatch::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            ecr: aws_sdk_ecr::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            kinesis: aws_sdk_kinesis::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            sdk: config.clone(),
        }
    }
}

impl Services for AwsRegionReader {
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        self.aws.describe_services(cluster, services).await
    }
}

impl ScalableTargets for AwsRegionReader {
    async fn describe_targets(&self, services: &[ServiceId]) -> Result<BTreeMap<ServiceId, ScalingState>, AwsError> {
        self.aws.describe_targets(services).await
    }
}

impl TargetTags for AwsRegionReader {
    async fn target_is_managed(&self, service: &ServiceId) -> Result<bool, AwsError> {
        self.aws.target_is_managed(service).await
    }
}

impl AccountQuotas for AwsRegionReader {
    async fn quotas(&self, at: Timestamp) -> Result<CapacityQuotas, AwsError> {
        self.aws.quotas(at).await
    }

    async fn cpu_units(&self, release: &TaskDefinition) -> Result<Option<u32>, AwsError> {
        self.aws.cpu_units(release).await
    }
}

impl Alarms for AwsRegionReader {
    async fn alarm_states(&self, names: &BTreeSet<AlarmName>) -> Result<AlarmStates, AwsError> {
        self.cloudwatch.alarm_states(names).await
    }
}

impl ReplicatedStores for AwsRegionReader {
    async fn table(&self, table: &ResourceName) -> Result<Option<TableFacts>, AwsError> {
        tables::describe(&self.dynamodb, table).await
    }

    async fn lag(&self, table: &ResourceName, to: &Region, at: Timestamp) -> Result<Option<SignedDuration>, AwsError> {
        self.cloudwatch.replication_lag(table, to, at).await
    }

    async fn stream(&self, stream: &ResourceName) -> Result<Option<StreamFacts>, AwsError> {
        kinesis::describe(&self.kinesis, stream).await
    }

    async fn has_image(&self, repository: &ResourceName, reference: &str) -> Result<Option<bool>, AwsError> {
        ecr::has_image(&self.ecr, repository, reference).await
    }
}
