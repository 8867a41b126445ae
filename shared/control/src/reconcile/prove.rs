//! What a look proves of each resource: that it is at its target, and that nothing is left of what we hold of it.

use std::collections::BTreeSet;

use watchkeeper_domain::capacity::{Baseline, DatabasePower, DatabaseState, ObservedScope, ResourceId};
use watchkeeper_domain::plan::{Obstacle, Plan};
use watchkeeper_domain::reconcile::assess::concerns;

use super::ResumedRun;
use crate::place::ScopedEnvironment;
use crate::ports::Fault;

/// A look at a scope, and what was found to differ.
pub(super) struct ScopeProof<'a> {
    pub(super) place: &'a ScopedEnvironment,
    pub(super) resumed: &'a ResumedRun,
    pub(super) observed: &'a ObservedScope,
    pub(super) left: &'a Plan,
}

impl ScopeProof<'_> {
    /// The resources that are at their target.
    pub(super) fn reached(&self) -> BTreeSet<ResourceId> {
        self.resumed.target.resources().filter(|resource| self.is_reached(resource)).collect()
    }

    /// The resources whose baseline can be forgotten: each by itself.
    pub(super) fn given_back(&self) -> BTreeSet<ResourceId> {
        let Some(baseline) = &self.resumed.seen.baseline else { return BTreeSet::new() };
        baseline.capacity.resources().filter(|resource| self.is_given_back(baseline, resource)).collect()
    }

    fn is_reached(&self, resource: &ResourceId) -> bool {
        let quiet = !self.left.written().contains(resource)
            && self.left.obstacle(resource).is_none()
            && !self.resumed.run.leaves(resource);
        quiet && self.is_there(resource)
    }

    /// A database on its way is there only when it has arrived: what comes in between may need a write.
    fn is_there(&self, resource: &ResourceId) -> bool {
        let ResourceId::Database(id) = resource else { return true };
        let Some(found) = self.observed.databases.get(id) else { return true };
        match self.resumed.target.databases.get(id) {
            Some(DatabasePower::On) => found.state.serves(),
            Some(DatabasePower::Off) => matches!(found.state, DatabaseState::Stopped | DatabaseState::Stopping),
            None => true,
        }
    }

    fn is_given_back(&self, baseline: &Baseline, resource: &ResourceId) -> bool {
        let run = &self.resumed.run;
        let touched = run.progress.touched.contains(resource);
        let concerned = concerns(&run.deciding, &self.place.allowance, resource);
        if baseline.was_off(resource) && !concerned {
            return true;
        }
        match self.left.obstacle(resource) {
            // Nothing of ours is in it: what its owner makes of it until it can be changed is the baseline then.
            Some(obstacle) => {
                let as_found = self.observed.capacity().agrees(&baseline.capacity, resource);
                (!concerned && obstacle.leaves_nothing())
                    || (as_found && !touched && self.is_definite(resource, obstacle))
            }
            // It is at rest at its very baseline: what differs since is its owner's doing.
            None if run.left_alone().contains(resource) => !concerned,
            None => !concerned && self.is_reached(resource) && (!touched || self.stays(resource)),
        }
    }

    /// A write that AWS did not answer may have had its effect.
    fn is_definite(&self, resource: &ResourceId, obstacle: &Obstacle) -> bool {
        let answered = |name: &str| [Fault::Denied, Fault::Invalid, Fault::NotFound].iter().any(|f| f.name() == name);
        let mut refused = self.resumed.run.progress.refused.iter().filter(|refusal| refusal.resource == *resource);
        !matches!(obstacle, Obstacle::Refused(_)) || refused.all(|refusal| answered(&refusal.name))
    }

    /// Whether nothing moves a count that was just given back. One outside of its bounds, as a person can hold it, may be
    /// moved into them when the bounds are registered: it is looked at once more.
    fn stays(&self, resource: &ResourceId) -> bool {
        let ResourceId::Service(id) = resource else { return true };
        let Some(capacity) = self.resumed.target.services.get(id) else { return true };
        capacity.scaling.is_none_or(|scaling| scaling.holds(capacity.desired))
    }
}
