//! Two replicas of one ledger: delay, order, conditions, and partitions.

use std::time::Duration;

use watchkeeper_control::failover::ports::RegionTasks;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger, LedgerError, LedgerWrite, ScopeStanding, SettledTarget};
use watchkeeper_control::ports::Clock;
use watchkeeper_domain::failover::Heartbeat;
use watchkeeper_domain::intent::Layer;
use watchkeeper_sim::{SimPair, SimRegion, scope};

use super::scene::{DELAY, by, count, fleet, home_simulator, pair, point, pointer, run, seconds};

#[test]
fn both_regions_share_their_time() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    count(&home, &home_simulator(), 3);
    run(&standby, standby.sleep(seconds(60)));
    assert_eq!((home.now(), standby.now()), (pair.now(), pair.now()));
    assert_eq!(home.service(&home_simulator()).unwrap().running, 3);
}

#[test]
fn what_is_written_arrives_after_the_delay_and_not_before() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    point(&standby, &pointer(&pair, 1, "a")).unwrap();
    assert_eq!((by(&standby).as_deref(), by(&home)), (Some("a"), None));
    pair.advance(DELAY.saturating_sub(Duration::from_millis(1)));
    assert_eq!(by(&home), None);
    pair.advance(Duration::from_millis(1));
    assert_eq!(by(&home).as_deref(), Some("a"));
}

#[test]
fn what_a_hand_has_settled_reaches_the_other_region() {
    let (pair, scope) = (pair(), scope("fleet-orchestration", "prod", "us-west-2"));
    let (home, now) = (pair.home(), pair.now());
    let lease = Lease {
        holder: "run".to_owned(),
        layer: Layer::Failover,
        generation: 1,
        usable: now,
        expires: now + seconds(60),
        at_work: false,
    };
    let settled = SettledTarget { target: "down".to_owned(), at: now, epoch: Some(1), placement: None };
    let standing = ScopeStanding { settled: Some(settled.clone()), ..ScopeStanding::default() };
    run(&home, home.take_lease(&scope, &lease, 0)).unwrap();
    run(&home, home.commit(&scope, 1, &[LedgerWrite::PutStanding(standing)])).unwrap();
    let seen = |sim: &SimRegion| run(sim, sim.settled(&scope)).unwrap();
    assert_eq!(seen(&pair.standby()), None);
    pair.advance(DELAY);
    assert_eq!(seen(&pair.standby()), Some(settled));
}

#[test]
fn what_was_removed_is_removed_in_the_other_region() {
    let (pair, scope) = (pair(), scope("fleet-orchestration", "prod", "us-west-2"));
    let home = pair.home();
    let halt = watchkeeper_domain::guardrail::HaltSwitch {
        by: "somebody".to_owned(),
        reason: "a drill".to_owned(),
        since: pair.now(),
    };
    let halted = |sim: &SimRegion| sim.remembered(&scope).unwrap().halt.is_some();
    run(&home, home.set_halt(None, Some(&halt))).unwrap();
    pair.advance(DELAY);
    assert!(halted(&pair.standby()));
    run(&home, home.set_halt(None, None)).unwrap();
    pair.advance(DELAY);
    assert!(!halted(&pair.standby()));
}

#[test]
fn a_condition_holds_in_one_replica_only_and_the_last_writer_wins() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    point(&standby, &pointer(&pair, 1, "first")).unwrap();
    assert!(matches!(point(&standby, &pointer(&pair, 1, "late")), Err(LedgerError::Conflict { .. })));
    pair.advance(seconds(1));
    point(&home, &pointer(&pair, 1, "second")).unwrap();
    pair.advance(seconds(1));
    assert_eq!((by(&home).as_deref(), by(&standby).as_deref()), (Some("second"), Some("first")));
    pair.advance(seconds(1));
    assert_eq!((by(&home).as_deref(), by(&standby).as_deref()), (Some("second"), Some("second")));
}

#[test]
fn two_writes_of_one_moment_end_the_same_in_both_regions() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    point(&home, &pointer(&pair, 1, "home")).unwrap();
    point(&standby, &pointer(&pair, 1, "standby")).unwrap();
    pair.advance(DELAY);
    assert!(by(&home).is_some() && by(&home) == by(&standby));
}

#[test]
fn what_comes_late_does_not_undo_what_was_written_later() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    point(&home, &pointer(&pair, 1, "early")).unwrap();
    pair.set_delay(Duration::ZERO, Duration::ZERO);
    pair.advance(seconds(1));
    point(&home, &pointer(&pair, 2, "late")).unwrap();
    assert_eq!(by(&standby).as_deref(), Some("late"), "what was sent later overtakes");
    pair.advance(seconds(60));
    assert_eq!(by(&standby).as_deref(), Some("late"));
}

#[test]
fn items_overtake_each_other_when_their_time_varies() {
    let order = |seed| {
        let home = SimRegion::builder().seed(seed);
        let pair = SimPair::builder("us-west-2", "us-west-1").home(home).jitter(seconds(30)).build();
        let sim = pair.home();
        let beat = Heartbeat { at: pair.now(), epoch: 1, heard: None, granted: None, switches: [].into() };
        point(&sim, &pointer(&pair, 1, "a")).unwrap();
        run(&sim, sim.beat(&fleet(), pair.home_region(), &beat)).unwrap();
        loop {
            pair.advance(Duration::from_millis(1));
            let seen = pair.standby().remembered_of(&fleet()).unwrap();
            if seen.pointer.is_some() || !seen.heartbeats.is_empty() {
                return seen.pointer.is_some();
            }
        }
    };
    let orders: Vec<bool> = (0..16).map(order).collect();
    assert!(orders.contains(&true) && orders.contains(&false), "{orders:?}");
    assert_eq!(orders, (0..16).map(order).collect::<Vec<_>>());
}

#[test]
fn a_partition_stops_replication_both_ways_until_it_is_healed() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    let beat = Heartbeat { at: pair.now(), epoch: 0, heard: None, granted: None, switches: [].into() };
    point(&standby, &pointer(&pair, 1, "before")).unwrap();
    pair.advance(seconds(1));
    pair.partition();
    run(&home, home.beat(&fleet(), pair.home_region(), &beat)).unwrap();
    pair.advance(seconds(3600));
    assert_eq!(by(&home), None, "what was on its way does not arrive either");
    assert!(standby.remembered_of(&fleet()).unwrap().heartbeats.is_empty());
    let peer = pair.peer(pair.standby_region());
    assert_eq!(run(&standby, peer.tasks_alive(&home_simulator())).unwrap(), 1, "calls are not cut");
    pair.heal();
    assert_eq!(by(&home), None);
    pair.advance(DELAY);
    assert_eq!(by(&home).as_deref(), Some("before"));
    assert_eq!(standby.remembered_of(&fleet()).unwrap().heartbeats.len(), 1);
}

#[test]
fn after_a_partition_the_last_writer_has_won_on_both_sides() {
    let pair = pair();
    let (home, standby) = (pair.home(), pair.standby());
    pair.partition();
    point(&home, &pointer(&pair, 1, "home")).unwrap();
    pair.advance(seconds(100));
    point(&standby, &pointer(&pair, 1, "standby")).unwrap();
    pair.advance(seconds(100));
    pair.heal();
    pair.advance(DELAY);
    assert_eq!((by(&home).as_deref(), by(&standby).as_deref()), (Some("standby"), Some("standby")));
}
