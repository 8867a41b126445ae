//! Turns: a service that comes up waits for those of the waves before its own, one that goes down for those of the waves after
//! it. What cannot be changed, what somebody else holds where it is, and what was waited for long enough is not waited for.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::PlanDraft;
use super::page::health_before_page_goes;
use super::{AwaitedChange, CapacityChange, Obstacle, Plan};
use crate::capacity::{ObservedScope, ObservedService, ResourceId, ServiceId};
use crate::order::StartOrder;

/// Which way a service goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// The turns of a plan's services: turn 0 need not wait, and each other one waits for something.
#[derive(Debug)]
pub(super) struct Turns {
    held: BTreeMap<ServiceId, usize>,
    waits_for: Vec<Vec<AwaitedChange>>,
}

impl Turns {
    /// What each turn waits for, in their order.
    pub(super) fn waits_for(&self) -> impl Iterator<Item = (usize, &Vec<AwaitedChange>)> {
        self.waits_for.iter().enumerate()
    }

    /// The turn of a write.
    pub(super) fn of(&self, change: &CapacityChange) -> usize {
        match change.resource() {
            ResourceId::Service(id) => self.held.get(&id).copied().unwrap_or_default(),
            ResourceId::Database(_) | ResourceId::Rule(_) => 0,
        }
    }
}

impl PlanDraft<'_> {
    /// Who waits for what; what was waited for long enough is noted.
    pub(super) fn turns(&mut self) -> Turns {
        let mut turns = Turns { held: BTreeMap::new(), waits_for: vec![Vec::new()] };
        if self.asked.order.is_empty() && self.asked.late.is_empty() {
            return turns;
        }
        let waves = Waves::of(self.asked.order, self.asked.observed);
        let mut moving: BTreeMap<(u8, usize), Vec<(ServiceId, Way)>> = BTreeMap::new();
        for (id, way) in self.moving() {
            let wave = waves.wave(&id);
            // First those that come up, as ever; of those that go down the last wave goes first.
            let place = if way == Way::Up { (0, wave) } else { (1, usize::MAX - wave) };
            moving.entry(place).or_default().push((id, way));
        }
        for services in moving.into_values() {
            let Some((id, way)) = services.first() else { continue };
            let mut before = waves.before(waves.wave(id), *way);
            let awaited =
                before.find_map(|ids| Some(self.unfinished(&ids, *way)).filter(|awaited| !awaited.is_empty()));
            if let Some(awaited) = awaited {
                turns.held.extend(services.iter().map(|(id, _)| (id.clone(), turns.waits_for.len())));
                turns.waits_for.push(awaited);
            }
        }
        let late = self.asked.late.iter();
        let late = late.filter_map(|id| self.awaited(id, Way::Up).or_else(|| self.awaited(id, Way::Down))).collect();
        // Where only a page waited, and stays, nothing went on.
        let stays = |(_, obstacle): &(ResourceId, Obstacle)| matches!(obstacle, Obstacle::Unserved(_));
        let went_on = !self.asked.order.is_empty() || !self.plan.obstacles.iter().any(stays);
        self.plan.late = if went_on { late } else { Vec::new() };
        turns
    }

    /// Services that this plan takes from 0, or to it.
    fn moving(&self) -> BTreeMap<ServiceId, Way> {
        let way = |change: &CapacityChange| match change {
            CapacityChange::Count { service, from: 0, .. } => Some((service.clone(), Way::Up)),
            CapacityChange::Count { service, to: 0, .. } => Some((service.clone(), Way::Down)),
            _ => None,
        };
        let moving = self.actions.values().flatten().filter_map(|action| way(&action.change));
        moving.filter(|(id, _)| !self.asked.at_rest(id)).collect()
    }

    /// Those of these services that should run and do not, and are not late.
    pub(super) fn not_up_yet(&self, ids: &[&ServiceId]) -> Vec<AwaitedChange> {
        self.unfinished(ids, Way::Up)
    }

    fn unfinished(&self, ids: &[&ServiceId], way: Way) -> Vec<AwaitedChange> {
        let waited = ids.iter().filter(|id| !self.asked.late.contains(**id));
        waited.filter_map(|id| self.awaited(id, way)).collect()
    }

    fn awaited(&self, id: &ServiceId, way: Way) -> Option<AwaitedChange> {
        let found = self.asked.observed.services.get(id)?;
        let resource = ResourceId::Service(id.clone());
        if found.daemon || self.plan.obstacle(&resource).is_some() {
            return None;
        }
        let what = match way {
            Way::Up => self.not_up(id, found),
            Way::Down => self.not_down(id, found),
        };
        what.map(|what| AwaitedChange { resource, what })
    }

    fn not_up(&self, id: &ServiceId, found: &ObservedService) -> Option<String> {
        let is = found.capacity.desired;
        match self.asked.target.services.get(id).map_or(is, |wanted| wanted.desired) {
            0 => None,
            _ if is == 0 && self.asked.at_rest(id) => None,
            _ if is == 0 => Some("it comes up first".to_owned()),
            _ if found.running < is => Some(format!("{} of {is} tasks running, which come up first", found.running)),
            _ => self.asked.observed.unhealthy.get(id).cloned(),
        }
    }

    fn not_down(&self, id: &ServiceId, found: &ObservedService) -> Option<String> {
        let (is, tasks) = (found.capacity.desired, found.running + found.pending);
        match self.asked.target.services.get(id).map(|wanted| wanted.desired) {
            Some(0) if is > 0 && self.asked.at_rest(id) => None,
            Some(0) if is > 0 => Some("it goes down first".to_owned()),
            Some(0) if tasks == 1 => Some("1 task has not stopped yet, and goes first".to_owned()),
            Some(0) if tasks > 0 => Some(format!("{tasks} tasks have not stopped yet, and go first")),
            _ => None,
        }
    }
}

/// What was found, by wave.
struct Waves<'a> {
    found: BTreeMap<&'a ServiceId, usize>,
    waves: BTreeMap<usize, Vec<&'a ServiceId>>,
}

impl<'a> Waves<'a> {
    fn of(order: &StartOrder, observed: &'a ObservedScope) -> Self {
        let named = order.waves.iter().enumerate().flat_map(|(n, wave)| wave.iter().map(move |service| (service, n)));
        let named: BTreeMap<_, usize> = named.collect();
        let wave = |id: &ServiceId| named.get(&id.service).copied().unwrap_or(order.waves.len());
        let found: BTreeMap<&ServiceId, usize> = observed.services.keys().map(|id| (id, wave(id))).collect();
        let mut waves: BTreeMap<usize, Vec<&ServiceId>> = BTreeMap::new();
        for (id, wave) in &found {
            waves.entry(*wave).or_default().push(id);
        }
        Self { found, waves }
    }

    fn wave(&self, id: &ServiceId) -> usize {
        self.found.get(id).copied().unwrap_or_default()
    }

    /// The waves that have to be through before this one, the nearest first.
    fn before(&self, wave: usize, way: Way) -> Box<dyn Iterator<Item = Vec<&'a ServiceId>> + '_> {
        match way {
            Way::Up => Box::new(self.waves.range(..wave).rev().map(|(_, ids)| ids.clone())),
            Way::Down => Box::new(self.waves.range(wave + 1..).map(|(_, ids)| ids.clone())),
        }
    }
}

/// The services whose targets' health says whether the next wave of a plan may come up, or its page may go: those of the wave before
/// it that run, and have target groups.
pub fn health_matters(order: &StartOrder, observed: &ObservedScope, plan: &Plan) -> BTreeSet<ServiceId> {
    let waves = Waves::of(order, observed);
    let rises = plan.actions().filter_map(|action| match &action.change {
        CapacityChange::Count { service, from: 0, .. } => Some(waves.wave(service)),
        _ => None,
    });
    let next = match rises.min() {
        None => return health_before_page_goes(observed, plan),
        Some(_) if order.is_empty() => return BTreeSet::new(),
        Some(next) => next,
    };
    let runs = |id: &&&ServiceId| {
        observed.services.get(**id).is_some_and(|it| it.capacity.desired > 0 && it.running >= it.capacity.desired)
    };
    let before = waves.before(next, Way::Up).find(|ids| ids.iter().any(|id| runs(&id)));
    let before = before.unwrap_or_default();
    let answers = |id: &&&ServiceId| observed.services.get(**id).is_some_and(|it| !it.target_groups.is_empty());
    before.iter().filter(runs).filter(answers).map(|id| ServiceId::clone(id)).collect()
}
