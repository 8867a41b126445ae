//! Building a simulation.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{Capacity, DatabasePower, DatabaseState};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase};
use watchkeeper_domain::guardrail;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::aws::SimAws;
use crate::fault::FaultPlan;
use crate::kinds::site::HOME;
use crate::quota::BucketLimits;
use crate::region::SimRegion;
use crate::settings::TimingSettings;
use crate::spec::{DatabaseSpec, ServiceSpec, SimResource, checked, resource};
use crate::state::SimState;

/// What a simulation will be like. By default it is empty, with the published quotas, no faults, seed 0, and begins on
/// Friday, 20 November 2026 at noon UTC.
#[derive(Debug, Clone)]
pub struct SimRegionBuilder {
    region: Region,
    now: Timestamp,
    seed: u64,
    settings: TimingSettings,
    quotas: BucketLimits,
    faults: FaultPlan,
    resources: Vec<SimResource>,
    account: guardrail::CapacityQuotas,
    alarms: Vec<(AlarmName, AlarmState)>,
    tables: Vec<(ResourceName, TableFacts)>,
    streams: Vec<(ResourceName, StreamFacts)>,
    repositories: Vec<(ResourceName, BTreeSet<String>)>,
    roles: Vec<(PairDatabase, DatabaseRole)>,
}

impl Default for SimRegionBuilder {
    fn default() -> Self {
        Self {
            region: checked(Region::new("us-east-1")),
            now: Timestamp::constant(1_795_176_000, 0),
            seed: 0,
            settings: TimingSettings::default(),
            quotas: BucketLimits::published(),
            faults: FaultPlan::none(),
            resources: Vec::new(),
            account: guardrail::CapacityQuotas::default(),
            alarms: Vec::new(),
            tables: Vec::new(),
            streams: Vec::new(),
            repositories: Vec::new(),
            roles: Vec::new(),
        }
    }
}

impl SimRegion {
    /// A simulation to be built.
    pub fn builder() -> SimRegionBuilder {
        SimRegionBuilder::default()
    }
}

impl SimRegionBuilder {
    /// Is this region; by default `us-east-1`. A pair names its regions itself.
    ///
    /// # Panics
    /// When that is no name of a region.
    #[must_use]
    pub fn region(mut self, name: &str) -> Self {
        self.region = checked(Region::new(name));
        self
    }

    /// When it begins.
    pub(crate) fn begins(&self) -> Timestamp {
        self.now
    }

    /// What chance is drawn from.
    pub(crate) fn of_seed(&self) -> u64 {
        self.seed
    }

    /// Begins at this instant, such as `2026-11-21T00:05:00Z`.
    ///
    /// # Panics
    /// When that is no instant.
    #[must_use]
    pub fn at(self, instant: &str) -> Self {
        self.starting(checked(instant.parse()))
    }

    /// Begins at this instant.
    #[must_use]
    pub fn starting(mut self, instant: Timestamp) -> Self {
        self.now = instant;
        self
    }

    /// Draws chance from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Takes its time like this.
    #[must_use]
    pub fn settings(mut self, settings: TimingSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Throttles by these quotas.
    #[must_use]
    pub fn quotas(mut self, quotas: BucketLimits) -> Self {
        self.quotas = quotas;
        self
    }

    /// Fails like this.
    #[must_use]
    pub fn faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// Has an account of which AWS tells these quotas; by default it tells none.
    #[must_use]
    pub fn account(mut self, quotas: guardrail::CapacityQuotas) -> Self {
        self.account = quotas;
        self
    }

    /// Has an alarm in this state from the beginning.
    ///
    /// # Panics
    /// When that is no name of an alarm.
    #[must_use]
    pub fn alarm(mut self, name: &str, state: AlarmState) -> Self {
        self.alarms.push((checked(name.parse()), state));
        self
    }

    /// Has this service or database.
    #[must_use]
    pub fn with(mut self, resource: impl Into<SimResource>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Has all of these services and databases, managed, and with exactly this capacity.
    #[must_use]
    pub fn capacity(mut self, capacity: &Capacity) -> Self {
        for (id, service) in &capacity.services {
            let spec = ServiceSpec::new(id.clone()).desired(service.desired).with_scaling(service.scaling);
            self.resources.push(spec.into());
        }
        for (id, power) in &capacity.databases {
            let state = if *power == DatabasePower::On { DatabaseState::Available } else { DatabaseState::Stopped };
            self.resources.push(DatabaseSpec::new(id.clone()).state(state).into());
        }
        self
    }

    /// Has this table.
    ///
    /// # Panics
    /// When that is no name.
    #[must_use]
    pub fn table(mut self, name: &str, facts: TableFacts) -> Self {
        self.tables.push((resource(name), facts));
        self
    }

    /// Has this stream.
    ///
    /// # Panics
    /// When that is no name.
    #[must_use]
    pub fn stream(mut self, name: &str, facts: StreamFacts) -> Self {
        self.streams.push((resource(name), facts));
        self
    }

    /// Has an image repository with these tags and digests.
    ///
    /// # Panics
    /// When that is no name.
    #[must_use]
    pub fn repository(mut self, name: &str, references: &[&str]) -> Self {
        let images = references.iter().map(|image| (*image).to_owned()).collect();
        self.repositories.push((resource(name), images));
        self
    }

    /// Has a database of the pair that is this here.
    #[must_use]
    pub fn role(mut self, database: &PairDatabase, role: DatabaseRole) -> Self {
        self.roles.push((database.clone(), role));
        self
    }

    /// The simulation.
    pub fn build(self) -> SimRegion {
        SimRegion::of(&SimAws::alone(self.state()), HOME, HOME)
    }

    /// The state of the simulation.
    pub(crate) fn state(self) -> SimState {
        let mut state = SimState::new(self.region, self.now, self.seed, self.settings);
        (state.quotas, state.faults) = (self.quotas, self.faults);
        for resource in &self.resources {
            state.add(resource);
        }
        state.account = self.account;
        for (name, alarm) in self.alarms {
            state.set_alarm(name, alarm);
        }
        state.tables.extend(self.tables);
        state.streams.extend(self.streams);
        state.repositories.extend(self.repositories);
        state.roles.extend(self.roles);
        state
    }
}

impl SimState {
    /// Brings something into the simulation.
    pub(crate) fn add(&mut self, resource: &SimResource) {
        match resource {
            SimResource::Service(spec) => self.add_service(spec),
            SimResource::Database(spec) => self.add_database(spec),
            SimResource::Rule(spec) => self.add_rule(spec),
        }
    }
}
