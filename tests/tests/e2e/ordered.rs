//! An environment that comes up in three waves and goes down the other way round, and a wave that never becomes healthy.

use std::time::Duration;

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::field::Plot;
use crate::small::{REGION, play_small};

const WAVES: [&[&str]; 3] = [&["ladder-proxy"], &["ladder-api", "ladder-worker"], &["ladder-web"]];

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("ladder/{name}")).unwrap()
}

/// Each count of a wave was set, and where they are up each first task started, after those of the wave before it.
async fn in_order(plot: &Plot, mark: u64, up: bool) {
    let calls = plot.stack.api_calls(mark).await.unwrap();
    let set = |name: &str| calls.first_write_to("UpdateService", name).unwrap_or_else(|| panic!("{name} was not set"));
    for (wave, next) in WAVES.iter().zip(&WAVES[1..]) {
        for (one, other) in wave.iter().flat_map(|one| next.iter().map(move |other| (one, other))) {
            let (first, second) = if up { (one, other) } else { (other, one) };
            assert!(set(first) < set(second), "call {} set {first}, and {} {second}", set(first), set(second));
            if up {
                let started =
                    [plot.stack.site().first_start(&id(first)).await, plot.stack.site().first_start(&id(second)).await];
                let [Ok(first_start), Ok(second_start)] = started else { panic!("{started:?}") };
                assert!(first_start <= second_start, "{first} started at {first_start}, {second} at {second_start}");
            }
        }
    }
}

#[test]
fn three_waves_come_up_one_after_the_other_and_one_that_never_is_healthy_is_waited_for_so_long_and_no_longer() {
    play_small(async |harness| {
        let plot = Plot::fresh(harness, "ladder", "dev").await;
        let scaling = ScalingState { min: 1, max: 3, suspended: Suspensions::NONE };
        let api = ServiceCapacity { desired: 2, scaling: Some(scaling) };
        let group = plot.stack.site().put_behind(&id("ladder-api"), "ladder-api", api).await.unwrap();
        let original = plot.capacity().await;

        let mark = plot.mark().await;
        let ticked = plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert_eq!(ticked.run_of(&plot.scope).unwrap().outcome(), "done");
        assert!(asleep(&plot.capacity().await));
        in_order(&plot, mark, false).await;

        plot.stack.notifications().letters().await.unwrap();
        let mark = plot.mark().await;
        let ticked = plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(ticked.run_of(&plot.scope).unwrap().outcome(), "done");
        assert_eq!(plot.capacity().await, original);
        in_order(&plot, mark, true).await;
        let letters = plot.stack.notifications().letters().await.unwrap();
        assert!(letters.iter().all(|letter| !letter.text.contains("wave-late")), "{letters:?}");

        plot.stack.tick(plot.time("+19:05")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        plot.stack.control().put_target_health(REGION, &group, false).await.unwrap();
        let mark = plot.mark().await;
        let by_hand = serde_json::json!({"estate": "ladder", "environment": "dev", "want": "awake", "until": "2h"});
        let (run, ()) = tokio::join!(plot.stack.run(&by_hand), time_passes(&plot, mark));
        let run = run.unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        in_order(&plot, mark, true).await;
        let calls = plot.stack.api_calls(mark).await.unwrap();
        let at = |name: &str| {
            let number = calls.first_write_to("UpdateService", name).unwrap();
            calls.all().iter().find(|call| call.number == number).unwrap().at
        };
        let held = at("ladder-web").duration_since(at("ladder-api"));
        assert!(held >= SignedDuration::from_mins(2), "the web came {held:#} after the API");
        let letters = plot.stack.notifications().letters().await.unwrap();
        let late = letters.iter().find(|letter| letter.text.contains("wave-late: ladder/ladder-api: 0 of 2 targets"));
        assert!(late.is_some(), "{letters:?}");
        assert_eq!(plot.capacity().await, original);
        plot.stack.control().put_target_health(REGION, &group, true).await.unwrap();
    });
}

/// The emulated clock goes on while the web waits for the API: a little at a time, for the run's lease is to live.
#[allow(clippy::disallowed_methods, reason = "the sandbox runs in real time, and is polled")]
async fn time_passes(plot: &Plot, mark: u64) {
    for _ in 0..120 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let calls = plot.stack.api_calls(mark).await.unwrap();
        if calls.first_write_to("UpdateService", "ladder-web").is_some() {
            return;
        }
        if calls.first_write_to("UpdateService", "ladder-api").is_some() {
            plot.stack.pass(SignedDuration::from_secs(10)).await.unwrap();
        }
    }
}
