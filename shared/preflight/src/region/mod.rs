//! One region, looked at: no operation here writes.

mod alarms;
mod capacity;
mod databases;
mod places;
mod queues;
mod quotas;
mod schedules;
mod tables;

use aws_config::SdkConfig;
use watchkeeper_aws::{Aws, AwsRegionReader, BackupEngines};
use watchkeeper_domain::preflight::Tags;

/// The clients of a region.
#[derive(Debug)]
pub struct RegionClients {
    pub(crate) aws: Aws,
    view: AwsRegionReader,
    vaults: BackupEngines,
    pub(crate) autoscaling: aws_sdk_applicationautoscaling::Client,
    backup: aws_sdk_backup::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) ecr: aws_sdk_ecr::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    events: aws_sdk_eventbridge::Client,
    quotas: aws_sdk_servicequotas::Client,
    pub(crate) rds: aws_sdk_rds::Client,
    s3: aws_sdk_s3::Client,
    scheduler: aws_sdk_scheduler::Client,
    sfn: aws_sdk_sfn::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

impl RegionClients {
    /// The configuration's region.
    pub fn new(config: &SdkConfig) -> Self {
        // A sandbox has no name for each bucket.
        let plain = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(plain).build();
        Self {
            aws: Aws::new(config),
            view: AwsRegionReader::new(config),
            vaults: BackupEngines::new(config),
            autoscaling: aws_sdk_applicationautoscaling::Client::new(config),
            backup: aws_sdk_backup::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            ecr: aws_sdk_ecr::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            quotas: aws_sdk_servicequotas::Client::new(config),
            rds: aws_sdk_rds::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            scheduler: aws_sdk_scheduler::Client::new(config),
            sfn: aws_sdk_sfn::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
        }
    }
}

/// Tags as each SDK has them.
fn tags<'a>(all: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Tags {
    all.filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned()))).collect()
}
