//! What must change nothing, and a move without need.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use watchkeeper_domain::failover::readiness::{ReadinessCode, ReadyVerdict};
use watchkeeper_tests::harness::listed;
use watchkeeper_tests::sandbox::{EmulatorSettings, SiteFace, SiteTrouble};

use super::field::{Scene, ending, minutes, now, play};

const FLEET: &str = "fleet-orchestration";

#[test]
fn a_false_alarm_fails_nothing_over_and_says_so_and_moves_the_alarm_of_the_template() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        scene
            .control()
            .change(&EmulatorSettings { alarm_evaluation: Some(true), ..EmulatorSettings::default() })
            .await
            .unwrap();
        scene.control().trouble_site(scene.site(), SiteFace::Primary, SiteTrouble::Fail).await.unwrap();
        let since = now(&scene).await;
        for _ in 0..3 {
            assert!(scene.standby.crossings(&scene.scope(scene.standby), since).await.unwrap().is_empty());
            scene.both().await;
        }
        let mut move_execution = scene.standby.move_execution(&scene.scope(scene.standby), since).await.unwrap();
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "false-alarm", "{}", run.says());
        assert!(run.says().contains("its ECS says that all 4 services run as wanted"), "{}", run.says());
        let letters =
            scene.standby.notifications().letters_until(|letter| letter.subject.contains("false alarm")).await;
        let text = &letters.unwrap().pop().unwrap().text;
        assert!(text.contains("Nothing was changed"), "{text}");
        assert_eq!(scene.pointer(scene.standby).await.unwrap().revision, 0);

        // The probe alone is what the metric is about, and its alarm goes on although nothing fails over.
        scene.standby.site().alarm_comes_on("ActiveUnreachable").await.unwrap();
        // While it lasts, it is not looked into at every tick.
        scene.both().await;
        assert_eq!(scene.standby.crossings(&scene.scope(scene.standby), since).await.unwrap().len(), 1);
        scene.control().trouble_site(scene.site(), SiteFace::Primary, SiteTrouble::None).await.unwrap();
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

#[test]
fn a_plan_shows_every_step_and_changes_nothing() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let mark = scene.control().mark().await.unwrap();
        let run = scene.fail_over(json!({ "mode": "plan" })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "planned", "{}", run.says());
        for step in [
            "begin    the pointer in the ledger",
            "fence    us-west-2's own stack is asked to stop fleet-orchestration-car-simulator",
            "scale    wave 1: fleet-orchestration-fleet-service to 2, fleet-orchestration-job-service to 2",
            "scale    wave 2: fleet-orchestration-dashboard to 2",
            "scale    wave 3: fleet-orchestration-car-simulator to 1",
            "verify   rollout completed",
            "traffic  fleet.example.com moves by the object",
            "outside  people reach us-west-1",
            "settle   the pointer is steady in us-west-1",
        ] {
            assert!(run.says().contains(step), "{step:?} is not in {}", run.says());
        }
        for stack in [scene.home, scene.standby] {
            let api_calls = stack.api_calls(mark).await.unwrap();
            assert!(api_calls.capacity_writes().is_empty(), "{}", listed(&api_calls.capacity_writes()));
            assert!(scene.subjects(stack).await.is_empty());
        }
        assert_eq!(scene.pointer(scene.standby).await.unwrap().revision, 0);
        scene.is_as_before().await;
    });
}

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
fn readiness_names_a_missing_stream_a_missing_image_a_lagging_replica_and_a_lower_quota() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let failover = scene.failover().unwrap();
        let site = scene.standby.site();
        site.drop_streams(&failover.streams).await.unwrap();
        site.drop_image(&failover.images[3]).await.unwrap();
        scene.quota(scene.standby, 1.0).await.unwrap();
        scene.home.pass(minutes(31)).await.unwrap();
        scene.tick_with_lag(&[scene.home, scene.standby], 5_000.0).await.unwrap();
        let found = scene.readiness(scene.standby).await.unwrap().unwrap();
        assert_eq!(found.verdict(), ReadyVerdict::NotReady, "{}", found.text());
        for (code, resource) in [
            (ReadinessCode::StreamMissing, "stream fleet-orchestration-vehicle-telemetry"),
            (ReadinessCode::StreamMissing, "stream fleet-orchestration-job-events"),
            (ReadinessCode::ImageMissing, "repository fleet-orchestration-dashboard, image 1.0"),
            (ReadinessCode::LagAboveRpo, "table fleet-orchestration-vehicles"),
            (ReadinessCode::LagAboveRpo, "table fleet-orchestration-jobs"),
            (ReadinessCode::QuotaTooLow, "Fargate vCPU quota"),
            (ReadinessCode::QuotaBelowActive, "Fargate vCPU quota"),
        ] {
            let named = |finding: &&_| same(finding, code, resource);
            assert_eq!(found.findings.iter().filter(named).count(), 1, "{code} of {resource}: {}", found.text());
        }
        let subjects = scene.subjects(scene.standby).await;
        assert!(subjects.contains(&"fleet-orchestration prod: us-west-1 is not ready".to_owned()), "{subjects:?}");

        scene.build().await.unwrap();
        site.make_streams(&failover.streams).await.unwrap();
        scene.home.pass(minutes(31)).await.unwrap();
        scene.both().await;
        let found = scene.readiness(scene.standby).await.unwrap().unwrap();
        assert_eq!(found.verdict(), ReadyVerdict::Ready, "{}", found.text());
    });
}

fn same(
    finding: &watchkeeper_domain::failover::readiness::ReadinessFinding,
    code: ReadinessCode,
    resource: &str,
) -> bool {
    finding.code == code && finding.resource == resource
}
