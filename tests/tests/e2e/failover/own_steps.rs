//! A step of the estate's own within a move, on Step Functions: only a machine with the tag is started, once.

use aws_sdk_sfn::types::{ExecutionStatus, Tag};
use serde_json::{Value, json};
use watchkeeper_tests::harness::DeployedStack;

use super::field::{OWN_STEP, Scene, ending, play_tram};

/// The estate's own machine: it ends at once.
const MACHINE: &str = r#"{"StartAt": "Warm", "States": {"Warm": {"Type": "Pass", "End": true}}}"#;

/// Makes the machine in a region; with the tag or without.
async fn make(stack: &DeployedStack, managed: bool) -> String {
    let role = "arn:aws:iam::123456789012:role/tram-steps";
    let call = stack.executions().create_state_machine().name(OWN_STEP).definition(MACHINE).role_arn(role);
    let tag = Tag::builder().key("watchkeeper:managed").value("true").build();
    let call = if managed { call.tags(tag) } else { call };
    call.send().await.unwrap().state_machine_arn
}

#[test]
fn a_step_of_the_estates_own_is_started_once_and_only_with_the_tag() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let machine = make(scene.standby, true).await;
        let run = scene.fail_over(json!({ "mode": "graceful" })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        let sfn = scene.standby.executions();
        let all = sfn.list_executions().state_machine_arn(&machine).send().await.unwrap().executions;
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0].status, ExecutionStatus::Succeeded);
        let told = sfn.describe_execution().execution_arn(&all[0].execution_arn).send().await.unwrap();
        let input: Value = serde_json::from_str(told.input().unwrap()).unwrap();
        assert_eq!((&input["to"], &input["after"]), (&json!(scene.standby.region()), &json!("scale")), "{input}");
        // At home it has no tag: AWS refuses the start, and the step is optional.
        let at_home = make(scene.home, false).await;
        scene.goes_home().await;
        let there = scene.home.executions().list_executions().state_machine_arn(&at_home).send().await.unwrap();
        assert!(there.executions.is_empty(), "{there:?}");
        for (stack, machine) in [(scene.standby, machine), (scene.home, at_home)] {
            stack.executions().delete_state_machine().state_machine_arn(machine).send().await.unwrap();
        }
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
