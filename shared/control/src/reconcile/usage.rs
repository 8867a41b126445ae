//! What tells whether an environment is used: the target groups that its page's rule forwards to, or the services that run.

use std::collections::BTreeSet;

use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::intent::idle::UsageSubject;

use super::Reconciler;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::{AwsError, ListenerRules};
use crate::scoped::ScopedEnvironment;

impl<P: Platform> Reconciler<P> {
    /// The target groups that requests go to by the rule of the page; none where there is no such rule.
    pub(crate) async fn answering(
        &self,
        scoped: &ScopedEnvironment,
        layer: Layer,
    ) -> Result<BTreeSet<UsageSubject>, AwsError> {
        let Some(shown) = &scoped.allowance.page else { return Ok(BTreeSet::new()) };
        let pace = self.pace(layer);
        // It takes two calls.
        pace.slot(ApiBucket::BalancerRead, 2).await?;
        let rule = pace.call(ApiBucket::BalancerRead, 2, self.cloud.describe_rule(&shown.rule)).await?;
        let groups = rule.iter().flat_map(|rule| rule.actions.serving());
        Ok(groups.map(|group| UsageSubject::of_group(&shown.rule, group)).collect())
    }

    /// The services that run, or are to.
    pub(crate) async fn serving(
        &self,
        scoped: &ScopedEnvironment,
        layer: Layer,
    ) -> Result<BTreeSet<UsageSubject>, AwsError> {
        let (selection, mut observed) = (scoped.selection(None), ObservedScope::default());
        self.observe_own_services(scoped, &selection, layer, &mut observed).await?;
        let runs = observed.services.into_iter().filter(|(_, service)| service.capacity.desired + service.running > 0);
        Ok(runs.map(|(id, _)| UsageSubject::Cpu(id)).collect())
    }
}
