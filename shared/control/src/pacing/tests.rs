#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::ledger::memory::MemoryStore;
use crate::ports::{AwsError, Fault};

/// A clock whose sleeps pass at once, and count.
struct Manual(Cell<Timestamp>);

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        self.0.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get().saturating_add(duration).unwrap_or(Timestamp::MAX));
    }
}

fn manual() -> Manual {
    Manual(Cell::new(Timestamp::constant(1_795_000_000, 0)))
}

fn pacer() -> Pacer {
    Pacer::new(Region::new("us-east-1").unwrap())
}

fn done<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here has to be waited for"),
    }
}

/// The seconds that so many calls take, none of which is throttled.
fn seconds(pacer: &Pacer, store: &MemoryStore, clock: &Manual, layer: Layer, calls: usize) -> f64 {
    let start = clock.now();
    let pace = Pace { pacer, ledger: store, clock, layer };
    for left in (1..=calls).rev() {
        done(pace.slot(ApiBucket::EcsServiceWrite, left)).unwrap();
    }
    clock.now().duration_since(start).as_secs_f64()
}

#[test]
fn the_share_of_a_run_grows_with_its_urgency() {
    // ECS allows 50 at once and 5 a second: 500 writes take at least (500 - 50) / 5 = 90 s of the whole budget.
    for (layer, floor) in [(Layer::Schedule, 190.0), (Layer::Emergency, 101.1), (Layer::Failover, 90.0)] {
        let took = seconds(&pacer(), &MemoryStore::default(), &manual(), layer, 500);
        assert!(took >= floor && took <= floor * 1.035, "{layer}: {took} s");
    }
}

#[test]
fn functions_share_one_budget() {
    let (store, clock) = (MemoryStore::default(), manual());
    let functions: Vec<Pacer> = (0..8).map(|_| pacer()).collect();
    let took: f64 = functions.iter().map(|pacer| seconds(pacer, &store, &clock, Layer::Schedule, 60)).sum();
    assert!(took >= (480.0 - 25.0) / 2.5, "{took} s");
}

#[test]
fn a_grant_costs_one_read_and_one_write_of_the_ledger_for_many_calls() {
    let (store, clock, pacer) = (MemoryStore::default(), manual(), pacer());
    let pace = Pace { pacer: &pacer, ledger: &store, clock: &clock, layer: Layer::Schedule };
    (1..=10).rev().for_each(|left| _ = done(pace.slot(ApiBucket::EcsServiceRead, left)).unwrap());
    assert_eq!(store.calls.get(), 2, "ten calls describe a hundred services");
}

#[test]
fn slots_of_a_function_that_was_frozen_are_lost() {
    let (store, clock, pacer) = (MemoryStore::default(), manual(), pacer());
    let pace = Pace { pacer: &pacer, ledger: &store, clock: &clock, layer: Layer::Schedule };
    done(pace.slot(ApiBucket::EcsServiceWrite, 3)).unwrap();
    done(clock.sleep(Duration::from_mins(1)));
    let calls = store.calls.get();
    done(pace.slot(ApiBucket::EcsServiceWrite, 3)).unwrap();
    assert_eq!(store.calls.get(), calls + 2, "it asks again");
}

#[test]
fn a_throttled_call_of_one_function_slows_the_others() {
    let (store, clock) = (MemoryStore::default(), manual());
    let (one, other) = (pacer(), pacer());
    let pace = Pace { pacer: &one, ledger: &store, clock: &clock, layer: Layer::Schedule };
    let answer = Err::<(), _>(AwsError {
        operation: "UpdateService",
        subject: String::new(),
        fault: Fault::Throttled,
        source: None,
    });
    done(pace.learn(ApiBucket::EcsServiceWrite, answer)).unwrap_err();
    let took = seconds(&other, &store, &clock, Layer::Schedule, 10);
    assert!(took > 6.0, "{took} s");
}

#[test]
fn without_the_ledger_a_function_goes_on_slowly_and_asks_again_later() {
    let (store, clock, pacer) = (MemoryStore::default(), manual(), pacer());
    store.silent.set(true);
    // An eighth of 5 a second.
    let took = seconds(&pacer, &store, &clock, Layer::Schedule, 9);
    assert!(took >= 12.0, "{took} s");
    assert_eq!(store.calls.get(), 1, "a ledger that hangs costs its time-out once");
    let took = seconds(&pacer, &store, &clock, Layer::Emergency, 9);
    assert!((6.0..8.0).contains(&took), "a guardrail of an emergency is read all the same: {took} s");
    store.silent.set(false);
    done(clock.sleep(Duration::from_mins(1)));
    let took = seconds(&pacer, &store, &clock, Layer::Schedule, 9);
    assert!(took < 1.0, "{took} s");
}

#[test]
fn who_finds_no_slot_in_time_is_told_as_aws_would() {
    let (store, clock, pacer) = (MemoryStore::default(), manual(), pacer());
    store.silent.set(true);
    let pace = Pace { pacer: &pacer, ledger: &store, clock: &clock, layer: Layer::Schedule };
    done(pace.slot(ApiBucket::EcsServiceWrite, 1)).unwrap();
    let error = AwsError::from(Crowded(ApiBucket::EcsServiceWrite));
    assert_eq!(error.fault, Fault::Throttled);
    assert!(error.to_string().contains("ecs-service-write"), "{error}");
}
