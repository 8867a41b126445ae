//! Restore drills, a person's restores, and a fault of every kind at every call of a drill.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::RestoreEvidence;
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness};
use watchkeeper_sim::{CallTrouble, FaultPlan, SimRegion, StoreSpec, store};

use crate::backup_faults::{estates, shop};
use crate::backups::source;
use crate::scene::{at, outcomes};

const TABLE: &str = "dynamodb:shop-orders";
const SCRATCH: &str = "shop-orders-drill";

const DOCUMENT: &str = "
estate: shop
environments:
  prod:
    kind: production
    regions: { primary: us-east-1 }
    backups:
      zone: Etc/UTC
      jobs:
        - dynamodb: shop-orders
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
          drill: { every: 90d, items-at-least: 10, items-at-most: 1000 }
";

static SHOP: LazyLock<EstateFolder> = LazyLock::new(|| estates(DOCUMENT));

/// A backup is there, and no drill has been.
pub(crate) fn backed_up() -> InMemoryHarness {
    backed_up_with(100)
}

/// The same, of a table with so many items.
fn backed_up_with(items: u64) -> InMemoryHarness {
    let sim = SimRegion::builder().at("2026-11-20T02:00:00Z").build();
    sim.put_store(StoreSpec { items, ..store(TABLE) });
    sim.backups_take(Duration::from_secs(90));
    let mut harness = InMemoryHarness::over(sim, SHOP.clone(), "us-east-1");
    harness.backup_tick(at("2026-11-20T03:00:00Z"));
    assert_eq!(harness.sim.vault().len(), 1);
    harness
}

pub(crate) fn drilled(harness: &InMemoryHarness) -> Option<RestoreEvidence> {
    harness.backup_memory(&shop(), &source(TABLE)).drilled
}

fn by_hand(mut input: Value) -> Value {
    input["estate"] = "shop".into();
    input["environment"] = "prod".into();
    input["resource"] = TABLE.into();
    input
}

#[test]
fn a_drill_restores_checks_measures_and_removes_and_comes_again_with_its_cadence() {
    let mut harness = backed_up();
    assert_eq!(outcomes(&harness.backup_tick(at("2026-11-20T03:15:00Z"))), ["passed"]);
    let evidence = drilled(&harness).unwrap();
    assert!(evidence.ok && evidence.checks.len() >= 2, "{evidence:?}");
    assert_eq!(evidence.reapplied, ["tags", "point-in-time recovery"]);
    assert!((90..200).contains(&evidence.rto_seconds.unwrap()), "{evidence:?}");
    assert!((15 * 60..20 * 60).contains(&evidence.rpo_seconds), "{evidence:?}");
    assert_eq!(harness.sim.restored(), Vec::<String>::new());
    let message = harness.sim.messages().pop().unwrap();
    assert_eq!(message.subject, "shop prod: restore drill of dynamodb:shop-orders passed");
    assert_eq!(harness.backup_look(at("2026-11-20T03:30:00Z")).environments[0].drill, None);
    // A backup that is due comes first, and the drill with a later tick.
    harness.backup_tick(at("2027-02-18T03:30:00Z"));
    let later = harness.backup_look(at("2027-02-18T04:00:00Z"));
    assert!(later.environments[0].drill.is_some(), "{later:?}");
}

#[test]
fn a_drill_with_too_few_items_fails_is_told_and_is_tried_again_the_next_day() {
    let mut harness = backed_up_with(3);
    assert_eq!(outcomes(&harness.backup_tick(at("2026-11-20T03:30:00Z"))), ["Restore.Failed"]);
    let evidence = drilled(&harness).unwrap();
    assert!(
        evidence.checks.iter().any(|check| check.ok == Some(false) && check.detail == "3, expected 10 to 1000"),
        "{evidence:?}"
    );
    assert!(harness.sim.messages().pop().unwrap().subject.ends_with("FAILED"));
    assert_eq!(harness.sim.restored(), Vec::<String>::new());
    let due =
        |harness: &mut InMemoryHarness, instant: Timestamp| harness.backup_look(instant).environments[0].drill.clone();
    let ended = evidence.at;
    assert_eq!(due(&mut harness, ended + SignedDuration::from_hours(23)), None);
    harness.backup_tick(ended + SignedDuration::from_hours(25));
    assert!(due(&mut harness, ended + SignedDuration::from_hours(26)).is_some());
}

#[test]
fn nothing_is_restored_over_what_exists_and_what_others_made_is_not_removed() {
    let harness = backed_up();
    harness.sim.make_foreign_target(SCRATCH);
    let refused = harness.restore_execution("drill", &by_hand(json!({})));
    assert!(matches!(refused, ExecutionEnd::Failed { .. }), "{refused:?}");
    let error = refused.said();
    assert!(error.contains("shop-orders-drill, which exists"), "{error}");
    let over = by_hand(json!({"into": "shop-orders"}));
    let refused = harness.restore_execution("over", &over);
    assert!(matches!(refused, ExecutionEnd::Failed { .. }), "{refused:?}");
    let error = refused.said();
    assert!(error.contains("into"), "{error}");
    assert_eq!(harness.sim.restored(), [SCRATCH]);
}

/// A drill with a fault at its `k`-th call, and what follows by itself. Tells whether there was such a call.
fn drill_with(k: u64, trouble: CallTrouble) -> bool {
    let mut harness = backed_up();
    let context = format!("{trouble:?} at call {k}");
    let index = harness.sim.calls_made() + k;
    harness.sim.set_faults(FaultPlan::none().at(index, trouble));
    harness.backup_tick(at("2026-11-20T03:15:00Z"));
    let struck = harness.sim.calls_made() > index;
    harness.sim.set_faults(FaultPlan::none());
    // A day later at the latest it has been tried again.
    for member in 1..=52 {
        let instant = at("2026-11-20T03:15:00Z") + SignedDuration::from_mins(30 * member);
        if instant >= harness.sim.now() {
            harness.backup_tick(instant);
        }
    }
    assert_eq!(harness.sim.restored(), Vec::<String>::new(), "{context}: something was left");
    assert!(drilled(&harness).is_some_and(|evidence| evidence.ok), "{context}: {:?}", drilled(&harness));
    let memory = harness.backup_memory(&shop(), &source(TABLE));
    assert_eq!(memory.restore, None, "{context}");
    // The copies that drills read are still there, and known.
    assert!(harness.sim.vault().iter().all(|copy| memory.known(&copy.region, &copy.id).is_some()), "{context}");
    struck
}

const MANY: u64 = 1_000;

fn every_call(trouble: CallTrouble) {
    let calls = (0..MANY).take_while(|k| drill_with(*k, trouble)).count();
    assert!((20..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            every_call(CallTrouble::$trouble);
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_a_drill_leaves_nothing: CrashBefore;
    a_crash_after_any_call_of_a_drill_leaves_nothing: CrashAfter;
    a_throttle_at_any_call_of_a_drill_leaves_nothing: Throttle;
    an_error_at_any_call_of_a_drill_leaves_nothing: Error;
    a_time_out_before_any_effect_of_a_drill_leaves_nothing: TimeoutBefore;
    a_time_out_after_any_effect_of_a_drill_leaves_nothing: TimeoutAfter;
    a_denial_at_any_call_of_a_drill_leaves_nothing: Denied;
}
