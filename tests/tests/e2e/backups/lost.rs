//! Answers that are lost.

use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use super::field::{Vault, backup_of, play};

const CLUSTER: &str = "aurora:clos-v2-db-cluster";

#[test]
fn an_answer_that_is_lost_after_its_effect_makes_no_second_backup() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        for (service, operation) in [("dynamodb", "CreateBackup"), ("rds", "CreateDBClusterSnapshot")] {
            let fault = FaultOrder { after_effect: true, ..FaultOrder::new(service, operation, FaultKind::Error) };
            vault.stack.control().order(&fault).await.unwrap();
        }
        let ended = vault.stack.backup_tick(vault.time("03:50")).await.unwrap();
        let run = backup_of("clos-v2", &ended);
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(vault.of_the_day(CLUSTER).await, [1, 1]);
        for table in ["real-time-metrics", "user-sessions", "event-stream", "wip-locks", "ideas"] {
            assert_eq!(vault.of_the_day(&format!("dynamodb:clos-v2-{table}")).await, [1], "{table}");
        }
    });
}
