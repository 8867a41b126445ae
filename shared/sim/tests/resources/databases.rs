//! Databases: states have meanings, and each has its own seven days.

use watchkeeper_domain::capacity::{DatabasePower, DatabaseState};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{aurora, rds, service};

use crate::stage::{End, Stage, db, evening, id};

#[test]
fn a_database_that_answers_keeps_no_service_waiting() {
    for status in ["storage-optimization", "backing-up", "modifying"] {
        let world =
            evening().with(service("shop/api").desired(2)).with(rds("db").cannot_stop("it has replicas")).build();
        let mut stage = Stage::over(world);
        stage.sleep();
        stage.world.change_database(&db("rds:db"), DatabaseState::of(status));
        stage.calendar(false);
        let morning = stage.now();
        stage.tick(0);
        assert_eq!(stage.desired("api"), 2, "{status}");
        assert!(stage.now().duration_since(morning).as_mins() < 5, "{status}");
    }
}

#[test]
fn a_database_that_is_being_optimized_is_stopped_once_it_can_be() {
    let world = evening().with(service("shop/api").desired(2)).with(rds("db")).build();
    world.change_database(&db("rds:db"), DatabaseState::of("storage-optimization"));
    let mut stage = Stage::over(world);
    assert_eq!(stage.sleep(), End::Closed(RunOutcome::PartlyDone));
    assert_eq!((stage.desired("api"), stage.tick(5)), (0, End::Nothing));
    stage.world.change_database(&db("rds:db"), DatabaseState::Available);
    assert_eq!(stage.tick(5), End::Closed(RunOutcome::Done));
    assert_eq!(stage.world.capacity().databases[&db("rds:db")], DatabasePower::Off);
}

#[test]
fn a_broken_database_is_told_at_once_and_nothing_waits_for_it() {
    let world = evening().with(service("shop/api").desired(2)).with(rds("db")).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    stage.world.change_database(&db("rds:db"), DatabaseState::of("incompatible-parameters"));
    stage.calendar(false);
    let morning = stage.now();
    assert_eq!(stage.tick(0), End::Closed(RunOutcome::PartlyDone));
    assert_eq!(stage.desired("api"), 2);
    assert!(stage.now().duration_since(morning).as_mins() < 5);
    let text = stage.world.messages().pop().unwrap().text;
    assert!(text.contains("database-broken: rds:db: it is in incompatible-parameters"), "{text}");
}

#[test]
fn a_database_that_lost_its_key_for_a_while_is_started_again() {
    let world = evening().with(service("shop/api")).with(rds("db")).build();
    let before = world.capacity();
    let mut stage = Stage::over(world);
    stage.sleep();
    let status = "inaccessible-encryption-credentials-recoverable";
    stage.world.change_database(&db("rds:db"), DatabaseState::of(status));
    assert_eq!(stage.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(stage.world.capacity(), before);
    assert_eq!(stage.world.database(&db("rds:db")).unwrap().state, DatabaseState::Available);
}

#[test]
fn each_database_has_its_own_seven_days() {
    let world = evening().with(service("shop/api").desired(2)).with(aurora("db")).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    // Three days later a service and a database join, and their writes are new.
    stage.world.add(service("shop/new"));
    stage.world.add(rds("late"));
    stage.place.services.insert(id("new"));
    stage.place.databases.insert(db("rds:late"));
    assert_eq!(stage.tick(3 * 24 * 60), End::Closed(RunOutcome::Done));
    let mut on = 0;
    for _ in 0..2 * 24 * 8 {
        stage.tick(30);
        let states = stage.world.capacity().databases;
        on += usize::from(states.values().any(|power| *power == DatabasePower::On));
    }
    assert!(on <= 2, "each went back to sleep with the tick that found it: {on}");
    assert_eq!(stage.subjects().iter().filter(|subject| subject.contains("somebody else")).count(), 0);
}

#[test]
fn what_was_off_before_the_night_and_is_started_in_it_is_its_owners() {
    let world = evening().with(service("shop/api").desired(0)).with(rds("db").stopped()).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    stage.world.change_database(&db("rds:db"), DatabaseState::Available);
    stage.world.change_count(&id("api"), 3);
    stage.tick(5);
    stage.wake();
    assert_eq!((stage.desired("api"), stage.world.capacity().databases[&db("rds:db")]), (3, DatabasePower::On));
    assert_eq!((stage.remembered().baseline, stage.tick(5)), (None, End::Nothing));
}

#[test]
fn a_database_that_a_person_started_is_theirs_whenever_another_was_stopped() {
    let world = evening().with(service("shop/api")).with(aurora("old")).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    stage.world.add(rds("new"));
    stage.place.databases.insert(db("rds:new"));
    stage.tick(6 * 24 * 60);
    stage.world.change_database(&db("rds:new"), DatabaseState::Available);
    stage.tick(2 * 24 * 60);
    let now = stage.world.capacity().databases;
    assert_eq!((now[&db("aurora:old")], now[&db("rds:new")]), (DatabasePower::Off, DatabasePower::On));
}
