//! Adapters that implement the ports of the engine with the AWS SDK: one file and one feature a service.
//!
//! Each adapter is a thin call around a pure translation of the SDK's types; the translations are what the unit tests
//! hold, the calls are held by the contract tests against the sandbox.

#[cfg(all(feature = "sns", feature = "eventbridge"))]
mod announcer;
#[cfg(feature = "autoscaling")]
mod autoscaling;
pub mod clients;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
#[cfg(feature = "view")]
mod ecr;
#[cfg(feature = "ecs")]
mod ecs;
#[cfg(feature = "view")]
mod elb;
#[cfg(feature = "eventbridge")]
mod eventbridge;
mod fault;
#[cfg(feature = "view")]
mod kinesis;
#[cfg(feature = "dynamodb")]
pub mod ledger;
#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
mod once;
#[cfg(feature = "probe")]
mod probe;
#[cfg(all(feature = "servicequotas", feature = "cloudwatch", feature = "ecs"))]
mod quotas;
#[cfg(feature = "rds")]
mod rds;
#[cfg(feature = "sfn")]
mod sfn;
#[cfg(feature = "sns")]
mod sns;
#[cfg(all(feature = "dynamodb", feature = "ecs", feature = "eventbridge", feature = "sfn", feature = "sqs"))]
mod stuck;
#[cfg(feature = "switches")]
mod switches;
#[cfg(feature = "view")]
mod tables;
#[cfg(any(feature = "ecs", feature = "cloudwatch", feature = "vaults"))]
mod time;
#[cfg(any(feature = "ecs", feature = "autoscaling"))]
mod values;
#[cfg(feature = "vaults")]
mod vaults;
#[cfg(feature = "view")]
mod view;

#[cfg(all(feature = "sns", feature = "eventbridge"))]
pub use announcer::NotificationTargets;
#[cfg(any(feature = "ecs", feature = "autoscaling", feature = "rds"))]
pub use clients::Aws;
pub use clients::{PEER_OPERATION, peer_config, sdk_config};
#[cfg(feature = "cloudwatch")]
pub use cloudwatch::CloudWatch;
#[cfg(feature = "eventbridge")]
pub use eventbridge::{EventBus, SOURCE};
pub use fault::failed;
#[cfg(feature = "dynamodb")]
pub use ledger::DynamoLedger;
#[cfg(feature = "probe")]
pub use probe::HttpProber;
#[cfg(feature = "sfn")]
pub use sfn::StateMachine;
#[cfg(feature = "sns")]
pub use sns::SnsTopic;
#[cfg(all(feature = "dynamodb", feature = "ecs", feature = "eventbridge", feature = "sfn", feature = "sqs"))]
pub use stuck::StuckThings;
#[cfg(feature = "switches")]
pub use switches::AwsTrafficSwitches;
#[cfg(feature = "vaults")]
pub use vaults::BackupEngines;
#[cfg(feature = "view")]
pub use view::AwsRegionReader;

pub use aws_config::SdkConfig;

/// The tag that allows us to change a resource, with the value `true`.
pub const MANAGED_TAG: &str = "watchkeeper:managed";

/// Whether these tags allow us to change the resource that carries them.
#[cfg(any(feature = "ecs", feature = "rds"))]
fn managed<'a>(mut tags: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> bool {
    tags.any(|tag| tag == (Some(MANAGED_TAG), Some("true")))
}

#[cfg(all(test, feature = "ecs"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_true_allows_a_change() {
        assert!(managed([(Some("team"), Some("x")), (Some(MANAGED_TAG), Some("true"))].into_iter()));
        for other in [Some("false"), Some(""), Some("True"), None] {
            assert!(!managed([(Some(MANAGED_TAG), other)].into_iter()), "{other:?}");
        }
        assert!(!managed([(Some("Watchkeeper:managed"), Some("true"))].into_iter()));
        assert!(!managed(std::iter::empty()));
    }
}
