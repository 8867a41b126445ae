//! Whether an environment is used, asked only where the answer could put it to sleep: of the rule of its wake page and
//! CloudWatch, or of ECS and CloudWatch.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{Environment, Estate, SleepWhenIdle, UsageMeasure};
use watchkeeper_domain::intent::idle::{
    IdleStanding, UsageSubject, UsageVerdict, UsageWindow, idle, standing, unread_message, usage,
};
use watchkeeper_domain::intent::{Intent, Layer, wanted};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::trouble::{GAP, RunTrouble};

use super::ScheduleRunbook;
use crate::ledger::{Ledger, LedgerNote, ScopeState};
use crate::platform::Platform;
use crate::ports::{Notifier, UsageMetrics};
use crate::runbook::{Stack, in_full};
use crate::scoped::ScopedEnvironment;

/// What figures that cannot be read are one trouble of, in the ledger.
const TROUBLE: &str = "usage";

impl<P: Platform> ScheduleRunbook<P> {
    /// What the schedule wants of an environment: the calendar's word, or that it sleeps because nobody uses it. What cannot be
    /// told keeps it awake.
    pub(super) async fn wanted(
        &self,
        stack: &Stack,
        (estate, environment): (&Estate, &Environment),
        seen: &ScopeState,
        instant: Timestamp,
    ) -> Intent {
        let awake = wanted(environment, instant);
        let window = match standing(environment, &seen.intents, instant) {
            IdleStanding::Sleeps(intent) => return intent,
            IdleStanding::NotAsked => return awake,
            IdleStanding::Ask(window) => window,
        };
        let Some(rule) = &environment.document().sleep_when_idle else { return awake };
        let Ok(scoped) = ScopedEnvironment::of(estate, environment, &stack.home, instant) else { return awake };
        match self.used(&scoped, rule, &window).await {
            Ok(UsageVerdict::Idle) => return idle(rule, instant),
            Ok(verdict) => tracing::info!(estate = %scoped.scope.estate, environment = %scoped.scope.environment,
                ?verdict, "not idle"),
            Err(why) => self.tell_unread(&scoped.scope, &why, instant).await,
        }
        awake
    }

    async fn used(
        &self,
        scoped: &ScopedEnvironment,
        rule: &SleepWhenIdle,
        window: &UsageWindow,
    ) -> Result<UsageVerdict, String> {
        let subjects = match rule.by {
            UsageMeasure::RequestCount => self.reconciler.answering(scoped, Layer::Schedule).await,
            UsageMeasure::Cpu => self.reconciler.serving(scoped, Layer::Schedule).await,
        };
        let subjects: BTreeSet<UsageSubject> = subjects.map_err(|error| in_full(&error))?;
        if subjects.is_empty() {
            return Ok(usage(rule, window, &[].into()));
        }
        let figures = self.usage.usage(&subjects, window).await.map_err(|error| in_full(&error))?;
        Ok(usage(rule, window, &figures))
    }

    /// Tells people once while it lasts: without figures it is never idle, and nobody would know why. What the ledger or the topic
    /// does not take is told by the next tick.
    async fn tell_unread(&self, scope: &Scope, why: &str, instant: Timestamp) {
        tracing::warn!(estate = %scope.estate, environment = %scope.environment, why, "usage cannot be read; it stays awake");
        let note = LedgerNote::Trouble(TROUBLE);
        let Ok(kept) = self.ledger.read::<RunTrouble>(scope, note).await else { return };
        let (before, version) = kept.map_or((None, 0), |(trouble, version)| (Some(trouble), version));
        let mut trouble = RunTrouble::after(before, instant);
        if trouble.is_due(SignedDuration::ZERO) {
            let message = unread_message(scope, why);
            trouble.told = self.reconciler.notifier.notify(&message).await.is_ok();
        }
        let until = trouble.last.saturating_add(GAP + SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        let kept = self.ledger.write(scope, note, &trouble, version, until).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "that usage cannot be read may be told again");
        }
    }
}
