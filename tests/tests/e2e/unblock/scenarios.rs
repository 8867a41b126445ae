//! Scenarios of the daily unblock that are played on the sandbox, too.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, unblock};

use super::field::play;
use crate::field::{Plot, played};

fn mornings(
    scenario: &str,
    (estate, environment): (&str, &str),
    told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played,
) {
    play(async |harness| {
        let plot = Plot::fresh(harness, estate, environment).await;
        played("unblock", scenario, harness, &plot.scope, told).await;
    });
}

every_scenario! {
    unblock, mornings;
    a_morning: "clos-v2", "prod";
    a_halt_of_the_unblock: "clos-v2", "prod";
    an_undo: "clos-v2", "prod";
    a_morning_that_is_missed: "clos-v2", "prod";
    a_lease_that_is_left: "clos-v2", "prod";
    input_that_cannot_be_followed: "clos-v2", "prod";
    a_deployment_that_does_not_end: "clos-v2", "prod";
}
