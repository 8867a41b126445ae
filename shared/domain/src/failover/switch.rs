//! Dead man's switches at home: whether the stop that one stands for would go through. A fence counts only on what it could do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::{ObservedScope, ReachedTargets, ResourceId, ServiceId};
use crate::estate::{Failover, FencePolicy};
use crate::guardrail::{Allowance, CapacityQuotas};
use crate::intent::{DesiredState, Intent, Layer, PlacedService, Placement};
use crate::name::ServiceName;
use crate::plan::Releases;
use crate::reconcile::assess::{Assessment, ScopeSituation, Verdict, assess};
use crate::reconcile::run::RefusedWrite;
use crate::violation::Severity;

/// A dead man's switch, as the home says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchArming {
    /// Its stop would go through, after so many seconds of silence.
    Armed {
        /// Seconds.
        silence: i64,
    },
    /// It would not, and why.
    Hindered {
        /// For a person.
        why: String,
    },
}

/// What is seen of singletons with a dead man's switch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedSwitches {
    /// The services, and scalable targets without the tag.
    pub scope: ObservedScope,
    /// Those of which the tags of their scalable target could not be read, and why.
    pub unread: BTreeMap<ServiceId, String>,
}

/// The dead man's switches of a home. They are judged as their stops would be, all in one plan, by every guardrail there is:
/// whoever hears of one counts on that stop. What cannot be seen counts for nothing: of one singleton for that one, of the
/// services as a whole for all, since no plan is made without them. The halt switch has no say, for it does not hold up
/// those stops.
pub fn arming(
    failover: &Failover,
    own: &BTreeMap<ServiceName, ServiceId>,
    observed: &Result<ObservedSwitches, String>,
    refused: &[RefusedWrite],
    allowance: &Allowance,
    now: Timestamp,
) -> BTreeMap<ServiceName, SwitchArming> {
    let dead_man = || failover.singletons.iter().filter(|singleton| singleton.fence == Some(FencePolicy::DeadMan));
    let ids = dead_man().filter_map(|singleton| own.get(&singleton.service));
    let judged = observed.as_ref().map(|seen| (seen, stops(ids, &seen.scope, allowance, now)));
    dead_man()
        .filter_map(|singleton| {
            let (id, silence) = (own.get(&singleton.service)?, singleton.silence?.signed().as_secs());
            let hindrance = match &judged {
                Ok((seen, stops)) => refusal(id, refused, now)
                    .or_else(|| hindrance(id, seen, allowance))
                    .or_else(|| unplanned(id, stops)),
                Err(why) => Some((*why).clone()),
            };
            let arming = hindrance.map_or(SwitchArming::Armed { silence }, |why| SwitchArming::Hindered { why });
            Some((singleton.service.clone(), arming))
        })
        .collect()
}

/// What AWS said when it was to change the singleton last: who else may forbid a write, no look tells.
fn refusal(id: &ServiceId, refused: &[RefusedWrite], now: Timestamp) -> Option<String> {
    let resource = ResourceId::Service(id.clone());
    let known = refused.iter().find(|it| it.resource == resource && it.counts(now))?;
    Some(format!("AWS refused to change it at {}, and nothing was written to it since: {}", known.at, known.what))
}

/// What keeps one singleton from being stopped, and no other.
fn hindrance(id: &ServiceId, seen: &ObservedSwitches, allowance: &Allowance) -> Option<String> {
    if !seen.scope.services.contains_key(id) {
        return Some("it is not found in its home".to_owned());
    }
    if allowance.protected.contains(id.service.as_str()) {
        return Some("it is protected, so that nothing may stop it".to_owned());
    }
    if seen.scope.untagged.contains(id) {
        return Some(
            "its scalable target lacks the tag watchkeeper:managed = true, so that it cannot be held".to_owned(),
        );
    }
    seen.unread.get(id).cloned()
}

/// The stops of these singletons, as one run would have to make them.
fn stops<'a>(
    ids: impl Iterator<Item = &'a ServiceId>,
    observed: &ObservedScope,
    allowance: &Allowance,
    now: Timestamp,
) -> Assessment {
    let known = ids.filter_map(|id| Some((id.clone(), observed.services.get(id)?.clone())));
    let mut alone = ObservedScope { services: known.collect(), ..ObservedScope::default() };
    // As if they ran: one that stands at 0 today may not tomorrow.
    for service in alone.services.values_mut() {
        service.capacity.desired = service.capacity.desired.max(1);
    }
    let names: BTreeSet<ServiceName> = alone.services.keys().map(|id| id.service.clone()).collect();
    let stop = Intent {
        layer: Layer::Failover,
        want: DesiredState::Placed(Placement {
            epoch: 0,
            services: names.iter().map(|name| (name.clone(), PlacedService::Down)).collect(),
            promised: names,
        }),
        reason: "a dead man's switch".to_owned(),
        by: String::new(),
        declared: now,
        expires: None,
        approved: BTreeSet::new(),
        for_release: None,
    };
    assess(&ScopeSituation {
        baseline: None,
        intents: &[stop],
        observed: &alone,
        reached: &ReachedTargets::default(),
        left: None,
        declares: false,
        releases: &Releases::default(),
        quotas: &CapacityQuotas::default(),
        allowance,
        instant: now,
        now,
        halt: None,
        approved: &BTreeSet::new(),
    })
}

/// Why the stop of one singleton would be no part of what such a run writes.
fn unplanned(id: &ServiceId, judged: &Assessment) -> Option<String> {
    let resource = ResourceId::Service(id.clone());
    let stopped =
        judged.violations.iter().filter(|it| it.severity > Severity::Warn || it.resource.as_ref() == Some(&resource));
    let why: Vec<String> = stopped.map(|violation| format!("{}: {}", violation.code, violation.found)).collect();
    let goes_down = judged.plan.actions().any(|action| action.change.resource() == resource);
    (judged.verdict != Verdict::Apply || !goes_down)
        .then(|| if why.is_empty() { "its stop would be no part of a plan".to_owned() } else { why.join("; ") })
}
