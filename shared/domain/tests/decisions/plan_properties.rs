//! Invariants of plans, over random environments.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use proptest::collection::btree_map;
use proptest::prelude::*;
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabasePower, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, Rollout,
    ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::estate::EmergencyProfile;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, resolve};
use watchkeeper_domain::plan::{CapacityChange, Plan, Wave, diff};

fn suspensions() -> impl Strategy<Value = Suspensions> {
    any::<(bool, bool, bool)>().prop_map(|(scale_in, scale_out, scheduled)| Suspensions {
        scale_in,
        scale_out,
        scheduled,
    })
}

fn service() -> impl Strategy<Value = ServiceCapacity> {
    let scaling = (0u32..4, 0u32..8, suspensions()).prop_map(|(min, more, suspended)| ScalingState {
        min,
        max: min + more,
        suspended,
    });
    // What AWS keeps: an autoscaler that is not held keeps the count within its bounds.
    (proptest::option::of(scaling), 0u32..10).prop_map(|(scaling, count)| {
        let desired = scaling.map_or(count, |scaling| count.clamp(scaling.min, scaling.max));
        ServiceCapacity { desired, scaling }
    })
}

fn environment() -> impl Strategy<Value = ObservedScope> {
    let services = btree_map(0u8..8, service(), 0..6);
    let databases = btree_map(0u8..3, any::<bool>(), 0..3);
    (services, databases).prop_map(|(services, databases)| {
        let name = |n: u8| ServiceId::try_from(format!("cluster-{}/service-{n}", n % 2)).unwrap();
        let observe = |(n, capacity): (u8, ServiceCapacity)| {
            let service = ObservedService {
                capacity,
                running: capacity.desired,
                pending: 0,
                managed: true,
                rollout: Rollout::Completed,
                rollout_since: None,
                deployed: None,
                task_definition: None,
                daemon: false,
                target_groups: Vec::new(),
                scheduler: None,
            };
            (name(n), service)
        };
        let power = |(n, on): (u8, bool)| {
            let state = if on { DatabaseState::Available } else { DatabaseState::Stopped };
            let id = DatabaseId::try_from(format!("rds:db-{n}")).unwrap();
            (id, ObservedDatabase { state, managed: true, cannot_stop: None, scheduler: None })
        };
        ObservedScope {
            services: services.into_iter().map(observe).collect(),
            databases: databases.into_iter().map(power).collect(),
            ..ObservedScope::default()
        }
    })
}

/// What an autoscaler at work makes of a count outside of its bounds.
fn settle(observed: &mut ObservedScope) {
    for service in observed.services.values_mut() {
        let Some(scaling) = service.capacity.scaling else { continue };
        let desired = &mut service.capacity.desired;
        if !scaling.suspended.scale_out {
            *desired = (*desired).max(scaling.min);
        }
        if !scaling.suspended.scale_in {
            *desired = (*desired).min(scaling.max);
        }
        service.running = service.capacity.desired;
    }
}

/// What AWS makes of one write, autoscalers included: a minimum above desired lifts desired unless it is held.
fn write(observed: &mut ObservedScope, change: &CapacityChange) {
    match change {
        CapacityChange::Scaling { service, to, .. } => {
            let found = observed.services.get_mut(service).unwrap();
            found.capacity.scaling = Some(*to);
            if !to.suspended.scale_out {
                found.capacity.desired = found.capacity.desired.max(to.min);
            }
        }
        CapacityChange::Count { service, to, .. } => {
            let found = observed.services.get_mut(service).unwrap();
            let held = found.capacity.scaling.is_none_or(|scaling| scaling.suspended.scale_out);
            let least = found.capacity.scaling.map_or(0, |scaling| scaling.min);
            found.capacity.desired = if held { *to } else { (*to).max(least) };
        }
        CapacityChange::Release { service, to, .. } => {
            observed.services.get_mut(service).unwrap().task_definition = Some(to.clone());
        }
        CapacityChange::Database { database, to } => {
            let state = if *to == DatabasePower::On { DatabaseState::Available } else { DatabaseState::Stopped };
            observed.databases.get_mut(database).unwrap().state = state;
        }
        CapacityChange::Rule { rule, to, .. } => observed.rules.get_mut(rule).unwrap().actions = to.clone(),
    }
    for service in observed.services.values_mut() {
        service.running = service.capacity.desired;
    }
}

fn reach(observed: &ObservedScope, target: &Capacity) -> (ObservedScope, Plan) {
    let plan = diff(observed, target, "test");
    let mut scene = observed.clone();
    plan.actions().for_each(|action| write(&mut scene, &action.change));
    (scene, plan)
}

fn night() -> Intent {
    Intent {
        layer: Layer::Schedule,
        want: DesiredState::Asleep,
        reason: "night".to_owned(),
        by: "tick".to_owned(),
        declared: Timestamp::UNIX_EPOCH,
        expires: None,
        approved: [].into(),
        for_release: None,
    }
}

fn emergency(floor: u32, more: Option<u32>) -> Intent {
    let mut profile = serde_json::json!({"desired": floor, "for": "1h"});
    if let Some(more) = more {
        profile["max"] = (floor + more).into();
    }
    let profile: EmergencyProfile = serde_json::from_value(profile).unwrap();
    let want = DesiredState::Scaled(RequestedProfile::of(&"surge".parse().unwrap(), &profile, 0, [].into()));
    Intent { layer: Layer::Emergency, want, ..night() }
}

fn asleep(baseline: &Capacity) -> Capacity {
    resolve(baseline, &[night()], Timestamp::UNIX_EPOCH)
}

proptest! {
    #[test]
    fn sleep_then_wake_is_the_identity(before in environment()) {
        let baseline = before.capacity();
        let (night, _) = reach(&before, &asleep(&baseline));
        prop_assert!(night.services.values().all(|service| service.capacity.desired == 0));
        let (after, _) = reach(&night, &resolve(&baseline, &[], Timestamp::UNIX_EPOCH));
        prop_assert_eq!(after.capacity(), baseline);
    }

    #[test]
    fn a_second_plan_after_applying_is_empty(before in environment()) {
        let baseline = before.capacity();
        let (night, _) = reach(&before, &asleep(&baseline));
        prop_assert!(diff(&night, &asleep(&baseline), "again").is_empty());
        let (day, _) = reach(&night, &baseline);
        prop_assert!(diff(&day, &baseline, "again").is_empty());
    }

    #[test]
    fn the_plan_for_what_is_there_is_empty(before in environment()) {
        prop_assert!(diff(&before, &before.capacity(), "same").is_empty());
    }

    #[test]
    fn at_most_two_writes_a_service_and_one_a_database(before in environment()) {
        let (_, plan) = reach(&before, &asleep(&before.capacity()));
        for resource in before.capacity().resources() {
            let writes = plan.actions().filter(|action| action.change.resource() == resource).count();
            prop_assert!(writes <= 2, "{resource}: {writes}");
        }
    }

    #[test]
    fn an_autoscaler_is_held_before_its_count_falls_and_released_after_it_rose(before in environment()) {
        let order = |plan: &Plan| {
            let waves: Vec<Wave> = plan.steps.iter().map(|step| step.wave).collect();
            let mut sorted = waves.clone();
            sorted.sort();
            waves == sorted
        };
        let baseline = before.capacity();
        let (night, down) = reach(&before, &asleep(&baseline));
        let (_, up) = reach(&night, &baseline);
        prop_assert!(order(&down) && order(&up));
        prop_assert!(down.steps.iter().all(|step| step.wave != Wave::ReleaseScaling && step.wave != Wave::RaiseCounts));
    }

    #[test]
    fn a_crash_after_any_number_of_writes_is_repeated_not_repaired(before in environment(), upto in 0usize..20) {
        let baseline = before.capacity();
        let target = asleep(&baseline);
        let mut scene = before.clone();
        diff(&before, &target, "first").actions().take(upto).for_each(|action| write(&mut scene, &action.change));
        let (night, _) = reach(&scene, &target);
        prop_assert!(diff(&night, &target, "again").is_empty());
        let (day, _) = reach(&night, &baseline);
        prop_assert_eq!(day.capacity(), baseline);
    }

    /// Crashed after any write, on the way there and on the way back, with autoscalers that act in between.
    #[test]
    fn an_emergency_is_reached_and_given_back_exactly_after_a_crash_anywhere(
        before in environment(), floor in 0u32..8, more in proptest::option::of(0u32..8), there in 0usize..20, back in 0usize..20,
    ) {
        let baseline = before.capacity();
        let surge = resolve(&baseline, &[emergency(floor, more)], Timestamp::UNIX_EPOCH);
        let mut scene = before.clone();
        for (target, upto) in [(&surge, there), (&baseline, back)] {
            let first = diff(&scene, target, "first");
            for action in first.actions().take(upto) {
                write(&mut scene, &action.change);
                settle(&mut scene);
            }
            for action in diff(&scene, target, "again").actions() {
                write(&mut scene, &action.change);
                settle(&mut scene);
            }
            prop_assert_eq!(&scene.capacity(), target);
            prop_assert!(diff(&scene, target, "once more").is_empty());
        }
    }

    #[test]
    fn every_undo_undone_is_the_change_itself(before in environment()) {
        for action in diff(&before, &asleep(&before.capacity()), "test").actions() {
            prop_assert_eq!(action.change.undo().undo(), action.change.clone());
        }
    }

    #[test]
    fn a_plan_and_a_baseline_survive_the_ledger(before in environment()) {
        let plan = diff(&before, &asleep(&before.capacity()), "test");
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        let text = serde_json::to_string(&before.capacity()).unwrap();
        prop_assert_eq!(serde_json::from_str::<Capacity>(&text).unwrap(), before.capacity());
    }
}
