//! `minimum` of `clos-v2` production asks: yes, no, nothing, and a second answer.

use watchkeeper_tests::harness::{
    AnswerCommand, AskedQuestion, EmergencyExecution, EmergencyExecutionState, SandboxHarness,
};

use super::field::{Scene, ended, holds, minutes, play, profile};

/// What Step Functions says to an answer that is not waited for any more.
const TOO_LATE: &str = "TaskTimedOut";
/// Both services at the minimum.
const MINIMUM: [(u32, Option<(u32, u32)>); 2] = [(1, Some((1, 2))); 2];

/// A person has asked for the minimum, and the question has come.
async fn asked(harness: &'static SandboxHarness) -> (Scene, EmergencyExecution<'static>, AskedQuestion) {
    let scene = Scene::fresh(harness, "clos-v2", "prod").await;
    let mark = scene.mark().await;
    let (emergency_run, stands) = scene.by_hand(profile("minimum")).await;
    assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
    let (question, before) = scene.stack.asked().await.unwrap();
    assert_eq!(before.len(), 1, "{before:?}");
    assert_eq!(question.letter.subject, "clos-v2 prod: approve minimum?");
    for words in ["clos-v2-core-api-service: 3 -> 1 tasks", "[needs approval] blast-radius"] {
        assert!(question.letter.text.contains(words), "{words}: {}", question.letter.text);
    }
    assert_eq!(scene.writes(mark).await, 0);
    scene.is_as_before().await;
    (scene, emergency_run, question)
}

/// Whatever is answered now is an error, and changes nothing.
async fn is_too_late(scene: &Scene, commands: [&AnswerCommand; 2]) {
    let before = (scene.capacity().await, scene.mark().await);
    for command in commands {
        let refused = scene.stack.answer(&command.by("Berta")).await.unwrap();
        assert_eq!(refused.as_deref(), Some(TOO_LATE));
    }
    assert_eq!((scene.capacity().await, scene.writes(before.1).await), (before.0, 0));
}

#[test]
fn a_yes_goes_on_a_second_answer_is_an_error_and_changes_nothing() {
    play(async |harness| {
        let (scene, mut emergency_run, question) = asked(harness).await;
        assert_eq!(scene.stack.answer(&question.approve.by("Anna")).await.unwrap(), None);
        let stands = emergency_run.goes_on().await.unwrap();
        assert!(holds(&stands), "{stands:?}");
        assert_eq!(scene.figures().await, MINIMUM);
        is_too_late(&scene, [&question.refuse, &question.approve]).await;
        let letters = scene.stack.notifications().letters().await.unwrap();
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].text.contains("approved by Anna"), "{}", letters[0].text);
        // It holds for eight hours, and ends by itself.
        assert!(holds(&emergency_run.pass(minutes(7 * 60 + 55)).await.unwrap()));
        assert_eq!(scene.figures().await, MINIMUM);
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}

#[test]
fn a_no_ends_it_and_a_yes_after_it_is_an_error() {
    play(async |harness| {
        let (scene, mut emergency_run, question) = asked(harness).await;
        assert_eq!(scene.stack.answer(&question.refuse.by("Anna")).await.unwrap(), None);
        let run = ended(emergency_run.goes_on().await.unwrap());
        assert_eq!((run.outcome(), run.says()), ("declined", "refused by Anna"));
        is_too_late(&scene, [&question.approve, &question.refuse]).await;
        scene.is_as_before().await;
        assert_eq!(scene.subjects().await, ["clos-v2 prod: minimum was not done"]);
    });
}

#[test]
fn without_an_answer_it_refuses_itself() {
    play(async |harness| {
        let (scene, mut emergency_run, question) = asked(harness).await;
        let run = ended(emergency_run.pass(minutes(31)).await.unwrap());
        assert_eq!(run.outcome(), "declined");
        assert!(run.says().contains("nobody answered in time"), "{}", run.says());
        is_too_late(&scene, [&question.approve, &question.refuse]).await;
        scene.is_as_before().await;
        assert_eq!(scene.subjects().await, ["clos-v2 prod: minimum was not done"]);
    });
}

#[test]
fn surge_and_minimum_together_go_by_the_documents_order_and_the_message_says_so() {
    play(async |harness| {
        let (scene, mut minimum, question) = asked(harness).await;
        scene.stack.answer(&question.approve.by("Anna")).await.unwrap();
        assert!(holds(&minimum.goes_on().await.unwrap()));
        scene.subjects().await;
        let (mut surge, stands) = scene.by_hand(serde_json::json!({ "profile": "surge", "for": "30m" })).await;
        assert!(holds(&stands), "{stands:?}");
        assert_eq!(scene.figures().await, [(4, Some((4, 10))); 2]);
        let told = scene.stack.notifications().letters().await.unwrap().pop().unwrap().text;
        assert!(told.contains("at minimum holds too and comes after it in the document's order"), "{told}");
        assert_eq!(surge.run_out().await.unwrap().outcome(), "given-back");
        assert_eq!(scene.figures().await, MINIMUM, "minimum still holds");
        assert!(holds(&minimum.pass(minutes(7 * 60)).await.unwrap()));
        assert_eq!(minimum.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}
