//! Event sources: there in both regions, on where the pair is served and off where it is not.

use super::{ReadinessCase, about, known};
use crate::estate::EventSource;
use crate::failover::event_sources::{SourceState, event_sources};
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding};

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let off = case.facts.sample.as_ref().map(|sample| &sample.sources_off);
    for source in event_sources(case.failover) {
        if off.is_some_and(|off| off.contains(&source)) {
            found.push(about(FindingGrade::Note, ReadinessCode::SourceOff, &source).found(
                format!("off in {}, where the pair is served", case.facts.active),
                "on there",
                "Nothing, if somebody wants it off: a move leaves it off in both regions",
            ));
        }
        let Some(state) = known(&case.facts.sources, &source, FindingGrade::Blocks, &source, found) else { continue };
        found.extend(here(case, &source, state.as_ref()));
    }
}

fn here(case: ReadinessCase<'_>, source: &EventSource, state: Option<&SourceState>) -> Option<ReadinessFinding> {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let expected = format!("one that is off while {active} serves");
    let (grade, code, found, advice) = match state {
        Some(SourceState::Off) => return None,
        None => (
            FindingGrade::Blocks,
            ReadinessCode::SourceMissing,
            format!("none in {region}"),
            format!("Create it in {region}, off: after a move its work would be started by nobody"),
        ),
        Some(SourceState::Unfit(why)) => (
            FindingGrade::Blocks,
            ReadinessCode::SourceUnfit,
            why.clone(),
            "Change it so that it can be switched, or take it out of `failover.sources`".to_owned(),
        ),
        Some(SourceState::On) => (
            FindingGrade::Degrades,
            ReadinessCode::SourceOn,
            "one that is on".to_owned(),
            format!("Switch it off in {region}: its work is started in both regions"),
        ),
        Some(SourceState::Changing(what)) => (
            FindingGrade::Degrades,
            ReadinessCode::SourceChanging,
            what.clone(),
            "Wait until it has changed: a failover would have to wait for it too".to_owned(),
        ),
    };
    Some(about(grade, code, source).found(found, expected, advice))
}
