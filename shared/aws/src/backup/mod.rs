//! The backups of a region's resources, their copies elsewhere, and restores: one file a kind, behind one trait.

mod aurora;
mod aws_backup;
mod check_log;
mod check_task;
mod database;
mod dynamodb;
mod elasticache;
mod engine;
mod instance;
mod opensearch;
mod presign;
mod rds;
mod restored_table;
mod s3;
mod tags;

pub use opensearch::domain_names;
pub(crate) use presign::encoded;

use aws_config::{Region as SdkRegion, SdkConfig};
use jiff::Timestamp;
use watchkeeper_control::backup::{BackupStore, RestoreStore};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyQuota, JobPolicy, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    ResourceKind, RestoredFacts,
};
use watchkeeper_domain::estate::BackupProvider;
use watchkeeper_domain::name::Region;

use self::engine::{BackupEngine, CopyEngine, RegionalResource, cannot};

/// The backups of every kind of resource.
#[derive(Debug, Clone)]
pub struct BackupEngines {
    sdk: SdkConfig,
}

/// Asks the engine of a resource's kind: a new kind is a file and a line here. In a box: the calls' own futures are large.
macro_rules! ask {
    ($engine:ident = $kind:expr, $call:expr) => {{
        let $engine = $kind;
        Box::pin($call).await
    }};
    ($policy:expr, $engine:ident => $call:expr) => {
        match $policy.subject.source.kind {
            ResourceKind::Aurora => ask!($engine = $crate::backup::aurora::Aurora, $call),
            ResourceKind::Rds => ask!($engine = $crate::backup::rds::Rds, $call),
            ResourceKind::Dynamodb => ask!($engine = $crate::backup::dynamodb::Dynamodb, $call),
            ResourceKind::Elasticache => ask!($engine = $crate::backup::elasticache::Elasticache, $call),
            ResourceKind::Opensearch => ask!($engine = $crate::backup::opensearch::Opensearch, $call),
            ResourceKind::S3 => ask!($engine = $crate::backup::s3::S3, $call),
        }
    };
}
use ask;

/// Asks whoever takes and keeps the copies of a resource: its own service, or AWS Backup.
macro_rules! ask_copies {
    ($policy:expr, $engine:ident => $call:expr) => {
        match $policy.subject.engine {
            BackupProvider::AwsBackup => ask!($engine = aws_backup::AwsBackup, $call),
            BackupProvider::Native => ask!($policy, $engine => $call),
        }
    };
}

/// The clients of one region. They are made where they are needed: over the connections of the shared configuration, that
/// costs next to nothing, and a run needs those of one kind only.
#[derive(Debug)]
pub(crate) struct BackupClients {
    sdk: SdkConfig,
    region: Region,
    backup: aws_sdk_backup::Client,
    ecs: aws_sdk_ecs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    elasticache: aws_sdk_elasticache::Client,
    rds: aws_sdk_rds::Client,
    s3: aws_sdk_s3::Client,
}

impl BackupClients {
    fn new(sdk: &SdkConfig, region: &Region) -> Self {
        let sdk = sdk.to_builder().region(SdkRegion::new(region.as_str().to_owned())).build();
        // A sandbox has no name for each bucket.
        let plain = sdk.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(plain).build();
        Self {
            region: region.clone(),
            backup: aws_sdk_backup::Client::new(&sdk),
            ecs: aws_sdk_ecs::Client::new(&sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            elasticache: aws_sdk_elasticache::Client::new(&sdk),
            rds: aws_sdk_rds::Client::new(&sdk),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sdk,
        }
    }

    /// The same in another region.
    fn at(&self, region: &Region) -> Self {
        Self::new(&self.sdk, region)
    }
}

impl BackupEngines {
    /// Over the clients of this configuration; other regions are reached with the same credentials.
    pub fn new(config: &SdkConfig) -> Self {
        Self { sdk: config.clone() }
    }

    fn at<'a>(&self, region: &Region, policy: &'a JobPolicy) -> RegionalResource<'a> {
        RegionalResource { clients: BackupClients::new(&self.sdk, region), policy }
    }

    fn home<'a>(&self, policy: &'a JobPolicy) -> RegionalResource<'a> {
        self.at(&policy.region, policy)
    }
}

/// Where the next page of a list begins, if there is one: neither an empty token nor the one that was just given leads on.
fn next_page(given: Option<&str>, told: Option<String>) -> Option<String> {
    told.filter(|token| !token.is_empty() && given != Some(token))
}

impl BackupStore for BackupEngines {
    async fn describe_source(&self, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError> {
        ask!(policy, engine => engine.source(&self.home(policy)))
    }

    async fn list_copies(
        &self,
        policy: &JobPolicy,
        region: &Region,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError> {
        ask_copies!(policy, engine => engine.copies(&self.at(region, policy), memory))
    }

    async fn start_backup(&self, policy: &JobPolicy, name: &CopyName) -> Result<Option<String>, AwsError> {
        ask_copies!(policy, engine => engine.start(&self.home(policy), name))
    }

    async fn copy_backup(&self, policy: &JobPolicy, copy: &ObservedCopy) -> Result<Option<String>, AwsError> {
        let Some(to) = &policy.copy else { return Err(cannot(policy, "copy")) };
        let from_home = policy.subject.engine == BackupProvider::AwsBackup;
        let resource = if from_home { self.home(policy) } else { self.at(&to.region, policy) };
        ask_copies!(policy, engine => engine.copy(&resource, to, copy))
    }

    async fn delete_backup(&self, policy: &JobPolicy, region: &Region, copy: &ObservedCopy) -> Result<(), AwsError> {
        ask_copies!(policy, engine => engine.delete(&self.at(region, policy), copy))
    }

    async fn copy_quota(&self, policy: &JobPolicy, region: &Region) -> Result<Option<CopyQuota>, AwsError> {
        ask_copies!(policy, engine => engine.quota(&self.at(region, policy).clients))
    }
}

impl RestoreStore for BackupEngines {
    async fn describe_restored(&self, policy: &JobPolicy, target: &str) -> Result<Option<ObservedRestore>, AwsError> {
        ask!(policy, engine => engine.restored(&self.home(policy), target))
    }

    async fn restore_copy(
        &self,
        policy: &JobPolicy,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        ask!(policy, engine => engine.restore(&self.home(policy), known, target, mark))
    }

    async fn restore_instant(
        &self,
        policy: &JobPolicy,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        ask!(policy, engine => engine.restore_instant(&self.home(policy), instant, target, mark))
    }

    async fn mark_restored(&self, policy: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError> {
        ask!(policy, engine => engine.mark(&self.home(policy), target, mark))
    }

    async fn reapply(&self, policy: &JobPolicy, target: &str) -> Result<Vec<String>, AwsError> {
        ask!(policy, engine => engine.reapply(&self.home(policy), target))
    }

    async fn inspect_restored(&self, policy: &JobPolicy, target: &str) -> Result<RestoredFacts, AwsError> {
        ask!(policy, engine => engine.inspect(&self.home(policy), target))
    }

    async fn add_instance(&self, policy: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError> {
        ask!(policy, engine => engine.add_instance(&self.home(policy), target, mark))
    }

    async fn remove_instance(&self, policy: &JobPolicy, target: &str) -> Result<(), AwsError> {
        ask!(policy, engine => engine.remove_instance(&self.home(policy), target))
    }

    async fn delete_restored(&self, policy: &JobPolicy, target: &str) -> Result<(), AwsError> {
        ask!(policy, engine => engine.delete_restored(&self.home(policy), target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_an_empty_token_and_at_one_that_was_given() {
        let next = |given, told: Option<&str>| next_page(given, told.map(str::to_owned));
        assert_eq!(next(None, Some("b")).as_deref(), Some("b"));
        assert_eq!(next(Some("a"), Some("b")).as_deref(), Some("b"));
        for (given, told) in [(None, None), (None, Some("")), (Some("a"), Some("a"))] {
            assert_eq!(next(given, told), None, "{given:?} {told:?}");
        }
    }
}
