//! One environment: what the ledger holds of it and of its regions, and the row that follows from it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use jiff::Timestamp;
use watchkeeper_domain::backup::{Freshness, JobPolicy};
use watchkeeper_domain::capacity::{DatabaseId, ObservedScope, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::failover::{MoveEnding, Pointer};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{DesiredState, Intent};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::unblock::{UnblockFinding, UnblockMemory, UnblockRecord};
use watchkeeper_domain::value::AlarmName;
use watchkeeper_window::facts::{
    BackupFreshness, EmergencyProfile, EnvironmentCalendar, EnvironmentFacts, PairStanding, Reading, RegionFacts,
    ScopeFacts,
};
use watchkeeper_window::offer::wishes;

use super::{WindowReader, plan, scope, unread};
use crate::ledger::{KeptHistory, Ledger, LedgerError, LedgerNote, PairReplica, ScopeState, ScopeView};
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::runbook::Stack;
use crate::scoped::{PairMember, ScopedEnvironment, StackIdentity};

/// An environment, as far as it is read before anything is observed.
pub(super) struct RememberedEnvironment<'a> {
    pub(super) estate: &'a Estate,
    pub(super) environment: &'a Environment,
    pub(super) regions: BTreeMap<Region, RememberedScope>,
    /// The half of the pair that this stack looks after, and what its replica has of the pair.
    pub(super) pair: Option<(PairMember, Reading<PairReplica>)>,
}

/// A scope, as far as it is read before anything is observed.
pub(super) struct RememberedScope {
    pub(super) scope: Scope,
    /// What the document says of it; nothing where it cannot be placed.
    pub(super) scoped: Option<ScopedEnvironment>,
    /// What is remembered, what the pair's pointer wants among it.
    pub(super) state: Reading<ScopeState>,
    pub(super) view: Option<ScopeView>,
    /// Why this look has not seen it, where AWS said so.
    pub(super) unseen: Option<String>,
}

impl RememberedScope {
    /// The resources to look at.
    pub(super) fn selection(&self) -> (BTreeSet<ServiceId>, BTreeSet<DatabaseId>) {
        let baseline = self.state.known().and_then(|state| state.baseline.as_ref());
        self.scoped.as_ref().map(|scoped| scoped.selection(baseline)).unwrap_or_default()
    }
}

impl<P: Platform> WindowReader<P> {
    /// What the ledger holds of an environment.
    pub(super) async fn remembered<'a>(
        &self,
        stack: &Stack,
        estate: &'a Estate,
        environment: &'a Environment,
        now: Timestamp,
    ) -> RememberedEnvironment<'a> {
        let mut pair = None;
        if let Some(member) = PairMember::of(estate, environment, &stack.home.region) {
            let replica = self.ledger.pair(&member.id).await;
            pair = Some((member, replica.map_or_else(|error| unread(&error), Reading::Now)));
        }
        let mut regions = BTreeMap::new();
        for region in environment.regions().into_iter().filter(|region| environment.has_resources(region)) {
            let home = StackIdentity { region: region.clone(), ..stack.home.clone() };
            let scoped = ScopedEnvironment::of(estate, environment, &home, now).ok();
            let scope = Scope { region: region.clone(), ..stack.scope(estate, environment) };
            let (state, view) = join(self.ledger.load(&scope), self.shared_view(&scope)).await;
            let state = readable(state).and_then(|state| {
                let Some(member) = scoped.as_ref().and_then(|scoped| scoped.pair.as_ref()) else { return Ok(state) };
                let replica = pair.as_ref().and_then(|(_, replica)| replica.known());
                pointed(state, member, replica, now)
            });
            let state = state.map_or_else(|why| Reading::Unread { why }, Reading::Now);
            regions.insert(region, RememberedScope { scope, scoped, state, view, unseen: None });
        }
        RememberedEnvironment { estate, environment, regions, pair }
    }

    /// What others who looked have seen; one that does not read is no more than none.
    async fn shared_view(&self, scope: &Scope) -> Option<ScopeView> {
        if self.shares { self.ledger.view(scope).await.ok().flatten() } else { None }
    }

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
        let (backups, unblock) =
            join(self.freshness(environment, &scope, now), self.findings(environment, &scope)).await;
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
        verdict: Option<watchkeeper_domain::reconcile::assess::Verdict>,
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
        Ok(ScopeFacts {
            baseline: state.baseline.clone(),
            intents: state.intents.clone(),
            halt: state.halt.clone().filter(|halt| Some(halt) != row.everywhere),
            running,
            history: scope::history(history),
            trouble: scope::trouble(history, record.as_ref(), verdict, now),
            questions: scope::open(questions, now),
            alarms: self.quiet(&it.scope, &state.intents, now).await,
            asleep_seconds: history.asleep.this_month(now).filter(|_| row.calendar.is_some()),
        })
    }

    /// Since when each alarm behind an emergency is quiet. Those of another region are not asked, and not said.
    async fn quiet(&self, scope: &Scope, intents: &[Intent], now: Timestamp) -> BTreeMap<AlarmName, Option<Timestamp>> {
        let behind = intents.iter().filter(|intent| intent.holds(now)).filter_map(|intent| match &intent.want {
            DesiredState::Scaled(requested) => Some(requested.alarms.iter().cloned()),
            _ => None,
        });
        let names: BTreeSet<AlarmName> = behind.flatten().collect();
        if names.is_empty() || scope.region != *self.own.window.region() {
            return BTreeMap::new();
        }
        let Ok(states) = self.alarms.alarm_states(&names).await else { return BTreeMap::new() };
        let since = |(name, status): (AlarmName, watchkeeper_domain::emergency::alarm::AlarmStatus)| {
            let rings = status.state == AlarmState::Alarm;
            // Quiet, and nobody says since when, is as good as not known.
            if rings { Some((name, None)) } else { status.since.map(|since| (name, Some(since))) }
        };
        states.into_iter().filter_map(since).collect()
    }

    async fn freshness(
        &self,
        environment: &Environment,
        scope: &Scope,
        now: Timestamp,
    ) -> Reading<Vec<BackupFreshness>> {
        let policies = JobPolicy::all(scope, environment);
        if policies.is_empty() {
            return Reading::Now(Vec::new());
        }
        let memories = match self.ledger.backups(scope).await {
            Ok(memories) => memories,
            Err(error) => return unread(&error),
        };
        let fresh = policies.iter().map(|policy| {
            let memory = memories.get(&policy.subject.source).cloned().unwrap_or_default();
            let Freshness { source, newest, within, .. } = Freshness::of(policy, &memory, now);
            let failed = super::pages::failed_since(&memory, newest);
            BackupFreshness { resource: source, newest, within_seconds: within.as_secs(), failed }
        });
        Reading::Now(fresh.collect())
    }

    async fn findings(&self, environment: &Environment, scope: &Scope) -> Reading<Vec<UnblockFinding>> {
        if environment.document().unblock.is_none() {
            return Reading::Now(Vec::new());
        }
        let found = async {
            let memory = self.ledger.read::<UnblockMemory>(scope, LedgerNote::Memory).await?;
            let Some(last) = memory.and_then(|(memory, _)| memory.last) else { return Ok(Vec::new()) };
            let record = self.ledger.read::<UnblockRecord>(scope, LedgerNote::Run(&last.run)).await?;
            Ok(record.map(|(record, _)| record.findings.all).unwrap_or_default())
        };
        found.await.map_or_else(|error: LedgerError| unread(&error), Reading::Now)
    }

    async fn standing(&self, member: &PairMember, replica: Reading<PairReplica>) -> Reading<PairStanding> {
        let replica = match replica {
            Reading::Now(replica) => replica,
            other => return Reading::Unread { why: other.why().unwrap_or_default().to_owned() },
        };
        let pointer = member.pointer(&replica);
        let standing = async {
            let idle = if pointer.active == member.home { &member.standby } else { &member.home };
            let readiness = self.ledger.watch(&member.id, idle).await?.0.readiness;
            let held = self.held(member, &pointer).await?;
            Ok(PairStanding {
                heard: replica.heartbeats.clone(),
                heard_since: None,
                readiness,
                held,
                pointer: pointer.clone(),
            })
        };
        standing.await.map_or_else(|error: LedgerError| unread(&error), Reading::Now)
    }

    async fn held(
        &self,
        member: &PairMember,
        pointer: &Pointer,
    ) -> Result<Option<(String, Timestamp, String)>, LedgerError> {
        if pointer.moving.is_none() {
            return Ok(None);
        }
        let moved = self.ledger.moved(&member.id, &pointer.by).await?.map(|(moved, _)| moved);
        let held = moved.filter(|moved| moved.ending == Some(MoveEnding::Held));
        Ok(held.map(|moved| {
            let since = moved.spells.last().map_or(moved.header.started, |spell| spell.began);
            (moved.header.id, since, moved.failure.unwrap_or_default())
        }))
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
) -> Vec<watchkeeper_window::facts::Offer> {
    let KeptHistory::Known(history, _) = &state.history else { return Vec::new() };
    let wishes = wishes(row.environment.kind(), row.calendar, facts, now).into_iter();
    wishes.filter_map(|wish| plan::offer(scoped, state, observed, (wish, history), now).ok()).collect()
}

/// A history that does not read is a ledger that does not: what is shown without it would look calm.
fn readable(state: Result<ScopeState, LedgerError>) -> Result<ScopeState, String> {
    let state = state.map_err(|error| crate::runbook::in_full(&error))?;
    match &state.history {
        KeptHistory::Known(..) => Ok(state),
        KeptHistory::Unread(why) => Err(why.clone()),
    }
}

/// The same with what the pointer of the pair wants of the scope.
fn pointed(
    mut state: ScopeState,
    member: &PairMember,
    replica: Option<&PairReplica>,
    now: Timestamp,
) -> Result<ScopeState, String> {
    let replica = replica.ok_or_else(|| "the pointer of the pair could not be read".to_owned())?;
    let wanted = member.placement(replica, &state, now).map_err(|error| crate::runbook::in_full(&error))?;
    state.intents.extend(wanted);
    Ok(state)
}

/// The clocks of a row: the calendar's, else those of the estate's first environment that has a calendar.
pub(super) fn zone(estate: &Estate, environment: &Environment) -> watchkeeper_domain::value::Zone {
    let with_calendar = |it: &&Environment| it.calendar().is_some();
    let own = Some(environment).filter(with_calendar).or_else(|| estate.environments().find(with_calendar));
    own.unwrap_or(environment).zone()
}

pub(super) fn profiles(environment: &Environment) -> Vec<EmergencyProfile> {
    let Some(emergency) = &environment.document().emergency else { return Vec::new() };
    let seconds =
        |duration: watchkeeper_domain::value::Duration| u64::try_from(duration.signed().as_secs()).unwrap_or_default();
    let all = emergency.profiles.iter().map(|(name, profile)| EmergencyProfile {
        name: name.clone(),
        lasts_seconds: seconds(profile.lasts),
        cool_down_seconds: seconds(emergency.cool_down()),
    });
    all.collect()
}
