//! Guardrails of plans that raise capacity.

use super::{GuardrailCase, GuardrailCode, Severity, Violation, raises as adds};
use crate::capacity::{ResourceId, ServiceId};
use crate::plan::CapacityChange;

/// CPU units of a vCPU (Amazon ECS task definition parameters).
const UNITS: u64 = 1024;

/// Every count and maximum that an emergency, a failover or a rehearsal would raise beyond the document's ceiling.
pub(super) fn above_ceiling(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let Some(ceiling) = case.allowance.ceiling.filter(|_| adds(case)) else { return Vec::new() };
    let broken = |change: &CapacityChange| {
        let (service, from, to, what) = match change {
            CapacityChange::Count { service, from, to } => (service, *from, *to, "tasks"),
            CapacityChange::Scaling { service, from, to } => (service, from.max, to.max, "tasks at most"),
            _ => return None,
        };
        (to > ceiling && to > from).then(|| {
            let severity = if case.gives_back(change) { Severity::Warn } else { Severity::Refuse };
            let found = format!("{to} {what}, and the ceiling is {ceiling}");
            let advice = "Raise `guardrails.ceiling` in the estate document if this is meant";
            Violation::new(GuardrailCode::AboveCeiling, severity, found, advice)
                .of(ResourceId::Service(service.clone()))
        })
    };
    case.plan.actions().filter_map(|action| broken(&action.change)).collect()
}

/// What the account would not let start. A person may go on with as much of it as starts.
pub(super) fn quota(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let grows = || case.plan.actions().filter(|action| !case.gives_back(&action.change));
    let raises = || grows().filter_map(|action| raise(&action.change));
    let mut found: Vec<Violation> = raises().filter_map(|(service, _, to)| too_many(case, service, to)).collect();
    let units = |service: &ServiceId| u64::from(case.quotas.cpu_units.get(service).copied().unwrap_or(0));
    let more: u64 = raises().map(|(service, from, to)| u64::from(to - from) * units(service)).sum();
    let own = || case.observed.services.iter().map(|(id, s)| u64::from(s.capacity.desired) * units(id)).sum();
    let (used, whose) = match case.quotas.vcpu_used {
        Some(used) => (u64::from(used) * UNITS, "the account"),
        None => (own(), "this environment alone"),
    };
    if let Some(limit) = case.quotas.vcpu.filter(|limit| more > 0 && used + more > u64::from(*limit) * UNITS) {
        let (used, more) = (used.div_ceil(UNITS), more.div_ceil(UNITS));
        let text = format!("{more} vCPUs more, {whose} uses {used}, and the Fargate quota is {limit}");
        found.push(Violation::new(GuardrailCode::Quota, Severity::Ask, text, ADVICE));
    }
    found
}

const ADVICE: &str = "Raise the quota, or start as much as it allows with \"approve\": [\"quota\"]";

fn too_many(case: &GuardrailCase<'_>, service: &ServiceId, to: u32) -> Option<Violation> {
    let limit = case.quotas.tasks_per_service.filter(|limit| to > *limit)?;
    let found = format!("{to} tasks, and a service may have {limit}");
    Some(Violation::new(GuardrailCode::Quota, Severity::Ask, found, ADVICE).of(ResourceId::Service(service.clone())))
}

fn raise(change: &CapacityChange) -> Option<(&ServiceId, u32, u32)> {
    match change {
        CapacityChange::Count { service, from, to } if to > from => Some((service, *from, *to)),
        _ => None,
    }
}
