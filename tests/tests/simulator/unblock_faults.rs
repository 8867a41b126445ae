//! A fault of every kind at every call of a morning's run: exhaustive, not sampled. Nothing live is ever freed, nothing is
//! lost, and once the fault is over, all that is left behind is free.

use jiff::SignedDuration;
use watchkeeper_domain::unblock::ItemAttribute;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan};

use crate::unblock_scene::{DEAD, LOCKS, QUEUE, bodies, busy, events, is_released, lock, monday, prod};

/// More calls than a run makes.
const MANY: u64 = 1_000;

/// What must hold at any moment.
fn safe(harness: &InMemoryHarness, context: &str) {
    for (pod, item, hours) in [("Ratio", "live", 100), ("Ratio", "busy-0", 110), ("Ratio", "busy-3", 113)] {
        assert_eq!(harness.sim.lock_of(LOCKS, pod, item), Some(lock(pod, item, hours)), "{context}");
    }
    assert!(!is_released(harness, "Meta", "malformed"), "{context}");
    let mut all = bodies(harness, QUEUE);
    all.extend(bodies(harness, DEAD));
    for body in ["body of first", "body of again", "body of poison"] {
        assert!(all.iter().any(|found| found == body), "{context}: {body} is lost: {all:?}");
    }
    assert!(!bodies(harness, QUEUE).contains(&"body of poison".to_owned()), "{context}");
}

/// Plays a morning with one fault at the `k`-th call after its first tick begins, with the ticks after it, and the next
/// day's run. Tells whether there was such a call.
fn morning_with(k: u64, trouble: CallTrouble) -> bool {
    let mut harness = busy();
    let context = format!("{trouble:?} at call {k}");
    let index = harness.sim.calls_made() + k;
    harness.sim.set_faults(FaultPlan::none().at(index, trouble));
    harness.unblock_tick(monday());
    let struck = harness.sim.calls_made() > index;
    harness.sim.set_faults(FaultPlan::none());
    safe(&harness, &context);
    for minutes in [5, 10, 15] {
        harness.unblock_tick(monday() + SignedDuration::from_mins(minutes));
        safe(&harness, &context);
    }
    harness.unblock_tick(monday() + SignedDuration::from_hours(24));
    safe(&harness, &context);
    for (pod, item) in [("Ratio", "expired-1"), ("Nanda", "expired-2"), ("Nanda", "idea-done")] {
        assert!(is_released(&harness, pod, item), "{context}: {pod}/{item}");
    }
    let sent = bodies(&harness, QUEUE);
    assert!(
        sent.contains(&"body of first".to_owned()) && sent.contains(&"body of again".to_owned()),
        "{context}: {sent:?}"
    );
    let lease = harness.sim.remembered(&prod()).unwrap().lease.unwrap();
    assert_eq!(lease.expires, lease.usable, "{context}: the lease of a dead run");
    assert!(harness.sim.runs(&prod()).unwrap().iter().all(|run| run.outcome.is_some()), "{context}");
    let escalated = events(&harness, "Blocker Escalated");
    for (item, level) in [("old", "owner"), ("old", "leadership"), ("day-old", "owner")] {
        assert!(escalated.iter().any(|it| it["item"] == item && it["level"] == level), "{context}: {item} {level}");
    }
    assert!(!events(&harness, "Daily Unblock Report").is_empty(), "{context}: nobody heard of it");
    let renewed = harness.sim.lock_of(LOCKS, "Meta", "renewed").unwrap();
    assert!(renewed.released_at == ItemAttribute::Absent || trouble == CallTrouble::Denied, "{context}: {renewed:?}");
    struck
}

fn every_call(trouble: CallTrouble) {
    let calls = (0..MANY).take_while(|k| morning_with(*k, trouble)).count();
    assert!((20..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
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
    a_crash_before_any_call_of_the_unblock_ends_right: CrashBefore;
    a_crash_after_any_call_of_the_unblock_ends_right: CrashAfter;
    a_throttle_at_any_call_of_the_unblock_ends_right: Throttle;
    an_error_at_any_call_of_the_unblock_ends_right: Error;
    a_time_out_before_any_effect_of_the_unblock_ends_right: TimeoutBefore;
    a_time_out_after_any_effect_of_the_unblock_ends_right: TimeoutAfter;
    a_denial_at_any_call_of_the_unblock_ends_right: Denied;
}
