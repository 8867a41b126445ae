//! The difference: observed against target, resource by resource.

use std::collections::BTreeMap;

use super::{Action, Awaited, Change, Obstacle, Plan, Step, Wave};
use crate::capacity::{
    Capacity, DatabaseId, DatabaseState, Observed, ObservedDatabase, ObservedService, Power, ResourceId, Rollout,
    Scaling, ServiceCapacity, ServiceId, Suspensions,
};

/// What must be written so that `observed` becomes `target`, in waves; `reason` is given to every action.
pub fn diff(observed: &Observed, target: &Capacity, reason: &str) -> Plan {
    let mut draft = Draft { reason, actions: BTreeMap::new(), plan: Plan::default() };
    for (id, wanted) in &target.services {
        if let Some(found) = observed.services.get(id) {
            draft.service(id, found, wanted);
        }
    }
    for (id, wanted) in &target.databases {
        if let Some(found) = observed.databases.get(id) {
            draft.database(id, found, *wanted);
        }
    }
    draft.finish(observed, target)
}

struct Draft<'a> {
    reason: &'a str,
    actions: BTreeMap<Wave, Vec<Action>>,
    plan: Plan,
}

impl Draft<'_> {
    fn act(&mut self, wave: Wave, change: Change) {
        self.actions.entry(wave).or_default().push(Action { change, reason: self.reason.to_owned() });
    }

    fn service(&mut self, id: &ServiceId, found: &ObservedService, wanted: &ServiceCapacity) {
        let (is, should) = (&found.capacity, wanted);
        let count = count_differs(is, should);
        let bounds = match (is.scaling, should.scaling) {
            (Some(from), Some(to)) if from != to => Some((from, to)),
            _ => None,
        };
        if let Some((from, to)) = bounds {
            self.bounds(id, (is.desired, should.desired), count, from, to);
        }
        if count {
            let wave = if should.desired < is.desired { Wave::LowerCounts } else { Wave::RaiseCounts };
            self.act(wave, Change::Count { service: id.clone(), from: is.desired, to: should.desired });
        } else if let Some(what) = unsettled(found) {
            self.plan.awaited.push(Awaited { resource: ResourceId::Service(id.clone()), what });
        }
    }

    /// Bounds are set so that no autoscaler at work meets a count outside of its bounds, and so that a crash between two
    /// writes leaves a difference: a count that had come to lie within the target's bounds would count as its own move.
    fn bounds(&mut self, id: &ServiceId, (now, then): (u32, u32), count: bool, from: Scaling, to: Scaling) {
        let mut set = |wave, from, to| self.act(wave, Change::Scaling { service: id.clone(), from, to });
        let (was_held, stays_held) = (from.suspended == Suspensions::ALL, to.suspended == Suspensions::ALL);
        let holds = to.min < from.min || to.suspended.adds_to(from.suspended);
        match () {
            () if was_held && !stays_held => set(Wave::ReleaseScaling, from, to),
            // A new floor lifts the count to it, whoever is first.
            () if !count && !holds => set(Wave::OpenScaling, from, to),
            () if count && now < then && then == to.min && !stays_held => set(Wave::OpenScaling, from, to),
            () if count && !stays_held => {
                let (min, max) = (to.min.min(now).min(then), to.max.max(now).max(then));
                let held = Scaling { min, max, suspended: Suspensions::ALL };
                set(Wave::HoldScaling, from, held);
                set(Wave::ReleaseScaling, held, to);
            }
            () => set(Wave::HoldScaling, from, to),
        }
    }

    fn database(&mut self, id: &DatabaseId, found: &ObservedDatabase, wanted: Power) {
        let resource = ResourceId::Database(id.clone());
        let on_its_way = |what: &str| Awaited { resource: resource.clone(), what: what.to_owned() };
        match (wanted, &found.state) {
            (Power::On, DatabaseState::Available) | (Power::Off, DatabaseState::Stopped) => {}
            (Power::Off, _) if found.cannot_stop.is_some() => {
                let why = found.cannot_stop.clone().unwrap_or_default();
                self.plan.obstacles.push((resource, Obstacle::CannotStop(why)));
            }
            (Power::Off, DatabaseState::Available) => {
                self.act(Wave::StopDatabases, Change::Database { database: id.clone(), to: Power::Off });
            }
            (Power::On, DatabaseState::Stopped) => {
                self.act(Wave::StartDatabases, Change::Database { database: id.clone(), to: Power::On });
            }
            (Power::Off, DatabaseState::Stopping) => self.plan.awaited.push(on_its_way("stopping")),
            (Power::On, DatabaseState::Starting) => self.plan.awaited.push(on_its_way("starting")),
            (Power::Off, state) => self.plan.awaited.push(on_its_way(&format!("{state}, to be stopped after that"))),
            (Power::On, state) => self.plan.awaited.push(on_its_way(&format!("{state}, to be available after that"))),
        }
    }

    fn finish(mut self, observed: &Observed, target: &Capacity) -> Plan {
        self.plan.obstacles.extend(observed.missing.iter().map(|resource| (resource.clone(), Obstacle::Missing)));
        for (wave, actions) in self.actions {
            let waits_for = match wave {
                Wave::OpenScaling | Wave::RaiseCounts => databases_on_their_way(observed, target),
                Wave::StopDatabases => tasks_on_their_way_out(observed, target),
                _ => Vec::new(),
            };
            self.plan.steps.push(Step { wave, waits_for, actions });
        }
        self.plan
    }
}

/// Counts are compared exactly, but where the bounds are the target's already and an autoscaler works within them, a
/// count that it may have moved there is no difference.
fn count_differs(is: &ServiceCapacity, should: &ServiceCapacity) -> bool {
    let moved_by_autoscaler =
        is.scaling == should.scaling && should.scaling.is_some_and(|scaling| scaling.may_reach(is.desired));
    is.desired != should.desired && !moved_by_autoscaler
}

/// What a service that needs no write is still doing.
pub(super) fn unsettled(found: &ObservedService) -> Option<String> {
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

fn databases_on_their_way(observed: &Observed, target: &Capacity) -> Vec<Awaited> {
    let late = |(id, database): (&DatabaseId, &ObservedDatabase)| {
        let on = target.databases.get(id) == Some(&Power::On);
        (on && database.state != DatabaseState::Available)
            .then(|| Awaited { resource: ResourceId::Database(id.clone()), what: database.state.to_string() })
    };
    observed.databases.iter().filter_map(late).collect()
}

fn tasks_on_their_way_out(observed: &Observed, target: &Capacity) -> Vec<Awaited> {
    let alive = |(id, service): (&ServiceId, &ObservedService)| {
        let down = target.services.get(id).is_some_and(|wanted| wanted.desired == 0);
        let tasks = service.running + service.pending;
        (down && tasks > 0).then(|| Awaited {
            resource: ResourceId::Service(id.clone()),
            what: if tasks == 1 {
                "1 task has not stopped yet".to_owned()
            } else {
                format!("{tasks} tasks have not stopped yet")
            },
        })
    };
    observed.services.iter().filter_map(alive).collect()
}
