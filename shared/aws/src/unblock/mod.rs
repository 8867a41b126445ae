//! What may be stuck in one region: an estate's locks, items, queues and buses, and the executions of our own machines.

mod blockers;
mod buses;
mod field;
mod letters;
mod locks;
mod watch;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use watchkeeper_control::ports::{AwsError, ServiceLists, Services};
use watchkeeper_domain::capacity::{ObservedService, ServiceId};
use watchkeeper_domain::name::{ClusterName, ServiceName};

use crate::{Aws, StateMachine};

/// The ports of the daily unblock.
#[derive(Debug, Clone)]
pub struct AwsUnblockSources {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) events: aws_sdk_eventbridge::Client,
    pub(crate) sfn: aws_sdk_sfn::Client,
    capacity: Aws,
    /// Every machine whose executions may have died.
    machines: Vec<StateMachine>,
    /// Those of them that ask people.
    asking: Vec<String>,
    /// The URLs of queues, by name: they never change.
    urls: Arc<Mutex<BTreeMap<String, String>>>,
}

impl AwsUnblockSources {
    /// The ports of the configuration's region. `machines` are the ARNs of our machines whose executions may have died;
    /// `asking` those among them whose questions may be ended.
    pub fn new(config: &SdkConfig, machines: Vec<String>, asking: Vec<String>) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            events: crate::eventbridge::client(config),
            sfn: aws_sdk_sfn::Client::new(config),
            capacity: Aws::new(config),
            machines: machines.into_iter().map(|arn| StateMachine::new(config, arn)).collect(),
            asking,
            urls: Arc::default(),
        }
    }
}

impl ServiceLists for AwsUnblockSources {
    async fn list_services(
        &self,
        cluster: &ClusterName,
        after: Option<&str>,
    ) -> Result<(Vec<ServiceName>, Option<String>), AwsError> {
        self.capacity.list_services(cluster, after).await
    }
}

impl Services for AwsUnblockSources {
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        self.capacity.describe_services(cluster, services).await
    }
}
