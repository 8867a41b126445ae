//! An alarm of `clos-v2` production: what it brings, how long that is held, and how it is given back.

use serde_json::json;
use watchkeeper_domain::capacity::Suspensions;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_tests::estate::awaited;
use watchkeeper_tests::harness::{HarnessError, listed};
use watchkeeper_tests::sandbox::RolloutEnd;

use super::field::{ERRORS, Scene, ended, holds, minutes, play, profile};

/// Both services at the surge: four tasks, at least four, at most ten.
const SURGE: [(u32, Option<(u32, u32)>); 2] = [(4, Some((4, 10))); 2];

#[test]
fn an_alarm_brings_both_services_to_the_surge_and_its_end_gives_back_the_exact_baseline() {
    play(async |harness| {
        let mut scene = Scene::fresh(harness, "clos-v2", "prod").await;
        // A human holds scaling in of one of them; that is part of what has to come back.
        let api = scene.service("clos-v2-core-api-service");
        let target = scene.original.services[&api].scaling.unwrap();
        scene.stack.site().suspend_scale_in(&api, target).await.unwrap();
        scene.original = scene.capacity().await;
        let mark = scene.mark().await;

        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        assert!(holds(&stands), "{stands:?}");
        assert_eq!(scene.figures().await, SURGE);
        assert_eq!(scene.writes(mark).await, 4, "bounds and count of two services");
        let suspended = scene.capacity().await.services[&api].scaling.unwrap().suspended;
        assert_eq!(suspended, Suspensions { scale_in: true, ..Suspensions::NONE });

        // It lasts, and so does the surge; then it is quiet, and for almost the cool-down nothing is given back.
        assert!(holds(&emergency_run.pass(minutes(30)).await.unwrap()));
        scene.set(ERRORS, AlarmState::Ok).await;
        assert!(holds(&emergency_run.pass(minutes(9)).await.unwrap()));
        assert_eq!(scene.figures().await, SURGE);
        let ended = emergency_run.run_out().await.unwrap();
        assert_eq!(ended.outcome(), "given-back", "{}", ended.says());
        scene.is_as_before().await;
        assert_eq!(scene.subjects().await, ["clos-v2 prod is at surge", "clos-v2 prod is back at its baseline"]);
    });
}

#[test]
fn the_same_profile_again_extends_it_and_never_stacks() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (mut first, _) = scene.alarm(ERRORS).await;
        let mark = scene.mark().await;
        let (mut second, stands) = scene.by_hand(json!({ "profile": "surge", "for": "3h" })).await;
        assert!(holds(&stands), "{stands:?}");
        assert_eq!((scene.figures().await, scene.writes(mark).await), (SURGE.to_vec(), 0));
        let intents = scene.intents().await;
        assert_eq!(intents.len(), 1);
        assert_eq!(intents[0].by, second.name(), "the later execution holds it");
        assert_eq!(first.run_out().await.unwrap().outcome(), "over");
        assert_eq!(scene.figures().await, SURGE);
        // What a person asked for until a time ends at no alarm's word.
        scene.set(ERRORS, AlarmState::Ok).await;
        assert!(holds(&second.pass(minutes(170)).await.unwrap()));
        assert_eq!(scene.figures().await, SURGE);
        assert_eq!(second.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}

#[test]
fn an_execution_that_died_is_given_back_by_the_tick_when_it_expires() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (emergency_run, _) = scene.alarm(ERRORS).await;
        emergency_run.stop().await.unwrap();
        scene.stack.tick(scene.time("13:00")).await.unwrap();
        assert_eq!(scene.figures().await, SURGE);
        scene.stack.tick(scene.time("14:05")).await.unwrap();
        awaited("the baseline of clos-v2 prod", async || {
            Ok::<_, HarnessError>((scene.capacity().await == scene.original).then_some(()))
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_plan_of_an_emergency_tells_every_write_and_makes_none() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let mark = scene.mark().await;
        let (_, stands) = scene.by_hand(json!({ "profile": "surge", "mode": "plan" })).await;
        let run = ended(stands);
        assert_eq!((run.outcome(), &run.output["writes"]), ("planned", &json!(4)), "{}", run.says());
        for service in scene.original.services.keys() {
            assert!(run.says().contains(&format!("{service}: 3 -> 4 tasks")), "{}", run.says());
        }
        let api_calls = scene.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.writes().is_empty(), "{}", listed(&api_calls.writes()));
        scene.is_as_before().await;
    });
}

#[test]
fn a_failed_deployment_is_not_answered_with_more_tasks_and_leaves_nothing_behind() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (site, api) = (scene.stack.site(), scene.service("clos-v2-core-api-service"));
        let good = site.released(&api).await.unwrap();
        let control = scene.stack.control();
        let order = control.order_release("us-east-1", api.cluster.as_str(), api.service.as_str(), RolloutEnd::Fail);
        order.await.unwrap();
        site.release(&api, &site.make_release(&api, None).await.unwrap()).await.unwrap();

        let mark = scene.mark().await;
        let (_, stands) = scene.alarm(ERRORS).await;
        let run = ended(stands);
        assert_eq!(run.outcome(), "Guardrail.Refused", "{}", run.says());
        assert_eq!(scene.writes(mark).await, 0);
        let letters = scene.stack.notifications().letters().await.unwrap();
        assert!(letters.iter().any(|letter| letter.text.contains("More tasks cannot help")), "{letters:?}");
        scene.is_as_before().await;
        site.release(&api, &good).await.unwrap();
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
