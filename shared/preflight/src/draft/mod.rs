//! A draft of a document from what an account has: every cluster, service, database and the rest of a region, as facts.
//!
//! What cannot be read is left out by name. What the stack itself made is no part of an estate.

mod alarms;
mod capacity;
mod data;

use std::fmt::Display;

use aws_config::SdkConfig;
use aws_sdk_elasticache::Client as ElastiCache;
use aws_sdk_kinesis::Client as Kinesis;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::AccountId;
use watchkeeper_estates::draft::facts::{Facts, Found};
use watchkeeper_estates::draft::{Draft, draft_of_account, environment_of};

use crate::run::{CallerIdentity, identify};
use crate::unread::unread;
use crate::{PreflightError, RegionClients};

/// What is drafted.
#[derive(Debug, Clone, Default)]
pub struct DraftSelection {
    /// The regions to look at, one at least.
    pub regions: Vec<Region>,
    /// The name of the estate.
    pub estate: Option<EstateName>,
    /// The only environment that is wanted.
    pub environment: Option<EnvironmentName>,
    /// The stack's name: what it made is left out.
    pub stack: String,
}

/// Drafts a document from what the caller's account has. `tell` hears what it is at.
///
/// # Errors
/// [`PreflightError`] where nobody is signed in, nothing is there to look after, or only a person can tell a name. What cannot be
/// read is in the draft, as left out.
pub async fn draft(
    config: &SdkConfig,
    selection: &DraftSelection,
    tell: &dyn Fn(&str),
) -> Result<Draft, PreflightError> {
    let CallerIdentity { account, .. } = identify(config, selection.regions.first()).await?;
    let account: AccountId = account
        .parse()
        .map_err(|_| PreflightError::Credentials { why: format!("the caller's account is {account:?}") })?;
    let mut facts = Facts::default();
    for (file, region) in selection.regions.iter().enumerate() {
        tell(&format!("what {account} has in {region}"));
        let sdk = config.to_builder().region(aws_config::Region::new(region.to_string())).build();
        let reader = AccountReader {
            clients: RegionClients::new(&sdk),
            kinesis: Kinesis::new(&sdk),
            caches: ElastiCache::new(&sdk),
            sdk: &sdk,
            account: &account,
            file,
            region,
            stack: &selection.stack,
            facts: &mut facts,
        };
        reader.read().await;
    }
    let (estate, only) = (selection.estate.clone(), selection.environment.as_ref());
    Ok(draft_of_account((&account, &selection.regions), facts, estate, only)?)
}

/// What reads a region.
struct AccountReader<'a> {
    clients: RegionClients,
    kinesis: Kinesis,
    caches: ElastiCache,
    sdk: &'a SdkConfig,
    account: &'a AccountId,
    /// The region's number.
    file: usize,
    region: &'a Region,
    stack: &'a str,
    facts: &'a mut Facts,
}

impl AccountReader<'_> {
    async fn read(mut self) {
        let read = self.clusters().await;
        self.note("clusters", read);
        let read = self.bounds().await;
        self.note("scalable targets", read);
        let read = self.balancers().await;
        self.note("load balancers", read);
        let read = self.instances().await;
        self.note("databases", read);
        let read = self.database_clusters().await;
        self.note("database clusters", read);
        let read = self.alarms().await;
        self.note("alarms", read);
        let read = self.tables().await;
        self.note("tables", read);
        let read = self.queues().await;
        self.note("queues", read);
        let read = self.streams().await;
        self.note("streams", read);
        let read = self.repositories().await;
        self.note("image repositories", read);
        let read = self.replication_groups().await;
        self.note("caches", read);
        let read = self.domains().await;
        self.note("search domains", read);
    }

    /// What could not be read is left out by name, and stops nothing.
    fn note(&mut self, what: &str, read: Result<(), AwsError>) {
        if let Err(error) = read {
            self.facts.leave_out(format!("{what} in {}", self.region), unread(&error).to_string());
        }
    }

    /// Something with its place: what is listed in a region is there, and the caller's.
    fn found<'t, T>(&self, item: T, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Found<T> {
        let (account, region) = (self.account.clone(), self.region.clone());
        Found { account, region, file: self.file, tag: environment_of(tags), item }
    }

    /// Whether the stack made it: CloudFormation begins the names that it makes with the stack's.
    fn is_own(&self, name: impl Display) -> bool {
        name.to_string().strip_prefix(self.stack).is_some_and(|rest| rest.starts_with('-'))
    }
}

/// Tags with key and value.
fn pairs<'a, T>(tags: &'a [T], of: impl Fn(&'a T) -> (Option<&'a str>, Option<&'a str>)) -> Vec<(&'a str, &'a str)> {
    tags.iter().map(of).filter_map(|(key, value)| Some((key?, value?))).collect()
}
