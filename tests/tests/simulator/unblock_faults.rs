//! A fault of every kind at every call of a morning's run: exhaustive, not sampled. Nothing live is ever freed, nothing is
//! lost, and once the fault is over, all that is left behind is free.

use jiff::SignedDuration;
use watchkeeper_domain::unblock::ItemAttribute;
use watchkeeper_sim::{CallTrouble, FaultPlan};
use watchkeeper_tests::in_memory::InMemoryHarness;

use crate::unblock_scene::{DEAD, LOCKS, QUEUE, bodies, busy, events, is_released, lock, monday, prod};

/// More calls than a run makes.
const MANY: u64 = 1_000;

/// What must hold at any moment.
fn safe(rehearsal: &InMemoryHarness, context: &str) {
    for (pod, item, hours) in [("Ratio", "live", 100), ("Ratio", "busy-0", 110), ("Ratio", "busy-3", 113)] {
        assert_eq!(rehearsal.world.lock_of(LOCKS, pod, item), Some(lock(pod, item, hours)), "{context}");
    }
    assert!(!is_released(rehearsal, "Meta", "malformed"), "{context}");
    let mut all = bodies(rehearsal, QUEUE);
    all.extend(bodies(rehearsal, DEAD));
    for body in ["body of first", "body of again", "body of poison"] {
        assert!(all.iter().any(|found| found == body), "{context}: {body} is lost: {all:?}");
    }
    assert!(!bodies(rehearsal, QUEUE).contains(&"body of poison".to_owned()), "{context}");
}

/// Plays a morning with one fault at the `k`-th call after its first tick begins, with the ticks after it, and the next
/// day's run. Tells whether there was such a call.
fn morning_with(k: u64, trouble: CallTrouble) -> bool {
    let mut rehearsal = busy();
    let context = format!("{trouble:?} at call {k}");
    let index = rehearsal.world.calls_made() + k;
    rehearsal.world.set_faults(FaultPlan::none().at(index, trouble));
    rehearsal.unblock_tick(monday());
    let struck = rehearsal.world.calls_made() > index;
    rehearsal.world.set_faults(FaultPlan::none());
    safe(&rehearsal, &context);
    for minutes in [5, 10, 15] {
        rehearsal.unblock_tick(monday() + SignedDuration::from_mins(minutes));
        safe(&rehearsal, &context);
    }
    rehearsal.unblock_tick(monday() + SignedDuration::from_hours(24));
    safe(&rehearsal, &context);
    for (pod, item) in [("Ratio", "expired-1"), ("Nanda", "expired-2"), ("Nanda", "idea-done")] {
        assert!(is_released(&rehearsal, pod, item), "{context}: {pod}/{item}");
    }
    let sent = bodies(&rehearsal, QUEUE);
    assert!(
        sent.contains(&"body of first".to_owned()) && sent.contains(&"body of again".to_owned()),
        "{context}: {sent:?}"
    );
    let lease = rehearsal.world.remembered(&prod()).unwrap().lease.unwrap();
    assert_eq!(lease.expires, lease.usable, "{context}: the lease of a dead run");
    assert!(rehearsal.world.runs(&prod()).unwrap().iter().all(|run| run.outcome.is_some()), "{context}");
    let escalated = events(&rehearsal, "Blocker Escalated");
    for (item, level) in [("old", "owner"), ("old", "leadership"), ("day-old", "owner")] {
        assert!(escalated.iter().any(|it| it["item"] == item && it["level"] == level), "{context}: {item} {level}");
    }
    assert!(!events(&rehearsal, "Daily Unblock Report").is_empty(), "{context}: nobody heard of it");
    let renewed = rehearsal.world.lock_of(LOCKS, "Meta", "renewed").unwrap();
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
