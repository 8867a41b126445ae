//! A crash, or any other fault, at any call of an emergency's declaration and of its give-back: exhaustive, not sampled.
//! Whatever happened, the environment ends at its baseline, which was in the ledger before the first write.

use std::time::Duration;

use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_in_memory::{EmergencyRun, EmergencyRunState, InMemoryHarness};
use watchkeeper_sim::CallTrouble;

use crate::emergency_scene::{alarm, harness, prod, production, surging};
use crate::scene::at;
use crate::strikes::{Strikes, every_call};

const ERRORS: &str = "clos-v2-alb-5xx-errors";

fn baseline(harness: &InMemoryHarness) -> Option<Capacity> {
    harness.sim.remembered(&prod()).unwrap().baseline.map(|baseline| baseline.capacity)
}

fn declared(harness: &InMemoryHarness) -> bool {
    !harness.sim.remembered(&prod()).unwrap().intents.is_empty()
}

/// The ledger keeps what each service was that is not so now.
fn kept(harness: &InMemoryHarness, original: &Capacity, context: &str) {
    let (now, kept) = (harness.sim.capacity().services, baseline(harness).unwrap_or_default().services);
    for (id, was) in original.services.iter().filter(|(id, was)| now.get(*id) != Some(*was)) {
        assert_eq!(kept.get(id), Some(was), "{context}: baseline of {id}");
    }
}

fn quiet(harness: &InMemoryHarness, emergency_run: Option<EmergencyRun>) -> Option<EmergencyRunState> {
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    harness.sim.advance(Duration::from_mins(1));
    emergency_run.map(|mut emergency_run| {
        emergency_run.run_out(harness);
        emergency_run.stage
    })
}

pub(crate) fn declaring_with(strikes: &Strikes) -> bool {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let context = format!("{strikes} of the declaration");
    let (emergency_run, struck) = strikes.during(&mut harness, alarm);
    kept(&harness, &original, &context);
    harness.tick(at("2026-11-20T15:20:00Z"));
    // Either it was declared, and is reached by whoever is left, or nothing was changed.
    if declared(&harness) {
        assert!(surging(&harness.sim.capacity()), "{context}: {:?}", harness.sim.capacity());
        kept(&harness, &original, &context);
    } else {
        assert_eq!(harness.sim.capacity(), original, "{context}: without an intent");
    }
    quiet(&harness, emergency_run);
    ended(&mut harness, &original, &context);
    struck
}

pub(crate) fn giving_back_with(strikes: &Strikes) -> bool {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let context = format!("{strikes} of the give-back");
    let emergency_run = alarm(&mut harness);
    assert!(surging(&harness.sim.capacity()));
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    harness.sim.advance(Duration::from_mins(11));
    let (stage, struck) = strikes.during(&mut harness, |harness| quiet(harness, emergency_run));
    kept(&harness, &original, &context);
    // An execution that lives gives back itself, however often it has to try; only a dead one leaves it to the tick, and
    // so does one that was refused a resource: it has given back the others.
    if strikes.denies() {
        harness.tick(harness.sim.now());
    }
    if stage != Some(EmergencyRunState::Crashed) {
        assert_eq!(harness.sim.capacity(), original, "{context}: {stage:?}");
    }
    ended(&mut harness, &original, &context);
    struck
}

/// After the expiry at the latest everything is as it was, and nothing is kept.
fn ended(harness: &mut InMemoryHarness, original: &Capacity, context: &str) {
    harness.tick(at("2026-11-20T18:00:00Z"));
    harness.tick(at("2026-11-20T18:05:00Z"));
    assert_eq!(harness.sim.capacity(), *original, "{context}: at the end");
    assert_eq!(baseline(harness), None, "{context}: at the end");
}

macro_rules! every_fault {
    ($($name:ident: $play:ident, $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            let calls = every_call($play, CallTrouble::$trouble);
            assert!(calls >= 15, "{calls} calls were struck");
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_the_declaration_ends_right: declaring_with, CrashBefore;
    a_crash_after_any_call_of_the_declaration_ends_right: declaring_with, CrashAfter;
    a_throttle_at_any_call_of_the_declaration_ends_right: declaring_with, Throttle;
    an_error_at_any_call_of_the_declaration_ends_right: declaring_with, Error;
    a_time_out_before_any_effect_of_the_declaration_ends_right: declaring_with, TimeoutBefore;
    a_time_out_after_any_effect_of_the_declaration_ends_right: declaring_with, TimeoutAfter;
    a_denial_at_any_call_of_the_declaration_ends_right: declaring_with, Denied;
    a_crash_before_any_call_of_the_give_back_ends_right: giving_back_with, CrashBefore;
    a_crash_after_any_call_of_the_give_back_ends_right: giving_back_with, CrashAfter;
    a_throttle_at_any_call_of_the_give_back_ends_right: giving_back_with, Throttle;
    an_error_at_any_call_of_the_give_back_ends_right: giving_back_with, Error;
    a_time_out_before_any_effect_of_the_give_back_ends_right: giving_back_with, TimeoutBefore;
    a_time_out_after_any_effect_of_the_give_back_ends_right: giving_back_with, TimeoutAfter;
    a_denial_at_any_call_of_the_give_back_ends_right: giving_back_with, Denied;
}
