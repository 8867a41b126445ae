//! One tick goes round every part: a part that fails keeps no other from its turn, and what failed is told once.

use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation};

use crate::scene::{afternoon, evening, minutes};

#[test]
fn a_part_that_fails_keeps_no_other_from_its_turn() {
    let mut harness = afternoon();
    harness.sim.set_faults(FaultPlan::none().always(Operation::LedgerCommit, CallTrouble::Denied));
    harness.tick(evening());
    let told = |harness: &InMemoryHarness| {
        let messages = harness.sim.messages().into_iter();
        messages.filter(|message| message.subject == "us-east-1: Reconcile failed: FAILED").count()
    };
    assert_eq!(told(&harness), 0);
    // Delivered three times, for it fails three times: the calendars cannot be followed, and the failure is told once.
    harness.sim.set_faults(FaultPlan::none().always(Operation::LedgerLoad, CallTrouble::Denied));
    assert!(!harness.fire(&["schedule", "failures"], evening() + minutes(5)));
    assert_eq!(told(&harness), 1);
    harness.sim.set_faults(FaultPlan::none());
    assert!(harness.fire(&["failures"], evening() + minutes(15)));
    assert_eq!(told(&harness), 1);
}
