//! `h2o-allegiant` production: an error-rate alarm soon after a deployment proposes the way back.

use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_tests::harness::SandboxHarness;
use watchkeeper_tests::sandbox::RolloutEnd;

use super::field::{Scene, ended, minutes, play};

const ERROR_RATE: &str = "h2o-prod-error-rate-high";

/// A good release, one that failed to roll out, and one that rolled out and is bad.
async fn released(harness: &'static SandboxHarness) -> (Scene, ServiceId, [TaskDefinition; 3]) {
    let scene = Scene::fresh(harness, "h2o-allegiant", "prod").await;
    let (site, backend) = (scene.stack.site(), scene.service("h2o-backend"));
    let mut releases = Vec::new();
    for outcome in [RolloutEnd::Succeed, RolloutEnd::Fail, RolloutEnd::Succeed] {
        scene.stack.pass(minutes(60)).await.unwrap();
        let (cluster, service) = (backend.cluster.as_str(), backend.service.as_str());
        scene.stack.control().order_release("us-east-1", cluster, service, outcome).await.unwrap();
        let release = site.make_release(&backend, None).await.unwrap();
        site.release(&backend, &release).await.unwrap();
        releases.push(release);
    }
    scene.stack.pass(minutes(10)).await.unwrap();
    (scene, backend, releases.try_into().unwrap())
}

#[test]
fn a_release_stays_when_nobody_agrees_or_when_it_is_too_old_to_be_the_reason() {
    play(async |harness| {
        let (scene, backend, [.., bad]) = released(harness).await;
        let site = scene.stack.site();
        let (mut emergency_run, _) = scene.alarm(ERROR_RATE).await;
        let (question, _) = scene.stack.asked().await.unwrap();
        assert_eq!(scene.stack.answer(&question.refuse.by("Anna")).await.unwrap(), None);
        assert_eq!(ended(emergency_run.goes_on().await.unwrap()).outcome(), "declined");
        assert_eq!(site.released(&backend).await.unwrap(), bad);

        // Half an hour after it, the alarm has another reason, and nobody is asked.
        scene.set(ERROR_RATE, AlarmState::Ok).await;
        scene.stack.pass(minutes(30)).await.unwrap();
        scene.subjects().await;
        let (_, stands) = scene.alarm(ERROR_RATE).await;
        let run = ended(stands);
        assert_eq!(run.outcome(), "nothing", "{}", run.says());
        assert_eq!(site.released(&backend).await.unwrap(), bad);
        assert!(scene.subjects().await.is_empty());
        scene.set(ERROR_RATE, AlarmState::Ok).await;
    });
}

#[test]
fn a_release_that_was_deregistered_is_named_and_nothing_is_written() {
    play(async |harness| {
        let (scene, backend, [good, _, bad]) = released(harness).await;
        let site = scene.stack.site();
        site.retire_release(&good).await.unwrap();
        let mark = scene.mark().await;
        let run = ended(scene.alarm(ERROR_RATE).await.1);
        assert_eq!(run.outcome(), "Guardrail.Refused", "{}", run.says());
        assert_eq!((site.released(&backend).await.unwrap(), scene.writes(mark).await), (bad, 0));
        let told = scene.stack.notifications().letters().await.unwrap().pop().unwrap();
        let named = format!("{good}, the last release that reached COMPLETED, was deregistered");
        assert!(told.text.contains(&named), "{}", told.text);
        scene.set(ERROR_RATE, AlarmState::Ok).await;
    });
}
