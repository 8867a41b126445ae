//! Event sources within a move: off where the pair is left before data is promoted, on where it is served once traffic is there,
//! as they were where the move goes back. None is on in two regions that answer, none is lost, and what somebody had switched
//! off stays off.

use std::time::Duration;

use serde_json::json;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::SourceState;
use watchkeeper_domain::name::Region;
use watchkeeper_in_memory::{FailoverRun, InMemoryPair};
use watchkeeper_sim::{Operation, RegionLoss, SimRegion, event_mapping, event_rule, event_schedule};

use crate::pair_scene::{AUTOMATIC, ended, estates, home, say_yes, stacks, standby, story};

pub(crate) const SOURCES: (&str, &str) = (
    "      traffic:\n",
    "      sources:\n        - { event-source-mapping: fleet-worker, reads: fleet-orders }\n        - { schedule: fleet-nightly }\n        \
     - { rule: fleet-uploads }\n      traffic:\n",
);
const GLOBAL: (&str, &str) =
    ("      traffic:\n", "      databases: [{ aurora-global: fleet-orchestration-db }]\n      traffic:\n");
const FORCED: [&str; 3] = ["fence-unproved", "data-loss", "not-ready"];

/// The mapping, the schedule and the rule.
fn sources() -> [EventSource; 3] {
    [event_mapping("fleet-worker", "fleet-orders"), event_schedule("fleet-nightly"), event_rule("fleet-uploads")]
}

/// All on at home but the rule, which somebody has switched off; all off in the standby.
pub(crate) fn make_sources(stacks: &mut InMemoryPair) {
    for (source, on) in sources().into_iter().zip([true, true, false]) {
        stacks.pair.home().set_source(&source, Some(if on { SourceState::On } else { SourceState::Off }));
        stacks.pair.standby().set_source(&source, Some(SourceState::Off));
    }
    // The home tells of it, and the standby's replica of the ledger has it.
    stacks.minutes(2);
}

fn pair(more: &[(&str, &str)]) -> InMemoryPair {
    let mut stacks = stacks(&estates(&[&[AUTOMATIC, SOURCES], more].concat()));
    make_sources(&mut stacks);
    stacks
}

/// Which of them are on in a region: mapping, schedule, rule. One that is on its way is neither.
fn on(region: &SimRegion) -> [Option<bool>; 3] {
    sources().map(|source| match region.source_state(&source) {
        Some(SourceState::On) => Some(true),
        Some(SourceState::Off) | None => Some(false),
        Some(_) => None,
    })
}

const WORK: [Option<bool>; 3] = [Some(true), Some(true), Some(false)];
const NONE: [Option<bool>; 3] = [Some(false); 3];

/// However a move went, the sources work where the pair is served, and nowhere else.
pub(crate) fn where_it_is_served(stacks: &InMemoryPair, context: &str) {
    let active = stacks.pointer(&standby()).active;
    let expected = if active == home() { [WORK, NONE] } else { [NONE, WORK] };
    assert_eq!([on(&stacks.pair.home()), on(&stacks.pair.standby())], expected, "{context}");
}

/// No source was on in two regions that both answered.
pub(crate) fn never_in_two(stacks: &InMemoryPair, context: &str) {
    assert_eq!(stacks.pair.home().doubled_source(), None, "{context}");
}

#[expect(clippy::needless_pass_by_value, reason = "it makes the tests short")]
fn moves(stacks: &mut InMemoryPair, region: &Region, request: serde_json::Value) -> FailoverRun {
    let mut moving = stacks.by_hand(region, "sources", &request);
    stacks.fly(&mut moving);
    moving
}

#[test]
fn sources_go_with_the_pair_and_come_home_with_it() {
    let mut stacks = pair(&[]);
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    where_it_is_served(&stacks, "away");
    let told = story(&stacks, &moving);
    let at = |what: &str| told.find(what).unwrap_or_else(|| panic!("no {what:?} in {told}"));
    assert!(
        at("event source mapping of fleet-worker from fleet-orders is off in us-west-2") < at("is verified"),
        "{told}"
    );
    assert!(at("traffic is pointed") < at("schedule default/fleet-nightly is on in us-west-1"), "{told}");
    stacks.minutes(90);
    let mut back = stacks.by_hand(&home(), "home-again", &json!({ "mode": "graceful" }));
    say_yes(&mut stacks, &mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(1);
    where_it_is_served(&stacks, "home again");
    never_in_two(&stacks, "there and back");
}

#[test]
fn data_is_promoted_only_once_no_source_works_over_there() {
    let mut stacks = pair(&[GLOBAL]);
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    let calls = stacks.pair.standby().calls();
    let index = |operation: Operation, last: bool| {
        let mut all =
            calls.iter().filter(|call| call.operation == operation && (call.abroad || !last)).map(|call| call.index);
        if last { all.next_back().unwrap() } else { all.next().unwrap() }
    };
    assert!(index(Operation::SwitchSource, true) < index(Operation::SwitchoverGlobalCluster, false));
}

#[test]
fn a_lost_home_is_not_waited_for_and_switches_its_own_sources_off_once_it_is_back() {
    let mut stacks = pair(&[]);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let moving = moves(&mut stacks, &standby(), json!({ "approve": FORCED }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    assert_eq!(on(&stacks.pair.standby()), WORK, "what the home had off is off here, by what it told");
    never_in_two(&stacks, "while the home is lost");
    stacks.pair.regain(&home());
    stacks.minutes(3);
    where_it_is_served(&stacks, "the home is back");
}

#[test]
fn a_source_that_is_missing_or_cannot_be_switched_holds_a_planned_move_before_anything_is_changed() {
    for state in [None, Some(SourceState::Unfit("a rule that a service manages".to_owned()))] {
        let mut stacks = pair(&[]);
        stacks.pair.standby().set_source(&event_rule("fleet-uploads"), state.clone());
        let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
        assert_eq!(ended(&moving), ("refused", Some("Guardrail.Refused")), "{state:?}: {}", story(&stacks, &moving));
        assert_eq!(on(&stacks.pair.home()), WORK);
    }
}

#[test]
fn a_home_that_cannot_switch_a_source_off_keeps_a_planned_move_from_promoting() {
    let mut stacks = pair(&[]);
    let unfit = SourceState::Unfit("a rule that a service manages".to_owned());
    stacks.pair.home().set_source(&event_rule("fleet-uploads"), Some(unfit));
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving), ("compensated", Some("Failover.Compensated")), "{}", story(&stacks, &moving));
    assert_eq!(on(&stacks.pair.home())[..2], WORK[..2]);
    assert_eq!(on(&stacks.pair.standby()), NONE);
}

#[test]
fn a_move_that_goes_back_brings_its_sources_back() {
    let mut stacks =
        pair(&[("      traffic:\n", "      steps: [{ after: scale, run: fleet-warm }]\n      traffic:\n")]);
    stacks.pair.standby().estate_machine("fleet-warm", ExecutionStatus::Dead("FAILED".to_owned()));
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving), ("compensated", Some("Failover.Compensated")), "{}", story(&stacks, &moving));
    assert!(story(&stacks, &moving).contains("schedule default/fleet-nightly is off in us-west-2"));
    where_it_is_served(&stacks, "back");
    never_in_two(&stacks, "back");
}

#[test]
fn a_source_that_is_on_its_way_is_waited_for() {
    let mut stacks = pair(&[]);
    let [mapping, ..] = sources();
    stacks.pair.home().set_source(&mapping, Some(SourceState::Changing("Updating".to_owned())));
    let mut moving = stacks.by_hand(&standby(), "waits", &json!({ "mode": "graceful" }));
    stacks.pair.home().source_becomes_later(&mapping, true, Duration::from_secs(40));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    where_it_is_served(&stacks, "waited for");
}

#[test]
fn what_somebody_switches_on_in_a_region_that_does_not_serve_goes_off_again_once_the_pair_has_moved() {
    let mut stacks = pair(&[]);
    let [_, schedule, _] = sources();
    stacks.pair.standby().set_source(&schedule, Some(SourceState::On));
    stacks.minutes(2);
    assert_eq!(on(&stacks.pair.standby())[1], Some(true), "a pair that never moved is its owner's");
    stacks.pair.standby().set_source(&schedule, Some(SourceState::Off));
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    stacks.pair.home().set_source(&schedule, Some(SourceState::On));
    stacks.minutes(2);
    where_it_is_served(&stacks, "the fence asserts itself");
}

#[test]
fn sources_that_do_not_come_on_hold_the_move_for_a_person_who_goes_on() {
    let mut stacks = pair(&[]);
    let [mapping, ..] = sources();
    stacks.pair.standby().set_source(&mapping, Some(SourceState::Changing("Updating".to_owned())));
    let moving = moves(&mut stacks, &standby(), json!({ "mode": "graceful" }));
    assert_eq!(ended(&moving).0, "held", "{}", story(&stacks, &moving));
    assert!(story(&stacks, &moving).contains("event sources are not on in us-west-1"));
    stacks.pair.standby().set_source(&mapping, Some(SourceState::Off));
    let heir = moves_on(&mut stacks);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&stacks, &heir));
    where_it_is_served(&stacks, "gone on with");
}

fn moves_on(stacks: &mut InMemoryPair) -> FailoverRun {
    let mut heir = stacks.by_hand(&standby(), "heir", &json!({ "take-over": true }));
    stacks.fly(&mut heir);
    heir
}
