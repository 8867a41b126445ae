//! Adapters that implement the ports of the engine with the AWS SDK: one file a service, and a folder for each runbook
//! that needs services of its own.
//!
//! Each adapter is a thin call around a pure translation of the SDK's types; the translations are what the unit tests
//! hold, the calls are held by the contract tests against the sandbox.

mod autoscaling;
mod backup;
pub mod clients;
mod clock;
mod cloudwatch;
mod ecs;
mod eventbridge;
mod failover;
mod fault;
mod https;
pub mod ledger;
mod notifier;
mod once;
mod platform;
mod questions;
mod quotas;
mod rds;
mod reports;
mod rules;
mod sfn;
mod signed;
mod sns;
mod time;
mod unblock;
mod values;
mod windows;

pub use backup::{BackupEngines, domain_names};
pub use clients::{Aws, PEER_OPERATION, peer_config, sdk_config};
pub use clock::EventClock;
pub use cloudwatch::CloudWatch;
pub use eventbridge::{EventBus, SOURCE};
pub use failover::{AwsRegionReader, AwsTrafficSwitches, HttpProber};
pub use fault::failed;
pub use ledger::DynamoLedger;
pub use notifier::NotificationTargets;
pub use questions::AskingMachines;
pub use reports::ReportBucket;
pub use sfn::StateMachine;
pub use sns::SnsTopic;
pub use unblock::AwsUnblockSources;
pub use windows::LambdaWindows;

pub use aws_config::SdkConfig;

/// The tag that allows us to change a resource, with the value `true`.
pub const MANAGED_TAG: &str = "watchkeeper:managed";

/// Whether these tags allow us to change the resource that carries them.
fn managed<'a>(mut tags: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> bool {
    tags.any(|tag| tag == (Some(MANAGED_TAG), Some("true")))
}

/// Tags as keys and values; one without a value has an empty one.
fn tagged<'a>(
    tags: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> + Clone,
) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
    tags.filter_map(|(key, value)| Some((key?, value.unwrap_or_default())))
}

#[cfg(test)]
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
