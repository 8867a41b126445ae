//! `minimum` of `clos-v2` production asks, and nobody answers.

use watchkeeper_tests::harness::{
    AnswerCommand, AskedQuestion, EmergencyExecution, EmergencyExecutionState, SandboxHarness,
};

use super::field::{Scene, ended, minutes, play, profile};

/// What Step Functions says to an answer that is not waited for any more.
const TOO_LATE: &str = "TaskTimedOut";

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
