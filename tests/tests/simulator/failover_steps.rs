//! Steps of the estate's own within a move, and moves that are held: each runs once, what fails takes the move back, and nothing
//! goes on without the word that the document wants.

use serde_json::{Value, json};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_in_memory::{FailoverRunState, InMemoryPair};

use crate::failover_questions::asks;
use crate::pair_scene::{AUTOMATIC, capacities, counts, ended, estates, home, stacks, standby, story};

const STEPS: (&str, &str) = (
    "      traffic:\n",
    "      steps:\n        - { after: scale, run: fleet-warm, within: 5m, back: fleet-cool }\n        - { after: verify, run: fleet-check, \
     optional: true }\n        - { after: traffic, run: fleet-tell }\n      traffic:\n",
);
const MACHINES: [&str; 4] = ["fleet-warm", "fleet-cool", "fleet-check", "fleet-tell"];
const HELD: (&str, &str) = ("      traffic:\n", "      hold-before: [scale, traffic]\n      traffic:\n");

/// What was started of the estate's own in the standby: machine and input.
fn own(stacks: &InMemoryPair) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, input) in stacks.pair.standby().executions() {
        if name.starts_with("watchkeeper-step-") {
            all.push((name, serde_json::from_str(&input).unwrap()));
        }
    }
    all
}

fn names(stacks: &InMemoryPair) -> Vec<&'static str> {
    MACHINES.into_iter().filter(|machine| own(stacks).iter().any(|(name, _)| name.contains(machine))).collect()
}

pub(crate) fn with_steps(ends: &[(&str, ExecutionStatus)]) -> InMemoryPair {
    with_steps_and(&[], ends)
}

/// The same with more changes of the document.
pub(crate) fn with_steps_and(more: &[(&str, &str)], ends: &[(&str, ExecutionStatus)]) -> InMemoryPair {
    let stacks = stacks(&estates(&[&[AUTOMATIC, STEPS], more].concat()));
    for machine in MACHINES {
        let how = ends.iter().find(|(name, _)| *name == machine);
        stacks.pair.standby().estate_machine(machine, how.map_or(ExecutionStatus::Succeeded, |(_, how)| how.clone()));
    }
    stacks
}

/// However a move went, no step of it was started a second time.
pub(crate) fn each_at_most_once(stacks: &InMemoryPair, context: &str) {
    for machine in MACHINES {
        let started = own(stacks).iter().filter(|(name, _)| name.contains(machine)).count();
        assert!(started <= 1, "{context}: {machine} was started {started} times");
    }
}

fn dead() -> ExecutionStatus {
    ExecutionStatus::Dead("FAILED".to_owned())
}

#[test]
fn each_step_runs_once_in_its_place_and_is_told_what_the_move_is() {
    let mut stacks = with_steps(&[]);
    let mut moving = stacks.by_hand(&standby(), "steps", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    assert_eq!(names(&stacks), ["fleet-warm", "fleet-check", "fleet-tell"]);
    let told = own(&stacks);
    assert_eq!(told.len(), 3, "{told:?}");
    let expected = json!({
        "estate": "fleet-orchestration", "environment": "prod", "region": "us-west-1", "from": "us-west-2", "to": "us-west-1",
        "after": "scale", "graceful": true, "back": false,
    });
    assert!(told.iter().any(|(_, input)| *input == expected), "{told:?}");
}

#[test]
fn an_optional_step_that_fails_is_told_and_the_move_goes_on() {
    let mut stacks = with_steps(&[("fleet-check", dead())]);
    let mut moving = stacks.by_hand(&standby(), "optional", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    assert!(
        story(&stacks, &moving).contains("fleet-check of the estate's own failed: "),
        "{}",
        story(&stacks, &moving)
    );
}

#[test]
fn a_step_that_fails_or_takes_too_long_takes_the_move_back_and_itself() {
    for how in [dead(), ExecutionStatus::Running] {
        let mut stacks = with_steps(&[("fleet-warm", how.clone())]);
        let before = capacities(&stacks);
        let mut moving = stacks.by_hand(&standby(), "fails", &json!({ "mode": "graceful" }));
        stacks.fly(&mut moving);
        assert_eq!(ended(&moving), ("compensated", Some("Failover.Compensated")), "{}", story(&stacks, &moving));
        assert_eq!(names(&stacks), ["fleet-warm", "fleet-cool"], "{how:?}");
        stacks.minutes(3);
        assert_eq!(capacities(&stacks), before, "{how:?}");
    }
}

#[test]
fn a_way_back_that_fails_keeps_nothing_else_from_going_back() {
    let mut stacks = with_steps(&[("fleet-warm", dead()), ("fleet-cool", dead())]);
    let before = capacities(&stacks);
    let mut moving = stacks.by_hand(&standby(), "no-way-back", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving).0, "compensated", "{}", story(&stacks, &moving));
    assert!(story(&stacks, &moving).contains("fleet-cool of the estate's own failed: "));
    stacks.minutes(3);
    assert_eq!(capacities(&stacks), before);
}

#[test]
fn after_traffic_a_step_that_fails_holds_the_move_and_whoever_goes_on_tries_it_again() {
    let mut stacks = with_steps(&[("fleet-tell", dead())]);
    let mut moving = stacks.by_hand(&standby(), "late", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving).0, "held", "{}", story(&stacks, &moving));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    assert_eq!(own(&stacks).len(), 3);
    stacks.pair.standby().estate_machine("fleet-tell", ExecutionStatus::Succeeded);
    let mut heir = stacks.by_hand(&standby(), "heir", &json!({ "take-over": true }));
    stacks.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&stacks, &heir));
    assert_eq!(own(&stacks).len(), 4, "what had failed was tried once more, and nothing else");
}

#[test]
fn a_move_is_held_where_the_document_wants_it_and_each_hold_has_its_own_word() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, HELD]));
    let mut moving = stacks.by_hand(&standby(), "held", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    assert!(asks(&moving).contains("held before scale"), "{}", asks(&moving));
    assert_eq!(counts(&stacks, &standby()), [0, 0, 0, 0], "nothing has started");
    stacks.answer(&mut moving, json!({ "approved": true, "by": "Ada" }));
    assert!(asks(&moving).contains("held before traffic"), "{}", asks(&moving));
    assert_eq!(stacks.pair.serving(), Some(home()), "traffic has not moved");
    stacks.answer(&mut moving, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
}

#[test]
fn a_no_to_a_hold_takes_the_move_back() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, HELD]));
    let before = capacities(&stacks);
    let mut moving = stacks.by_hand(&standby(), "no", &json!({ "mode": "graceful" }));
    stacks.fly(&mut moving);
    stacks.answer(&mut moving, json!({ "approved": true, "by": "Ada" }));
    stacks.answer(&mut moving, json!({ "approved": false, "by": "Ada" }));
    assert!(matches!(moving.state, FailoverRunState::Ended(..)), "{:?}", moving.state);
    assert_eq!(ended(&moving).0, "compensated", "{}", story(&stacks, &moving));
    stacks.minutes(3);
    assert_eq!(capacities(&stacks), before);
}

#[test]
fn what_is_approved_beforehand_is_not_held() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, HELD]));
    let mut moving = stacks.by_hand(&standby(), "beforehand", &json!({ "mode": "graceful", "approve": ["held"] }));
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
}
