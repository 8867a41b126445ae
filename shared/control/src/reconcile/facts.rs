//! What a plan needs to know beyond what is observed: the releases to go back to, and what the account allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::capacity::{
    ObservedScope, ObservedService, ResourceId, ServiceId, ServiceRelease, TaskDefinition,
};
use watchkeeper_domain::guardrail::{CapacityQuotas, GuardrailCode, Severity, Violation};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::plan::rollback::{last_good, released};
use watchkeeper_domain::plan::{CapacityChange, Plan, Releases};
use watchkeeper_domain::request::{RunRequest, Urgency};

use super::Reconciler;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::AccountQuotas;
use crate::ports::ServiceReleases;
use crate::ports::{AwsError, Clock, Fault};
use crate::scoped::ScopedEnvironment;

/// The releases that services are to go back to, and the services that have none.
#[derive(Debug, Default)]
pub(super) struct RollbackReleases {
    pub(super) releases: Releases,
    pub(super) violations: Vec<Violation>,
    /// Services that stay as they are while others go back.
    pub(super) left: BTreeSet<ResourceId>,
}

impl<P: Platform> Reconciler<P> {
    /// What a request to roll back comes to.
    pub(super) async fn back(
        &self,
        request: &RunRequest,
        observed: &ObservedScope,
    ) -> Result<RollbackReleases, AwsError> {
        let Some(Urgency::RollBack { services, suspect, asked }) = &request.emergency else {
            return Ok(RollbackReleases::default());
        };
        let mut back = RollbackReleases::default();
        let meant = |id: &ServiceId| services.is_empty() || services.contains(&id.service);
        let (pace, all) = (self.pace(Layer::Emergency), observed.services.len());
        for (id, service) in observed.services.iter().filter(|(id, _)| meant(id)) {
            // It takes a call of each.
            pace.slot(ApiBucket::EcsRevisionRead, all).await.map_err(AwsError::from)?;
            let history = pace.call(ApiBucket::EcsDeploymentRead, all, self.cloud.releases(id)).await?;
            judge(id, service, &history, (*suspect, *asked), &mut back);
            let Some(good) = back.releases.get(id) else { continue };
            if !pace.call(ApiBucket::EcsDefinitionRead, all, self.cloud.is_active(good)).await? {
                back.violations.push(inactive(good).of(ResourceId::Service(id.clone())));
                back.releases.remove(id);
            }
        }
        back.by_resource();
        let missing = services.iter().filter(|name| !observed.services.keys().any(|id| id.service == **name));
        back.violations.extend(missing.map(|name| no_release(format!("{name} is no service of this environment"))));
        Ok(back)
    }

    /// What the account allows, where a plan would start more tasks: the quotas of AWS, else those of the document.
    pub(super) async fn quotas(
        &self,
        scoped: &ScopedEnvironment,
        observed: &ObservedScope,
        plan: &Plan,
        layer: Layer,
    ) -> Result<CapacityQuotas, AwsError> {
        let raises = |change: &CapacityChange| matches!(change, CapacityChange::Count { from, to, .. } if to > from);
        if !plan.actions().any(|action| raises(&action.change)) {
            return Ok(CapacityQuotas::default());
        }
        let mut quotas = optional(self.cloud.quotas(self.clock.now()).await)?.unwrap_or_default();
        let document = scoped.emergency.as_ref().and_then(|emergency| emergency.quotas);
        quotas.vcpu = quotas.vcpu.or(document.and_then(|document| document.fargate_vcpu));
        quotas.tasks_per_service =
            quotas.tasks_per_service.or(document.and_then(|document| document.tasks_per_service));
        if quotas.vcpu.is_some() {
            // Where AWS tells what the account uses, only what would be added has to be known.
            let grows = |id: &ServiceId| plan.actions().any(|action| raises(&action.change) && action.change.is_of(id));
            let matters = |id: &ServiceId| quotas.vcpu_used.is_none() || grows(id);
            quotas.cpu_units = self.cpu_units(observed, matters, layer).await?;
        }
        Ok(quotas)
    }

    async fn cpu_units(
        &self,
        observed: &ObservedScope,
        matters: impl Fn(&ServiceId) -> bool,
        layer: Layer,
    ) -> Result<BTreeMap<ServiceId, u32>, AwsError> {
        let mut units = BTreeMap::new();
        let pace = self.pace(layer);
        for (id, service) in observed.services.iter().filter(|(id, _)| matters(id)) {
            let Some(release) = &service.task_definition else { continue };
            let call = self.cloud.cpu_units(release);
            let answer = pace.call(ApiBucket::EcsDefinitionRead, observed.services.len(), call).await;
            units.extend(optional(answer)?.flatten().map(|found| (id.clone(), found)));
        }
        Ok(units)
    }
}

impl RollbackReleases {
    /// What one service cannot do keeps no other from going back. Where none can, that is the refusal.
    fn by_resource(&mut self) {
        if self.releases.is_empty() {
            return;
        }
        for violation in &mut self.violations {
            violation.severity = Severity::Warn;
            self.left.extend(violation.resource.clone());
        }
    }
}

/// A figure that we may not read, or that is not there, is not known; an emergency does not wait for it.
fn optional<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.fault, Fault::Denied | Fault::NotFound | Fault::Invalid) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Without a time of suspicion every service goes back; with one, only what was released in it. What was released after a
/// person was asked is not what they agreed to take back.
fn judge(
    id: &ServiceId,
    service: &ObservedService,
    history: &[ServiceRelease],
    (suspect, asked): (Option<(Timestamp, Timestamp)>, Option<Timestamp>),
    back: &mut RollbackReleases,
) {
    let Some(current) = &service.task_definition else { return };
    let since = released(current, history);
    let in_time = |(from, to)| since.is_some_and(|at| from <= at && at <= to);
    if !suspect.is_none_or(in_time) {
        return;
    }
    let refused = |violation: Violation| violation.of(ResourceId::Service(id.clone()));
    match (last_good(current, history), since.zip(asked).filter(|(since, asked)| since > asked)) {
        (_, Some((since, _))) => back.violations.push(refused(newer(current, since))),
        (Some(good), None) => {
            back.releases.insert(id.clone(), good.clone());
        }
        (None, None) if history.is_empty() => back.violations.push(refused(elsewhere())),
        (None, None) => {
            let found = format!("AWS remembers no release before {current} that reached COMPLETED");
            back.violations.push(refused(no_release(found)));
        }
    }
}

fn newer(current: &TaskDefinition, since: Timestamp) -> Violation {
    let found = format!("{current} was released at {since}, after it was asked about a release before it");
    let advice = "Look at the new release; start the rollback again if that is to be taken back, too";
    Violation::new(GuardrailCode::NoGoodRelease, Severity::Refuse, found, advice)
}

/// ECS keeps a history of the deployments that it makes itself, for 90 days (Amazon ECS developer guide, service history).
fn elsewhere() -> Violation {
    let found = "ECS has no history of its deployments: CodeDeploy or another controller makes them, or the last one is more \
                 than 90 days ago";
    let advice = "Take it back where it is deployed: a CodeDeploy deployment group rolls back by itself";
    Violation::new(GuardrailCode::NoGoodRelease, Severity::Refuse, found, advice)
}

/// To register it again is for whoever registered it: the copy would be one that no template knows.
fn inactive(good: &TaskDefinition) -> Violation {
    let found =
        format!("{good}, the last release that reached COMPLETED, was deregistered, and ECS rolls out none that was");
    let advice = format!(
        "Register it again (the answer of `aws ecs describe-task-definition --task-definition {good} --include TAGS`, less \
         what ECS adds, into `aws ecs register-task-definition --cli-input-json`) and deploy that, or deploy the good \
         release with what deploys it otherwise. `UpdateReplacePolicy: Retain` in CloudFormation, `skip_destroy` in \
         Terraform, keep the next ones"
    );
    Violation::new(GuardrailCode::NoGoodRelease, Severity::Refuse, found, advice)
}

fn no_release(found: String) -> Violation {
    let advice = "Deploy a good release yourself; AWS keeps deployments for 90 days";
    Violation::new(GuardrailCode::NoGoodRelease, Severity::Refuse, found, advice)
}
