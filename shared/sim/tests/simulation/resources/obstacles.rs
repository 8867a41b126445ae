//! What cannot be changed is named, and keeps nothing else waiting.

use watchkeeper_domain::capacity::{DatabasePower, DatabaseState};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{aurora, rds, service};

use crate::resources::fixture::{End, Fixture, bounds, db, evening, id};

const PARTLY: End = End::Closed(RunOutcome::PartlyDone);
const DONE: End = End::Closed(RunOutcome::Done);

#[test]
fn a_service_without_the_tag_stays_up_with_its_database_and_the_rest_sleeps() {
    let sim = evening()
        .with(service("shop/api").desired(2).scaling(1, 4))
        .with(service("shop/web").desired(3).unmanaged())
        .with(rds("shop-db"))
        .build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    assert_eq!(fixture.sleep(), PARTLY);
    assert_eq!((fixture.desired("api"), fixture.desired("web")), (0, 3));
    assert_eq!(fixture.sim.database(&db("rds:shop-db")).unwrap().state, DatabaseState::Available);
    let told = fixture.subjects();
    assert_eq!(told, ["shop dev is asleep, but for 2 resources"]);
    fixture.sim.forget_calls();
    for _ in 0..3 {
        assert_eq!(fixture.tick(5), End::Nothing);
    }
    assert_eq!((fixture.subjects(), fixture.sim.ledger_writes(), fixture.sim.writes()), (told, 0, 0));
    // Its owner tags it: it goes to sleep with the next tick, and the database after it.
    fixture.sim.change_service_tag(&id("web"), true);
    assert_eq!(fixture.tick(5), DONE);
    assert_eq!(fixture.sim.database(&db("rds:shop-db")).unwrap().state, DatabaseState::Stopped);
    assert_eq!(fixture.wake(), DONE);
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn one_service_made_anew_without_its_tag_does_not_keep_the_others_asleep() {
    let sim =
        evening().with(service("shop/api").desired(2)).with(service("shop/web").desired(3)).with(aurora("db")).build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.change_service_tag(&id("web"), false);
    assert_eq!(fixture.wake(), PARTLY);
    assert_eq!((fixture.desired("api"), fixture.desired("web")), (2, 0));
    assert_eq!(fixture.sim.capacity().databases[&db("aurora:db")], DatabasePower::On);
    let told = fixture.subjects().len();
    assert_eq!((fixture.tick(5), fixture.tick(5)), (End::Nothing, End::Nothing));
    assert_eq!(fixture.subjects().len(), told);
    fixture.sim.change_service_tag(&id("web"), true);
    assert_eq!(fixture.tick(5), DONE);
    assert_eq!(fixture.sim.capacity(), before);
    assert_eq!(fixture.remembered().baseline, None);
}

#[test]
fn a_daemon_is_left_out_whatever_becomes_of_its_instances() {
    for instances in [2, 3, 4] {
        let sim = evening()
            .with(service("shop/api").desired(2).scaling(1, 4))
            .with(service("shop/worker"))
            .with(service("shop/logs").desired(3).daemon())
            .with(rds("shop-db"))
            .build();
        let before = sim.capacity();
        let mut fixture = Fixture::over(sim);
        assert_eq!(fixture.sleep(), PARTLY);
        assert_eq!(fixture.sim.capacity().databases[&db("rds:shop-db")], DatabasePower::Off);
        assert_eq!(fixture.desired("logs"), 3);
        fixture.sim.change_count(&id("logs"), instances);
        assert_eq!(fixture.tick(5), End::Nothing, "its count is nobody's drift");
        assert_eq!(fixture.wake(), DONE);
        let after = fixture.sim.capacity();
        assert_eq!(after.services[&id("api")], before.services[&id("api")]);
        assert_eq!((after.databases, fixture.desired("logs")), (before.databases, instances));
    }
}

#[test]
fn a_denied_count_holds_up_no_autoscaler_of_the_others() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).with(service("shop/worker")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.deny_count(&id("worker"), true);
    fixture.calendar(false);
    for _ in 0..4 {
        assert_eq!(fixture.tick(5), PARTLY, "it is tried again with each tick");
    }
    assert_eq!(fixture.capacity("api").scaling, Some(bounds(1, 3)));
    assert_eq!(fixture.subjects(), ["shop dev is asleep", "shop dev is back at its baseline, but for 1 resource"]);
    let text = &fixture.sim.messages()[1].text;
    assert!(text.contains("write-refused: shop/worker: AWS refused to change it: UpdateService"), "{text}");
    fixture.sim.deny_count(&id("worker"), false);
    assert_eq!(fixture.tick(5), DONE);
    assert_eq!(fixture.desired("worker"), 1);
}

#[test]
fn a_denied_scalable_target_keeps_nobody_else_awake() {
    let sim = evening()
        .with(service("shop/api").desired(2).scaling(1, 3))
        .with(service("shop/worker").desired(3))
        .with(aurora("db"))
        .build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sim.deny_scaling(&id("api"), true);
    assert_eq!(fixture.sleep(), PARTLY);
    assert_eq!((fixture.desired("api"), fixture.desired("worker")), (2, 0));
    assert_eq!(fixture.sim.capacity().databases[&db("aurora:db")], DatabasePower::On, "api runs, and uses it");
    fixture.tick(5);
    // What was never changed is its owner's: the baseline is what is there when it can be changed.
    fixture.sim.change_count(&id("api"), 3);
    fixture.tick(5);
    fixture.sim.deny_scaling(&id("api"), false);
    assert_eq!(fixture.tick(5), DONE);
    assert_eq!(fixture.sim.capacity().databases[&db("aurora:db")], DatabasePower::Off);
    fixture.wake();
    assert_eq!(fixture.desired("api"), 3);
    assert_eq!(fixture.desired("worker"), before.services[&id("worker")].desired);
}

#[test]
fn an_alarm_is_answered_where_it_can_be() {
    let sim = evening()
        .with(service("shop/api").desired(2).scaling(2, 6))
        .with(service("shop/web").desired(2))
        .with(service("shop/pay").desired(2))
        .build();
    sim.deny_scaling(&id("api"), true);
    let surge = serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "2h" } });
    let mut fixture = Fixture::over(sim).production(&surge);
    assert_eq!(fixture.surge("surge", 2), PARTLY);
    assert_eq!((fixture.desired("web"), fixture.desired("pay")), (4, 4));
}

#[test]
fn what_is_given_back_is_its_owners_while_another_one_is_not() {
    let sim = evening().with(service("shop/api").desired(2)).with(service("shop/worker")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.deny_count(&id("worker"), true);
    assert_eq!(fixture.wake(), PARTLY);
    // A developer scales for a load test at noon.
    fixture.sim.change_count(&id("api"), 4);
    for _ in 0..3 {
        fixture.tick(5);
        assert_eq!(fixture.desired("api"), 4);
    }
    let kept = fixture.remembered().baseline.unwrap();
    let names: Vec<String> = kept.capacity.resources().map(|resource| resource.to_string()).collect();
    assert_eq!(names, ["shop/worker"]);
    // The next night remembers what the developer made of it.
    assert_eq!(fixture.sleep(), DONE, "worker sleeps already");
    fixture.sim.deny_count(&id("worker"), false);
    fixture.wake();
    assert_eq!((fixture.desired("api"), fixture.desired("worker")), (4, 1));
}

#[test]
fn a_database_that_may_not_be_started_keeps_no_service_down() {
    let sim = evening().with(service("shop/api").desired(2)).with(aurora("db")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.deny_database(&db("aurora:db"), true);
    assert_eq!(fixture.wake(), PARTLY);
    assert_eq!(fixture.desired("api"), 2);
    fixture.sim.deny_database(&db("aurora:db"), false);
    assert_eq!(fixture.tick(5), DONE);
    assert_eq!(fixture.sim.capacity().databases[&db("aurora:db")], DatabasePower::On);
}

#[test]
fn a_service_that_is_gone_is_forgotten_when_the_rest_is_given_back() {
    let sim = evening().with(service("shop/api").desired(2)).with(service("shop/old")).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.remove_service(&id("old"));
    assert_eq!(fixture.wake(), PARTLY);
    assert_eq!((fixture.desired("api"), fixture.remembered().baseline), (2, None));
    assert_eq!(fixture.tick(5), End::Nothing);
}
