//! Scenarios of the schedule that are played on the sandbox, too: what AWS and Step Functions have most part in.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, schedule};

use crate::field::{Plot, play, played};

fn sleep(
    scenario: &str,
    (estate, environment): (&str, &str),
    told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played,
) {
    play(async |harness| {
        let plot = Plot::fresh(harness, estate, environment).await;
        played("sleep", scenario, harness, &plot.scope, told).await;
    });
}

every_scenario! {
    schedule, sleep;
    a_night: "clos-v2", "dev";
    ticks_that_are_doubled_lost_or_late: "clos-v2", "dev";
    an_override_that_expires: "clos-v2", "dev";
    releases_of_two_pipelines: "clos-v2", "dev";
    a_halt: "clos-v2", "dev";
    a_drift: "clos-v2", "dev";
    wrong_input: "clos-v2", "dev";
    calendars_side_by_side: "carcierge", "staging";
}
