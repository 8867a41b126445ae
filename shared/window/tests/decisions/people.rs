//! What needs a person, in which order, and what needs nobody.

use jiff::SignedDuration;
use rstest::rstest;
use watchkeeper_domain::failover::readiness::FindingGrade;
use watchkeeper_domain::unblock::{FindingSource, UnblockFinding};
use watchkeeper_window::facts::{BackupFreshness, EnvironmentFacts, Reading, TroubleKind};
use watchkeeper_window::person::{Need, needs, unread};

use crate::scene::*;

fn names(of: &EnvironmentFacts) -> Vec<&'static str> {
    let states = [state(of)];
    let found = needs(&states);
    found
        .iter()
        .map(|it| match it.need {
            Need::Asks(_) => "asks",
            Need::Trouble(_) => "trouble",
            Need::Halted(_) => "halted",
            Need::Held(_) => "held",
            Need::Away(_) => "away",
            Need::NotReady(_) => "not ready",
            Need::Stale(..) => "stale",
            Need::Stuck(_) => "stuck",
        })
        .collect()
}

fn backup(hours: i64) -> BackupFreshness {
    BackupFreshness {
        resource: "rds:shop-db".to_owned().try_into().unwrap(),
        newest: Some(noon() - SignedDuration::from_hours(hours)),
        within_seconds: 30 * 3600,
        failed: Vec::new(),
    }
}

fn stuck(since: Option<&str>) -> UnblockFinding {
    let (code, subject, detail) = ("malformed".to_owned(), "a lock".to_owned(), "a person".to_owned());
    UnblockFinding { source: FindingSource::Locks, code, subject, detail, since: since.map(at) }
}

#[rstest]
#[case::nothing(|_: &mut EnvironmentFacts| {}, &[])]
#[case::a_question(|of: &mut EnvironmentFacts| asks(of, "2026-12-01T17:10:00Z"), &["asks"])]
#[case::a_refusal(|of: &mut EnvironmentFacts| trouble(of, TroubleKind::Refused, "2026-12-01T16:00:00Z"), &["trouble"])]
#[case::a_short_halt(|of: &mut EnvironmentFacts| ledger(of).halt = Some(halted("2026-12-01T16:30:00Z")), &[])]
#[case::a_long_halt(|of: &mut EnvironmentFacts| ledger(of).halt = Some(halted("2026-12-01T15:59:00Z")), &["halted"])]
#[case::a_fresh_backup(|of: &mut EnvironmentFacts| of.backups = Reading::Now(vec![backup(30)]), &[])]
#[case::a_stale_backup(|of: &mut EnvironmentFacts| of.backups = Reading::Now(vec![backup(31), backup(2)]), &["stale"])]
#[case::no_backup(|of: &mut EnvironmentFacts| of.backups = Reading::Now(vec![BackupFreshness { newest: None, ..backup(0) }]), &["stale"])]
#[case::stuck_since_some_time(|of: &mut EnvironmentFacts| of.unblock = Reading::Now(vec![stuck(Some("2026-12-01T08:00:00Z"))]), &["stuck"])]
#[case::found_and_gone(|of: &mut EnvironmentFacts| of.unblock = Reading::Now(vec![stuck(None)]), &[])]
#[case::at_home_and_ready(|of: &mut EnvironmentFacts| pair(of, "us-east-1", None, None), &[])]
#[case::at_home_and_worse(|of: &mut EnvironmentFacts| pair(of, "us-east-1", None, Some(FindingGrade::Degrades)), &[])]
#[case::at_home_and_not_ready(|of: &mut EnvironmentFacts| pair(of, "us-east-1", None, Some(FindingGrade::Blocks)), &["not ready"])]
#[case::away_and_home_could_serve(|of: &mut EnvironmentFacts| pair(of, "us-west-2", None, Some(FindingGrade::Degrades)), &["away"])]
#[case::away_and_home_could_not(|of: &mut EnvironmentFacts| pair(of, "us-west-2", None, Some(FindingGrade::Blocks)), &[])]
#[case::on_its_way(|of: &mut EnvironmentFacts| pair(of, "us-east-1", Some("us-west-2"), Some(FindingGrade::Blocks)), &[])]
fn what_needs_a_person(#[case] make: fn(&mut EnvironmentFacts), #[case] expected: &[&str]) {
    let mut of = awake();
    make(&mut of);
    assert_eq!(names(&of), expected);
}

#[test]
fn trouble_in_the_region_that_stands_by_needs_somebody_as_well() {
    let mut of = awake();
    trouble(&mut of, TroubleKind::Failed, "2026-12-01T16:00:00Z");
    let failed = here(&mut of).clone();
    of = awake();
    pair(&mut of, "us-east-1", None, None);
    of.regions.insert(region("us-west-2"), failed);
    assert_eq!((names(&of), state(&of).word().as_str()), (vec!["trouble"], "awake"));
}

#[test]
fn a_halt_over_what_was_due_needs_somebody_at_once() {
    let mut of = awake();
    ledger(&mut of).halt = Some(halted("2026-12-01T16:50:00Z"));
    let expired = Some("2026-12-01T16:55:00Z");
    ledger(&mut of).intents = vec![intent(
        watchkeeper_domain::intent::Layer::Override,
        watchkeeper_domain::intent::DesiredState::Asleep,
        expired,
    )];
    assert_eq!(names(&of), ["halted"]);
}

#[test]
fn what_runs_out_comes_first_then_the_oldest_and_what_has_no_age_last() {
    let mut of = awake();
    asks(&mut of, "2026-12-01T17:50:00Z");
    asks(&mut of, "2026-12-01T17:10:00Z");
    trouble(&mut of, TroubleKind::Failed, "2026-12-01T16:00:00Z");
    ledger(&mut of).halt = Some(halted("2026-12-01T12:00:00Z"));
    of.backups = Reading::Now(vec![BackupFreshness { newest: None, ..backup(0) }]);
    let states = [state(&of)];
    let found = needs(&states);
    let dues: Vec<_> = found.iter().filter_map(|it| it.due).collect();
    assert_eq!(dues, [at("2026-12-01T17:10:00Z"), at("2026-12-01T17:50:00Z")]);
    assert_eq!(names(&of), ["asks", "asks", "halted", "trouble", "stale"]);
}

#[rstest]
#[case::all(|_: &mut EnvironmentFacts| {}, 0)]
#[case::no_backups(|of: &mut EnvironmentFacts| of.backups = Reading::Unread { why: "no answer".to_owned() }, 1)]
#[case::no_unblock(|of: &mut EnvironmentFacts| of.unblock = Reading::Unread { why: "no answer".to_owned() }, 1)]
#[case::an_old_look(|of: &mut EnvironmentFacts| here(of).observed = Reading::Last { value: tasks(2), at: noon(), why: "late".to_owned() }, 1)]
fn only_what_was_read_counts_as_read(#[case] make: fn(&mut EnvironmentFacts), #[case] expected: usize) {
    let mut of = awake();
    make(&mut of);
    assert_eq!(unread(&[state(&of)]), expected);
}
