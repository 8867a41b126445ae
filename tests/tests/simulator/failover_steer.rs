//! A person's word to a move that goes on: it holds and goes on, leaves an optional step out, and goes on as a failover where the
//! home of a planned move is lost meanwhile.

use serde_json::{Value, json};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::{DatabaseRole, MovePhase, MoveStage};
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::{RegionLoss, aurora_global};

use crate::failover_questions::asks;
use crate::failover_sources::{SOURCES, make_sources, never_in_two, where_it_is_served};
use crate::failover_steps::with_steps;
use crate::pair_scene::{
    AUTOMATIC, GLOBAL, capacities, ended, estates, home, in_one_region, never_double, stacks, standby, story,
};

const DATABASES: (&str, &str) =
    ("      traffic:\n", "      databases: [{ aurora-global: fleet-orchestration-db }]\n      traffic:\n");

/// Says something to the move that goes on.
fn say(stacks: &mut InMemoryPair, name: &str, mut word: Value) -> FailoverRunState {
    word["mode"] = json!("steer");
    let mut said = stacks.by_hand(&standby(), name, &word);
    stacks.fly(&mut said);
    said.state
}

fn heard() -> FailoverRunState {
    FailoverRunState::Ended(String::new(), None)
}

/// A planned move, up to a phase.
fn up_to(stacks: &mut InMemoryPair, phase: MovePhase) -> FailoverRun {
    let mut moving = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    for _ in 0..500 {
        if phase_of(stacks, &moving) == Some(phase) {
            return moving;
        }
        stacks.step(&mut moving);
    }
    panic!("never in {phase}: {}", story(stacks, &moving));
}

fn phase_of(stacks: &InMemoryPair, moving: &FailoverRun) -> Option<MovePhase> {
    let moves = stacks.pair.standby().moves(&stacks.member(&standby()).id).unwrap();
    moves.into_iter().find(|record| record.header.id == moving.name).map(|record| record.phase)
}

#[test]
fn a_move_that_is_held_by_hand_waits_for_a_yes_and_goes_on() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut moving = up_to(&mut stacks, MovePhase::Scale);
    assert_eq!(say(&mut stacks, "hold", json!({ "hold": true })), heard());
    stacks.fly(&mut moving);
    assert!(asks(&moving).contains("a person wants the move held"), "{}", asks(&moving));
    assert_eq!(stacks.pair.serving(), Some(home()), "traffic has not moved");
    stacks.answer(&mut moving, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
}

#[test]
fn a_move_that_is_held_goes_on_at_a_word_without_an_answer() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut moving = up_to(&mut stacks, MovePhase::Scale);
    assert_eq!(say(&mut stacks, "hold", json!({ "hold": true })), heard());
    stacks.fly(&mut moving);
    assert!(matches!(moving.state, FailoverRunState::Asking(_)), "{:?}", moving.state);
    assert_eq!(say(&mut stacks, "go-on", json!({ "hold": false })), heard());
    stacks.minutes(3);
    let mut heir = stacks.failover_runs.pop().unwrap();
    stacks.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&stacks, &heir));
    for told in ["a person wants the move held", "a person lets the move go on"] {
        assert!(story(&stacks, &heir).contains(told), "{}", story(&stacks, &heir));
    }
}

#[test]
fn a_no_to_a_hold_by_hand_takes_the_move_back() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let mut moving = up_to(&mut stacks, MovePhase::Scale);
    assert_eq!(say(&mut stacks, "hold", json!({ "hold": true })), heard());
    stacks.fly(&mut moving);
    stacks.answer(&mut moving, json!({ "approved": false, "by": "Ada" }));
    assert_eq!(ended(&moving).0, "compensated", "{}", story(&stacks, &moving));
    stacks.minutes(3);
    assert_eq!(capacities(&stacks), before);
}

#[test]
fn an_optional_step_that_is_left_out_ends_and_the_move_goes_on() {
    let mut stacks = with_steps(&[("fleet-check", ExecutionStatus::Running)]);
    let mut moving = up_to(&mut stacks, MovePhase::Traffic);
    stacks.step(&mut moving);
    assert_eq!(say(&mut stacks, "skip", json!({ "skip": "fleet-check" })), heard());
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    assert!(story(&stacks, &moving).contains("a person leaves fleet-check out"), "{}", story(&stacks, &moving));
}

#[test]
fn a_word_that_the_move_cannot_follow_is_refused_by_its_field() {
    let mut stacks = with_steps(&[]);
    let refused = |state: FailoverRunState, told: &str| match state {
        FailoverRunState::Failed(why) => assert!(why.contains(told), "{why}"),
        other => panic!("{other:?}"),
    };
    refused(say(&mut stacks, "nothing-moves", json!({ "hold": true })), "mode: found");
    let mut moving = up_to(&mut stacks, MovePhase::Scale);
    refused(say(&mut stacks, "not-optional", json!({ "skip": "fleet-warm" })), "skip: found");
    stacks.fly(&mut moving);
    assert_eq!(ended(&moving), ("done", None), "{}", story(&stacks, &moving));
    refused(say(&mut stacks, "too-late", json!({ "force": true })), "mode: found");
}

/// A planned move whose home is lost after so many steps: a person forces it, or, where nothing has moved yet, starts a failover.
/// Whether there was such a step.
fn lost_after(steps: usize) -> bool {
    let mut stacks = stacks(&estates(&[AUTOMATIC, DATABASES, SOURCES]));
    make_sources(&mut stacks);
    let before = capacities(&stacks);
    let mut moving = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    for _ in 0..steps {
        stacks.step(&mut moving);
    }
    if moving.state != FailoverRunState::Running {
        return false;
    }
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let stage = stacks.pointer(&standby()).moving.map(|moving| moving.stage);
    let context = format!("lost after {steps} steps, {stage:?}");
    if stage == Some(MoveStage::Opening) {
        assert_eq!(say(&mut stacks, "force", json!({ "force": true })), heard(), "{context}");
    }
    for round in 0..12 {
        match &moving.state {
            FailoverRunState::Running => stacks.fly(&mut moving),
            FailoverRunState::Asking(_) => stacks.answer(&mut moving, json!({ "approved": true, "by": "Ada" })),
            FailoverRunState::Ended(ending, _) if ending == "done" => break,
            FailoverRunState::Ended(ending, _) if ending == "held" => {
                moving = stacks.by_hand(&standby(), &format!("heir-{round}"), &json!({ "take-over": true }));
            }
            FailoverRunState::Ended(..) | FailoverRunState::Failed(_) | FailoverRunState::Crashed => {
                let forced = json!({ "approve": ["fence-unproved", "data-loss", "not-ready"] });
                moving = stacks.by_hand(&standby(), &format!("forced-{round}"), &forced);
            }
        }
    }
    assert_eq!(ended(&moving), ("done", None), "{context}: {}", story(&stacks, &moving));
    never_double(&stacks, &context);
    never_in_two(&stacks, &context);
    assert_eq!(stacks.pair.standby().database_role(&aurora_global(GLOBAL)), Some(DatabaseRole::Writer), "{context}");
    in_one_region(&mut stacks, &before, true, &context);
    assert_eq!(stacks.pointer(&standby()).active, standby(), "{context}");
    where_it_is_served(&stacks, &context);
    true
}

#[test]
fn a_planned_move_whose_home_is_lost_at_any_step_ends_in_the_standby_once_a_person_says_so() {
    let steps = (0..200).take_while(|steps| lost_after(*steps)).count();
    assert!((10..200).contains(&steps), "{steps} steps were struck");
}
