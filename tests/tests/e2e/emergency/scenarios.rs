//! Scenarios of emergencies that are played on the sandbox, too.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, emergency};

use super::field::{Scene, play};
use crate::field::played;

fn surge(
    scenario: &str,
    (estate, environment): (&str, &str),
    told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played,
) {
    play(async |harness| {
        let fresh = Scene::fresh(harness, estate, environment).await;
        played("surge", scenario, harness, &fresh.scope, told).await;
        fresh.is_as_before().await;
    });
}

every_scenario! {
    emergency, surge;
    an_alarm: "clos-v2", "prod";
    a_veto: "coldchain", "production";
    a_profile_that_asks: "clos-v2", "prod";
    a_bad_release: "h2o-allegiant", "prod";
}
