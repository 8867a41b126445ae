//! A crash, or any other fault, at any call of sleep and of wake: exhaustive, not sampled. Each is followed by ticks
//! without faults, and must end in the right state with the baseline intact.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, Operation};

use crate::scene::{afternoon, asleep, dev, evening, morning};
use crate::strikes::{Strikes, every_call};

fn baseline(harness: &InMemoryHarness) -> Option<Capacity> {
    harness.sim.remembered(&dev()).unwrap().baseline.map(|baseline| baseline.capacity)
}

/// Whatever was written before the fault, the ledger knew the baseline first: of each resource that is not as it was.
fn kept(harness: &InMemoryHarness, original: &Capacity, context: &str) {
    let (now, kept) = (harness.sim.capacity(), baseline(harness).unwrap_or_default());
    for (id, was) in original.services.iter().filter(|(id, was)| now.services.get(*id) != Some(*was)) {
        assert_eq!(kept.services.get(id), Some(was), "{context}: baseline of {id} after the fault");
    }
    for (id, was) in original.databases.iter().filter(|(id, was)| now.databases.get(*id) != Some(*was)) {
        assert_eq!(kept.databases.get(id), Some(was), "{context}: baseline of {id} after the fault");
    }
}

/// Plays a night with faults after the evening's tick begins.
pub(crate) fn in_the_evening(strikes: &Strikes) -> bool {
    night_with(&|harness| strikes.during(harness, |harness| harness.tick(evening())).1, false, &strikes.to_string())
}

/// The same after the morning's.
pub(crate) fn in_the_morning(strikes: &Strikes) -> bool {
    night_with(&|harness| strikes.during(harness, |harness| harness.tick(morning())).1, true, &strikes.to_string())
}

/// Plays a night in which a tick is struck. Tells what that tells.
fn night_with(strike: &dyn Fn(&mut InMemoryHarness) -> bool, in_the_morning: bool, what: &str) -> bool {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    let context = format!("{what}, in the {}", if in_the_morning { "morning" } else { "evening" });
    let mut struck = false;
    for (begin, faulty) in [(evening(), !in_the_morning), (morning(), in_the_morning)] {
        if faulty {
            struck = strike(&mut harness);
            kept(&harness, &original, &context);
            harness.tick(begin + SignedDuration::from_mins(5));
        } else {
            harness.tick(begin);
        }
        harness.sim.set_now(begin + SignedDuration::from_mins(30));
        if begin == evening() {
            assert!(asleep(&harness.sim.capacity()), "{context}: {:?}", harness.sim.capacity());
            assert_eq!(baseline(&harness), Some(original.clone()), "{context}: baseline asleep");
        } else {
            assert_eq!(harness.sim.capacity(), original, "{context}: after waking");
            assert_eq!(baseline(&harness), None, "{context}: baseline after waking");
        }
    }
    struck
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident, $play:ident;)*) => {$(
        #[test]
        fn $name() {
            let calls = every_call($play, CallTrouble::$trouble);
            assert!(calls >= 20, "{calls} calls were struck");
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_sleep_ends_right: CrashBefore, in_the_evening;
    a_crash_after_any_call_of_sleep_ends_right: CrashAfter, in_the_evening;
    a_throttle_at_any_call_of_sleep_ends_right: Throttle, in_the_evening;
    an_error_at_any_call_of_sleep_ends_right: Error, in_the_evening;
    a_time_out_before_any_effect_of_sleep_ends_right: TimeoutBefore, in_the_evening;
    a_time_out_after_any_effect_of_sleep_ends_right: TimeoutAfter, in_the_evening;
    a_denial_at_any_call_of_sleep_ends_right: Denied, in_the_evening;
    a_crash_before_any_call_of_wake_ends_right: CrashBefore, in_the_morning;
    a_crash_after_any_call_of_wake_ends_right: CrashAfter, in_the_morning;
    a_throttle_at_any_call_of_wake_ends_right: Throttle, in_the_morning;
    an_error_at_any_call_of_wake_ends_right: Error, in_the_morning;
    a_time_out_before_any_effect_of_wake_ends_right: TimeoutBefore, in_the_morning;
    a_time_out_after_any_effect_of_wake_ends_right: TimeoutAfter, in_the_morning;
    a_denial_at_any_call_of_wake_ends_right: Denied, in_the_morning;
}

/// The evening's tick with a fault at the `n`-th call (from 1) of an operation. Tells whether there was such a call.
fn budget_with(operation: Operation, n: u64, trouble: CallTrouble) -> bool {
    let strike = |harness: &mut InMemoryHarness| {
        harness.sim.forget_calls();
        harness.sim.set_faults(FaultPlan::none().on(operation, n, trouble));
        harness.tick(evening());
        harness.sim.set_faults(FaultPlan::none());
        harness.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)))
    };
    night_with(&strike, false, &format!("{trouble:?} at {operation} {n}"))
}

/// A budget that cannot be read or kept is paced without: all kinds of trouble, at each of its calls.
#[test]
fn a_fault_at_any_call_for_a_budget_ends_right() {
    for operation in [Operation::LedgerBudget, Operation::LedgerKeepBudget] {
        for trouble in CallTrouble::ALL {
            let struck = (1..1_000).take_while(|n| budget_with(operation, *n, trouble)).count();
            assert!((5..999).contains(&struck), "{operation}, {trouble:?}: {struck} calls were struck");
        }
    }
}

#[test]
fn a_fault_that_stays_keeps_the_environment_from_its_target() {
    let mut harness = afternoon();
    harness.sim.set_faults(FaultPlan::none().always(Operation::UpdateService, CallTrouble::Denied));
    harness.tick(evening());
    assert!(!asleep(&harness.sim.capacity()), "the fault did nothing, so the tests above prove nothing");
    let runs = harness.sim.runs(&dev()).unwrap();
    assert_eq!(runs.last().and_then(|run| run.outcome), Some(RunOutcome::PartlyDone));
    assert!(harness.sim.messages()[0].text.contains("UpdateService"), "{:?}", harness.sim.messages());
}
