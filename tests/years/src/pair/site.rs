//! A pair of regions that histories are about: its document, changed a little by each seed, and what AWS has of it.

use std::fmt;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::capacity::{Capacity, ServiceId};
use watchkeeper_domain::estate::{Environment, EstateDocument, EstateFolder, Failover};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::{EnvironmentName, Region, ServiceName};
use watchkeeper_domain::value::ResourceName;
use watchkeeper_in_memory::InMemoryPair;
use watchkeeper_sim::{SimPair, SimRegion, SimRegionBuilder, TimingSettings, declared, service, stream, table};

use crate::estates::folder;

/// How far a table's other replica is behind.
const LAG: SignedDuration = SignedDuration::from_millis(400);

/// A pair of regions of an estate.
#[derive(Debug, Clone)]
pub struct PairSite {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Home and standby.
    pub regions: [Region; 2],
    /// What runs at home, but singletons.
    pub home_services: Vec<ServiceId>,
    /// What would run in the standby, but singletons.
    pub standby_services: Vec<ServiceId>,
    document: EstateDocument,
    timing: TimingSettings,
}

impl PairSite {
    /// The environment of a document that is a pair, as a seed has it; none where there is none.
    ///
    /// # Panics
    /// When the document means nothing any more after the changes of a seed.
    pub(crate) fn of(document: &EstateDocument, timing: TimingSettings, rng: &mut Rng) -> Option<Self> {
        let (environment, own) = document.environments.iter().find(|(_, it)| it.regions.standby.is_some())?;
        let regions = [own.regions.primary.clone(), own.regions.standby.clone()?];
        let mut changed = serde_json::to_value(document).ok()?;
        change(&mut changed["environments"][environment.as_str()]["failover"], rng);
        let document: EstateDocument = serde_json::from_value(changed).unwrap_or_else(|error| panic!("{error}"));
        let environment = environment.clone();
        let mut site =
            Self { environment, regions, home_services: Vec::new(), standby_services: Vec::new(), document, timing };
        let all = site.folder();
        let pair = site.pair_of(&all);
        let plural = |region: &Region| {
            let all = declared(pair, region).into_keys();
            all.filter(|id| !singletons(failover(pair)).contains(&id.service)).collect()
        };
        (site.home_services, site.standby_services) = (plural(&site.regions[0]), plural(&site.regions[1]));
        Some(site)
    }

    fn folder(&self) -> EstateFolder {
        folder(&self.document).unwrap_or_else(|| panic!("the document of {} means nothing", self.document.estate))
    }

    fn pair_of<'e>(&self, all: &'e EstateFolder) -> &'e Environment {
        let found = all.environments().map(|(_, environment)| environment).find(|it| *it.name() == self.environment);
        found.unwrap_or_else(|| panic!("{self}: its environment has gone"))
    }

    /// Both stacks, over an AWS with everything that the document names.
    pub(crate) fn build(&self, begin: Timestamp, seed: u64) -> InMemoryPair {
        let all = self.folder();
        let pair = self.pair_of(&all);
        let region = |region: &Region| {
            let sim = SimRegion::builder().starting(begin).seed(seed).settings(self.timing);
            self.furnished(sim, pair, region)
        };
        let [home, standby] = &self.regions;
        let sim = SimPair::builder(home.as_str(), standby.as_str()).home(region(home)).standby(region(standby));
        let sim = sim.failover(failover(pair)).build();
        for table in &failover(pair).tables {
            sim.home().set_lag(table.table.as_str(), standby.as_str(), Some(LAG));
            sim.standby().set_lag(table.table.as_str(), home.as_str(), Some(LAG));
        }
        InMemoryPair::new(sim, &all, self.document.estate.as_str(), self.environment.as_str())
    }

    fn furnished(&self, mut sim: SimRegionBuilder, pair: &Environment, region: &Region) -> SimRegionBuilder {
        let failover = failover(pair);
        for (id, capacity) in declared(pair, region) {
            let name = id.service.as_str();
            let mut spec = service(&id.to_string()).desired(capacity.desired).with_scaling(capacity.scaling);
            spec = spec.images(&[&format!("123456789012.dkr.ecr.{region}.amazonaws.com/{name}:v7")]);
            if let Some(path) = failover.probe.as_ref().and_then(|probe| probe.paths.get(&id.service)) {
                spec = spec.target_group(&format!("{name}-tg"), path.as_str());
            }
            sim = sim.with(spec).repository(name, &["v7"]);
        }
        for it in &failover.tables {
            let indexes: Vec<&str> = it.indexes.iter().map(ResourceName::as_str).collect();
            sim = sim.table(it.table.as_str(), table(&self.regions.each_ref().map(Region::as_str), &indexes));
        }
        for it in &failover.streams {
            sim = sim.stream(it.stream.as_str(), stream(it.shards, 24));
        }
        sim
    }

    /// The services of which one task may run.
    pub(crate) fn singletons(&self) -> Vec<ServiceName> {
        let all = self.folder();
        singletons(failover(self.pair_of(&all)))
    }

    /// How long things take, and how long when everything takes long.
    pub(crate) fn usual(&self) -> TimingSettings {
        self.timing
    }

    pub(crate) fn slow(&self) -> TimingSettings {
        TimingSettings {
            task_start: std::time::Duration::from_mins(6),
            task_stop: std::time::Duration::from_mins(2),
            latency: std::time::Duration::from_millis(300),
            ..self.timing
        }
    }

    /// Whether no rehearsal is up.
    pub(crate) fn is_idle(&self, pair: &InMemoryPair) -> bool {
        let scope = pair.member(&self.regions[1]).scope();
        let kept = pair.pair.standby().remembered(&scope);
        kept.is_ok_and(|kept| kept.intents.iter().all(|intent| intent.layer != Layer::Rehearsal))
    }

    /// Whether a region runs what a failover starts there.
    pub(crate) fn serves(&self, found: &Capacity) -> bool {
        let all = self.folder();
        let wanted = &failover(self.pair_of(&all)).capacity;
        found.services.iter().all(|(id, it)| wanted.get(&id.service).is_none_or(|tasks| it.desired >= *tasks))
    }
}

impl fmt::Display for PairSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [home, standby] = &self.regions;
        write!(f, "{} {} in {home} and {standby}", self.document.estate, self.environment)
    }
}

fn failover(pair: &Environment) -> &Failover {
    let said = pair.document().failover.as_ref();
    said.unwrap_or_else(|| panic!("{} is no pair", pair.name()))
}

fn singletons(failover: &Failover) -> Vec<ServiceName> {
    failover.singletons.iter().map(|singleton| singleton.service.clone()).collect()
}

/// What a seed has of the document's own.
fn change(failover: &mut Value, rng: &mut Rng) {
    failover["approve"] = rng.bool().into();
    failover["minimum-delay"] = ["10m", "1h"][rng.usize(..2)].into();
    let at = format!("{:02}:{:02}", rng.u8(..24), rng.u8(..12) * 5);
    failover["rehearse"] = json!({ "every": "1d", "at": at, "zone": "UTC", "for": "5m" });
}
