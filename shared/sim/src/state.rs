//! The state of a world, and the agenda by which time changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabaseId, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts};
use watchkeeper_domain::failover::{DatabaseRole, Promoted};
use watchkeeper_domain::guardrail;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::backup::Vault;
use crate::call::Call;
use crate::executions::Machines;
use crate::failover::stores::Lags;
use crate::failover::switches::Switchboard;
use crate::fault::FaultPlan;
use crate::loss::Loss;
use crate::memory::Memory;
use crate::operation::Operation;
use crate::outside::Outside;
use crate::quota::Quotas;
use crate::reconcile::database::Database;
use crate::reconcile::release::Definition;
use crate::reconcile::service::Service;
use crate::settings::Settings;
use crate::unblock::Pile;

/// Something that happens by itself when its time has come. An epoch makes it void when its thing has changed since.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// The tasks of a service have followed its desired count.
    Tasks(ServiceId, u64),
    /// So many tasks of a service are STOPPED; an epoch makes it void when all of them have died.
    Stopped(ServiceId, u32, u64),
    /// The deployment of a service has completed.
    Deployment(ServiceId, u64),
    /// The autoscaler looks at a service; with `true`, because its target was registered.
    Autoscaler(ServiceId, bool),
    /// A database has been in its state for as long as it stays there.
    Database(DatabaseId, u64),
    /// A database has become what it was on its way to.
    Role(Promoted, DatabaseRole),
    /// The alarm that moves the traffic follows its metric.
    Alarm(bool),
}

/// Everything that there is.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) region: Region,
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) rng: fastrand::Rng,
    pub(crate) quotas: Quotas,
    pub(crate) faults: FaultPlan,
    pub(crate) services: BTreeMap<ServiceId, Service>,
    pub(crate) databases: BTreeMap<DatabaseId, Database>,
    /// The task definitions that are registered.
    pub(crate) definitions: BTreeMap<TaskDefinition, Definition>,
    /// What AWS tells of the account's quotas.
    pub(crate) account: guardrail::Quotas,
    pub(crate) alarms: AlarmStates,
    /// The alarms that a mute rule is active for.
    pub(crate) muted: BTreeSet<AlarmName>,
    pub(crate) tables: BTreeMap<ResourceName, TableFacts>,
    pub(crate) lags: Lags,
    pub(crate) streams: BTreeMap<ResourceName, StreamFacts>,
    /// Image repositories, each with its tags and digests.
    pub(crate) repositories: BTreeMap<ResourceName, BTreeSet<String>>,
    pub(crate) roles: BTreeMap<Promoted, DatabaseRole>,
    pub(crate) switchboard: Switchboard,
    pub(crate) vault: Vault,
    pub(crate) ledger: Memory,
    pub(crate) outside: Outside,
    pub(crate) machines: Machines,
    pub(crate) pile: Pile,
    /// How it is lost, if it is.
    pub(crate) loss: Option<Loss>,
    pub(crate) calls: Vec<Call>,
    pub(crate) made: u64,
    pub(crate) made_of: BTreeMap<Operation, u64>,
    pub(crate) crashed: bool,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    planned: u64,
}

impl State {
    /// An empty world.
    pub(crate) fn new(region: Region, now: Timestamp, seed: u64, settings: Settings) -> Self {
        Self {
            region,
            now,
            settings,
            rng: fastrand::Rng::with_seed(seed),
            quotas: Quotas::none(),
            faults: FaultPlan::none(),
            services: BTreeMap::new(),
            databases: BTreeMap::new(),
            definitions: BTreeMap::new(),
            account: guardrail::Quotas::default(),
            alarms: AlarmStates::new(),
            muted: BTreeSet::new(),
            tables: BTreeMap::new(),
            lags: Lags::new(),
            streams: BTreeMap::new(),
            repositories: BTreeMap::new(),
            roles: BTreeMap::new(),
            switchboard: Switchboard::default(),
            vault: Vault::default(),
            ledger: Memory::default(),
            outside: Outside::default(),
            machines: Machines::default(),
            pile: Pile::default(),
            loss: None,
            calls: Vec::new(),
            made: 0,
            made_of: BTreeMap::new(),
            crashed: false,
            agenda: BTreeMap::new(),
            planned: 0,
        }
    }

    /// Lets time pass until an instant, and everything happen that falls due until then, in order; an instant that is over
    /// changes nothing. Only the globe calls it: its regions share their time.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        let still = self.stands_still();
        while let Some(entry) = self.agenda.first_entry().filter(|entry| !still && entry.key().0 <= instant) {
            let ((at, _), due) = entry.remove_entry();
            // What fell due while its region was lost happens late.
            self.now = self.now.max(at);
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
            Due::Stopped(id, tasks, deaths) => self.tasks_stopped(id, *tasks, *deaths),
            Due::Database(id, epoch) => self.database_moves_on(id, *epoch),
            Due::Role(database, role) => self.becomes(database, role.clone()),
            Due::Alarm(on) => self.alarm_follows(*on),
        }
    }
}
