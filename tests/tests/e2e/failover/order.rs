//! The order in which a failover does things.

use serde_json::json;
use watchkeeper_tests::sandbox::EmulatorSettings;

use super::field::{Scene, ending, play};

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
        for service in scene.environment.order().waves.iter().take(2).flatten() {
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
