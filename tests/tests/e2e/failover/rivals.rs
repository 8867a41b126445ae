//! Two who act at once: two failovers, a failover and an emergency.

use serde_json::json;
use watchkeeper_tests::harness::EmergencyExecutionState;

use super::field::{Scene, ending, minutes, play, play_tram, stands_by};

const FLEET: &str = "fleet-orchestration";

#[test]
fn two_failovers_at_once_are_one() {
    play(async |harness| {
        let scene = Scene::fresh(harness, FLEET).await;
        let (mut one, mut other) = tokio::join!(scene.fail_over(json!({})), scene.fail_over(json!({})));
        let (one, other) = tokio::join!(one.run_out(), other.run_out());
        let (one, other) = (one.unwrap(), other.unwrap());
        let mut endings = [ending(&one), ending(&other)];
        endings.sort_unstable();
        assert_eq!(endings, ["Guardrail.Refused", "done"], "{}; {}", one.says(), other.says());
        assert_eq!(scene.pointer(scene.standby).await.unwrap().epoch, 1);
        scene.both().await;
        scene.is_in_the_standby().await;
        // A third one, when all is over, finds nothing to do.
        let third = scene.fail_over(json!({})).await.run_out().await.unwrap();
        assert_eq!(ending(&third), "nothing", "{}", third.says());
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

#[test]
fn a_failover_during_an_emergency_takes_its_load_along_and_the_emergency_is_given_back_at_home() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let mut emergency_run =
            scene.home.raise(&scene.about(json!({ "profile": "surge", "for": "40m" }))).await.unwrap();
        assert!(matches!(emergency_run.goes_on().await.unwrap(), EmergencyExecutionState::Holding));
        scene.both().await;
        let surged = scene.capacity().await.unwrap();
        let web = |capacity: &watchkeeper_domain::capacity::Capacity| {
            let found = capacity.services.iter().find(|(id, _)| id.service.as_str() == "tram-web").unwrap().1;
            (found.desired, found.scaling.map(|scaling| (scaling.min, scaling.max)))
        };
        assert_eq!(web(&surged[0]), (4, Some((4, 8))));

        let run = scene.fail_over(json!({})).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        scene.both().await;
        let [home, standby] = scene.capacity().await.unwrap();
        assert!(stands_by(&home), "the failover is stronger: {home:?}");
        assert_eq!(web(&standby), (4, Some((4, 8))), "what home ran when it was seen last");

        // The emergency holds at home all the while, and its end starts nothing there.
        scene.home.pass(minutes(5)).await.unwrap();
        assert!(stands_by(&scene.capacity().await.unwrap()[0]));
        scene.goes_home().await;
        assert_eq!(scene.capacity().await.unwrap(), surged);
        let over = emergency_run.run_out().await.unwrap();
        assert!(["given-back", "over"].contains(&over.outcome()), "{}: {}", over.outcome(), over.says());
        // For so long nothing ticked in the standby that the dead man's switch has fired at home; it is heard of again.
        scene.both().await;
        scene.both().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
