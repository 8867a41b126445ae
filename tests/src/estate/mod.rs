//! Environments of estate documents, built in one region of the emulated AWS under their real names, and read back
//! from AWS itself. What a person does by hand to one of them is here too.

mod alarms;
pub(crate) mod checks;
mod copies;
mod databases;
pub(crate) mod event_sources;
mod human;
mod observe;
mod pair;
mod releases;
mod rules;
mod services;
mod singleton_monitor;
mod stores;
mod tables;
mod unblock_fixtures;

pub use alarms::alarms_of;
pub use checks::CheckContainer;
pub use copies::KeptCopies;
pub use pair::IMAGE_TAG;
pub use singleton_monitor::{MonitorReport, SingletonMonitor};
pub use tables::{ITEMS, Items};
pub use unblock_fixtures::{ReceivedMessage, UnblockFixtures};
pub use watchkeeper_sim::{Declared, declared};

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ecs::error::DisplayErrorContext;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Region;

/// How often a condition is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// How often it is looked at in vain: two minutes, which only a broken sandbox takes.
const LOOKS: u32 = 2400;

/// A call to the emulated AWS that failed, or a state that never came.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}: {why}")]
pub struct SiteError {
    what: String,
    why: String,
}

impl SiteError {
    /// Something that was attempted, and why it did not work.
    pub fn new(what: impl Into<String>, why: impl Display) -> Self {
        Self { what: what.into(), why: why.to_string() }
    }

    /// For `map_err` on a call of an SDK.
    pub(crate) fn aws<E: Error>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| Self::new(what, DisplayErrorContext(error))
    }
}

/// One region of the emulated AWS.
#[derive(Debug, Clone)]
pub struct RegionFixtures {
    region: Region,
    cloudwatch: aws_sdk_cloudwatch::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ecr: aws_sdk_ecr::Client,
    ecs: aws_sdk_ecs::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    kinesis: aws_sdk_kinesis::Client,
    s3: aws_sdk_s3::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    rds: aws_sdk_rds::Client,
    elasticache: aws_sdk_elasticache::Client,
    config: SdkConfig,
}

impl RegionFixtures {
    /// The region that this configuration talks to.
    pub fn new(config: &SdkConfig, region: Region) -> Self {
        Self {
            region,
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            ecr: aws_sdk_ecr::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            kinesis: aws_sdk_kinesis::Client::new(config),
            // The emulated S3 has no host names for buckets.
            s3: aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build()),
            scaling: aws_sdk_applicationautoscaling::Client::new(config),
            rds: aws_sdk_rds::Client::new(config),
            elasticache: aws_sdk_elasticache::Client::new(config),
            config: config.clone(),
        }
    }

    /// The same in another region.
    fn elsewhere(&self, region: &Region) -> Self {
        let name = aws_config::Region::new(region.as_str().to_owned());
        Self::new(&self.config.to_builder().region(name).build(), region.clone())
    }

    /// Which region it is.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Make all of an environment that belongs here, as [`declared`] has it: what is missing is made, what is there is
    /// put back, and all of it is awaited. Everything carries the tag that allows us to change it.
    ///
    /// # Errors
    /// [`SiteError`] says what could not be made.
    pub async fn build(&self, environment: &Environment) -> Result<(), SiteError> {
        let declared = declared(environment, &self.region);
        self.start_databases(environment).await?;
        self.make_pair(environment).await?;
        self.make_services(&declared, environment.document().failover.as_ref()).await?;
        self.databases_are(environment, "available").await?;
        self.tasks_run(&declared).await
    }

    /// Make everything else that the document names here, or empty it: alarms, tables, queues, the bus, what backups are taken
    /// of.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn furnish(&self, environment: &Environment) -> Result<(), SiteError> {
        let document = environment.document();
        if *self.region() != document.regions.primary {
            return Ok(());
        }
        self.make_alarms(environment).await?;
        if let Some(section) = &document.unblock {
            UnblockFixtures::new(&self.config).build(section).await?;
        }
        self.make_stores(environment).await
    }
}

/// Look until there is an answer.
///
/// # Errors
/// What `look` failed with, or [`SiteError`] when there was no answer for two minutes.
#[allow(clippy::disallowed_methods, reason = "the sandbox runs in real time, and is polled")]
pub async fn awaited<T, E: From<SiteError>, F: Future<Output = Result<Option<T>, E>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> Result<T, E> {
    for _ in 0..LOOKS {
        if let Some(answer) = look().await? {
            return Ok(answer);
        }
        tokio::time::sleep(LOOK).await;
    }
    let waited = LOOK * LOOKS;
    Err(SiteError::new(format!("see {what}"), format!("not so for {} s", waited.as_secs())).into())
}
