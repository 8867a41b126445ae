//! The watch: what the active region last said of itself, and whether its stack is there at all.

use jiff::SignedDuration;

use super::{ReadinessCase, about, unreadable, words};
use crate::estate::FencePolicy;
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding};
use crate::failover::sample::{FRESH, RegionSample};
use crate::name::ServiceName;
use crate::value::AlarmName;

/// How long the other region's stack may be silent: five of its ticks of a minute.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    match &case.facts.sample {
        None => found.push(no_sample(case)),
        Some(sample) => {
            found.extend(stale(case, sample));
            found.extend(incomplete(case, sample));
        }
    }
    found.extend(heard(case));
    found.extend(case.facts.unarmed.iter().map(|(service, why)| unarmed(case, service, why)));
    match &case.facts.alarms {
        Ok(missing) => found.extend(missing.iter().map(|alarm| no_alarm(case, alarm))),
        Err(why) => found.push(unreadable(FindingGrade::Degrades, "alarms of the evidence", why)),
    }
}

/// A fence counts only on what it could do.
fn unarmed(case: ReadinessCase<'_>, service: &ServiceName, why: &str) -> ReadinessFinding {
    let active = &case.facts.active;
    about(FindingGrade::Degrades, ReadinessCode::SwitchUnarmed, format!("service {service}")).found(
        format!("a dead man's switch in {active} that would not stop it: {why}"),
        "one whose stop would go through",
        "Mend what is named. Until then a failover waits for a proof, or for a person",
    )
}

fn no_alarm(case: ReadinessCase<'_>, alarm: &AlarmName) -> ReadinessFinding {
    let active = &case.facts.active;
    about(FindingGrade::Degrades, ReadinessCode::AlarmMissing, format!("alarm {alarm}")).found(
        "none of that name",
        format!("one here or in {active}: the document counts on its word"),
        "Correct `failover.evidence`, or make the alarm. Until then a loss is confirmed without it, or a person is asked",
    )
}

fn no_sample(case: ReadinessCase<'_>) -> ReadinessFinding {
    let active = &case.facts.active;
    about(FindingGrade::Degrades, ReadinessCode::SampleMissing, format!("sample of {active}")).found(
        format!("none: {active} has never told what it runs"),
        format!("one that is at most {} old", words(FRESH)),
        format!(
            "See that the stack of {active} is deployed and ticks. Until then a failover starts the document's \
             figures, asks whether data may be lost, and nobody can compare images and quotas"
        ),
    )
}

fn stale(case: ReadinessCase<'_>, sample: &RegionSample) -> Option<ReadinessFinding> {
    let active = &case.facts.active;
    (!sample.is_fresh(case.facts.now)).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::SampleStale, format!("sample of {active}")).found(
            format!("one of {}, which is {} old", sample.at, words(case.facts.now.duration_since(sample.at))),
            format!("one that is at most {} old", words(FRESH)),
            format!(
                "See why the tick of {active} takes none. Until then its counts, images, quota and lag are judged by \
                 what they were"
            ),
        )
    })
}

/// What a sample lacks of the services that would start.
fn incomplete(case: ReadinessCase<'_>, sample: &RegionSample) -> Vec<ReadinessFinding> {
    let active = &case.facts.active;
    let lacks = |(service, tasks)| {
        let (found, means) = match sample.services.get(service) {
            Some(sampled) if !sampled.images.is_empty() => return None,
            Some(_) => {
                (format!("no images in the sample of {active}"), "nobody can tell whether the release is the same")
            }
            None => (
                format!("a sample of {active} without it"),
                "a failover starts the document's figure, and nobody can tell whether the release is the same",
            ),
        };
        let about = about(FindingGrade::Degrades, ReadinessCode::SampleIncomplete, format!("service {service}"));
        let expected = format!("its count and images in {active} ({tasks} in the document)");
        Some(about.found(
            found,
            expected,
            format!("See that it runs in {active} and that its stack may read it; {means}"),
        ))
    };
    case.failover.capacity.iter().filter_map(lacks).collect()
}

fn heard(case: ReadinessCase<'_>) -> Option<ReadinessFinding> {
    let active = &case.facts.active;
    let resource = format!("stack of {active}");
    let expected = format!("a heartbeat within {}", words(SILENCE));
    let Some(heard) = case.facts.heard else {
        // These two fences rest on what the other region's stack does.
        let rests = |fence: Option<FencePolicy>| matches!(fence, Some(FencePolicy::Prove | FencePolicy::DeadMan));
        let rests = case.failover.singletons.iter().any(|singleton| rests(singleton.fence));
        let grade = if rests { FindingGrade::Blocks } else { FindingGrade::Degrades };
        return Some(about(grade, ReadinessCode::StackNeverHeard, resource).found(
            "no heartbeat, ever",
            expected,
            format!(
                "Deploy the stack in {active}, over the same global table. Without it nobody fences {active}: its \
                 singletons go on, and it does not stand by when it comes back"
            ),
        ));
    };
    let silence = case.facts.now.duration_since(heard);
    (silence >= SILENCE).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::StackSilent, resource).found(
            format!("the last heartbeat at {heard}, {} ago", words(silence)),
            expected,
            format!(
                "See whether {active} is lost; if it is not, look at the errors of its function and at the replication \
                 of the ledger. Until then its singletons cannot be proved stopped"
            ),
        )
    })
}
