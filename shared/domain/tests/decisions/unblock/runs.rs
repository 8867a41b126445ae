//! When a run is over, and when the hour of an estate has come.

use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::unblock::{RunFate, UnblockHour, run_fate};
use watchkeeper_domain::value::Zone;

use super::scene::{NOW, at, section};

#[rstest]
#[case::not_over(1, ExecutionStatus::Dead("FAILED".to_owned()), RunFate::Alone)]
#[case::over_and_dead(-1, ExecutionStatus::Dead("FAILED".to_owned()), RunFate::Over("FAILED".to_owned()))]
#[case::over_and_alive(-1, ExecutionStatus::Running, RunFate::Lingers)]
#[case::over_and_unknown(-1, ExecutionStatus::Unknown, RunFate::Unproved)]
#[case::forgotten(-91 * 86_400, ExecutionStatus::Unknown, RunFate::Over("forgotten".to_owned()))]
fn a_run_is_over_by_two_proofs(#[case] ended: i64, #[case] status: ExecutionStatus, #[case] expected: RunFate) {
    assert_eq!(run_fate(at(NOW) + SignedDuration::from_secs(ended), &status, at(NOW)), expected);
}

#[rstest]
#[case::on_time("2026-11-23T14:00:00Z", Some("2026-11-23T14:00:00Z"))]
#[case::a_second_early("2026-11-23T13:59:59Z", None)]
#[case::late("2026-11-23T20:00:00Z", Some("2026-11-23T14:00:00Z"))]
#[case::saturday_morning("2026-11-28T13:59:00Z", Some("2026-11-27T14:00:00Z"))]
#[case::saturday_later("2026-11-28T14:00:00Z", None)]
#[case::sunday("2026-11-29T14:00:00Z", None)]
#[case::before_spring("2027-03-12T14:00:00Z", Some("2027-03-12T14:00:00Z"))]
#[case::after_spring("2027-03-15T13:00:00Z", Some("2027-03-15T13:00:00Z"))]
#[case::before_autumn("2026-10-30T13:00:00Z", Some("2026-10-30T13:00:00Z"))]
#[case::after_autumn("2026-11-02T14:00:00Z", Some("2026-11-02T14:00:00Z"))]
#[case::an_hour_early_after_autumn("2026-11-02T13:00:00Z", None)]
fn nine_oclock_is_local(#[case] instant: &str, #[case] due: Option<&str>) {
    assert_eq!(UnblockHour::of(&section()).last_due(at(instant)), due.map(at));
}

proptest! {
    /// In every zone, at every minute of the day, over a whole year: one due instant a local day, never two, never none.
    #[test]
    fn every_day_of_every_zone_has_one_due_instant(zone in 0usize..600, start in 0i64..365, minute in 0u16..1440) {
        let names = Zone::all_names();
        let zone: Zone = names[zone % names.len()].parse().unwrap();
        let mut section = section();
        section.at = format!("{:02}:{:02}", minute / 60, minute % 60).parse().unwrap();
        section.days = "mon-sun".parse().unwrap();
        section.zone = zone.clone();
        let hour = UnblockHour::of(&section);
        let from = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * start);
        let mut seen = std::collections::BTreeSet::new();
        for tick in 0..(6 * 24 * 12) {
            let instant = from + SignedDuration::from_mins(5 * tick);
            if let Some(due) = hour.last_due(instant) {
                prop_assert!(due <= instant);
                seen.insert(due);
            }
        }
        let days: Vec<_> = seen.iter().map(|due| due.to_zoned(zone.rules().clone()).date()).collect();
        let mut unique = days.clone();
        unique.dedup();
        prop_assert_eq!(&days, &unique, "two on one day in {}", zone.name());
        for pair in days.windows(2) {
            let gap = pair[1].since(pair[0]).unwrap().get_days();
            // A zone may leave a date out altogether.
            prop_assert!(gap == 1 || pair[0].checked_add(1.day()).is_ok_and(|d| zone.rules().to_zoned(d.at(0, 0, 0, 0)).unwrap().date() != d));
        }
    }
}
