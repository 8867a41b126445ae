//! Traffic: whether it can be moved, and where it goes now.

use super::{ReadinessCase, about, unreadable, words};
use crate::estate::TrafficStrategy;
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding};
use crate::failover::traffic::expected;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let active = &case.facts.active;
    let resource = format!("traffic by {}", name(case.failover.traffic.strategy));
    found.extend(too_slow(case, &resource));
    let facts = match &case.facts.traffic {
        Ok(facts) => facts,
        Err(why) => return found.push(unreadable(FindingGrade::Blocks, resource, why)),
    };
    found.extend(facts.problems.iter().map(|problem| {
        about(FindingGrade::Blocks, ReadinessCode::TrafficUnusable, &resource).found(
            problem,
            "a switch that can be thrown without the region that was lost",
            "Correct it before it is needed: a failover would start everything here, and nobody would get there",
        )
    }));
    match &facts.points_to {
        Some(region) if region == active => {}
        Some(region) => found.push(about(FindingGrade::Degrades, ReadinessCode::TrafficElsewhere, resource).found(
            format!("traffic that goes to {region}"),
            format!("to {active}, which serves"),
            format!("Find out who threw the switch, and point it to {active}: people may be sent where nothing serves"),
        )),
        None if facts.problems.is_empty() => {
            found.push(about(FindingGrade::Degrades, ReadinessCode::TrafficUnknown, resource).found(
                "traffic of which nobody can tell where it goes",
                format!("to {active} alone"),
                "See that exactly one region answers for the names",
            ));
        }
        None => {}
    }
}

fn too_slow(case: ReadinessCase<'_>, resource: &str) -> Option<ReadinessFinding> {
    let (takes, rto) = (expected(&case.failover.traffic), case.failover.rto);
    (takes > rto.signed()).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::TrafficTooSlow, resource).found(
            format!("{} until the last client has followed", words(takes)),
            format!("less than {rto}, the promised RTO of the whole failover"),
            "Lower `failover.traffic.ttl` with the records' own, choose a faster strategy, or promise less",
        )
    })
}

/// A strategy as the document writes it.
fn name(strategy: TrafficStrategy) -> &'static str {
    match strategy {
        TrafficStrategy::SwitchObject => "switch-object",
        TrafficStrategy::Alarm => "alarm",
        TrafficStrategy::RoutingControl => "routing-control",
        TrafficStrategy::Record => "record",
    }
}
