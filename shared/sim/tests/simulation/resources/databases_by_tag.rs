//! Databases that are found by their tags: what comes, what goes, what is somebody else's, and a list that cannot be read.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use watchkeeper_control::scoped::FoundByTag;
use watchkeeper_domain::capacity::{DatabasePower, EnvironmentTag, ResourceId};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::value::ResourceName;
use watchkeeper_sim::{CallEnding, CallTrouble, DatabaseSpec, FaultPlan, Operation, SimRegion, aurora, rds, service};

use crate::resources::fixture::{End, Fixture, db, evening, id};

const OURS: &str = "shop/dev";

/// The environment of a document that names no database, and finds those with its tag.
fn finding(sim: SimRegion) -> Fixture {
    let mut fixture = Fixture::over(sim);
    fixture.scoped.databases = BTreeSet::new();
    let exclude = [ResourceName::from_str("Excluded").unwrap()].into();
    let databases = Some(EnvironmentTag::found(OURS));
    fixture.scoped.found_by_tag = FoundByTag { clusters: BTreeSet::new(), databases, exclude };
    fixture
}

fn ours(spec: DatabaseSpec) -> DatabaseSpec {
    spec.of_environment(OURS)
}

fn power(fixture: &Fixture, name: &str) -> DatabasePower {
    fixture.sim.capacity().databases[&db(name)]
}

fn last_told(fixture: &Fixture) -> String {
    fixture.sim.messages().pop().map(|message| message.text).unwrap_or_default()
}

fn shop() -> Fixture {
    let sim = evening().with(service("shop/api").desired(2)).with(ours(rds("orders"))).with(ours(aurora("stock")));
    finding(sim.build())
}

#[test]
fn all_with_both_tags_sleep_and_wake_and_nothing_else_is_touched() {
    let sim = evening()
        .with(service("shop/api").desired(2))
        .with(ours(rds("orders")))
        .with(ours(aurora("stock")))
        .with(ours(rds("excluded")))
        .with(ours(rds("untagged")).unmanaged())
        .with(rds("nobodys"))
        .with(rds("others").of_environment("shop/qa"))
        .build();
    let before = sim.capacity();
    let mut fixture = finding(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    let asleep = ["rds:orders", "aurora:stock"].map(|name| power(&fixture, name));
    assert_eq!(asleep, [DatabasePower::Off; 2]);
    for other in ["rds:excluded", "rds:untagged", "rds:nobodys", "rds:others"] {
        assert_eq!(power(&fixture, other), DatabasePower::On, "{other}");
        assert!(!last_told(&fixture).contains(other), "{}", last_told(&fixture));
    }
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::Done));
    assert_eq!((fixture.sim.capacity(), fixture.remembered().baseline), (before, None));
}

#[test]
fn one_that_comes_sleeps_from_the_next_tick_on() {
    let mut fixture = shop();
    fixture.sleep();
    fixture.sim.add(ours(rds("new")));
    assert_eq!(fixture.tick(5), End::Closed(RunOutcome::Done));
    assert_eq!(power(&fixture, "rds:new"), DatabasePower::Off);
    fixture.wake();
    assert_eq!(power(&fixture, "rds:new"), DatabasePower::On);
}

#[test]
fn one_that_loses_its_tag_in_its_sleep_is_named_and_is_woken_once_it_has_it_again() {
    let mut fixture = shop();
    fixture.sleep();
    fixture.sim.change_database_tag(&db("rds:orders"), false);
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::PartlyDone));
    assert!(last_told(&fixture).contains("not-managed: rds:orders"), "{}", last_told(&fixture));
    assert_eq!(
        (power(&fixture, "rds:orders"), power(&fixture, "aurora:stock")),
        (DatabasePower::Off, DatabasePower::On)
    );
    assert!(fixture.remembered().baseline.unwrap().has(&ResourceId::Database(db("rds:orders"))));
    fixture.sim.change_database_tag(&db("rds:orders"), true);
    fixture.tick(5);
    assert_eq!((power(&fixture, "rds:orders"), fixture.remembered().baseline), (DatabasePower::On, None));
}

#[test]
fn one_that_is_called_somebody_elses_in_its_sleep_is_woken_all_the_same_and_then_left_alone() {
    let mut fixture = shop();
    fixture.sleep();
    fixture.sim.change_database_environment(&db("rds:orders"), Some("shop/qa"));
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(power(&fixture, "rds:orders"), DatabasePower::On);
    fixture.later(600);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    assert_eq!(
        (power(&fixture, "rds:orders"), power(&fixture, "aurora:stock")),
        (DatabasePower::On, DatabasePower::Off)
    );
}

#[test]
fn one_that_goes_in_its_sleep_is_told_once_and_forgotten() {
    let mut fixture = shop();
    fixture.sleep();
    fixture.sim.remove_database(&db("rds:orders"));
    fixture.wake();
    assert!(last_told(&fixture).contains("not-found: rds:orders"), "{}", last_told(&fixture));
    assert_eq!(fixture.remembered().baseline, None);
    let told = fixture.sim.messages().len();
    assert_eq!(fixture.tick(5), End::Nothing);
    assert_eq!(fixture.sim.messages().len(), told);
}

#[test]
fn a_region_where_nothing_has_the_tags_is_told_by_name_and_never_everything() {
    let mut fixture = finding(evening().with(service("shop/api")).with(rds("nobodys")).build());
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    let expected =
        "empty-selection: no database has the tags watchkeeper:managed = true and watchkeeper:environment = shop/dev";
    assert!(last_told(&fixture).contains(expected), "{}", last_told(&fixture));
    assert_eq!((fixture.desired("api"), power(&fixture, "rds:nobodys")), (0, DatabasePower::On));

    let mut alone = finding(evening().with(rds("nobodys")).build());
    assert_eq!(alone.sleep(), End::Closed(RunOutcome::Refused));
    assert!(last_told(&alone).contains(expected), "{}", last_told(&alone));
    assert_eq!(power(&alone, "rds:nobodys"), DatabasePower::On);
}

#[test]
fn a_list_that_cannot_be_read_fails_the_run_and_is_never_taken_for_an_empty_one() {
    for list in [Operation::DescribeDBInstances, Operation::DescribeDBClusters] {
        let mut fixture = shop();
        fixture.sim.set_faults(FaultPlan::none().always(list, CallTrouble::Denied));
        let End::Failed(why) = fixture.sleep() else { panic!("it went on") };
        assert!(why.contains(&list.to_string()) && why.contains("Denied"), "{why}");
        assert_eq!((fixture.desired("api"), power(&fixture, "rds:orders")), (2, DatabasePower::On));
    }
}

#[test]
fn a_region_of_several_pages_is_read_to_its_end_and_nothing_is_written_twice() {
    let mut sim = evening();
    for n in 0..250 {
        let spec = rds(&format!("db-{n:03}"));
        sim = sim.with(if n % 100 == 99 { ours(spec) } else { spec });
    }
    let mut fixture = finding(sim.build());
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    let off = fixture.sim.capacity().databases.into_values().filter(|power| *power == DatabasePower::Off).count();
    assert_eq!(off, 2);
    fixture.sim.forget_calls();
    assert_eq!(fixture.tick(5), End::Nothing);
    // Three pages of instances and the two that were found; one page of clusters.
    assert_eq!(fixture.sim.count(Operation::DescribeDBInstances), 3 + 2);
    assert_eq!(fixture.sim.count(Operation::DescribeDBClusters), 1);
    assert_eq!((fixture.sim.writes(), fixture.sim.ledger_writes()), (0, 0));
}

/// Plays a night with one fault after the evening's, or the morning's, run begins. Tells whether there was such a call.
fn night_with(call: u64, trouble: CallTrouble, in_the_morning: bool) -> bool {
    let mut fixture = shop();
    let (before, mut struck) = (fixture.sim.capacity(), false);
    for morning in [false, true] {
        fixture.sim.forget_calls();
        if morning == in_the_morning {
            fixture.sim.set_faults(FaultPlan::none().at(fixture.sim.calls_made() + 1 + call, trouble));
        }
        let _ended = if morning { fixture.wake() } else { fixture.sleep() };
        struck |= fixture.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)));
        fixture.sim.set_faults(FaultPlan::none());
        fixture.tick(5);
        fixture.tick(15);
        let now = fixture.sim.capacity();
        if morning {
            assert_eq!(now, before, "{trouble:?} at {call}");
        } else {
            let off = now.databases.values().all(|power| *power == DatabasePower::Off);
            assert!(off && now.services[&id("api")].desired == 0, "{trouble:?} at {call}: {now:?}");
        }
    }
    assert_eq!(fixture.remembered().baseline, None, "{trouble:?} at {call}");
    struck
}

#[test]
fn a_fault_at_any_call_of_a_night_ends_right() {
    for trouble in CallTrouble::ALL {
        for morning in [false, true] {
            let calls = (0..200).take_while(|call| night_with(*call, trouble, morning)).count();
            assert!((10..200).contains(&calls), "{trouble:?}: {calls} calls were struck");
        }
    }
}
