//! Messages that lead to nothing, and say why.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_tests::sandbox::EmulatorSettings;

use super::field::{ERRORS, Scene, holds, minutes, name, play};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// An event leads to nothing: no write, no execution; the reason is in the log, a metric and the ledger.
async fn is_ignored(scene: &Scene, state: AlarmState, at: Timestamp, why: IgnoreReason) {
    let alarm = name(ERRORS);
    let (mark, lines, started) = (scene.mark().await, scene.stack.alarm_log().len(), scene.started().await);
    let before = scene.capacity().await;
    scene.stack.hears(&alarm, state, at).await.unwrap();
    scene.stack.ignored(lines, (&scene.scope, &alarm), why).await.unwrap();
    let notes = scene.stack.remembered(&scene.scope, &alarm).await.unwrap().notes;
    assert!(notes.iter().any(|note| note.at == at && note.what.contains(why.name())), "{why:?}: {notes:?}");
    assert_eq!((scene.writes(mark).await, scene.started().await), (0, started), "{why:?}");
    assert_eq!(scene.capacity().await, before, "{why:?}");
}

#[test]
fn the_alarm_repeated_reordered_or_late_does_nothing_more_and_says_why() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (mut emergency_run, _) = scene.alarm(ERRORS).await;
        let (at, _) = scene.stack.remembered(&scene.scope, &name(ERRORS)).await.unwrap().newest.unwrap();
        is_ignored(&scene, AlarmState::Alarm, at, IgnoreReason::Duplicate).await;
        is_ignored(&scene, AlarmState::Ok, at - SECOND, IgnoreReason::OutOfOrder).await;
        is_ignored(&scene, AlarmState::Alarm, at - minutes(30), IgnoreReason::OutOfOrder).await;
        // A moment of quiet and an alarm again, before the delay between two answers is over.
        is_ignored(&scene, AlarmState::Ok, at + SECOND, IgnoreReason::NotInAlarm).await;
        is_ignored(&scene, AlarmState::Alarm, at + SECOND * 2, IgnoreReason::CoolDown).await;
        // An event of a later change that took longer than the age limit, which is 15 minutes.
        assert!(holds(&emergency_run.pass(minutes(17)).await.unwrap()));
        is_ignored(&scene, AlarmState::Alarm, at + minutes(1), IgnoreReason::StaleEvent).await;

        scene.set(ERRORS, AlarmState::Ok).await;
        assert_eq!(emergency_run.run_out().await.unwrap().outcome(), "given-back");
        scene.is_as_before().await;
        assert_eq!(scene.started().await, 1);
    });
}

#[test]
fn an_event_that_is_delivered_twice_at_once_is_one_execution() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let twice = |on| EmulatorSettings { duplicate_events: Some(on), ..EmulatorSettings::default() };
        scene.stack.control().change(&twice(true)).await.unwrap();
        let (lines, mark) = (scene.stack.alarm_log().len(), scene.mark().await);
        let (mut emergency_run, stands) = scene.alarm(ERRORS).await;
        scene.stack.control().change(&twice(false)).await.unwrap();
        assert!(holds(&stands), "{stands:?}");
        scene.stack.ignored(lines, (&scene.scope, &name(ERRORS)), IgnoreReason::Duplicate).await.unwrap();
        assert_eq!((scene.started().await, scene.writes(mark).await), (1, 4));
        scene.set(ERRORS, AlarmState::Ok).await;
        emergency_run.run_out().await.unwrap();
        scene.is_as_before().await;
    });
}

#[test]
fn an_alarm_of_no_document_costs_one_line_of_the_log_and_nothing_else() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (alarm, site) = (name("somebody-elses-alarm"), scene.stack.site());
        site.make_alarm(&alarm, &[]).await.unwrap();
        let (lines, mark) = (scene.stack.alarm_log().len(), scene.mark().await);
        site.set_alarm(&alarm, AlarmState::Alarm).await.unwrap();
        let about = |line: &serde_json::Value| line["alarm"] == alarm.as_str();
        let line = scene.stack.logged(lines, "the unknown alarm", about).await.unwrap();
        assert_eq!(line["message"], "no document here answers this alarm");
        let log = scene.stack.alarm_log();
        assert_eq!(log.iter().skip(lines).filter(|line| about(line)).count(), 1);
        // Neither was anything asked of AWS or of the ledger.
        let api_calls = scene.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.all().is_empty(), "{:?}", api_calls.all());
        site.set_alarm(&alarm, AlarmState::Ok).await.unwrap();
    });
}

#[test]
fn an_alarm_that_is_muted_or_whose_actions_are_disabled_is_answered_when_that_is_over() {
    play(async |harness| {
        let scene = Scene::fresh(harness, "clos-v2", "prod").await;
        let (alarm, site) = (name(ERRORS), scene.stack.site());
        let now = scene.stack.control().now().await.unwrap();
        // By the minute: the window begins before the alarm does.
        site.mute("maintenance", &alarm, now, 30).await.unwrap();
        let (lines, mark) = (scene.stack.alarm_log().len(), scene.mark().await);
        scene.set(ERRORS, AlarmState::Alarm).await;
        scene.stack.ignored(lines, (&scene.scope, &alarm), IgnoreReason::Suppressed).await.unwrap();
        // The mute ends, and the actions are disabled meanwhile; the sweep looks at both.
        for (disabled, after) in [(false, 10), (true, 25)] {
            site.disable_actions(&alarm, disabled).await.unwrap();
            scene.stack.pass(minutes(after)).await.unwrap();
            let lines = scene.stack.alarm_log().len();
            scene.stack.sweep().await.unwrap();
            scene.stack.ignored(lines, (&scene.scope, &alarm), IgnoreReason::Suppressed).await.unwrap();
        }
        assert_eq!((scene.started().await, scene.writes(mark).await), (0, 0));
        site.disable_actions(&alarm, false).await.unwrap();
        let since = scene.stack.pass(minutes(5)).await.unwrap();
        scene.stack.sweep().await.unwrap();
        let (mut emergency_run, stands) = scene.emergency_run(since).await;
        assert!(holds(&stands), "{stands:?}");
        scene.set(ERRORS, AlarmState::Ok).await;
        emergency_run.run_out().await.unwrap();
        scene.is_as_before().await;
    });
}
