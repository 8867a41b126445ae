//! Days on which nobody uses an environment: it sleeps behind its page until somebody wakes it, and whatever is not known keeps it
//! awake.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::json;
use watchkeeper_domain::intent::idle::{USAGE_PERIOD, UsagePoint, UsageSubject};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, Operation, group_arn, rule_arn, scope};

use crate::backup_faults::estates;
use crate::scene::{asleep, at, evening, minutes, morning};
use crate::wake_page;

static SHOP: LazyLock<EstateFolder> = LazyLock::new(|| {
    estates(&format!(
        "{}    sleep-when-idle: {{ after: 1h, by: request-count, below: 10 a minute }}\n",
        wake_page::DOCUMENT
    ))
});

static LOAD: LazyLock<EstateFolder> = LazyLock::new(|| {
    estates(&format!("{}    sleep-when-idle: {{ after: 1h, by: cpu, below: 5 % }}\n", wake_page::DOCUMENT))
});

fn group() -> UsageSubject {
    UsageSubject::of_group(&rule_arn("shop/1"), group_arn("web").as_str())
}

/// So many requests in each period of these minutes after the instant; the target is healthy.
fn requests(harness: &InMemoryHarness, from: Timestamp, lasting: i64, figure: Option<u64>) {
    let periods = i32::try_from(lasting / 5).unwrap();
    for n in 0..periods {
        harness.sim.report_usage(&group(), from + USAGE_PERIOD * n, UsagePoint { figure, healthy: true });
    }
}

/// The shop, woken on Friday at 08:00 after its night.
fn friday(estates: &EstateFolder) -> InMemoryHarness {
    let mut harness = wake_page::afternoon();
    harness.redocument(estates.clone());
    harness.tick(evening());
    harness.tick(morning());
    assert!(!asleep(&harness.sim.capacity()));
    harness
}

/// Ticks of these minutes after 08:00, each five minutes after the last one.
fn ticks(harness: &mut InMemoryHarness, from: i64, to: i64) {
    for minute in (from..=to).step_by(5) {
        harness.tick(morning() + minutes(minute));
    }
}

fn told(harness: &InMemoryHarness) -> String {
    harness.sim.messages().last().map(|message| message.text.clone()).unwrap_or_default()
}

fn reads(harness: &InMemoryHarness) -> usize {
    harness.sim.count(Operation::GetUsage)
}

#[test]
fn what_nobody_uses_sleeps_behind_its_page_until_somebody_wakes_it() {
    let mut harness = friday(&SHOP);
    let awake = harness.sim.capacity();
    requests(&harness, morning(), 300, None);
    ticks(&mut harness, 5, 55);
    assert_eq!((asleep(&harness.sim.capacity()), reads(&harness)), (false, 0), "it had no chance to be used yet");
    ticks(&mut harness, 60, 60);
    assert!(!asleep(&harness.sim.capacity()), "the window begins before it was awake");
    ticks(&mut harness, 65, 65);
    assert!(asleep(&harness.sim.capacity()), "{:?}", harness.sim.capacity());
    assert!(harness.sim.rule(&rule_arn("shop/1")).unwrap().actions.shows(&group_arn("page")));
    assert!(told(&harness).contains("idle, fewer requests than 10 a minute for 1h"), "{}", told(&harness));
    let read = reads(&harness);
    ticks(&mut harness, 70, 115);
    assert!(asleep(&harness.sim.capacity()));
    assert_eq!(reads(&harness), read, "what sleeps is not asked");
    // The page wakes it, as a person would.
    let request = json!({"estate": "shop", "environment": "dev", "want": "awake", "until": "30m"});
    assert_eq!(harness.execute("page-1", &request).outcome(), "done");
    assert_eq!(harness.sim.capacity(), awake);
    ticks(&mut harness, 120, 175);
    assert_eq!(
        (harness.sim.capacity(), reads(&harness)),
        (awake, read),
        "not before it could have been used for an hour"
    );
    ticks(&mut harness, 180, 185);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn the_calendar_wakes_it_the_next_time_as_ever() {
    let mut harness = friday(&SHOP);
    let awake = harness.sim.capacity();
    requests(&harness, morning(), 660, None);
    ticks(&mut harness, 60, 660);
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(at("2026-11-23T13:00:00Z"));
    assert_eq!(harness.sim.capacity(), awake, "on Monday morning");
    assert_eq!(harness.sim.remembered(&scope("shop", "dev", "us-east-1")).unwrap().baseline, None);
    assert_eq!(harness.sim.unserved(), []);
}

#[test]
fn a_figure_that_flaps_around_the_limit_keeps_it_awake() {
    let mut harness = friday(&SHOP);
    for n in 0..48 {
        requests(&harness, morning() + minutes(n * 5), 5, Some(if n % 10 == 0 { 50 } else { 0 }));
    }
    let runs = harness.sim.ledger_writes();
    ticks(&mut harness, 60, 240);
    assert!(!asleep(&harness.sim.capacity()));
    assert_eq!(harness.sim.ledger_writes(), runs, "nothing is declared");
}

#[test]
fn figures_that_are_missing_are_never_taken_for_none() {
    let mut harness = friday(&SHOP);
    ticks(&mut harness, 60, 120);
    assert!(!asleep(&harness.sim.capacity()), "CloudWatch has nothing at all");
    requests(&harness, morning(), 240, None);
    harness.sim.report_usage(&group(), morning() + minutes(150), UsagePoint { figure: Some(0), healthy: false });
    ticks(&mut harness, 180, 210);
    assert!(!asleep(&harness.sim.capacity()), "no target was healthy for five minutes");
    ticks(&mut harness, 215, 220);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn an_override_keeps_it_awake_to_its_end_and_then_it_is_asked() {
    let mut harness = friday(&SHOP);
    requests(&harness, morning(), 300, None);
    let request = json!({"estate": "shop", "environment": "dev", "want": "awake", "until": "10:00"});
    harness.execute("person-1", &request);
    ticks(&mut harness, 5, 115);
    assert_eq!((asleep(&harness.sim.capacity()), reads(&harness)), (false, 0));
    ticks(&mut harness, 120, 125);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn a_figure_that_cannot_be_read_keeps_it_awake_and_is_told_once() {
    let mut harness = friday(&SHOP);
    requests(&harness, morning(), 300, None);
    harness.sim.set_faults(FaultPlan::none().always(Operation::GetUsage, CallTrouble::Denied));
    let before = harness.sim.messages().len();
    ticks(&mut harness, 60, 120);
    assert!(!asleep(&harness.sim.capacity()));
    let said: Vec<String> = harness.sim.messages_after(before).iter().map(|message| message.subject.clone()).collect();
    assert_eq!(said, ["shop dev: whether it is used cannot be read"]);
    assert!(told(&harness).contains("GetMetricData") && told(&harness).contains("denied"), "{}", told(&harness));
    harness.sim.set_faults(FaultPlan::none());
    ticks(&mut harness, 125, 125);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn the_cpu_of_all_that_runs_tells_it_too() {
    let mut harness = friday(&LOAD);
    let services = harness.sim.capacity().services.into_keys();
    let subjects: Vec<UsageSubject> = services.map(UsageSubject::Cpu).collect();
    for n in 0..60 {
        for subject in &subjects {
            let figure = Some(if n < 6 { 700 } else { 120 });
            harness.sim.report_usage(subject, morning() + USAGE_PERIOD * n, UsagePoint { figure, healthy: false });
        }
    }
    ticks(&mut harness, 60, 90);
    assert!(!asleep(&harness.sim.capacity()), "it was used in the first half hour");
    ticks(&mut harness, 95, 95);
    assert!(asleep(&harness.sim.capacity()));
    assert!(told(&harness).contains("idle, less CPU than 5 % for 1h"), "{}", told(&harness));
}

#[test]
fn a_rule_that_is_taken_from_the_document_wakes_it_with_the_next_tick() {
    let mut harness = friday(&SHOP);
    let awake = harness.sim.capacity();
    requests(&harness, morning(), 120, None);
    ticks(&mut harness, 60, 65);
    assert!(asleep(&harness.sim.capacity()));
    harness.redocument(wake_page::SHOP.clone());
    ticks(&mut harness, 70, 70);
    assert_eq!(harness.sim.capacity(), awake);
}

/// Plays an idle hour with one fault after its tick begins. Tells whether there was such a call.
fn hour_with(call: u64, trouble: CallTrouble) -> bool {
    let mut harness = friday(&SHOP);
    requests(&harness, morning(), 300, None);
    harness.sim.forget_calls();
    harness.sim.set_faults(FaultPlan::none().at(harness.sim.calls_made() + call, trouble));
    ticks(&mut harness, 65, 65);
    let struck = harness.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)));
    harness.sim.set_faults(FaultPlan::none());
    ticks(&mut harness, 70, 100);
    assert!(asleep(&harness.sim.capacity()), "{trouble:?} at {call}");
    // A rule that AWS refuses to change is named, and the environment sleeps without its page.
    assert!(trouble == CallTrouble::Denied || harness.sim.unserved().is_empty(), "{trouble:?} at {call}");
    struck
}

#[test]
fn a_fault_at_any_call_of_falling_asleep_ends_asleep_behind_the_page() {
    for trouble in CallTrouble::ALL {
        let calls = (0..300).take_while(|call| hour_with(*call, trouble)).count();
        assert!((20..300).contains(&calls), "{trouble:?}: {calls} calls were struck");
    }
}
