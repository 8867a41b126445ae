//! Verify: what was started runs, its targets are healthy, and its health paths answer. Before that no traffic moves.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{ObservedService, Rollout, ServiceId};
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::failover::rehearsal::PlacedTasks;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::ServiceName;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::gather::PacedRegion;
use super::super::outcome::PhaseOutcome;
use super::super::probe;
use crate::failover::ports::RegionTasks;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::Services;
use crate::ports::{Clock, DESCRIBE_SERVICES_MAX};
use crate::runbook::RunbookError;

/// How long the new region may take to be healthy once everything was started: two of the load balancer's slowest usual
/// rounds of health checks (5 times 30 s, Elastic Load Balancing user guide), and as long again.
pub(in super::super) const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks, in seconds.
const LOOK: i64 = 3;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn verify(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let problems = self.problems(work).await?;
        match () {
            () if problems.is_empty() => {
                self.see_placed(work).await;
                work.record.header.note(self.clock.now(), format!("{} is verified", work.member.region));
                Ok(PhaseOutcome::Enter(MovePhase::Traffic))
            }
            () if self.age(work) >= PATIENCE => Ok(PhaseOutcome::Fail(format!(
                "{} is not healthy in time: {}",
                work.member.region,
                problems.join("; ")
            ))),
            () => Ok(PhaseOutcome::Again(LOOK, problems.join("; "))),
        }
    }

    /// What is not as it has to be before traffic may come.
    pub(in super::super) async fn problems(&self, work: &MoveStep<'_>) -> Result<Vec<String>, RunbookError> {
        let member = work.member;
        let wanted = |id: &ServiceId| is_wanted(work, &id.service);
        let ids: Vec<&ServiceId> = member.own.values().filter(|id| wanted(id)).collect();
        let mut problems = Vec::new();
        let clusters: std::collections::BTreeSet<_> = ids.iter().map(|id| &id.cluster).collect();
        for cluster in clusters {
            let names: Vec<_> = ids.iter().filter(|id| id.cluster == *cluster).map(|id| id.service.clone()).collect();
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                let found = self.here.describe_services(cluster, batch).await?;
                for name in batch {
                    let id = ServiceId { cluster: cluster.clone(), service: name.clone() };
                    let least = work.record.serving.get(name).map_or(1, |figures| figures.desired);
                    problems.extend(unwell(&id, found.get(&id), least));
                }
            }
        }
        let paths = member.failover.probe.iter().flat_map(|probe| probe.paths.keys());
        for id in paths.filter_map(|service| member.own.get(service)).filter(|id| wanted(id)) {
            for group in self.here.target_groups(id).await? {
                if group.healthy == 0 || group.unhealthy > 0 {
                    let of = group.healthy + group.unhealthy;
                    problems.push(format!("{id}: {} of {of} targets of {} are healthy", group.healthy, group.name));
                }
            }
        }
        problems.extend(probe::once(&self.prober, member, &member.region, |name| is_wanted(work, name)).await.failed);
        Ok(problems)
    }

    /// What runs of each service, for the certificate. What cannot be seen of it holds nothing up.
    pub(in super::super) async fn see_placed(&self, work: &mut MoveStep<'_>) {
        let pace = self.pace(layer(work));
        let look = PacedRegion { reader: &self.here, pace: &pace };
        let mut placed = BTreeMap::new();
        for (_, answer) in look.describe(work.member.own.values()).await {
            for (id, service) in answer.unwrap_or_default() {
                let start = if is_wanted(work, &id.service) {
                    pace.call(ApiBucket::EcsTaskRead, 1, self.here.slowest_start(&id)).await.ok().flatten()
                } else {
                    None
                };
                let of = PlacedTasks { running: service.running, definition: service.task_definition, start };
                placed.insert(id.service, of);
            }
        }
        work.record.placed = placed;
    }
}

/// Whether a service has to run before traffic may come; of a rehearsal, whether it is started at all.
fn is_wanted(work: &MoveStep<'_>, service: &ServiceName) -> bool {
    match work.record.rehearsal {
        Some(_) => work.record.serving.contains_key(service),
        None => work.member.failover.capacity.get(service).is_some_and(|tasks| *tasks > 0),
    }
}

/// Whose share of the budgets is taken.
fn layer(work: &MoveStep<'_>) -> Layer {
    if work.record.rehearsal.is_some() { Layer::Rehearsal } else { Layer::Failover }
}

fn unwell(id: &ServiceId, service: Option<&ObservedService>, least: u32) -> Option<String> {
    let Some(service) = service else { return Some(format!("{id} does not exist")) };
    let desired = service.capacity.desired;
    match () {
        () if desired < least => Some(format!("{id}: {desired} tasks are wanted, expected {least}")),
        () if service.running != desired || service.pending > 0 => {
            Some(format!("{id}: {} of {desired} tasks run, {} pending", service.running, service.pending))
        }
        () if service.rollout != Rollout::Completed => Some(format!("{id}: its deployment has not completed")),
        () => None,
    }
}
