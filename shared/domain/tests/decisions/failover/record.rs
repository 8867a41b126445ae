//! The record: waves, times, and what the new region is to run.

use watchkeeper_domain::capacity::{ScalingState, ServiceCapacity, Suspensions};
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::failover::{
    Move, MoveEnding, MovePhase, RegionSample, ScalingBounds, ServiceFigures, ServiceSample, serving, waves,
};
use watchkeeper_domain::order::StartOrder;

use crate::failover::scene::{DASHBOARD, FLEET, JOB, SIMULATOR, at, failover, home, service, standby};

#[test]
fn singletons_start_last_wherever_the_document_has_them() {
    let first = vec![vec![service(SIMULATOR), service(FLEET)]];
    let expected = [vec![service(FLEET)], vec![service(DASHBOARD), service(JOB)], vec![service(SIMULATOR)]];
    let order = StartOrder { waves: first.clone(), ..StartOrder::default() };
    assert_eq!(waves(&order, &failover(None)), expected);
    // As a move was planned before environments had an order.
    let document = Failover { waves: first, ..failover(None) };
    assert_eq!(waves(&StartOrder::default(), &document), expected);
}

#[test]
fn the_times_of_a_phase_are_added_up_and_waiting_is_not_our_own() {
    let mut record = Move::new("run", &home(), &standby(), MovePhase::Assess, at(0));
    record.enter(MovePhase::Scale, at(2));
    record.waited(10_000);
    record.enter(MovePhase::Outside, at(14));
    record.waited(5000);
    record.enter(MovePhase::Settle, at(20));
    record.end(MoveEnding::Done, at(21));
    assert_eq!(
        record.phases(at(99)),
        [
            (MovePhase::Assess, 2000, 0),
            (MovePhase::Scale, 12_000, 10_000),
            (MovePhase::Outside, 6000, 5000),
            (MovePhase::Settle, 1000, 0)
        ]
    );
    assert_eq!(record.own_ms(at(99)), 2000 + 2000 + 1000);
    assert_eq!(record.rto_ms(), Some(20_000));
    record.lost_since = Some(at(-100));
    assert_eq!(record.rto_ms(), Some(120_000), "from the loss on");
}

#[test]
fn the_standby_runs_what_the_active_region_ran_and_at_least_what_the_document_says() {
    let scaling = Some(ScalingState { min: 2, max: 6, suspended: Suspensions::NONE });
    let seen = |desired, scaling| ServiceSample { capacity: ServiceCapacity { desired, scaling }, images: Vec::new() };
    let sample = RegionSample {
        at: at(0),
        services: [
            (service(FLEET), seen(5, scaling)),
            (service(JOB), seen(1, scaling)),
            (service(SIMULATOR), seen(2, None)),
        ]
        .into(),
        lag_ms: [].into(),
        vcpu: None,
        figures_at: None,
        alarms: None,
        sources_off: [].into(),
    };
    let found = serving(&failover(None), &[].into(), Some(&sample));
    let bounds = Some(ScalingBounds { min: 2, max: 6 });
    assert_eq!(found[&service(FLEET)], ServiceFigures { desired: 5, bounds });
    assert_eq!(found[&service(JOB)], ServiceFigures { desired: 2, bounds });
    assert_eq!(
        found[&service(SIMULATOR)],
        ServiceFigures { desired: 1, bounds: None },
        "a singleton is one, whatever was seen"
    );
    assert_eq!(found[&service(DASHBOARD)].desired, 2);
    assert_eq!(serving(&failover(None), &[].into(), None)[&service(FLEET)].desired, 2);
}
