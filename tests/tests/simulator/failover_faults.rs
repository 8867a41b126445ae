//! A crash, or any other fault, at any call of a move: exhaustive, not sampled. Whatever happened, the singleton never ran
//! twice, traffic went only to a region that was verified, and the pair ends in one region, whole.

use serde_json::json;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_sim::{CallTrouble, FaultPlan, RegionLoss};
use watchkeeper_tests::in_memory::{FailoverRun, FailoverRunState, InMemoryPair};

use crate::pair_scene::{AUTOMATIC, capacities, counts, duo, estates, home, never_double, standby, story};

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

/// Plays a case with one fault at the `k`-th call. Tells whether there was such a call.
fn play(case: &Case, k: u64, trouble: CallTrouble) -> bool {
    let context = format!("{}, {trouble:?} at call {k}", case.name);
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    if case.lost {
        duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    }
    let world = duo.pair.standby();
    let index = world.calls_made() + k;
    world.set_faults(FaultPlan::none().at(index, trouble));
    let mut pilot = duo.by_hand(&standby(), "struck", &case.request);
    duo.fly(&mut pilot);
    world.set_faults(FaultPlan::none());
    let struck = world.calls_made() > index;
    let pilot = heirs(&mut duo, pilot, &context);
    over(&mut duo, &pilot, &before, case.lost, &context);
    struck
}

/// Whoever takes over what died; and a person who goes on with what is held.
fn heirs(duo: &mut InMemoryPair, mut pilot: FailoverRun, context: &str) -> FailoverRun {
    for round in 0..4 {
        match &pilot.flight {
            FailoverRunState::Ended(ending, _) if ending == "held" => {
                pilot = duo.by_hand(&standby(), &format!("by-hand-{round}"), &json!({ "take-over": true }));
            }
            FailoverRunState::Ended(..) => return pilot,
            FailoverRunState::Asking(_) => {
                duo.answer(&mut pilot, json!({ "approved": true, "by": "Ada" }));
                continue;
            }
            FailoverRunState::Crashed | FailoverRunState::Failed(_) => {
                duo.minutes(2);
                let Some(heir) = duo.pilots.pop() else { return pilot };
                pilot = heir;
            }
            FailoverRunState::Flying => {}
        }
        duo.fly(&mut pilot);
    }
    assert!(
        matches!(pilot.flight, FailoverRunState::Ended(..)),
        "{context}: {:?}\n{}",
        pilot.flight,
        story(duo, &pilot)
    );
    pilot
}

fn over(duo: &mut InMemoryPair, pilot: &FailoverRun, before: &[Capacity; 2], lost: bool, context: &str) {
    if lost {
        // A region that comes back runs what it ran, until its own stack has seen the pointer: no fence can help that.
        never_double(duo, context);
        duo.pair.regain(&home());
    }
    duo.minutes(4);
    if !lost {
        never_double(duo, context);
    }
    let pointer = duo.pointer(&standby());
    assert_eq!(pointer.moving, None, "{context}: {pointer}, {:?}", pilot.flight);
    assert_eq!(duo.pointer(&home()).revision, pointer.revision, "{context}: both replicas agree");
    if pointer.active == standby() {
        assert_eq!(counts(duo, &standby()), [2, 2, 2, 1], "{context}");
        assert_eq!(counts(duo, &home()), [0, 0, 0, 0], "{context}");
    } else {
        assert_eq!(&capacities(duo), before, "{context}: {:?}", pilot.flight);
    }
    assert_eq!(duo.pair.serving(), Some(pointer.active), "{context}");
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
}
