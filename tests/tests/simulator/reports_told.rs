//! Reports of backups and restores by hand; reports that could not be written, and those that the window shows.

use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::BackupOutcome;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion};
use watchkeeper_window::report::Evidence;

use crate::reports::{by_hand, kept, later, reports, whole, write};
use crate::restores::backed_up;
use crate::scene::minutes;
use crate::window_peers::{OtherWindow, page_of};

#[test]
fn the_window_shows_a_report_as_its_file_has_it_and_says_what_cannot_be_read() {
    let harness = kept();
    by_hand(&harness, "night-1", "asleep");
    let page = |event: serde_json::Value| page_of(&harness, OtherWindow::Denies, &event);
    let event = json!({ "do": "report", "estate": "clos-v2", "environment": "dev", "id": "night-1" });
    let report = || page(event.clone());
    let unread = report();
    assert!(unread.contains("It cannot be read") && unread.contains("a tick writes it after its run"), "{unread}");
    assert!(write(&harness));
    let sha256 = reports(&harness.sim).remove("clos-v2/dev/run-night-1.json").unwrap().sha256;
    assert!(report().contains(sha256.as_str()), "{}", report());
    let run = page(json!({ "do": "run", "estate": "clos-v2", "environment": "dev", "id": "night-1" }));
    assert!(run.contains("Report for the record") && run.contains(r#""do":"report""#), "{run}");

    harness.sim.set_faults(FaultPlan::none().always(Operation::GetObject, CallTrouble::Error));
    assert!(report().contains("It cannot be read"), "{}", report());
    harness.sim.set_faults(FaultPlan::none());
    harness.sim.put_report("clos-v2/dev/run-night-1.json", "{}");
    assert!(report().contains("is not as it was written"), "{}", report());
    let elsewhere =
        page(json!({ "do": "report", "estate": "clos-v2", "environment": "dev", "id": "x", "kind": "fly" }));
    assert!(elsewhere.contains("event.kind"), "{elsewhere}");
}

/// What people were told of reports that could not be written.
fn unwritten(sim: &SimRegion) -> Vec<String> {
    let told = sim.messages().into_iter().filter(|it| it.subject.contains("a report could not be written"));
    told.map(|it| format!("{}\n{}", it.subject, it.text)).collect()
}

#[test]
fn a_report_that_cannot_be_written_for_half_an_hour_is_told_once_and_written_later() {
    let harness = kept();
    by_hand(&harness, "night-1", "asleep");
    let begin = harness.sim.now();
    harness.sim.set_faults(FaultPlan::none().always(Operation::PutObject, CallTrouble::Denied));
    for tick in 0..20 {
        assert!(!harness.fire(&["reports"], begin + minutes(tick * 5)), "the tick fails, and is tried again");
        let expected = usize::from(tick >= 6);
        assert_eq!(unwritten(&harness.sim).len(), expected, "tick {tick}");
    }
    let told = unwritten(&harness.sim).remove(0);
    for words in
        ["clos-v2 dev: a report could not be written: Aws.Denied", "clos-v2/dev/run-night-1.json", "Lost: nothing"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    harness.sim.set_faults(FaultPlan::none());
    assert!(harness.fire(&["reports"], begin + minutes(100)));
    whole(&harness.sim, "the bucket answers again");
    assert_eq!(reports(&harness.sim).len(), 1);

    // The next trouble is news again.
    by_hand(&harness, "day-1", "awake");
    harness.sim.set_faults(FaultPlan::none().always(Operation::PutObject, CallTrouble::Denied));
    harness.fire(&["reports"], later(&harness) + minutes(30));
    harness.sim.set_faults(FaultPlan::none());
    assert_eq!(unwritten(&harness.sim).len(), 2);
}

#[test]
fn backups_and_restores_by_hand_leave_a_report_where_one_is_asked_for() {
    let harness = backed_up().keeping_reports();
    let input = |more: serde_json::Value| {
        let mut input = json!({ "estate": "shop", "environment": "prod", "resource": "dynamodb:shop-orders" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    harness.backup_run("unasked", &input(json!({})));
    harness.backup_run("asked", &input(json!({ "report": true })));
    harness.restore_execution("kept", &input(json!({ "into": "shop-orders-restored", "report": true })));
    assert!(harness.fire(&["reports"], later(&harness)));
    whole(&harness.sim, "by hand");
    let written = reports(&harness.sim);
    let keys: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(keys, ["shop/prod/backup-asked.json", "shop/prod/restore-kept.json"]);
    let Evidence::Backup(record) = &written["shop/prod/backup-asked.json"].content.evidence else {
        panic!("of a backup")
    };
    assert_eq!((record.lines.len(), record.outcome), (1, BackupOutcome::Done));
    assert_eq!(written["shop/prod/backup-asked.json"].content.not_known, Vec::<String>::new());
    for name in ["backup-asked", "restore-kept"] {
        let told = harness.sim.messages().into_iter().filter(|it| it.text.contains(&format!("/shop/prod/{name}.html")));
        assert_eq!(told.count(), 1, "{name}");
    }
    // Of a plan there is none, nor where nobody would keep it.
    let end = format!("{:?}", harness.backup_run("plan", &input(json!({ "mode": "plan", "report": true }))));
    assert!(end.contains("report: found true, expected a run by hand with mode apply"), "{end}");
    let none = backed_up();
    for end in [
        none.backup_run("b", &input(json!({ "report": true }))),
        none.restore_execution("r", &input(json!({ "report": true }))),
    ] {
        assert!(
            format!("{end:?}").contains("report: found true, expected none: this stack keeps no reports"),
            "{end:?}"
        );
    }
}

/// A backup by hand with trouble at one of its last calls: one report, whatever happens, of a run that was closed.
#[test]
fn a_backup_by_hand_leaves_one_report_whatever_happens_at_its_last_calls() {
    let calls_of = |strike: Option<(u64, CallTrouble)>| {
        let harness = backed_up().keeping_reports();
        let before = harness.sim.calls_made();
        if let Some((k, trouble)) = strike {
            harness.sim.set_faults(FaultPlan::none().at(before + k, trouble));
        }
        let input =
            json!({ "estate": "shop", "environment": "prod", "resource": "dynamodb:shop-orders", "report": true });
        harness.backup_run("asked", &input);
        let made = harness.sim.calls_made() - before;
        harness.sim.set_faults(FaultPlan::none());
        let context = format!("{strike:?}");
        assert!(harness.fire(&["reports"], later(&harness)), "{context}");
        whole(&harness.sim, &context);
        assert!(reports(&harness.sim).len() <= 1, "{context}");
        assert!(strike.is_some() || reports(&harness.sim).len() == 1);
        made
    };
    let calls = calls_of(None);
    for trouble in CallTrouble::ALL {
        for k in calls.saturating_sub(10)..calls {
            calls_of(Some((k, trouble)));
        }
    }
}
