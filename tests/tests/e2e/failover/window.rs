//! The operator's window of a pair: each region's shows the rows of the other, and says which one does not answer; a planned move is
//! started by its button.

use serde_json::{Value, json};
use watchkeeper_tests::sandbox::LossOrder;

use super::field::{Scene, ending, now, play_tram};
use crate::window::{Window, action, actions, started};

const ACCOUNT: &str = "123456789012";

#[test]
fn each_region_of_a_pair_asks_the_other_for_its_rows_and_says_when_it_does_not_answer() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        for stack in [scene.home, scene.standby] {
            let page = Window::of(stack, ACCOUNT).page(json!({})).await;
            assert!(page.contains("tram"), "{page}");
            assert!(!page.contains("did not answer"), "{page}");
        }
        let rows = Window::of(scene.home, ACCOUNT).page(json!({ "do": "rows" })).await;
        let rows: Value = serde_json::from_str(&rows).unwrap();
        assert_eq!(rows["environments"][0]["estate"], "tram", "{rows}");

        scene.lose_home(LossOrder::hang()).await.unwrap();
        let page = Window::of(scene.standby, ACCOUNT).page(json!({})).await;
        assert!(page.contains("1 peer did not answer") && page.contains("us-west-2"), "{page}");
        assert!(!page.contains("All quiet"), "{page}");
    });
}

#[test]
fn a_planned_move_is_started_in_the_window_and_does_what_its_confirmation_said() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let window = Window::of(scene.standby, ACCOUNT);
        let page = window.page(scene.about(json!({ "do": "failover" }))).await;
        let start = actions(&page).into_iter().find(|it| it.call["mode"] == "graceful");
        let start = start.unwrap_or_else(|| panic!("no move is offered: {page}"));
        let says = "Start the planned move of tram prod from us-west-2 to us-west-1?";
        assert!(start.confirmation.starts_with(says), "{}", start.confirmation);
        assert!(start.confirmation.contains("In us-west-1: 1 service goes from 0 to 1 task"), "{}", start.confirmation);

        let since = now(&scene).await;
        let answer = window.press(&start, json!({ "by": "Anna", "reason": "a game day" })).await;
        let name = started(&answer).to_owned();
        let mut move_execution = scene.standby.move_by_name(&scene.id, &name, since).unwrap();
        let run = move_execution.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        let record = move_execution.record().await.unwrap().unwrap();
        assert!(record.graceful && record.reason.contains("Anna"), "{record:?}");
        // Its report, by the button of the pair's page, as the bucket has it.
        let files = scene.standby.report_files(&format!("tram/prod/move-{name}")).await.unwrap();
        let page = window.page(scene.about(json!({ "do": "failover" }))).await;
        let report = action(&page, "report", "prod");
        let shown = window.press(&report, json!({})).await;
        let kept: Value = serde_json::from_str(&files[&format!("tram/prod/move-{name}.json")]).unwrap();
        assert!(shown.contains(kept["sha256"].as_str().unwrap()), "{shown}");
        scene.both().await;
        scene.is_in_the_standby().await;
        scene.goes_home().await;
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
