//! How long a whole environment takes, and how many calls: little more than its share of the budget makes necessary.

use watchkeeper_sim::{CallEnding, Operation, RecordedCall};

use crate::budget::crowd::{Crowd, Member};
use crate::budget::{evening, seconds};

/// Whether a call is about capacity, and not about the ledger, a message or an event.
fn asks_aws(call: &RecordedCall) -> bool {
    call.operation.writes_capacity()
        || call.operation.reads_capacity()
        || call.operation == Operation::DescribeScheduledActions
}

#[test]
fn two_hundred_services_sleep_within_three_percent_of_what_their_share_makes_necessary() {
    let mut crowd = Crowd::of(1, 200, evening());
    crowd.calendar(0, true);
    crowd.start(0, Member { warm: true, ..Member::default() });
    crowd.play();
    let calls = crowd.sim.calls();
    assert!(crowd.sim.capacity().services.values().all(|service| service.desired == 0));
    assert!(calls.iter().all(|call| call.ending == CallEnding::Answered), "nothing is throttled");
    // From the first write on: the looks before it have budgets of their own.
    let counts = calls.iter().filter(|call| call.operation == Operation::UpdateService).map(|call| seconds(call.at));
    let (first, last) = counts.fold((f64::MAX, 0.0_f64), |(first, last), at| (first.min(at), last.max(at)));
    let (took, floor) = (last - first, (200.0 - 25.0) / 2.5);
    assert!(first < 1.0, "{first} s");
    assert!(took <= floor * 1.03, "{took} s, and the floor is {floor} s");
    assert_eq!(crowd.sim.writes(), 400, "two writes a service");
    // One look before, one at what the second slice still has to write, and one each time that tasks are waited for: three.
    let asked = calls.iter().filter(|call| asks_aws(call)).count();
    assert!(asked <= 505, "{asked} calls");
}

#[test]
fn the_first_task_starts_after_the_first_writes_of_its_own_service() {
    let mut crowd = Crowd::of(1, 40, evening());
    crowd.start(0, Member { alarm: true, ..Member::default() });
    crowd.play();
    let calls = crowd.sim.calls();
    let writes: Vec<_> = calls.iter().filter(|call| call.operation.writes_capacity()).collect();
    let first = writes.iter().position(|call| call.operation == Operation::UpdateService).unwrap();
    assert!(first <= 1, "{first} writes before the first task starts");
    let last_bounds = writes.iter().rposition(|call| call.operation == Operation::RegisterScalableTarget).unwrap();
    assert!(first < last_bounds);
    assert!(crowd.sim.capacity().services.values().all(|service| service.desired == 4));
}

/// A look at all of them takes longer than a slice, and what is remembered of them has to fit into items of the ledger.
#[test]
fn five_thousand_services_sleep() {
    let mut crowd = Crowd::of(1, 5_000, evening());
    crowd.calendar(0, true);
    crowd.start(0, Member { warm: true, ..Member::default() });
    crowd.play();
    assert!(crowd.sim.capacity().services.values().all(|service| service.desired == 0));
    assert_eq!(crowd.sim.writes(), 10_000, "two writes a service");
}
