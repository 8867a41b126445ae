//! The account's API quotas, as token buckets. The figures are on purpose not those of the engine's pacing: an engine
//! that paces itself by a wrong figure is throttled here.

use std::collections::BTreeMap;

use crate::operation::Operation;
use crate::token_bucket::TokenBucket;
use jiff::Timestamp;

/// Calls that share one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SimApi {
    /// ECS `CreateService`, `UpdateService` and `DeleteService`.
    EcsServiceWrites,
    /// ECS `DescribeServices` and `ListServices`.
    EcsServiceReads,
    /// Application Auto Scaling `RegisterScalableTarget`.
    ScalingWrites,
    /// Application Auto Scaling `DescribeScalableTargets`, `DescribeScheduledActions` and `ListTagsForResource`.
    ScalingReads,
    /// RDS, all of it.
    Rds,
}

impl SimApi {
    /// The bucket of an operation; one without a published quota worth modelling has none.
    pub fn of(operation: Operation) -> Option<Self> {
        use Operation as O;
        match operation {
            O::UpdateService => Some(Self::EcsServiceWrites),
            O::DescribeServices | O::ListServices => Some(Self::EcsServiceReads),
            O::RegisterScalableTarget => Some(Self::ScalingWrites),
            O::DescribeScalableTargets | O::DescribeScheduledActions | O::ListTargetTags => Some(Self::ScalingReads),
            O::DescribeDBClusters
            | O::DescribeDBInstances
            | O::StartDBCluster
            | O::StartDBInstance
            | O::StopDBCluster
            | O::StopDBInstance => Some(Self::Rds),
            _ => None,
        }
    }
}

/// What one bucket lets through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketLimit {
    /// Calls at once.
    pub burst: f64,
    /// Calls a second, sustained.
    pub rate: f64,
}

/// ECS service writes, in calls and calls a second (Amazon ECS API reference, request throttling).
pub(crate) const ECS_SERVICE_WRITES: BucketLimit = BucketLimit { burst: 50.0, rate: 5.0 };

/// ECS service reads, in calls and calls a second (Amazon ECS API reference, request throttling).
pub(crate) const ECS_SERVICE_READS: BucketLimit = BucketLimit { burst: 100.0, rate: 20.0 };

/// The quotas of an account in a region. What has none is never throttled.
#[derive(Debug, Clone, Default)]
pub struct BucketLimits {
    buckets: BTreeMap<SimApi, TokenBucket>,
}

impl BucketLimits {
    /// No quota at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// What AWS publishes: the two ECS buckets. Application Auto Scaling and RDS publish no figures, so they have none
    /// here unless a test sets them.
    pub fn published() -> Self {
        Self::none().with(SimApi::EcsServiceWrites, ECS_SERVICE_WRITES).with(SimApi::EcsServiceReads, ECS_SERVICE_READS)
    }

    /// The same with this quota for one API.
    #[must_use]
    pub fn with(mut self, api: SimApi, quota: BucketLimit) -> Self {
        self.buckets.insert(api, TokenBucket::new(quota.burst, quota.rate));
        self
    }

    /// Whether a call passes now; if it does, it has used a token.
    pub(crate) fn passes(&mut self, operation: Operation, now: Timestamp) -> bool {
        let bucket = SimApi::of(operation).and_then(|api| self.buckets.get_mut(&api));
        bucket.is_none_or(|bucket| bucket.try_take(now).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_have_buckets_of_their_own() {
        let now = Timestamp::constant(1_795_000_000, 0);
        let mut quotas = BucketLimits::published();
        let mut passed = |operation| (0..1000).filter(|_| quotas.passes(operation, now)).count();
        assert_eq!(passed(Operation::UpdateService), 50);
        assert_eq!(passed(Operation::DescribeServices), 100);
        assert_eq!(passed(Operation::RegisterScalableTarget), 1000);
        assert_eq!(passed(Operation::LedgerCommit), 1000);
    }
}
