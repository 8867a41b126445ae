//! Drills of an Aurora cluster that ask a task of the estate's own.

use serde_json::json;
use watchkeeper_domain::backup::RestoreCheck;
use watchkeeper_domain::estate::CheckTask;
use watchkeeper_tests::estate::CheckContainer;
use watchkeeper_tests::harness::EndedExecution;

use super::field::{Vault, backup_of, play};

const CLUSTER: &str = "aurora:clos-v2-db-cluster";

fn check_of(vault: &Vault) -> CheckTask {
    let jobs = &vault.environment.document().backups.as_ref().unwrap().jobs;
    jobs.iter().find_map(|job| job.drill.as_ref()?.check.clone()).unwrap()
}

/// The drill while the container of its check does this: how it ended, and what the check was found to prove. Nothing of it is left.
async fn drilled(vault: &Vault, does: CheckContainer<'_>) -> (EndedExecution, RestoreCheck) {
    let (site, check) = (vault.stack.site(), check_of(vault));
    site.define_check(&check, does).await.unwrap();
    let mark = vault.stack.control().mark().await.unwrap();
    let drill = vault.stack.restore(&vault.input(json!({ "resource": CLUSTER }))).await.unwrap();
    let memory = vault.stack.backup_memory(&vault.scope, &CLUSTER.parse().unwrap()).await.unwrap();
    let evidence = memory.drilled.unwrap();
    let found = evidence.checks.iter().find(|check| check.name == "check task");
    let found = found.unwrap_or_else(|| panic!("{}: {evidence:?}", drill.says())).clone();
    assert_eq!(site.running_checks(&check).await.unwrap(), 0, "no task is left");
    let calls = vault.stack.api_calls(mark).await.unwrap();
    let counts = ["RunTask", "CreateDBInstance", "DeleteDBInstance", "DeleteDBCluster"].map(|name| calls.count(name));
    assert_eq!(counts, [1, 1, 1, 1], "the instance and the cluster are gone");
    (drill, found)
}

#[test]
fn an_aurora_drill_runs_the_estates_own_check_with_the_rights_of_the_role_and_leaves_nothing() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        let ended = vault.stack.backup_tick(vault.time("03:50")).await.unwrap();
        assert_eq!(backup_of("clos-v2", &ended).outcome(), "done", "{}", backup_of("clos-v2", &ended).says());
        let (drill, found) = drilled(&vault, CheckContainer::PROVES).await;
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        assert_eq!((found.ok, found.log.last().map(String::as_str)), (Some(true), Some("rows: 5")));

        let fails = CheckContainer { code: 3, says: "rows: 0", ..CheckContainer::PROVES };
        let (drill, found) = drilled(&vault, fails).await;
        assert_eq!(drill.outcome(), "Restore.Failed", "{}", drill.says());
        assert!(found.detail.starts_with("exit code 3"), "{found:?}");
        assert_eq!(found.log, ["rows: 0"]);

        let used = harness.sandbox().control().permissions().await.unwrap().used;
        for (statement, action) in [
            ("AddInstances", "rds:CreateDBInstance"),
            ("RunChecks", "ecs:RunTask"),
            ("TagChecks", "ecs:TagResource"),
            ("FollowChecks", "ecs:DescribeTasks"),
            ("ReadCheckDefinitions", "ecs:DescribeTaskDefinition"),
            ("HandRolesToChecks", "iam:PassRole"),
            ("ReadCheckLogs", "logs:GetLogEvents"),
        ] {
            let found = used.iter().any(|it| it.role == "Backups" && it.statement == statement && it.action == action);
            assert!(found, "{statement} {action}: {used:?}");
        }
    });
}
