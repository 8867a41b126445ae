//! What the ledger says of an environment whose page is asked for.

use std::sync::PoisonError;

use futures_util::future::try_join;
use jiff::Timestamp;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::wake_page::{WakeMemory, WakeProgress, WakeSituation, WakeState, usual_wake};
use watchkeeper_window::facts::{WakeNotice, WakePageFacts};

use super::{PageScope, SEEN_FOR, WakePageRunbook};
use crate::ledger::{KeptHistory, Ledger, LedgerError, ScopeState};
use crate::platform::Platform;

/// What the ledger says of a scope.
#[derive(Debug, Clone)]
pub(super) struct SeenScope {
    at: Timestamp,
    state: ScopeState,
    pub(super) memory: WakeMemory,
    pub(super) version: u64,
    run: Option<RunRecord>,
}

impl SeenScope {
    /// What is known of the environment by it.
    pub(super) fn situation<'a>(&'a self, page: &'a PageScope<'_>, now: Timestamp) -> WakeSituation<'a> {
        WakeSituation {
            scope: &page.scope,
            policy: &page.policy,
            calendar: page.environment.calendar(),
            intents: &self.state.intents,
            baseline: self.state.baseline.as_ref(),
            history: match &self.state.history {
                KeptHistory::Known(history, _) => Some(history),
                KeptHistory::Unread(_) => None,
            },
            running: self.run.as_ref().map(|run| run.header.started),
            halted: self.state.halt.is_some(),
            memory: &self.memory,
            now,
        }
    }

    /// What its page says.
    pub(super) fn facts(&self, page: &PageScope<'_>, notice: Option<WakeNotice>, now: Timestamp) -> WakePageFacts {
        let situation = self.situation(page, now);
        let state = situation.state();
        let kept = self.state.baseline.as_ref().map(|kept| &kept.capacity);
        let waking = matches!(state, WakeState::Waking { .. });
        WakePageFacts {
            estate: page.scope.estate.clone(),
            environment: page.scope.environment.clone(),
            about: page.estate.about().map(ToString::to_string),
            owner: page.estate.owner().map(ToString::to_string),
            zone: page.policy.zone.clone(),
            now,
            services: kept.map_or(0, |kept| kept.services.values().filter(|service| service.desired > 0).count()),
            databases: kept.map_or(0, |kept| kept.databases.len()),
            progress: self.run.as_ref().filter(|_| waking).and_then(WakeProgress::of),
            usual: situation.history.and_then(usual_wake),
            left: situation.left(),
            halted: situation.halted,
            lasts: page.policy.lasts,
            asks_token: page.policy.token.is_some(),
            state,
            notice,
        }
    }
}

impl<P: Platform> WakePageRunbook<P> {
    /// What the ledger said a moment ago, or says now.
    pub(super) async fn look(&self, page: &PageScope<'_>, now: Timestamp) -> Result<SeenScope, LedgerError> {
        let kept = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&page.scope).cloned();
        let fresh = kept.filter(|seen| now.duration_since(seen.at).abs() < SEEN_FOR);
        match fresh {
            Some(seen) => Ok(seen),
            None => self.read(page, now).await,
        }
    }

    /// What the ledger says now. Whoever asks next is answered by it.
    pub(super) async fn read(&self, page: &PageScope<'_>, now: Timestamp) -> Result<SeenScope, LedgerError> {
        let scope = &page.scope;
        let (state, (memory, version)) = try_join(self.ledger.load(scope), self.ledger.presses(scope)).await?;
        let holder = state.lease.as_ref().filter(|lease| now < lease.expires).map(|lease| lease.holder.clone());
        let run = match holder {
            Some(holder) => self.ledger.run(scope, &holder).await?,
            None => None,
        };
        let seen = SeenScope { at: now, state, memory, version, run };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(scope.clone(), seen.clone());
        Ok(seen)
    }

    /// What was read counts no more.
    pub(super) fn forget(&self, page: &PageScope<'_>) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&page.scope);
    }
}
