//! The operator's window, and the page of what sleeps, in a real browser: buttons are pressed by keyboard, and what comes of them is
//! looked for in AWS. The two commands need no browser: `.ci/run` names one in `CHROMIUM`, and asks for these by `--ignored`.

use std::collections::BTreeSet;
use std::process::Command;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_tests::harness::{APPLICATION, DeployedStack, EmergencyExecutionState, EndedExecution};
use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::emergency::field as emergency;
use crate::field::{Plot, play};

/// What a button led to.
#[derive(Debug, Deserialize)]
struct Pressed {
    /// What was asked before.
    asked: Vec<String>,
    /// What stands on the page.
    page: String,
}

/// Opens the window of a stack, fills its form, and presses one button after the other.
async fn press(stack: &DeployedStack, account: &str, form: Value, buttons: &[Value]) -> Vec<Pressed> {
    let name = stack.outputs().get("WindowFunction").unwrap();
    let arn = format!("arn:aws:lambda:{}:{account}:function:{name}", stack.region());
    let mut command = Command::new("node");
    command.arg("browser/press.mjs").arg(chromium()).arg(stack.control().window(&arn)).arg(form.to_string());
    command.args(buttons.iter().map(Value::to_string)).current_dir(env!("CARGO_MANIFEST_DIR"));
    printed(command).await
}

/// Opens the page of what sleeps, presses its button, and waits for the application: the pages that were seen.
async fn wake(address: String) -> Vec<String> {
    let mut command = Command::new("node");
    command
        .arg("browser/wake.mjs")
        .arg(chromium())
        .arg(address)
        .arg(APPLICATION)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    printed(command).await
}

fn chromium() -> String {
    #[allow(clippy::disallowed_methods, reason = "whoever asks for these tests names the browser")]
    std::env::var("CHROMIUM").expect("CHROMIUM: the path of the browser, as .ci/run gives it")
}

/// What a program prints, a line of JSON each.
async fn printed<T: DeserializeOwned>(mut command: Command) -> Vec<T> {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The outcome of the execution that a button has started.
async fn outcome(plot: &Plot, pressed: &Pressed, since: Timestamp) -> String {
    let name = pressed.page.split_whitespace().find(|word| word.starts_with("window-"));
    let name = name.unwrap_or_else(|| panic!("nothing was started: {}", pressed.page));
    plot.stack.ended_by_name(name, since).await.unwrap().unwrap().outcome().to_owned()
}

#[test]
#[ignore = "needs a browser: .ci/run plays it"]
fn an_environment_is_planned_woken_halted_and_lifted_by_keyboard() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        let button = |verb: &str| json!({"do": verb, "estate": "clos-v2", "environment": "dev"});
        let form = || json!({"by": "Anna", "reason": "a migration"});
        let pressed = async |verb: &str| {
            let mut all = press(plot.stack, "123456789012", form(), &[button(verb)]).await;
            all.pop().unwrap()
        };

        plot.stack.pass(jiff::SignedDuration::from_mins(2)).await.unwrap();
        let mark = plot.mark().await;
        let plan = pressed("plan").await;
        assert!(plan.page.contains("clos-v2 dev") && plan.asked.is_empty(), "{plan:?}");
        assert_eq!(plot.stack.api_calls(mark).await.unwrap().count("StartExecution"), 0);

        let since = plot.stack.control().now().await.unwrap();
        let woken = pressed("awake").await;
        assert!(woken.asked[0].starts_with("Wake clos-v2 dev until"), "{woken:?}");
        assert_eq!(outcome(&plot, &woken, since).await, "done");
        assert_eq!(plot.capacity().await, original);

        let halted = pressed("halt").await;
        outcome(&plot, &halted, since).await;
        let halt = plot.stack.ledger().load(&plot.scope).await.unwrap().halt.unwrap();
        assert_eq!((halt.by.as_str(), halt.reason.as_str()), ("Anna", "a migration"));

        plot.stack.pass(jiff::SignedDuration::from_mins(1)).await.unwrap();
        let lifted = pressed("lift").await;
        outcome(&plot, &lifted, since).await;
        assert_eq!(plot.stack.ledger().load(&plot.scope).await.unwrap().halt, None);
        plot.stack.run(&json!({"estate": "clos-v2", "environment": "dev", "want": "as-scheduled"})).await.unwrap();
    });
}

#[test]
#[ignore = "needs a browser: .ci/run plays it"]
fn whoever_meets_the_page_of_what_sleeps_presses_watches_and_lands_on_the_application() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "shop", "dev").await;
        let host = plot.stack.put_load_balancer(plot.environment).await.unwrap();
        let original = plot.capacity().await;
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        let address = format!("http://{}/orders?page=2", plot.stack.control().authority(&host));
        let seen = wake(address).await;
        assert!(seen[0].contains("shop dev is asleep") && seen[0].contains("Wake it for 2 h"), "{seen:#?}");
        assert!(seen.iter().any(|page| page.contains("shop dev wakes")), "{seen:#?}");
        assert_eq!(seen.last().unwrap(), APPLICATION);
        let woken = plot.stack.woken(&plot.scope, &BTreeSet::new()).await.unwrap();
        assert_eq!(woken.iter().map(EndedExecution::outcome).collect::<Vec<_>>(), ["done"]);
        assert_eq!(plot.capacity().await, original);
        let end = json!({"estate": "shop", "environment": "dev", "want": "as-scheduled", "for-release": "wake-page"});
        plot.stack.run(&end).await.unwrap();
    });
}

#[test]
#[ignore = "needs a browser: .ci/run plays it"]
fn a_question_is_approved_by_keyboard() {
    emergency::play(async |harness| {
        let scene = emergency::Scene::fresh(harness, "clos-v2", "prod").await;
        let (mut emergency_run, stands) = scene.by_hand(emergency::profile("minimum")).await;
        assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
        scene.stack.asked().await.unwrap();
        let buttons = [json!({"do": "question", "environment": "prod"}), json!({"do": "answer", "approved": true})];
        let pressed = press(scene.stack, "210987654321", json!({"by": "Anna"}), &buttons).await;
        assert!(pressed[1].asked[0].starts_with("Approve for clos-v2 prod"), "{pressed:?}");
        assert!(pressed[1].page.contains("Approved"), "{pressed:?}");
        assert!(emergency::holds(&emergency_run.goes_on().await.unwrap()));
        assert!(scene.capacity().await.services.values().all(|service| service.desired == 1));
        let mut back = emergency::profile("minimum");
        back["give-back"] = true.into();
        emergency::ended(scene.by_hand(back).await.1);
        scene.is_as_before().await;
        emergency_run.run_out().await.unwrap();
    });
}
