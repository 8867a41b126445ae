//! An active-standby pair in the sandbox: its two stacks, its ledger, and what users reach of it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use watchkeeper_control::ledger::{Ledger as _, LedgerError, PairId, PairReplica};
use watchkeeper_domain::capacity::{Capacity, ServiceId};
use watchkeeper_domain::estate::{Environment, Failover};
use watchkeeper_domain::failover::Pointer;
use watchkeeper_domain::failover::readiness::Readiness;
use watchkeeper_domain::name::{Scope, ServiceName};

use super::{DeployedStack, HarnessError, SandboxHarness, WatchTick, site_name};
use crate::estate::SiteError;
use crate::sandbox::{EmulatorControl, LossOrder, PostedMetric};

/// Between two ticks of the watch.
const TICK: SignedDuration = SignedDuration::from_mins(1);
/// What a task takes of them: the smallest that Fargate has.
const VCPU_OF_TASK: f64 = 0.25;
/// A replication lag as AWS has it on a good day (Amazon DynamoDB developer guide, global tables), in milliseconds.
const GOOD_LAG: f64 = 700.0;
/// How long ago a lag was measured that CloudWatch hears of now: figures come a little late.
const MEASURED: SignedDuration = SignedDuration::from_secs(10);
/// The Fargate vCPUs that an account may run at least, in each region.
const VCPU: f64 = 100.0;

/// A pair in the sandbox.
#[derive(Debug, Clone)]
pub struct StackPair<'a> {
    /// The stack of the region in which it is at home.
    pub home: &'a DeployedStack,
    /// The stack of the region that stands by.
    pub standby: &'a DeployedStack,
    /// What its document says.
    pub environment: &'a Environment,
    /// Which pair.
    pub id: PairId,
    pub(super) site: String,
}

impl<'a> StackPair<'a> {
    /// The pair of this estate and environment.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] when there is none.
    pub fn of(harness: &'a SandboxHarness, estate: &str, environment: &str) -> Result<Self, HarnessError> {
        let found = harness.estates().environment(estate, environment);
        let (estate, environment) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
        let regions = &environment.document().regions;
        let none = || HarnessError::Unknown(format!("{} {} has no standby region", estate.name(), environment.name()));
        let standby = regions.standby.as_ref().ok_or_else(none)?;
        Ok(Self {
            home: harness.stack(regions.primary.as_str())?,
            standby: harness.stack(standby.as_str())?,
            environment,
            id: PairId { estate: estate.name().clone(), environment: environment.name().clone() },
            site: site_name(estate.name(), environment.name()),
        })
    }

    /// The emulator's controls.
    pub fn control(&self) -> &'a EmulatorControl {
        self.home.control()
    }

    /// What its document says of failovers.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] when it says nothing.
    pub fn failover(&self) -> Result<&'a Failover, HarnessError> {
        let said = self.environment.document().failover.as_ref();
        said.ok_or_else(|| HarnessError::Unknown(format!("{} has no failover in its document", self.id)))
    }

    /// The member in a region.
    pub fn scope(&self, stack: &DeployedStack) -> Scope {
        let PairId { estate, environment } = self.id.clone();
        Scope { estate, environment, region: stack.region().clone() }
    }

    /// A service as one of the regions has it.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] when it has none of that name.
    pub fn service(&self, stack: &DeployedStack, name: &ServiceName) -> Result<ServiceId, HarnessError> {
        let found = self.environment.services(stack.region()).into_iter().find(|(_, service)| service == name);
        let (cluster, service) =
            found.ok_or_else(|| HarnessError::Unknown(format!("{} has no service {name}", stack.region())))?;
        Ok(ServiceId { cluster, service })
    }

    /// Build both members, with quotas that suffice.
    ///
    /// # Errors
    /// [`HarnessError`] says what could not be made. So below.
    pub async fn build(&self) -> Result<(), HarnessError> {
        // The tables are replicated to the standby, so the home comes first.
        for stack in [self.home, self.standby] {
            stack.site().build(self.environment).await?;
            stack.site().make_alarms(self.environment).await?;
            self.quota(stack, self.vcpu()).await?;
        }
        Ok(())
    }

    /// The Fargate vCPUs that the accounts may run in each region: more than twice what the pair runs there at any time.
    pub fn vcpu(&self) -> f64 {
        let document = self.environment.document();
        let tasks = document.failover.iter().flat_map(|failover| failover.capacity.values()).sum::<u32>();
        let home: u32 = document.capacity.values().map(watchkeeper_domain::estate::DeclaredCapacity::tasks).sum();
        VCPU.max(f64::from(tasks.max(home)) * VCPU_OF_TASK * 3.0)
    }

    /// Let a region's account run so many Fargate vCPUs at once.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn quota(&self, stack: &DeployedStack, vcpu: f64) -> Result<(), HarnessError> {
        let region = stack.region().as_str();
        self.control().put_quota(region, "fargate", "L-3032A538", Some(vcpu), None).await?;
        Ok(())
    }

    /// A minute later: what tables lag is measured as on a good day, and the watch ticks in these regions, one after the
    /// other.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn tick(&self, stacks: &[&DeployedStack]) -> Result<Vec<WatchTick>, HarnessError> {
        self.tick_with_lag(stacks, GOOD_LAG).await
    }

    /// The same with a lag of so many milliseconds.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn tick_with_lag(&self, stacks: &[&DeployedStack], lag_ms: f64) -> Result<Vec<WatchTick>, HarnessError> {
        let every = self.failover()?.probe.as_ref().and_then(|probe| probe.every);
        let instant = self.home.pass(every.map_or(TICK, |every| TICK.max(every.signed()))).await?;
        self.lag(lag_ms).await?;
        let mut ticks = Vec::new();
        for stack in stacks {
            ticks.push(stack.watch(instant).await?);
        }
        Ok(ticks)
    }

    /// CloudWatch hears in both regions how far their tables are behind in the other one, as measured a moment ago.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn lag(&self, lag_ms: f64) -> Result<(), HarnessError> {
        let at = self.control().now().await?.saturating_sub(MEASURED).ok();
        for (from, to) in [(self.home, self.standby), (self.standby, self.home)] {
            let datum = |table: &watchkeeper_domain::estate::GlobalTable| PostedMetric {
                name: "ReplicationLatency".to_owned(),
                dimensions: BTreeMap::from([
                    ("TableName".to_owned(), table.table.to_string()),
                    ("ReceivingRegion".to_owned(), to.region().to_string()),
                ]),
                value: lag_ms,
                at,
            };
            let data: Vec<PostedMetric> = self.failover()?.tables.iter().map(datum).collect();
            if data.is_empty() {
                continue;
            }
            self.control().put_metrics(from.region().as_str(), "AWS/DynamoDB", &data).await?;
        }
        Ok(())
    }

    /// What both members run.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn capacity(&self) -> Result<[Capacity; 2], HarnessError> {
        Ok([self.home.capacity(self.environment).await?, self.standby.capacity(self.environment).await?])
    }

    /// What the ledger's replica of a region has of the pair.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn ledger(&self, stack: &DeployedStack) -> Result<PairReplica, HarnessError> {
        let failed = |error: LedgerError| SiteError::new(format!("read the pair {}", self.id), error);
        Ok(stack.ledger().pair(&self.id).await.map_err(failed)?)
    }

    /// The pointer as a region sees it.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn pointer(&self, stack: &DeployedStack) -> Result<Pointer, HarnessError> {
        let at_home = || Pointer::at_home(self.home.region());
        Ok(self.ledger(stack).await?.pointer.unwrap_or_else(at_home))
    }

    /// How ready a region was when it was looked at last.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn readiness(&self, stack: &DeployedStack) -> Result<Option<Readiness>, HarnessError> {
        let failed = |error: LedgerError| SiteError::new(format!("read the watch over {}", self.id), error);
        let (watch, _) = stack.ledger().watch(&self.id, stack.region()).await.map_err(failed)?;
        Ok(watch.readiness)
    }

    /// The site that stands for its load balancers, by its name.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Lose its home region.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn lose_home(&self, loss: LossOrder) -> Result<(), HarnessError> {
        Ok(self.control().lose(self.home.region().as_str(), loss).await?)
    }

    /// Have it back.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn regain_home(&self) -> Result<(), HarnessError> {
        Ok(self.control().regain(self.home.region().as_str()).await?)
    }
}
