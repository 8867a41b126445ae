//! The row of an environment: what was remembered and observed, and what follows from both.

use std::collections::BTreeMap;

use futures_util::future::join;
use jiff::Timestamp;
use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_window::facts::{EnvironmentCalendar, EnvironmentFacts, Offer, Reading, RegionFacts, ScopeFacts};
use watchkeeper_window::offer::offered_intents;

use super::environment::{RememberedEnvironment, RememberedScope, profiles, zone};
use super::overdue::overdue;
use super::{WindowReader, plan, scope, unread};
use crate::ledger::{KeptHistory, Ledger, LedgerError, ScopeState};
use crate::platform::Platform;
use crate::scoped::ScopedEnvironment;

impl<P: Platform> WindowReader<P> {
    /// The row of an environment.
    pub(super) async fn facts(
        &self,
        it: RememberedEnvironment<'_>,
        everywhere: Option<&HaltSwitch>,
        now: Timestamp,
    ) -> EnvironmentFacts {
        let RememberedEnvironment { estate, environment, regions: remembered, pair } = it;
        let document = environment.document();
        let home = document.regions.primary.clone();
        let scope =
            Scope { estate: estate.name().clone(), environment: environment.name().clone(), region: home.clone() };
        let calendar = document.awake.clone().and_then(|hours| EnvironmentCalendar::try_from(hours).ok());
        let mut regions = BTreeMap::new();
        for (region, remembered) in remembered {
            let row = RowOfScope { environment, calendar: calendar.as_ref(), everywhere };
            regions.insert(region, self.region(&remembered, &row, now).await);
        }
        let asleep = regions.values().filter_map(|it: &RegionFacts| it.ledger.known()?.asleep_seconds).max();
        let serves = pair.as_ref().and_then(|(member, replica)| Some(member.pointer(replica.known()?)));
        let (backups, unblock) =
            join(self.freshness(environment, &scope, serves.as_ref(), now), self.findings(environment, &scope)).await;
        EnvironmentFacts {
            stack: self.own.clone(),
            estate: scope.estate,
            environment: scope.environment,
            kind: environment.kind(),
            about: estate.about().map(ToString::to_string),
            owner: estate.owner().map(ToString::to_string),
            home,
            standby: document.regions.standby.clone(),
            zone: zone(estate, environment),
            calendar,
            protected: document.protected.iter().map(ToString::to_string).collect(),
            profiles: profiles(environment),
            saved_cents: document.awake_cost.zip(asleep).map(|(cost, seconds)| cost.cents_of(seconds)),
            regions,
            backups,
            pair: match pair {
                Some((member, replica)) => Some(self.standing(&member, replica).await),
                None => None,
            },
            unblock,
        }
    }

    async fn region(&self, it: &RememberedScope, row: &RowOfScope<'_>, now: Timestamp) -> RegionFacts {
        let observed = it.observed(now);
        let Some(state) = it.state.known() else {
            let ledger = Reading::Unread { why: it.state.why().unwrap_or_default().to_owned() };
            return RegionFacts { ledger, observed: observed.map(|it| scope::counts(it, None)), offers: Vec::new() };
        };
        let decided = it.scoped.as_ref().zip(observed.known());
        let decided = decided.and_then(|(scoped, observed)| plan::of_tick(scoped, state, observed, now).ok());
        let verdict = decided.as_ref().filter(|_| observed.now().is_some()).map(|decided| decided.verdict);
        let facts = match self.of_scope(it, state, row, verdict, now).await {
            Ok(facts) => facts,
            Err(error) => {
                let observed = observed.map(|it| scope::counts(it, None));
                return RegionFacts { ledger: unread(&error), observed, offers: Vec::new() };
            }
        };
        let offers = it.scoped.as_ref().zip(observed.now());
        let offers = offers.map(|(scoped, observed)| offers_of(scoped, state, observed, &facts, row, now));
        let target = decided.as_ref().map(|decided| &decided.target);
        let observed = observed.map(|it| scope::counts(it, target));
        RegionFacts { ledger: Reading::Now(facts), observed, offers: offers.unwrap_or_default() }
    }

    async fn of_scope(
        &self,
        it: &RememberedScope,
        state: &ScopeState,
        row: &RowOfScope<'_>,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<ScopeFacts, LedgerError> {
        let KeptHistory::Known(history, _) = &state.history else { return Ok(ScopeFacts::default()) };
        let mut running = None;
        if let Some(lease) = scope::holder(state.lease.as_ref(), now) {
            let record = self.ledger.run(&it.scope, &lease.holder).await?;
            running = Some((lease.holder.clone(), record.map_or(lease.usable, |record| record.header.started)));
        }
        let record = match history.trouble() {
            Some(ending) => self.ledger.run(&it.scope, &ending.run).await?,
            None => None,
        };
        let asks = row.environment.document().emergency.is_some();
        let questions = if asks { self.ledger.asked(&it.scope).await? } else { Vec::new() };
        let waits = || {
            let seen = it.observed(now);
            overdue(row.environment, it.scoped.as_ref()?, state, seen.now()?, now).filter(|_| running.is_none())
        };
        let trouble = scope::trouble(history, record.as_ref(), verdict, now).or_else(waits);
        Ok(ScopeFacts {
            baseline: state.baseline.clone(),
            intents: state.intents.clone(),
            halt: state.halt.clone().filter(|halt| Some(halt) != row.everywhere),
            running,
            history: history.endings.clone(),
            halts: history.halts.clone(),
            trouble,
            questions: scope::open(questions, now),
            alarms: self.quiet(&it.scope, &state.intents, now).await,
            asleep_seconds: history.asleep.this_month(now).filter(|_| row.calendar.is_some()),
        })
    }
}

/// What the rows of an environment's regions have in common.
struct RowOfScope<'a> {
    environment: &'a Environment,
    calendar: Option<&'a EnvironmentCalendar>,
    everywhere: Option<&'a HaltSwitch>,
}

fn offers_of(
    scoped: &ScopedEnvironment,
    state: &ScopeState,
    observed: &ObservedScope,
    facts: &ScopeFacts,
    row: &RowOfScope<'_>,
    now: Timestamp,
) -> Vec<Offer> {
    let KeptHistory::Known(history, _) = &state.history else { return Vec::new() };
    let all = offered_intents(row.environment.kind(), row.calendar, facts, now).into_iter();
    all.filter_map(|offered| plan::offer(scoped, state, observed, (offered, history), now).ok()).collect()
}
