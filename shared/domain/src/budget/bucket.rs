//! The API buckets of an account and region, with their published figures.

use std::fmt;

/// The API buckets of one account and region that we draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ApiBucket {
    /// ECS "service modify actions": `CreateService`, `UpdateService`, `DeleteService`.
    EcsServiceWrite,
    /// ECS "service read actions": `DescribeServices`, `ListServices`.
    EcsServiceRead,
    /// ECS "service deployment actions": `ListServiceDeployments`, `DescribeServiceDeployments`.
    EcsDeploymentRead,
    /// ECS "service revision actions": `DescribeServiceRevisions`.
    EcsRevisionRead,
    /// ECS "task definition read actions": `DescribeTaskDefinition`.
    EcsDefinitionRead,
    /// ECS "cluster resource read actions": `ListTasks`, `DescribeTasks`.
    EcsTaskRead,
    /// Application Auto Scaling, writes.
    ScalingWrite,
    /// Application Auto Scaling, reads.
    ScalingRead,
    /// RDS, everything.
    Rds,
    /// Elastic Load Balancing, "non-mutating actions": `DescribeRules`, `DescribeTags`.
    BalancerRead,
    /// Elastic Load Balancing, actions that change something: `ModifyRule`.
    BalancerWrite,
}

/// A token bucket's figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketQuota {
    /// Calls at once.
    pub burst: f64,
    /// Calls a second, sustained.
    pub rate: f64,
}

impl ApiBucket {
    /// Every bucket.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Its name, as the ledger has it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The quota of an account in one region. ECS: Amazon ECS API reference, "Request throttling for the Amazon ECS API", table
    /// of bucket sizes and refill rates. Elastic Load Balancing, reads: its user guide, "Request throttling for the Elastic Load
    /// Balancing API". For its writes, for Application Auto Scaling and for RDS: a cautious assumption, which pacing corrects when AWS
    /// throttles.
    pub const fn quota(self) -> BucketQuota {
        match self {
            Self::EcsServiceWrite => BucketQuota { burst: 50.0, rate: 5.0 },
            Self::EcsServiceRead | Self::EcsTaskRead => BucketQuota { burst: 100.0, rate: 20.0 },
            Self::EcsDeploymentRead | Self::EcsRevisionRead | Self::EcsDefinitionRead => {
                BucketQuota { burst: 50.0, rate: 20.0 }
            }
            Self::ScalingWrite | Self::ScalingRead => BucketQuota { burst: 20.0, rate: 10.0 },
            Self::Rds => BucketQuota { burst: 20.0, rate: 5.0 },
            Self::BalancerRead => BucketQuota { burst: 40.0, rate: 10.0 },
            Self::BalancerWrite => BucketQuota { burst: 20.0, rate: 3.0 },
        }
    }
}

impl fmt::Display for ApiBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
