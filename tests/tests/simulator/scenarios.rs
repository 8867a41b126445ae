//! Every scenario, in memory.

use watchkeeper_tests::scenarios::{InMemoryScene, schedule};

macro_rules! every_scenario {
    ($($scenario:ident: $estate:literal, $environment:literal;)*) => {$(
        #[tokio::test]
        async fn $scenario() {
            schedule::$scenario(&mut InMemoryScene::new($estate, $environment)).await.unwrap();
        }
    )*};
}

every_scenario! {
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
