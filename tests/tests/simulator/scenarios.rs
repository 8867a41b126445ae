//! Every scenario, in memory.

use watchkeeper_tests::scenarios::{InMemoryScene, emergency, schedule};

macro_rules! every_scenario {
    ($runbook:ident => $($scenario:ident: $estate:literal, $environment:literal;)*) => {$(
        #[tokio::test]
        async fn $scenario() {
            $runbook::$scenario(&mut InMemoryScene::new($estate, $environment)).await.unwrap();
        }
    )*};
}

every_scenario! {
    schedule =>
    a_night: "clos-v2", "dev";
    ticks_that_are_doubled_lost_or_late: "clos-v2", "dev";
    an_override_that_expires: "clos-v2", "dev";
    a_wake_by_hand_that_is_given_back: "clos-v2", "dev";
    a_plan: "clos-v2", "dev";
    a_halt: "clos-v2", "dev";
    a_drift: "clos-v2", "dev";
    wrong_input: "clos-v2", "dev";
    calendars_side_by_side: "carcierge", "staging";
    production_that_somebody_puts_to_sleep: "carcierge", "prod";
}

every_scenario! {
    emergency =>
    an_alarm: "clos-v2", "prod";
    a_veto: "coldchain", "production";
    a_profile_that_a_person_starts: "clos-v2", "prod";
    a_profile_that_asks: "clos-v2", "prod";
    a_bad_release: "h2o-allegiant", "prod";
}
