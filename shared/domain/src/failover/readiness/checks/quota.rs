//! Quotas: a standby region's can be lower than the primary's, and nobody notices until everything has to start.

use std::collections::BTreeMap;

use super::{ReadinessCase, about, unreadable};
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding, ServiceFacts};
use crate::failover::sample::serving;

/// What the findings are about.
const RESOURCE: &str = "Fargate vCPU quota";

/// CPU units of a vCPU (Amazon ECS task definition parameters).
const UNITS: u64 = 1024;

const RAISE: &str = "Request a higher quota \"Fargate On-Demand vCPU resource count\" in";

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let quota = match &case.facts.quota {
        Ok(quota) => quota,
        Err(why) => return found.push(unreadable(FindingGrade::Degrades, RESOURCE, why)),
    };
    let Some(limit) = quota.vcpu else {
        return found.push(about(FindingGrade::Degrades, ReadinessCode::QuotaUnknown, RESOURCE).found(
            "no figure",
            "a quota that everything fits into",
            format!("Look it up in the Service Quotas of {region}"),
        ));
    };
    let QuotaNeed { more, unknown } = QuotaNeed::of(case);
    let (used, whose) = match quota.vcpu_used {
        Some(used) => (u64::from(used) * UNITS, "the account uses"),
        None => (own(case), "this environment alone uses"),
    };
    if used + more > u64::from(limit) * UNITS {
        let (all, more, used) = ((used + more).div_ceil(UNITS), more.div_ceil(UNITS), used.div_ceil(UNITS));
        found.push(about(FindingGrade::Blocks, ReadinessCode::QuotaTooLow, RESOURCE).found(
            format!("{limit} vCPUs in {region}"),
            format!("at least {all} vCPUs: {more} for what a failover starts, and {used} that {whose}"),
            format!("{RAISE} {region}; it may take days"),
        ));
    } else if !unknown.is_empty() {
        found.push(about(FindingGrade::Degrades, ReadinessCode::QuotaUnknown, RESOURCE).found(
            format!("no figure for what a task of {} takes", unknown.join(" and ")),
            format!("that everything fits into {limit} vCPUs"),
            "Set `cpu` in the task definition, or compare by hand",
        ));
    }
    let there = case.facts.sample.as_ref().and_then(|sample| sample.vcpu);
    if let Some(there) = there.filter(|there| *there > limit) {
        found.push(about(FindingGrade::Degrades, ReadinessCode::QuotaBelowActive, RESOURCE).found(
            format!("{limit} vCPUs in {region}"),
            format!("{there} vCPUs, as in {active}"),
            format!("{RAISE} {region}: what {active} may grow to does not fit here"),
        ));
    }
}

/// What a failover starts beyond what is wanted here already.
struct QuotaNeed<'a> {
    /// In CPU units.
    more: u64,
    /// Services whose tasks have no known figure.
    unknown: Vec<&'a str>,
}

impl<'a> QuotaNeed<'a> {
    /// The greater of what the document says and what the active region runs: that is what a failover asks for.
    fn of(case: ReadinessCase<'a>) -> Self {
        let wanted = serving(case.failover, &BTreeMap::new(), case.facts.sample.as_ref());
        let mut need = Self { more: 0, unknown: Vec::new() };
        for name in case.failover.capacity.keys() {
            let Some(Ok(Some(service))) = case.facts.services.get(name) else { continue };
            let desired = wanted.get(name).map_or(0, |figures| figures.desired);
            let tasks = u64::from(desired.saturating_sub(service.desired));
            match service.cpu_units {
                Ok(Some(units)) => need.more += tasks * u64::from(units),
                Ok(None) | Err(_) if tasks > 0 => need.unknown.push(name.as_str()),
                Ok(None) | Err(_) => {}
            }
        }
        need
    }
}

/// CPU units of what is wanted here of the document's services, as far as they are known.
fn own(case: ReadinessCase<'_>) -> u64 {
    let services = case.facts.services.values().filter_map(|service| service.as_ref().ok()?.as_ref());
    let units = |service: &ServiceFacts| service.cpu_units.as_ref().ok().copied().flatten().unwrap_or(0);
    services.map(|service| u64::from(service.desired) * u64::from(units(service))).sum()
}
