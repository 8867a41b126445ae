//! Pipelines that wake a sleeping environment for their releases, several at a time.

use serde_json::{Value, json};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness};
use watchkeeper_sim::machine::{Execution, Standing};

use crate::scene::{afternoon, asleep, evening, minutes};

fn awake(id: &str, until: &str) -> Value {
    json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until, "for-release": id})
}

fn over(id: &str) -> Value {
    json!({"estate": "clos-v2", "environment": "dev", "want": "as-scheduled", "for-release": id})
}

/// Asleep, half an hour later.
fn night() -> InMemoryHarness {
    let mut harness = afternoon();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(30));
    harness
}

/// Plays executions beside each other, whichever is due first, to their ends.
fn side_by_side(harness: &InMemoryHarness, requests: &[(&str, Value)]) -> Vec<ExecutionEnd> {
    let mut host = harness.host();
    let start = |(name, request): &(&str, Value)| Execution::start("Reconcile", name, request.clone(), &mut host);
    let mut all: Vec<Execution> = requests.iter().map(start).collect();
    loop {
        let due = |(n, it): (usize, &Execution)| match it.standing() {
            Standing::Due(at) => Some((at, n)),
            _ => None,
        };
        let Some((at, n)) = all.iter().enumerate().filter_map(due).min() else { break };
        harness.sim.set_now(at.max(harness.sim.now()));
        all[n].step(&mut host);
    }
    all.into_iter().map(|it| it.end().cloned().unwrap()).collect()
}

#[test]
fn a_pipeline_waits_for_the_wake_of_another_and_neither_execution_is_lost() {
    let harness = night();
    let requests = [("one", awake("shop-1", "45m")), ("two", awake("shop-2", "45m")), ("three", awake("shop-3", "2h"))];
    let ended = side_by_side(&harness, &requests);
    let outcomes: Vec<&str> = ended.iter().map(ExecutionEnd::outcome).collect();
    assert_eq!(outcomes, ["done", "done", "done"]);
    assert!(!asleep(&harness.sim.capacity()));
}

#[test]
fn it_sleeps_with_the_first_tick_after_the_last_release_has_ended_by_itself() {
    let mut harness = night();
    for (id, until) in [("shop-1", "45m"), ("shop-2", "90m")] {
        assert_eq!(harness.execute(id, &awake(id, until)).outcome(), "done");
    }
    harness.tick(evening() + minutes(80));
    assert!(!asleep(&harness.sim.capacity()), "the second one still holds it");
    harness.tick(evening() + minutes(150));
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn a_person_who_goes_back_to_the_schedule_ends_no_release_of_a_pipeline() {
    let harness = night();
    assert_eq!(harness.execute("pipeline", &awake("shop-1", "45m")).outcome(), "done");
    let back = json!({"estate": "clos-v2", "environment": "dev", "want": "as-scheduled"});
    assert_eq!(harness.execute("person", &back).outcome(), "done");
    let asleep_until = json!({"estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "8h"});
    assert_eq!(harness.execute("sleep", &asleep_until).outcome(), "done");
    assert!(!asleep(&harness.sim.capacity()));
    let told = harness.sim.messages().last().unwrap().text.clone();
    assert!(told.contains("override wants it awake: release shop-1"), "{told}");
    assert!(told.contains("It is put to sleep once nothing keeps it awake any more"), "{told}");
    assert_eq!(harness.execute("end", &over("shop-1")).outcome(), "done");
    assert!(asleep(&harness.sim.capacity()), "what the person wanted holds now");
}

#[test]
fn an_id_that_holds_nothing_is_answered_and_told_to_nobody() {
    let harness = night();
    let before = harness.sim.messages().len();
    let ended = harness.execute("end", &over("shop-9"));
    assert_eq!(ended.outcome(), "nothing");
    assert!(ended.said().starts_with("nothing to end, for no release shop-9 holds it; "), "{}", ended.said());
    assert_eq!(harness.sim.messages().len(), before);
    assert!(asleep(&harness.sim.capacity()));
}
