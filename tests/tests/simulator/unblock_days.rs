//! The days of the daily unblock: both clock changes, outages, and environments without a section.

use jiff::{Timestamp, ToSpan};
use watchkeeper_tests::in_memory::{ExecutionEnd, InMemoryHarness};

use crate::unblock_scene::{BUS, at, monday, quiet};

/// Ticks every five minutes from one instant to another, and tells when a run of production began.
fn runs_between(rehearsal: &mut InMemoryHarness, from: &str, to: &str, out: &[(&str, &str)]) -> Vec<Timestamp> {
    let mut began = Vec::new();
    let mut instant = at(from);
    while instant < at(to) {
        let lost = out.iter().any(|(from, to)| (at(from)..at(to)).contains(&instant));
        if !lost {
            let played = rehearsal.unblock_tick(instant);
            began.extend(played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod")).map(|_| instant));
        }
        instant = instant.checked_add(5.minutes()).unwrap();
    }
    began
}

#[test]
fn it_runs_at_nine_on_both_sides_of_both_clock_changes_once() {
    // Clocks go forward on Sunday 14 March 2027, and back on Sunday 7 November.
    for (from, to, expected) in [
        (
            "2027-03-12T00:00:00Z",
            "2027-03-17T00:00:00Z",
            ["2027-03-12T14:00:00Z", "2027-03-15T13:00:00Z", "2027-03-16T13:00:00Z"],
        ),
        (
            "2027-11-05T00:00:00Z",
            "2027-11-10T00:00:00Z",
            ["2027-11-05T13:00:00Z", "2027-11-08T14:00:00Z", "2027-11-09T14:00:00Z"],
        ),
    ] {
        let mut rehearsal = quiet();
        rehearsal.world.set_now(at(from));
        let began = runs_between(&mut rehearsal, from, to, &[]);
        // The Thursday before is made up for at the first tick, because its run is less than a day ago.
        assert_eq!(began[1..], expected.map(at));
        let nine = |instant: &Timestamp| instant.in_tz("America/New_York").unwrap().hour() == 9;
        assert!(began[1..].iter().all(nine), "{began:?}");
    }
}

#[test]
fn after_an_outage_it_is_caught_up_once_and_not_after_a_day() {
    let mut rehearsal = quiet();
    let out = [("2026-11-23T13:00:00Z", "2026-11-23T19:22:00Z"), ("2026-11-26T12:00:00Z", "2026-11-28T15:00:00Z")];
    let began = runs_between(&mut rehearsal, "2026-11-23T12:00:00Z", "2026-11-30T12:00:00Z", &out);
    let expected = ["2026-11-23T19:25:00Z", "2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z"].map(at);
    // Thursday's and Friday's were missed; on Saturday afternoon both are more than a day ago.
    assert_eq!(began, expected);
}

#[test]
fn an_environment_without_a_section_is_looked_after_too_and_quietly() {
    let mut rehearsal = quiet().in_account("123456789012");
    let played = rehearsal.unblock_tick(monday());
    let names: Vec<&str> = played.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("clos-v2-dev-unblock")), "{names:?}");
    assert!(played.iter().all(|(_, end)| matches!(end, ExecutionEnd::Succeeded(_))), "{played:?}");
    let about = |rehearsal: &InMemoryHarness| {
        rehearsal.world.messages().iter().filter(|message| message.subject.starts_with("clos-v2 dev")).count()
    };
    assert_eq!(about(&rehearsal), 0, "{:?}", rehearsal.world.messages());
    assert_eq!(rehearsal.world.bus_events(BUS), []);
}
