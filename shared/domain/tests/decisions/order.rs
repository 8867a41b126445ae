//! The order in which services come up and go down: whose turn it is, and that everybody's comes.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabasePower, DatabaseState, ObservedScope, ResourceId, ServiceCapacity, ServiceId,
};
use watchkeeper_domain::name::ServiceName;
use watchkeeper_domain::order::StartOrder;
use watchkeeper_domain::plan::{CapacityChange, DiffInput, Plan, Releases, health_matters};
use watchkeeper_domain::reconcile::run::RunProgress;

use crate::assess::scene::{database, service as observed};

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("shop/{name}")).unwrap()
}

fn order(waves: &[&str]) -> StartOrder {
    let wave = |wave: &&str| wave.split_whitespace().map(|name| ServiceName::new(name).unwrap()).collect();
    StartOrder { waves: waves.iter().map(wave).collect(), ..StartOrder::default() }
}

/// A service as the table writes it: wanted, desired and running tasks, and a word about it.
type Row = (&'static str, [u32; 3], &'static str);

struct Scene {
    observed: ObservedScope,
    target: Capacity,
    reached: BTreeSet<ResourceId>,
    late: BTreeSet<ServiceId>,
    order: StartOrder,
}

impl Scene {
    fn of(rows: &[Row]) -> Self {
        let mut scene = Self {
            observed: ObservedScope::default(),
            target: Capacity::default(),
            reached: BTreeSet::new(),
            late: BTreeSet::new(),
            order: order(&["proxy", "api worker", "web"]),
        };
        for (name, [wanted, desired, running], word) in rows {
            let mut found = observed(*desired, None);
            found.running = *running;
            match *word {
                "untagged" => found.managed = false,
                "daemon" => found.daemon = true,
                "late" => _ = scene.late.insert(id(name)),
                "held elsewhere" => _ = scene.reached.insert(ResourceId::Service(id(name))),
                "unhealthy" => _ = scene.observed.unhealthy.insert(id(name), "0 of 1 targets are healthy".to_owned()),
                "" => {}
                word => panic!("{word}"),
            }
            scene.observed.services.insert(id(name), found);
            scene.target.services.insert(id(name), ServiceCapacity { desired: *wanted, scaling: None });
        }
        scene
    }

    fn plan(&self) -> Plan {
        let input = DiffInput {
            observed: &self.observed,
            target: &self.target,
            releases: &Releases::new(),
            reached: &self.reached,
            refused: &BTreeMap::new(),
            order: &self.order,
            late: &self.late,
            page: None,
            reason: "test",
        };
        input.plan()
    }
}

/// What can be written now, and what each later step waits for.
fn told(plan: &Plan) -> String {
    let names = |all: Vec<ResourceId>| {
        let names: Vec<String> = all.into_iter().map(|it| it.to_string().replace("shop/", "")).collect();
        names.join(" ")
    };
    let step = |step: &watchkeeper_domain::plan::PlanStep| {
        let writes = names(step.actions.iter().map(|action| action.change.resource()).collect());
        let awaited = names(step.waits_for.iter().map(|it| it.resource.clone()).collect());
        if awaited.is_empty() { writes } else { format!("{writes} after {awaited}") }
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

#[rstest]
#[case::from_nothing(
    &[("proxy", [1, 0, 0], ""), ("api", [2, 0, 0], ""), ("worker", [1, 0, 0], ""), ("web", [2, 0, 0], ""), ("cron", [1, 0, 0], "")],
    "proxy, api worker after proxy, web after api worker, cron after web"
)]
#[case::tasks_are_missing(&[("proxy", [2, 2, 1], ""), ("api", [2, 0, 0], "")], "api after proxy")]
#[case::all_tasks_run(&[("proxy", [2, 2, 2], ""), ("api", [2, 0, 0], "")], "api")]
#[case::more_run_than_wanted(&[("proxy", [2, 2, 3], ""), ("api", [2, 0, 0], "")], "api")]
#[case::targets_are_ill(&[("proxy", [1, 1, 1], "unhealthy"), ("api", [2, 0, 0], "")], "api after proxy")]
#[case::any_wave_before(&[("proxy", [1, 1, 0], ""), ("api", [1, 1, 1], ""), ("web", [1, 0, 0], "")], "web after proxy")]
#[case::waited_for_long_enough(&[("proxy", [1, 1, 0], "late"), ("api", [1, 0, 0], ""), ("web", [1, 0, 0], "")], "api, web after api")]
#[case::one_of_two_is_late(&[("api", [1, 1, 0], "late"), ("worker", [1, 1, 0], ""), ("web", [1, 0, 0], "")], "web after worker")]
#[case::nothing_is_wanted_of_it(&[("proxy", [0, 0, 0], ""), ("api", [1, 0, 0], "")], "api")]
#[case::it_cannot_be_changed(&[("proxy", [1, 0, 0], "untagged"), ("api", [1, 0, 0], "")], "api")]
#[case::a_daemon_has_no_count(&[("proxy", [1, 0, 0], "daemon"), ("api", [1, 0, 0], "")], "api")]
#[case::somebody_holds_it_at_0(&[("proxy", [1, 0, 0], "held elsewhere"), ("api", [1, 0, 0], "")], "api proxy")]
#[case::more_tasks_wait_for_nothing(&[("proxy", [3, 1, 1], ""), ("api", [4, 2, 2], ""), ("web", [2, 1, 0], "")], "api proxy web")]
fn what_comes_up_waits_for_the_waves_before_it(#[case] rows: &[Row], #[case] expected: &str) {
    assert_eq!(told(&Scene::of(rows).plan()), expected);
}

#[rstest]
#[case::the_other_way_round(
    &[("proxy", [0, 1, 1], ""), ("api", [0, 2, 2], ""), ("worker", [0, 1, 1], ""), ("web", [0, 2, 2], ""), ("cron", [0, 1, 1], "")],
    "cron, web after cron, api worker after web, proxy after api worker"
)]
#[case::tasks_have_not_stopped(&[("api", [0, 1, 1], ""), ("web", [0, 0, 1], "")], "api after web")]
#[case::they_have(&[("api", [0, 1, 1], ""), ("web", [0, 0, 0], "")], "api")]
#[case::long_enough(&[("api", [0, 1, 1], ""), ("web", [0, 0, 2], "late")], "api")]
#[case::it_stays(&[("api", [0, 1, 1], ""), ("web", [2, 2, 2], "")], "api")]
#[case::it_cannot_be_changed(&[("api", [0, 1, 1], ""), ("web", [0, 1, 1], "untagged")], "api")]
#[case::somebody_holds_it_up(&[("api", [0, 1, 1], ""), ("web", [0, 1, 1], "held elsewhere")], "api web")]
#[case::fewer_tasks_wait_for_nothing(&[("api", [1, 2, 2], ""), ("web", [1, 2, 2], "")], "api web")]
fn what_goes_down_waits_for_the_waves_after_it(#[case] rows: &[Row], #[case] expected: &str) {
    assert_eq!(told(&Scene::of(rows).plan()), expected);
}

#[test]
fn databases_answer_before_the_first_wave_and_stop_after_the_last() {
    let db = DatabaseId::try_from("rds:shop".to_owned()).unwrap();
    let rows = [("proxy", [1, 0, 0], ""), ("api", [1, 0, 0], "")];
    let mut scene = Scene::of(&rows);
    scene.observed.databases.insert(db.clone(), database(DatabaseState::Stopped));
    scene.target.databases.insert(db.clone(), DatabasePower::On);
    assert_eq!(told(&scene.plan()), "rds:shop, proxy after rds:shop, api after proxy rds:shop");
    let rows = [("proxy", [0, 1, 1], ""), ("api", [0, 1, 1], "")];
    let mut scene = Scene::of(&rows);
    scene.observed.databases.insert(db.clone(), database(DatabaseState::Available));
    scene.target.databases.insert(db, DatabasePower::Off);
    assert_eq!(told(&scene.plan()), "api, proxy after api, rds:shop after api proxy");
}

#[test]
fn what_is_late_is_told_and_what_comes_later_than_that_is_not() {
    let scene = Scene::of(&[("proxy", [1, 1, 0], "late"), ("api", [1, 1, 1], "late"), ("web", [1, 0, 0], "")]);
    let late: Vec<String> = scene.plan().late.iter().map(ToString::to_string).collect();
    assert_eq!(late, ["shop/proxy: 0 of 1 tasks running, which come up first"]);
}

#[test]
fn only_what_is_written_already_is_counted_as_waited_for() {
    let waited = |rows: &[Row]| Scene::of(rows).plan().waited_for().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(waited(&[("proxy", [1, 0, 0], ""), ("api", [1, 0, 0], "")]), Vec::<String>::new());
    assert_eq!(waited(&[("proxy", [1, 1, 0], ""), ("api", [1, 0, 0], "")]), ["shop/proxy"]);
}

#[test]
fn the_health_of_the_wave_before_the_next_one_matters_and_no_other() {
    let mut scene = Scene::of(&[
        ("proxy", [1, 1, 1], ""),
        ("api", [1, 1, 1], ""),
        ("worker", [1, 1, 0], ""),
        ("web", [1, 0, 0], ""),
    ]);
    for name in ["proxy", "api", "worker"] {
        scene.observed.services.get_mut(&id(name)).unwrap().target_groups = vec![format!("arn:{name}")];
    }
    let asked = |scene: &Scene| health_matters(&scene.order, &scene.observed, &scene.plan());
    assert_eq!(asked(&scene), [id("api")].into(), "the worker does not run yet");
    scene.observed.services.get_mut(&id("api")).unwrap().target_groups.clear();
    assert_eq!(asked(&scene), BTreeSet::new());
    scene.observed.services.get_mut(&id("web")).unwrap().capacity.desired = 1;
    assert_eq!(asked(&scene), BTreeSet::new(), "nothing comes up");
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

/// An environment, an order of some of its services, and those whose tasks neither start nor stop.
fn environments() -> impl Strategy<Value = (BTreeMap<ServiceId, u32>, StartOrder, BTreeSet<ServiceId>)> {
    let services = btree_map(0..NAMES.len(), 1u32..4, 1..=NAMES.len());
    let waves = vec(0usize..5, NAMES.len());
    (services, waves, btree_set(0..NAMES.len(), 0..3)).prop_map(|(services, places, stuck)| {
        let mut waves = vec![Vec::new(); 4];
        for (name, place) in NAMES.iter().zip(places) {
            if let Some(wave) = waves.get_mut(place) {
                wave.push(ServiceName::new(*name).unwrap());
            }
        }
        waves.retain(|wave| !wave.is_empty());
        let services = services.into_iter().map(|(n, count)| (id(NAMES[n]), count)).collect();
        (services, StartOrder { waves, ..StartOrder::default() }, stuck.into_iter().map(|n| id(NAMES[n])).collect())
    })
}

/// Minutes until a plan has nothing to write any more, looked at each minute; tasks follow a minute after their count. Each write
/// is checked against those whose turn is before it.
fn play(scene: &mut Scene, stuck: &BTreeSet<ServiceId>, up: bool) -> Result<i64, TestCaseError> {
    let (mut progress, start) = (RunProgress::default(), Timestamp::UNIX_EPOCH);
    for minute in 0..120 {
        let now = start + SignedDuration::from_mins(minute);
        scene.late = progress.late(&scene.order, now);
        let plan = scene.plan();
        if plan.is_empty() {
            return Ok(minute);
        }
        for waited in plan.waited_for() {
            progress.waited.entry(waited).or_insert(now);
        }
        let written: Vec<CapacityChange> = plan.pipeline().actions.iter().map(|it| it.change.clone()).collect();
        for change in &written {
            let CapacityChange::Count { service, .. } = change else { continue };
            let wave = |id: &ServiceId| scene.order.wave(&id.service);
            let before = |id: &ServiceId| if up { wave(id) < wave(service) } else { wave(id) > wave(service) };
            for (other, found) in scene.observed.services.iter().filter(|(id, _)| before(id)) {
                let wanted = scene.target.services[other].desired;
                let through = found.capacity.desired == wanted && found.running == wanted;
                prop_assert!(through || scene.late.contains(other), "{service} before {other}");
            }
        }
        for (id, found) in &mut scene.observed.services {
            if !stuck.contains(id) {
                found.running = found.capacity.desired;
            }
        }
        for change in written {
            let CapacityChange::Count { service, to, .. } = change else { continue };
            scene.observed.services.get_mut(&service).unwrap().capacity.desired = to;
        }
    }
    Err(TestCaseError::fail("it never ends"))
}

proptest! {
    #[test]
    fn each_wave_follows_the_one_before_it_and_none_is_held_up_for_ever((services, order, stuck) in environments()) {
        let bound = |order: &StartOrder| {
            let waves = i64::try_from(order.waves.len()).unwrap() + 1;
            waves * (order.within.signed().as_mins() + 3)
        };
        let mut scene = Scene { order, ..Scene::of(&[]) };
        for (id, count) in &services {
            let found = observed(0, None);
            scene.observed.services.insert(id.clone(), found);
            scene.target.services.insert(id.clone(), ServiceCapacity { desired: *count, scaling: None });
        }
        let took = play(&mut scene, &stuck, true)?;
        prop_assert!(took <= bound(&scene.order), "{took} minutes");
        prop_assert!(services.iter().all(|(id, count)| scene.observed.services[id].capacity.desired == *count));
        // All of them run in the end, and go to sleep.
        for (id, count) in &services {
            scene.observed.services.get_mut(id).unwrap().running = *count;
        }
        scene.target.services.values_mut().for_each(|wanted| wanted.desired = 0);
        let took = play(&mut scene, &stuck, false)?;
        prop_assert!(took <= bound(&scene.order), "{took} minutes");
        prop_assert!(scene.observed.services.values().all(|found| found.capacity.desired == 0));
    }

    #[test]
    fn an_order_changes_no_write((services, order, _) in environments(), asleep in any::<bool>()) {
        let mut scene = Scene { order, ..Scene::of(&[]) };
        for (id, count) in &services {
            let (from, to) = if asleep { (*count, 0) } else { (0, *count) };
            scene.observed.services.insert(id.clone(), observed(from, None));
            scene.target.services.insert(id.clone(), ServiceCapacity { desired: to, scaling: None });
        }
        let writes = |plan: &Plan| -> BTreeSet<String> { plan.actions().map(|it| it.change.to_string()).collect() };
        let ordered = scene.plan();
        scene.order = StartOrder::default();
        let all = scene.plan();
        prop_assert_eq!(writes(&ordered), writes(&all));
        prop_assert_eq!(ordered.actions().count(), all.actions().count());
    }
}
