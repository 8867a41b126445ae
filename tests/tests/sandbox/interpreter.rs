//! Machines run as Step Functions runs them where that decides what an operator sees.

use serde_json::{Value, json};
use watchkeeper_tests::sandbox::{CheckoutLayout, SandboxError};

use crate::{REGION, Seated, boot, eventually, machine, module, start, status};

struct Bench {
    emulator: Seated,
    sfn: aws_sdk_sfn::Client,
}

impl Bench {
    async fn set() -> Self {
        let emulator = boot().await;
        let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
        Self { emulator, sfn }
    }

    async fn make(&self, name: &str, states: Value) -> String {
        let first = states.as_object().unwrap().keys().next().unwrap().clone();
        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": first, "States": states });
        machine(&self.sfn, name, &definition.to_string()).await
    }

    /// Output, or error and cause, of an execution of a machine of these states; the first one by name begins.
    async fn run(&self, name: &str, states: Value) -> Result<Value, (String, String)> {
        let execution = start(&self.sfn, &self.make(name, states).await).await;
        self.ended(&execution).await
    }

    async fn ended(&self, execution: &str) -> Result<Value, (String, String)> {
        eventually(false, || async { status(&self.sfn, execution).await == "RUNNING" }).await;
        let known = self.sfn.describe_execution().execution_arn(execution).send().await.unwrap();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match known.output() {
            Some(output) if known.status().as_str() == "SUCCEEDED" => Ok(serde_json::from_str(output).unwrap()),
            _ => Err((text(known.error()), text(known.cause()))),
        }
    }

    /// The same of states that end with an expression.
    async fn gives(&self, name: &str, expression: &str) -> Result<Value, (String, String)> {
        let output = format!("{{% {expression} %}}");
        self.run(name, json!({"A": {"Type": "Pass", "Output": output, "End": true}})).await
    }
}

/// A task that catches all that can be caught, and hands on what it caught.
fn careful(mut task: Value) -> Value {
    task["Type"] = "Task".into();
    task["End"] = true.into();
    task["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Z"}]);
    json!({"A": task, "Z": {"Type": "Pass", "End": true}})
}

fn child(of: &str, name: &str) -> Value {
    let arguments = json!({"StateMachineArn": of, "Name": name, "Input": {"n": 1}});
    careful(json!({"Resource": "arn:aws:states:::states:startExecution.sync:2", "Arguments": arguments}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_failed_is_a_failed_task_with_its_description() {
    let bench = Bench::set().await;
    let failing = bench.make("failing", json!({"A": {"Type": "Fail", "Error": "Own.Error", "Cause": "why"}})).await;
    let caught = bench.run("parent", child(&failing, "one")).await.unwrap();
    assert_eq!(caught["Error"], "States.TaskFailed");
    let told: Value = serde_json::from_str(caught["Cause"].as_str().unwrap()).unwrap();
    assert_eq!((&told["Error"], &told["Cause"]), (&json!("Own.Error"), &json!("why")));
    assert_eq!(
        (&told["Status"], &told["Name"], &told["Input"]),
        (&json!("FAILED"), &json!("one"), &json!("{\"n\":1}"))
    );
    // Its name is used.
    let again = bench.run("again", child(&failing, "one")).await.unwrap();
    assert_eq!(again["Error"], "StepFunctions.ExecutionAlreadyExistsException");

    let well = bench.make("well", json!({"A": {"Type": "Pass", "Output": {"x": [1]}, "End": true}})).await;
    let answer = bench.run("proud", child(&well, "two")).await.unwrap();
    assert_eq!((&answer["Output"], &answer["Status"]), (&json!({"x": [1]}), &json!("SUCCEEDED")));
    bench.emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn some_errors_are_nobodys_to_catch() {
    let bench = Bench::set().await;
    let over = json!({"Resource": "arn:aws:states:::states:startExecution", "Arguments": {
        "StateMachineArn": "m", "Input": "{% $pad('x', 270000) %}",
    }});
    let (error, cause) = bench.run("large", careful(over)).await.unwrap_err();
    assert_eq!(error, "States.DataLimitExceeded", "{cause}");
    let unknown = json!({"Resource": "arn:aws:states:::nothing:doIt", "Arguments": {}});
    assert_eq!(bench.run("runtime", careful(unknown)).await.unwrap_err().0, "States.Runtime");
    // By its own name, the one can be caught.
    let mut named = careful(json!({"Resource": "arn:aws:states:::states:startExecution", "Arguments": {
        "StateMachineArn": "m", "Input": "{% $pad('x', 270000) %}",
    }}));
    named["A"]["Catch"][0]["ErrorEquals"] = json!(["States.DataLimitExceeded"]);
    assert_eq!(bench.run("named", named).await.unwrap()["Error"], "States.DataLimitExceeded");
    bench.emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_has_25_000_events() {
    let bench = Bench::set().await;
    let endless = json!({
        "A": {"Type": "Pass", "Assign": {"n": 0}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Condition": "{% $n < 0 %}", "Next": "A"}], "Default": "B"},
    });
    let (error, cause) = bench.run("endless", endless).await.unwrap_err();
    assert_eq!((error.as_str(), cause.contains("25000")), ("States.Runtime", true), "{cause}");
    bench.emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_flows_as_the_guide_says() {
    let bench = Bench::set().await;
    let swap = json!({
        "A": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Output": "{% $a %}", "Next": "C"},
        "C": {"Type": "Pass", "Output": "{% [$states.input, $a, $b] %}", "End": true},
    });
    assert_eq!(bench.run("swap", swap).await.unwrap(), json!([1, 2, 1]));
    let truthy = json!({
        "A": {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "Z"}], "Default": "Z"},
        "Z": {"Type": "Pass", "End": true},
    });
    assert_eq!(bench.run("truthy", truthy).await.unwrap_err().0, "States.QueryEvaluationError");
    assert_eq!(bench.gives("undefined", "$states.input.nothing").await.unwrap_err().0, "States.QueryEvaluationError");
    assert_eq!(bench.gives("function", "$error").await.unwrap_err().0, "States.QueryEvaluationError");
    assert_eq!(bench.gives("letters", "$string({'a': 'é'})").await.unwrap(), json!("{\"a\":\"é\"}"));
    bench.emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_are_judged_by_the_reference_implementation() {
    let bench = Bench::set().await;
    let control = bench.emulator.control();
    let rich = "{'a': $map([1, 3], function($v) { $v * 1.5 }), 'n': $string({'e': 'é'}), 't': $toMillis($now()) > 0}";
    assert_eq!(bench.gives("rich", rich).await.unwrap(), json!({"a": [1.5, 4.5], "n": "{\"e\":\"é\"}", "t": true}));
    let judged = control.judge_expressions().await.unwrap();
    assert_eq!(judged.evaluated, 1);
    assert_eq!(control.judge_expressions().await.unwrap().evaluated, 0);

    let name = bench.gives("named", "$uppercase($states.context.Execution.Name) != ''").await.unwrap();
    assert_eq!(name, json!(true));
    bench.gives("undefined", "$states.input.nothing").await.unwrap_err();
    let SandboxError::Expressions(found) = control.judge_expressions().await.unwrap_err() else { panic!() };
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].machine.as_str(), found[0].expression.as_str()), ("undefined", "$states.input.nothing"));
    bench.emulator.succeeded().unwrap();
}

#[tokio::test]
async fn the_longest_life_of_each_machine_ends_by_its_own_words() {
    let said = module("lives").await.unwrap();
    for file in CheckoutLayout::find().unwrap().root().join("statemachines").read_dir().unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        let machine = file.strip_suffix(".asl.json").unwrap();
        assert!(said.lines().any(|line| line.starts_with(&format!("{machine} "))), "{machine}: {said}");
    }
}
