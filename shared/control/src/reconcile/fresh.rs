//! What has to be fresh before something risky: the databases' backups, before a release is taken back. A database that was
//! migrated since does not go back with it.

use watchkeeper_domain::backup::{BackupMemory, Freshness};
use watchkeeper_domain::guardrail::{GuardrailCode, Violation};
use watchkeeper_domain::request::Urgency;

use super::Reconciler;
use super::ask::BeginContext;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

impl<P: Platform> Reconciler<P> {
    /// What is not as fresh as the document asks for.
    pub(super) async fn stale_backups(&self, ask: &BeginContext<'_>) -> Result<Vec<Violation>, RunbookError> {
        let risky = matches!(ask.request.emergency, Some(Urgency::RollBack { .. }));
        let Some((within, policies)) = ask.scoped.backups.as_ref().filter(|_| risky) else { return Ok(Vec::new()) };
        let Some(kept) = policies.first().map(|policy| &policy.subject.scope) else { return Ok(Vec::new()) };
        let memories = self.ledger.backups(kept).await?;
        // Of a pair it is judged where it is served.
        let serves = match &ask.scoped.pair {
            Some(member) => member.pointer(&self.ledger.pair(&member.id).await?).active,
            None => ask.scoped.scope.region.clone(),
        };
        let (none, now) = (BackupMemory::default(), self.clock.now());
        let approved = ask.request.approve.contains(&GuardrailCode::StaleBackup);
        let fresh = policies
            .iter()
            .map(|policy| policy.clone().served_in(&serves))
            .map(|policy| Freshness::of(&policy, memories.get(&policy.subject.source).unwrap_or(&none), now));
        Ok(fresh.filter_map(|fresh| fresh.violation(*within, approved)).collect())
    }
}
