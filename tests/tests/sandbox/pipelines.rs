//! The commands of the paper for pipelines, as the two services would run them: by bash, with the rights of the paper's policy.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use watchkeeper_tests::sandbox::{CheckoutLayout, Emulator, ProgressLines, PythonEnvironment, UsedRight};

use crate::permissions::{FUNCTION, function, grant};
use crate::{REGION, boot, inputs, machine};

const PAPER: &str = include_str!("../../../functions/reconcile/PIPELINES.md");
const RELEASE: &str = "octo/shop-1234-1";

/// The blocks of a language on the paper.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let rest = PAPER.split(&fence as &str).skip(1);
    rest.map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// The commands that wake, and those that end, of both services: the literal blocks of their YAML.
fn commands() -> Vec<(String, String)> {
    let pipelines = blocks("yaml").into_iter().map(|yaml| {
        let mut literal = Vec::new();
        let mut lines = yaml.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.trim_end().ends_with('|') {
                continue;
            }
            let deep = |line: &str| line.len() - line.trim_start().len();
            let inner = lines.peek().map_or(0, |line| deep(line));
            let mut block = String::new();
            while let Some(line) = lines.next_if(|line| deep(line) >= inner) {
                block.push_str(&line[inner..]);
                block.push('\n');
            }
            literal.push(block);
        }
        let [wake, end] = &literal[..] else { panic!("two blocks of commands: {literal:?}") };
        (wake.clone(), end.clone())
    });
    pipelines.collect()
}

/// What bash makes of commands, as GitHub and GitLab call it, for who has the rights of the function.
async fn run(emulator: &Emulator, python: &Path, commands: &str, arn: &str) -> Output {
    let layout = CheckoutLayout::find().unwrap();
    let mut paths = vec![layout.root().join("tests/cli"), python.parent().unwrap().to_owned()];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", &commands.replace("sleep 10", "sleep 1")]).env("PATH", std::env::join_paths(paths).unwrap());
    bash.env("MACHINE", arn).env("RELEASE", RELEASE).env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
    bash.env("AWS_ENDPOINT_URL", emulator.endpoint()).env("AWS_SDK_UA_APP_ID", FUNCTION);
    bash.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("PYTHONDONTWRITEBYTECODE", "1");
    tokio::task::spawn_blocking(move || bash.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A machine that waits a moment, and then ends as its input says.
fn definition() -> String {
    let fail = json!({ "Type": "Fail", "Error": "Guardrail.Refused", "Cause": "frozen: a fair" });
    let choice = json!({ "Variable": "$.environment", "StringEquals": "frozen", "Next": "Refused" });
    let states = json!({
        "Pause": {"Type": "Wait", "Seconds": 2, "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": [choice], "Default": "Done"},
        "Refused": fail,
        "Done": {"Type": "Succeed"},
    });
    json!({ "StartAt": "Pause", "States": states }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_paper_wake_wait_and_end_with_the_rights_of_its_policy() {
    let emulator = boot().await;
    let layout = CheckoutLayout::find().unwrap();
    let python = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap().python();
    function(&emulator).await;
    let policy: Value = serde_json::from_str(blocks("json")[0]).unwrap();
    grant(&emulator, policy["Statement"].clone()).await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let arn = machine(&sfn, "watchkeeper-reconcile", &definition()).await;
    assert!(PAPER.contains(&format!("MACHINE: {arn}\n")), "{arn}");
    let pipelines = commands();
    assert_eq!(pipelines.len(), 2, "GitHub and GitLab");
    for (wake, end) in &pipelines {
        let woken = run(&emulator, &python, wake, &arn).await;
        assert!(woken.status.success() && said(&woken).contains("SUCCEEDED"), "{}", said(&woken));
        let ended = run(&emulator, &python, end, &arn).await;
        assert!(ended.status.success() && said(&ended).contains("executionArn"), "{}", said(&ended));
        let frozen = wake.replace(r#""environment": "dev""#, r#""environment": "frozen""#);
        let refused = run(&emulator, &python, &frozen, &arn).await;
        assert!(!refused.status.success() && said(&refused).contains("frozen: a fair"), "{}", said(&refused));
    }
    let asked = inputs(&sfn, &arn).await;
    assert_eq!(asked.len(), 6);
    for input in asked {
        let request: watchkeeper_domain::request::RunRequest = serde_json::from_value(input).unwrap();
        request.check().unwrap();
        assert_eq!(request.for_release.map(|release| release.to_string()).as_deref(), Some(RELEASE));
    }
    let found = emulator.control().permissions().await.unwrap();
    let right = |statement: &str, action: &str| UsedRight {
        role: "Judged".to_owned(),
        statement: statement.to_owned(),
        action: action.to_owned(),
    };
    let mut used = found.used.clone();
    used.sort();
    // Both statements are used, and no call was denied: it is neither too little nor too much.
    assert_eq!(used, [right("Wait", "states:DescribeExecution"), right("Wake", "states:StartExecution")]);
    assert_eq!(found.denials.len(), 0, "{:?}", found.denials);
    emulator.succeeded().unwrap();
}
