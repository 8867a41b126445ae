//! A transition compares exactly; the tolerance for an autoscaler's moves begins where this very target has been reached.

use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{Operation, service};

use crate::resources::fixture::{End, Fixture, bounds, evening, id};

#[test]
fn a_scalable_target_that_was_reset_at_night_does_not_leave_its_service_at_zero() {
    let sim = evening().with(service("shop/api").desired(2).scaling(0, 3)).build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    // `terraform apply`: the bounds as the code has them, and 0 lies within them.
    fixture.sim.change_scaling(&id("api"), Some(bounds(0, 3)));
    fixture.tick(5);
    assert_eq!(fixture.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn what_an_autoscaler_does_once_a_surge_is_there_is_its_own_affair() {
    let sim = evening().with(service("shop/api").desired(2).scaling(2, 6)).build();
    let before = sim.capacity();
    let surge = serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "4h" } });
    let mut fixture = Fixture::over(sim).production(&surge);
    fixture.surge("surge", 4);
    fixture.sim.change_load(&id("api"), Some(7));
    fixture.later(5);
    assert_eq!((fixture.desired("api"), fixture.tick(5)), (7, End::Nothing));
    fixture.sim.change_load(&id("api"), None);
    fixture.calm("surge");
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn a_service_that_joins_makes_nobody_elses_change_a_transition() {
    let sim = evening().with(service("shop/api").desired(2)).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.change_count(&id("api"), 1);
    fixture.tick(5);
    fixture.sim.add(service("shop/new"));
    fixture.scoped.services.insert(id("new"));
    fixture.tick(5);
    assert_eq!((fixture.desired("api"), fixture.desired("new")), (1, 0), "a person's change is left alone");
    fixture.wake();
    assert_eq!((fixture.desired("api"), fixture.desired("new")), (2, 1));
}

#[test]
fn services_are_described_ten_at_a_time_in_each_cluster() {
    let names = (0..12).map(|n| format!("shop/{n}")).chain((0..3).map(|n| format!("desk/{n}")));
    let sim = names.fold(evening(), |sim, name| sim.with(service(&name))).build();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.forget_calls();
    assert_eq!(fixture.tick(5), End::Nothing);
    assert_eq!(fixture.sim.count(Operation::DescribeServices), 3, "twice of the twelve, and once of the three");
}
