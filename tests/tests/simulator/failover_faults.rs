//! A crash, or any other fault, at any call of a move: exhaustive, not sampled. Whatever happened, the singleton never ran
//! twice, traffic went only to a region that was verified, no step of the estate's own was started twice, no event source was on in
//! two regions, and the pair ends in one region, whole.

use serde_json::json;
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::{CallTrouble, FaultPlan, RegionLoss};

use crate::failover_sources::{SOURCES, make_sources, never_in_two, where_it_is_served};
use crate::failover_steps::{each_at_most_once, with_steps_and};
use crate::pair_scene::{capacities, home, in_one_region, standby, story};

/// A move of some kind, up to its end, with every fault that its own calls can have.
struct Case {
    name: &'static str,
    lost: bool,
    request: serde_json::Value,
}

fn planned() -> Case {
    Case { name: "planned", lost: false, request: json!({ "mode": "graceful" }) }
}

fn forced() -> Case {
    Case { name: "forced", lost: true, request: json!({ "approve": ["fence-unproved", "data-loss", "not-ready"] }) }
}

/// A person's word that the home is lost, which is not so.
fn mistaken() -> Case {
    Case { name: "mistaken", lost: false, ..forced() }
}

/// Plays a case with one fault at the `k`-th call. Tells whether there was such a call.
fn play(case: &Case, k: u64, trouble: CallTrouble) -> bool {
    let context = format!("{}, {trouble:?} at call {k}", case.name);
    let mut stacks = with_steps_and(&[SOURCES], &[]);
    make_sources(&mut stacks);
    let before = capacities(&stacks);
    if case.lost {
        stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    }
    let sim = stacks.pair.standby();
    let index = sim.calls_made() + k;
    sim.set_faults(FaultPlan::none().at(index, trouble));
    let mut failover_run = stacks.by_hand(&standby(), "struck", &case.request);
    stacks.fly(&mut failover_run);
    sim.set_faults(FaultPlan::none());
    let struck = sim.calls_made() > index;
    let failover_run = heirs(&mut stacks, failover_run, &context);
    never_in_two(&stacks, &context);
    in_one_region(&mut stacks, &before, case.lost, &format!("{context}: {:?}", failover_run.state));
    each_at_most_once(&stacks, &context);
    where_it_is_served(&stacks, &context);
    struck
}

/// Whoever takes over what died; and a person who goes on with what is held.
fn heirs(stacks: &mut InMemoryPair, mut failover_run: FailoverRun, context: &str) -> FailoverRun {
    for round in 0..4 {
        match &failover_run.state {
            FailoverRunState::Ended(ending, _) if ending == "held" => {
                failover_run = stacks.by_hand(&standby(), &format!("by-hand-{round}"), &json!({ "take-over": true }));
            }
            FailoverRunState::Ended(..) => return failover_run,
            FailoverRunState::Asking(_) => {
                stacks.answer(&mut failover_run, json!({ "approved": true, "by": "Ada" }));
                continue;
            }
            FailoverRunState::Crashed | FailoverRunState::Failed(_) => {
                stacks.minutes(2);
                let Some(heir) = stacks.failover_runs.pop() else { return failover_run };
                failover_run = heir;
            }
            FailoverRunState::Running => {}
        }
        stacks.fly(&mut failover_run);
    }
    assert!(
        matches!(failover_run.state, FailoverRunState::Ended(..)),
        "{context}: {:?}\n{}",
        failover_run.state,
        story(stacks, &failover_run)
    );
    failover_run
}

/// More calls than a move makes.
const MANY: u64 = 3_000;

fn every_call(case: &Case, trouble: CallTrouble) {
    let calls = (0..MANY).take_while(|k| play(case, *k, trouble)).count();
    assert!((60..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
}

macro_rules! every_fault {
    ($($name:ident: $case:ident, $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            every_call(&$case(), CallTrouble::$trouble);
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_a_planned_move_ends_in_one_region: planned, CrashBefore;
    a_crash_after_any_call_of_a_planned_move_ends_in_one_region: planned, CrashAfter;
    a_throttle_at_any_call_of_a_planned_move_ends_in_one_region: planned, Throttle;
    an_error_at_any_call_of_a_planned_move_ends_in_one_region: planned, Error;
    a_time_out_before_any_effect_of_a_planned_move_ends_in_one_region: planned, TimeoutBefore;
    a_time_out_after_any_effect_of_a_planned_move_ends_in_one_region: planned, TimeoutAfter;
    a_denial_at_any_call_of_a_planned_move_ends_in_one_region: planned, Denied;
    a_crash_before_any_call_of_a_failover_ends_in_one_region: forced, CrashBefore;
    a_crash_after_any_call_of_a_failover_ends_in_one_region: forced, CrashAfter;
    a_throttle_at_any_call_of_a_failover_ends_in_one_region: forced, Throttle;
    an_error_at_any_call_of_a_failover_ends_in_one_region: forced, Error;
    a_time_out_before_any_effect_of_a_failover_ends_in_one_region: forced, TimeoutBefore;
    a_time_out_after_any_effect_of_a_failover_ends_in_one_region: forced, TimeoutAfter;
    a_denial_at_any_call_of_a_failover_ends_in_one_region: forced, Denied;
    a_crash_after_any_call_of_a_failover_by_mistake_ends_in_one_region: mistaken, CrashAfter;
    a_throttle_at_any_call_of_a_failover_by_mistake_ends_in_one_region: mistaken, Throttle;
    a_time_out_after_any_effect_of_a_failover_by_mistake_ends_in_one_region: mistaken, TimeoutAfter;
}
