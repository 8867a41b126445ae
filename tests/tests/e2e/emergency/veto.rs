//! `coldchain`: what the database forbids, a person may do all the same.

use watchkeeper_domain::emergency::alarm::AlarmState;

use super::field::{Scene, holds, play};

const CONNECTIONS: &str = "coldchain-production-rds-connections-high";
/// Backend and frontend, in the order of their names, afterwards.
const AFTER: [(u32, Option<(u32, u32)>); 2] = [(4, Some((4, 10))), (2, Some((2, 6)))];

#[test]
fn a_person_may_go_on_in_spite_of_a_veto() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "coldchain", "production").await;
        scene.set(CONNECTIONS, AlarmState::Alarm).await;
        let (mut emergency_run, _) = scene.by_hand(serde_json::json!({ "profile": "scale-out" })).await;
        let (question, _) = scene.stack.asked().await.unwrap();
        assert!(question.letter.text.contains(&format!("{CONNECTIONS} is in ALARM")), "{}", question.letter.text);
        assert_eq!(scene.stack.answer(&question.approve.by("Anna")).await.unwrap(), None);
        assert!(holds(&emergency_run.goes_on().await.unwrap()));
        assert_eq!(scene.figures().await, AFTER);
        let (_, stands) = scene.by_hand(serde_json::json!({ "profile": "scale-out", "give-back": true })).await;
        super::field::ended(stands);
        scene.is_as_before().await;
        emergency_run.run_out().await.unwrap();
        scene.set(CONNECTIONS, AlarmState::Ok).await;
    });
}
