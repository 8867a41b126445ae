//! Questions of emergencies in the operator's window: seen, answered, and over.

use serde_json::json;
use watchkeeper_tests::harness::{AskedQuestion, EmergencyExecution, EmergencyExecutionState, SandboxHarness};

use super::field::{Scene, ended, holds, play, profile};
use crate::window::{Action, Window, action, actions};

const ACCOUNT: &str = "210987654321";

/// `minimum` of `clos-v2` production has asked, and waits for an answer.
async fn asked(harness: &'static SandboxHarness) -> (Scene, EmergencyExecution<'static>, AskedQuestion) {
    let scene = Scene::fresh(harness, "clos-v2", "prod").await;
    let (emergency_run, stands) = scene.by_hand(profile("minimum")).await;
    assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
    let (question, _) = scene.stack.asked().await.unwrap();
    (scene, emergency_run, question)
}

/// The page of what is asked in `clos-v2` production now.
async fn question(window: &Window<'_>) -> (Action, String) {
    let page = window.page(json!({"estate": "clos-v2", "environment": "prod"})).await;
    let look = action(&page, "question", "prod");
    let asks = window.press(&look, json!({})).await;
    (look, asks)
}

fn answer(page: &str, approved: bool) -> Action {
    let ours = |it: &&Action| it.call["do"] == "answer" && it.call["approved"] == approved;
    actions(page).iter().find(ours).unwrap_or_else(|| panic!("no answer {approved}: {page}")).clone()
}

#[test]
fn a_question_is_refused_in_the_window_and_its_token_is_on_no_page() {
    play(async |harness| {
        let (scene, mut emergency_run, sent) = asked(harness).await;
        let window = Window::of(scene.stack, ACCOUNT);
        let (look, asks) = question(&window).await;
        assert_eq!(look.call["id"], emergency_run.name());
        let unsigned = window.press(&answer(&asks, true), json!({})).await;
        assert!(unsigned.contains("Request.Invalid"), "{unsigned}");
        scene.is_as_before().await;

        let refused = window.press(&answer(&asks, false), json!({"by": "Berta"})).await;
        for page in [&asks, &unsigned, &refused] {
            assert!(!page.contains(&sent.approve.token), "the token is on a page");
        }
        let run = ended(emergency_run.goes_on().await.unwrap());
        assert_eq!(run.outcome(), "declined", "{}", run.says());
        assert!(run.says().contains("Berta"), "{}", run.says());
        scene.is_as_before().await;
        let late = window.press(&answer(&asks, true), json!({"by": "Anna"})).await;
        assert!(late.contains("asks nothing now"), "{late}");
        let page = window.page(json!({"estate": "clos-v2", "environment": "prod"})).await;
        assert!(!actions(&page).iter().any(|it| it.call["do"] == "question"), "{page}");
    });
}

#[test]
fn an_approval_counts_for_the_question_that_was_shown_and_for_no_later_one() {
    play(async |harness| {
        let (scene, mut emergency_run, first) = asked(harness).await;
        let window = Window::of(scene.stack, ACCOUNT);
        let (_, shown) = question(&window).await;

        // An answer that nobody signed uses the first question up: the same execution puts another one.
        assert_eq!(scene.stack.answer(&first.approve.by("")).await.unwrap(), None);
        let stands = emergency_run.goes_on().await.unwrap();
        assert!(matches!(stands, EmergencyExecutionState::Asking), "{stands:?}");
        scene.stack.asked().await.unwrap();
        let refused = window.press(&answer(&shown, true), json!({"by": "Anna"})).await;
        assert!(refused.contains("stale-event") && refused.contains("asks something else by now"), "{refused}");
        scene.is_as_before().await;

        let (_, shown) = question(&window).await;
        let approved = window.press(&answer(&shown, true), json!({"by": "Anna"})).await;
        assert!(approved.contains("Approved"), "{approved}");
        assert!(holds(&emergency_run.goes_on().await.unwrap()));
        let counts: Vec<u32> = scene.figures().await.into_iter().map(|(desired, _)| desired).collect();
        assert!(counts.iter().all(|desired| *desired == 1), "{counts:?}");
        let mut back = profile("minimum");
        back["give-back"] = true.into();
        ended(scene.by_hand(back).await.1);
        scene.is_as_before().await;
        emergency_run.run_out().await.unwrap();
    });
}
