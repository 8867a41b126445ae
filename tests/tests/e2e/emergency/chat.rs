//! A question in a chat: it arrives in the form of the guide, and the buttons below it answer.

use serde_json::Value;
use watchkeeper_aws::NotificationTargets;
use watchkeeper_control::ports::Notifier as _;
use watchkeeper_domain::message::Message;
use watchkeeper_tests::chat::{notification_flaws, paper_actions, pressed};
use watchkeeper_tests::harness::{EmergencyExecution, EmergencyExecutionState, SandboxHarness};

use super::field::{Scene, ended, holds, play, profile};
use crate::window::Window;

const ACCOUNT: &str = "210987654321";
const PAPER: &str = include_str!("../../../../functions/window-act/README.md");

/// `minimum` of `clos-v2` production asks, and the chat has heard the same as people.
async fn asked(scene: &Scene) -> (EmergencyExecution<'static>, Value) {
    // What was told before is of no interest.
    scene.stack.notifications().letters().await.unwrap();
    scene.stack.notifications().chat().await.unwrap();
    let (emergency_run, stands) = scene.by_hand(profile("minimum")).await;
    assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
    let (question, letters) = scene.stack.asked().await.unwrap();
    let heard = scene.stack.notifications().chat().await.unwrap();
    let titles: Vec<&str> = heard.iter().filter_map(|it| it["content"]["title"].as_str()).collect();
    assert_eq!(titles, letters.iter().map(|letter| letter.subject.as_str()).collect::<Vec<_>>());
    let asked = heard[heard.len() - 1].clone();
    assert_eq!(notification_flaws(&asked), Vec::<String>::new(), "{asked}");
    assert_eq!(asked["metadata"]["threadId"], emergency_run.name());
    assert!(!asked.to_string().contains(&question.approve.token), "the token is in the chat");
    (emergency_run, asked)
}

/// The button of the paper below a message; the names of stack and region in its command are the reader's own.
fn button(place: usize, below: &Value) -> Value {
    pressed(&paper_actions(PAPER).unwrap()[place], below).unwrap().unwrap()
}

#[test]
fn a_message_of_the_chat_has_the_form_of_the_guide_and_its_button_answers() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let window = Window::of(scene.stack, ACCOUNT);
        let (mut emergency_run, question) = asked(&scene).await;
        let page = window.acts(&button(1, &question)).await;
        assert!(page.contains("Refused"), "{page}");
        let run = ended(emergency_run.goes_on().await.unwrap());
        assert_eq!(run.outcome(), "declined", "{}", run.says());
        assert!(run.says().contains("channel ops"), "{}", run.says());
        scene.is_as_before().await;

        let (mut emergency_run, question) = asked(&scene).await;
        let page = window.acts(&button(0, &question)).await;
        assert!(page.contains("Approved"), "{page}");
        assert!(holds(&emergency_run.goes_on().await.unwrap()));
        // What the child tells stands in the thread of the question.
        let told = scene.stack.notifications().chat().await.unwrap().pop().unwrap();
        assert_eq!(notification_flaws(&told), Vec::<String>::new(), "{told}");
        assert_eq!(told["metadata"]["threadId"], emergency_run.name(), "{told}");
        let mut back = profile("minimum");
        back["give-back"] = true.into();
        ended(scene.by_hand(back).await.1);
        scene.is_as_before().await;
        emergency_run.run_out().await.unwrap();
    });
}

#[test]
fn a_chat_that_takes_nothing_keeps_no_message_from_people() {
    play(async |harness: &'static SandboxHarness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let region = scene.stack.region().as_str();
        let config = harness.sandbox().sdk_config(region);
        let topic = scene.stack.outputs().get("TopicArn").unwrap();
        let bus = scene.stack.outputs().get("EventBusName").unwrap();
        let nowhere = format!("arn:aws:sns:{region}:{ACCOUNT}:nothing-of-this-name-chat").parse().unwrap();
        let targets = NotificationTargets::new(&config, topic, Some(nowhere), bus);
        targets.notify(&Message::new("a test: nobody is in the chat", "text")).await.unwrap();
        let heard = |letter: &watchkeeper_tests::harness::NotificationMessage| letter.subject.starts_with("a test");
        scene.stack.notifications().letters_until(heard).await.unwrap();
    });
}
