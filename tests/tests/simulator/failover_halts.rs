//! A pair whose standby is halted: nothing could be started there, so nothing is stopped at home.

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_in_memory::{FailoverRunState, InMemoryPair};
use watchkeeper_sim::{RegionLoss, run_until_done_or_crash};

use crate::pair_scene::{
    AUTOMATIC, capacities, counts, ended, estates, home, never_double, say_yes, stacks, standby, started, story,
};

fn halt(stacks: &InMemoryPair, on: bool) {
    let halt = HaltSwitch { by: "ada".to_owned(), reason: "a migration".to_owned(), since: stacks.pair.now() };
    let (sim, scope) = (stacks.pair.standby(), stacks.member(&standby()).scope());
    let halt = on.then_some(&halt);
    run_until_done_or_crash(&sim, sim.set_halt(Some(&scope), halt)).unwrap().unwrap();
}

#[test]
fn a_move_to_a_region_that_is_halted_is_refused_before_anything_is_stopped() {
    for mode in ["apply", "graceful"] {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        let before = capacities(&stacks);
        halt(&stacks, true);
        let mut run = stacks.by_hand(&standby(), "asked", &json!({ "mode": mode }));
        stacks.fly(&mut run);
        assert_eq!(ended(&run), ("refused", Some("Guardrail.Refused")), "{mode}: {}", story(&stacks, &run));
        assert!(story(&stacks, &run).contains("a migration"), "{mode}: {}", story(&stacks, &run));
        stacks.minutes(4);
        assert_eq!(stacks.pair.standby().pointer(&stacks.member(&standby()).id).unwrap(), None, "{mode}");
        assert_eq!(capacities(&stacks), before, "{mode}");
    }
}

#[test]
fn a_halt_that_comes_while_a_person_is_asked_refuses_it_too() {
    let mut stacks = stacks(&estates(&[]));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(2);
    let mut run = started(&mut stacks);
    stacks.fly(&mut run);
    assert!(matches!(run.state, FailoverRunState::Asking(_)), "{:?}", run.state);
    halt(&stacks, true);
    say_yes(&mut stacks, &mut run);
    assert_eq!(ended(&run), ("refused", Some("Guardrail.Refused")), "{}", story(&stacks, &run));
    assert_eq!(stacks.pair.standby().pointer(&stacks.member(&standby()).id).unwrap(), None);
}

#[test]
fn a_loss_while_the_standby_is_halted_is_told_once_and_acted_upon_once_it_is_lifted() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    halt(&stacks, true);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(30);
    assert!(stacks.failover_runs.is_empty(), "{:?}", stacks.failover_runs);
    let told = stacks.pair.standby().messages();
    let told: Vec<&str> = told.iter().map(|it| it.text.as_str()).filter(|it| it.contains("a migration")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    halt(&stacks, false);
    stacks.minutes(2);
    let mut run = started(&mut stacks);
    say_yes(&mut stacks, &mut run);
    assert_eq!(ended(&run), ("done", None), "{}", story(&stacks, &run));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    never_double(&stacks, "halted before");
}
