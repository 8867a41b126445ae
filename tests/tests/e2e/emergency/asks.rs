//! When a person is asked although the document does not say so, and when the alarm itself is asked to last.

use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_tests::estate::awaited;
use watchkeeper_tests::harness::{EmergencyExecutionState, HarnessError};

use super::field::{ERRORS, Scene, ended, holds, minutes, name, play};

const SLOW: &str = "night-shop-slow";

#[test]
fn an_alarm_that_has_to_last_is_answered_once_it_has_lasted_and_not_when_it_has_gone() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "night-shop", "dev").await;
        let (mut emergency_run, stands) = scene.alarm(SLOW).await;
        assert!(matches!(stands, EmergencyExecutionState::Confirming), "{stands:?}");
        scene.is_as_before().await;
        scene.set(SLOW, AlarmState::Ok).await;
        let run = ended(emergency_run.pass(minutes(3)).await.unwrap());
        assert_eq!(run.outcome(), "nothing", "{}", run.says());
        scene.is_as_before().await;

        scene.stack.pass(minutes(10)).await.unwrap();
        let (mut emergency_run, stands) = scene.alarm(SLOW).await;
        assert!(matches!(stands, EmergencyExecutionState::Confirming), "{stands:?}");
        assert!(holds(&emergency_run.pass(minutes(3)).await.unwrap()));
        assert!(scene.capacity().await.services.values().all(|service| service.desired == 3));
        scene.set(SLOW, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}

#[test]
fn an_alarm_that_comes_and_goes_is_handed_to_a_person() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let began = scene.stack.pass(minutes(10)).await.unwrap();
        for minute in 0..6 {
            let at = began - minutes(6 - minute);
            scene.stack.hears(&name(ERRORS), AlarmState::Ok, at).await.unwrap();
            watched(&scene, at).await;
        }
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
        let (question, _) = scene.stack.asked().await.unwrap();
        let text = &question.letter.text;
        assert!(text.contains("Why: flap: ") && text.contains("within 30m"), "{text}");
        scene.is_as_before().await;
        assert_eq!(scene.stack.answer(&question.refuse.by("Anna")).await.unwrap(), None);
        assert_eq!(ended(emergency_run.goes_on().await.unwrap()).outcome(), "declined");
        scene.is_as_before().await;
    });
}

/// Wait until the change of this instant is remembered: events may overtake each other.
async fn watched(scene: &Scene, at: jiff::Timestamp) {
    awaited("the change in the ledger", async || {
        let memory = scene.stack.remembered(&scene.scope, &name(ERRORS)).await?;
        Ok::<_, HarnessError>(memory.changes.contains(&at).then_some(()))
    })
    .await
    .unwrap();
}
