//! Drills of an Aurora cluster that ask a task of the estate's own: what each end of it proves, and that nothing stays, with a
//! fault of every kind at every call.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::SignedDuration;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::{RestoreCheck, RestoreEvidence};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, CheckBehavior, FaultPlan, Operation, SimRegion, aurora, store};

use crate::backup_faults::{estates, shop};
use crate::backups::source;
use crate::scene::{at, outcomes};

const CLUSTER: &str = "aurora:shop-db";
const SCRATCH: &str = "shop-db-drill";

const DOCUMENT: &str = "
estate: shop
environments:
  prod:
    kind: production
    regions: { primary: us-east-1 }
    databases: [{ aurora: shop-db }]
    backups:
      zone: Etc/UTC
      jobs:
        - aurora: shop-db
          schedule: { at: \"03:00\" }
          retention: { daily: 3 }
          drill:
            every: 90d
            check: { task-definition: shop-check, cluster: shop, command: [check, --deep], within: 10m }
";

static SHOP: LazyLock<EstateFolder> = LazyLock::new(|| estates(DOCUMENT));

/// A backup is there, no drill has been, and the task of its check will behave like this.
fn backed_up(takes: u64, code: i32) -> InMemoryHarness {
    let sim = SimRegion::builder().at("2026-11-20T02:00:00Z").with(aurora("shop-db")).build();
    sim.put_store(store(CLUSTER));
    sim.backups_take(Duration::from_secs(90));
    let says = vec!["looking at orders".to_owned(), "rows: 5".to_owned()];
    sim.checks_behave(CheckBehavior { takes: Duration::from_secs(takes), code, says });
    let mut harness = InMemoryHarness::over(sim, SHOP.clone(), "us-east-1");
    harness.backup_tick(at("2026-11-20T03:00:00Z"));
    harness
}

fn drilled(harness: &InMemoryHarness) -> Option<RestoreEvidence> {
    harness.backup_memory(&shop(), &source(CLUSTER)).drilled
}

/// The drill, how it ended, and what its task was found to prove. Nothing of it is left.
fn drill(harness: &mut InMemoryHarness, outcome: &str) -> (RestoreEvidence, RestoreCheck) {
    assert_eq!(outcomes(&harness.backup_tick(at("2026-11-20T03:15:00Z"))), [outcome]);
    let evidence = drilled(harness).unwrap();
    let check = evidence.checks.iter().find(|check| check.name == "check task").unwrap().clone();
    assert_eq!(harness.sim.restored(), Vec::<String>::new());
    assert_eq!(harness.sim.running_checks(), Vec::<String>::new());
    assert_eq!(harness.sim.check_tasks().len(), 1);
    let count = |operation| harness.sim.calls().iter().filter(|call| call.operation == operation).count();
    assert_eq!((count(Operation::AddInstance), count(Operation::RemoveInstance)), (1, 1));
    (evidence, check)
}

#[test]
fn a_check_that_ends_with_0_proves_the_drill_with_what_it_was_told_and_what_it_said() {
    let mut harness = backed_up(40, 0);
    let (evidence, check) = drill(&mut harness, "passed");
    assert!(evidence.ok && check.ok == Some(true), "{evidence:?}");
    assert_eq!(check.log, ["looking at orders", "rows: 5"]);
    let told = &harness.sim.check_tasks()[0].told;
    assert_eq!(*told, (SCRATCH.to_owned(), Some(format!("{SCRATCH}.sim")), Some(5432)));
    // Restored, and with an instance: before that nobody can use it.
    assert!((180..500).contains(&evidence.rto_seconds.unwrap()), "{evidence:?}");
    let compared = evidence.compared.unwrap();
    assert!(compared.starts_with("aurora:shop-db as it was at ") && compared.ends_with("the check task"), "{compared}");
    let message = harness.sim.messages().pop().unwrap();
    for said in ["- ok check task: exit code 0 after", "    rows: 5", "Compared with: aurora:shop-db"] {
        assert!(message.text.contains(said), "{said}: {}", message.text);
    }
}

#[test]
fn a_check_that_ends_with_another_code_fails_the_drill_with_the_code() {
    let mut harness = backed_up(40, 3);
    let (evidence, check) = drill(&mut harness, "Restore.Failed");
    assert!(!evidence.ok && check.ok == Some(false), "{evidence:?}");
    assert!(check.detail.starts_with("exit code 3 after"), "{}", check.detail);
    assert_eq!(check.log.last().unwrap(), "rows: 5");
    assert!(harness.sim.messages().pop().unwrap().subject.ends_with("FAILED"));
}

#[test]
fn a_check_that_is_not_over_in_its_time_is_stopped_and_fails_the_drill() {
    let mut harness = backed_up(3600, 0);
    let (evidence, check) = drill(&mut harness, "Restore.Failed");
    assert!(!evidence.ok && check.detail.starts_with("not over after 600 s, and stopped"), "{evidence:?}");
    let stops = harness.sim.calls().iter().filter(|call| call.operation == Operation::StopCheck).count();
    assert_eq!(stops, 1);
}

#[test]
fn what_a_person_restores_gets_no_instance_and_no_check() {
    let mut harness = backed_up(40, 0);
    harness.backup_tick(at("2026-11-20T03:15:00Z"));
    let before = harness.sim.check_tasks().len();
    let input = serde_json::json!({
        "estate": "shop", "environment": "prod", "resource": CLUSTER, "into": "shop-db-restored"
    });
    assert_eq!(harness.restore_execution("by-hand", &input).outcome(), "passed");
    assert_eq!(harness.sim.restored(), ["shop-db-restored"]);
    assert_eq!(harness.sim.check_tasks().len(), before);
}

/// A drill with a fault at its `k`-th call, and what follows by itself. Tells whether there was such a call.
fn drill_with(k: u64, trouble: CallTrouble) -> bool {
    let mut harness = backed_up(40, 0);
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
    assert_eq!(harness.sim.running_checks(), Vec::<String>::new(), "{context}: a task was left");
    let evidence = drilled(&harness);
    assert!(evidence.as_ref().is_some_and(|evidence| evidence.ok), "{context}: {evidence:?}");
    assert_eq!(harness.backup_memory(&shop(), &source(CLUSTER)).restore, None, "{context}");
    // Whatever became of an answer, a drill has had one task.
    assert!(harness.sim.check_tasks().len() <= 2, "{context}: {:?}", harness.sim.check_tasks());
    struck
}

const MANY: u64 = 1_000;

macro_rules! every_fault {
    ($($name:ident: $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            let calls = (0..MANY).take_while(|k| drill_with(*k, CallTrouble::$trouble)).count();
            assert!((40..usize::try_from(MANY).unwrap()).contains(&calls), "{calls} calls were struck");
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_a_checked_drill_leaves_nothing: CrashBefore;
    a_crash_after_any_call_of_a_checked_drill_leaves_nothing: CrashAfter;
    a_throttle_at_any_call_of_a_checked_drill_leaves_nothing: Throttle;
    an_error_at_any_call_of_a_checked_drill_leaves_nothing: Error;
    a_time_out_before_any_effect_of_a_checked_drill_leaves_nothing: TimeoutBefore;
    a_time_out_after_any_effect_of_a_checked_drill_leaves_nothing: TimeoutAfter;
    a_denial_at_any_call_of_a_checked_drill_leaves_nothing: Denied;
}
