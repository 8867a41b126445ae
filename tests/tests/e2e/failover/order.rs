//! The order in which a failover does things, and what a region that was lost does when it comes back.

use serde_json::json;
use watchkeeper_tests::sandbox::{EmulatorSettings, LossOrder};

use super::field::{Scene, ending, play, stands_by};

const FLEET: &str = "fleet-orchestration";
const SINGLETON: &str = "fleet-orchestration-car-simulator";

#[test]
fn failover_stops_the_singleton_before_starting_it_elsewhere() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        // A task takes a while to stop, and is alive until it has.
        scene
            .control()
            .change(&EmulatorSettings { ecs_stop_seconds: Some(3.0), ..EmulatorSettings::default() })
            .await
            .unwrap();
        let mark = scene.control().mark().await.unwrap();
        let mut move_execution = scene.fail_over(json!({ "reason": "drill" })).await;
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        let (home, standby) = (scene.home.api_calls(mark).await.unwrap(), scene.standby.api_calls(mark).await.unwrap());
        let stopped = home.first_write_to("UpdateService", SINGLETON).expect("it was stopped by its own region's hand");
        let started = standby.first_write_to("UpdateService", SINGLETON).expect("it was started by the other one's");
        assert!(stopped < started, "call {stopped} stopped it, and call {started} started it");
        for service in scene.failover().unwrap().waves.iter().take(2).flatten() {
            let earlier = standby.first_write_to("UpdateService", service.as_str()).unwrap();
            assert!(earlier < started, "{service} was started by call {earlier}, the singleton by call {started}");
        }
        scene.both().await;
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

#[test]
fn a_lost_region_comes_back_with_its_old_counts_running_and_stands_by_within_two_ticks() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let mark = scene.control().mark().await.unwrap();
        // Cut off, and running on: what a person said of its singleton beforehand is wrong, so nobody watches over that.
        scene.lose_home(LossOrder::hang()).await.unwrap();
        let mut move_execution =
            scene.fail_over(json!({ "approve": ["fence-unproved", "data-loss", "not-ready"] })).await;
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        scene.serves(&scene.capacity().await.unwrap()[1]);
        let calls = scene.calls_across(scene.home, mark).await.unwrap();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.fault.as_deref() == Some("lost")), "{calls:?}");
        // Each step asks once, and the bound of a call is three seconds: whatever hangs is not asked again.
        for (began, over) in move_execution.steps().await.unwrap() {
            let within = || calls.iter().filter(|call| began <= call.at && call.at <= over);
            for call in within() {
                let same = within().filter(|other| other.operation == call.operation).count();
                assert_eq!(same, 1, "{} was asked {same} times in one step", call.operation);
            }
        }

        scene.regain_home().await.unwrap();
        let back = scene.capacity().await.unwrap();
        assert_eq!(back[0], scene.original[0]);
        assert_eq!(scene.home.site().running(scene.environment).await.unwrap(), 7);
        let mut ticks = 0;
        while !stands_by(&scene.capacity().await.unwrap()[0]) {
            ticks += 1;
            assert!(ticks <= 2, "it does not stand by after two ticks of its own stack");
            scene.tick(&[scene.home]).await.unwrap();
        }
        assert_eq!(scene.home.site().running(scene.environment).await.unwrap(), 0);
        let pointer = scene.pointer(scene.home).await.unwrap();
        assert!(pointer.epoch == 1 && pointer.moving.is_none(), "{pointer}");
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
    });
}
