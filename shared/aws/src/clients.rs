//! The clients: how long a call may take, how often it is tried, and the region's capacity APIs in one bundle.
//!
//! A call to the other region of a pair goes by [`peer_config`], and to one of several endpoints too: such a call may
//! hang, and nothing may wait on it for long.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

use crate::https;

/// How long a connection may take to open, in seconds: within a region it takes milliseconds.
pub const CONNECT: Duration = Duration::from_secs(1);

/// How long one attempt may take, in seconds: `DescribeServices` of ten services, the slowest call, takes below one.
pub const ATTEMPT: Duration = Duration::from_secs(3);

/// How long a call may take with all its attempts and the pauses between them, in seconds: well inside of
/// [`watchkeeper_control::lease::MARGIN`], so that no write of ours arrives after a successor began.
pub const OPERATION: Duration = Duration::from_secs(9);

/// How often a call to the ledger, or of a message, is tried.
pub const ATTEMPTS: u32 = 3;

/// How often a call for capacity is tried: once more, for a connection that went stale while the Lambda was frozen. A
/// throttle has to reach the engine, which slows down for everybody instead of trying each call harder.
pub const CAPACITY_ATTEMPTS: u32 = 2;

/// How long one attempt of a call to the other region of a pair may take, in seconds: twice what it takes when that
/// region is well, with the way there and back.
pub const PEER_ATTEMPT: Duration = Duration::from_secs(2);

/// How long a call to the other region of a pair may take as a whole, in seconds: when that region hangs instead of
/// refusing, no look at it waits longer, because the first call that fails ends the look.
pub const PEER_OPERATION: Duration = Duration::from_secs(3);

/// How often a call to the other region of a pair is tried: whoever asked looks again by itself.
pub const PEER_ATTEMPTS: u32 = 1;

/// The configuration that all clients share: the environment's credentials, this region, our time-outs and retries.
pub async fn sdk_config(region: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .http_client(https::client())
        .load()
        .await
}

/// The same configuration for a region that may be lost: bounded, and tried once.
pub fn peer_config(config: &SdkConfig, region: &str) -> SdkConfig {
    config
        .to_builder()
        .region(Region::new(region.to_owned()))
        .timeout_config(peer_timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(PEER_ATTEMPTS))
        .build()
}

/// The time-outs of every call.
fn timeouts() -> TimeoutConfig {
    bounded(ATTEMPT, OPERATION)
}

/// The time-outs of a call to a region that may be lost.
pub(crate) fn peer_timeouts() -> TimeoutConfig {
    bounded(PEER_ATTEMPT, PEER_OPERATION)
}

fn bounded(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// The capacity of one region: it implements [`watchkeeper_control::ports::Cloud`].
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) autoscaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) rds: aws_sdk_rds::Client,
    pub(crate) quotas: aws_sdk_servicequotas::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    config: SdkConfig,
}

impl Aws {
    /// The clients of the configuration's region.
    pub fn new(config: &SdkConfig) -> Self {
        let config = capacity_config(config);
        Self {
            ecs: aws_sdk_ecs::Client::new(&config),
            autoscaling: aws_sdk_applicationautoscaling::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            config,
        }
    }

    /// The client of load balancers, made where it is used: only a run that keeps an order, or shows a page, asks them.
    pub(crate) fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.config)
    }
}

/// The same configuration with the fewer attempts that calls for capacity get.
fn capacity_config(config: &SdkConfig) -> SdkConfig {
    let attempts = config.retry_config().map_or(CAPACITY_ATTEMPTS, RetryConfig::max_attempts).min(CAPACITY_ATTEMPTS);
    config.to_builder().retry_config(RetryConfig::standard().with_max_attempts(attempts)).build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_control::lease;

    use super::*;

    fn own() -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-1"))
            .timeout_config(timeouts())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .build()
    }

    fn seconds(duration: jiff::SignedDuration) -> Duration {
        Duration::try_from(duration).unwrap()
    }

    #[test]
    fn a_call_of_a_holder_that_has_not_noticed_yet_ends_before_a_successor_writes() {
        // A preempted holder trusts its lease for FRESHNESS and may begin one more call at the end of it.
        let last_effect = seconds(lease::FRESHNESS) + OPERATION;
        assert!(last_effect < seconds(lease::MARGIN), "{last_effect:?}");
    }

    #[test]
    fn every_attempt_fits_into_the_call() {
        assert!(CONNECT < ATTEMPT);
        assert!(ATTEMPT * ATTEMPTS <= OPERATION);
    }

    #[test]
    fn every_client_has_the_time_outs_and_those_for_capacity_fewer_attempts() {
        let config = own();
        let capacity = capacity_config(&config);
        for config in [&config, &capacity] {
            let timeouts = config.timeout_config().unwrap();
            assert_eq!(timeouts.operation_timeout(), Some(OPERATION));
            assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT));
            assert_eq!(timeouts.connect_timeout(), Some(CONNECT));
        }
        assert_eq!(config.retry_config().unwrap().max_attempts(), ATTEMPTS);
        assert_eq!(capacity.retry_config().unwrap().max_attempts(), CAPACITY_ATTEMPTS);
    }

    #[test]
    fn a_call_to_a_region_that_hangs_is_over_after_three_seconds_and_not_made_again() {
        let peer = peer_config(&own(), "us-west-2");
        for config in [&peer, &capacity_config(&peer)] {
            let timeouts = config.timeout_config().unwrap();
            assert_eq!(config.region().unwrap().as_ref(), "us-west-2");
            assert_eq!(timeouts.connect_timeout(), Some(Duration::from_secs(1)));
            assert_eq!(timeouts.read_timeout(), Some(Duration::from_secs(2)));
            assert_eq!(timeouts.operation_attempt_timeout(), Some(Duration::from_secs(2)));
            assert_eq!(timeouts.operation_timeout(), Some(Duration::from_secs(3)));
            assert_eq!(config.retry_config().unwrap().max_attempts(), 1);
        }
    }
}
