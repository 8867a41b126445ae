//! Scenarios of backups that are played on the sandbox, too.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, backup};

use super::field::{Vault, play};
use crate::field::played;

fn backups(scenario: &str, (estate, _): (&str, &str), told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played) {
    play(async |harness| {
        let vault = match estate {
            "strong-box" => Vault::strong_box(harness).await,
            _ => Vault::fresh(harness).await,
        };
        played("backup", scenario, harness, &vault.scope, told).await;
    });
}

every_scenario! {
    backup, backups;
    a_late_tick: "clos-v2", "prod";
    a_table_that_is_restored: "clos-v2", "prod";
    an_instant_that_is_restored: "clos-v2", "prod";
    a_restore_drill: "clos-v2", "prod";
    a_plan_of_backups: "clos-v2", "prod";
    a_halt_of_backups: "clos-v2", "prod";
    a_stopped_database_that_is_backed_up: "strong-box", "prod";
}
