//! The pointer: every change that may be, and every one that may not.

use watchkeeper_domain::failover::{MoveStage, Pointer, PointerError};

use crate::failover::scene::{DASHBOARD, FLEET, at, home, service, serving, standby};

fn begun() -> Pointer {
    Pointer::at_home(&home()).begin(&standby(), serving(), [].into(), "one", at(0)).unwrap()
}

#[test]
fn a_move_raises_the_epoch_once_and_the_revision_with_every_write() {
    let opened = begun().open("one", [service(FLEET)]).unwrap();
    let settled = opened.commit("one").unwrap().settle("one", at(60)).unwrap();
    assert_eq!((begun().epoch, begun().revision), (1, 1));
    assert_eq!((settled.epoch, settled.revision), (1, 4));
    assert_eq!((settled.active, settled.moving, settled.serving), (standby(), None, serving()));
}

#[test]
fn a_move_that_goes_back_is_an_epoch_of_its_own_and_leaves_nothing_open() {
    let back = begun().open("one", [service(FLEET)]).unwrap().turn_back("one").unwrap();
    assert!(back.moving.as_ref().unwrap().open.is_empty());
    let restored = back.restore("one", at(90)).unwrap();
    assert_eq!(back.epoch, 2, "what was settled before is no proof that it is closed");
    assert_eq!((restored.active, restored.epoch, restored.moving), (home(), 3, None));
    assert!(restored.serving.is_empty());
}

#[test]
fn of_two_executions_one_has_the_move_until_the_other_takes_it_over() {
    assert!(matches!(begun().begin(&standby(), serving(), [].into(), "two", at(1)), Err(PointerError::Moving { .. })));
    assert!(matches!(begun().open("two", [service(FLEET)]), Err(PointerError::NotThere(_))));
    let taken = begun().take_over("two").unwrap();
    assert!(taken.open("two", [service(DASHBOARD)]).is_ok());
    assert!(matches!(taken.commit("one"), Err(PointerError::NotThere(_))));
}

#[test]
fn past_the_point_of_no_return_nothing_goes_back_and_before_it_nothing_settles() {
    let committed = begun().commit("one").unwrap();
    assert!(matches!(committed.turn_back("one"), Err(PointerError::NotThere(_))));
    assert!(matches!(committed.open("one", [service(FLEET)]), Err(PointerError::NotThere(_))));
    assert!(matches!(begun().settle("one", at(1)), Err(PointerError::NotThere(_))));
    assert!(matches!(begun().restore("one", at(1)), Err(PointerError::NotThere(_))));
}

#[test]
fn a_region_that_serves_already_is_no_goal() {
    let error = Pointer::at_home(&home()).begin(&home(), serving(), [].into(), "one", at(0)).unwrap_err();
    assert_eq!(error.to_string(), "us-west-2 serves already");
}

#[test]
fn going_back_ends_only_once_it_has_turned_back() {
    let back = begun().turn_back("one").unwrap();
    assert_eq!(back.moving.as_ref().unwrap().stage, MoveStage::Back);
    assert!(matches!(back.commit("one"), Err(PointerError::NotThere(_))));
}
