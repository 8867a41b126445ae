//! Services that are found by their tag: what comes, what goes, and how many calls that takes.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use watchkeeper_control::scoped::FoundByTag;
use watchkeeper_domain::capacity::ResourceId;
use watchkeeper_domain::name::ClusterName;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::value::ResourceName;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion, service};

use crate::resources::fixture::{End, Fixture, evening, id};

fn cluster(name: &str) -> ClusterName {
    ClusterName::new(name).unwrap()
}

/// The environment of a document that names no service, and finds those of these clusters.
fn finding(sim: SimRegion, clusters: &[String], exclude: &[&str]) -> Fixture {
    let mut fixture = Fixture::over(sim);
    fixture.scoped.services = BTreeSet::new();
    let exclude = exclude.iter().map(|name| ResourceName::from_str(name).unwrap()).collect();
    fixture.scoped.found_by_tag =
        FoundByTag { clusters: clusters.iter().map(|name| cluster(name)).collect(), databases: None, exclude };
    fixture
}

fn shop(sim: SimRegion) -> Fixture {
    finding(sim, &["shop".to_owned()], &["excluded"])
}

fn last_told(fixture: &Fixture) -> String {
    fixture.sim.messages().pop().map(|message| message.text).unwrap_or_default()
}

#[test]
fn all_with_the_tag_sleep_and_wake_and_nothing_else_of_the_cluster_is_touched() {
    let sim = evening()
        .with(service("shop/api").desired(2).scaling(1, 3))
        .with(service("shop/web").desired(1))
        .with(service("shop/excluded").desired(1))
        .with(service("shop/stranger").desired(4).unmanaged())
        .with(service("other/api").desired(5))
        .build();
    let before = sim.capacity();
    let mut fixture = shop(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    assert_eq!((fixture.desired("api"), fixture.desired("web")), (0, 0));
    assert_eq!((fixture.desired("excluded"), fixture.desired("stranger")), (1, 4));
    assert!(!last_told(&fixture).contains("stranger"), "{}", last_told(&fixture));
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.sim.capacity(), before);
    assert_eq!(fixture.remembered().baseline, None);
}

#[test]
fn one_that_comes_sleeps_from_the_next_tick_on() {
    let mut fixture = shop(evening().with(service("shop/api")).build());
    fixture.sleep();
    fixture.sim.add(service("shop/new").desired(3));
    assert_eq!(fixture.tick(5), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.desired("new"), 0);
    fixture.wake();
    assert_eq!((fixture.desired("api"), fixture.desired("new")), (1, 3));
}

#[test]
fn one_that_loses_its_tag_in_its_sleep_is_named_and_is_given_back_once_it_has_it_again() {
    let mut fixture = shop(evening().with(service("shop/api").desired(2)).with(service("shop/web")).build());
    fixture.sleep();
    fixture.sim.change_service_tag(&id("api"), false);
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::PartlyDone));
    assert!(last_told(&fixture).contains("not-managed: shop/api"), "{}", last_told(&fixture));
    assert_eq!((fixture.desired("api"), fixture.desired("web")), (0, 1));
    assert!(fixture.remembered().baseline.unwrap().has(&ResourceId::Service(id("api"))));
    fixture.sim.change_service_tag(&id("api"), true);
    fixture.tick(5);
    assert_eq!((fixture.desired("api"), fixture.remembered().baseline), (2, None));
}

#[test]
fn one_that_goes_in_its_sleep_is_forgotten_with_a_word() {
    let mut fixture = shop(evening().with(service("shop/api")).with(service("shop/web")).build());
    fixture.sleep();
    fixture.sim.remove_service(&id("api"));
    fixture.wake();
    assert!(last_told(&fixture).contains("not-found: shop/api"), "{}", last_told(&fixture));
    assert_eq!((fixture.desired("web"), fixture.remembered().baseline), (1, None));
}

#[test]
fn a_cluster_where_nothing_has_the_tag_is_an_error_by_name_and_never_everything() {
    let sim = evening().with(service("shop/api").desired(2).unmanaged()).with(service("shop/excluded")).build();
    let before = sim.capacity();
    let mut fixture = shop(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Refused));
    let told = last_told(&fixture);
    assert!(told.contains("empty-selection: no service of the cluster shop has the tag"), "{told}");
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn an_empty_cluster_beside_another_one_is_told_and_keeps_nothing_awake() {
    let sim = evening().with(service("shop/api")).build();
    let mut fixture = finding(sim, &["shop".to_owned(), "tools".to_owned()], &[]);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.desired("api"), 0);
    let told = last_told(&fixture);
    assert!(told.contains("empty-selection: no service of the cluster tools has the tag"), "{told}");
}

#[test]
fn a_list_that_cannot_be_read_is_never_taken_for_an_empty_one() {
    let mut fixture = shop(evening().with(service("shop/api")).build());
    fixture.sim.set_faults(FaultPlan::none().always(Operation::ListServices, CallTrouble::Denied));
    let End::Failed(why) = fixture.sleep() else { panic!("it went on") };
    assert!(why.contains("ListServices") && why.contains("Denied"), "{why}");
    assert_eq!(fixture.desired("api"), 1);
}

#[test]
fn a_cluster_of_several_pages_is_read_to_its_end() {
    let mut sim = evening();
    for n in 0..250 {
        sim = sim.with(service(&format!("shop/s{n:03}")).desired(1));
    }
    let mut fixture = shop(sim.build());
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    assert!(fixture.sim.capacity().services.values().all(|service| service.desired == 0));
    fixture.sim.forget_calls();
    assert_eq!(fixture.tick(5), End::Nothing);
    assert_eq!(fixture.sim.count(Operation::ListServices), 3);
    assert_eq!(fixture.sim.count(Operation::DescribeServices), 25);
}

/// Services of the figures, and clusters that they are in.
const MANY: usize = 1_000;
const CLUSTERS: usize = 20;

#[test]
fn a_tick_over_a_thousand_services_in_twenty_clusters_reads_a_tenth_and_the_pages_and_writes_nothing() {
    let mut sim = evening();
    for n in 0..MANY {
        sim = sim.with(service(&format!("shop-{}/s{n:04}", n % CLUSTERS)).desired(0));
    }
    let clusters: Vec<String> = (0..CLUSTERS).map(|n| format!("shop-{n}")).collect();
    let mut fixture = finding(sim.build(), &clusters, &[]);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    fixture.sim.forget_calls();
    assert_eq!(fixture.tick(5), End::Nothing);
    let count = |operation| fixture.sim.count(operation);
    // Fifty services of each cluster, on one page.
    assert_eq!(count(Operation::ListServices), CLUSTERS);
    assert_eq!(count(Operation::DescribeServices), MANY / 10);
    assert_eq!((fixture.sim.writes(), fixture.sim.ledger_writes()), (0, 0));
}
