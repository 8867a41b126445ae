//! Every scenario, in memory.

use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, backup, emergency, failover, schedule, unblock, wake};

use crate::pair_scene::{AUTOMATIC, estates, stacks};
use crate::scenes::{InMemoryPairScene, InMemoryScene};
use crate::wake_page::SHOP;

fn play(scenario: &str, (estate, environment): (&str, &str), played: impl AsyncFnOnce(&mut InMemoryScene) -> Played) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut scene = InMemoryScene::new(estate, environment);
    runtime.block_on(played(&mut scene)).unwrap_or_else(|error| panic!("{scenario}: {error}"));
}

fn of_a_pair(scenario: &str, _: (&str, &str), played: impl AsyncFnOnce(&mut InMemoryPairScene) -> Played) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut scene = InMemoryPairScene::of(stacks(&estates(&[AUTOMATIC])));
    runtime.block_on(played(&mut scene)).unwrap_or_else(|error| panic!("{scenario}: {error}"));
}

every_scenario! {
    schedule, play;
    a_night: "clos-v2", "dev";
    ticks_that_are_doubled_lost_or_late: "clos-v2", "dev";
    an_override_that_expires: "clos-v2", "dev";
    a_wake_by_hand_that_is_given_back: "clos-v2", "dev";
    releases_of_two_pipelines: "clos-v2", "dev";
    a_month_of_nights: "clos-v2", "dev";
    a_plan: "clos-v2", "dev";
    a_halt: "clos-v2", "dev";
    a_drift: "clos-v2", "dev";
    wrong_input: "clos-v2", "dev";
    calendars_side_by_side: "carcierge", "staging";
    production_that_somebody_puts_to_sleep: "carcierge", "prod";
}

fn with_a_page(
    scenario: &str,
    (estate, environment): (&str, &str),
    played: impl AsyncFnOnce(&mut InMemoryScene) -> Played,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut scene = InMemoryScene::over(SHOP.clone(), estate, environment);
    runtime.block_on(played(&mut scene)).unwrap_or_else(|error| panic!("{scenario}: {error}"));
}

every_scenario! {
    wake, with_a_page;
    a_wake_by_its_page: "shop", "dev";
}

every_scenario! {
    emergency, play;
    an_alarm: "clos-v2", "prod";
    a_veto: "coldchain", "production";
    a_profile_that_a_person_starts: "clos-v2", "prod";
    a_profile_that_asks: "clos-v2", "prod";
    a_bad_release: "h2o-allegiant", "prod";
}

every_scenario! {
    unblock, play;
    a_morning: "clos-v2", "prod";
    a_plan_of_a_morning: "clos-v2", "prod";
    a_halt_of_the_unblock: "clos-v2", "prod";
    an_undo: "clos-v2", "prod";
    a_morning_that_is_missed: "clos-v2", "prod";
    a_lease_that_is_left: "clos-v2", "prod";
    input_that_cannot_be_followed: "clos-v2", "prod";
    a_deployment_that_does_not_end: "clos-v2", "prod";
}

every_scenario! {
    backup, play;
    a_late_tick: "clos-v2", "prod";
    a_month_of_backups: "clos-v2", "prod";
    a_table_that_is_restored: "clos-v2", "prod";
    an_instant_that_is_restored: "clos-v2", "prod";
    a_restore_drill: "clos-v2", "prod";
    a_plan_of_backups: "clos-v2", "prod";
    a_halt_of_backups: "clos-v2", "prod";
    a_stopped_database_that_is_backed_up: "carcierge", "staging";
}

every_scenario! {
    failover, of_a_pair;
    a_plan_of_a_failover: "fleet-orchestration", "prod";
    a_false_alarm: "fleet-orchestration", "prod";
    a_region_that_is_lost: "fleet-orchestration", "prod";
    a_rehearsal: "fleet-orchestration", "prod";
    a_rehearsal_without_room: "fleet-orchestration", "prod";
    a_loss_during_a_rehearsal: "fleet-orchestration", "prod";
}
