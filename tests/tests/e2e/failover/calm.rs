//! A move without need, and an alarm.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use watchkeeper_tests::harness::NotificationMessage;
use watchkeeper_tests::sandbox::{EmulatorSettings, SiteFace, SiteTrouble};

use super::field::{Scene, ending, minutes, now, play};

const FLEET: &str = "fleet-orchestration";

#[test]
fn a_planned_switchover_waits_for_the_data_and_cuts_nobody_off() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        scene.lag(9_000.0).await.unwrap();
        let mut move_execution = scene.fail_over(json!({ "mode": "graceful" })).await;
        watchkeeper_tests::estate::awaited("a switchover that waits for its data", async || {
            let record = move_execution.record().await?;
            let waits = record
                .is_some_and(|record| record.header.timeline.iter().any(|moment| moment.what.contains("lag by 9s")));
            Ok::<_, watchkeeper_tests::harness::HarnessError>(waits.then_some(()))
        })
        .await
        .unwrap();
        assert_eq!(scene.pointer(scene.standby).await.unwrap().revision, 0);

        // The bad figures are of minutes ago, and the replicas have caught up.
        scene.home.pass(minutes(6)).await.unwrap();
        scene.lag(300.0).await.unwrap();
        let over = AtomicBool::new(false);
        let asking = async {
            let mut answers = Vec::new();
            while !over.load(Ordering::Relaxed) {
                answers.push(scene.reached().await.unwrap());
            }
            answers
        };
        let moving = async {
            let run = move_execution.run_out().await.unwrap();
            scene.both().await;
            over.store(true, Ordering::Relaxed);
            run
        };
        let (answers, run) = tokio::join!(asking, moving);
        assert_eq!(ending(&run), "done", "{}", run.says());
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let record = move_execution.record().await.unwrap().unwrap();
        assert_eq!((record.lag_ms, record.graceful), (Some(300), true));
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

#[test]
fn a_probe_that_fails_moves_the_alarm_of_the_template_although_nothing_fails_over() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let evaluated = EmulatorSettings { alarm_evaluation: Some(true), ..EmulatorSettings::default() };
        scene.control().change(&evaluated).await.unwrap();
        scene.control().trouble_site(scene.site(), SiteFace::Primary, SiteTrouble::Fail).await.unwrap();
        let since = now(&scene).await;
        for _ in 0..3 {
            scene.both().await;
        }
        let mut move_execution = scene.standby.move_execution(&scene.scope(scene.standby), since).await.unwrap();
        assert_eq!(ending(&move_execution.run_out().await.unwrap()), "false-alarm");
        // The probe alone is what the trouble is about.
        scene.standby.site().alarm_comes_on("Trouble").await.unwrap();
        let trouble =
            |letter: &NotificationMessage| letter.subject.starts_with("ALARM") && letter.subject.contains("Trouble");
        scene.standby.notifications().letters_until(trouble).await.unwrap();
        scene.control().trouble_site(scene.site(), SiteFace::Primary, SiteTrouble::None).await.unwrap();
        scene.is_as_before().await;
    });
}
