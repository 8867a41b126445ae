//! A partition: the region that serves goes on by itself, and nobody else reaches it. Its singleton has a dead man's switch.

use serde_json::json;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_tests::harness::MoveExecutionState;
use watchkeeper_tests::sandbox::LossOrder;

use super::field::{Scene, ending, now, play_tram, stands_by};
use crate::window::{Window, actions};

/// Ticks until the switch has had its time: its silence of 3 minutes, the 4 minutes that it takes to act, and the margin.
const TICKS: u32 = 12;

#[test]
fn a_dead_mans_switch_stops_the_singleton_of_a_region_that_is_cut_off_before_it_starts_elsewhere() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let signal = scene.failover().unwrap().singletons[0].service.clone();
        let [at_home, there] = [scene.home, scene.standby].map(|stack| scene.service(stack, &signal).unwrap());
        // Each region has heard of the other one: only a switch that is armed is waited for.
        scene.both().await;
        scene.both().await;
        let since = now(&scene).await;
        scene.lose_home(LossOrder::hang().alive_inside()).await.unwrap();
        // Two probes, as its document has it; inside, the lost region's own watch goes on.
        scene.both().await;
        scene.both().await;
        let mut move_execution = scene.standby.move_execution(&scene.scope(scene.standby), since).await.unwrap();
        assert!(
            matches!(move_execution.goes_on().await.unwrap(), MoveExecutionState::Asking),
            "its document asks before a failover"
        );
        let (question, _) = scene.standby.asked().await.unwrap();
        assert!(question.letter.text.contains("the document asks before a failover"), "{}", question.letter.text);
        // Approved in the operator's window, which home does not answer either.
        let window = Window::of(scene.standby, "123456789012");
        let page = window.page(scene.about(json!({ "do": "failover" }))).await;
        assert!(!page.contains(&question.approve.token), "the token is on a page");
        let approve = actions(&page).into_iter().find(|it| it.call["approved"] == true).unwrap();
        let approved = window.press(&approve, json!({ "by": "Anna" })).await;
        assert!(approved.contains("Approved"), "{approved}");
        move_execution.reaches(MovePhase::Scale).await.unwrap();

        let mut stopped = None;
        for tick in 0..TICKS {
            scene.both().await;
            if stopped.is_none() && scene.home.site().alive(&at_home).await.unwrap() == 0 {
                stopped = Some(tick);
                assert_eq!(scene.standby.site().alive(&there).await.unwrap(), 0, "the margin is still to come");
            }
        }
        assert!(stopped.is_some(), "the switch of the region that is cut off has not fired");
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        assert!(run.says().contains("done"), "{}", run.says());
        scene.serves(&scene.capacity().await.unwrap()[1]);

        // What may run twice ran on in the region that was cut off; it comes back, and stands by.
        assert!(!stands_by(&scene.capacity().await.unwrap()[0]));
        scene.regain_home().await.unwrap();
        scene.tick(&[scene.home]).await.unwrap();
        scene.tick(&[scene.home]).await.unwrap();
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}

#[test]
fn a_person_who_says_no_keeps_a_detected_failover_from_happening() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let since = now(&scene).await;
        scene.lose_home(LossOrder::fail()).await.unwrap();
        for _ in 0..2 {
            scene.tick(&[scene.standby]).await.unwrap();
        }
        let mut move_execution = scene.standby.move_execution(&scene.scope(scene.standby), since).await.unwrap();
        assert!(matches!(move_execution.goes_on().await.unwrap(), MoveExecutionState::Asking));
        let (question, _) = scene.standby.asked().await.unwrap();
        scene.standby.answer(&question.refuse.by("Anna")).await.unwrap();
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "Failover.Declined", "{}", run.says());
        assert!(run.says().contains("Anna"), "{}", run.says());
        scene.regain_home().await.unwrap();
        scene.is_as_before().await;
        // By hand it may be done all the same.
        let run = scene.fail_over(json!({ "mode": "plan" })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "planned", "{}", run.says());
        scene.was_never_double().await;
    });
}
