//! What must hold of every write of capacity.

use watchkeeper_domain::capacity::{DatabaseId, DatabasePower, ResourceId, ServiceId};
use watchkeeper_sim::{CallEnding, CallTrouble, Operation, RecordedCall, SimRegion};

use super::judge::{Actor, Judge, View, violation};
use super::{Invariant, Violation};
use crate::generated::databases_of;

/// Whether a call has had its effect.
pub(super) fn effective(call: &RecordedCall) -> bool {
    match call.ending {
        CallEnding::Answered => true,
        CallEnding::Troubled(trouble) => CallTrouble::has_effect(trouble),
        _ => false,
    }
}

impl Judge {
    /// Every write among these calls was one that may be.
    pub(super) fn writes(&self, sim: &SimRegion, actor: &Actor, calls: &[RecordedCall]) -> Result<(), Violation> {
        let now = sim.capacity();
        for call in calls.iter().filter(|call| call.operation.writes_capacity()) {
            let subject = &call.subject;
            let wrong = |invariant, seen: String| Err(violation(sim, invariant, format!("{call}, {seen}")));
            let Some((view, resource)) = self.whose(subject) else {
                return wrong(Invariant::OutsideUntouched, "which no document names".to_owned());
            };
            if !effective(call) {
                continue;
            }
            if let Actor::Run(name) = actor
                && view.holder.as_ref().is_none_or(|(holder, until, _)| holder != name || call.at >= *until)
            {
                return wrong(Invariant::OneRunAtATime, format!("by {name}, while the lease is of {:?}", view.holder));
            }
            if !matches!(actor, Actor::Run(_)) {
                return wrong(Invariant::OneRunAtATime, format!("by {actor:?}"));
            }
            if view.was_halted {
                return wrong(Invariant::HaltedMeansHalted, format!("while it is halted since {:?}", view.halted));
            }
            if !managed(sim, &resource) {
                return wrong(Invariant::UntaggedUntouched, "which has no tag".to_owned());
            }
            let changed = match &resource {
                ResourceId::Service(id) => now.services.get(id) != self.last.services.get(id),
                ResourceId::Database(_) | ResourceId::Rule(_) => true,
            };
            if changed && view.baseline.as_ref().is_none_or(|kept| !kept.has(&resource)) {
                return wrong(Invariant::BaselineFirst, "of which the ledger has no baseline".to_owned());
            }
            let drifted = self.drifted.get(&resource).filter(|_| call.operation == Operation::UpdateService);
            if drifted.is_some_and(|wants| *wants == view.wants(call.at)) {
                return wrong(Invariant::DriftLeftAlone, "which somebody has set while it slept".to_owned());
            }
            self.count(sim, view, &resource, call)?;
        }
        Ok(())
    }

    fn count(&self, sim: &SimRegion, view: &View, resource: &ResourceId, call: &RecordedCall) -> Result<(), Violation> {
        let stops = [Operation::StopDBCluster, Operation::StopDBInstance].contains(&call.operation);
        let rights = self.owners.counts(resource);
        let off = matches!(self.owners.of(resource), Some(crate::owner::Right::Database { was, made })
            if [*was, *made].contains(&DatabasePower::Off));
        if view.production() && stops && !off {
            return Err(violation(sim, Invariant::ProductionNeverSleeps, call.to_string()));
        }
        let ResourceId::Service(id) = resource else { return Ok(()) };
        let Some(count) = sim.service(id).map(|it| it.capacity.desired) else { return Ok(()) };
        if call.operation != Operation::UpdateService || rights.contains(&count) {
            return Ok(());
        }
        if count == 0 && view.production() {
            return Err(violation(sim, Invariant::ProductionNeverSleeps, format!("{call}: {id} is at 0")));
        }
        let (limits, before) = (view.environment.limits(), self.last.services.get(id).map_or(0, |it| it.desired));
        let under = count < limits.floor && count < before && view.production();
        if under || limits.ceiling.is_some_and(|most| count > most && count > before) {
            let seen = format!("{call}: {id} has {count} tasks, allowed {}..{:?}", limits.floor, limits.ceiling);
            return Err(violation(sim, Invariant::FloorAndCeiling, seen));
        }
        Ok(())
    }

    /// The environment that a subject of a call is of.
    pub(super) fn whose(&self, subject: &str) -> Option<(&View, ResourceId)> {
        self.views.values().find_map(|view| {
            let service = view.services.iter().find(|id| id.to_string() == subject).cloned().map(ResourceId::Service);
            let databases = || databases_of(&view.environment, &view.scope.region).into_iter();
            let is = |id: &DatabaseId| id.to_string() == subject;
            Some((view, service.or_else(|| databases().find(is).map(ResourceId::Database))?))
        })
    }
}

fn managed(sim: &SimRegion, resource: &ResourceId) -> bool {
    let service = |id: &ServiceId| sim.service(id).is_none_or(|it| it.managed);
    match resource {
        ResourceId::Service(id) => service(id),
        ResourceId::Database(id) => sim.database(id).is_none_or(|it| it.managed),
        ResourceId::Rule(id) => sim.rule(id).is_none_or(|it| it.managed),
    }
}
