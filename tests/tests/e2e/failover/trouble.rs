//! Failures on the way: before traffic has moved everything is taken back, after it a person is called.

use serde_json::json;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder, SiteFace, SiteTrouble};

use super::field::{Scene, ending, minutes, play};

const FLEET: &str = "fleet-orchestration";
/// The writes of the pointer that a failover by hand makes before it opens the first wave.
const BEFORE_THE_FIRST_WAVE: u32 = 1;
/// How often a call to the ledger is tried: so many refusals are one call that fails for good.
const TRIES: u32 = 3;

/// Refused for good, in the standby.
fn denied(scene: &Scene, service: &str, operation: &str) -> FaultOrder {
    FaultOrder {
        region: Some(scene.standby.region().to_string()),
        code: Some("AccessDeniedException".to_owned()),
        status: Some(400),
        ..FaultOrder::new(service, operation, FaultKind::Error)
    }
}

/// It went back, a person heard of it, and both regions are as they were.
async fn compensated(scene: Scene, run: &watchkeeper_tests::harness::EndedExecution, why: &str) {
    assert_eq!(ending(run), "Failover.Compensated", "{}", run.says());
    assert!(run.says().contains(why), "{why:?} is not in {}", run.says());
    scene.control().clear_faults().await.unwrap();
    scene.both().await;
    scene.both().await;
    scene.is_as_before().await;
    assert!(scene.pointer(scene.standby).await.unwrap().epoch > 1, "back in an epoch of its own");
    let subjects = scene.subjects(scene.standby).await;
    assert!(subjects.iter().any(|subject| subject.ends_with(": compensated")), "{subjects:?}");
    scene.was_never_double().await;
}

#[test]
fn a_failure_to_scale_compensates_to_the_starting_state_in_both_regions() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        // Bounds come before counts: without them nothing is started, and nothing has to be waited for.
        let all = FaultOrder { times: None, ..denied(&scene, "application-autoscaling", "RegisterScalableTarget") };
        scene.control().order(&all).await.unwrap();
        let run = scene.fail_over(json!({})).await.run_out().await.unwrap();
        compensated(scene, &run, "wave 1 cannot start").await;
    });
}

#[test]
fn a_failure_to_verify_compensates_to_the_starting_state_in_both_regions() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let failover = scene.failover().unwrap();
        let service = failover.probe.as_ref().unwrap().paths.keys().next().unwrap();
        let group = scene.standby.site().target_group(service, failover).await.unwrap().unwrap();
        scene.control().put_target_health(scene.standby.region().as_str(), &group, false).await.unwrap();
        let mut move_execution = scene.fail_over(json!({})).await;
        move_execution.reaches(MovePhase::Verify).await.unwrap();
        let open = scene.capacity().await.unwrap();
        scene.serves(&open[1]);
        scene.home.pass(minutes(11)).await.unwrap();
        let run = move_execution.run_out().await.unwrap();
        scene.control().put_target_health(scene.standby.region().as_str(), &group, true).await.unwrap();
        compensated(scene, &run, "0 of 2 targets").await;
    });
}

#[test]
fn a_failure_to_write_the_pointer_compensates_to_the_starting_state_in_both_regions() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let mark = scene.control().mark().await.unwrap();
        let all = FaultOrder {
            partition: Some("PAIR#".to_owned()),
            skip: BEFORE_THE_FIRST_WAVE,
            times: Some(TRIES),
            ..denied(&scene, "dynamodb", "PutItem")
        };
        scene.control().order(&all).await.unwrap();
        let mut move_execution = scene.fail_over(json!({})).await;
        let run = move_execution.run_out().await.unwrap();
        let calls = scene.control().calls(mark).await.unwrap();
        let puts: Vec<_> = calls.iter().filter(|call| call.operation == "PutItem").collect();
        assert_eq!(puts.iter().filter(|call| call.fault.is_some()).count(), TRIES as usize, "{puts:?}");
        let record = move_execution.record().await.unwrap().unwrap();
        assert!(record.spells.iter().all(|spell| spell.phase != MovePhase::Verify), "{puts:?}");
        compensated(scene, &run, "AccessDenied").await;
    });
}

#[test]
fn a_failure_after_traffic_stops_and_tells_a_person_what_to_do() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        scene.control().trouble_site(scene.site(), SiteFace::Public, SiteTrouble::Fail).await.unwrap();
        let mut move_execution = scene.fail_over(json!({})).await;
        move_execution.reaches(MovePhase::Outside).await.unwrap();
        scene.home.pass(minutes(13)).await.unwrap();
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "Failover.Held", "{}", run.says());
        let letters =
            scene.standby.notifications().letters_until(|letter| letter.subject.ends_with(": held")).await.unwrap();
        let text = &letters[letters.len() - 1].text;
        for needed in ["Traffic is pointed to us-west-1", "people do not reach us-west-1", r#""take-over":true"#] {
            assert!(text.contains(needed), "{needed:?} is not in {text}");
        }
        // Nothing is taken back, and no tick acts on its own.
        let held = scene.pointer(scene.standby).await.unwrap();
        scene.both().await;
        assert_eq!(scene.pointer(scene.standby).await.unwrap(), held);
        scene.serves(&scene.capacity().await.unwrap()[1]);

        // What was wrong is mended, and the person does what the message says.
        scene.control().trouble_site(scene.site(), SiteFace::Public, SiteTrouble::None).await.unwrap();
        let run = scene.fail_over(json!({ "take-over": true })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        scene.both().await;
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
