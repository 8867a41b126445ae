//! Reports of runs: each run that is over has one, whatever happened on the way, and those of an estate make one chain.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan, SimRegion};
use watchkeeper_window::report::{Evidence, Report, Verification, verify};

use crate::pair_scene::{AUTOMATIC, estates, stacks, standby};
use crate::restores::{backed_up, drilled};
use crate::scene::{at, dev, minutes, sim};

/// The reports of a region that read, by their keys.
pub(crate) fn reports(sim: &SimRegion) -> BTreeMap<String, Report> {
    let files = sim.reports().into_iter().filter(|(key, _)| is_json(key));
    files.map(|(key, text)| (key, Report::read(&text).unwrap())).collect()
}

fn is_json(key: &str) -> bool {
    key.rsplit('.').next() == Some("json")
}

fn verified(sim: &SimRegion) -> Verification {
    let files = sim.reports();
    verify(files.iter().filter(|(key, _)| is_json(key)).map(|(key, text)| (key.as_str(), text.as_str())))
}

/// The chain is whole from its first report, each report has its page, and nothing is due any more.
pub(crate) fn whole(sim: &SimRegion, context: &str) {
    let verified = verified(sim);
    assert!(verified.is_good(), "{context}: {verified:?}");
    assert!(verified.chains.len() <= 1, "{context}: {:?}", verified.chains);
    assert!(verified.chains.iter().all(|chain| chain.gaps.is_empty()), "{context}: {:?}", verified.chains);
    let files = sim.reports();
    for key in reports(sim).keys() {
        assert!(files.contains_key(&key.replace(".json", ".html")), "{context}: {key} has no page");
    }
    assert_eq!(files.len(), reports(sim).len() * 2, "{context}");
}

pub(crate) fn kept() -> InMemoryHarness {
    InMemoryHarness::new(sim().build(), "us-east-1").keeping_reports()
}

/// A person's wish of which they ask a report.
pub(crate) fn by_hand(harness: &InMemoryHarness, name: &str, want: &str) {
    let input = json!({ "estate": "clos-v2", "environment": "dev", "want": want, "until": "2h", "report": true });
    harness.execute(name, &input);
}

pub(crate) fn write(harness: &InMemoryHarness) -> bool {
    harness.fire(&["reports"], harness.sim.now())
}

/// After this time nobody sends anything of a run any more.
pub(crate) fn later(harness: &InMemoryHarness) -> Timestamp {
    harness.sim.now() + minutes(11)
}

#[test]
fn a_run_by_hand_leaves_a_report_that_proves_itself_and_its_message_says_where() {
    let harness = kept();
    by_hand(&harness, "night-1", "asleep");
    assert!(harness.sim.reports().is_empty(), "a run puts nothing itself");
    let message = harness.sim.messages().pop().unwrap();
    assert!(message.text.contains("Report: s3://watchkeeper-reports/clos-v2/dev/run-night-1.html"), "{}", message.text);
    assert!(write(&harness));
    whole(&harness.sim, "one run");
    let report = reports(&harness.sim).remove("clos-v2/dev/run-night-1.json").unwrap();
    let Evidence::Run(record) = &report.content.evidence else { panic!("it is of a run") };
    assert!(record.facts.is_some() && record.writes > 0);
    assert_eq!(report.content.not_known, Vec::<String>::new(), "everything was known");
    assert_eq!(report.content.sent.message.as_deref(), Some("message-1"));
    assert_eq!(report.content.sent.event.as_deref(), Some("event-1"));
    assert!(report.content.deployed.document.is_some());
    let before = harness.sim.reports();
    assert!(write(&harness));
    assert_eq!(harness.sim.reports(), before, "it is written once");
}

#[test]
fn nobody_asked_and_nothing_is_kept() {
    let harness = kept();
    let input = json!({ "estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "2h" });
    harness.execute("night-1", &input);
    assert!(write(&harness) && harness.sim.reports().is_empty());
    assert!(!harness.sim.messages()[0].text.contains("Report:"));
}

#[test]
fn a_report_that_nobody_would_keep_is_refused_by_its_field() {
    let harness = InMemoryHarness::new(sim().build(), "us-east-1");
    let ask = |more: serde_json::Value| {
        let mut input = json!({ "estate": "clos-v2", "environment": "dev", "report": true });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{:?}", harness.execute("night-1", &input))
    };
    let end = ask(json!({ "want": "asleep", "until": "2h" }));
    assert!(end.contains("report: found true, expected none: this stack keeps no reports"), "{end}");
    let end = ask(json!({ "mode": "plan" }));
    assert!(end.contains("report: found true, expected a run by hand"), "{end}");
    assert_eq!(harness.sim.writes(), 0);
}

/// Two runs of which reports are asked, with trouble at the `k`-th call after a point in time, and then ticks without any. Tells
/// whether there was such a call.
fn strike(trouble: CallTrouble, k: u64, while_writing: bool) -> bool {
    let harness = kept();
    let context = format!("{trouble:?} at call {k}, {}", if while_writing { "of the tick" } else { "of the run" });
    by_hand(&harness, "night-1", "asleep");
    if while_writing {
        by_hand(&harness, "day-1", "awake");
    }
    let index = harness.sim.calls_made() + k;
    harness.sim.set_faults(FaultPlan::none().at(index, trouble));
    if while_writing {
        write(&harness);
    } else {
        by_hand(&harness, "day-1", "awake");
    }
    harness.sim.set_faults(FaultPlan::none());
    let struck = harness.sim.calls_made() > index;
    for _ in 0..2 {
        assert!(harness.fire(&["reports"], later(&harness)), "{context}: the tick after it");
    }
    whole(&harness.sim, &context);
    let over = harness.sim.runs(&dev()).unwrap().into_iter().filter(|run| run.outcome.is_some());
    let mut expected: Vec<String> = over.map(|run| format!("clos-v2/dev/run-{}.json", run.header.id)).collect();
    expected.sort();
    assert_eq!(reports(&harness.sim).into_keys().collect::<Vec<_>>(), expected, "{context}");
    struck
}

/// More calls than a run or a tick makes.
const MANY: u64 = 1_000;

#[test]
fn whatever_happens_at_any_call_of_the_tick_each_run_has_one_report_and_the_chain_is_whole() {
    for trouble in CallTrouble::ALL {
        let calls = (0..MANY).take_while(|k| strike(trouble, *k, true)).count();
        assert!((10..1000).contains(&calls), "{trouble:?}: {calls} calls were struck");
    }
}

#[test]
fn whatever_happens_at_any_call_of_a_run_it_has_a_report_if_and_only_if_it_is_over() {
    for trouble in CallTrouble::ALL {
        let calls = (0..MANY).take_while(|k| strike(trouble, *k, false)).count();
        assert!((15..1000).contains(&calls), "{trouble:?}: {calls} calls were struck");
    }
}

#[test]
fn a_file_of_somebody_else_in_its_place_is_left_as_it_is_and_told() {
    let harness = kept();
    by_hand(&harness, "night-1", "asleep");
    harness.sim.put_report("clos-v2/dev/run-night-1.json", "{}");
    assert!(!write(&harness), "the tick fails, and its alarm tells");
    assert_eq!(harness.sim.reports().len(), 1, "nothing is written over it");
}

/// A planned move with trouble at one of its last calls, to its end. Tells what became of the reports.
#[test]
fn a_move_that_is_over_has_one_report_whatever_happens_at_its_last_calls() {
    let documents = estates(&[AUTOMATIC]);
    let calls_of = |strike: Option<(u64, CallTrouble)>| {
        let mut stacks = stacks(&documents).keeping_reports();
        let sim = stacks.pair.standby();
        let before = sim.calls_made();
        if let Some((k, trouble)) = strike {
            sim.set_faults(FaultPlan::none().at(before + k, trouble));
        }
        let mut failover_run = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
        stacks.fly(&mut failover_run);
        let made = sim.calls_made() - before;
        sim.set_faults(FaultPlan::none());
        stacks.minutes(12);
        while let Some(mut heir) = stacks.failover_runs.pop() {
            stacks.fly(&mut heir);
        }
        stacks.minutes(12);
        let context = format!("{strike:?}");
        assert!(stacks.fire(&standby(), &["reports"]), "{context}");
        let sim = stacks.pair.sim(&standby());
        whole(&sim, &context);
        let over = sim.moves(&stacks.member(&standby()).id).unwrap().into_iter().filter(|it| it.ending.is_some());
        let mut expected: Vec<String> =
            over.map(|it| format!("fleet-orchestration/prod/move-{}.json", it.header.id)).collect();
        expected.sort();
        assert!(strike.is_some() || expected.len() == 1, "{expected:?}");
        assert_eq!(reports(&sim).into_keys().collect::<Vec<_>>(), expected, "{context}");
        made
    };
    let calls = calls_of(None);
    for trouble in CallTrouble::ALL {
        for k in calls.saturating_sub(14)..calls {
            calls_of(Some((k, trouble)));
        }
    }
}

#[test]
fn the_report_of_a_move_has_its_facts_and_its_message_says_where() {
    let mut stacks = stacks(&estates(&[AUTOMATIC])).keeping_reports();
    let mut failover_run = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    assert!(stacks.fire(&standby(), &["reports"]));
    let sim = stacks.pair.sim(&standby());
    let report = reports(&sim).remove("fleet-orchestration/prod/move-planned.json").unwrap();
    let Evidence::Move(record) = &report.content.evidence else { panic!("it is of a move") };
    let plan = record.facts.as_ref().unwrap().plan();
    assert_eq!((&plan.waves, &plan.serving), (&record.waves, &record.serving));
    assert!(!record.waves.is_empty() && !record.serving.is_empty());
    let told = sim.messages().into_iter().any(|it| it.text.contains("/fleet-orchestration/prod/move-planned.html"));
    assert!(told, "{:?}", sim.messages());
    assert!(SignedDuration::from_mins(10) > stacks.pair.now().duration_since(report.content.ended));
}

/// A drill with trouble at one of its last calls, and the ticks of the hours after it.
#[test]
fn a_restore_drill_leaves_a_report_whatever_happens_at_its_last_calls() {
    let calls_of = |strike: Option<(u64, CallTrouble)>| {
        let mut harness = backed_up().keeping_reports();
        let before = harness.sim.calls_made();
        if let Some((k, trouble)) = strike {
            harness.sim.set_faults(FaultPlan::none().at(before + k, trouble));
        }
        harness.backup_tick(at("2026-11-20T03:15:00Z"));
        let made = harness.sim.calls_made() - before;
        harness.sim.set_faults(FaultPlan::none());
        harness.backup_tick(at("2026-11-20T06:00:00Z"));
        let context = format!("{strike:?}");
        assert!(harness.fire(&["reports"], later(&harness)), "{context}");
        whole(&harness.sim, &context);
        // One that died goes on when nobody has worked on it for long enough.
        let Some(evidence) = drilled(&harness) else {
            assert!(strike.is_some() && reports(&harness.sim).is_empty(), "{context}");
            return made;
        };
        let key = format!("shop/prod/restore-{}.json", evidence.run);
        let report = reports(&harness.sim).remove(&key).unwrap_or_else(|| panic!("{context}: {key} is not there"));
        let Evidence::Restore(record) = report.content.evidence else { panic!("{context}: it is of a restore") };
        assert_eq!(record.outcome, evidence, "{context}");
        made
    };
    let calls = calls_of(None);
    for trouble in CallTrouble::ALL {
        for k in calls.saturating_sub(12)..calls {
            calls_of(Some((k, trouble)));
        }
    }
}
