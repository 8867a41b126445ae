//! Calls that fail in the middle of a run: every call of both ways is struck in `sim`; here it is the real chain.

use watchkeeper_tests::sandbox::{Fault, FaultKind};

use crate::field::{Plot, asleep, play};

/// Strikes the evening of `clos-v2` dev, and looks at what the next tick makes of it.
async fn evening_with(plot: &Plot, fault: &Fault) {
    let original = plot.capacity().await;
    let control = plot.stack.control();
    let mark = plot.mark().await;
    control.order(fault).await.unwrap();
    plot.stack.tick(plot.time("19:05")).await.unwrap();
    control.clear_faults().await.unwrap();
    let calls = control.calls(mark).await.unwrap();
    assert!(calls.iter().any(|call| call.fault.is_some()), "the fault struck nothing");

    plot.stack.tick(plot.time("19:10")).await.unwrap();
    let night = plot.capacity().await;
    assert!(asleep(&night), "{fault:?}: {night:?}");
    plot.stack.tick(plot.time("+08:00")).await.unwrap();
    assert_eq!(plot.capacity().await, original, "{fault:?}");
}

#[test]
fn a_call_that_is_done_but_never_answered_leaves_a_right_end() {
    play(async |stage| {
        let plot = Plot::fresh(stage, "clos-v2", "dev").await;
        let lost = Fault { after_effect: true, ..Fault::new("ecs", "UpdateService", FaultKind::Error) };
        evening_with(&plot, &lost).await;
    });
}

#[test]
fn a_call_that_hangs_and_a_call_that_is_refused_leave_a_right_end() {
    play(async |stage| {
        let plot = Plot::fresh(stage, "clos-v2", "dev").await;
        let hangs = Fault { skip: 1, seconds: 30.0, ..Fault::new("ecs", "UpdateService", FaultKind::Hang) };
        evening_with(&plot, &hangs).await;
        let plot = Plot::fresh(stage, "clos-v2", "dev").await;
        let denied = Fault {
            code: Some("AccessDeniedException".to_owned()),
            status: Some(400),
            ..Fault::new("rds", "StopDBCluster", FaultKind::Error)
        };
        evening_with(&plot, &denied).await;
    });
}

#[test]
fn throttling_slows_a_run_down_and_does_not_stop_it() {
    play(async |stage| {
        let plot = Plot::fresh(stage, "clos-v2", "dev").await;
        let throttle = Fault { times: Some(3), ..Fault::new("application-autoscaling", "*", FaultKind::Throttle) };
        evening_with(&plot, &throttle).await;
    });
}
