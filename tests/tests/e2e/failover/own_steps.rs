//! A step of the estate's own within a move, on Step Functions.

use aws_sdk_sfn::types::{ExecutionStatus, Tag};
use serde_json::{Value, json};
use watchkeeper_tests::harness::DeployedStack;

use super::field::{OWN_STEP, Scene, ending, play_tram};

/// The estate's own machine: it ends at once.
const MACHINE: &str = r#"{"StartAt": "Warm", "States": {"Warm": {"Type": "Pass", "End": true}}}"#;

/// Makes the machine in a region, with the tag; one that is there stays.
pub(super) async fn make(stack: &DeployedStack, machine: &str) {
    if find(stack, machine).await.is_some() {
        return;
    }
    let role = "arn:aws:iam::123456789012:role/tram-steps";
    let tag = Tag::builder().key("watchkeeper:managed").value("true").build();
    let call = stack.executions().create_state_machine().name(machine).definition(MACHINE).role_arn(role).tags(tag);
    call.send().await.unwrap();
}

async fn find(stack: &DeployedStack, machine: &str) -> Option<String> {
    let all = stack.executions().list_state_machines().send().await.unwrap().state_machines;
    all.into_iter().find(|it| it.name == machine).map(|it| it.state_machine_arn)
}

#[test]
fn a_step_of_the_estates_own_is_started_once_with_the_rights_of_the_role() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let machine = find(scene.standby, OWN_STEP).await.unwrap();
        let sfn = scene.standby.executions();
        let all = async || sfn.list_executions().state_machine_arn(&machine).send().await.unwrap().executions;
        let before: Vec<String> = all().await.into_iter().map(|it| it.execution_arn).collect();
        let run = scene.fail_over(json!({ "mode": "graceful" })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        let mut new = all().await;
        new.retain(|it| !before.contains(&it.execution_arn));
        assert_eq!(new.len(), 1, "{new:?}");
        assert_eq!(new[0].status, ExecutionStatus::Succeeded);
        let told = sfn.describe_execution().execution_arn(&new[0].execution_arn).send().await.unwrap();
        let input: Value = serde_json::from_str(told.input().unwrap()).unwrap();
        assert_eq!((&input["to"], &input["after"]), (&json!(scene.standby.region()), &json!("scale")), "{input}");
        let used = harness.sandbox().control().permissions().await.unwrap().used;
        for (statement, action) in
            [("StartOwnSteps", "states:StartExecution"), ("FollowOwnSteps", "states:DescribeExecution")]
        {
            let found = used.iter().any(|it| it.role == "Failover" && it.statement == statement && it.action == action);
            assert!(found, "{statement} {action}: {used:?}");
        }
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
