//! A transition compares exactly; the tolerance for an autoscaler's moves begins where this very target has been reached.

use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{Operation, service};

use crate::stage::{End, Stage, bounds, evening, id};

#[test]
fn a_scalable_target_that_was_reset_at_night_does_not_leave_its_service_at_zero() {
    let world = evening().with(service("shop/api").desired(2).scaling(0, 3)).build();
    let before = world.capacity();
    let mut stage = Stage::over(world);
    stage.sleep();
    // `terraform apply`: the bounds as the code has them, and 0 lies within them.
    stage.world.change_scaling(&id("api"), Some(bounds(0, 3)));
    stage.tick(5);
    assert_eq!(stage.wake(), End::Closed(RunOutcome::Done));
    assert_eq!(stage.world.capacity(), before);
}

#[test]
fn what_an_autoscaler_does_once_a_surge_is_there_is_its_own_affair() {
    let world = evening().with(service("shop/api").desired(2).scaling(2, 6)).build();
    let before = world.capacity();
    let surge = serde_json::json!({ "surge": { "desired": 4, "max": 10, "for": "4h" } });
    let mut stage = Stage::over(world).production(&surge);
    stage.surge("surge", 4);
    stage.world.change_load(&id("api"), Some(7));
    stage.later(5);
    assert_eq!((stage.desired("api"), stage.tick(5)), (7, End::Nothing));
    stage.world.change_load(&id("api"), None);
    stage.calm("surge");
    assert_eq!(stage.world.capacity(), before);
}

#[test]
fn a_service_that_joins_makes_nobody_elses_change_a_transition() {
    let world = evening().with(service("shop/api").desired(2)).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    stage.world.change_count(&id("api"), 1);
    stage.tick(5);
    stage.world.add(service("shop/new"));
    stage.place.services.insert(id("new"));
    stage.tick(5);
    assert_eq!((stage.desired("api"), stage.desired("new")), (1, 0), "a person's change is left alone");
    stage.wake();
    assert_eq!((stage.desired("api"), stage.desired("new")), (2, 1));
}

#[test]
fn services_are_described_ten_at_a_time_in_each_cluster() {
    let names = (0..12).map(|n| format!("shop/{n}")).chain((0..3).map(|n| format!("desk/{n}")));
    let world = names.fold(evening(), |world, name| world.with(service(&name))).build();
    let mut stage = Stage::over(world);
    stage.sleep();
    stage.world.forget_calls();
    assert_eq!(stage.tick(5), End::Nothing);
    assert_eq!(stage.world.count(Operation::DescribeServices), 3, "twice of the twelve, and once of the three");
}
