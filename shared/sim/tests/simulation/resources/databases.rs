//! Databases: states have meanings, and each has its own seven days.

use watchkeeper_domain::capacity::{DatabasePower, DatabaseState};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{aurora, rds, service};

use crate::resources::fixture::{End, Fixture, db, evening, id};

#[test]
fn a_database_that_answers_keeps_no_service_waiting() {
    for status in ["storage-optimization", "backing-up", "modifying"] {
        let sim = evening().with(service("shop/api").desired(2)).with(rds("db").cannot_stop("it has replicas")).build();
        let mut fixture = Fixture::over(sim);
        fixture.sleep();
        fixture.sim.change_database(&db("rds:db"), DatabaseState::of(status));
        fixture.calendar(false);
        let morning = fixture.now();
        fixture.tick(0);
        assert_eq!(fixture.desired("api"), 2, "{status}");
        assert!(fixture.now().duration_since(morning).as_mins() < 5, "{status}");
    }
}

#[test]
fn a_database_that_is_being_optimized_is_stopped_once_it_can_be() {
    let sim = evening().with(service("shop/api").desired(2)).with(rds("db")).build();
    sim.change_database(&db("rds:db"), DatabaseState::of("storage-optimization"));
    let mut fixture = Fixture::over(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::PartlyDone));
    assert_eq!((fixture.desired("api"), fixture.tick(5)), (0, End::Nothing));
    fixture.sim.change_database(&db("rds:db"), DatabaseState::Available);
    assert_eq!(fixture.tick(5), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.sim.capacity().databases[&db("rds:db")], DatabasePower::Off);
}

#[test]
fn a_broken_database_is_told_at_once_and_nothing_waits_for_it() {
    let sim = evening().with(service("shop/api").desired(2)).with(rds("db")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.change_database(&db("rds:db"), DatabaseState::of("incompatible-parameters"));
    fixture.calendar(false);
    let morning = fixture.now();
    assert_eq!(fixture.tick(0), End::Closed(RunOutcome::PartlyDone));
    assert_eq!(fixture.desired("api"), 2);
    assert!(fixture.now().duration_since(morning).as_mins() < 5);
    let text = fixture.sim.messages().pop().unwrap().text;
    assert!(text.contains("database-broken: rds:db: it is in incompatible-parameters"), "{text}");
}

#[test]
fn a_database_that_lost_its_key_for_a_while_is_started_again() {
    let sim = evening().with(service("shop/api")).with(rds("db")).build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    let status = "inaccessible-encryption-credentials-recoverable";
    fixture.sim.change_database(&db("rds:db"), DatabaseState::of(status));
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.sim.capacity(), before);
    assert_eq!(fixture.sim.database(&db("rds:db")).unwrap().state, DatabaseState::Available);
}

#[test]
fn each_database_has_its_own_seven_days() {
    let sim = evening().with(service("shop/api").desired(2)).with(aurora("db")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    // Three days later a service and a database join, and their writes are new.
    fixture.sim.add(service("shop/new"));
    fixture.sim.add(rds("late"));
    fixture.scoped.services.insert(id("new"));
    fixture.scoped.databases.insert(db("rds:late"));
    assert_eq!(fixture.tick(3 * 24 * 60), End::Closed(RunOutcome::Done));
    let mut on = 0;
    for _ in 0..2 * 24 * 8 {
        fixture.tick(30);
        let states = fixture.sim.capacity().databases;
        on += usize::from(states.values().any(|power| *power == DatabasePower::On));
    }
    assert!(on <= 2, "each went back to sleep with the tick that found it: {on}");
    assert_eq!(fixture.subjects().iter().filter(|subject| subject.contains("somebody else")).count(), 0);
}

#[test]
fn what_was_off_before_the_night_and_is_started_in_it_is_its_owners() {
    let sim = evening().with(service("shop/api").desired(0)).with(rds("db").stopped()).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.change_database(&db("rds:db"), DatabaseState::Available);
    fixture.sim.change_count(&id("api"), 3);
    fixture.tick(5);
    fixture.wake();
    assert_eq!((fixture.desired("api"), fixture.sim.capacity().databases[&db("rds:db")]), (3, DatabasePower::On));
    assert_eq!((fixture.remembered().baseline, fixture.tick(5)), (None, End::Nothing));
}

#[test]
fn a_database_that_a_person_started_is_theirs_whenever_another_was_stopped() {
    let sim = evening().with(service("shop/api")).with(aurora("old")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.add(rds("new"));
    fixture.scoped.databases.insert(db("rds:new"));
    fixture.tick(6 * 24 * 60);
    fixture.sim.change_database(&db("rds:new"), DatabaseState::Available);
    fixture.tick(2 * 24 * 60);
    let now = fixture.sim.capacity().databases;
    assert_eq!((now[&db("aurora:old")], now[&db("rds:new")]), (DatabasePower::Off, DatabasePower::On));
}
