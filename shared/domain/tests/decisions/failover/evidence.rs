//! Confirmation: nothing automatic on the word of the probe alone, nor against the word of the region's own ECS.
#![allow(clippy::unnecessary_wraps, reason = "cases read as what is looked at: an answer or none")]

use jiff::SignedDuration;
use rstest::rstest;
use watchkeeper_domain::failover::evidence::{LossEvidence, LossVerdict, ProbeResult, RunningServices, confirm};

use crate::failover::scene::{DASHBOARD, FLEET, service};

fn whole() -> Result<RunningServices, String> {
    Ok(RunningServices { whole: [service(FLEET), service(DASHBOARD)].into(), broken: [].into() })
}

fn broken() -> Result<RunningServices, String> {
    Ok(RunningServices { whole: [service(FLEET)].into(), broken: [service(DASHBOARD)].into() })
}

fn silent_for(minutes: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_mins(minutes))
}

fn kind(confirmed: &LossVerdict) -> &'static str {
    match confirmed {
        LossVerdict::Lost(_) => "lost",
        LossVerdict::FalseAlarm(_) => "false alarm",
        LossVerdict::Unclear(_) => "unclear",
    }
}

#[rstest]
#[case::ecs_does_not_answer(3, Err("timed out".to_owned()), silent_for(1), false, "lost")]
#[case::tasks_are_missing(3, broken(), silent_for(1), false, "lost")]
#[case::healthy_but_for_the_probe(3, whole(), silent_for(1), false, "false alarm")]
#[case::healthy_and_never_heard_of(3, whole(), None, false, "false alarm")]
#[case::healthy_but_silent(3, whole(), silent_for(4), false, "unclear")]
#[case::healthy_but_an_alarm_is_on(3, whole(), silent_for(1), true, "unclear")]
#[case::everything_says_so(3, Err("timed out".to_owned()), silent_for(9), true, "lost")]
#[case::one_path_answers(2, Err("timed out".to_owned()), silent_for(9), true, "false alarm")]
#[case::nothing_wanted_there(3, Ok(RunningServices::default()), silent_for(1), false, "lost")]
fn evidence_is_weighed(
    #[case] failed: usize,
    #[case] services: Result<RunningServices, String>,
    #[case] silent: Option<SignedDuration>,
    #[case] alarm: bool,
    #[case] expected: &str,
) {
    let probe = ProbeResult { asked: 3, failed: vec!["it does not answer".to_owned(); failed] };
    let alarms = if alarm { ["fleet-orchestration-nat-gateway-1-health".parse().unwrap()].into() } else { [].into() };
    let confirmed = confirm(&LossEvidence { probe, services, silent, alarms });
    assert_eq!(kind(&confirmed), expected, "{confirmed:?}");
}

#[test]
fn a_pair_without_a_probe_is_never_lost_by_it() {
    let nothing = LossEvidence { probe: ProbeResult::default(), services: whole(), silent: None, alarms: [].into() };
    assert_eq!(kind(&confirm(&nothing)), "false alarm");
}
