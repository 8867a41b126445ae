//! Services: present, ours, deployed, and reachable by the load balancer.

use super::{ReadinessCase, about, known, unreadable};
use crate::capacity::Rollout;
use crate::estate::Failover;
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding, ServiceFacts, TargetGroupFacts};
use crate::name::ServiceName;
use crate::value::Label;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let region = &case.facts.region;
    for name in case.failover.capacity.keys() {
        let resource = resource(name);
        let Some(fact) = known(&case.facts.services, name, FindingGrade::Blocks, &resource, found) else { continue };
        let Some(service) = fact else {
            found.push(about(FindingGrade::Blocks, ReadinessCode::ServiceMissing, resource).found(
                format!("no such service in {region}, or an inactive one"),
                "a service with no tasks, or with those of its baseline",
                format!("Deploy it in {region}, with the cluster of the estate document"),
            ));
            continue;
        };
        found.extend(not_managed(name, service));
        target_not_managed(name, service, found);
        found.extend(deployment(name, service));
        autoscaler(case, name, service, found);
        found.extend(singleton(case, name, service));
        target_groups(case, name, service, found);
    }
}

pub(super) fn resource(service: &ServiceName) -> String {
    format!("service {service}")
}

fn not_managed(name: &ServiceName, service: &ServiceFacts) -> Option<ReadinessFinding> {
    (!service.managed).then(|| {
        about(FindingGrade::Blocks, ReadinessCode::ServiceNotManaged, resource(name)).found(
            "no tag `watchkeeper:managed`",
            "`watchkeeper:managed = true`, without which IAM lets nobody here start it",
            "Tag the service in its own infrastructure code",
        )
    })
}

/// A scalable target has tags of its own, which no infrastructure code sets by tagging the service.
fn target_not_managed(name: &ServiceName, service: &ServiceFacts, found: &mut Vec<ReadinessFinding>) {
    let resource = format!("autoscaler of {name}");
    match &service.target_managed {
        Ok(true) => {}
        Ok(false) => found.push(about(FindingGrade::Blocks, ReadinessCode::TargetNotManaged, resource).found(
            "a scalable target without the tag `watchkeeper:managed`",
            "`watchkeeper:managed = true`, without which IAM lets nobody here set its bounds",
            "Tag the scalable target (`aws application-autoscaling tag-resource`): it has its own tags, apart from its service's",
        )),
        Err(why) => found.push(unreadable(FindingGrade::Degrades, format!("tags of the {resource}"), why)),
    }
}

fn deployment(name: &ServiceName, service: &ServiceFacts) -> Option<ReadinessFinding> {
    let expected = "a completed deployment";
    match service.rollout {
        Rollout::Completed => None,
        Rollout::InProgress => {
            let about = about(FindingGrade::Degrades, ReadinessCode::DeploymentInProgress, resource(name));
            let advice =
                "Let it finish: a failover now would start tasks of a release that nobody has seen at work here";
            Some(about.found("a deployment in progress", expected, advice))
        }
        Rollout::Paused => {
            let about = about(FindingGrade::Degrades, ReadinessCode::DeploymentInProgress, resource(name));
            let advice =
                "Continue it, or roll it back: a failover now would start tasks of a release that waits for a word";
            Some(about.found("a deployment that waits in a lifecycle hook", expected, advice))
        }
        Rollout::Failed => {
            let about = about(FindingGrade::Blocks, ReadinessCode::DeploymentFailed, resource(name));
            let advice = "Deploy a release that works: without a completed deployment ECS starts no task that stays";
            Some(about.found("a last deployment that failed", expected, advice))
        }
    }
}

/// A service that scales by itself in the active region has to be able to do so here too.
fn autoscaler(case: ReadinessCase<'_>, name: &ServiceName, service: &ServiceFacts, found: &mut Vec<ReadinessFinding>) {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let sampled = case.facts.sample.as_ref().and_then(|sample| sample.services.get(name));
    match (&service.scaling, sampled.and_then(|sampled| sampled.capacity.scaling)) {
        (Err(why), _) => found.push(unreadable(FindingGrade::Degrades, format!("autoscaler of {name}"), why)),
        (Ok(None), Some(there)) => {
            let about = about(FindingGrade::Degrades, ReadinessCode::ScalingMissing, resource(name));
            found.push(about.found(
                format!("no scalable target in {region}"),
                format!("one as in {active}, with {} to {} tasks", there.min, there.max),
                format!(
                    "Create the scalable target and its policies in {region}, or its count stays fixed after a failover"
                ),
            ));
        }
        _ => {}
    }
}

fn singleton(case: ReadinessCase<'_>, name: &ServiceName, service: &ServiceFacts) -> Option<ReadinessFinding> {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let single = case.failover.singletons.iter().any(|singleton| singleton.service == *name);
    (single && service.desired > 0 && region != active).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::SingletonRunning, resource(name)).found(
            format!("desired count {} in {region}", service.desired),
            format!("0 while {active} serves, because it may run in one region at most"),
            format!("Set its desired count in {region} to 0 now, and find out who raised it"),
        )
    })
}

fn target_groups(
    case: ReadinessCase<'_>,
    name: &ServiceName,
    service: &ServiceFacts,
    found: &mut Vec<ReadinessFinding>,
) {
    let groups = match &service.target_groups {
        Ok(groups) => groups,
        Err(why) => return found.push(unreadable(FindingGrade::Degrades, format!("target groups of {name}"), why)),
    };
    for group in groups.iter().filter(|group| group.health_path.is_none()) {
        let about = about(FindingGrade::Blocks, ReadinessCode::TargetGroupMissing, resource(name));
        let advice = "Create the target group behind the load balancer, or deploy the service with the right one";
        found.push(about.found(
            format!("target group {}, which does not exist", group.name),
            "one that exists",
            advice,
        ));
    }
    let path = health_path(case.failover, name);
    if let Some(path) = path.filter(|_| groups.is_empty()) {
        found.push(about(FindingGrade::Blocks, ReadinessCode::NoTargetGroup, resource(name)).found(
            "no target group",
            format!("one whose health check asks {path}"),
            "Attach the service to a target group of the region's load balancer: without one no request reaches it",
        ));
    }
    found.extend(path.and_then(|path| other_path(name, groups, path)));
    if service.desired > 0 {
        found.extend(groups.iter().filter(|group| group.unhealthy > 0).map(|group| unhealthy(name, group)));
    }
}

fn health_path<'a>(failover: &'a Failover, service: &ServiceName) -> Option<&'a Label> {
    failover.probe.as_ref()?.paths.get(service)
}

/// Of several groups one has to check the path: the others may be for callers inside.
fn other_path(name: &ServiceName, groups: &[TargetGroupFacts], path: &Label) -> Option<ReadinessFinding> {
    let checked: Vec<&str> = groups.iter().filter_map(|group| group.health_path.as_deref()).collect();
    (!checked.is_empty() && !checked.contains(&path.as_str())).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::HealthPathDiffers, resource(name)).found(
            format!("a health check of {}", checked.join(" and ")),
            format!("{path}, as `failover.probe.paths` says"),
            "Correct the target group or the document: else tasks that answer count as sick, or sick ones as healthy",
        )
    })
}

fn unhealthy(name: &ServiceName, group: &TargetGroupFacts) -> ReadinessFinding {
    let all = group.healthy + group.unhealthy;
    about(FindingGrade::Degrades, ReadinessCode::TargetsUnhealthy, resource(name)).found(
        format!("{} of {all} targets of {} unhealthy", group.unhealthy, group.name),
        "every target healthy",
        "Look at the events and logs of its tasks: those that a failover starts would be no better",
    )
}
