//! A question of an emergency in the operator's window: seen, answered, and over.

use serde_json::json;
use watchkeeper_tests::harness::EmergencyExecutionState;

use super::field::{Scene, ended, play, profile};
use crate::window::{Window, action, actions};

const ACCOUNT: &str = "210987654321";

#[test]
fn a_question_is_answered_in_the_window_and_its_token_is_on_no_page() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (mut emergency_run, stands) = scene.by_hand(profile("minimum")).await;
        assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
        let (question, _) = scene.stack.asked().await.unwrap();
        let window = Window::of(scene.stack, ACCOUNT);

        let page = window.page(json!({"estate": "clos-v2", "environment": "prod"})).await;
        let look = action(&page, "question", "prod");
        assert_eq!(look.call["id"], emergency_run.name());
        let asks = window.press(&look, json!({})).await;
        for page in [&page, &asks] {
            assert!(!page.contains(&question.approve.token), "the token is on a page");
        }
        let answer = |approved: bool| {
            let ours = |it: &&crate::window::Action| it.call["do"] == "answer" && it.call["approved"] == approved;
            actions(&asks).iter().find(ours).unwrap_or_else(|| panic!("no answer {approved}: {asks}")).clone()
        };
        let unsigned = window.press(&answer(true), json!({})).await;
        assert!(unsigned.contains("Request.Invalid"), "{unsigned}");
        scene.is_as_before().await;

        let refused = window.press(&answer(false), json!({"by": "Berta"})).await;
        assert!(!refused.contains(&question.approve.token));
        let run = ended(emergency_run.goes_on().await.unwrap());
        assert_eq!(run.outcome(), "declined", "{}", run.says());
        assert!(run.says().contains("Berta"), "{}", run.says());
        scene.is_as_before().await;
        let late = window.press(&answer(true), json!({"by": "Anna"})).await;
        assert!(late.contains("asks nothing now"), "{late}");
        let page = window.page(json!({"estate": "clos-v2", "environment": "prod"})).await;
        assert!(!actions(&page).iter().any(|it| it.call["do"] == "question"), "{page}");
    });
}
