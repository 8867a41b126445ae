//! Calendars, emergencies and failovers over one environment: the stronger layer decides, and leaves what it found.

use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_tests::scenarios::all_asleep as asleep;

use super::field::{Scene, holds, play};

const ERRORS: &str = "night-shop-errors";
/// Web, and a worker without an autoscaler.
const SURGE: [(u32, Option<(u32, u32)>); 2] = [(3, Some((3, 4))), (3, None)];

/// Everything is awake, with these figures.
async fn is_at(scene: &Scene, figures: [(u32, Option<(u32, u32)>); 2]) {
    assert_eq!(scene.figures().await, figures);
    let databases = scene.capacity().await.databases;
    assert!(databases.values().all(|power| *power == DatabasePower::On), "{databases:?}");
}

#[test]
fn an_evening_and_a_morning_inside_an_emergency_wait_for_its_end() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "night-shop", "dev").await;
        scene.stack.at(scene.time("18:30")).await.unwrap();
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        assert!(holds(&stands), "{stands:?}");
        scene.stack.tick(scene.time("19:05")).await.unwrap();
        is_at(&scene, SURGE).await;
        scene.set(ERRORS, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        assert!(asleep(&scene.capacity().await), "the evening has come meanwhile");

        scene.stack.at(scene.time("+07:30")).await.unwrap();
        let (mut emergency_run, _) = scene.alarm(ERRORS).await;
        is_at(&scene, SURGE).await;
        scene.stack.tick(scene.time("+08:05")).await.unwrap();
        is_at(&scene, SURGE).await;
        scene.set(ERRORS, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}
