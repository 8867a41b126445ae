//! Backups over ports: one idempotent step at a time. What is about to be asked of AWS is in the ledger before it is asked,
//! by compare-and-set, so that of two executions one asks, and whatever a crash leaves behind is found again by its name.

mod begin;
mod call;
mod check_task;
mod finish;
mod handle;
pub mod ports;
mod restore;
mod restored;
mod served;
mod step;
mod tick;

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupMemory, CopyInventory, CopyQuota, CopyRegion, JobPolicy, ObservedCopy, ObservedSource,
};
use watchkeeper_domain::name::Region;

pub use call::{Details, FinishedBackup, FinishedRestore, Step, Worked, worked};
pub use ports::{BackupStore, CheckTasks, RestoreStore};
pub use served::{EnvironmentJobs, serving_region};
pub use tick::{EnvironmentResult, Fresh, TickReport};

use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{AwsError, Notifier};
use crate::report::ReportDesk;
use crate::runbook::RunbookError;

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
        let region = policy.region.clone();
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
    async fn not_halted(&self, scope: &watchkeeper_domain::name::Scope) -> Result<(), RunbookError> {
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
