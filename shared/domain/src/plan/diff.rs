//! The difference: observed against target, resource by resource.

use std::collections::{BTreeMap, BTreeSet};

use super::{AwaitedChange, CapacityChange, Obstacle, Plan, PlanStep, PlannedAction, Releases, Wave};
use crate::capacity::{
    Capacity, DatabaseId, DatabasePower, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, PagePlace,
    ResourceId, Rollout, ScalingState, ServiceCapacity, ServiceId, Suspensions, TaskDefinition,
};
use crate::order::StartOrder;

/// A question: what must be written so that what is observed becomes the target?
#[derive(Debug, Clone, Copy)]
pub struct DiffInput<'a> {
    /// What is there.
    pub observed: &'a ObservedScope,
    /// What should be.
    pub target: &'a Capacity,
    /// The releases that services are to go back to.
    pub releases: &'a Releases,
    /// Resources that have been at this very target: a count that an autoscaler moved within its bounds since is no
    /// difference. All others are compared exactly.
    pub reached: &'a BTreeSet<ResourceId>,
    /// Resources that AWS did not let us change, and what it said.
    pub refused: &'a BTreeMap<ResourceId, String>,
    /// The order in which services come up.
    pub order: &'a StartOrder,
    /// Services that nothing of the order waits for any longer.
    pub late: &'a BTreeSet<ServiceId>,
    /// The page that is shown while the environment sleeps.
    pub page: Option<&'a PagePlace>,
    /// Why, for every action.
    pub reason: &'a str,
}

/// The exact difference, for those who know nothing else.
pub fn diff(observed: &ObservedScope, target: &Capacity, reason: &str) -> Plan {
    let (releases, reached, refused) = (&Releases::new(), &BTreeSet::new(), &BTreeMap::new());
    let (order, late) = (&StartOrder::default(), &BTreeSet::new());
    DiffInput { observed, target, releases, reached, refused, order, late, page: None, reason }.plan()
}

impl DiffInput<'_> {
    /// The answer, in waves.
    pub fn plan(&self) -> Plan {
        let mut draft = PlanDraft { asked: self, actions: BTreeMap::new(), plan: Plan::default() };
        let missing = self.observed.missing.iter().cloned();
        draft.plan.obstacles = missing.map(|resource| (resource, Obstacle::Missing)).collect();
        for (id, wanted) in &self.target.services {
            if let Some(found) = self.observed.services.get(id) {
                draft.service(id, found, wanted);
            }
        }
        for (id, to) in self.releases {
            if let Some(found) = self.observed.services.get(id) {
                draft.rollback(id, found, to);
            }
        }
        for (id, wanted) in &self.target.databases {
            if let Some(found) = self.observed.databases.get(id) {
                draft.database(id, found, *wanted);
            }
        }
        for (id, wanted) in &self.target.rules {
            if let Some(found) = self.observed.rules.get(id) {
                draft.rule(id, found, wanted);
            }
        }
        draft.finish()
    }

    pub(super) fn at_rest(&self, id: &ServiceId) -> bool {
        self.reached.contains(&ResourceId::Service(id.clone()))
    }
}

/// A plan in the making.
pub(super) struct PlanDraft<'a> {
    pub(super) asked: &'a DiffInput<'a>,
    pub(super) actions: BTreeMap<Wave, Vec<PlannedAction>>,
    pub(super) plan: Plan,
}

impl PlanDraft<'_> {
    pub(super) fn act(&mut self, wave: Wave, change: CapacityChange) {
        self.actions.entry(wave).or_default().push(PlannedAction { change, reason: self.asked.reason.to_owned() });
    }

    pub(super) fn hinder(&mut self, resource: ResourceId, obstacle: Obstacle) {
        if self.plan.obstacle(&resource).is_none() {
            self.plan.obstacles.push((resource, obstacle));
        }
    }

    pub(super) fn refused(&self, resource: &ResourceId) -> Option<Obstacle> {
        self.asked.refused.get(resource).cloned().map(Obstacle::Refused)
    }

    /// Why a service cannot be changed, if it cannot.
    fn immovable(&self, id: &ServiceId, found: &ObservedService) -> Option<Obstacle> {
        match found {
            ObservedService { managed: false, .. } => Some(Obstacle::Untagged),
            _ if self.asked.observed.moved.contains_key(id) => {
                self.asked.observed.moved.get(id).cloned().map(Obstacle::Scheduled)
            }
            _ if self.asked.observed.under_way.contains(id) => Some(Obstacle::Releasing),
            _ => self.refused(&ResourceId::Service(id.clone())),
        }
    }

    fn service(&mut self, id: &ServiceId, found: &ObservedService, wanted: &ServiceCapacity) {
        let (is, should) = (&found.capacity, wanted);
        let count = count_differs(is, should, self.asked.at_rest(id));
        let bounds = match (is.scaling, should.scaling) {
            (Some(from), Some(to)) if from != to => Some((from, to)),
            _ => None,
        };
        let resource = ResourceId::Service(id.clone());
        let obstacle = if found.daemon { Some(Obstacle::Daemon) } else { self.immovable(id, found) };
        match (count || bounds.is_some(), obstacle) {
            (true, Some(obstacle)) => return self.hinder(resource, obstacle),
            (false, Some(_)) => return,
            (_, None) => {}
        }
        if let Some((from, to)) = bounds {
            self.bounds(id, (is.desired, should.desired), count, from, to);
        }
        if count {
            let wave = if should.desired < is.desired { Wave::LowerCounts } else { Wave::RaiseCounts };
            self.act(wave, CapacityChange::Count { service: id.clone(), from: is.desired, to: should.desired });
        } else if let Some(what) = unsettled(found) {
            self.plan.awaited.push(AwaitedChange { resource, what });
        }
    }

    /// Bounds are set so that no autoscaler at work meets a count outside of its bounds, and so that a crash between two
    /// writes leaves a difference.
    fn bounds(&mut self, id: &ServiceId, (now, then): (u32, u32), count: bool, from: ScalingState, to: ScalingState) {
        let mut set = |wave, from, to| self.act(wave, CapacityChange::Scaling { service: id.clone(), from, to });
        let (was_held, stays_held) = (from.suspended == Suspensions::ALL, to.suspended == Suspensions::ALL);
        let holds = to.min < from.min || to.suspended.adds_to(from.suspended);
        match () {
            () if was_held && !stays_held => set(Wave::ReleaseScaling, from, to),
            // A new floor lifts the count to it, whoever is first.
            () if !count && !holds => set(Wave::OpenScaling, from, to),
            () if count && now < then && then == to.min && !stays_held => set(Wave::OpenScaling, from, to),
            () if count && !stays_held => {
                let (min, max) = (to.min.min(now).min(then), to.max.max(now).max(then));
                let held = ScalingState { min, max, suspended: Suspensions::ALL };
                set(Wave::HoldScaling, from, held);
                set(Wave::ReleaseScaling, held, to);
            }
            () => set(Wave::HoldScaling, from, to),
        }
    }

    /// What a service gets that is to go back to an earlier release.
    fn rollback(&mut self, id: &ServiceId, found: &ObservedService, to: &TaskDefinition) {
        let resource = ResourceId::Service(id.clone());
        let Some(from) = found.task_definition.clone().filter(|from| from != to) else {
            // What the target knows is awaited there already.
            let rolling = !self.asked.target.services.contains_key(id) && found.task_definition.is_some();
            let what = unsettled(found).filter(|_| rolling);
            self.plan.awaited.extend(what.map(|what| AwaitedChange { resource, what }));
            return;
        };
        match self.immovable(id, found) {
            Some(obstacle) => self.hinder(resource, obstacle),
            None => self.act(Wave::RollBack, CapacityChange::Release { service: id.clone(), from, to: to.clone() }),
        }
    }

    fn database(&mut self, id: &DatabaseId, found: &ObservedDatabase, wanted: DatabasePower) {
        use DatabaseState as State;
        let resource = ResourceId::Database(id.clone());
        let obstacle = match (wanted, &found.state) {
            (DatabasePower::On, State::Available | State::Serving(_)) | (DatabasePower::Off, State::Stopped) => return,
            (_, State::Broken(status)) => Some(Obstacle::Broken(status.clone())),
            (DatabasePower::On, State::Starting | State::Stopping | State::Passing(_))
            | (DatabasePower::Off, State::Stopping) => None,
            _ if !found.managed => Some(Obstacle::Untagged),
            (DatabasePower::Off, _) if found.cannot_stop.is_some() => {
                found.cannot_stop.clone().map(Obstacle::CannotStop)
            }
            (DatabasePower::Off, State::Startable(status)) => Some(Obstacle::NotNow(status.clone())),
            (DatabasePower::Off, state) if state.is_lasting() => Some(Obstacle::NotNow(state.to_string())),
            (DatabasePower::Off, State::Available) => {
                self.refused(&resource).or_else(|| self.user().map(Obstacle::InUse))
            }
            _ => self.refused(&resource),
        };
        if let Some(obstacle) = obstacle {
            return self.hinder(resource, obstacle);
        }
        let mut wait = |what: String| self.plan.awaited.push(AwaitedChange { resource: resource.clone(), what });
        match (wanted, &found.state) {
            (DatabasePower::Off, State::Available) => {
                self.act(Wave::StopDatabases, CapacityChange::Database { database: id.clone(), to: wanted });
            }
            (DatabasePower::On, State::Stopped | State::Startable(_)) => {
                self.act(Wave::StartDatabases, CapacityChange::Database { database: id.clone(), to: wanted });
            }
            (DatabasePower::On, state @ State::Starting) | (DatabasePower::Off, state @ State::Stopping) => {
                wait(state.to_string());
            }
            (DatabasePower::Off, state) => wait(format!("{state}, to be stopped after that")),
            (DatabasePower::On, state) => wait(format!("{state}, to be available after that")),
        }
    }

    /// A service that runs although it should not, and that nothing of this plan stops: no database is stopped under it. A
    /// daemon is an agent of its container instance, and nobody's client.
    fn user(&self) -> Option<String> {
        let stays = |(id, wanted): (&ServiceId, &ServiceCapacity)| {
            let found = self.asked.observed.services.get(id)?;
            let obstacle = self.plan.obstacle(&ResourceId::Service(id.clone()));
            let hindered = matches!(
                obstacle,
                Some(Obstacle::Untagged | Obstacle::Refused(_) | Obstacle::Scheduled(_) | Obstacle::Releasing)
            );
            // Somebody else has started it since it was stopped, and it is left alone.
            let foreign = self.asked.at_rest(id) && found.capacity.desired > 0;
            let runs = found.running + found.pending > 0;
            (wanted.desired == 0 && runs && (hindered || foreign)).then(|| id.to_string())
        };
        self.asked.target.services.iter().find_map(stays)
    }

    fn finish(mut self) -> Plan {
        let last =
            [Wave::StopDatabases, Wave::HidePage].map(|wave| (wave, self.actions.remove(&wave).unwrap_or_default()));
        let page = self.page_to_come();
        let turns = self.turns();
        let all = std::mem::take(&mut self.actions);
        for (turn, waits_for) in turns.waits_for() {
            for (wave, actions) in &all {
                let own = |action: &&PlannedAction| turns.of(&action.change) == turn;
                let mut waits_for = waits_for.clone();
                waits_for.extend(page.iter().filter(|_| *wave == Wave::LowerCounts).cloned());
                self.step(*wave, waits_for, actions.iter().filter(own).cloned().collect());
            }
        }
        for (wave, actions) in last {
            let waits_for = if wave == Wave::StopDatabases { page.clone() } else { Vec::new() };
            self.step(wave, waits_for, actions);
        }
        self.plan
    }

    fn step(&mut self, wave: Wave, mut waits_for: Vec<AwaitedChange>, actions: Vec<PlannedAction>) {
        if actions.is_empty() {
            return;
        }
        waits_for.extend(match wave {
            Wave::OpenScaling | Wave::RaiseCounts => self.databases_on_their_way(),
            Wave::StopDatabases => self.tasks_on_their_way_out(),
            Wave::HidePage => self.application_to_come(),
            _ => Vec::new(),
        });
        self.plan.steps.push(PlanStep { wave, waits_for, actions });
    }

    pub(super) fn databases_on_their_way(&self) -> Vec<AwaitedChange> {
        let late = |(id, database): (&DatabaseId, &ObservedDatabase)| {
            let resource = ResourceId::Database(id.clone());
            let on = self.asked.target.databases.get(id) == Some(&DatabasePower::On);
            let comes = on && !database.state.serves() && self.plan.obstacle(&resource).is_none();
            comes.then(|| AwaitedChange { resource, what: database.state.to_string() })
        };
        self.asked.observed.databases.iter().filter_map(late).collect()
    }

    fn tasks_on_their_way_out(&self) -> Vec<AwaitedChange> {
        let alive = |(id, service): (&ServiceId, &ObservedService)| {
            let resource = ResourceId::Service(id.clone());
            let down = self.asked.target.services.get(id).is_some_and(|wanted| wanted.desired == 0);
            let tasks = service.running + service.pending;
            (down && tasks > 0 && self.plan.obstacle(&resource).is_none()).then(|| AwaitedChange {
                resource,
                what: if tasks == 1 {
                    "1 task has not stopped yet".to_owned()
                } else {
                    format!("{tasks} tasks have not stopped yet")
                },
            })
        };
        self.asked.observed.services.iter().filter_map(alive).collect()
    }
}

/// Counts are compared exactly, but where this very target has been reached and an autoscaler works within its bounds, a
/// count that it may have moved there is no difference. One that somebody holds outside of its bounds is no autoscaler's.
fn count_differs(is: &ServiceCapacity, should: &ServiceCapacity, reached: bool) -> bool {
    let moved_by_autoscaler = reached
        && is.scaling == should.scaling
        && should.scaling.is_some_and(|to| to.holds(should.desired) && to.may_reach(is.desired));
    is.desired != should.desired && !moved_by_autoscaler
}

/// What a service that needs no write is still doing.
fn unsettled(found: &ObservedService) -> Option<String> {
    let desired = found.capacity.desired;
    if found.running != desired || found.pending > 0 {
        Some(format!("{} of {desired} tasks running, {} pending", found.running, found.pending))
    } else if desired > 0 && matches!(found.rollout, Rollout::InProgress | Rollout::Failed) {
        // One that a hook holds may stand for days: nothing is waited for that only a person can move.
        let rollout = if found.rollout == Rollout::Failed { "failed" } else { "in progress" };
        Some(format!("deployment {rollout}"))
    } else {
        None
    }
}
