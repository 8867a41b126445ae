//! What a test that failed may have left behind, put right before the next one.

use aws_sdk_sfn::types::ExecutionStatus;
use watchkeeper_tests::harness::{DeployedStack, StackPair};
use watchkeeper_tests::sandbox::{EmulatorSettings, SiteFace, SiteTrouble};

/// Nothing is lost, in trouble or under way, and the emulator's figures are the usual ones.
pub(super) async fn mended(stacks: &StackPair<'_>) {
    let control = stacks.control();
    for stack in [stacks.home, stacks.standby] {
        let region = stack.region().as_str();
        // One that is not lost cannot be regained.
        let _ = control.regain(region).await;
        for table in &stacks.failover().unwrap().tables {
            // Before the first test there is no such table.
            let _ = control.put_replica_status(region, table.table.as_str(), "ACTIVE").await;
        }
        for (_, service) in stacks.environment.services(stack.region()) {
            if let Some(group) = stack.site().target_group(&service, stacks.failover().unwrap()).await.unwrap() {
                control.put_target_health(region, &group, true).await.unwrap();
            }
        }
        ended(stack).await;
    }
    for face in [SiteFace::Primary, SiteFace::Standby, SiteFace::Public] {
        control.trouble_site(stacks.site(), face, SiteTrouble::None).await.unwrap();
    }
    let usual = EmulatorSettings {
        ecs_settle_seconds: Some(0.3),
        ecs_stop_seconds: Some(0.0),
        replication_ms: Some(0.0),
        alarm_evaluation: Some(false),
        ..EmulatorSettings::default()
    };
    control.change(&usual).await.unwrap();
}

/// End what still runs in a region.
async fn ended(stack: &DeployedStack) {
    let sfn = stack.executions();
    for machine in ["FailbackMachineArn", "FailoverMachineArn", "EmergencyMachineArn", "ReconcileMachineArn"] {
        let arn = stack.outputs().get(machine).unwrap();
        let running = sfn.list_executions().state_machine_arn(arn).status_filter(ExecutionStatus::Running);
        for execution in running.send().await.unwrap().executions() {
            sfn.stop_execution().execution_arn(execution.execution_arn()).send().await.unwrap();
        }
    }
}

/// Take everything that the ledger knows of a member, and of the pair, out of it.
pub(super) async fn forget(stacks: &StackPair<'_>, stack: &DeployedStack) {
    let pair = format!("{}#{}", stacks.id.estate, stacks.id.environment);
    let of_the_pair = ["PAIR", "MOVES", "WATCHES"].map(|kind| format!("{kind}#{pair}"));
    let scope = format!("SCOPE#{pair}#{}", stack.region());
    stack.forget_partitions(of_the_pair.into_iter().chain([scope])).await.unwrap();
}
