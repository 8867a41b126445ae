//! A crash, or any other fault, at any call of sleep and of wake: exhaustive, not sampled. Each is followed by ticks
//! without faults, and must end in the right state with the baseline intact.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, Operation};

use crate::scene::{afternoon, asleep, dev, evening, morning};

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

/// Where a fault strikes.
#[derive(Debug, Clone, Copy)]
enum Struck {
    /// The `k`-th call (from 0) after a tick begins, but those for a budget.
    Call(u64),
    /// The `n`-th call (from 1) of an operation.
    Of(Operation, u64),
}

/// Plays a night with one fault after the evening's, or the morning's, tick begins. Tells whether there was such a call.
fn night_with(at: Struck, trouble: CallTrouble, in_the_morning: bool) -> bool {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    let context = format!("{trouble:?} at {at:?}, in the {}", if in_the_morning { "morning" } else { "evening" });
    let mut struck = false;
    for (begin, faulty) in [(evening(), !in_the_morning), (morning(), in_the_morning)] {
        if faulty {
            struck = strike(&mut harness, begin, at, trouble);
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

fn strike(harness: &mut InMemoryHarness, begin: Timestamp, at: Struck, trouble: CallTrouble) -> bool {
    harness.sim.forget_calls();
    let plan = FaultPlan::none();
    harness.sim.set_faults(match at {
        Struck::Call(k) => plan.at(harness.sim.calls_made() + k, trouble),
        Struck::Of(operation, n) => plan.on(operation, n, trouble),
    });
    harness.tick(begin);
    harness.sim.set_faults(FaultPlan::none());
    harness.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)))
}

/// More calls than a run makes.
const MANY: u64 = 1_000;

fn every_call(trouble: CallTrouble, in_the_morning: bool) {
    let calls = (0..MANY).take_while(|k| night_with(Struck::Call(*k), trouble, in_the_morning)).count();
    // Fewer would mean that the fault was never where it was meant to be; all, that some calls were never struck.
    assert!((20..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident, $morning:literal;)*) => {$(
        #[test]
        fn $name() {
            every_call(CallTrouble::$trouble, $morning);
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_sleep_ends_right: CrashBefore, false;
    a_crash_after_any_call_of_sleep_ends_right: CrashAfter, false;
    a_throttle_at_any_call_of_sleep_ends_right: Throttle, false;
    an_error_at_any_call_of_sleep_ends_right: Error, false;
    a_time_out_before_any_effect_of_sleep_ends_right: TimeoutBefore, false;
    a_time_out_after_any_effect_of_sleep_ends_right: TimeoutAfter, false;
    a_denial_at_any_call_of_sleep_ends_right: Denied, false;
    a_crash_before_any_call_of_wake_ends_right: CrashBefore, true;
    a_crash_after_any_call_of_wake_ends_right: CrashAfter, true;
    a_throttle_at_any_call_of_wake_ends_right: Throttle, true;
    an_error_at_any_call_of_wake_ends_right: Error, true;
    a_time_out_before_any_effect_of_wake_ends_right: TimeoutBefore, true;
    a_time_out_after_any_effect_of_wake_ends_right: TimeoutAfter, true;
    a_denial_at_any_call_of_wake_ends_right: Denied, true;
}

/// A budget that cannot be read or kept is paced without: all kinds of trouble, at each of its calls.
#[test]
fn a_fault_at_any_call_for_a_budget_ends_right() {
    for operation in [Operation::LedgerBudget, Operation::LedgerKeepBudget] {
        for trouble in CallTrouble::ALL {
            let struck = (1..MANY).take_while(|n| night_with(Struck::Of(operation, *n), trouble, false)).count();
            assert!(struck >= 5, "{operation}, {trouble:?}: {struck} calls were struck");
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
