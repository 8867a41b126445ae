//! A crash, or any other fault, at any call of a rehearsal: exhaustive, not sampled. Whatever happened, the region that serves was
//! not written to, and the standby ends as it was.

use serde_json::json;
use watchkeeper_domain::intent::Layer;
use watchkeeper_sim::{CallTrouble, FaultPlan};

use crate::pair_scene::{AUTOMATIC, capacities, estates, stacks, standby, story};
use crate::rehearsals::{certificate, untouched};

/// Plays a rehearsal with one fault at the `k`-th call. Tells whether there was such a call.
fn play(k: u64, trouble: CallTrouble) -> bool {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let sim = stacks.pair.standby();
    let index = sim.calls_made() + k;
    sim.set_faults(FaultPlan::none().at(index, trouble));
    let mut run = stacks.by_hand(&standby(), "struck", &json!({ "mode": "rehearse", "for": "1m" }));
    stacks.fly(&mut run);
    sim.set_faults(FaultPlan::none());
    let struck = sim.calls_made() > index;
    let context = format!("{trouble:?} at call {k}: {:?}\n{}", run.state, story(&stacks, &run));
    // The watch takes back what a rehearsal has left, and the tick what a run of the own hand has.
    stacks.minutes(7);
    assert_eq!(capacities(&stacks), before, "{context}");
    untouched(&stacks, &context);
    let left = stacks.pair.standby().remembered(&stacks.member(&standby()).scope()).unwrap();
    assert!(left.intents.iter().all(|intent| intent.layer != Layer::Rehearsal), "{context}: {:?}", left.intents);
    assert_eq!(left.baseline, None, "{context}");
    if watchkeeper_in_memory::FailoverRunState::Ended("done".to_owned(), None) == run.state {
        assert!(
            certificate(&stacks).is_some_and(|it| it.is_green()),
            "{context}: a rehearsal that ends well has proved it"
        );
    }
    struck
}

/// More calls than a rehearsal makes.
const MANY: u64 = 3_000;

fn every_call(trouble: CallTrouble) {
    let calls = (0..MANY).take_while(|k| play(*k, trouble)).count();
    assert!((60..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            every_call(CallTrouble::$trouble);
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_a_rehearsal_leaves_the_standby_as_it_was: CrashBefore;
    a_crash_after_any_call_of_a_rehearsal_leaves_the_standby_as_it_was: CrashAfter;
    a_throttle_at_any_call_of_a_rehearsal_leaves_the_standby_as_it_was: Throttle;
    an_error_at_any_call_of_a_rehearsal_leaves_the_standby_as_it_was: Error;
    a_time_out_before_any_effect_of_a_rehearsal_leaves_the_standby_as_it_was: TimeoutBefore;
    a_time_out_after_any_effect_of_a_rehearsal_leaves_the_standby_as_it_was: TimeoutAfter;
    a_denial_at_any_call_of_a_rehearsal_leaves_the_standby_as_it_was: Denied;
}
