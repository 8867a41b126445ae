//! Our own: questions that wait.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_aws::AwsUnblockSources;
use watchkeeper_control::ports::ExecutionStates as _;
use watchkeeper_control::unblock::ports::ExecutionReader as _;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_tests::harness::EmergencyExecutionState;

use crate::unblock::field::{Ground, input, play};

#[test]
fn a_question_is_found_with_its_age_and_ended_as_if_nobody_had_asked() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        let before = ground.capacity().await;
        let mut emergency_run = ground.stack.raise(&input(&json!({ "profile": "minimum" }))).await.unwrap();
        assert!(matches!(emergency_run.goes_on().await.unwrap(), EmergencyExecutionState::Asking));
        let machine = |output: &str| ground.stack.outputs().get(output).unwrap().to_owned();
        let machines = ["ReconcileMachineArn", "EmergencyMachineArn", "UnblockMachineArn"].map(machine).to_vec();
        let asking = vec![machine("EmergencyMachineArn")];
        let stuck = AwsUnblockSources::new(&harness.sandbox().sdk_config("us-east-1"), machines, asking);

        let questions = stuck.questions().await.unwrap();
        let question = questions.iter().find(|question| question.name == emergency_run.name()).unwrap();
        let asked: serde_json::Value = serde_json::from_str(&question.input).unwrap();
        assert_eq!((&asked["environment"], &asked["profile"]), (&json!("prod"), &json!("minimum")));
        let now = ground.stack.control().now().await.unwrap();
        assert!(now.duration_since(question.since).abs() < SignedDuration::from_mins(5), "{question:?}");
        assert_eq!(stuck.status(emergency_run.name()).await.unwrap(), ExecutionStatus::Running);

        stuck.end(question, "nobody answered").await.unwrap();
        assert_eq!(stuck.status(emergency_run.name()).await.unwrap(), ExecutionStatus::Dead("ABORTED".to_owned()));
        assert!(stuck.questions().await.unwrap().iter().all(|question| question.name != emergency_run.name()));
        assert_eq!(stuck.status("nobody-knows").await.unwrap(), ExecutionStatus::Unknown);
        assert_eq!(ground.capacity().await, before);
    });
}
