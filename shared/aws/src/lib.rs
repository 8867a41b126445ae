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
#[cfg(feature = "ecs")]
mod ecs;
#[cfg(feature = "eventbridge")]
mod eventbridge;
mod fault;
#[cfg(feature = "dynamodb")]
pub mod ledger;
#[cfg(all(feature = "servicequotas", feature = "cloudwatch", feature = "ecs"))]
mod quotas;
#[cfg(feature = "rds")]
mod rds;
#[cfg(feature = "sfn")]
mod sfn;
#[cfg(feature = "sns")]
mod sns;
#[cfg(any(feature = "ecs", feature = "cloudwatch", feature = "vaults"))]
mod time;
#[cfg(any(feature = "ecs", feature = "autoscaling"))]
mod values;
#[cfg(feature = "vaults")]
mod vaults;

#[cfg(all(feature = "sns", feature = "eventbridge"))]
pub use announcer::Announcements;
#[cfg(any(feature = "ecs", feature = "autoscaling", feature = "rds"))]
pub use clients::Aws;
pub use clients::sdk_config;
#[cfg(feature = "cloudwatch")]
pub use cloudwatch::CloudWatch;
#[cfg(feature = "eventbridge")]
pub use eventbridge::{Bus, SOURCE};
#[cfg(feature = "dynamodb")]
pub use ledger::DynamoLedger;
#[cfg(feature = "sfn")]
pub use sfn::Machine;
#[cfg(feature = "sns")]
pub use sns::Topic;
#[cfg(feature = "vaults")]
pub use vaults::Vaults;

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
