//! `coldchain`: more tasks where they help, and none where the database is the limit.

use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};

use super::field::{Scene, holds, minutes, name, play};

const ERRORS: &str = "coldchain-production-5xx-errors";
const CONNECTIONS: &str = "coldchain-production-rds-connections-high";
/// Backend and frontend, in the order of their names, before and after.
const BEFORE: [(u32, Option<(u32, u32)>); 2] = [(2, Some((2, 10))), (2, Some((2, 6)))];
const AFTER: [(u32, Option<(u32, u32)>); 2] = [(4, Some((4, 10))), (2, Some((2, 6)))];

#[test]
fn errors_scale_the_backend_out_within_its_bounds_and_leave_the_frontend_alone() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "coldchain", "production").await;
        assert_eq!(scene.figures().await, BEFORE);
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        assert!(holds(&stands), "{stands:?}");
        assert_eq!(scene.figures().await, AFTER);
        scene.set(ERRORS, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
    });
}

#[test]
fn the_databases_own_alarm_forbids_it_by_name_and_the_sweep_makes_up_for_it_when_that_is_quiet() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "coldchain", "production").await;
        scene.set(CONNECTIONS, AlarmState::Alarm).await;
        let (lines, mark, alarm) = (scene.stack.alarm_log().len(), scene.mark().await, name(ERRORS));
        scene.set(ERRORS, AlarmState::Alarm).await;
        let said = scene.stack.ignored(lines, (&scene.scope, &alarm), IgnoreReason::DependencyVeto).await.unwrap();
        assert!(said.contains(CONNECTIONS), "{said}");
        assert_eq!((scene.started().await, scene.writes(mark).await), (0, 0));
        scene.is_as_before().await;

        // The operator is told once what was not done, why, and how to do it all the same.
        let letters = scene.stack.notifications().letters().await.unwrap();
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert_eq!(letters[0].subject, "coldchain production: scale-out was not done: dependency-veto");
        for words in [ERRORS, &format!("{CONNECTIONS} is in ALARM"), r#""approve":["dependency-veto"]"#] {
            assert!(letters[0].text.contains(words), "{words}: {}", letters[0].text);
        }
        let lines = scene.stack.alarm_log().len();
        scene.stack.pass(minutes(5)).await.unwrap();
        scene.stack.sweep().await.unwrap();
        scene.stack.ignored(lines, (&scene.scope, &alarm), IgnoreReason::DependencyVeto).await.unwrap();
        assert!(scene.subjects().await.is_empty(), "the same veto is not told twice");

        scene.set(CONNECTIONS, AlarmState::Ok).await;
        let since = scene.stack.pass(minutes(5)).await.unwrap();
        scene.stack.sweep().await.unwrap();
        let (mut emergency_run, stands) = scene.emergency_run(since).await;
        assert!(holds(&stands), "{stands:?}");
        assert_eq!(scene.figures().await, AFTER);
        scene.set(ERRORS, AlarmState::Ok).await;
        emergency_run.run_out().await.unwrap();
        scene.is_as_before().await;
    });
}

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
