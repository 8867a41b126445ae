//! The state of a simulation, and the schedule by which time changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{DatabaseId, ScheduledAction, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase, SourceState};
use watchkeeper_domain::guardrail;
use watchkeeper_domain::intent::idle::UsageFigures;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::{AlarmName, ListenerRuleArn, ResourceName};

use crate::call::RecordedCall;
use crate::fault::FaultPlan;
use crate::kinds::database::SimDatabase;
use crate::kinds::loss::RegionLoss;
use crate::kinds::machines::SimMachines;
use crate::kinds::outside::SimOutbox;
use crate::kinds::pile::StuckItems;
use crate::kinds::release::SimDefinition;
use crate::kinds::rule::SimRule;
use crate::kinds::service::SimService;
use crate::kinds::traffic_site::SimTrafficSwitches;
use crate::kinds::vault::SimBackups;
use crate::memory::LedgerMemory;
use crate::operation::Operation;
use crate::quota::BucketLimits;
use crate::settings::TimingSettings;

/// The replication lag of tables towards regions.
pub(crate) type Lags = BTreeMap<(ResourceName, Region), SignedDuration>;

/// Something that happens by itself when its time has come. An epoch makes it void when its thing has changed since.
#[derive(Debug, Clone)]
pub(crate) enum DueEvent {
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
    Role(PairDatabase, DatabaseRole),
    /// An instance has its new name.
    Renamed(ResourceName, ResourceName),
    /// The alarm that moves the traffic follows its metric.
    Alarm(bool),
    /// An event source has been switched on, or off.
    Source(EventSource, bool),
}

/// Everything that there is.
#[derive(Debug)]
pub(crate) struct SimState {
    pub(crate) region: Region,
    pub(crate) now: Timestamp,
    pub(crate) settings: TimingSettings,
    pub(crate) rng: fastrand::Rng,
    pub(crate) quotas: BucketLimits,
    pub(crate) faults: FaultPlan,
    pub(crate) services: BTreeMap<ServiceId, SimService>,
    /// The scheduled actions of somebody else. None of them ever fires by itself.
    pub(crate) schedules: Vec<(ServiceId, ScheduledAction)>,
    pub(crate) databases: BTreeMap<DatabaseId, SimDatabase>,
    pub(crate) rules: BTreeMap<ListenerRuleArn, SimRule>,
    /// When a rule went to services of which none was to be reached.
    pub(crate) unserved: Vec<(Timestamp, ListenerRuleArn)>,
    /// The task definitions that are registered.
    pub(crate) definitions: BTreeMap<TaskDefinition, SimDefinition>,
    /// What AWS tells of the account's quotas.
    pub(crate) account: guardrail::CapacityQuotas,
    pub(crate) alarms: AlarmStates,
    /// The alarms that a mute rule is active for.
    pub(crate) muted: BTreeSet<AlarmName>,
    /// What CloudWatch has of how much something is used.
    pub(crate) usage: UsageFigures,
    pub(crate) tables: BTreeMap<ResourceName, TableFacts>,
    pub(crate) lags: Lags,
    pub(crate) streams: BTreeMap<ResourceName, StreamFacts>,
    /// Image repositories, each with its tags and digests.
    pub(crate) repositories: BTreeMap<ResourceName, BTreeSet<String>>,
    pub(crate) roles: BTreeMap<PairDatabase, DatabaseRole>,
    pub(crate) sources: BTreeMap<EventSource, SourceState>,
    /// Global databases whose cluster here is still to catch up.
    pub(crate) resyncs: BTreeSet<ResourceName>,
    pub(crate) traffic_site: SimTrafficSwitches,
    pub(crate) vault: SimBackups,
    pub(crate) ledger: LedgerMemory,
    pub(crate) outside: SimOutbox,
    pub(crate) machines: SimMachines,
    pub(crate) pile: StuckItems,
    /// How it is lost, if it is.
    pub(crate) loss: Option<RegionLoss>,
    pub(crate) calls: Vec<RecordedCall>,
    pub(crate) made: u64,
    pub(crate) made_of: BTreeMap<Operation, u64>,
    pub(crate) crashed: bool,
    /// How often a service, a database or a rule has changed.
    pub(crate) changes: u64,
    scheduled: BTreeMap<(Timestamp, u64), DueEvent>,
    planned: u64,
}

impl SimState {
    /// An empty simulation.
    pub(crate) fn new(region: Region, now: Timestamp, seed: u64, settings: TimingSettings) -> Self {
        Self {
            region,
            now,
            settings,
            rng: fastrand::Rng::with_seed(seed),
            quotas: BucketLimits::none(),
            faults: FaultPlan::none(),
            services: BTreeMap::new(),
            schedules: Vec::new(),
            databases: BTreeMap::new(),
            rules: BTreeMap::new(),
            unserved: Vec::new(),
            definitions: BTreeMap::new(),
            account: guardrail::CapacityQuotas::default(),
            alarms: AlarmStates::new(),
            muted: BTreeSet::new(),
            usage: UsageFigures::new(),
            tables: BTreeMap::new(),
            lags: Lags::new(),
            streams: BTreeMap::new(),
            repositories: BTreeMap::new(),
            roles: BTreeMap::new(),
            sources: BTreeMap::new(),
            resyncs: BTreeSet::new(),
            traffic_site: SimTrafficSwitches::default(),
            vault: SimBackups::default(),
            ledger: LedgerMemory::default(),
            outside: SimOutbox::default(),
            machines: SimMachines::default(),
            pile: StuckItems::default(),
            loss: None,
            calls: Vec::new(),
            made: 0,
            made_of: BTreeMap::new(),
            crashed: false,
            changes: 0,
            scheduled: BTreeMap::new(),
            planned: 0,
        }
    }

    /// Lets time pass until an instant, and everything happen that falls due until then, in order; an instant that is over
    /// changes nothing. Only the AWS calls it: its regions share their time.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        let still = self.stands_still();
        while let Some(entry) = self.scheduled.first_entry().filter(|entry| !still && entry.key().0 <= instant) {
            let ((at, _), due) = entry.remove_entry();
            // What fell due while its region was lost happens late.
            self.now = self.now.max(at);
            self.happen(&due);
        }
        self.now = self.now.max(instant);
    }

    /// Puts something on the schedule. A time past the end of time never comes.
    pub(crate) fn plan(&mut self, delay: Duration, due: DueEvent) {
        if let Ok(at) = self.now.checked_add(delay) {
            self.planned += 1;
            self.scheduled.insert((at, self.planned), due);
        }
    }

    /// How old the next answer is.
    pub(crate) fn lag(&mut self) -> Duration {
        let most = u64::try_from(self.settings.staleness.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.rng.u64(0..=most))
    }

    fn happen(&mut self, due: &DueEvent) {
        match due {
            DueEvent::Tasks(id, epoch) => self.tasks_follow(id, *epoch),
            DueEvent::Deployment(id, epoch) => self.deployment_completes(id, *epoch),
            DueEvent::Autoscaler(id, registered) => self.autoscale(id, *registered),
            DueEvent::Stopped(id, tasks, deaths) => self.tasks_stopped(id, *tasks, *deaths),
            DueEvent::Database(id, epoch) => self.database_moves_on(id, *epoch),
            DueEvent::Role(database, role) => self.becomes(database, role.clone()),
            DueEvent::Renamed(from, to) => self.renamed(from, to),
            DueEvent::Alarm(on) => self.alarm_follows(*on),
            DueEvent::Source(source, on) => self.source_becomes(source, *on),
        }
    }
}
