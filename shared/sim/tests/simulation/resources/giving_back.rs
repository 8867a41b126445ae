//! Giving back is judged by resource, and never held up.

use watchkeeper_domain::capacity::{DatabasePower, Suspensions};
use watchkeeper_domain::guardrail::OpenFreeze;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, rds, service};

use crate::resources::fixture::{End, Fixture, db, evening, id};

const DONE: End = End::Closed(RunOutcome::Done);

fn frozen(calendar: bool) -> OpenFreeze {
    OpenFreeze { reason: "year's end".to_owned(), calendar }
}

#[test]
fn what_becomes_protected_at_night_is_given_back_and_then_left_alone() {
    let sim = evening()
        .with(service("shop/api").desired(2).scaling(1, 3))
        .with(service("shop/worker").desired(3).scaling(2, 6))
        .with(rds("reports"))
        .build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.scoped.allowance.protected = ["worker".to_owned(), "Reports".to_owned()].into();
    assert_eq!(fixture.tick(5), DONE);
    let now = fixture.sim.capacity();
    assert_eq!(now.services[&id("worker")], before.services[&id("worker")]);
    assert_eq!((now.services[&id("api")].desired, now.databases[&db("rds:reports")]), (0, DatabasePower::On));
    fixture.sim.forget_calls();
    assert_eq!((fixture.tick(5), fixture.sim.writes()), (End::Nothing, 0));
    assert_eq!(fixture.wake(), DONE);
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn a_surge_in_a_freeze_is_given_back_in_it() {
    let sim = evening().with(service("shop/api").desired(2).scaling(2, 6)).with(service("shop/web").desired(2)).build();
    let before = sim.capacity();
    let surge = serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "2h" } });
    for by_hand in [true, false] {
        let mut fixture = Fixture::over(sim.clone()).production(&surge);
        fixture.scoped.allowance.frozen = Some(frozen(true));
        assert_eq!(fixture.surge("surge", 2), DONE);
        assert_eq!(fixture.desired("web"), 4);
        if by_hand {
            fixture.later(30);
            assert_eq!(fixture.calm("surge"), DONE);
        } else {
            assert_eq!(fixture.tick(150), DONE);
        }
        assert_eq!(fixture.sim.capacity(), before);
    }
}

#[test]
fn the_first_of_two_profiles_goes_while_the_second_holds() {
    let sim = ["api", "web", "pay"]
        .iter()
        .fold(evening(), |sim, name| sim.with(service(&format!("shop/{name}")).desired(2).scaling(2, 6)));
    let before = sim.build();
    let profiles = serde_json::json!({
        "surge": { "desired": 6, "max": 10, "for": "2h" },
        "pay-day": { "desired": 4, "max": 10, "for": "48h", "only": ["pay"] },
    });
    let mut fixture = Fixture::over(before).production(&profiles);
    fixture.surge("surge", 2);
    fixture.surge("pay-day", 48);
    fixture.later(60);
    assert_eq!(fixture.calm("surge"), DONE);
    assert_eq!((fixture.desired("api"), fixture.desired("web"), fixture.desired("pay")), (2, 2, 4));
    // What was given back is nobody's any more.
    fixture.sim.change_count(&id("api"), 3);
    fixture.tick(5);
    assert_eq!(fixture.desired("api"), 3);
}

#[test]
fn a_freeze_lets_a_calendar_go_on_unless_the_document_stops_it() {
    for (stops, night) in [(false, 0), (true, 2)] {
        let sim = evening().with(service("shop/api").desired(2)).build();
        let mut fixture = Fixture::over(sim);
        fixture.scoped.allowance.frozen = Some(frozen(stops));
        fixture.sleep();
        assert_eq!(fixture.desired("api"), night);
        fixture.wake();
        assert_eq!(fixture.desired("api"), 2);
    }
}

#[test]
fn what_sleeps_when_a_freeze_opens_is_woken_in_it() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).with(rds("db")).build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.scoped.allowance.frozen = Some(frozen(true));
    assert_eq!(fixture.wake(), DONE);
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn a_count_that_a_person_holds_outside_its_bounds_comes_back_as_it_was() {
    let scale_out = Suspensions { scale_out: true, ..Suspensions::NONE };
    let sim = evening()
        .with(service("shop/api").desired(0).scaling(1, 3).suspended(scale_out))
        .with(service("shop/web"))
        .build();
    let before = sim.capacity();
    assert_eq!(before.services[&id("api")].desired, 0);
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.wake();
    for _ in 0..3 {
        fixture.tick(5);
    }
    assert_eq!((fixture.sim.capacity(), fixture.remembered().baseline), (before, None));
    assert_eq!(fixture.tick(5), End::Nothing);
}

#[test]
fn a_count_held_outside_its_bounds_comes_back_whatever_begins_right_after_its_bounds_were_registered() {
    let sim = evening().with(service("shop/api").desired(0).scaling(1, 3).suspended(Suspensions::ALL)).build();
    let before = sim.capacity();
    let surge = serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "2h" } });
    let mut fixture = Fixture::over(sim).production(&surge);
    fixture.scoped.allowance.production = false;
    fixture.sleep();
    fixture.calendar(false);
    let next = fixture.sim.count(Operation::RegisterScalableTarget) as u64 + 1;
    let crash = FaultPlan::none().on(Operation::RegisterScalableTarget, next, CallTrouble::CrashAfter);
    fixture.sim.set_faults(crash);
    assert_eq!(fixture.tick(600), End::Crashed);
    fixture.sim.set_faults(FaultPlan::none());
    // It finds the bounds as they should be, and the count, which AWS has not moved yet.
    fixture.surge("surge", 2);
    fixture.calm("surge");
    for _ in 0..3 {
        fixture.tick(5);
    }
    assert_eq!((fixture.sim.capacity(), fixture.remembered().baseline), (before, None));
}

#[test]
fn zero_on_purpose_stays_zero_unless_a_profile_names_it() {
    let sim = evening()
        .with(service("shop/api").desired(3).scaling(2, 6))
        .with(service("shop/parked").desired(0))
        .with(service("shop/retired").desired(0).scaling(0, 0).suspended(Suspensions::ALL))
        .with(service("shop/burst").desired(0))
        .build();
    let before = sim.capacity();
    let profiles = serde_json::json!({
        "surge": { "desired": 4, "max": 10, "for": "2h", "services": { "burst": { "desired": 2 } } },
        "minimum": { "desired": 1, "max": 2, "for": "2h" },
        "drain": { "desired": 1, "for": "2h", "only": ["parked"] },
    });
    let mut fixture = Fixture::over(sim).production(&profiles);
    fixture.surge("surge", 2);
    let counts = ["api", "parked", "retired", "burst"].map(|name| fixture.desired(name));
    assert_eq!(counts, [4, 0, 0, 2]);
    fixture.calm("surge");
    fixture.surge("drain", 2);
    assert_eq!(fixture.desired("parked"), 1);
    fixture.calm("drain");
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn a_service_that_joins_in_an_emergency_has_its_profile_from_the_next_tick_on() {
    let sim = evening().with(service("shop/api").desired(2).scaling(2, 6)).build();
    let mut fixture =
        Fixture::over(sim).production(&serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "2h" } }));
    fixture.surge("surge", 2);
    fixture.sim.add(service("shop/new").desired(1));
    fixture.scoped.services.insert(id("new"));
    fixture.tick(5);
    assert_eq!((fixture.desired("api"), fixture.desired("new")), (4, 4));
    fixture.calm("surge");
    assert_eq!((fixture.desired("api"), fixture.desired("new")), (2, 1));
}
