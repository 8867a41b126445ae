//! What must hold of a pair.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, ServiceCapacity, ServiceId};
use watchkeeper_domain::failover::Pointer;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_in_memory::{FailoverRun, InMemoryPair};
use watchkeeper_sim::{CallEnding, Operation, RecordedCall};

use super::PairSite;
use crate::invariant::{Invariant, Violation};

/// How long the world has behaved when a pair has to be in one region.
const RESTS: SignedDuration = SignedDuration::from_mins(90);

/// How long it has behaved when somebody has brought it home.
const HOME: SignedDuration = SignedDuration::from_hours(3);

/// How long a region that is back takes to see the pointer, once the world behaves.
const SEES: SignedDuration = SignedDuration::from_mins(30);

/// What a move writes beside capacity.
const MOVES: [Operation; 8] = [
    Operation::LedgerPoint,
    Operation::PutObject,
    Operation::DeleteObject,
    Operation::UpdateRoutingControls,
    Operation::ChangeRecords,
    Operation::PromoteReadReplica,
    Operation::SwitchoverGlobalCluster,
    Operation::FailoverGlobalCluster,
];

pub(super) struct PairJudge {
    regions: [Region; 2],
    singletons: Vec<ServiceName>,
    /// What both regions run when the pair is at home, as its owner last made it.
    owned: [Capacity; 2],
    /// A region that is back, until it stands by or serves: it runs what it ran until its own stack has acted.
    returning: Option<Region>,
    served: Option<Region>,
    epochs: [u64; 2],
    told: [usize; 2],
}

impl PairJudge {
    pub(super) fn new(pair: &InMemoryPair, site: &PairSite) -> Self {
        Self {
            regions: site.regions.clone(),
            singletons: site.singletons(),
            owned: capacities(pair),
            returning: None,
            served: pair.pair.serving(),
            epochs: [0; 2],
            told: [0; 2],
        }
    }

    pub(super) fn returns(&mut self, region: &Region) {
        self.returning = Some(region.clone());
    }

    /// A person sets a count at home, where nobody else is at work there.
    pub(super) fn counted(&mut self, pair: &InMemoryPair, id: &ServiceId, to: u32) {
        let home = &self.regions[0];
        let quiet = pair.pair.runs(home) && !self.is_away(pair) && capacities(pair)[0] == self.owned[0];
        let bounds = self.owned[0].services.get(id).and_then(|it| it.scaling);
        if quiet && bounds.is_none_or(|bounds| (bounds.min..=bounds.max).contains(&to)) {
            pair.pair.home().change_count(id, to);
            if let Some(owned) = self.owned[0].services.get_mut(id) {
                owned.desired = to;
            }
        }
    }

    /// Whether the pair is not steady at home.
    pub(super) fn is_away(&self, pair: &InMemoryPair) -> bool {
        let away = |region: &Region| {
            let pointer = pair.pointer(region);
            pointer.moving.is_some() || pointer.active != self.regions[0]
        };
        self.regions.iter().any(away)
    }

    /// The pointer as the region has it that has heard of it last.
    pub(super) fn newest(&self, pair: &InMemoryPair) -> Pointer {
        let [home, standby] = self.regions.each_ref().map(|region| pair.pointer(region));
        if home.revision > standby.revision { home } else { standby }
    }

    /// Whether no singleton runs in the other region, and nothing there can start one.
    pub(super) fn stopped_elsewhere(&self, pair: &InMemoryPair, region: &Region) -> bool {
        let other = usize::from(*region == self.regions[0]);
        let stands = !pair.pair.runs(&self.regions[other]);
        let found = &capacities(pair)[other];
        let wanted = |name: &ServiceName| found.services.iter().any(|(id, it)| id.service == *name && it.desired > 0);
        self.singletons.iter().all(|name| pair.pair.working(name)[other] == 0 && (stands || !wanted(name)))
    }

    pub(super) fn new_messages(&mut self, pair: &InMemoryPair) -> Vec<String> {
        let mut new = Vec::new();
        for (region, told) in self.regions.iter().zip(&mut self.told) {
            let messages = pair.pair.sim(region).messages_after(*told);
            *told += messages.len();
            new.extend(messages.into_iter().map(|message| format!("{region}: {}", message.subject)));
        }
        new
    }

    pub(super) fn acted(
        &mut self,
        pair: &InMemoryPair,
        site: &PairSite,
        calls: &[Vec<RecordedCall>; 2],
        rehearses: bool,
        troubled: Timestamp,
    ) -> Result<(), Violation> {
        let wrong = |invariant, seen| Err(Violation { invariant, at: pair.pair.now(), seen });
        if let Some(region) = &self.returning {
            let place = usize::from(*region != self.regions[0]);
            let found = capacities(pair);
            let may_run = |place: usize| {
                let wanted = |(id, it): (&ServiceId, &ServiceCapacity)| {
                    self.singletons.contains(&id.service)
                        && (it.desired > 0 || pair.pair.working(&id.service)[place] > 0)
                };
                found[place].services.iter().any(wanted)
            };
            if pair.pair.runs(region) && !(may_run(place) && may_run(1 - place)) {
                self.returning = None;
            } else if pair.pair.now() > troubled + SEES {
                let seen = pair.pointer(region);
                return wrong(Invariant::SingletonOnce, format!("{region} is back, and runs on: {seen}"));
            }
        }
        for name in self.singletons.iter().filter(|_| self.returning.is_none()) {
            let working = pair.pair.working(name);
            if working.iter().sum::<u32>() > 1 {
                let [home, standby] = &self.regions;
                let seen = format!("{name}: {} tasks in {home}, {} in {standby}", working[0], working[1]);
                return wrong(Invariant::SingletonOnce, seen);
            }
        }
        if rehearses {
            let writes = |call: &&RecordedCall| {
                call.ending == CallEnding::Answered
                    && (MOVES.contains(&call.operation) || (call.abroad && call.operation.writes_capacity()))
            };
            if let Some(call) = calls[1].iter().find(writes) {
                return wrong(Invariant::RehearsalMovesNothing, call.to_string());
            }
        }
        for (place, region) in self.regions.iter().enumerate() {
            let pointer = pair.pointer(region);
            if pointer.epoch < self.epochs[place] {
                let seen = format!("epoch {} after {} in {region}", pointer.epoch, self.epochs[place]);
                return wrong(Invariant::OnePointer, seen);
            }
            self.epochs[place] = pointer.epoch;
        }
        let serving = pair.pair.serving();
        if serving != self.served && serving.as_ref() == Some(&self.regions[1]) {
            let found = pair.pair.standby().capacity();
            if !site.serves(&found) {
                return wrong(Invariant::TrafficToVerified, format!("people are sent to {found:?}"));
            }
        }
        self.served = serving;
        Ok(())
    }

    /// Once the world behaves, nothing is under way, one region serves, and everything is as it was.
    pub(super) fn at_rest<'r>(
        &self,
        pair: &InMemoryPair,
        site: &PairSite,
        mut runs: impl Iterator<Item = &'r FailoverRun>,
        troubled: Timestamp,
    ) -> Result<(), Violation> {
        let now = pair.pair.now();
        if now < troubled + RESTS || now.as_second() % 600 >= 60 {
            return Ok(());
        }
        let wrong = |invariant, seen| Err(Violation { invariant, at: now, seen });
        if let Some(run) = runs.next() {
            // What is due each day, and what a person does to bring the pair home, may be under way at any time.
            if ["rehears", "home", "heir"].iter().any(|word| run.name.contains(word)) {
                return Ok(());
            }
            return wrong(Invariant::EveryExecutionEnds, format!("{}: {:?}, {}", run.name, run.state, run.said));
        }
        let [home, standby] = self.regions.each_ref().map(|region| pair.pointer(region));
        if home != standby {
            return wrong(Invariant::OnePointer, format!("{home}; in {}: {standby}", self.regions[1]));
        }
        if now < troubled + HOME {
            return Ok(());
        }
        if self.is_away(pair) || pair.pair.serving().as_ref() != Some(&self.regions[0]) {
            return wrong(Invariant::EverythingGivenBack, format!("{home}, people reach {:?}", pair.pair.serving()));
        }
        let found = capacities(pair);
        for (place, (found, owned)) in found.iter().zip(&self.owned).enumerate() {
            if found != owned && site.is_idle(pair) {
                let differs = |(id, it): (&ServiceId, _)| owned.services.get(id) != Some(it);
                let first = found.services.iter().find(|(id, it)| differs((id, *it)));
                let owned = first.and_then(|(id, _)| owned.services.get(id));
                return wrong(Invariant::AsItWas, format!("{first:?} in {}, before {owned:?}", self.regions[place]));
            }
        }
        Ok(())
    }
}

fn capacities(pair: &InMemoryPair) -> [Capacity; 2] {
    [pair.pair.home().capacity(), pair.pair.standby().capacity()]
}
