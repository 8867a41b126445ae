//! A region that is lost: what fails, how long that takes, and what happens when it is back.

use std::time::Duration;

use watchkeeper_control::failover::ports::RegionTasks;
use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{Clock, Fault};
use watchkeeper_sim::{
    CallEnding, CallTrouble, FaultPlan, Operation, RegionLoss, SimPair, SimRegion, TimingSettings,
    run_until_done_or_crash, service,
};

use super::scene::{
    DELAY, by, count, fault, home_simulator, pair, point, pointer, run, seconds, standby_simulator, took,
};

#[test]
fn calls_to_a_region_that_fails_fail_at_once() {
    let pair = pair();
    let (standby, peer, begun) = (pair.standby(), pair.peer(pair.standby_region()), pair.now());
    pair.lose(pair.home_region(), RegionLoss::failing());
    assert_eq!(fault(run(&standby, peer.tasks_alive(&home_simulator()))), Fault::Unavailable);
    assert_eq!(took(&pair, begun), Duration::ZERO);
    assert!(pair.is_lost(pair.home_region()) && !pair.runs(pair.home_region()) && pair.runs(pair.standby_region()));
    let calls = standby.calls();
    assert_eq!((calls[0].ending, calls[0].abroad), (CallEnding::Lost, true));
    assert!(run(&standby, standby.tasks_alive(&standby_simulator())).is_ok());
}

#[test]
fn calls_to_a_region_that_hangs_take_the_callers_own_bound() {
    let pair = pair();
    let (standby, peer, begun) = (pair.standby(), pair.peer(pair.standby_region()), pair.now());
    pair.lose(pair.home_region(), RegionLoss::hanging());
    assert_eq!(fault(run(&standby, peer.tasks_alive(&home_simulator()))), Fault::Unavailable);
    assert_eq!(took(&pair, begun), TimingSettings::default().abroad);
    assert_eq!(took(&pair, begun), seconds(3));
    pair.regain(pair.home_region());
    assert_eq!(run(&standby, peer.tasks_alive(&home_simulator())).unwrap(), 1);
    assert_eq!(took(&pair, begun), seconds(3));
}

#[test]
fn a_lost_region_stands_still_and_what_was_due_happens_when_it_is_back() {
    let pair = pair();
    let home = pair.home();
    count(&home, &home_simulator(), 0);
    pair.lose(pair.home_region(), RegionLoss::failing());
    pair.advance(seconds(3600));
    assert_eq!(home.alive(&home_simulator()), 1);
    assert_eq!(fault(run(&home, home.set_count(&home_simulator(), 5))), Fault::Unavailable);
    pair.regain(pair.home_region());
    assert_eq!(home.service(&home_simulator()).unwrap().running, 0);
    pair.advance(seconds(60));
    assert_eq!((home.alive(&home_simulator()), home.now()), (0, pair.now()));
}

#[test]
fn tasks_that_died_with_their_region_start_again_when_it_is_back() {
    let pair = pair();
    let (home, name) = (pair.home(), home_simulator().service);
    pair.lose(pair.home_region(), RegionLoss::failing().tasks_die());
    pair.advance(seconds(600));
    assert_eq!(pair.working(&name), [0, 0]);
    pair.regain(pair.home_region());
    assert_eq!((pair.working(&name), home.alive(&home_simulator())), ([0, 0], 1));
    pair.advance(TimingSettings::default().task_start);
    assert_eq!(pair.working(&name), [1, 0]);
}

#[test]
fn nothing_is_replicated_while_a_region_is_lost() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    pair.lose(pair.home_region(), RegionLoss::failing());
    point(&standby, &pointer(&pair, 1, "a")).unwrap();
    pair.advance(seconds(600));
    assert_eq!(by(&home), None);
    pair.regain(pair.home_region());
    pair.advance(DELAY);
    assert_eq!(by(&home).as_deref(), Some("a"));
}

#[test]
fn a_region_that_is_only_cut_off_goes_on_inside() {
    let pair = pair();
    let (home, begun) = (pair.home(), pair.now());
    pair.lose(pair.home_region(), RegionLoss::hanging().runs_inside());
    count(&home, &home_simulator(), 0);
    pair.advance(seconds(60));
    assert_eq!((home.alive(&home_simulator()), took(&pair, begun)), (0, seconds(60)));
    assert!(pair.is_lost(pair.home_region()) && pair.runs(pair.home_region()));
    let out = pair.peer(pair.home_region());
    assert_eq!(fault(run(&home, out.tasks_alive(&standby_simulator()))), Fault::Unavailable, "nor does it see out");
}

#[test]
fn no_stack_changes_capacity_in_the_other_region() {
    let pair = pair();
    let (standby, peer) = (pair.standby(), pair.peer(pair.standby_region()));
    assert_eq!(fault(run(&standby, peer.set_count(&home_simulator(), 0))), Fault::Denied);
    assert_eq!(pair.home().capacity(), super::scene::pair().home().capacity());
}

#[test]
fn calls_abroad_fail_and_crash_as_calls_of_the_stack_that_makes_them() {
    let faults = FaultPlan::none().on(Operation::ListTasks, 2, CallTrouble::CrashAfter).at(2, CallTrouble::Throttle);
    let standby = SimRegion::builder().faults(faults).with(service("fleet-west1/simulator"));
    let pair = SimPair::builder("us-west-2", "us-west-1").standby(standby).build();
    let (standby, peer) = (pair.standby(), pair.peer(pair.standby_region()));
    assert_eq!(run(&standby, standby.tasks_alive(&standby_simulator())).unwrap(), 1);
    assert!(run_until_done_or_crash(&standby, peer.tasks_alive(&home_simulator())).is_none());
    assert_eq!(fault(run(&standby, peer.tasks_alive(&home_simulator()))), Fault::Throttled);
    assert_eq!((standby.calls_made(), pair.home().calls_made()), (3, 0));
    standby.set_faults(FaultPlan::none().at(3, CallTrouble::CrashBefore));
    assert!(run_until_done_or_crash(&peer, peer.tasks_alive(&home_simulator())).is_none());
    assert!(run(&standby, standby.tasks_alive(&standby_simulator())).is_ok(), "the next process is a new one");
}
