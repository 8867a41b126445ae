//! A person's word to a move: what it may say, to which move, and what the move makes of it.

use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::estate::OwnStep;
use watchkeeper_domain::failover::{FailoverRequest, Move, MovePhase, MoveWord, PairDatabase, Pointer, Serving};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::MachineName;

use crate::failover::scene::{at, home, standby};

fn request(mut more: Value) -> FailoverRequest {
    more["estate"] = json!("fleet-orchestration");
    more["environment"] = json!("prod");
    serde_json::from_value(more).unwrap()
}

fn step(run: &str, optional: bool) -> OwnStep {
    serde_json::from_value(json!({ "after": "scale", "run": run, "optional": optional })).unwrap()
}

/// A planned move to the standby that opens its services, by `one`.
fn planned() -> (Pointer, Move) {
    let pointer = Pointer::at_home(&home()).begin(&standby(), Serving::new(), [].into(), "one", at(0)).unwrap();
    let mut record = Move::new("one", &home(), &standby(), MovePhase::Scale, at(0));
    (record.graceful, record.epoch) = (true, Some(pointer.epoch));
    record.steps = vec![step("warm", false), step("check", true)];
    (pointer, record)
}

fn word(more: Value, before: Option<&MoveWord>, by: &str) -> MoveWord {
    let (pointer, record) = planned();
    MoveWord::said(&request(more), &pointer, &standby(), Some(&record), before, by).unwrap()
}

#[rstest]
#[case(json!({ "mode": "steer" }), "mode")]
#[case(json!({ "hold": true }), "hold")]
#[case(json!({ "mode": "graceful", "force": true }), "force")]
#[case(json!({ "skip": "check" }), "skip")]
#[case(json!({ "mode": "steer", "hold": true, "take-over": true }), "take-over")]
#[case(json!({ "mode": "steer", "hold": true, "back": true }), "back")]
#[case(json!({ "mode": "steer", "hold": true, "approve": ["held"] }), "approve")]
#[case(json!({ "mode": "steer", "hold": true, "detected": "2026-11-20T03:00:00Z" }), "detected")]
fn a_word_that_says_nothing_or_too_much_is_refused_by_its_field(#[case] more: Value, #[case] field: &str) {
    assert_eq!(request(more).check().unwrap_err().field, field);
}

#[rstest]
#[case(json!({ "mode": "steer", "hold": false }))]
#[case(json!({ "mode": "steer", "force": true, "reason": "us-west-2 is gone" }))]
#[case(json!({ "mode": "steer", "skip": "check" }))]
fn a_word_is_one_of_three(#[case] more: Value) {
    assert_eq!(request(more).check(), Ok(()));
}

#[test]
fn only_a_move_that_goes_on_to_this_region_can_be_told() {
    let (opening, record) = planned();
    let said = |pointer: &Pointer, more: Value, record: Option<&Move>| {
        MoveWord::said(&request(more), pointer, &standby(), record, None, "said").map_err(|bad| bad.field)
    };
    let hold = || json!({ "mode": "steer", "hold": true });
    let force = || json!({ "mode": "steer", "force": true });
    assert!(said(&opening, hold(), Some(&record)).is_ok());
    assert_eq!(said(&Pointer::at_home(&home()), hold(), Some(&record)), Err("mode"));
    assert_eq!(said(&opening, hold(), None), Err("mode"));
    assert_eq!(said(&opening.turn_back("one").unwrap(), hold(), Some(&record)), Err("mode"));
    let traffic = opening.commit("one").unwrap();
    assert!(said(&traffic, hold(), Some(&record)).is_ok());
    assert_eq!(said(&traffic, force(), Some(&record)), Err("force"));
    let forced = Move { graceful: false, ..record.clone() };
    assert_eq!(said(&opening, force(), Some(&forced)), Err("force"));
    for (name, expected) in [("check", Ok(())), ("warm", Err("skip")), ("other", Err("skip"))] {
        let found = said(&opening, json!({ "mode": "steer", "skip": name }), Some(&record)).map(drop);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn words_add_up_and_one_that_is_said_again_by_the_same_execution_is_the_same() {
    let first = word(json!({ "mode": "steer", "skip": "check" }), None, "a");
    let second = word(json!({ "mode": "steer", "hold": true }), Some(&first), "b");
    assert_eq!((second.number, second.hold, second.skip.len()), (2, Some(true), 1));
    assert_eq!(word(json!({ "mode": "steer", "hold": true }), Some(&second), "b"), second);
    let of_another_move = MoveWord { epoch: 9, ..second };
    assert_eq!(word(json!({ "mode": "steer", "hold": true }), Some(&of_another_move), "c").number, 1);
}

#[test]
fn a_move_hears_each_word_once() {
    let (_, mut record) = planned();
    let hold = word(json!({ "mode": "steer", "hold": true }), None, "a");
    assert_eq!(record.hear(&hold), ["a person wants the move held"]);
    assert!(record.is_held());
    record.asks.insert(GuardrailCode::Held, "held".to_owned());
    assert_eq!(record.hear(&hold), Vec::<String>::new());
    let go_on = word(json!({ "mode": "steer", "hold": false }), Some(&hold), "b");
    assert_eq!(record.hear(&go_on), ["a person lets the move go on"]);
    assert!(!record.is_held() && record.passed.contains(&MovePhase::Scale) && record.asks.is_empty());
    let other = MoveWord { epoch: 9, number: 7, ..hold };
    assert_eq!(record.hear(&other), Vec::<String>::new(), "another move's");
}

#[test]
fn a_planned_move_that_is_forced_loses_what_was_not_replicated_and_keeps_what_it_has_switched() {
    for promoted in [false, true] {
        let (_, mut record) = planned();
        if promoted {
            record.promoted.insert(PairDatabase::AuroraGlobal("fleet-db".parse().unwrap()));
        }
        let told = record.hear(&word(json!({ "mode": "steer", "force": true }), None, "a"));
        assert_eq!(told, ["a person takes us-west-2 for lost: the move is a failover from here on"]);
        assert!(!record.graceful && record.header.approved.contains(&GuardrailCode::DataLoss));
        assert_eq!(record.irreversible, promoted, "a switchover cannot be taken back without its other side");
    }
}

#[test]
fn a_step_that_is_left_out_is_in_the_record() {
    let (_, mut record) = planned();
    assert_eq!(
        record.hear(&word(json!({ "mode": "steer", "skip": "check" }), None, "a")),
        ["a person leaves check out"]
    );
    assert!(record.skipped.contains(&MachineName::new("check").unwrap()));
}
