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
use crate::reconcile::assess::{ScopeSituation, Verdict, assess};
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

/// The dead man's switches of a home. Each is judged as its own stop would be, by every guardrail there is: whoever hears of
/// it counts on that stop. What cannot be seen counts for nothing. The halt switch has no say, for it does not hold up
/// that stop.
pub fn arming(
    failover: &Failover,
    own: &BTreeMap<ServiceName, ServiceId>,
    observed: &Result<ObservedScope, String>,
    refused: &[RefusedWrite],
    allowance: &Allowance,
    now: Timestamp,
) -> BTreeMap<ServiceName, SwitchArming> {
    let dead_man = failover.singletons.iter().filter(|singleton| singleton.fence == Some(FencePolicy::DeadMan));
    dead_man
        .filter_map(|singleton| {
            let (id, silence) = (own.get(&singleton.service)?, singleton.silence?.signed().as_secs());
            let hindrance = match observed {
                Ok(observed) => refusal(id, refused, now).or_else(|| hindrance(id, observed, allowance, now)),
                Err(why) => Some(why.clone()),
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

/// Why the stop of one singleton would not go through.
fn hindrance(id: &ServiceId, observed: &ObservedScope, allowance: &Allowance, now: Timestamp) -> Option<String> {
    let Some(found) = observed.services.get(id) else {
        return Some("it is not found in its home".to_owned());
    };
    let resource = ResourceId::Service(id.clone());
    if allowance.protected.contains(id.service.as_str()) {
        return Some("it is protected, so that nothing may stop it".to_owned());
    }
    if observed.untagged.contains(id) {
        return Some(
            "its scalable target lacks the tag watchkeeper:managed = true, so that it cannot be held".to_owned(),
        );
    }
    // As if it ran: one that stands at 0 today may not tomorrow.
    let mut alone = ObservedScope { services: [(id.clone(), found.clone())].into(), ..ObservedScope::default() };
    if let Some(service) = alone.services.get_mut(id) {
        service.capacity.desired = service.capacity.desired.max(1);
    }
    let stop = Intent {
        layer: Layer::Failover,
        want: DesiredState::Placed(Placement {
            epoch: 0,
            services: [(id.service.clone(), PlacedService::Down)].into(),
            promised: [id.service.clone()].into(),
        }),
        reason: "a dead man's switch".to_owned(),
        by: String::new(),
        declared: now,
        expires: None,
        approved: BTreeSet::new(),
    };
    let judged = assess(&ScopeSituation {
        baseline: None,
        intents: &[stop],
        observed: &alone,
        reached: &ReachedTargets::default(),
        declares: false,
        releases: &Releases::default(),
        quotas: &CapacityQuotas::default(),
        allowance,
        instant: now,
        now,
        halt: None,
        approved: &BTreeSet::new(),
    });
    let stopped =
        judged.violations.iter().filter(|it| it.severity > Severity::Warn || it.resource.as_ref() == Some(&resource));
    let why: Vec<String> = stopped.map(|violation| format!("{}: {}", violation.code, violation.found)).collect();
    let goes_down = judged.plan.actions().any(|action| action.change.resource() == resource);
    (judged.verdict != Verdict::Apply || !goes_down)
        .then(|| if why.is_empty() { "its stop would be no part of a plan".to_owned() } else { why.join("; ") })
}
