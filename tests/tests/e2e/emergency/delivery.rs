//! The ways on which an alarm reaches the stack: an event, an action, a topic; and the sweep where none does.

use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_tests::estate::awaited;
use watchkeeper_tests::harness::HarnessError;

use super::field::{ERRORS, Scene, holds, minutes, name, play};

#[test]
fn an_alarm_that_also_acts_directly_and_over_a_topic_is_answered_once() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (alarm, region) = (name(ERRORS), scene.scope.region.as_str());
        let function = scene.stack.outputs().get("AlarmResponseFunction").unwrap();
        let function = format!("arn:aws:lambda:{region}:210987654321:function:{function}");
        let topic = scene.stack.alarm_topic().unwrap().to_owned();
        scene.stack.site().make_alarm(&alarm, &[function.clone(), topic.clone()]).await.unwrap();
        let lines = scene.stack.alarm_log().len();
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        assert!(holds(&stands), "{stands:?}");
        // All three have come, in whatever order: two of them found the change answered.
        let known = |line: &serde_json::Value| {
            let did = line["did"].as_str().unwrap_or_default();
            line["alarm"] == ERRORS && (did.contains("Duplicate") || did.contains("Started") || did.contains("Doubled"))
        };
        awaited("three messages about one change", async || {
            let found = scene.stack.alarm_log().into_iter().skip(lines).filter(known).count();
            Ok::<_, HarnessError>((found >= 3).then_some(()))
        })
        .await
        .unwrap();
        assert_eq!(scene.started().await, 1);
        scene.set(ERRORS, AlarmState::Ok).await;
        emergency_run.run_out().await.unwrap();
        scene.is_as_before().await;

        // Each of them is enough alone.
        scene.stack.turn_rule(false).await.unwrap();
        for action in [function, topic] {
            scene.stack.pass(minutes(60)).await.unwrap();
            scene.stack.site().make_alarm(&alarm, &[action]).await.unwrap();
            let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
            assert!(holds(&stands), "{stands:?}");
            scene.set(ERRORS, AlarmState::Ok).await;
            emergency_run.run_out().await.unwrap();
            scene.is_as_before().await;
        }
        scene.stack.turn_rule(true).await.unwrap();
        scene.stack.site().make_alarm(&alarm, &[]).await.unwrap();
    });
}

#[test]
fn a_lost_event_is_made_up_for_by_the_sweep_once() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        scene.stack.turn_rule(false).await.unwrap();
        scene.set(ERRORS, AlarmState::Alarm).await;
        let since = scene.stack.pass(minutes(4)).await.unwrap();
        scene.stack.sweep().await.unwrap();
        let (mut emergency_run, stands) = scene.emergency_run(since).await;
        assert!(holds(&stands), "{stands:?}");
        // Nothing is said of what it finds again: that the next sweeps have come is seen in what they ask.
        for _ in 0..2 {
            scene.stack.pass(minutes(5)).await.unwrap();
            let mark = scene.mark().await;
            scene.stack.sweep().await.unwrap();
            awaited("the sweep recalling the alarm", async || {
                let api_calls = scene.stack.api_calls(mark).await?;
                Ok::<_, HarnessError>((api_calls.count("GetItem") > 0).then_some(()))
            })
            .await
            .unwrap();
        }
        // The event arrives after all: the change was answered.
        let (at, _) = scene.stack.remembered(&scene.scope, &name(ERRORS)).await.unwrap().newest.unwrap();
        let lines = scene.stack.alarm_log().len();
        scene.stack.turn_rule(true).await.unwrap();
        scene.stack.hears(&name(ERRORS), AlarmState::Alarm, at).await.unwrap();
        scene.stack.ignored(lines, (&scene.scope, &name(ERRORS)), IgnoreReason::Duplicate).await.unwrap();
        assert_eq!(scene.started().await, 1);
        scene.set(ERRORS, AlarmState::Ok).await;
        emergency_run.run_out().await.unwrap();
        scene.is_as_before().await;
    });
}
