//! The whole decision about a scope at an instant: what is remembered and observed in, verdict and plan out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{
    Baseline, Capacity, DatabasePower, DatabaseState, ObservedScope, ReachedTargets, ResourceId, RuleActions,
    ServiceCapacity, ServiceId,
};
use crate::guardrail::{Allowance, CapacityQuotas, GuardrailCase, HaltSwitch, judge, promised};
use crate::intent::{DesiredState, Intent, Placement, deciding, placed, resolve};
use crate::order::StartOrder;
use crate::plan::{CapacityChange, DiffInput, Obstacle, Plan, PlannedAction, Releases};
use crate::reconcile::releases::{Released, ScopeLeft};
use crate::reconcile::remarks::{foreign, overwritten, schedulers, schedules};
use crate::violation::{GuardrailCode, Severity, Violation, stops};

/// After how long AWS starts a stopped database again by itself: seven days (Amazon RDS user guide, "Stopping an Amazon
/// RDS DB instance temporarily"), less an hour for its own beginning.
pub const DATABASE_RESTART: SignedDuration = SignedDuration::from_hours(7 * 24 - 1);

/// What is known of a scope when it is decided about.
#[derive(Debug, Clone, Copy)]
pub struct ScopeSituation<'a> {
    /// The baseline that is kept, if one is.
    pub baseline: Option<&'a Baseline>,
    /// Its intents, expired ones among them.
    pub intents: &'a [Intent],
    /// What AWS says.
    pub observed: &'a ObservedScope,
    /// What each resource has reached last; empty where this run is a transition, whatever was reached before.
    pub reached: &'a ReachedTargets,
    /// How the services were left, and when; nothing where nothing of ours is in them.
    pub left: Option<&'a ScopeLeft>,
    /// Whether this run declares an intent: then it is that intent as a whole, or nothing.
    pub declares: bool,
    /// The releases that services are to go back to.
    pub releases: &'a Releases,
    /// What the account allows, as far as it was read.
    pub quotas: &'a CapacityQuotas,
    /// What the estate document allows.
    pub allowance: &'a Allowance,
    /// The instant that is decided about.
    pub instant: Timestamp,
    /// The wall time.
    pub now: Timestamp,
    /// The halt switch.
    pub halt: Option<&'a HaltSwitch>,
    /// What a person approved beforehand.
    pub approved: &'a BTreeSet<GuardrailCode>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing at all.
    Nothing,
    /// The plan, which may be empty when only the record is behind.
    Apply,
    /// Nothing but to tell of a foreign change.
    Drift,
    /// Nothing but to tell of what cannot be changed now.
    Hindered,
    /// Nothing, because a guardrail stops it.
    Refused,
}

impl Verdict {
    /// What is wanted is recorded and answered even where nothing differs now, or only what somebody else changed.
    #[must_use]
    pub fn answered(self, wanted: bool) -> Self {
        let little = matches!(self, Self::Nothing | Self::Drift | Self::Hindered);
        if wanted && little { Self::Apply } else { self }
    }
}

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// What is to be done.
    pub verdict: Verdict,
    /// The baseline, with what this observation adds to it.
    pub baseline: Baseline,
    /// Whether that has to be written to the ledger before the first action.
    pub learnt: bool,
    /// The intents behind the target, the first in the document's order first; none when the baseline is given back.
    pub deciding: Vec<Intent>,
    /// The state that each resource should be in.
    pub target: Capacity,
    /// The actions that lead there.
    pub plan: Plan,
    /// Resources that a release came for with a count: they are not as they were left, and that is no drift.
    pub joined: BTreeSet<ResourceId>,
    /// What somebody else has made of services, and is left alone.
    pub drifted: BTreeMap<ServiceId, ServiceCapacity>,
    /// Resources that a guardrail keeps from their change, while others are given back.
    pub held: BTreeSet<ResourceId>,
    /// What the guardrails say, foreign changes included.
    pub violations: Vec<Violation>,
}

/// Decides.
pub fn assess(situation: &ScopeSituation<'_>) -> Assessment {
    let ScopeSituation { intents, instant, allowance, .. } = *situation;
    let chosen: Vec<Intent> = deciding(intents, instant).into_iter().cloned().collect();
    let released = released(situation, &chosen);
    let with_releases = (!released.under_way.is_empty())
        .then(|| ObservedScope { under_way: released.under_way.clone(), ..situation.observed.clone() });
    let observed = with_releases.as_ref().unwrap_or(situation.observed);
    let concerned = |resource: &ResourceId| concerns(&chosen, allowance, situation.baseline, resource);
    let found = stopped_by_hand(observed.capacity().retain(concerned), placed(&chosen), allowance);
    let mut baseline =
        situation.baseline.cloned().unwrap_or_else(|| Baseline { capacity: Capacity::default(), taken: instant });
    let joins = released.join(&mut baseline.capacity);
    let learnt = joins | baseline.absorb(&found.retain(|resource| can_change(observed, resource)));
    let all = with_unchangeable(&baseline, observed, &chosen, allowance);
    let target = target(&all, &chosen, instant, allowance);
    let joined = released.resources();
    let reached: BTreeSet<ResourceId> =
        situation.reached.of(&target).into_iter().filter(|resource| !joined.contains(resource)).collect();
    let difference = DiffInput {
        observed,
        target: &target,
        releases: situation.releases,
        reached: &reached,
        refused: &BTreeMap::new(),
        order: &ordered(&chosen, allowance),
        late: &BTreeSet::new(),
        page: allowance.page.as_ref(),
        reason: &reason(&chosen),
    };
    let mut difference = difference.plan();
    let ours = |resource: &ResourceId| all.has(resource) || concerned(resource);
    difference.obstacles.retain(|(resource, obstacle)| *obstacle != Obstacle::Missing || ours(resource));
    let (plan, drift) = apart(difference, situation, &reached, placed(&chosen));
    let promised = situation.halt.map(|_| despite_halt(plan.clone(), &chosen)).filter(|promised| !promised.is_empty());
    let plan = promised.unwrap_or(plan);
    let approved =
        situation.approved.iter().chain(chosen.iter().flat_map(|intent| &intent.approved)).copied().collect();
    let case = GuardrailCase {
        plan: &plan,
        observed,
        target: &target,
        baseline: &all.capacity,
        deciding: &chosen,
        quotas: situation.quotas,
        allowance,
        instant,
        now: situation.now,
        halt: situation.halt,
        approved: &approved,
    };
    let mut violations = judge(&case);
    violations.extend(drift.iter().map(foreign));
    violations.extend(released.remarks());
    violations.extend(schedules(observed, &plan));
    violations.extend(schedulers(observed, &plan));
    let back = back_only(&case, &violations, situation.declares);
    let behind = || {
        let left = |resource: &ResourceId| plan.obstacle(resource).is_none() && !reached.contains(resource);
        let unrecorded = target.resources().any(|resource| concerned(&resource) && left(&resource));
        let kept = situation.baseline.is_some_and(|kept| {
            let over = |resource: &ResourceId| {
                kept.was_off(resource) || plan.obstacle(resource).is_none_or(Obstacle::leaves_nothing)
            };
            kept.capacity.resources().any(|resource| !concerned(&resource) && over(&resource))
        });
        unrecorded || kept
    };
    let verdict = match () {
        () if stops(&violations) && back.is_none() => Verdict::Refused,
        () if !plan.is_empty() || !joined.is_empty() || behind() => Verdict::Apply,
        () if !drift.is_empty() => Verdict::Drift,
        () if !plan.obstacles.is_empty() => Verdict::Hindered,
        () => Verdict::Nothing,
    };
    let (plan, held) = back.unwrap_or((plan, BTreeSet::new()));
    if verdict == Verdict::Apply {
        let ours = |violation: &Violation| violation.resource.as_ref().is_none_or(|it| !joined.contains(it));
        violations.extend(overwritten(situation, &plan).into_iter().filter(ours));
    }
    let drifted = drifted(observed, &drift);
    Assessment { verdict, baseline, learnt, deciding: chosen, target, plan, joined, drifted, held, violations }
}

/// The services among what is left alone, as they are.
fn drifted(observed: &ObservedScope, drift: &[PlannedAction]) -> BTreeMap<ServiceId, ServiceCapacity> {
    let found = |action: &PlannedAction| match action.change.resource() {
        ResourceId::Service(id) => observed.services.get(&id).map(|found| (id.clone(), found.capacity)),
        ResourceId::Database(_) | ResourceId::Rule(_) => None,
    };
    drift.iter().filter_map(found).collect()
}

/// What came with releases since the services were left.
fn released(situation: &ScopeSituation<'_>, chosen: &[Intent]) -> Released {
    let kept = situation.left.zip(situation.baseline);
    kept.map(|(left, kept)| Released::of(left, kept, situation.observed, chosen, situation.now)).unwrap_or_default()
}

/// What is left of a plan that a guardrail stops: what brings resources back to their baseline goes on, the rest is held.
/// Nothing is left of one that comes with an intent, or where nobody is to write at all.
fn back_only(
    case: &GuardrailCase<'_>,
    violations: &[Violation],
    declares: bool,
) -> Option<(Plan, BTreeSet<ResourceId>)> {
    let everything = |violation: &Violation| violation.severity > Severity::Warn && violation.code.stops_everything();
    if declares || !stops(violations) || violations.iter().any(everything) {
        return None;
    }
    let new = |action: &&PlannedAction| !case.gives_back(&action.change);
    let held: BTreeSet<ResourceId> = case.plan.actions().filter(new).map(|action| action.change.resource()).collect();
    let plan = case.plan.clone().retain(|action| !held.contains(&action.change.resource()));
    (!plan.is_empty()).then_some((plan, held))
}

/// Whether the intents that decide say anything of a resource but that it should be as it was. What they are not about is
/// given back, and no baseline of it is taken. What the document protects is never begun with.
pub fn concerns(deciding: &[Intent], allowance: &Allowance, kept: Option<&Baseline>, resource: &ResourceId) -> bool {
    let by = |intent: &Intent| match (&intent.want, resource) {
        (_, ResourceId::Rule(id)) => {
            intent.want == DesiredState::Asleep && allowance.page.as_ref().is_some_and(|page| page.rule == *id)
        }
        (DesiredState::Asleep, _) => true,
        (DesiredState::Awake, _) | (_, ResourceId::Database(_)) => false,
        (DesiredState::Scaled(_) | DesiredState::Placed(_), ResourceId::Service(id)) => intent.is_about(&id.service),
    };
    let held = kept.is_some_and(|kept| kept.has(resource));
    !allowance.keeps(deciding, held, resource) && deciding.iter().any(by)
}

/// The baseline, and beside it what cannot be changed: it is looked at like the rest, so that it is told of and nothing is
/// stopped under it, but nothing is remembered of it.
pub fn with_unchangeable(
    baseline: &Baseline,
    observed: &ObservedScope,
    deciding: &[Intent],
    allowance: &Allowance,
) -> Baseline {
    let beside = |resource: &ResourceId| {
        concerns(deciding, allowance, Some(baseline), resource) && !can_change(observed, resource)
    };
    let mut all = baseline.clone();
    all.absorb(&observed.capacity().retain(beside));
    all
}

/// Whether anything could be changed of a resource, so that something has to be remembered of it.
fn can_change(observed: &ObservedScope, resource: &ResourceId) -> bool {
    match resource {
        ResourceId::Service(id) => {
            let ours = observed.services.get(id).is_some_and(|service| service.managed && !service.daemon);
            ours && !observed.moved.contains_key(id)
        }
        ResourceId::Database(id) => observed.databases.get(id).is_some_and(|database| {
            let known = !matches!(database.state, DatabaseState::Broken(_) | DatabaseState::Startable(_));
            database.managed && known
        }),
        ResourceId::Rule(id) => observed.rules.get(id).is_some_and(|rule| rule.managed && rule.cannot_change.is_none()),
    }
}

/// What stands at 0 in the home of a pair that has left it is no baseline: most likely a person stopped it, so that it
/// could start elsewhere, and the way home would give it back as nothing.
fn stopped_by_hand(mut found: Capacity, placed: Option<&Placement>, allowance: &Allowance) -> Capacity {
    for (id, service) in found.services.iter_mut().filter(|(_, service)| service.desired == 0) {
        if placed.is_some_and(|placed| placed.forbids(&id.service)) {
            service.desired = allowance.at_home.get(&id.service).copied().unwrap_or(0);
        }
    }
    found
}

/// The target of a scope: what the intents make of the baseline, with the document's page on its rule while it sleeps. What the
/// document protects by now has its baseline, so that it is given back what we hold of it.
pub fn target(baseline: &Baseline, intents: &[Intent], instant: Timestamp, allowance: &Allowance) -> Capacity {
    let mut target = resolve(&baseline.capacity, intents, instant);
    for (id, found) in &baseline.capacity.services {
        if allowance.keeps(intents, true, &ResourceId::Service(id.clone())) {
            target.services.insert(id.clone(), *found);
        }
    }
    for (id, found) in &baseline.capacity.databases {
        if allowance.protects(&ResourceId::Database(id.clone())) {
            target.databases.insert(id.clone(), *found);
        }
    }
    let asleep = deciding(intents, instant).iter().any(|intent| intent.want == DesiredState::Asleep);
    if let Some(page) = allowance.page.as_ref().filter(|_| asleep)
        && let Some(actions) = target.rules.get_mut(&page.rule)
    {
        // One that cannot take the page differs from its target, and is told of.
        let shown = actions.with_page(&page.target_group);
        *actions = shown.unwrap_or_else(|_| RuleActions::forward_to(&page.target_group));
    }
    target
}

/// The order that a run keeps. Where a pair is placed, the pointer opens one wave after the other, and a fence may stand between
/// two of them: what is open is not held up a second time.
pub fn ordered(deciding: &[Intent], allowance: &Allowance) -> StartOrder {
    if placed(deciding).is_some() { StartOrder::default() } else { allowance.order.clone() }
}

/// The part of a plan that no halt holds up: the other region of a pair counts on it without seeing it, and would start a
/// second one.
pub fn despite_halt(plan: Plan, deciding: &[Intent]) -> Plan {
    plan.retain(|action| promised(&action.change, deciding))
}

fn reason(deciding: &[Intent]) -> String {
    deciding.first().map_or_else(|| "no intent is left: the baseline is given back".to_owned(), ToString::to_string)
}

/// Splits a difference into what we write and what somebody else did. Once a resource has reached its target, a difference
/// from it is foreign and left alone; only a database that AWS started again by itself is put back, and a service that must
/// not run in this region of a pair.
fn apart(
    difference: Plan,
    situation: &ScopeSituation<'_>,
    reached: &BTreeSet<ResourceId>,
    placed: Option<&Placement>,
) -> (Plan, Vec<PlannedAction>) {
    let ours = |action: &PlannedAction| match &action.change {
        CapacityChange::Database { database, to: DatabasePower::Off } => {
            let since = situation.reached.databases.get(database).map(|switched| switched.at);
            since.is_some_and(|since| situation.instant.duration_since(since) >= DATABASE_RESTART)
        }
        CapacityChange::Release { .. } => true,
        CapacityChange::Count { service, .. } | CapacityChange::Scaling { service, .. } => {
            placed.is_some_and(|placed| placed.forbids(&service.service))
        }
        CapacityChange::Database { .. } | CapacityChange::Rule { .. } => false,
    };
    let foreign = |action: &PlannedAction| reached.contains(&action.change.resource()) && !ours(action);
    let drift = difference.actions().filter(|action| foreign(action)).cloned().collect();
    (difference.retain(|action| !foreign(action)), drift)
}
