//! Scenarios of the schedule that are played on the sandbox, too: what AWS and Step Functions have most part in.

use watchkeeper_tests::drill::{DrillOutput, SandboxScene};
use watchkeeper_tests::scenarios::schedule;

use crate::field::{Plot, play};

macro_rules! every_scenario {
    ($($scenario:ident: $estate:literal, $environment:literal;)*) => {$(
        #[test]
        fn $scenario() {
            play(async |harness| {
                let plot = Plot::fresh(harness, $estate, $environment).await;
                let show = DrillOutput::new();
                let mut scene = SandboxScene::of("sleep", harness, &plot.scope, &show).unwrap();
                let played = scene.play(stringify!($scenario), schedule::$scenario).await;
                scene.ended(played).assert_passed();
            });
        }
    )*};
}

every_scenario! {
    a_night: "clos-v2", "dev";
    ticks_that_are_doubled_lost_or_late: "clos-v2", "dev";
    an_override_that_expires: "clos-v2", "dev";
    a_halt: "clos-v2", "dev";
    a_drift: "clos-v2", "dev";
    wrong_input: "clos-v2", "dev";
    calendars_side_by_side: "carcierge", "staging";
}
