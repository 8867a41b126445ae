//! Faults on purpose, on every port: what the caller sees, and what has happened.
#![allow(clippy::unwrap_used)]

use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger, LedgerError, LedgerWrite};
use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{Clock, Fault};
use watchkeeper_domain::intent::{IntentKey, Layer};
use watchkeeper_sim::{
    CallEnding, CallTrouble, FaultPlan, Operation, SimRegion, TimingSettings, run_until_done_or_crash, scope, service,
};

fn lease(sim: &SimRegion, generation: u64) -> Lease {
    let now = sim.now();
    Lease { holder: "run".to_owned(), layer: Layer::Schedule, generation, usable: now, expires: now, at_work: false }
}

#[test]
fn each_trouble_shows_what_it_shows_and_does_what_it_does() {
    for trouble in CallTrouble::ALL {
        let spec = service("c/s").desired(1);
        let sim = SimRegion::builder().faults(FaultPlan::none().at(0, trouble)).with(spec.clone()).build();
        let begun = sim.now();
        let answer = run_until_done_or_crash(&sim, sim.set_count(&spec.id, 5));
        let seen = answer.map(|answer| answer.unwrap_err().fault);
        assert_eq!(seen, trouble.seen(), "{trouble:?}");
        let changed = sim.service(&spec.id).unwrap().capacity.desired == 5;
        assert_eq!(changed, trouble.has_effect(), "{trouble:?}");
        let timed_out = sim.now().duration_since(begun).unsigned_abs() == TimingSettings::default().time_out;
        assert_eq!(timed_out, matches!(trouble, CallTrouble::TimeoutBefore | CallTrouble::TimeoutAfter), "{trouble:?}");
        assert_eq!(sim.calls()[0].ending, CallEnding::Troubled(trouble));
    }
}

#[test]
fn a_crash_ends_the_process_and_not_the_world() {
    let spec = service("c/s").desired(1);
    let faults = FaultPlan::none().on(Operation::UpdateService, 2, CallTrouble::CrashAfter);
    let sim = SimRegion::builder().faults(faults).with(spec.clone()).build();
    let mut reached = 0;
    let process = async {
        for count in 2..9 {
            // Code that shrugs off every error still does not survive a crash.
            let _answer = sim.set_count(&spec.id, count).await;
            reached = count;
        }
    };
    assert_eq!(run_until_done_or_crash(&sim, process), None);
    assert_eq!((reached, sim.service(&spec.id).unwrap().capacity.desired), (2, 3));
    assert!(run_until_done_or_crash(&sim, sim.set_count(&spec.id, 7)).unwrap().is_ok());
    assert_eq!(sim.calls_made(), 3);
}

#[test]
fn the_ledger_fails_like_everything_else() {
    let scope = scope("clos-v2", "dev", "us-east-1");
    for trouble in CallTrouble::ALL {
        let faults = FaultPlan::none().on(Operation::LedgerCommit, 1, trouble);
        let sim = SimRegion::builder().faults(faults).build();
        let process = async {
            sim.take_lease(&scope, &lease(&sim, 1), 0).await.unwrap();
            sim.commit(&scope, 1, &[LedgerWrite::PutLease(lease(&sim, 1).prolonged(sim.now()))]).await
        };
        let seen = run_until_done_or_crash(&sim, process).map(|answer| match answer.unwrap_err() {
            LedgerError::Aws(error) => error.fault,
            other => panic!("{other}"),
        });
        assert_eq!(seen, trouble.seen(), "{trouble:?}");
        let prolonged = sim.remembered(&scope).unwrap().lease.unwrap().expires > sim.calls()[0].at;
        assert_eq!(prolonged, trouble.has_effect(), "{trouble:?}");
    }
}

#[test]
fn a_lease_that_was_taken_without_an_answer_is_taken() {
    let scope = scope("clos-v2", "dev", "us-east-1");
    let faults = FaultPlan::none().at(0, CallTrouble::TimeoutAfter);
    let sim = SimRegion::builder().faults(faults).build();
    let lease = lease(&sim, 1);
    let first = run_until_done_or_crash(&sim, sim.take_lease(&scope, &lease, 0)).unwrap();
    assert!(matches!(first, Err(LedgerError::Aws(error)) if error.fault == Fault::Unavailable));
    let second = run_until_done_or_crash(&sim, sim.take_lease(&scope, &lease, 0)).unwrap();
    assert!(matches!(second, Err(LedgerError::Conflict { .. })));
    assert_eq!(sim.remembered(&scope).unwrap().lease, Some(lease));
}

#[test]
fn a_transaction_takes_each_item_once_and_only_its_own_generation() {
    let scope = scope("clos-v2", "dev", "us-east-1");
    let sim = SimRegion::builder().build();
    let process = async {
        sim.take_lease(&scope, &lease(&sim, 1), 0).await.unwrap();
        let twice = [Layer::Override; 2].map(|layer| LedgerWrite::DropIntent(IntentKey::of(layer)));
        let stale = [LedgerWrite::PutLease(lease(&sim, 2))];
        (sim.commit(&scope, 1, &twice).await, sim.commit(&scope, 1, &stale).await)
    };
    let (twice, stale) = run_until_done_or_crash(&sim, process).unwrap();
    for answer in [twice, stale] {
        assert!(matches!(answer, Err(LedgerError::Aws(error)) if error.fault == Fault::Invalid));
    }
}

#[test]
fn a_spoiled_item_is_corrupt_by_its_name() {
    let scope = scope("clos-v2", "dev", "us-east-1");
    let sim = SimRegion::builder().build();
    sim.spoil_baseline(&scope);
    match run_until_done_or_crash(&sim, sim.load(&scope)).unwrap() {
        Err(LedgerError::Corrupt { item, .. }) => assert_eq!(item, "BASELINE"),
        other => panic!("{other:?}"),
    }
}

#[test]
#[should_panic(expected = "the future waits for something that the simulation does not give")]
fn waiting_for_something_else_is_an_error_of_the_test() {
    let sim = SimRegion::builder().build();
    run_until_done_or_crash(&sim, std::future::pending::<()>());
}
