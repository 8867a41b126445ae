//! Calls that fail in the middle of a run: every call of both ways is struck in `sim`; here it is the real chain.

use watchkeeper_tests::estate::{SiteError, awaited};
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};
use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::field::{Plot, play};

/// Strikes the evening of `clos-v2` dev, and looks at what the next tick makes of it.
async fn evening_with(plot: &Plot, fault: &FaultOrder) {
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
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let lost = FaultOrder { after_effect: true, ..FaultOrder::new("ecs", "UpdateService", FaultKind::Error) };
        evening_with(&plot, &lost).await;
    });
}

#[test]
fn a_call_that_hangs_and_a_call_that_is_refused_leave_a_right_end() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let hangs = FaultOrder { skip: 1, seconds: 30.0, ..FaultOrder::new("ecs", "UpdateService", FaultKind::Hang) };
        evening_with(&plot, &hangs).await;
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let denied = FaultOrder {
            code: Some("AccessDeniedException".to_owned()),
            status: Some(400),
            ..FaultOrder::new("rds", "StopDBCluster", FaultKind::Error)
        };
        evening_with(&plot, &denied).await;
    });
}

#[test]
fn throttling_slows_a_run_down_and_does_not_stop_it() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let throttle =
            FaultOrder { times: Some(3), ..FaultOrder::new("application-autoscaling", "*", FaultKind::Throttle) };
        evening_with(&plot, &throttle).await;
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_function_that_is_killed_in_the_middle_of_its_work_leaves_a_right_end() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        let control = plot.stack.control();
        // It waits for the answer about the second count when it is killed; a count and a target are written by then.
        let hangs = FaultOrder { skip: 1, seconds: 20.0, ..FaultOrder::new("ecs", "UpdateService", FaultKind::Hang) };
        let mark = plot.mark().await;
        control.order(&hangs).await.unwrap();
        let kill = async {
            awaited("the call that hangs", async || {
                let calls = control.calls(mark).await.unwrap();
                Ok::<_, SiteError>(calls.iter().any(|call| call.fault.is_some()).then_some(()))
            })
            .await
            .unwrap();
            let reconcile = plot.stack.outputs().get("ReconcileFunction").unwrap();
            // Idle instances of the function go with the busy one.
            assert!(kill(reconcile, harness.sandbox().emulator().endpoint()) > 0);
        };
        let (ticked, ()) = tokio::join!(plot.stack.tick(plot.time("19:05")), kill);
        assert!(!ticked.unwrap().run_of(&plot.scope).unwrap().succeeded);
        control.clear_faults().await.unwrap();
        let member = plot.capacity().await;
        assert!(member != original && !asleep(&member), "it was killed in the middle: {member:?}");

        plot.stack.tick(plot.time("19:10")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}

/// Kill one process of a function that talks to this endpoint, if there is any.
#[cfg(target_os = "linux")]
pub(crate) fn kill_one(function: &str, endpoint: &str) -> bool {
    let first = processes(function, endpoint).into_iter().next().and_then(rustix::process::Pid::from_raw);
    first.is_some_and(|id| rustix::process::kill_process(id, rustix::process::Signal::KILL).is_ok())
}

/// Kill the processes of a function that talk to this endpoint, and tell how many there were.
#[cfg(target_os = "linux")]
pub(crate) fn kill(function: &str, endpoint: &str) -> usize {
    let killed = processes(function, endpoint).into_iter().filter(|id| {
        let id = rustix::process::Pid::from_raw(*id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).is_ok()
    });
    killed.count()
}

/// The most memory that a process of a function has had so far, in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory(function: &str, endpoint: &str) -> u64 {
    let peak = |id: i32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    processes(function, endpoint).into_iter().filter_map(peak).max().unwrap()
}

/// The processes of a function that talk to this endpoint.
#[cfg(target_os = "linux")]
fn processes(function: &str, endpoint: &str) -> Vec<i32> {
    let wanted = [format!("AWS_LAMBDA_FUNCTION_NAME={function}"), format!("AWS_ENDPOINT_URL={endpoint}")];
    let is_it = |environment: Vec<u8>| {
        let variables: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
        wanted.iter().all(|variable| variables.contains(&variable.as_bytes()))
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|id: &i32| std::fs::read(format!("/proc/{id}/environ")).is_ok_and(is_it)).collect()
}
