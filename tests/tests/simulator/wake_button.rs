//! The button of a wake page: a hundred presses, and a fault of every kind at every call of one.

use std::sync::LazyLock;

use jiff::SignedDuration;
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::value::Sha256;
use watchkeeper_domain::wake_page::WakeMemory;
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::machine::{Execution, Standing};
use watchkeeper_sim::{CallTrouble, FaultPlan, group_arn, run_until_done_or_crash, scope};
use watchkeeper_tests::sandbox::{SiteVisit, VisitAnswer};

use crate::backup_faults::estates;
use crate::scene::{asleep, at, evening, minutes};
use crate::scenes::wake::{answered, event};
use crate::wake_page::{DOCUMENT, SHOP, afternoon};

const PRESS: &str = "watchkeeper-wake=shop%2Fdev";

fn press() -> SiteVisit {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://shop.example")];
    SiteVisit {
        method: "POST",
        path: "/".to_owned(),
        headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(),
        body: PRESS.to_owned(),
    }
}

fn look() -> SiteVisit {
    SiteVisit { method: "GET", headers: Vec::new(), body: String::new(), ..press() }
}

/// The answer of a new process; nothing where it died.
fn visit(harness: &InMemoryHarness, visit: &SiteVisit) -> Option<VisitAnswer> {
    let answers = harness.visit_at_once(&[event(visit, group_arn("page").as_str())])?;
    answers.first().map(answered)
}

fn night(documents: &EstateFolder) -> InMemoryHarness {
    let mut harness = afternoon();
    harness.redocument(documents.clone());
    assert_eq!(harness.tick(evening()).remove(0).outcome(), "done");
    harness.sim.set_now(evening() + minutes(60));
    harness
}

fn with(more: &str) -> EstateFolder {
    estates(&format!("{DOCUMENT}      {more}\n"))
}

fn memory(harness: &InMemoryHarness) -> WakeMemory {
    let scope = scope("shop", "dev", "us-east-1");
    run_until_done_or_crash(&harness.sim, Box::pin(harness.sim.presses(&scope))).unwrap().unwrap().0
}

/// The executions of `reconcile` that have been started and not played.
fn waiting(harness: &mut InMemoryHarness) -> usize {
    harness.play("Reconcile").len()
}

#[test]
fn a_hundred_presses_at_once_are_one_count_and_one_run_and_the_rule_is_exact_afterwards() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(60));
    let press = event(&press(), group_arn("page").as_str());
    let answers = harness.visit_at_once(&vec![press; 100]).unwrap();
    assert!(answers.iter().all(|answer| answer["statusCode"] == 303), "{answers:?}");
    assert_eq!(memory(&harness).count, 1);
    let played = harness.play("Reconcile");
    assert_eq!(played.len(), 1, "{played:?}");
    assert_eq!(played[0].1.outcome(), "done");
    assert_eq!(harness.sim.capacity(), original);
    assert_eq!(harness.sim.unserved(), []);
}

#[test]
fn a_wake_is_told_on_the_page_with_what_is_up() {
    let harness = night(&SHOP);
    let page = visit(&harness, &look()).unwrap();
    assert!(
        page.body.contains("shop dev is asleep") && page.body.contains("3 services and 1 database"),
        "{}",
        page.body
    );
    assert!(page.body.contains(">Thu 19:09 EST<") && page.body.contains(">Fri 08:00 EST<"), "{}", page.body);
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    let page = visit(&harness, &look()).unwrap();
    assert!(page.body.contains("shop dev wakes") && page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    assert!(page.body.contains("about to begin") && !page.body.contains("<form"), "{}", page.body);
    let started = harness.sim.take_started().remove(0);
    let (input, mut host) = (serde_json::from_str(&started.input).unwrap(), harness.host());
    let mut execution = Execution::start("Reconcile", &started.name, input, &mut host);
    let mut seen = Vec::new();
    while let Standing::Due(due) = execution.standing() {
        harness.sim.set_now(due.max(harness.sim.now()));
        execution.step(&mut host);
        seen.push(visit(&harness, &look()).unwrap().body);
    }
    let shown = |text: &str| seen.iter().any(|page| page.contains(text));
    for text in
        ["0 of 1 database up", "starting: shop-db", "1 of 1 database up", "0 of 3 services up", "3 of 3 services up"]
    {
        assert!(shown(text), "{text}: {seen:#?}");
    }
    assert!(seen.last().unwrap().contains("is awake"), "{seen:#?}");
}

#[test]
fn the_button_works_so_often_a_day() {
    let mut harness = night(&with("at-most: 1"));
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    harness.play("Reconcile");
    let end = harness.sim.now() + minutes(125);
    harness.tick(end);
    assert!(asleep(&harness.sim.capacity()));
    let page = visit(&harness, &look()).unwrap();
    assert!(page.body.contains("as often as it may be") && !page.body.contains("<form"), "{}", page.body);
    let refused = visit(&harness, &press()).unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.headers["retry-after"].parse::<u32>().unwrap() > 0);
    assert_eq!(waiting(&mut harness), 0);
    // Midnight in New York.
    harness.sim.set_now(at("2026-11-20T05:00:00Z"));
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    assert_eq!(waiting(&mut harness), 1);
}

#[test]
fn a_halt_is_told_and_nothing_is_woken_in_it() {
    let mut harness = night(&SHOP);
    let halt =
        json!({"estate": "shop", "environment": "dev", "halt": true, "reason": "a secret migration", "by": "Anna"});
    harness.execute("halt", &halt);
    for request in [look(), press()] {
        let page = visit(&harness, &request).unwrap();
        assert!(page.status == 503 && page.body.contains("All changes are halted"), "{page:?}");
        assert!(!page.body.contains("<form") && !page.body.contains("secret"), "{page:?}");
    }
    assert_eq!((waiting(&mut harness), memory(&harness).count), (0, 0));
}

#[test]
fn a_freeze_keeps_nothing_asleep() {
    let freeze = "    guardrails: { freeze: [{ from: 2026-11-01, to: 2026-12-01, reason: a fair }] }";
    let mut harness = night(&estates(&format!("{DOCUMENT}{freeze}\n")));
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    assert_eq!(harness.play("Reconcile")[0].1.outcome(), "done");
    assert!(!asleep(&harness.sim.capacity()));
}

static LOCKED: LazyLock<EstateFolder> = LazyLock::new(|| with(&format!("token-sha256: {}", Sha256::of(b"moonrise"))));

#[test]
fn a_word_that_has_to_be_typed_is_asked_for_and_a_wrong_one_starts_nothing() {
    let mut harness = night(&LOCKED);
    let page = visit(&harness, &look()).unwrap();
    assert!(page.body.contains("type=\"password\""), "{}", page.body);
    for typed in ["", "&token=sunrise"] {
        let wrong = visit(&harness, &SiteVisit { body: format!("{PRESS}{typed}"), ..press() }).unwrap();
        assert!(wrong.status == 403 && wrong.body.contains("not the word"), "{wrong:?}");
    }
    assert_eq!((waiting(&mut harness), memory(&harness).count), (0, 0));
    let right = visit(&harness, &SiteVisit { body: format!("{PRESS}&token=moonrise"), ..press() }).unwrap();
    assert_eq!((right.status, waiting(&mut harness)), (303, 1));
}

#[test]
fn what_falls_asleep_is_woken_by_a_press_as_by_a_person() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    // The evening's run has the lease and has begun to write, and its execution is gone.
    harness.sim.set_faults(FaultPlan::none().at(harness.sim.calls_made() + 60, CallTrouble::CrashBefore));
    harness.tick(evening());
    harness.sim.set_faults(FaultPlan::none());
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    let played = harness.play("Reconcile");
    assert!(played.iter().any(|(name, end)| name.starts_with("wake-page-") && end.outcome() == "done"), "{played:?}");
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn a_press_in_the_moment_of_change_finds_it_awake_and_starts_nothing() {
    let mut harness = night(&SHOP);
    harness.tick(at("2026-11-20T13:00:00Z"));
    assert!(!asleep(&harness.sim.capacity()));
    // The load balancer goes by the old rule for a moment.
    assert_eq!(visit(&harness, &press()).unwrap().status, 303);
    let page = visit(&harness, &look()).unwrap();
    assert!(page.body.contains("is awake") && page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    assert_eq!((waiting(&mut harness), memory(&harness).count), (0, 0));
}

#[test]
fn a_target_group_of_no_document_is_told_nothing() {
    let harness = night(&SHOP);
    harness.sim.forget_calls();
    for request in [look(), press()] {
        let answers = harness.visit_at_once(&[event(&request, group_arn("other").as_str())]).unwrap();
        let answer = answered(&answers[0]);
        assert_eq!((answer.status, answer.body.as_str()), (404, "nothing here\n"));
    }
    assert_eq!(harness.sim.calls().len(), 0);
}

#[test]
fn a_health_check_reads_nothing() {
    let harness = night(&SHOP);
    harness.sim.forget_calls();
    let check = SiteVisit { headers: vec![("user-agent", "ELB-HealthChecker/2.0".to_owned())], ..look() };
    assert_eq!(visit(&harness, &check).unwrap().status, 200);
    assert_eq!(harness.sim.calls().len(), 0);
}

#[test]
fn what_was_read_answers_for_five_seconds_and_a_browser_that_has_pressed_sees_what_is_so() {
    let harness = night(&SHOP);
    let page = harness.page_process();
    let reads = |request: &SiteVisit| {
        let before = harness.sim.calls_made();
        harness.visit(&page, &event(request, group_arn("page").as_str()));
        harness.sim.calls_made() - before
    };
    assert!(reads(&look()) > 0);
    assert_eq!((reads(&look()), reads(&look())), (0, 0));
    let pressed = SiteVisit { headers: vec![("cookie", "watchkeeper-wake=1".to_owned())], ..look() };
    assert!(reads(&pressed) > 0);
    harness.sim.set_now(harness.sim.now() + SignedDuration::from_secs(5));
    assert!(reads(&look()) > 0);
}

/// A press with one fault at its `k`-th call, and another one a while later. Whether there was such a call.
fn pressed_with(k: u64, trouble: CallTrouble) -> bool {
    let (mut harness, context) = (night(&SHOP), format!("{trouble:?} at call {k}"));
    let first = harness.sim.calls_made();
    harness.sim.set_faults(FaultPlan::none().at(first + k, trouble));
    let answer = visit(&harness, &press());
    harness.sim.set_faults(FaultPlan::none());
    let struck = harness.sim.calls_made() > first + k;
    assert!(answer.as_ref().is_none_or(|it| [303, 503].contains(&it.status)), "{context}: {answer:?}");
    if answer.is_some_and(|it| it.status == 503) {
        assert!(visit(&harness, &look()).unwrap().status == 503, "{context}");
    }
    harness.sim.set_now(harness.sim.now() + minutes(1));
    assert_eq!(visit(&harness, &press()).map(|it| it.status), Some(303), "{context}");
    let played = harness.play("Reconcile");
    assert_eq!(played.len(), 1, "{context}: {played:?}");
    assert!(!asleep(&harness.sim.capacity()), "{context}");
    assert!(memory(&harness).count <= 1, "{context}: {:?}", memory(&harness));
    struck
}

#[test]
fn a_fault_of_every_kind_at_every_call_of_a_press_costs_no_count_and_no_second_run() {
    for trouble in CallTrouble::ALL {
        let calls = (0..50).take_while(|k| pressed_with(*k, trouble)).count();
        assert!((5..50).contains(&calls), "{trouble:?}: {calls} calls were struck");
    }
}

#[test]
fn a_ledger_that_does_not_answer_is_told_without_a_button() {
    let harness = night(&SHOP);
    harness.sim.set_faults(FaultPlan::none().at(harness.sim.calls_made(), CallTrouble::Denied));
    let page = visit(&harness, &look()).unwrap();
    assert!(page.status == 503 && page.body.contains("cannot be told how it is"), "{page:?}");
    assert!(!page.body.contains("<form"), "{page:?}");
}

#[test]
fn a_client_that_wants_data_gets_it_without_markup() {
    let harness = night(&SHOP);
    let client = SiteVisit { headers: vec![("accept", "application/json".to_owned())], ..look() };
    let answer = visit(&harness, &client).unwrap();
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (503, "application/json"));
    assert_eq!(told["state"], "asleep");
    assert_eq!(told["until"], "2026-11-20T13:00:00Z");
    assert_eq!(answer.headers["retry-after"], "42900");
}
