//! Releases that come in the middle of a run: their counts are durable as the baseline before anything is written over them.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::{Baseline, ObservedScope, ResourceId, ServiceCapacity, ServiceId};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::plan::CapacityChange;
use watchkeeper_domain::reconcile::assess::target;
use watchkeeper_domain::reconcile::releases::{Released, ScopeLeft};

use super::ask::left_at;
use super::{Reconciler, ResumedRun};
use crate::ledger::{Ledger, LedgerWrite};
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, ServiceReleases};
use crate::runbook::RunbookError;
use crate::scoped::ScopedEnvironment;

impl<P: Platform> Reconciler<P> {
    /// Takes the counts that releases have come with since into the baseline, and marks what is not put to sleep before its
    /// release has ended.
    pub(super) async fn take_in_releases(
        &self,
        scoped: &ScopedEnvironment,
        resumed: &mut ResumedRun,
        observed: &mut ObservedScope,
    ) -> Result<(), RunbookError> {
        let Some((at, kept)) = left_at(&resumed.seen).zip(resumed.seen.baseline.clone()) else { return Ok(()) };
        let left = ScopeLeft { at, services: left_by(resumed, observed), sent: resumed.run.progress.sent.clone() };
        let now = self.clock.now();
        let released = Released::of(&left, &kept, observed, &resumed.run.deciding, now);
        observed.under_way.clone_from(&released.under_way);
        let mut baseline = kept;
        if !released.join(&mut baseline.capacity) {
            return Ok(());
        }
        let run = &mut resumed.run;
        resumed.target = target(&baseline, &run.deciding, run.instant, &scoped.allowance);
        for remark in released.remarks() {
            run.header.note(now, remark.to_string());
            run.violations.retain(|told| (told.code, &told.resource) != (remark.code, &remark.resource));
            run.violations.push(remark);
        }
        let writes = [LedgerWrite::PutBaseline(baseline.clone()), LedgerWrite::PutRun(Box::new(run.clone()))];
        resumed.seen.baseline = Some(baseline);
        Ok(self.ledger.commit(&scoped.scope, resumed.lease.generation, &writes).await?)
    }

    /// When the deployments ended of which only that tells whether a count came with them. What cannot be read is not known.
    pub(super) async fn look_at_ends(
        &self,
        baseline: Option<&Baseline>,
        left: Option<&ScopeLeft>,
        observed: &mut ObservedScope,
        layer: Layer,
    ) -> Result<(), AwsError> {
        let Some((left, kept)) = left.zip(baseline) else { return Ok(()) };
        let doubtful: Vec<ServiceId> = Released::doubtful(left, kept, observed).into_iter().cloned().collect();
        let (pace, all) = (self.pace(layer), doubtful.len());
        for id in &doubtful {
            // It takes a call of each.
            pace.slot(ApiBucket::EcsRevisionRead, all).await.map_err(AwsError::from)?;
            let answer = pace.call(ApiBucket::EcsDeploymentRead, all, self.cloud.releases(id)).await;
            let ended = answer.ok().and_then(|history| history.into_iter().next()?.ended);
            if let Some(times) = observed.services.get_mut(id).and_then(|found| found.deployed.as_mut()) {
                times.ended = ended;
            }
        }
        Ok(())
    }
}

/// How this run has left each service so far: at its target where it has made all its writes, else as its plan found it. Bounds
/// in between are our own. How one was left that the plan does not come to is not known.
fn left_by(resumed: &ResumedRun, observed: &ObservedScope) -> BTreeMap<ServiceId, ServiceCapacity> {
    let run = &resumed.run;
    let found: BTreeMap<&ServiceId, u32> = run
        .plan
        .actions()
        .filter_map(|action| match &action.change {
            CapacityChange::Count { service, from, .. } => Some((service, *from)),
            _ => None,
        })
        .collect();
    let left = |(id, target): (&ServiceId, &ServiceCapacity)| {
        let resource = ResourceId::Service(id.clone());
        if run.plan.obstacle(&resource).is_some() || run.progress.held.contains(&resource) {
            return None;
        }
        let written = run.progress.written.contains(&resource);
        let Some(desired) = found.get(id).filter(|_| !written) else { return Some((id.clone(), *target)) };
        let scaling = observed.services.get(id).and_then(|found| found.capacity.scaling);
        Some((id.clone(), ServiceCapacity { desired: *desired, scaling }))
    };
    let mut all: BTreeMap<ServiceId, ServiceCapacity> = resumed.target.services.iter().filter_map(left).collect();
    // What was seen to be somebody else's is left as that.
    all.extend(resumed.seen.standing.drifted.clone());
    all
}
