//! Scenarios of a pair that are played on the sandbox, too.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, failover};

use super::field::{Scene, play};
use crate::field::played;

fn moves(scenario: &str, (estate, _): (&str, &str), told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played) {
    play(async |harness| {
        let scene = Scene::fresh(harness, estate).await;
        played("failover", scenario, harness, &scene.scope(scene.standby), told).await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

every_scenario! {
    failover, moves;
    a_standby_that_is_not_ready: "fleet-orchestration", "prod";
    a_plan_of_a_failover: "fleet-orchestration", "prod";
    a_false_alarm: "fleet-orchestration", "prod";
    a_region_that_is_lost: "fleet-orchestration", "prod";
    a_rehearsal: "fleet-orchestration", "prod";
    a_rehearsal_without_room: "fleet-orchestration", "prod";
    a_certificate_that_is_out_of_date: "fleet-orchestration", "prod";
    a_loss_during_a_rehearsal: "fleet-orchestration", "prod";
}
