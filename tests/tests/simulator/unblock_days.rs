//! The days of the daily unblock: both clock changes, outages, and environments without a section.

use jiff::{Timestamp, ToSpan};
use serde_json::json;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness, documents};

use crate::unblock_scene::{BUS, DEAD, QUEUE, at, bodies, letter, monday, quiet};

/// Ticks every five minutes from one instant to another, and tells when a run of production began.
fn runs_between(harness: &mut InMemoryHarness, from: &str, to: &str, out: &[(&str, &str)]) -> Vec<Timestamp> {
    let mut began = Vec::new();
    let mut instant = at(from);
    while instant < at(to) {
        let lost = out.iter().any(|(from, to)| (at(from)..at(to)).contains(&instant));
        if !lost {
            let played = harness.unblock_tick(instant);
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
        let mut harness = quiet();
        harness.sim.set_now(at(from));
        let began = runs_between(&mut harness, from, to, &[]);
        // The Thursday before is made up for at the first tick, because its run is less than a day ago.
        assert_eq!(began[1..], expected.map(at));
        let nine = |instant: &Timestamp| instant.in_tz("America/New_York").unwrap().hour() == 9;
        assert!(began[1..].iter().all(nine), "{began:?}");
    }
}

#[test]
fn after_an_outage_it_is_caught_up_once_and_not_after_a_day() {
    let mut harness = quiet();
    let out = [("2026-11-23T13:00:00Z", "2026-11-23T19:22:00Z"), ("2026-11-26T12:00:00Z", "2026-11-28T15:00:00Z")];
    let began = runs_between(&mut harness, "2026-11-23T12:00:00Z", "2026-11-30T12:00:00Z", &out);
    let expected = ["2026-11-23T19:25:00Z", "2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z"].map(at);
    // Thursday's and Friday's were missed; on Saturday afternoon both are more than a day ago.
    assert_eq!(began, expected);
}

#[test]
fn an_environment_without_a_section_is_looked_after_too_and_quietly() {
    let mut harness = quiet().in_account("123456789012");
    let played = harness.unblock_tick(monday());
    let names: Vec<&str> = played.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("clos-v2-dev-unblock")), "{names:?}");
    assert!(played.iter().all(|(_, end)| matches!(end, ExecutionEnd::Succeeded(_))), "{played:?}");
    let about = |harness: &InMemoryHarness| {
        harness.sim.messages().iter().filter(|message| message.subject.starts_with("clos-v2 dev")).count()
    };
    assert_eq!(about(&harness), 0, "{:?}", harness.sim.messages());
    assert_eq!(harness.sim.bus_events(BUS), []);
}

/// A queue is all that this estate has.
const DESK: &str = r#"
estate: desk
environments:
  prod:
    kind: production
    account: "210987654321"
    regions: { primary: us-east-1 }
    unblock:
      at: "09:00"
      days: mon-fri
      zone: America/New_York
      queues:
        - { queue: clos-v2-async-processing-queue, dead-letters: clos-v2-async-processing-queue-dlq, redrive: true, poison: 3 }
"#;

/// A stack with that estate, somewhere, and a message that waits.
fn desk(region: &str, account: &str) -> InMemoryHarness {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("desk.yaml"), DESK).unwrap();
    let sim = quiet().sim;
    sim.put_letter(DEAD, letter("first", None));
    InMemoryHarness::over(sim, documents(folder.path()), region).in_account(account)
}

#[test]
fn an_environment_without_services_and_databases_is_looked_after_where_its_queues_are() {
    let by_hand = json!({ "estate": "desk", "environment": "prod" });
    let mut here = desk("us-east-1", "210987654321");
    let played = here.unblock_tick(monday());
    let [(name, ExecutionEnd::Succeeded(_))] = &played[..] else { panic!("{played:?}") };
    assert_eq!(name, "desk-prod-unblock-20261123T140000Z");
    assert_eq!(bodies(&here, QUEUE), ["body of first"]);
    assert!(matches!(here.unblock("by-hand", &by_hand), ExecutionEnd::Succeeded(_)));
    for (region, account) in [("us-west-2", "210987654321"), ("us-east-1", "123456789012")] {
        let mut elsewhere = desk(region, account);
        assert_eq!(elsewhere.unblock_tick(monday()), [], "{region}, {account}");
        let ExecutionEnd::Failed { cause: why, .. } = elsewhere.unblock("by-hand", &by_hand) else {
            panic!("{region}, {account}")
        };
        assert!(why.contains("environment"), "{why}");
        assert_eq!(bodies(&elsewhere, QUEUE), Vec::<String>::new(), "{region}, {account}");
    }
}
