//! What a button asks first is made of the plan of that moment.

use rstest::rstest;
use watchkeeper_domain::capacity::{DatabasePower, ScalingState, Suspensions};
use watchkeeper_domain::plan::{CapacityChange, Plan, PlanStep, PlannedAction, Wave};
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::confirm::{offer, writes};
use watchkeeper_window::facts::{Offer, OfferedIntent, PlanFacts};
use watchkeeper_window::words::Clock;

use crate::scene::*;

fn count(name: &str, from: u32, to: u32) -> CapacityChange {
    CapacityChange::Count { service: format!("shop/{name}").try_into().unwrap(), from, to }
}

fn database(to: DatabasePower) -> CapacityChange {
    CapacityChange::Database { database: "rds:shop-db".to_owned().try_into().unwrap(), to }
}

fn bounds(name: &str, min: u32, max: u32) -> CapacityChange {
    let state = |min, max| ScalingState { min, max, suspended: Suspensions::NONE };
    CapacityChange::Scaling {
        service: format!("shop/{name}").try_into().unwrap(),
        from: state(1, 2),
        to: state(min, max),
    }
}

fn plan(changes: Vec<CapacityChange>) -> Plan {
    let actions = changes.into_iter().map(|change| PlannedAction { change, reason: String::new() }).collect();
    Plan { steps: vec![PlanStep { wave: Wave::RaiseCounts, waits_for: Vec::new(), actions }], ..Plan::default() }
}

#[rstest]
#[case(Vec::new(), "Nothing is written now")]
#[case(vec![database(DatabasePower::On), count("api", 0, 1), count("web", 0, 1)], "1 database starts, then 2 services go from 0 to 1 task each")]
#[case(vec![count("api", 4, 3), bounds("api", 3, 6)], "1 service goes from 4 to 3 tasks, then the bounds of 1 service become 3..6")]
#[case(vec![count("api", 2, 0), database(DatabasePower::Off)], "1 service goes from 2 to 0 tasks, then 1 database stops")]
fn writes_are_told_in_totals(#[case] changes: Vec<CapacityChange>, #[case] told: &str) {
    assert_eq!(writes(&plan(changes)), told);
}

fn asked(
    of: &watchkeeper_window::facts::EnvironmentFacts,
    wanted: OfferedIntent,
    changes: Vec<CapacityChange>,
    violations: Vec<Violation>,
) -> String {
    let facts = PlanFacts { verdict: Verdict::Apply, deciding: Vec::new(), plan: plan(changes), violations };
    let offered = Offer { intent: wanted, plan: facts, took_seconds: Some(480) };
    offer(&state(of), &offered, &Clock::new(&of.zone, noon()))
}

#[test]
fn a_wake_says_until_when_what_is_written_and_what_then_happens() {
    let until = at("2026-12-02T02:00:00Z");
    let told = asked(&asleep(), OfferedIntent::Awake { until }, vec![count("api", 0, 2)], Vec::new());
    let expected = "Wake shop dev until Tue 21:00 EST (02:00 UTC)? 1 service goes from 0 to 2 tasks; about 8 min. Then it is put to \
                    sleep again, by itself. Guardrails are asked first.";
    assert_eq!(told, expected);
}

#[test]
fn taking_back_an_override_says_what_the_calendar_does() {
    let told = asked(&asleep(), OfferedIntent::AsScheduled, vec![count("api", 0, 2)], Vec::new());
    let expected = "Take back the override of shop dev? The calendar decides again at once: it wakes now; it goes to sleep at Tue \
                    19:00 EST (00:00 UTC), in 7 h. 1 service goes from 0 to 2 tasks; about 8 min. Guardrails are asked first.";
    assert_eq!(told, expected);
}

#[test]
fn an_alarm_that_is_loud_is_named_in_quotation_marks_and_cut() {
    let mut of = awake();
    let alarm = "a".repeat(200);
    ledger(&mut of).alarms = [(alarm.parse().unwrap(), None)].into();
    let told = asked(&of, OfferedIntent::GiveBack { profile: "surge".parse().unwrap() }, Vec::new(), Vec::new());
    let quoted = format!("“{}…” is still in ALARM, and it will not be answered again for 10 min.", "a".repeat(119));
    assert!(told.starts_with(&format!("Give back surge in shop dev now? {quoted}")), "{told}");
}

#[test]
fn what_would_stop_it_is_said_and_changes_the_mark() {
    let frozen = Violation::new(GuardrailCode::FreezeWindow, Severity::Refuse, "found", "advice");
    let changes = || vec![count("api", 0, 2)];
    let told = asked(&asleep(), OfferedIntent::AsScheduled, changes(), vec![frozen.clone()]);
    assert!(told.contains("As it is now, it would be refused by freeze-window."), "{told}");
    let facts =
        |violations| PlanFacts { verdict: Verdict::Apply, deciding: Vec::new(), plan: plan(changes()), violations };
    let warned = Violation { severity: Severity::Warn, ..frozen.clone() };
    assert_eq!(facts(Vec::new()).mark(), facts(vec![warned]).mark(), "a warning breaks no promise");
    assert_ne!(facts(Vec::new()).mark(), facts(vec![frozen]).mark());
    let other = PlanFacts { plan: plan(vec![count("api", 0, 3)]), ..facts(Vec::new()) };
    assert_ne!(facts(Vec::new()).mark(), other.mark());
}
