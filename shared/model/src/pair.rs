//! The pair that the models move: its names and document, and the real functions over small values.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::RwLock;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{Capacity, ServiceCapacity, ServiceId};
use watchkeeper_domain::estate::{DetectionMode, Failover, FencePolicy, Singleton, TrafficPolicy, TrafficStrategy};
use watchkeeper_domain::failover::rehearsal::{RehearsalSituation, refusal, rehearsed_serving};
use watchkeeper_domain::failover::{
    OngoingMove, Pointer, PointerError, RegionalPair, ServiceFigures, Serving, placement,
};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, resolve};
use watchkeeper_domain::name::{BadName, ClusterName, Region, ServiceName};
use watchkeeper_domain::value::{Duration, Percent};

pub use crate::point::{ModelPointer, MoveId, PairSide};

/// What a region's writer has settled last.
type Settled = Option<u8>;

/// What a rehearsal that is up in the standby wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rehearsed {
    /// What the real function takes of a failover's figures.
    Figures,
    /// All of them, the singleton too: a mistake.
    Everything,
}

/// A question about a placement: the region, its pointer, what it settled, what it heard, the time, and what is rehearsed there.
type Question = (PairSide, ModelPointer, Settled, Option<Timestamp>, Timestamp, Option<Rehearsed>);

/// The pair's names and document.
#[derive(Debug)]
pub struct ModelPair {
    regions: [Region; 2],
    cluster: ClusterName,
    singleton: Singleton,
    /// A service of many tasks, which is of interest to a rehearsal alone.
    plural: ServiceName,
    services: BTreeSet<ServiceName>,
    failover: Failover,
    // The same few questions are asked in a million states.
    known: RwLock<HashMap<Question, Option<bool>>>,
}

impl ModelPair {
    /// A pair with one singleton; with a silence, in minutes, its fence is the dead man's switch.
    ///
    /// # Errors
    /// [`BadName`] never; the names below are good.
    pub fn new(silence: Option<u32>) -> Result<Self, BadName> {
        let regions = [Region::new("us-west-2")?, Region::new("us-west-1")?];
        let (service, plural) = (ServiceName::new("job-scheduler")?, ServiceName::new("web")?);
        let fence = silence.map(|_| FencePolicy::DeadMan);
        let singleton = Singleton { service, fence, silence: silence.map(Duration::minutes) };
        let failover = Failover {
            detect: DetectionMode::Off,
            approve: false,
            evidence: Vec::new(),
            probe: None,
            rto: Duration::minutes(10),
            rpo: Duration::minutes(1),
            capacity: BTreeMap::from([(singleton.service.clone(), 1), (plural.clone(), 2)]),
            waves: Vec::new(),
            singletons: vec![singleton.clone()],
            tables: Vec::new(),
            databases: Vec::new(),
            streams: Vec::new(),
            images: Vec::new(),
            traffic: TrafficPolicy {
                strategy: TrafficStrategy::SwitchObject,
                names: Vec::new(),
                ttl: None,
                bucket: None,
                object: None,
                alarm: None,
                primary_control: None,
                standby_control: None,
                hosted_zone: None,
            },
            steps: Vec::new(),
            sources: Vec::new(),
            hold_before: BTreeSet::new(),
            minimum_delay: None,
            rehearse: None,
            certified_within: None,
            protect_again: false,
        };
        let services = BTreeSet::from([singleton.service.clone(), plural.clone()]);
        Ok(Self {
            regions,
            cluster: ClusterName::new("pair")?,
            singleton,
            plural,
            services,
            failover,
            known: RwLock::default(),
        })
    }

    /// The region's name.
    pub fn region(&self, side: PairSide) -> &Region {
        let [home, standby] = &self.regions;
        if side == PairSide::Home { home } else { standby }
    }

    /// The singleton, as the document has it.
    pub fn singleton(&self) -> &Singleton {
        &self.singleton
    }

    /// A move to this region begins, by the real function.
    pub fn begin(&self, point: &ModelPointer, to: PairSide, by: u8) -> Option<ModelPointer> {
        let (region, serving) = (self.region(to), self.serving(to));
        let change =
            |pointer: &Pointer| pointer.begin(region, serving, BTreeSet::new(), &by.to_string(), Timestamp::UNIX_EPOCH);
        self.changed(point, change)
    }

    /// Another change of the pointer, by the real function; `None` when that refuses it.
    pub fn changed(
        &self,
        point: &ModelPointer,
        change: impl FnOnce(&Pointer) -> Result<Pointer, PointerError>,
    ) -> Option<ModelPointer> {
        change(&self.pointer(*point)).ok().and_then(|next| self.point(&next))
    }

    /// The singleton opens.
    pub fn open(&self, point: &ModelPointer, by: u8) -> Option<ModelPointer> {
        self.changed(point, |pointer| pointer.open(&by.to_string(), [self.singleton.service.clone()]))
    }

    /// Whether the region is to run the singleton, by the real table of placements and over its baseline; `None` when it
    /// must not change anything.
    pub fn wants(&self, side: PairSide, point: &ModelPointer, settled: Settled) -> Option<bool> {
        self.answer((side, *point, settled, None, Timestamp::UNIX_EPOCH, None))
    }

    /// The same while a rehearsal is up there.
    pub fn wants_rehearsing(
        &self,
        side: PairSide,
        point: &ModelPointer,
        settled: Settled,
        rehearsed: Option<Rehearsed>,
    ) -> Option<bool> {
        self.answer((side, *point, settled, None, Timestamp::UNIX_EPOCH, rehearsed))
    }

    /// The same, with what the region has heard of the standby.
    pub fn wants_at(
        &self,
        side: PairSide,
        point: &ModelPointer,
        settled: Settled,
        heard: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<bool> {
        self.answer((side, *point, settled, heard, now, None))
    }

    fn answer(&self, question: Question) -> Option<bool> {
        if let Some(known) = self.known.read().ok().and_then(|known| known.get(&question).copied()) {
            return known;
        }
        let wants = self.place(&question);
        if let Ok(mut known) = self.known.write() {
            known.insert(question, wants);
        }
        wants
    }

    fn place(&self, (side, point, settled, heard, now, rehearsed): &Question) -> Option<bool> {
        let pointer = self.pointer(*point);
        let seen = RegionalPair {
            // A pair that never moved has no item.
            pointer: (point.revision > 0).then_some(&pointer),
            region: self.region(*side),
            home: self.region(PairSide::Home),
            standby: self.region(PairSide::Standby),
            services: &self.services,
            failover: &self.failover,
            settled: settled.map(u64::from),
            heard: *heard,
            now: *now,
        };
        let baseline = ServiceCapacity { desired: u32::from(*side == PairSide::Home), scaling: None };
        let intents: Vec<Intent> = placement(&seen).ok()?.into_iter().chain(self.rehearsal(*rehearsed)).collect();
        let id = ServiceId { cluster: self.cluster.clone(), service: self.singleton.service.clone() };
        let before = Capacity { services: BTreeMap::from([(id.clone(), baseline)]), ..Capacity::default() };
        resolve(&before, &intents, *now).services.get(&id).map(|found| found.desired > 0)
    }

    /// Whether a rehearsal may begin in the standby, by the real function.
    pub fn may_rehearse(&self, point: &ModelPointer) -> bool {
        let standby = self.region(PairSide::Standby);
        let situation = RehearsalSituation {
            pointer: &self.pointer(*point),
            region: standby,
            standby,
            halt: None,
            freeze: None,
            own: &[],
            theirs: &[],
            by: "rehearsal",
            now: Timestamp::UNIX_EPOCH,
        };
        refusal(&situation).is_none()
    }

    fn rehearsal(&self, rehearsed: Option<Rehearsed>) -> Option<Intent> {
        let all = self.serving(PairSide::Standby);
        let serving = match rehearsed? {
            Rehearsed::Figures => rehearsed_serving(&all, Percent::new(100), &self.failover),
            Rehearsed::Everything => all,
        };
        let services = serving.into_iter().map(|(service, figures)| (service, figures.desired)).collect();
        Some(Intent {
            layer: Layer::Rehearsal,
            want: DesiredState::Scaled(RequestedProfile::rehearsed(&services)),
            reason: "a rehearsal of a failover".to_owned(),
            by: "rehearsal".to_owned(),
            declared: Timestamp::UNIX_EPOCH,
            expires: None,
            approved: BTreeSet::new(),
            for_release: None,
        })
    }

    /// What a region runs while it serves: nothing is said of the home, where the baseline says it.
    fn serving(&self, side: PairSide) -> Serving {
        let figures = |desired| ServiceFigures { desired, bounds: None };
        let away = [(self.singleton.service.clone(), figures(1)), (self.plural.clone(), figures(2))];
        away.into_iter().filter(|_| side == PairSide::Standby).collect()
    }

    fn pointer(&self, point: ModelPointer) -> Pointer {
        let moving = point.moving.map(|moving| OngoingMove {
            to: self.region(moving.to).clone(),
            stage: moving.stage,
            open: moving.open.then(|| self.singleton.service.clone()).into_iter().collect(),
            singletons: BTreeSet::new(),
            serving: self.serving(moving.to),
        });
        Pointer {
            home: Some(self.region(PairSide::Home).clone()),
            active: self.region(point.active).clone(),
            epoch: point.epoch.into(),
            revision: point.revision.into(),
            moving,
            serving: self.serving(point.active),
            by: if point.by == 0 { String::new() } else { point.by.to_string() },
            since: Timestamp::UNIX_EPOCH,
            approved: BTreeSet::new(),
        }
    }

    /// The small form of a pointer; `None` when it says more than the small form can.
    fn point(&self, pointer: &Pointer) -> Option<ModelPointer> {
        let side = |region: &Region| PairSide::BOTH.into_iter().find(|side| self.region(*side) == region);
        let moving = match &pointer.moving {
            Some(OngoingMove { to, stage, open, .. }) => {
                Some(MoveId { to: side(to)?, stage: *stage, open: open.contains(&self.singleton.service) })
            }
            None => None,
        };
        let point = ModelPointer {
            active: side(&pointer.active)?,
            epoch: pointer.epoch.try_into().ok()?,
            revision: pointer.revision.try_into().ok()?,
            moving,
            by: pointer.by.parse().ok()?,
        };
        (self.pointer(point) == *pointer).then_some(point)
    }
}
