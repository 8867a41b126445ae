//! Event sources: what follows from how one stands, what a move takes of what it finds, and when a region keeps its own off.
#![allow(clippy::option_option, reason = "not asked, not there, and how it stands")]

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::estate::{EventSource, Failover};
use watchkeeper_domain::failover::report::{message, plan};
use watchkeeper_domain::failover::{
    Move, MoveEnding, MovePhase, Pointer, Serving, SourceDeparture, SourceMove, SourceNext, SourceState, event_sources,
    keeps_sources_off, source_next,
};
use watchkeeper_domain::name::{Region, Scope};

use crate::failover::scene::{at, failover, home, standby};

const NAME: &str = "schedule default/nightly";

fn moving_sources() -> Failover {
    let mut failover = failover(None);
    let list = json!([{ "schedule": "nightly" }, { "event-source-mapping": "worker", "reads": "orders" }]);
    failover.sources = serde_json::from_value(list).unwrap();
    failover
}

fn schedule() -> EventSource {
    event_sources(&moving_sources()).remove(0)
}

fn changing() -> SourceState {
    SourceState::Changing("Creating".to_owned())
}

fn unfit() -> SourceState {
    SourceState::Unfit("managed".to_owned())
}

#[rstest]
#[case(Some(SourceState::On), true, SourceNext::Nothing)]
#[case(Some(SourceState::On), false, SourceNext::Switch)]
#[case(Some(SourceState::Off), true, SourceNext::Switch)]
#[case(Some(SourceState::Off), false, SourceNext::Nothing)]
#[case(Some(changing()), true, SourceNext::Wait(format!("{NAME}: Creating")))]
#[case(Some(changing()), false, SourceNext::Wait(format!("{NAME}: Creating")))]
#[case(Some(unfit()), true, SourceNext::Impossible(format!("{NAME}: managed")))]
#[case(Some(unfit()), false, SourceNext::Impossible(format!("{NAME}: managed")))]
#[case(None, true, SourceNext::Impossible(format!("{NAME} does not exist")))]
#[case(None, false, SourceNext::Nothing)]
fn what_follows_from_how_a_source_stands(
    #[case] state: Option<SourceState>,
    #[case] on: bool,
    #[case] expected: SourceNext,
) {
    assert_eq!(source_next(&schedule(), state.as_ref(), on), expected);
}

#[rstest]
#[case::on(Some(Some(SourceState::On)), false, true)]
#[case::off(Some(Some(SourceState::Off)), false, false)]
#[case::not_there(Some(None), false, false)]
#[case::on_its_way(Some(Some(changing())), false, true)]
#[case::of_a_service(Some(Some(unfit())), false, true)]
#[case::what_is_seen_counts_and_not_what_was_told(Some(Some(SourceState::On)), true, true)]
#[case::told_off_by_a_region_that_is_silent(None, true, false)]
#[case::never_told_of(None, false, true)]
fn a_move_switches_on_what_was_on_and_nothing_else(
    #[case] found: Option<Option<SourceState>>,
    #[case] told_off: bool,
    #[case] was_on: bool,
) {
    let off: BTreeSet<EventSource> = told_off.then(schedule).into_iter().collect();
    let taken = SourceMove::of(&schedule(), found.as_ref().map(Option::as_ref), &off);
    assert_eq!((taken.was_on, taken.is_to_leave(), taken.is_to_arrive()), (was_on, was_on, was_on));
    assert_eq!(taken.is_to_return(), was_on && found.is_some(), "what nobody saw is not given back");
}

/// The pointer of each step of a move to the standby, and who keeps sources off.
#[test]
fn a_region_keeps_its_sources_off_once_it_does_not_serve_any_more() {
    let keeps = |pointer: &Pointer| [home(), standby()].map(|region: Region| keeps_sources_off(pointer, &region));
    let first = Pointer::at_home(&home());
    assert_eq!(keeps(&first), [false, false], "a pair that never moved is its owner's");
    let opening = first.begin(&standby(), Serving::new(), BTreeSet::new(), "one", at(0)).unwrap();
    assert_eq!(keeps(&opening), [false, false], "the move has them in hand");
    let traffic = opening.commit("one").unwrap();
    assert_eq!(keeps(&traffic), [true, false]);
    assert_eq!(keeps(&traffic.settle("one", at(60)).unwrap()), [true, false]);
    let back = opening.turn_back("one").unwrap();
    assert_eq!(keeps(&back), [false, false]);
    assert_eq!(keeps(&back.restore("one", at(60)).unwrap()), [false, true]);
}

fn scope() -> Scope {
    serde_json::from_value(json!({ "estate": "fleet-orchestration", "environment": "prod", "region": "us-west-1" }))
        .unwrap()
}

fn done(departure: SourceDeparture) -> String {
    let mut record = Move::new("one", &home(), &standby(), MovePhase::Settle, at(0));
    record.sources = vec![SourceMove { source: schedule(), was_on: true, departure, arrived: true }];
    record.end(MoveEnding::Done, at(60));
    message(&scope(), &moving_sources(), &record).unwrap().text
}

#[test]
fn a_person_hears_of_a_source_that_was_not_seen_off() {
    let told = "Not seen off in us-west-2, and on in us-west-1 now: schedule default/nightly. The stack in us-west-2 switches \
                them off once it sees the pointer; until then their work may be started twice";
    for departure in [SourceDeparture::Unseen, SourceDeparture::Seen] {
        assert!(done(departure).contains(told), "{}", done(departure));
    }
    assert!(!done(SourceDeparture::Off).contains("Not seen off"));
}

#[test]
fn a_plan_names_the_sources_and_when_they_are_switched() {
    let record = Move::new("one", &home(), &standby(), MovePhase::Assess, at(0));
    let text = plan("fleet-orchestration/prod", &moving_sources(), &record);
    let off = "before that, schedule default/nightly, event source mapping of worker from orders: off in us-west-2, as far as it \
               answers; seconds";
    let on = "those of the event sources that were on in us-west-2 are on in us-west-1; seconds";
    assert!(text.find(off).unwrap() < text.find(on).unwrap(), "{text}");
    assert!(!plan("fleet-orchestration/prod", &failover(None), &record).contains("source"));
}
