//! Emergencies that meet trouble of their own: a halt, a call that is refused, a question that cannot be sent.

use serde_json::json;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_tests::estate::awaited;
use watchkeeper_tests::harness::{EmergencyExecutionState, HarnessError};
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use super::field::{ERRORS, Scene, ended, holds, minutes, play, profile};

/// Every call of an operation is refused, until the fault is cleared.
fn denied(service: &str, operation: &str) -> FaultOrder {
    let (code, status) = (Some("AccessDeniedException".to_owned()), Some(400));
    FaultOrder { code, status, times: None, ..FaultOrder::new(service, operation, FaultKind::Error) }
}

#[test]
fn nobody_is_asked_about_what_is_forbidden_anyway() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let about = |halt: bool| json!({ "estate": "clos-v2", "environment": "prod", "halt": halt, "reason": "release", "by": "ada" });
        scene.stack.run(&about(true)).await.unwrap();
        scene.subjects().await;
        let mark = scene.mark().await;
        let (_, stands) = scene.by_hand(profile("minimum")).await;
        let run = ended(stands);
        assert_eq!(run.outcome(), "Guardrail.Refused", "{}", run.says());
        assert!(run.says().contains("halted"), "{}", run.says());
        assert_eq!(scene.subjects().await, ["clos-v2 prod: minimum refused, halted"]);
        let (_, stands) = scene.alarm(ERRORS).await;
        assert_eq!(ended(stands).outcome(), "Guardrail.Refused");
        assert_eq!(scene.writes(mark).await, 0);
        scene.stack.run(&about(false)).await.unwrap();
        scene.is_as_before().await;
    });
}

#[test]
fn a_give_back_that_is_denied_is_told_and_made_up_for_by_the_tick() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (mut emergency_run, _) = scene.alarm(ERRORS).await;
        scene.set(ERRORS, AlarmState::Ok).await;
        scene.subjects().await;
        let control = scene.stack.control();
        control.order(&denied("ecs", "UpdateService")).await.unwrap();
        let run = ended(emergency_run.pass(minutes(11)).await.unwrap());
        control.clear_faults().await.unwrap();
        assert!(run.says().contains("but for 2 resources"), "{}", run.says());
        assert_ne!(scene.capacity().await, scene.original);
        assert_eq!(scene.subjects().await, ["clos-v2 prod is back at its baseline, but for 2 resources"]);
        scene.stack.tick(scene.time("12:15")).await.unwrap();
        awaited("the baseline of clos-v2 prod", async || {
            Ok::<_, HarnessError>((scene.capacity().await == scene.original).then_some(()))
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_surge_that_was_refused_a_resource_reaches_the_others_and_is_given_back_whole() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let control = scene.stack.control();
        let second = FaultOrder { skip: 1, ..denied("application-autoscaling", "RegisterScalableTarget") };
        control.order(&second).await.unwrap();
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        control.clear_faults().await.unwrap();
        assert!(holds(&stands), "it is looked after all the same: {stands:?}");
        assert!(
            emergency_run.child("apply-1").await.unwrap().unwrap().succeeded,
            "one resource keeps no other from its turn"
        );
        assert_ne!(scene.capacity().await, scene.original);
        scene.set(ERRORS, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}

#[test]
fn a_question_that_is_throttled_is_sent_again_and_its_answer_counts() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let throttled = FaultOrder { times: Some(4), ..FaultOrder::new("sns", "Publish", FaultKind::Throttle) };
        scene.stack.control().order(&throttled).await.unwrap();
        let (mut emergency_run, stands) = scene.by_hand(profile("minimum")).await;
        assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
        let (question, _) = scene.stack.asked().await.unwrap();
        assert_eq!(scene.stack.answer(&question.refuse.by("Anna")).await.unwrap(), None);
        assert_eq!(ended(emergency_run.goes_on().await.unwrap()).outcome(), "declined");
        scene.is_as_before().await;
    });
}

#[test]
fn what_is_no_emergency_of_the_document_fails_by_name() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        for (input, names) in [
            (profile("flood"), "surge"),
            (json!({}), "profile"),
            (json!({ "profile": "surge", "for": "8d" }), "7d"),
            (json!({ "profil": "surge" }), "profil"),
        ] {
            let (_, stands) = scene.by_hand(input.clone()).await;
            let run = ended(stands);
            assert_eq!(run.outcome(), "Request.Invalid", "{input}: {}", run.says());
            assert!(run.says().contains(names), "{input}: {}", run.says());
        }
        scene.is_as_before().await;
    });
}
