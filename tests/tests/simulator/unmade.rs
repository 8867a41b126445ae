//! Runs that could not begin, or not be closed: who waits for them hears of it, once.

use serde_json::json;
use watchkeeper_domain::capacity::{Rollout, ServiceId};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion};
use watchkeeper_tests::in_memory::{ExecutionEnd, InMemoryHarness};

use crate::scene::{ENGINE, afternoon, asleep, at, evening, minutes};

fn failing(operation: Operation) -> FaultPlan {
    FaultPlan::none().always(operation, CallTrouble::Error)
}

/// The minutes after the evening's first tick at which people were told of a run that could not be made.
fn told(world: &SimRegion) -> Vec<i64> {
    let told = world
        .messages()
        .into_iter()
        .filter(|message| message.subject.starts_with("clos-v2 dev: a run could not be made"));
    told.map(|message| message.at.duration_since(evening()).as_mins()).collect()
}

fn ticks(rehearsal: &mut InMemoryHarness, number: i64) {
    for tick in 0..number {
        rehearsal.tick(evening() + minutes(5 * tick));
    }
}

#[test]
fn ticks_whose_runs_cannot_begin_are_told_once_after_ten_minutes() {
    for operation in [Operation::LedgerTakeLease, Operation::LedgerCommit, Operation::DescribeServices] {
        let mut rehearsal = afternoon();
        rehearsal.world.set_faults(failing(operation));
        ticks(&mut rehearsal, 12);
        let told = told(&rehearsal.world);
        assert!(matches!(told[..], [minute] if (10..20).contains(&minute)), "{operation}: {told:?}");
        rehearsal.world.set_faults(FaultPlan::none());
        rehearsal.tick(evening() + minutes(60));
        assert!(asleep(&rehearsal.world.capacity()), "{operation}");
    }
}

#[test]
fn a_trouble_that_passes_with_the_next_tick_is_no_news() {
    let mut rehearsal = afternoon();
    rehearsal.world.set_faults(failing(Operation::LedgerTakeLease));
    ticks(&mut rehearsal, 2);
    rehearsal.world.set_faults(FaultPlan::none());
    rehearsal.tick(evening() + minutes(10));
    assert_eq!(told(&rehearsal.world), [0_i64; 0]);
    assert!(asleep(&rehearsal.world.capacity()));
}

#[test]
fn a_ledger_that_takes_nothing_at_all_is_told_at_most_twice_an_hour() {
    let mut rehearsal = afternoon();
    let plan = [Operation::LedgerTakeLease, Operation::LedgerReadNote, Operation::LedgerWriteNote].into_iter();
    rehearsal
        .world
        .set_faults(plan.fold(FaultPlan::none(), |plan, operation| plan.always(operation, CallTrouble::Error)));
    ticks(&mut rehearsal, 24);
    assert!((2..=4).contains(&told(&rehearsal.world).len()), "{:?}", told(&rehearsal.world));
}

#[test]
fn a_person_hears_at_once_that_the_run_could_not_be_made_and_reads_what_was_wrong_with_the_input() {
    let rehearsal = afternoon();
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "2h"});
    rehearsal.world.set_faults(failing(Operation::LedgerTakeLease));
    let ExecutionEnd::Failed { .. } = rehearsal.execute("by-hand", &wish) else { panic!("it began") };
    let messages = rehearsal.world.messages();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.subject, "clos-v2 dev: a run could not be made: Aws.Unavailable");
    assert!(message.text.contains("Run: by-hand") && message.text.contains("What to do:"), "{}", message.text);
    rehearsal.world.set_faults(FaultPlan::none());
    for mistake in [
        json!({"estate": "clos-v2", "environment": "dev", "want": "asleep"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "reason": "x", "by": "ada", "mode": "plan"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "by": "ada"}),
        json!({"estate": "clos-v2", "environment": "dev", "halt": true, "reason": "x"}),
        json!(["clos-v2", "dev"]),
        json!({"estate": "no-such", "environment": "dev"}),
    ] {
        let ExecutionEnd::Failed { .. } = rehearsal.execute("mistaken", &mistake) else {
            panic!("{mistake} was accepted")
        };
    }
    assert_eq!(rehearsal.world.messages().len(), 1, "whoever started it reads it in the execution");
    assert_eq!((rehearsal.world.writes(), rehearsal.world.count(Operation::LedgerSetHalt)), (0, 0));
}

#[test]
fn a_run_that_cannot_be_closed_is_told() {
    let mut rehearsal = afternoon();
    // Everything is written, and then nothing more can be.
    rehearsal.world.set_faults(failing(Operation::PutEvents));
    ticks(&mut rehearsal, 1);
    let by_hand = json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "2h"});
    let ExecutionEnd::Failed { .. } = rehearsal.execute("by-hand", &by_hand) else { panic!("it was closed") };
    assert_eq!(told(&rehearsal.world).len(), 1, "{:?}", rehearsal.world.messages());
}

#[test]
fn turning_the_halt_switch_is_told_with_name_and_reason() {
    let rehearsal = afternoon();
    rehearsal.execute("halt", &json!({"halt": true, "reason": "migration", "by": "ada"}));
    rehearsal.execute("lift", &json!({"halt": false, "by": "grace"}));
    let messages = rehearsal.world.messages();
    let subjects: Vec<&str> = messages.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(subjects, ["everything is halted", "everything is not halted any more"]);
    assert!(messages[0].text.contains("Why: migration.") && messages[0].text.contains("By: ada."));
    let events = rehearsal.world.events();
    assert_eq!(events[0].detail_type, "Watchkeeper Halt Switched");
    assert_eq!((&events[0].detail["halted"], &events[1].detail["by"]), (&json!(true), &json!("grace")));
}

#[test]
fn a_deployment_in_a_hook_holds_the_night_up_for_half_an_hour_and_then_is_told() {
    let mut rehearsal = afternoon();
    rehearsal.world.set_now(evening() - minutes(1));
    rehearsal.world.change_rollout(&ServiceId::try_from(ENGINE.to_owned()).unwrap(), Rollout::Paused);
    rehearsal.tick(evening());
    assert_eq!(rehearsal.world.writes(), 0);
    rehearsal.tick(evening() + minutes(35));
    assert!(asleep(&rehearsal.world.capacity()));
    let messages = rehearsal.world.messages();
    assert!(messages.iter().all(|message| message.text.contains("waits in a lifecycle hook")), "{messages:?}");
    rehearsal.tick(at("2026-11-20T13:05:00Z"));
    assert!(!asleep(&rehearsal.world.capacity()), "and nothing waits for it in the morning");
}
