//! Backups over ports: one idempotent step at a time. What is about to be asked of AWS is in the ledger before it is asked,
//! by compare-and-set, so that of two executions one asks, and whatever a crash leaves behind is found again by its name.

mod begin;
mod call;
mod finish;
mod handle;
pub mod ports;
mod restore;
mod step;
mod tick;

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupMemory, BackupSource, CopyInventory, CopyQuota, CopyRegion, JobPolicy, ObservedCopy, ObservedSource,
};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::request::RequestError;

pub use call::{Details, FinishedBackup, FinishedRestore, Step, Worked, worked};
pub use ports::{BackupStore, RestoreStore};
pub use tick::{EnvironmentResult, Fresh, TickReport};

use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{AwsError, Notifier};
use crate::report::ReportDesk;
use crate::runbook::RunbookError;
use crate::scoped::StackIdentity;

/// The jobs of an environment, and whose they are.
#[derive(Debug, Clone)]
pub struct EnvironmentJobs {
    /// The environment, in one region.
    pub scope: Scope,
    /// What the document says of each resource.
    pub policies: Vec<JobPolicy>,
    /// The environment.
    pub environment: Environment,
}

impl EnvironmentJobs {
    /// Whether a stack takes the backups of an environment: that of the region which serves.
    pub fn are_of(home: &StackIdentity, environment: &Environment) -> bool {
        environment.document().backups.is_some()
            && environment.is_of_account(&home.account)
            && environment.document().regions.primary == home.region
    }

    /// The jobs of an environment to a stack.
    ///
    /// # Errors
    /// [`RequestError`] when it has none, or another stack takes them: an empty selection is an error.
    pub fn of(estate: &Estate, environment: &Environment, home: &StackIdentity) -> Result<Self, RequestError> {
        let name = environment.name();
        let wrong = |found: String, expected: String| RequestError { field: "environment", found, expected };
        if let Some(account) = environment.account().filter(|account| **account != home.account) {
            let expected = format!("an environment of this stack's account, {}", home.account);
            return Err(wrong(format!("{name}, which lives in account {account}"), expected));
        }
        let region = &environment.document().regions.primary;
        if *region != home.region {
            let expected = format!("an environment of this stack's region, {}", home.region);
            return Err(wrong(format!("{name}, whose backups are taken in {region}"), expected));
        }
        let scope = Scope { estate: estate.name().clone(), environment: name.clone(), region: region.clone() };
        let policies = JobPolicy::all(&scope, environment);
        if policies.is_empty() {
            let expected = "an environment whose document has `backups`".to_owned();
            return Err(wrong(format!("{name}, which has no backups"), expected));
        }
        Ok(Self { scope, policies, environment: environment.clone() })
    }

    /// The job of a resource.
    ///
    /// # Errors
    /// [`RequestError`] with the resources that there are.
    pub fn policy(&self, source: &BackupSource) -> Result<&JobPolicy, RequestError> {
        self.policies.iter().find(|policy| policy.subject.source == *source).ok_or_else(|| {
            let known: Vec<String> = self.policies.iter().map(|it| it.subject.source.to_string()).collect();
            let expected = format!("one of {}", known.join(", "));
            RequestError { field: "resource", found: source.to_string(), expected }
        })
    }

    /// When the environment wakes, if its calendar says that it sleeps now.
    fn wakes(&self, now: Timestamp) -> Option<Timestamp> {
        let calendar = self.environment.calendar()?;
        let (awake, _) = calendar.says(now);
        if awake { None } else { calendar.at(now).until }
    }
}

/// What backups are done with.
#[derive(Debug, Clone)]
pub struct BackupRunbook<P: Platform> {
    /// The backups, and the restores.
    pub cloud: P::Backups,
    /// What is remembered.
    pub ledger: P::Ledger,
    /// Where people and programs hear of it.
    pub notifier: P::Notifier,
    /// The machine `backup`.
    pub machine: P::Machine,
    /// The machine `restore-drill`.
    pub restores: P::Machine,
    /// Where reports are kept, if the stack keeps any.
    pub reports: Option<ReportDesk>,
}

/// What there is of one resource.
#[derive(Debug)]
struct ResourceCopies {
    source: Option<ObservedSource>,
    home: RegionBackups,
    away: Option<RegionBackups>,
}

/// What there is in one region.
#[derive(Debug)]
struct RegionBackups {
    region: Region,
    copies: Vec<ObservedCopy>,
    quota: Option<CopyQuota>,
}

impl RegionBackups {
    fn inventory(&self) -> CopyInventory<'_> {
        CopyInventory { region: &self.region, copies: &self.copies, quota: self.quota }
    }
}

impl ResourceCopies {
    fn inventories(&self) -> impl Iterator<Item = CopyInventory<'_>> {
        std::iter::once(&self.home).chain(&self.away).map(RegionBackups::inventory)
    }

    fn away(&self, policy: &JobPolicy) -> CopyRegion<'_> {
        match (&policy.copy, &self.away) {
            (None, _) => CopyRegion::None,
            (Some(_), None) => CopyRegion::Unseen,
            (Some(_), Some(away)) => CopyRegion::Seen(away.inventory()),
        }
    }

    /// Brings what is remembered in line with what is there.
    fn sync(&self, policy: &JobPolicy, memory: &mut BackupMemory, now: Timestamp) {
        for inventory in self.inventories() {
            memory.sync(&policy.subject, inventory.region, inventory.copies, now);
        }
    }
}

impl<P: Platform> BackupRunbook<P> {
    /// What there is at home. The other region is looked at when its turn comes: home does not wait for it.
    async fn see(&self, policy: &JobPolicy, memory: &BackupMemory) -> Result<ResourceCopies, AwsError> {
        let region = policy.subject.scope.region.clone();
        let source = self.cloud.describe_source(policy).await?;
        Ok(ResourceCopies { source, home: self.found(policy, memory, region).await?, away: None })
    }

    /// What there is in the other region, where the document names one.
    async fn see_away(
        &self,
        policy: &JobPolicy,
        memory: &BackupMemory,
        seen: &mut ResourceCopies,
    ) -> Result<(), AwsError> {
        let Some(copy) = &policy.copy else { return Ok(()) };
        let found = self.found(policy, memory, copy.region.clone()).await;
        let named = |error: AwsError| {
            let subject = format!("{} in {}, the copy's region; the one at home is good", error.subject, copy.region);
            AwsError { subject, ..error }
        };
        seen.away = Some(found.map_err(named)?);
        Ok(())
    }

    async fn found(
        &self,
        policy: &JobPolicy,
        memory: &BackupMemory,
        region: Region,
    ) -> Result<RegionBackups, AwsError> {
        let copies = self.cloud.list_copies(policy, &region, memory).await?;
        // A quota that cannot be read stops nothing: AWS says by itself when it is full.
        let quota = self.cloud.copy_quota(policy, &region).await.ok().flatten();
        Ok(RegionBackups { region, copies, quota })
    }
}

impl<P: Platform> BackupRunbook<P> {
    /// Nothing is written while the halt switch is on.
    async fn not_halted(&self, scope: &Scope) -> Result<(), RunbookError> {
        match self.ledger.load(scope).await?.halt {
            None => Ok(()),
            Some(halt) => Err(RunbookError::Halted(halt)),
        }
    }
}

impl<P: Platform> BackupRunbook<P> {
    async fn notify(&self, message: &watchkeeper_domain::message::Message) -> Result<String, AwsError> {
        self.notifier.notify(message).await
    }
}
