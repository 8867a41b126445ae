//! The whole decision about a scope at an instant: what is remembered and observed in, verdict and plan out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{Baseline, Capacity, Observed, Power, ResourceId};
use crate::failover::Placement;
use crate::guardrail::{Allowance, Case, Code, Halt, Quotas, Severity, Violation, judge, stops};
use crate::intent::{Intent, Want, deciding, placed, resolve};
use crate::plan::{Action, Change, Plan, Releases, difference};

/// After how long AWS starts a stopped database again by itself: seven days (Amazon RDS user guide, "Stopping an Amazon
/// RDS DB instance temporarily"), less an hour for its own beginning.
pub const DATABASE_RESTART: SignedDuration = SignedDuration::from_hours(7 * 24 - 1);

/// What is known of a scope when it is decided about.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The baseline that is kept, if one is.
    pub baseline: Option<&'a Baseline>,
    /// Its intents, expired ones among them.
    pub intents: &'a [Intent],
    /// What AWS says.
    pub observed: &'a Observed,
    /// The fingerprint of the target that was reached last, and the instant of the last write for it; `None` makes this
    /// run a transition, whatever was reached before.
    pub settled: Option<(&'a str, Timestamp)>,
    /// The releases that services are to go back to.
    pub releases: &'a Releases,
    /// What the account allows, as far as it was read.
    pub quotas: &'a Quotas,
    /// What the estate document allows.
    pub allowance: &'a Allowance,
    /// The instant that is decided about.
    pub instant: Timestamp,
    /// The wall time.
    pub now: Timestamp,
    /// The halt switch.
    pub halt: Option<&'a Halt>,
    /// What a person approved beforehand.
    pub approved: &'a std::collections::BTreeSet<Code>,
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
    /// Nothing, because a guardrail stops it.
    Refused,
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
    /// What the guardrails say, foreign changes included.
    pub violations: Vec<Violation>,
}

/// Decides.
pub fn assess(situation: &Situation<'_>) -> Assessment {
    let Situation { intents, instant, observed, allowance, .. } = *situation;
    let chosen: Vec<Intent> = deciding(intents, instant).into_iter().cloned().collect();
    let found = stopped_by_hand(touched(observed.capacity(), &chosen), placed(&chosen), allowance);
    let mut baseline =
        situation.baseline.cloned().unwrap_or_else(|| Baseline { capacity: Capacity::default(), taken: instant });
    let learnt = baseline.absorb(&found);
    let target = target(&baseline, &chosen, instant, allowance);
    let difference = difference(observed, &target, situation.releases, &reason(&chosen));
    let (plan, drift) = apart(difference, situation, &target, placed(&chosen));
    let promised = situation.halt.map(|_| despite_halt(plan.clone(), &chosen)).filter(|promised| !promised.is_empty());
    let plan = promised.unwrap_or(plan);
    let approved =
        situation.approved.iter().chain(chosen.iter().flat_map(|intent| &intent.approved)).copied().collect();
    let case = Case {
        plan: &plan,
        observed,
        target: &target,
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
    let kept = situation.baseline.is_some();
    let settled = situation.settled.is_some_and(|(mark, _)| mark == target.fingerprint());
    let behind = if gives_back(&chosen) { kept } else { !settled };
    let verdict = match () {
        () if stops(&violations) => Verdict::Refused,
        () if !plan.is_empty() => Verdict::Apply,
        () if !drift.is_empty() => Verdict::Drift,
        () if behind => Verdict::Apply,
        () => Verdict::Nothing,
    };
    Assessment { verdict, baseline, learnt, deciding: chosen, target, plan, violations }
}

/// What the intents are about: a demand for some services, or the pointer of a pair, has no say, and keeps no baseline, of
/// the others.
fn touched(mut found: Capacity, deciding: &[Intent]) -> Capacity {
    let narrow = |intent: &&Intent| matches!(intent.want, Want::Scaled(_) | Want::Placed(_));
    if deciding.iter().any(|intent| narrow(&intent)) && deciding.iter().all(|intent| intent.want != Want::Asleep) {
        found.databases.clear();
        found.services.retain(|id, _| deciding.iter().filter(narrow).any(|intent| intent.is_about(&id.service)));
    }
    found
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

/// The target of a scope: what the intents make of the baseline, without what the document protects.
pub fn target(baseline: &Baseline, intents: &[Intent], instant: Timestamp, allowance: &Allowance) -> Capacity {
    let mut target = resolve(&baseline.capacity, intents, instant);
    target.services.retain(|id, _| !allowance.protected.contains(id.service.as_str()));
    target.databases.retain(|id, _| !allowance.protected.contains(id.name().as_str()));
    target
}

/// Whether the intents that decide leave nothing to keep a baseline for: the target is the baseline itself.
pub fn gives_back(deciding: &[Intent]) -> bool {
    deciding.iter().all(|intent| intent.want == Want::Awake)
}

/// The part of a plan that no halt holds up: the other region of a pair counts on it without seeing it, and would start a
/// second one.
pub fn despite_halt(plan: Plan, deciding: &[Intent]) -> Plan {
    plan.retain(|action| promised(&action.change, deciding))
}

/// Whether a change is a stop that a dead man's switch has promised.
pub fn promised(change: &Change, deciding: &[Intent]) -> bool {
    let ResourceId::Service(id) = change.resource() else { return false };
    placed(deciding).is_some_and(|placed| placed.promised.contains(&id.service))
}

fn reason(deciding: &[Intent]) -> String {
    deciding.first().map_or_else(|| "no intent is left: the baseline is given back".to_owned(), ToString::to_string)
}

/// Splits a difference into what we write and what somebody else did. Once a target was reached, a difference from it is
/// foreign and left alone; only a database that AWS started again by itself is put back, and a service that must not run
/// in this region of a pair.
fn apart(
    difference: Plan,
    situation: &Situation<'_>,
    target: &Capacity,
    placed: Option<&Placement>,
) -> (Plan, Vec<Action>) {
    let Some((_, at)) = situation.settled.filter(|(mark, _)| *mark == target.fingerprint()) else {
        return (difference, Vec::new());
    };
    let restarted = situation.instant.duration_since(at) >= DATABASE_RESTART;
    let ours = |action: &Action| match &action.change {
        Change::Database { to: Power::Off, .. } => restarted,
        Change::Release { .. } => true,
        Change::Count { service, .. } | Change::Scaling { service, .. } => {
            placed.is_some_and(|placed| placed.forbids(&service.service))
        }
        Change::Database { .. } => false,
    };
    let drift = difference.actions().filter(|action| !ours(action)).cloned().collect();
    (difference.retain(ours), drift)
}

fn foreign(action: &Action) -> Violation {
    let found = format!("somebody else changed it; to be as wanted it would need {}", action.change);
    let advice = "It is left alone until the next transition, and the baseline stays what it was";
    Violation::new(Code::Drift, Severity::Warn, found, advice).of(action.change.resource())
}
