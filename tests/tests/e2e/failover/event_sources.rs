//! Event sources that move with the pair, on Lambda, Scheduler and EventBridge.

use serde_json::json;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::event_sources;
use watchkeeper_tests::harness::DeployedStack;

use super::field::{Scene, ending, play_tram};

/// On at home, off in the standby; a move that is not done with them leaves them to this.
pub(super) async fn make(scene: &Scene) {
    for source in all(scene) {
        for (stack, on) in [(scene.home, true), (scene.standby, false)] {
            stack.site().make_source(stack.account(), &source, on).await.unwrap();
        }
    }
}

fn all(scene: &Scene) -> Vec<EventSource> {
    event_sources(scene.failover().unwrap())
}

/// The state of each, in the order of the document.
async fn states(scene: &Scene, stack: &DeployedStack) -> Vec<bool> {
    let mut states = Vec::new();
    for source in all(scene) {
        let state = stack.site().source_state(stack.account(), &source).await.unwrap();
        states.push(["Enabled", "ENABLED"].contains(&state.unwrap().as_str()));
    }
    states
}

#[test]
fn sources_go_with_the_pair_and_a_schedule_stays_what_it_was_but_for_its_state() {
    play_tram(async |harness| {
        let scene = Scene::fresh(harness, "tram").await;
        let sources = all(&scene);
        assert_eq!(sources.len(), 3);
        // Somebody has switched the rule off at home: it stays off everywhere.
        let rule = sources.iter().find(|source| matches!(source, EventSource::Rule { .. })).unwrap();
        scene.home.site().make_source(scene.home.account(), rule, false).await.unwrap();
        let Some(EventSource::Schedule { group, name }) = sources.get(1) else { panic!("{sources:?}") };
        let schedule = async || {
            let mut found = scene.home.site().schedule(group, name).await.unwrap().unwrap();
            found.as_object_mut().unwrap().remove("LastModificationDate");
            found
        };
        let before = schedule().await;
        let run = scene.fail_over(json!({ "mode": "graceful" })).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        assert_eq!(states(&scene, scene.home).await, [false, false, false]);
        assert_eq!(states(&scene, scene.standby).await, [true, true, false]);
        let mut away = schedule().await;
        assert_eq!(away["State"], "DISABLED");
        away["State"] = json!("ENABLED");
        assert_eq!(away, before);
        scene.goes_home().await;
        assert_eq!(states(&scene, scene.home).await, [true, true, false]);
        assert_eq!(states(&scene, scene.standby).await, [false, false, false]);
        assert_eq!(schedule().await, before);
        scene.is_as_before().await;
        scene.was_never_double().await;
    });
}
