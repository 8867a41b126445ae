//! Runs that could not begin, or not be closed: who waits for them hears of it, once.

use serde_json::json;
use watchkeeper_domain::capacity::{Rollout, ServiceId};
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion};

use crate::scene::{ENGINE, afternoon, asleep, at, evening, minutes};

fn failing(operation: Operation) -> FaultPlan {
    FaultPlan::none().always(operation, CallTrouble::Error)
}

/// The minutes after the evening's first tick at which people were told of a run that could not be made.
fn told(sim: &SimRegion) -> Vec<i64> {
    let told = sim
        .messages()
        .into_iter()
        .filter(|message| message.subject.starts_with("clos-v2 dev: a run could not be made"));
    told.map(|message| message.at.duration_since(evening()).as_mins()).collect()
}

fn ticks(harness: &mut InMemoryHarness, number: i64) {
    for tick in 0..number {
        harness.tick(evening() + minutes(5 * tick));
    }
}

#[test]
fn ticks_whose_runs_cannot_begin_are_told_once_after_ten_minutes() {
    for operation in [Operation::LedgerTakeLease, Operation::LedgerCommit, Operation::DescribeServices] {
        let mut harness = afternoon();
        harness.sim.set_faults(failing(operation));
        ticks(&mut harness, 12);
        let told = told(&harness.sim);
        assert!(matches!(told[..], [minute] if (10..20).contains(&minute)), "{operation}: {told:?}");
        harness.sim.set_faults(FaultPlan::none());
        harness.tick(evening() + minutes(60));
        assert!(asleep(&harness.sim.capacity()), "{operation}");
    }
}

#[test]
fn a_trouble_that_passes_with_the_next_tick_is_no_news() {
    let mut harness = afternoon();
    harness.sim.set_faults(failing(Operation::LedgerTakeLease));
    ticks(&mut harness, 2);
    harness.sim.set_faults(FaultPlan::none());
    harness.tick(evening() + minutes(10));
    assert_eq!(told(&harness.sim), [0_i64; 0]);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn a_ledger_that_takes_nothing_at_all_is_told_at_most_twice_an_hour() {
    let mut harness = afternoon();
    let plan = [Operation::LedgerTakeLease, Operation::LedgerReadNote, Operation::LedgerWriteNote].into_iter();
    harness.sim.set_faults(plan.fold(FaultPlan::none(), |plan, operation| plan.always(operation, CallTrouble::Error)));
    ticks(&mut harness, 24);
    assert!((2..=4).contains(&told(&harness.sim).len()), "{:?}", told(&harness.sim));
}

#[test]
fn a_person_hears_at_once_that_the_run_could_not_be_made_and_reads_what_was_wrong_with_the_input() {
    let harness = afternoon();
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "2h"});
    harness.sim.set_faults(failing(Operation::LedgerTakeLease));
    let ExecutionEnd::Failed { .. } = harness.execute("by-hand", &wish) else { panic!("it began") };
    let messages = harness.sim.messages();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.subject, "clos-v2 dev: a run could not be made: Aws.Unavailable");
    assert!(message.text.contains("Run: by-hand") && message.text.contains("What to do:"), "{}", message.text);
    harness.sim.set_faults(FaultPlan::none());
    for mistake in [
        json!({"estate": "clos-v2", "environment": "dev", "want": "asleep"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "reason": "x", "by": "ada", "mode": "plan"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "by": "ada"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "reason": "x"}),
        json!(["clos-v2", "dev"]),
        json!({"estate": "no-such", "environment": "dev"}),
    ] {
        let ExecutionEnd::Failed { .. } = harness.execute("mistaken", &mistake) else {
            panic!("{mistake} was accepted")
        };
    }
    assert_eq!(harness.sim.messages().len(), 1, "whoever started it reads it in the execution");
    assert_eq!((harness.sim.writes(), harness.sim.count(Operation::LedgerSetHalt)), (0, 0));
}

#[test]
fn a_run_that_cannot_be_closed_is_told() {
    let mut harness = afternoon();
    // Everything is written, and then nothing more can be.
    harness.sim.set_faults(failing(Operation::PutEvents));
    ticks(&mut harness, 1);
    let by_hand = json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "2h"});
    let ExecutionEnd::Failed { .. } = harness.execute("by-hand", &by_hand) else { panic!("it was closed") };
    assert_eq!(told(&harness.sim).len(), 1, "{:?}", harness.sim.messages());
}

#[test]
fn turning_the_halt_switch_is_told_with_name_and_reason() {
    let harness = afternoon();
    harness.execute("halt", &json!({"halt": true, "reason": "migration", "by": "ada"}));
    harness.execute("lift", &json!({"halt": false, "by": "grace"}));
    let messages = harness.sim.messages();
    let subjects: Vec<&str> = messages.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(subjects, ["everything is halted", "everything is not halted any more"]);
    assert!(messages[0].text.contains("Why: migration.") && messages[0].text.contains("By: ada."));
    let events = harness.sim.events();
    assert_eq!(events[0].detail_type, "Watchkeeper Halt Switched");
    assert_eq!((&events[0].detail["halted"], &events[1].detail["by"]), (&json!(true), &json!("grace")));
}

#[test]
fn a_deployment_in_a_hook_holds_the_night_up_for_half_an_hour_and_then_is_told() {
    let mut harness = afternoon();
    harness.sim.set_now(evening() - minutes(1));
    harness.sim.change_rollout(&ServiceId::try_from(ENGINE.to_owned()).unwrap(), Rollout::Paused);
    harness.tick(evening());
    assert_eq!(harness.sim.writes(), 0);
    harness.tick(evening() + minutes(35));
    assert!(asleep(&harness.sim.capacity()));
    let messages = harness.sim.messages();
    assert!(messages.iter().all(|message| message.text.contains("waits in a lifecycle hook")), "{messages:?}");
    harness.tick(at("2026-11-20T13:05:00Z"));
    assert!(!asleep(&harness.sim.capacity()), "and nothing waits for it in the morning");
}
