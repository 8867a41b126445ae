//! The order in which services come up: the health that the next wave waits for, and how long it has waited.

use jiff::Timestamp;
use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::order::StartOrder;
use watchkeeper_domain::plan::{AwaitedChange, Plan, health_matters};
use watchkeeper_domain::reconcile::assess::ordered;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};

use super::Reconciler;
use crate::platform::Platform;
use crate::ports::TargetHealth;
use crate::scoped::ScopedEnvironment;

impl<P: Platform> Reconciler<P> {
    /// Looks at the health of the targets that the next wave of a plan waits for; tells whether it is not as if it had not
    /// looked. What cannot be read is not known to be healthy: that is waited for like anything else, and no longer.
    pub(super) async fn look_at_health(
        &self,
        scoped: &ScopedEnvironment,
        deciding: &[Intent],
        observed: &mut ObservedScope,
        plan: &Plan,
    ) -> bool {
        let mut unread: Option<String> = None;
        for id in health_matters(&ordered(deciding, &scoped.allowance), observed, plan) {
            // Who does not answer is asked once a look: a slice has a minute.
            if unread.is_none() {
                let groups =
                    observed.services.get(&id).map(|service| service.target_groups.clone()).unwrap_or_default();
                match self.cloud.unhealthy_targets(&id, &groups).await {
                    Ok(unhealthy) => {
                        observed.unhealthy.extend(unhealthy.map(|what| (id, what)));
                        continue;
                    }
                    Err(error) => unread = Some(format!("whether its targets are healthy is not known: {error}")),
                }
            }
            observed.unhealthy.extend(unread.clone().map(|why| (id, why)));
        }
        !observed.unhealthy.is_empty()
    }
}

/// Keeps in the record since when a wave waits for what, and what it went on without. A run that takes up from one that died
/// begins to count anew: it waits once more, and no longer.
pub(super) fn note(run: &mut RunRecord, plan: &Plan, order: &StartOrder, now: Timestamp) {
    for id in plan.waited_for() {
        run.progress.waited.entry(id).or_insert(now);
    }
    for AwaitedChange { resource, what } in &plan.late {
        let told = |it: &Violation| it.code == GuardrailCode::WaveLate && it.resource.as_ref() == Some(resource);
        if run.violations.iter().any(told) {
            continue;
        }
        let found = format!("{what}; after {} the next wave went on without it", order.within);
        run.header.note(now, format!("{resource}: {found}"));
        let advice = "See why its tasks do not run or its targets are not healthy (events of `aws ecs describe-services`); a larger \
                      `wave-within` waits longer";
        let violation = Violation::new(GuardrailCode::WaveLate, Severity::Warn, found, advice);
        run.violations.push(violation.of(resource.clone()));
    }
}
