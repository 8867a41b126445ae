//! The table of placements: every pointer, in both regions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rstest::rstest;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::failover::{
    MoveStage, PlacedService, Pointer, RegionalPair, ScalingBounds, ServiceFigures, UnfollowablePointer, placement,
    same_home, unpaired,
};
use watchkeeper_domain::intent::{Intent, resolve};
use watchkeeper_domain::name::{ClusterName, Region};

use crate::failover::scene::{
    DASHBOARD, FLEET, JOB, SIMULATOR, at, away, failover, home, moving_away, moving_home, service, services, standby,
};

/// What a region runs: of its four services in their order, `-` for the baseline, `0` for down, else the tasks.
fn placed(pointer: Option<&Pointer>, region: &Region) -> String {
    words(follow(pointer, region, None, None, None).unwrap().as_ref())
}

fn words(intent: Option<&Intent>) -> String {
    let empty = BTreeMap::new();
    let found = intent.and_then(Intent::placement).map_or(&empty, |placement| &placement.services);
    let word = |name: &str| match found.get(&service(name)) {
        None => "-".to_owned(),
        Some(PlacedService::Down) => "0".to_owned(),
        Some(PlacedService::At(figures)) => figures.desired.to_string(),
    };
    [FLEET, JOB, DASHBOARD, SIMULATOR].map(word).concat()
}

fn follow(
    pointer: Option<&Pointer>,
    region: &Region,
    fence: Option<&str>,
    settled: Option<u64>,
    heard: Option<Timestamp>,
) -> Result<Option<Intent>, UnfollowablePointer> {
    let (failover, services) = (failover(fence), services());
    placement(&RegionalPair {
        pointer,
        region,
        home: &home(),
        standby: &standby(),
        services: &services,
        failover: &failover,
        settled,
        heard,
        now: at(600),
    })
}

#[rstest]
#[case::never_moved(None, "----", "----")]
#[case::home_again(Some(Pointer { epoch: 2, revision: 9, ..Pointer::at_home(&home()) }), "----", "----")]
#[case::begins(Some(moving_away(MoveStage::Opening, &[])), "---0", "---0")]
#[case::first_wave(Some(moving_away(MoveStage::Opening, &[FLEET, JOB])), "---0", "22-0")]
#[case::singleton_open(Some(moving_away(MoveStage::Opening, &[FLEET, JOB, DASHBOARD, SIMULATOR])), "---0", "2221")]
#[case::traffic(Some(moving_away(MoveStage::Traffic, &[FLEET, JOB, DASHBOARD, SIMULATOR])), "---0", "2221")]
#[case::goes_back(Some(moving_away(MoveStage::Back, &[])), "---0", "---0")]
#[case::away(Some(away()), "0000", "2221")]
#[case::home_begins(Some(moving_home(MoveStage::Opening, &[])), "0000", "2220")]
#[case::home_first_wave(Some(moving_home(MoveStage::Opening, &[FLEET, JOB])), "--00", "2220")]
#[case::home_traffic(Some(moving_home(MoveStage::Traffic, &[FLEET, JOB, DASHBOARD, SIMULATOR])), "----", "2220")]
#[case::home_goes_back(Some(moving_home(MoveStage::Back, &[])), "0000", "2220")]
fn a_pointer_says_what_each_region_runs(
    #[case] pointer: Option<Pointer>,
    #[case] in_home: &str,
    #[case] in_standby: &str,
) {
    assert_eq!(placed(pointer.as_ref(), &home()), in_home, "home");
    assert_eq!(placed(pointer.as_ref(), &standby()), in_standby, "standby");
}

/// The document with the two regions in each other's place.
fn swapped(pointer: &Pointer, region: &Region) -> String {
    let (failover, services) = (failover(None), services());
    let seen = RegionalPair {
        pointer: Some(pointer),
        region,
        home: &standby(),
        standby: &home(),
        services: &services,
        failover: &failover,
        settled: None,
        heard: None,
        now: at(600),
    };
    words(placement(&seen).unwrap().as_ref())
}

#[test]
fn a_document_that_swaps_the_regions_changes_nothing_that_runs() {
    let everything = [FLEET, JOB, DASHBOARD, SIMULATOR];
    let stages = [MoveStage::Opening, MoveStage::Traffic, MoveStage::Back];
    let moving = stages.iter().flat_map(|stage| [moving_away(*stage, &everything), moving_home(*stage, &everything)]);
    let home_again = Pointer { epoch: 2, revision: 9, ..Pointer::at_home(&home()) };
    for pointer in moving.chain([away(), home_again]) {
        for region in [home(), standby()] {
            assert_eq!(swapped(&pointer, &region), placed(Some(&pointer), &region), "{pointer} in {region}");
        }
        assert!(same_home(&pointer, &standby()).is_err(), "{pointer}: and nothing moves by it");
        assert!(same_home(&pointer, &home()).is_ok(), "{pointer}");
    }
    assert!(
        same_home(&Pointer::at_home(&home()), &standby()).is_ok(),
        "a pair that never moved has the document's home"
    );
}

#[test]
fn a_document_without_the_pair_is_refused_until_the_pair_is_home() {
    assert!(unpaired(None).is_ok());
    assert!(unpaired(Some(&Pointer { epoch: 2, revision: 9, ..Pointer::at_home(&home()) })).is_ok());
    for pointer in [away(), moving_away(MoveStage::Opening, &[]), moving_home(MoveStage::Traffic, &[FLEET])] {
        let error = unpaired(Some(&pointer)).unwrap_err().to_string();
        assert!(error.starts_with(&pointer.to_string()) && error.contains("go home"), "{error}");
    }
}

#[test]
fn a_singleton_stays_one_to_the_end_of_its_move_whatever_the_document_says() {
    let mut document = failover(None);
    document.singletons.clear();
    let everything = [FLEET, JOB, DASHBOARD, SIMULATOR];
    for (pointer, left) in [
        (moving_away(MoveStage::Traffic, &everything), home()),
        (moving_home(MoveStage::Traffic, &everything), standby()),
    ] {
        let pointer = pointer.keeping_apart([service(SIMULATOR)]);
        let services = services();
        let seen = RegionalPair {
            pointer: Some(&pointer),
            region: &left,
            home: &home(),
            standby: &standby(),
            services: &services,
            failover: &document,
            settled: None,
            heard: None,
            now: at(600),
        };
        assert!(words(placement(&seen).unwrap().as_ref()).ends_with('0'), "{pointer}");
    }
}

#[test]
fn what_opens_keeps_its_tasks_until_its_traffic_has_come() {
    let bounds = Some(ScalingBounds { min: 1, max: 8 });
    let figures = [(service(FLEET), ServiceFigures { desired: 6, bounds })].into();
    let (mut moving, mut gone) = (moving_away(MoveStage::Traffic, &[FLEET]), away());
    moving.moving.as_mut().unwrap().serving = figures;
    gone.serving = moving.moving.as_ref().unwrap().serving.clone();
    let found = scaled(2, 1, 8, Suspensions::NONE);
    let bounds = |pointer: &Pointer| {
        let intent = follow(Some(pointer), &standby(), None, None, None).unwrap().unwrap();
        intent.placement().unwrap().services[&service(FLEET)].scale(found)
    };
    assert_eq!(bounds(&moving), scaled(6, 6, 8, Suspensions::NONE), "no autoscaler takes away what idles");
    assert_eq!(bounds(&gone), scaled(6, 1, 8, Suspensions::NONE), "with the bounds of the region it stands in for");
}

#[test]
fn no_pointer_lets_both_regions_run_a_singleton() {
    let everything = [FLEET, JOB, DASHBOARD, SIMULATOR];
    let stages = [MoveStage::Opening, MoveStage::Traffic, MoveStage::Back];
    let moving = stages.iter().flat_map(|stage| {
        [&everything[..0], &everything[..2], &everything[..]]
            .into_iter()
            .flat_map(|open| [moving_away(*stage, open), moving_home(*stage, open)])
    });
    for pointer in moving.chain([away(), Pointer::at_home(&home())]) {
        // The baseline of the singleton is one task at home, and none in the standby.
        let runs_home = placed(Some(&pointer), &home()).ends_with('-');
        let runs_standby = placed(Some(&pointer), &standby()).ends_with('1');
        assert!(!(runs_home && runs_standby), "{pointer}");
    }
}

#[test]
fn a_silent_standby_fires_the_dead_mans_switch_at_home_and_nowhere_else() {
    let heard = |second| Some(at(second));
    let word = |region: &Region, fence, heard| words(follow(None, region, fence, None, heard).unwrap().as_ref());
    assert_eq!(word(&home(), Some("dead-man"), heard(600 - 180)), "---0");
    assert_eq!(word(&home(), Some("dead-man"), heard(600 - 179)), "----");
    assert_eq!(word(&home(), Some("dead-man"), None), "----");
    assert_eq!(word(&home(), Some("prove"), heard(0)), "----");
    assert_eq!(word(&standby(), Some("dead-man"), heard(0)), "----");
}

#[test]
fn a_pair_that_came_home_has_the_whole_silence_from_then_on() {
    let home_again = |since| Pointer { epoch: 2, revision: 9, since: at(since), ..Pointer::at_home(&home()) };
    let word = |since| {
        let pointer = home_again(since);
        words(follow(Some(&pointer), &home(), Some("dead-man"), None, Some(at(0))).unwrap().as_ref())
    };
    assert_eq!((word(421), word(420)), ("----".to_owned(), "---0".to_owned()));
}

#[test]
fn a_pointer_that_is_older_than_one_followed_before_is_not_followed() {
    let error = follow(Some(&away()), &home(), None, Some(2), None).unwrap_err();
    assert_eq!(error.to_string(), "the ledger's pointer is of epoch 1, and this region has followed epoch 2 before");
    assert!(follow(None, &home(), None, Some(1), None).is_err());
    assert!(follow(Some(&away()), &home(), None, Some(1), None).is_ok());
}

#[test]
fn a_pointer_to_a_region_that_the_document_does_not_have_is_not_followed() {
    let home_elsewhere = Pointer { home: Some(Region::new("eu-west-1").unwrap()), ..away() };
    assert!(follow(Some(&home_elsewhere), &home(), None, None, None).is_err());
    let stranger = Pointer { active: Region::new("eu-west-1").unwrap(), ..away() };
    let error = follow(Some(&stranger), &home(), None, None, None).unwrap_err();
    assert_eq!(error.to_string(), "the ledger's pointer names eu-west-1, and the document has us-west-2 and us-west-1");
}

fn id(name: &str) -> ServiceId {
    ServiceId { cluster: ClusterName::new("fleet-orchestration-cluster").unwrap(), service: service(name) }
}

fn scaled(desired: u32, min: u32, max: u32, suspended: Suspensions) -> ServiceCapacity {
    ServiceCapacity { desired, scaling: Some(ScalingState { min, max, suspended }) }
}

#[test]
fn the_target_is_the_baseline_with_what_the_pointer_says_and_nothing_else() {
    let mut baseline = Capacity::default();
    baseline.services.insert(id(FLEET), scaled(2, 2, 6, Suspensions::NONE));
    baseline.services.insert(id(SIMULATOR), ServiceCapacity { desired: 1, scaling: None });
    let intents = |pointer: &Pointer| -> Vec<Intent> {
        follow(Some(pointer), &home(), None, None, None).unwrap().into_iter().collect()
    };
    let moving = resolve(&baseline, &intents(&moving_away(MoveStage::Opening, &[])), at(0));
    assert_eq!(moving.services[&id(FLEET)], baseline.services[&id(FLEET)], "it goes on serving");
    assert_eq!(moving.services[&id(SIMULATOR)].desired, 0);
    let gone = resolve(&baseline, &intents(&away()), at(0));
    assert_eq!(gone.services[&id(FLEET)], scaled(0, 0, 6, Suspensions::ALL));
    let home_again = Pointer { epoch: 3, ..Pointer::at_home(&home()) };
    assert_eq!(resolve(&baseline, &intents(&home_again), at(0)), baseline);
}

#[test]
fn a_region_that_serves_away_from_home_gets_the_bounds_of_the_region_it_stands_in_for() {
    let figures = ServiceFigures { desired: 2, bounds: Some(ScalingBounds { min: 2, max: 6 }) };
    let found = scaled(0, 0, 1, Suspensions::NONE);
    assert_eq!(PlacedService::At(figures).scale(found), scaled(2, 2, 6, Suspensions::NONE));
    let none = ServiceFigures { desired: 3, bounds: None };
    assert_eq!(PlacedService::At(none).scale(found), scaled(3, 3, 3, Suspensions::NONE));
    assert_eq!(PlacedService::At(none).scale(ServiceCapacity { desired: 0, scaling: None }).scaling, None);
}
