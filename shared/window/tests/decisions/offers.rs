//! What a person is offered.

use rstest::rstest;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_window::facts::{EnvironmentFacts, OfferedIntent, TroubleKind};
use watchkeeper_window::offer::offered_intents;

use crate::scene::*;

fn offered(of: &EnvironmentFacts) -> Vec<OfferedIntent> {
    let ledger = of.regions.values().next().unwrap().ledger.known().unwrap();
    offered_intents(of.kind, of.calendar.as_ref(), ledger, noon())
}

fn released(until: &str) -> watchkeeper_domain::intent::Intent {
    let mut of = intent(Layer::Override, DesiredState::Awake, Some(until));
    of.for_release = "shop-1".parse().ok();
    of
}

fn until(text: &str) -> jiff::Timestamp {
    at(text)
}

#[rstest]
#[case::awake(|_: &mut EnvironmentFacts| {}, vec![OfferedIntent::Awake { until: until("2026-12-02T02:00:00Z") }, OfferedIntent::Asleep { until: until("2026-12-02T12:00:00Z") }])]
#[case::asleep_by_an_override(|of: &mut EnvironmentFacts| *of = asleep(), vec![OfferedIntent::AsScheduled, OfferedIntent::Awake { until: until("2026-12-01T19:00:00Z") }])]
#[case::drifting_while_it_sleeps(
    |of: &mut EnvironmentFacts| { *of = asleep(); trouble(of, TroubleKind::Drift, "2026-12-01T16:00:00Z"); },
    vec![OfferedIntent::AsScheduled, OfferedIntent::Asleep { until: until("2026-12-01T20:00:00Z") }, OfferedIntent::Awake { until: until("2026-12-01T19:00:00Z") }]
)]
#[case::kept_awake_by_a_pipeline(
    |of: &mut EnvironmentFacts| ledger(of).intents = vec![released("2026-12-02T01:00:00Z")],
    vec![OfferedIntent::Awake { until: until("2026-12-02T03:00:00Z") }, OfferedIntent::Asleep { until: until("2026-12-02T12:00:00Z") }]
)]
#[case::in_an_emergency(
    |of: &mut EnvironmentFacts| ledger(of).intents = vec![intent(Layer::Emergency, surge(&[]), None)],
    vec![OfferedIntent::GiveBack { profile: "surge".parse().unwrap() }]
)]
#[case::production(|of: &mut EnvironmentFacts| { of.kind = EnvironmentKind::Production; of.calendar = None; }, Vec::new())]
#[case::production_under_an_override(
    |of: &mut EnvironmentFacts| {
        (of.kind, of.calendar) = (EnvironmentKind::Production, None);
        ledger(of).intents = vec![intent(Layer::Override, DesiredState::Awake, None)];
    },
    vec![OfferedIntent::AsScheduled]
)]
fn each_state_has_its_offers(#[case] make: fn(&mut EnvironmentFacts), #[case] expected: Vec<OfferedIntent>) {
    let mut of = awake();
    make(&mut of);
    assert_eq!(offered(&of), expected);
}
