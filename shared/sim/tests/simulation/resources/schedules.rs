//! Schedules of somebody else that move what we look after.

use watchkeeper_domain::capacity::{ResourceId, ScheduledAction, TagScheduler};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::request::{RunMode, RunRequest};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, rds, run_until_done_or_crash, service};

use crate::resources::fixture::{End, Fixture, bounds, db, evening, id};

fn action(name: &str, min: u32, max: u32) -> ScheduledAction {
    ScheduledAction { name: name.to_owned(), min: Some(min), max: Some(max) }
}

fn last_told(fixture: &Fixture) -> String {
    fixture.sim.messages().pop().unwrap().text
}

#[test]
fn a_schedule_of_somebody_else_is_told_in_a_plan_and_with_the_first_night_and_holds_nothing_up() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).with(service("shop/web")).build();
    sim.put_schedule(&id("api"), action("night", 0, 0));
    sim.put_schedule(&id("of-nobody"), action("night", 0, 0));
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    let found = "scheduled actions of somebody else move what this calendar moves: shop/api (night)";
    let request = RunRequest { mode: RunMode::Plan, ..RunRequest::of_tick(&fixture.scoped.scope, fixture.now()) };
    let begin = fixture.reconciler();
    let begin = begin.begin(&fixture.scoped, &request, "plan", fixture.now());
    let plan = run_until_done_or_crash(&fixture.sim, begin).unwrap().unwrap().summary;
    assert!(plan.contains(found) && !plan.contains("of-nobody"), "{plan}");
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    assert!(last_told(&fixture).contains(found), "{}", last_told(&fixture));
    let asked = fixture.sim.count(Operation::DescribeScheduledActions);
    assert_eq!(fixture.tick(5), End::Nothing);
    assert_eq!(fixture.sim.count(Operation::DescribeScheduledActions), asked, "a night asks once");
    fixture.wake();
    assert_eq!(fixture.sim.capacity(), before);
}

#[test]
fn what_a_schedule_of_somebody_else_did_is_no_baseline_and_is_left_to_it() {
    let sim = evening().with(service("shop/api").desired(0).scaling(0, 0)).with(service("shop/web")).build();
    sim.put_schedule(&id("api"), action("night", 0, 0));
    sim.put_schedule(&id("api"), action("day", 2, 4));
    let mut fixture = Fixture::over(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::PartlyDone));
    assert!(last_told(&fixture).contains("as the scheduled action night sets them"), "{}", last_told(&fixture));
    let kept = fixture.remembered().baseline.unwrap();
    assert!(!kept.has(&ResourceId::Service(id("api"))) && kept.has(&ResourceId::Service(id("web"))));
    for _ in 0..3 {
        assert_eq!(fixture.tick(5), End::Nothing);
    }
    assert_eq!(fixture.sim.messages().len(), 1, "it is told once: {:?}", fixture.subjects());
    // Its own schedule wakes it.
    fixture.sim.change_scaling(&id("api"), Some(bounds(2, 4)));
    fixture.sim.change_count(&id("api"), 2);
    fixture.wake();
    assert_eq!((fixture.capacity("api").scaling, fixture.desired("api")), (Some(bounds(2, 4)), 2));
    assert_eq!(fixture.desired("web"), 1);
    let written = |call: &watchkeeper_sim::RecordedCall| call.operation.writes_capacity() && call.subject == "shop/api";
    assert!(!fixture.sim.calls().iter().any(written), "what another schedule moves is nobody else's to move");
}

#[test]
fn what_is_held_already_is_given_back_whatever_schedules_say_of_it_by_now() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).build();
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    fixture.sim.put_schedule(&id("api"), action("night", 0, 3));
    fixture.sim.add(service("shop/new"));
    fixture.scoped.services.insert(id("new"));
    fixture.tick(5);
    fixture.wake();
    assert_eq!(fixture.sim.capacity().services[&id("api")], before.services[&id("api")]);
}

#[test]
fn schedules_that_cannot_be_read_veto_nothing_and_are_a_remark() {
    for trouble in [CallTrouble::Denied, CallTrouble::Error, CallTrouble::Throttle, CallTrouble::TimeoutBefore] {
        let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).build();
        let mut fixture = Fixture::over(sim);
        fixture.sim.set_faults(FaultPlan::none().always(Operation::DescribeScheduledActions, trouble));
        assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done), "{trouble:?}");
        assert_eq!(fixture.desired("api"), 0, "{trouble:?}");
        assert!(last_told(&fixture).contains("is not known"), "{trouble:?}: {}", last_told(&fixture));
    }
}

#[test]
fn more_than_one_page_of_schedules_is_read() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).build();
    for n in 0..70 {
        sim.put_schedule(&id(&format!("other-{n}")), action("night", 0, 0));
    }
    sim.put_schedule(&id("api"), action("late", 0, 0));
    let mut fixture = Fixture::over(sim);
    fixture.sleep();
    assert!(last_told(&fixture).contains("shop/api (late)"), "{}", last_told(&fixture));
}

#[test]
fn the_tag_of_another_scheduler_is_told_with_the_first_night_and_holds_nothing_up() {
    let sim = evening().with(service("shop/api").desired(2).scaling(1, 3)).with(rds("shop-db")).build();
    sim.tag_for(&ResourceId::Service(id("api")), TagScheduler::of_service([("maid_offhours", "")].into_iter()));
    let database = TagScheduler::of_database([("Schedule", "office-hours")].into_iter());
    sim.tag_for(&ResourceId::Database(db("rds:shop-db")), database);
    let before = sim.capacity();
    let mut fixture = Fixture::over(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    let found = "another scheduler may move what this calendar moves: shop/api (tag maid_offhours of Cloud Custodian); \
                 rds:shop-db (tag Schedule of AWS Instance Scheduler)";
    assert!(last_told(&fixture).contains(found), "{}", last_told(&fixture));
    assert_eq!(fixture.tick(5), End::Nothing);
    fixture.wake();
    assert_eq!(fixture.sim.capacity(), before);
    assert_eq!(fixture.sim.messages().len(), 2, "the night and the morning: {:?}", fixture.subjects());
}

#[test]
fn what_another_scheduler_has_put_to_sleep_already_is_no_baseline_and_is_left_to_it() {
    let sim = evening().with(service("shop/api").desired(0)).with(service("shop/web")).build();
    sim.tag_for(&ResourceId::Service(id("api")), TagScheduler::of_service([("maid_offhours", "")].into_iter()));
    let mut fixture = Fixture::over(sim);
    assert_eq!(fixture.sleep(), End::Closed(RunOutcome::Done));
    let found = "another scheduler may move what this calendar moves: shop/api (tag maid_offhours of Cloud Custodian)";
    assert!(last_told(&fixture).contains(found), "{}", last_told(&fixture));
    assert!(!fixture.remembered().baseline.unwrap().has(&ResourceId::Service(id("api"))));
    // Its own scheduler wakes it.
    fixture.sim.change_count(&id("api"), 2);
    fixture.wake();
    assert_eq!((fixture.desired("api"), fixture.desired("web")), (2, 1));
    let written = |call: &watchkeeper_sim::RecordedCall| call.operation.writes_capacity() && call.subject == "shop/api";
    assert!(!fixture.sim.calls().iter().any(written), "what another scheduler moves is nobody else's to move");
}
