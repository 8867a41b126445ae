//! What a look proves of each resource: that it is at its target, and that nothing is left of what we hold of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Baseline, DatabasePower, DatabaseState, ObservedScope, ResourceId};
use watchkeeper_domain::plan::{AwaitedChange, Obstacle, Plan};
use watchkeeper_domain::reconcile::assess::concerns;
use watchkeeper_domain::reconcile::run::WriteRefusal;

use super::ResumedRun;
use crate::scoped::ScopedEnvironment;

/// How long after its bounds were registered a count may be moved into them. AWS says that it compares the two whenever
/// `RegisterScalableTarget` is called, and sets a count outside of them inside (Application Auto Scaling user guide, "Scalable
/// target"), but not how soon: this figure is our own. One that is too long costs a run that waits for it, and nothing else;
/// after one that is too short the count stands at the bound nearest to where its owner held it, with nothing of ours left in it.
const SETTLED: SignedDuration = SignedDuration::from_mins(3);

/// A look at a scope, and what was found to differ.
pub(super) struct ScopeProof<'a> {
    pub(super) scoped: &'a ScopedEnvironment,
    pub(super) resumed: &'a ResumedRun,
    pub(super) observed: &'a ObservedScope,
    pub(super) left: &'a Plan,
    pub(super) now: Timestamp,
}

impl ScopeProof<'_> {
    /// The resources that are at their target.
    pub(super) fn reached(&self) -> BTreeSet<ResourceId> {
        self.resumed.target.resources().filter(|resource| self.is_reached(resource)).collect()
    }

    /// The resources whose baseline can be forgotten: each by itself.
    pub(super) fn given_back(&self) -> BTreeSet<ResourceId> {
        let Some(baseline) = &self.resumed.seen.baseline else { return BTreeSet::new() };
        let back = |resource: &ResourceId| self.is_back(baseline, resource) && self.stays(baseline, resource);
        baseline.capacity.resources().filter(back).collect()
    }

    /// What is back, and may be moved once more by what was written to bring it back.
    pub(super) fn unsettled(&self) -> Vec<AwaitedChange> {
        let Some(baseline) = &self.resumed.seen.baseline else { return Vec::new() };
        let unsettled = |resource: &ResourceId| self.is_back(baseline, resource) && !self.stays(baseline, resource);
        let what = || "its count is outside of its bounds, and may be moved into them".to_owned();
        let resources = baseline.capacity.resources().filter(unsettled);
        resources.map(|resource| AwaitedChange { resource, what: what() }).collect()
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

    fn is_back(&self, baseline: &Baseline, resource: &ResourceId) -> bool {
        let run = &self.resumed.run;
        let touched = run.progress.touched.contains(resource);
        let concerned = concerns(&run.deciding, &self.scoped.allowance, Some(baseline), resource);
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
            None => !concerned && self.is_reached(resource),
        }
    }

    /// A write that AWS did not answer may have had its effect.
    fn is_definite(&self, resource: &ResourceId, obstacle: &Obstacle) -> bool {
        let mut refused = self.resumed.run.progress.refused.iter().filter(|refusal| refusal.resource == *resource);
        !matches!(obstacle, Obstacle::Refused(_)) || refused.all(WriteRefusal::is_final)
    }

    /// Whether nothing moves a count that was given back. One outside of its bounds, as a person can hold it, is moved into
    /// them when the bounds are registered, a while after that: by this run or by one before it, of which nothing may be left.
    fn stays(&self, baseline: &Baseline, resource: &ResourceId) -> bool {
        let ResourceId::Service(id) = resource else { return true };
        let Some(capacity) = baseline.capacity.services.get(id) else { return true };
        let run = &self.resumed.run;
        let quiet = self.now.duration_since(run.progress.wrote.unwrap_or(run.header.started));
        capacity.scaling.is_none_or(|scaling| scaling.holds(capacity.desired)) || quiet >= SETTLED
    }
}
