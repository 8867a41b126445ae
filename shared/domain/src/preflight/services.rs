//! Clusters, services, and what scales them.

use super::row::existing;
use super::wanted::is_changed;
use super::{Check, ControllerKind, FoundService, MANAGED, PreflightCase, Read, ReportRow, Tags, TargetFacts};
use crate::capacity::{ResourceId, ServiceId, TagScheduler};
use crate::name::ClusterName;

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    for (cluster, found) in &case.facts.clusters {
        rows.push(of_cluster(case, cluster, found));
    }
    for cluster in &case.wanted.managed_clusters {
        rows.push(of_managed(case, cluster));
    }
    for id in &case.wanted.services {
        of_service(case, id, rows);
    }
}

/// What was found by tag: an empty selection is never meant.
fn of_managed(case: PreflightCase<'_>, cluster: &ClusterName) -> ReportRow {
    let subject = format!("services of {cluster} by tag");
    let list = || case.aws(&["ecs", "list-services", "--cluster", cluster.as_str()]);
    match case.facts.listed.get(cluster) {
        Some(Err(unread)) => ReportRow::unread(Check::Exists, subject, unread),
        found => {
            let of_it = case.wanted.services.iter().filter(|id| id.cluster == *cluster).count();
            let all = found.map_or(0, |found| found.as_ref().map_or(0, |all| *all));
            let counts = format!("{of_it} of {all} services have the tag and are not excluded");
            match of_it {
                0 => ReportRow::bad(Check::Exists, subject, counts, "at least one service with the tag", list()),
                _ => ReportRow::good(Check::Exists, subject, counts),
            }
        }
    }
}

fn of_cluster(case: PreflightCase<'_>, cluster: &ClusterName, found: &Read<Option<String>>) -> ReportRow {
    let subject = format!("cluster {cluster}");
    let names = || case.aws(&["ecs", "list-clusters"]);
    match found {
        Err(unread) => ReportRow::unread(Check::Exists, subject, unread),
        Ok(Some(status)) if status == "ACTIVE" => ReportRow::good(Check::Exists, subject, "ACTIVE"),
        Ok(Some(status)) => ReportRow::bad(Check::Exists, subject, status, "ACTIVE", names()),
        Ok(None) => ReportRow::missing(Check::Exists, subject, names()),
    }
}

fn of_service(case: PreflightCase<'_>, id: &ServiceId, rows: &mut Vec<ReportRow>) {
    let subject = format!("service {id}");
    if !matches!(case.facts.clusters.get(&id.cluster), Some(Ok(Some(status))) if status == "ACTIVE") {
        return rows.push(ReportRow::untold(Check::Exists, subject, "its cluster was not found", None));
    }
    let list = ["ecs", "list-services", "--cluster", id.cluster.as_str()];
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), case.aws(&list));
    match existing(case.facts.services.get(id), &subject, missing) {
        Ok(service) => of_found(case, id, &subject, service, rows),
        Err(row) => rows.push(row),
    }
}

fn of_found(case: PreflightCase<'_>, id: &ServiceId, subject: &str, service: &FoundService, rows: &mut Vec<ReportRow>) {
    let counts = format!("{} of {} tasks", service.running, service.desired);
    rows.push(ReportRow::good(Check::Exists, subject, counts));
    let changed = is_changed(case.environment) && !case.environment.protects(&ResourceId::Service(id.clone()));
    if changed {
        rows.push(of_strategy(case, id, subject, service));
        // A daemon is left out of every plan, so nothing else of it matters.
        if service.daemon {
            return;
        }
        rows.push(of_tag(subject, &service.tags, || {
            let tag = format!("key={MANAGED},value=true");
            case.aws(&["ecs", "tag-resource", "--resource-arn", &service.arn, "--tags", &tag])
        }));
    }
    rows.extend(of_scheduler(case, subject, TagScheduler::of_service(pairs(&service.tags)), |tag| {
        case.aws(&["ecs", "untag-resource", "--resource-arn", &service.arn, "--tag-keys", tag])
    }));
    rows.extend(of_controller(case, id, subject, &service.controller));
    of_target_groups(case, id, subject, service, rows);
    of_target(case, id, service, changed, rows);
}

fn of_strategy(case: PreflightCase<'_>, id: &ServiceId, subject: &str, service: &FoundService) -> ReportRow {
    if !service.daemon {
        return ReportRow::good(Check::Counts, subject, "REPLICA");
    }
    let (cluster, name) = (id.cluster.as_str(), id.service.as_str());
    let query = "services[].[serviceName,schedulingStrategy]";
    let show = ["ecs", "describe-services", "--cluster", cluster, "--services", name, "--query", query];
    let expected = "a REPLICA service; a strategy cannot be changed: take it out of `clusters`, and it is left alone";
    ReportRow::bad(Check::Counts, subject, "DAEMON: it has no count to set", expected, case.aws(&show))
}

fn of_controller(
    case: PreflightCase<'_>,
    id: &ServiceId,
    subject: &str,
    controller: &ControllerKind,
) -> Option<ReportRow> {
    let emergency = case.environment.document().emergency.as_ref();
    let rolls_back = emergency.is_some_and(|emergency| emergency.rollback.is_some());
    match controller {
        ControllerKind::Ecs => None,
        ControllerKind::Other(other) if rolls_back => {
            let (cluster, name) = (id.cluster.as_str(), id.service.as_str());
            let query = "services[].deploymentController.type";
            let show = ["ecs", "describe-services", "--cluster", cluster, "--services", name, "--query", query];
            let expected =
                "ECS, for `emergency.rollback` takes back only its releases: take those of this service back yourself";
            Some(ReportRow::bad(Check::RollsBack, subject, other, expected, case.aws(&show)))
        }
        ControllerKind::Other(other) => Some(ReportRow::good(
            Check::RollsBack,
            subject,
            format!("deployed by {other}: counts are set, releases are not taken back"),
        )),
    }
}

fn of_target_groups(
    case: PreflightCase<'_>,
    id: &ServiceId,
    subject: &str,
    service: &FoundService,
    rows: &mut Vec<ReportRow>,
) {
    let groups = match &service.target_groups {
        Ok(groups) => groups,
        Err(unread) => return rows.push(ReportRow::unread(Check::HealthCheck, subject, unread)),
    };
    for (group, health) in groups {
        rows.push(if let Some(path) = health {
            ReportRow::good(Check::HealthCheck, subject, format!("{group} checks {path}"))
        } else {
            let found = format!("its target group {group} does not exist");
            let names = case.aws(&["elbv2", "describe-target-groups", "--query", "TargetGroups[].TargetGroupArn"]);
            ReportRow::bad(
                Check::HealthCheck,
                subject,
                found,
                "one that exists, in the service's load balancers",
                names,
            )
        });
    }
    let failover = case.environment.document().failover.as_ref();
    let path = failover.and_then(|failover| failover.probe.as_ref()?.paths.get(&id.service));
    if let Some(path) = path.filter(|_| groups.is_empty()) {
        let names = case.aws(&["elbv2", "describe-target-groups", "--query", "TargetGroups[].TargetGroupArn"]);
        let expected = format!("one that checks {path}, as in `failover.probe.paths`");
        rows.push(ReportRow::bad(Check::HealthCheck, subject, "no target group", expected, names));
    }
}

fn of_target(
    case: PreflightCase<'_>,
    id: &ServiceId,
    service: &FoundService,
    changed: bool,
    rows: &mut Vec<ReportRow>,
) {
    let subject = format!("scalable target service/{id}");
    let declared = case.environment.document().capacity.get(&id.service);
    let target = match &service.target {
        Err(unread) => return rows.push(ReportRow::unread(Check::Exists, subject, unread)),
        Ok(target) => target.as_ref(),
    };
    let Some(target) = target else {
        let bounds = declared.and_then(|capacity| Some((capacity.min?, capacity.max?)));
        return rows.extend(bounds.map(|(min, max)| missing_target(case, id, &subject, min, max)));
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), format!("{} to {} tasks", target.min, target.max)));
    if !changed {
        return;
    }
    rows.push(match &target.tags {
        Err(unread) => ReportRow::unread(Check::Tagged, subject.as_str(), unread),
        Ok(tags) => of_tag(&subject, tags, || tag_target(case, id, target)),
    });
    rows.extend(of_schedule(case, id, &subject, target));
}

fn missing_target(case: PreflightCase<'_>, id: &ServiceId, subject: &str, min: u32, max: u32) -> ReportRow {
    let resource = format!("service/{id}");
    let (least, most) = (min.to_string(), max.to_string());
    let tags = format!("{MANAGED}=true");
    let mut words = vec!["application-autoscaling", "register-scalable-target", "--service-namespace", "ecs"];
    words.extend(["--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", &resource]);
    words.extend(["--min-capacity", &least, "--max-capacity", &most, "--tags", &tags]);
    let expected = format!("{min} to {max} tasks, as in `capacity`");
    ReportRow::bad(Check::Exists, subject, "does not exist", expected, case.aws(&words))
}

/// A target without an ARN gets one, and its tags, when it is registered again.
fn tag_target(case: PreflightCase<'_>, id: &ServiceId, target: &TargetFacts) -> String {
    let tag = format!("{MANAGED}=true");
    if let Some(arn) = &target.arn {
        return case.aws(&["application-autoscaling", "tag-resource", "--resource-arn", arn, "--tags", &tag]);
    }
    let resource = format!("service/{id}");
    let mut words = vec!["application-autoscaling", "register-scalable-target", "--service-namespace", "ecs"];
    words.extend(["--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", &resource, "--tags", &tag]);
    case.aws(&words)
}

/// What puts a service to sleep by itself spoils the first baseline: we would remember the night for the day.
fn of_schedule(case: PreflightCase<'_>, id: &ServiceId, subject: &str, target: &TargetFacts) -> Option<ReportRow> {
    let actions = match &target.scheduled {
        Err(unread) => return Some(ReportRow::unread(Check::MovedByUsAlone, subject, unread)),
        Ok(actions) => actions,
    };
    let first = actions.first()?;
    let many = if actions.len() == 1 { "a scheduled action moves" } else { "scheduled actions move" };
    let found = format!("{many} it: {}", actions.join(", "));
    if case.environment.calendar().is_none() {
        return Some(ReportRow::good(Check::MovedByUsAlone, subject, found));
    }
    let resource = format!("service/{id}");
    let delete = |action: &String| {
        let mut words = vec!["application-autoscaling", "delete-scheduled-action", "--service-namespace", "ecs"];
        words.extend(["--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", &resource]);
        words.extend(["--scheduled-action-name", action]);
        case.aws(&words)
    };
    let others = actions.iter().skip(1).map(delete);
    let commands = std::iter::once(delete(first)).chain(others).collect::<Vec<_>>().join(" && ");
    Some(ReportRow::bad(Check::MovedByUsAlone, subject, found, "none beside the calendar of the document", commands))
}

/// Tags as keys and values.
pub(super) fn pairs(tags: &Tags) -> impl Iterator<Item = (&str, &str)> + Clone {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

/// Another scheduler finds what it moves by its tag; whether there is one that does, the tag does not tell.
pub(super) fn of_scheduler(
    case: PreflightCase<'_>,
    subject: &str,
    scheduler: Option<TagScheduler>,
    untag: impl FnOnce(&str) -> String,
) -> Option<ReportRow> {
    let scheduler = scheduler.filter(|_| case.environment.calendar().is_some())?;
    let found = format!("the {scheduler}, which may move it");
    Some(ReportRow::bad(
        Check::MovedByUsAlone,
        subject,
        found,
        "none beside the calendar of the document",
        untag(scheduler.tag),
    ))
}

/// Whether the tag that lets us change it is there.
pub(super) fn of_tag(subject: &str, tags: &Tags, command: impl FnOnce() -> String) -> ReportRow {
    let expected = format!("{MANAGED} = true");
    match tags.get(MANAGED).map(String::as_str) {
        Some("true") => ReportRow::good(Check::Tagged, subject, expected),
        Some(other) => ReportRow::bad(Check::Tagged, subject, format!("{MANAGED} = {other}"), expected, command()),
        None => ReportRow::bad(Check::Tagged, subject, format!("no tag {MANAGED}"), expected, command()),
    }
}
