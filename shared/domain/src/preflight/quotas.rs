//! Quotas: whether the account lets start what the document would start, and keep what it would keep.

use std::collections::BTreeMap;

use super::{Check, FoundService, PreflightCase, Read, ReportRow};
use crate::backup::{CopyQuota, JobPolicy, ResourceKind};
use crate::capacity::ServiceId;
use crate::estate::EmergencyProfile;

/// CPU units of a vCPU (Amazon ECS task definition parameters).
const UNITS: u64 = 1024;

/// The vCPUs of all Fargate on-demand tasks that run at once (AWS General Reference, AWS Fargate endpoints and quotas).
pub const FARGATE_VCPU: [&str; 2] = ["fargate", "L-3032A538"];
/// The most tasks of a service (AWS General Reference, Amazon ECS endpoints and quotas).
pub const TASKS_PER_SERVICE: [&str; 2] = ["ecs", "L-92E49DE3"];

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    let raises = raises(case);
    if let Some((what, tasks)) = raises.iter().max_by_key(|(_, tasks)| units(case, tasks)) {
        rows.push(vcpus(case, what, units(case, tasks)));
        let most = raises.iter().flat_map(|(_, tasks)| tasks.values()).map(|(to, _)| *to).max().unwrap_or(0);
        rows.push(tasks_of_a_service(case, most));
    }
    rows.extend(snapshots(case));
}

/// The count that each service would get, and how many tasks more than it has that are.
type Tasks<'a> = BTreeMap<&'a ServiceId, (u32, u32)>;

fn found<'a>(case: PreflightCase<'a>, id: &ServiceId) -> Option<&'a FoundService> {
    case.facts.services.get(id)?.as_ref().ok()?.as_ref().filter(|service| !service.daemon)
}

/// Everything that would raise counts here: each profile, and a failover to this region.
fn raises(case: PreflightCase<'_>) -> Vec<(String, Tasks<'_>)> {
    let document = case.environment.document();
    let services = || case.wanted.services.iter().filter_map(|id| Some((id, found(case, id)?)));
    let more = |to: u32, service: &FoundService| (to, to.saturating_sub(service.desired));
    let mut raises = Vec::new();
    if *case.region() == *document.regions.primary.as_str() {
        for (name, profile) in document.emergency.iter().flat_map(|emergency| &emergency.profiles) {
            let wanted = |(id, service)| Some((id, more(count(profile, id, service)?, service)));
            raises.push((format!("profile {name}"), services().filter_map(wanted).collect()));
        }
    } else if let Some(failover) = &document.failover {
        let wanted = |(id, service): (&'_ ServiceId, &FoundService)| {
            failover.capacity.get(&id.service).map(|to| more(*to, service))
        };
        let tasks = services().filter_map(|(id, service)| Some((id, wanted((id, service))?))).collect();
        raises.push(("a failover to here".to_owned(), tasks));
    }
    raises
}

fn count(profile: &EmergencyProfile, id: &ServiceId, service: &FoundService) -> Option<u32> {
    let own = profile.services.get(&id.service).map_or(profile.desired, |own| own.desired);
    let is_for = profile.only.is_empty() || profile.only.contains(&id.service);
    is_for.then(|| own.of(service.desired))
}

/// What is started beyond what runs, in CPU units. A task without a figure of its own runs on instances, and takes nothing
/// of the Fargate quota.
fn units(case: PreflightCase<'_>, tasks: &Tasks<'_>) -> u64 {
    let each = |(id, (_, more)): (&&ServiceId, &(u32, u32))| u64::from(*more) * u64::from(size(found(case, id)));
    tasks.iter().map(each).sum()
}

fn size(service: Option<&FoundService>) -> u32 {
    service.and_then(|service| service.cpu_units.as_ref().ok().copied().flatten()).unwrap_or(0)
}

fn vcpus(case: PreflightCase<'_>, what: &str, more: u64) -> ReportRow {
    let subject = "Fargate On-Demand vCPU resource count";
    let own = case.facts.services.keys().filter_map(|id| found(case, id));
    let own: u64 = own.map(|service| u64::from(service.desired) * u64::from(size(Some(service)))).sum();
    if more == 0 && own == 0 {
        return ReportRow::good(Check::FargateVcpus, subject, format!("{what} starts nothing on Fargate"));
    }
    let used = match &case.facts.quotas.vcpu_used {
        Ok(used) => used.map_or(own, |used| u64::from(used) * UNITS),
        Err(unread) => return ReportRow::unread(Check::FargateVcpus, subject, unread),
    };
    let assumed = case.environment.document().emergency.as_ref().and_then(|it| it.quotas?.fargate_vcpu);
    let needed = (used + more).div_ceil(UNITS);
    let found = |limit: u32| {
        let (used, more) = (used.div_ceil(UNITS), more.div_ceil(UNITS));
        format!("{limit}; {used} used, and {what} starts {more} more")
    };
    compare(case, (Check::FargateVcpus, subject), FARGATE_VCPU, &case.facts.quotas.vcpu, assumed, needed, found)
}

fn tasks_of_a_service(case: PreflightCase<'_>, most: u32) -> ReportRow {
    let assumed = case.environment.document().emergency.as_ref().and_then(|it| it.quotas?.tasks_per_service);
    let found = |limit: u32| format!("{limit}; {most} wanted at most");
    let about = (Check::TasksPerService, "Tasks per service");
    compare(case, about, TASKS_PER_SERVICE, &case.facts.quotas.tasks_per_service, assumed, u64::from(most), found)
}

fn compare(
    case: PreflightCase<'_>,
    (check, subject): (Check, &str),
    [service, code]: [&str; 2],
    limit: &Read<Option<u32>>,
    assumed: Option<u32>,
    needed: u64,
    found: impl Fn(u32) -> String,
) -> ReportRow {
    let quota = ["service-quotas", "get-service-quota", "--service-code", service, "--quota-code", code];
    let limit = match limit {
        Err(unread) => return ReportRow::unread(check, subject, unread),
        Ok(limit) => limit.or(assumed),
    };
    match limit {
        None => ReportRow::untold(check, subject, "Service Quotas has no figure here", Some(case.aws(&quota))),
        Some(limit) if u64::from(limit) >= needed => ReportRow::good(check, subject, found(limit)),
        Some(limit) => {
            let value = needed.to_string();
            let mut words = vec!["service-quotas", "request-service-quota-increase", "--service-code", service];
            words.extend(["--quota-code", code, "--desired-value", &value]);
            ReportRow::bad(check, subject, found(limit), format!("at least {needed}"), case.aws(&words))
        }
    }
}

/// How many copies the jobs of a kind keep.
fn kept<'a>(policies: impl Iterator<Item = &'a JobPolicy>) -> u32 {
    let of =
        |policy: &JobPolicy| (policy.keep.daily + policy.keep.weekly + policy.keep.monthly).max(policy.keep.minimum);
    policies.map(of).sum()
}

fn snapshots(case: PreflightCase<'_>) -> Vec<ReportRow> {
    let mut rows = Vec::new();
    for (kind, quota) in &case.facts.snapshots {
        let subject = format!("manual snapshots of {}", kind.name());
        let policies = case.wanted.policies.iter().chain(&case.wanted.copies);
        let kept = kept(policies.filter(|policy| policy.subject.source.kind == *kind));
        rows.push(match quota {
            Err(unread) => ReportRow::unread(Check::ManualSnapshots, subject, unread),
            Ok(None) => continue,
            Ok(Some(quota)) if quota.is_near() || kept > quota.limit => {
                // So many that the end is not near any more with what is kept beside what is there.
                let roomy = (quota.used + kept) * 100 / CopyQuota::NEAR_PERCENT + 1;
                let needed = roomy.max(quota.limit + 1).to_string();
                let mut words = vec!["service-quotas", "request-service-quota-increase", "--service-code", "rds"];
                words.extend(["--quota-code", code(*kind), "--desired-value", &needed]);
                let found = format!("{quota}, and {kept} are kept");
                ReportRow::bad(Check::ManualSnapshots, subject, found, "room for what is kept", case.aws(&words))
            }
            Ok(Some(quota)) => {
                ReportRow::good(Check::ManualSnapshots, subject, format!("{quota}, and {kept} are kept"))
            }
        });
    }
    rows
}

/// Manual snapshots of clusters, and of instances (AWS General Reference, Amazon RDS endpoints and quotas).
const fn code(kind: ResourceKind) -> &'static str {
    if matches!(kind, ResourceKind::Aurora) { "L-9B510759" } else { "L-272F1212" }
}
