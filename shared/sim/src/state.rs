//! The state of a world, and the agenda by which time changes it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::alarm::AlarmStates;
use watchkeeper_domain::capacity::{DatabaseId, ServiceId, TaskDefinition};
use watchkeeper_domain::guardrail;

use crate::backup::Vault;
use crate::call::{Call, Operation};
use crate::database::Database;
use crate::fault::FaultPlan;
use crate::memory::Memory;
use crate::outside::Outside;
use crate::quota::Quotas;
use crate::service::Service;
use crate::settings::Settings;

/// Something that happens by itself when its time has come. An epoch makes it void when its thing has changed since.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// The tasks of a service have followed its desired count.
    Tasks(ServiceId, u64),
    /// The deployment of a service has completed.
    Deployment(ServiceId, u64),
    /// The autoscaler looks at a service; with `true`, because its target was registered.
    Autoscaler(ServiceId, bool),
    /// A database has been in its state for as long as it stays there.
    Database(DatabaseId, u64),
}

/// Everything that there is.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) rng: fastrand::Rng,
    pub(crate) quotas: Quotas,
    pub(crate) faults: FaultPlan,
    pub(crate) services: BTreeMap<ServiceId, Service>,
    pub(crate) databases: BTreeMap<DatabaseId, Database>,
    /// What is registered, and what a task of it takes, in CPU units.
    pub(crate) definitions: BTreeMap<TaskDefinition, Option<u32>>,
    /// What AWS tells of the account's quotas.
    pub(crate) account: guardrail::Quotas,
    pub(crate) alarms: AlarmStates,
    pub(crate) vault: Vault,
    pub(crate) ledger: Memory,
    pub(crate) outside: Outside,
    pub(crate) calls: Vec<Call>,
    pub(crate) made: u64,
    pub(crate) made_of: BTreeMap<Operation, u64>,
    pub(crate) crashed: bool,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    planned: u64,
}

impl State {
    /// An empty world.
    pub(crate) fn new(now: Timestamp, seed: u64, settings: Settings, quotas: Quotas, faults: FaultPlan) -> Self {
        Self {
            now,
            settings,
            rng: fastrand::Rng::with_seed(seed),
            quotas,
            faults,
            services: BTreeMap::new(),
            databases: BTreeMap::new(),
            definitions: BTreeMap::new(),
            account: guardrail::Quotas::default(),
            alarms: AlarmStates::new(),
            vault: Vault::default(),
            ledger: Memory::default(),
            outside: Outside::default(),
            calls: Vec::new(),
            made: 0,
            made_of: BTreeMap::new(),
            crashed: false,
            agenda: BTreeMap::new(),
            planned: 0,
        }
    }

    /// Lets time pass, and everything happen that falls due in it, in order.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.advance_to(self.now.checked_add(by).unwrap_or(Timestamp::MAX));
    }

    /// Lets time pass until an instant; one that is over changes nothing.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= instant) {
            let ((at, _), due) = entry.remove_entry();
            self.now = at;
            self.happen(&due);
        }
        self.now = self.now.max(instant);
    }

    /// Puts something on the agenda. A time past the end of time never comes.
    pub(crate) fn plan(&mut self, delay: Duration, due: Due) {
        if let Ok(at) = self.now.checked_add(delay) {
            self.planned += 1;
            self.agenda.insert((at, self.planned), due);
        }
    }

    /// How old the next answer is.
    pub(crate) fn lag(&mut self) -> Duration {
        let most = u64::try_from(self.settings.staleness.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.rng.u64(0..=most))
    }

    fn happen(&mut self, due: &Due) {
        match due {
            Due::Tasks(id, epoch) => self.tasks_follow(id, *epoch),
            Due::Deployment(id, epoch) => self.deployment_completes(id, *epoch),
            Due::Autoscaler(id, registered) => self.autoscale(id, *registered),
            Due::Database(id, epoch) => self.database_moves_on(id, *epoch),
        }
    }
}
