//! Layers over each other: who decides, and that whatever happened the baseline comes back exactly.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabasePower, ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::estate::{Emergency, EmergencyProfile};
use watchkeeper_domain::failover::{PlacedService, Placement, ScalingBounds, ServiceFigures};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, deciding, resolve};
use watchkeeper_domain::value::ProfileName;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// The figures of clos-v2 production, and profiles that a document may have beside them.
fn emergency() -> Emergency {
    serde_json::from_value(serde_json::json!({
        "profiles": {
            "surge": {"desired": 4, "max": 10, "for": "2h"},
            "minimum": {"desired": 1, "max": 2, "for": "8h", "ask": true},
            "double": {"desired": "200 %", "max": "300 %", "for": "1h"},
            "api-only": {"desired": 5, "for": "1h", "only": ["api"]},
            "mixed": {"desired": 4, "for": "1h", "services": {"engine": {"desired": 7, "max": 9}}},
        },
        "precedence": ["surge", "minimum"],
    }))
    .unwrap()
}

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

fn id(service: &str) -> ServiceId {
    ServiceId::try_from(format!("clos-v2-cluster/{service}")).unwrap()
}

fn scaling(min: u32, max: u32) -> ScalingState {
    ScalingState { min, max, suspended: Suspensions::NONE }
}

/// `api` has a scalable target, `engine` has none.
fn baseline() -> Capacity {
    Capacity {
        services: [
            (id("api"), ServiceCapacity { desired: 3, scaling: Some(scaling(3, 6)) }),
            (id("engine"), ServiceCapacity { desired: 3, scaling: None }),
        ]
        .into(),
        databases: [(DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap(), DatabasePower::On)].into(),
        ..Capacity::default()
    }
}

fn requested(profile: &str) -> DesiredState {
    let emergency = emergency();
    let found: &EmergencyProfile = &emergency.profiles[&name(profile)];
    DesiredState::Scaled(RequestedProfile::of(
        &name(profile),
        found,
        emergency.rank(&name(profile), 3),
        BTreeSet::new(),
    ))
}

fn intent(layer: Layer, want: DesiredState) -> Intent {
    let (reason, by) = ("test".to_owned(), "test".to_owned());
    Intent {
        layer,
        want,
        reason,
        by,
        declared: T0,
        expires: Some(T0 + SignedDuration::from_hours(2)),
        approved: [].into(),
        for_release: None,
    }
}

fn urgent(profile: &str) -> Intent {
    intent(Layer::Emergency, requested(profile))
}

fn night() -> Intent {
    Intent { expires: None, ..intent(Layer::Schedule, DesiredState::Asleep) }
}

/// Counts and bounds of `api`, and the count of `engine`.
fn figures(capacity: &Capacity) -> (u32, Option<(u32, u32)>, u32) {
    let api = &capacity.services[&id("api")];
    (api.desired, api.scaling.map(|s| (s.min, s.max)), capacity.services[&id("engine")].desired)
}

#[rstest]
#[case::nothing(vec![], (3, Some((3, 6)), 3))]
#[case::surge(vec![urgent("surge")], (4, Some((4, 10)), 4))]
#[case::minimum(vec![urgent("minimum")], (1, Some((1, 2)), 1))]
#[case::shares(vec![urgent("double")], (6, Some((6, 18)), 6))]
#[case::only_one_service(vec![urgent("api-only")], (5, Some((5, 6)), 3))]
#[case::figures_of_its_own(vec![urgent("mixed")], (4, Some((4, 6)), 7))]
#[case::the_documents_order_decides(vec![urgent("minimum"), urgent("surge")], (4, Some((4, 10)), 4))]
#[case::what_the_first_is_not_for_is_the_seconds(vec![urgent("api-only"), urgent("minimum")], (1, Some((1, 2)), 1))]
#[case::emergency_over_a_sleeping_environment(vec![night(), urgent("surge")], (4, Some((4, 10)), 4))]
#[case::emergency_over_an_override(
    vec![night(), intent(Layer::Override, DesiredState::Awake), urgent("surge")], (4, Some((4, 10)), 4))]
#[case::failover_over_both(
    vec![night(), urgent("surge"), intent(Layer::Failover, requested("double"))], (6, Some((6, 18)), 6))]
#[case::failover_over_both_keeps_everything_up(
    vec![night(), urgent("minimum"), intent(Layer::Failover, DesiredState::Awake)], (3, Some((3, 6)), 3))]
fn the_strongest_layer_decides(#[case] intents: Vec<Intent>, #[case] expected: (u32, Option<(u32, u32)>, u32)) {
    let target = resolve(&baseline(), &intents, T0);
    assert_eq!(figures(&target), expected);
    assert!(target.databases.values().all(|power| *power == DatabasePower::On), "an emergency needs its database");
}

#[test]
fn a_schedule_transition_inside_an_emergency_waits_for_its_end() {
    let end = T0 + SignedDuration::from_hours(2);
    let intents = [urgent("surge"), night()];
    assert_eq!(figures(&resolve(&baseline(), &intents, end - SignedDuration::from_secs(1))).0, 4);
    assert_eq!(figures(&resolve(&baseline(), &intents, end)).0, 0, "the night has come meanwhile");
    assert_eq!(resolve(&baseline(), &intents[..1], end), baseline());
}

#[test]
fn a_surge_leaves_what_the_autoscaler_added_before_it() {
    let mut busy = baseline();
    busy.services.insert(id("api"), ServiceCapacity { desired: 6, scaling: Some(scaling(3, 6)) });
    assert_eq!(figures(&resolve(&busy, &[urgent("surge")], T0)), (6, Some((4, 10)), 4));
}

#[test]
fn the_same_profile_twice_extends_and_never_stacks() {
    let later = T0 + SignedDuration::from_hours(1);
    let first = with_alarm(urgent("surge"), "5xx");
    let again = Intent { declared: later, expires: Some(later + SignedDuration::from_hours(2)), ..urgent("surge") };
    let again = with_alarm(Intent { by: "second".to_owned(), ..again }, "cpu").after(Some(&first), later);
    assert_eq!(again.expires, Some(later + SignedDuration::from_hours(2)));
    assert_eq!((again.declared, again.by.as_str()), (T0, "second"));
    let DesiredState::Scaled(requested) = &again.want else { panic!("{again}") };
    assert_eq!(requested.alarms.len(), 2, "the alarms of both have to be quiet");
    assert_eq!(figures(&resolve(&baseline(), std::slice::from_ref(&again), later)), (4, Some((4, 10)), 4));
    let shorter = Intent { expires: Some(later + SignedDuration::from_mins(5)), ..urgent("surge") };
    assert_eq!(shorter.after(Some(&again), later).expires, again.expires, "never shortened by asking again");
}

#[test]
fn what_a_person_asked_for_until_a_time_ends_at_no_alarms_word() {
    let alarms =
        |intent: &Intent| if let DesiredState::Scaled(requested) = &intent.want { requested.alarms.len() } else { 99 };
    let (by_hand, by_alarm) = (urgent("surge"), with_alarm(urgent("surge"), "5xx"));
    assert_eq!(alarms(&by_hand.clone().after(Some(&by_alarm), T0)), 0);
    assert_eq!(alarms(&by_alarm.after(Some(&by_hand), T0)), 0);
}

/// The pair serves here, away from home: `api` runs with the figures of the move, `engine` must not run.
fn away() -> Intent {
    let at = ServiceFigures { desired: 6, bounds: Some(ScalingBounds { min: 6, max: 8 }) };
    let services = [("api", PlacedService::At(at)), ("engine", PlacedService::Down)];
    let services = services.map(|(name, placed)| (watchkeeper_domain::name::ServiceName::new(name).unwrap(), placed));
    Intent {
        expires: None,
        ..intent(
            Layer::Failover,
            DesiredState::Placed(Placement { epoch: 3, services: services.into(), promised: [].into() }),
        )
    }
}

#[rstest]
#[case::more_tasks("double", (12, Some((12, 24))))]
#[case::a_higher_ceiling("surge", (6, Some((6, 10))))]
#[case::fewer("minimum", (1, Some((1, 2))))]
fn what_serves_away_from_home_is_scaled_from_what_it_serves_with(
    #[case] profile: &str,
    #[case] expected: (u32, Option<(u32, u32)>),
) {
    let intents = [away(), urgent(profile)];
    let target = |at| resolve(&baseline(), &intents, at).services;
    let figures =
        |service: ServiceCapacity| (service.desired, service.scaling.map(|scaling| (scaling.min, scaling.max)));
    assert_eq!(figures(target(T0)[&id("api")]), expected);
    assert_eq!(target(T0)[&id("engine")].desired, 0, "what must not run here does not run for an emergency either");
    let after = target(T0 + SignedDuration::from_hours(2));
    assert_eq!(figures(after[&id("api")]), (6, Some((6, 8))), "given back to the figures of the move");
}

#[test]
fn what_was_approved_of_other_figures_was_not_approved_of_these() {
    let approved =
        |intent: Intent| Intent { approved: [watchkeeper_domain::guardrail::GuardrailCode::Quota].into(), ..intent };
    let before = approved(urgent("surge"));
    assert_eq!(urgent("surge").after(Some(&before), T0).approved, before.approved);
    let mut changed = urgent("surge");
    if let DesiredState::Scaled(requested) = &mut changed.want {
        requested.capacity = serde_json::from_value(serde_json::json!({"desired": 9})).unwrap();
    }
    assert_eq!(changed.after(Some(&before), T0).approved, BTreeSet::new(), "the document was edited meanwhile");
}

#[test]
fn an_expired_demand_is_not_extended_but_begun_anew() {
    let late = T0 + SignedDuration::from_hours(3);
    let anew = Intent { declared: late, expires: Some(late + SignedDuration::from_hours(2)), ..urgent("surge") };
    assert_eq!(anew.clone().after(Some(&with_alarm(urgent("surge"), "5xx")), late), anew);
}

fn with_alarm(mut intent: Intent, alarm: &str) -> Intent {
    if let DesiredState::Scaled(requested) = &mut intent.want {
        requested.alarms.insert(alarm.parse().unwrap());
    }
    intent
}

#[test]
fn profiles_without_a_place_in_the_order_come_after_it_and_more_tasks_first() {
    let emergency = emergency();
    let rank = |profile: &str| emergency.rank(&name(profile), 3);
    assert_eq!((rank("surge"), rank("minimum")), (0, 1));
    assert_eq!((rank("double"), rank("api-only"), rank("mixed")), (2, 3, 4));
    assert!(rank("unknown") > rank("mixed"));
}

fn profile() -> impl Strategy<Value = EmergencyProfile> {
    (0u32..12, proptest::option::of(0u32..12), any::<bool>()).prop_map(|(desired, more, share)| {
        let amount = |n: u32| if share { serde_json::json!(format!("{} %", n * 40)) } else { serde_json::json!(n) };
        let mut profile = serde_json::json!({"desired": amount(desired), "for": "1h"});
        if let Some(more) = more {
            profile["max"] = amount(desired + more);
        }
        serde_json::from_value(profile).unwrap()
    })
}

proptest! {
    /// Whatever the profile: bounds hold the count, and without the intent the baseline is exactly what it was.
    #[test]
    fn any_profile_gives_counts_within_its_bounds_and_is_given_back_exactly(
        profile in profile(), desired in 0u32..10, least in 0u32..6, more in 0u32..6,
    ) {
        let capacity = ServiceCapacity { desired: desired.clamp(least, least + more), scaling: Some(scaling(least, least + more)) };
        let baseline = Capacity { services: [(id("api"), capacity)].into(), ..Capacity::default() };
        let want = DesiredState::Scaled(RequestedProfile::of(&name("any"), &profile, 0, BTreeSet::new()));
        let intents = [intent(Layer::Emergency, want)];
        let target = resolve(&baseline, &intents, T0);
        let service = &target.services[&id("api")];
        let bounds = service.scaling.unwrap();
        prop_assert!(bounds.min <= service.desired && service.desired <= bounds.max, "{service:?}");
        // What stands at 0 does so on purpose, and no such profile names it.
        if capacity.desired == 0 {
            prop_assert_eq!(service, &capacity);
        } else {
            prop_assert!(bounds.min >= profile.desired.of(capacity.desired));
        }
        prop_assert_eq!(resolve(&baseline, &intents, T0 + SignedDuration::from_hours(2)), baseline.clone());
        prop_assert_eq!(deciding(&intents, T0).len(), 1);
    }
}
