//! Scenarios of emergencies that are played on the sandbox, too.

use watchkeeper_tests::drill::{DrillOutput, SandboxScene};
use watchkeeper_tests::scenarios::emergency;

use super::field::{Scene, play};

macro_rules! every_scenario {
    ($($scenario:ident: $estate:literal, $environment:literal;)*) => {$(
        #[test]
        fn $scenario() {
            play(async |harness| {
                let fresh = Scene::fresh(harness, $estate, $environment).await;
                let show = DrillOutput::new();
                let mut scene = SandboxScene::of("surge", harness, &fresh.scope, &show).unwrap();
                let played = scene.play(stringify!($scenario), emergency::$scenario).await;
                scene.ended(played).assert_passed();
                fresh.is_as_before().await;
            });
        }
    )*};
}

every_scenario! {
    an_alarm: "clos-v2", "prod";
    a_veto: "coldchain", "production";
    a_profile_that_asks: "clos-v2", "prod";
    a_bad_release: "h2o-allegiant", "prod";
}
