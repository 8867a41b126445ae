//! Which locks are left behind.

use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::unblock::{
    AbandonmentProof, HeldLocks, ItemAttribute, LockItem, LockStanding, UnblockMemory, judge,
};

use super::scene::{NOW, at, judged, lock, section, text};

#[rstest]
#[case::long_over(-86_400, true)]
#[case::over_for_the_grace(-60, true)]
#[case::within_the_grace(-59, false)]
#[case::now(0, false)]
#[case::later(1, false)]
fn a_lock_is_left_behind_once_it_has_run_out_for_a_minute(#[case] expires: i64, #[case] left: bool) {
    let standing = judged(&lock(expires), None);
    assert_eq!(matches!(standing, LockStanding::Left(_, AbandonmentProof::Expired)), left, "{standing:?}");
    assert_eq!(matches!(standing, LockStanding::Live(_)), !left, "{standing:?}");
}

#[test]
fn a_lock_of_a_finished_item_is_left_behind_and_a_released_one_is_nobodys() {
    assert!(
        matches!(judged(&lock(9000), Some("done")), LockStanding::Left(_, AbandonmentProof::Finished(status)) if status == "done")
    );
    let released = LockItem { released_at: text("2026-11-20T00:00:00Z"), ..lock(-9000) };
    assert_eq!(judged(&released, Some("done")), LockStanding::Released);
}

#[rstest]
#[case::text_for_seconds(LockItem { expires_at: text("tomorrow"), ..lock(0) }, "when it runs out: found \"tomorrow\"")]
#[case::milliseconds(LockItem { expires_at: ItemAttribute::Number("1795442400000".to_owned()), ..lock(0) }, "seconds of the epoch")]
#[case::a_fraction(LockItem { expires_at: ItemAttribute::Number("1795442400.5".to_owned()), ..lock(0) }, "seconds of the epoch")]
#[case::no_expiry(LockItem { expires_at: ItemAttribute::Absent, ..lock(0) }, "found nothing")]
#[case::nobody(LockItem { acquired_by: ItemAttribute::Absent, ..lock(0) }, "who took it")]
#[case::no_type(LockItem { lock_type: ItemAttribute::Other("map".to_owned()), ..lock(0) }, "a value of type map")]
#[case::no_date(LockItem { acquired_at: text("yesterday"), ..lock(0) }, "ISO 8601")]
#[case::backwards(LockItem { acquired_at: text("2027-01-01T00:00:00Z"), ..lock(0) }, "after it was taken")]
#[case::odd_release(LockItem { released_at: ItemAttribute::Number("1".to_owned()), ..lock(-9000) }, "when it was released")]
fn what_does_not_read_proves_nothing(#[case] lock: LockItem, #[case] says: &str) {
    for status in [None, Some("done")] {
        match judged(&lock, status) {
            LockStanding::Malformed(why) => assert!(why.contains(says), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_lock_that_a_person_took_back_is_kept_until_it_changes() {
    let mut memory = UnblockMemory::default();
    memory.keep(&lock(-9000));
    assert!(matches!(judge(&lock(-9000), None, &memory, at(NOW)), LockStanding::Kept(_)));
    assert!(matches!(judge(&lock(-8000), None, &memory, at(NOW)), LockStanding::Left(..)));
}

#[test]
fn only_what_is_limited_is_counted_and_the_worst_comes_first() {
    let (section, mut held) = (section(), HeldLocks::default());
    for (pod, kind, many) in [("Ratio", "projects", 4), ("Ratio", "pull_requests", 8), ("Other", "projects", 90)] {
        (0..many).for_each(|_| held.count(&section, pod, kind));
    }
    let found: Vec<_> = held.violations(&section).into_iter().map(|it| (it.lock_type, it.held, it.limit)).collect();
    assert_eq!(found, [("pull_requests".to_owned(), 8, 5), ("projects".to_owned(), 4, 3)]);
    assert_eq!(held.of("Other", "projects"), 0);
}

proptest! {
    /// Whatever a lock's attributes are, one that has not run out and whose item is not finished is never left behind.
    #[test]
    fn nothing_live_is_ever_left_behind(by in "[a-z]{0,5}", seconds in -200i64..200_000, kind in 0u8..4) {
        let expires_at = match kind {
            0 => ItemAttribute::Number((at(NOW).as_second() + seconds).to_string()),
            1 => text(&(at(NOW).as_second() + seconds).to_string()),
            2 => ItemAttribute::Absent,
            _ => ItemAttribute::Other("set".to_owned()),
        };
        let lock = LockItem { acquired_by: text(&by), expires_at, ..lock(0) };
        let left = matches!(judged(&lock, None), LockStanding::Left(..));
        prop_assert!(!left || (kind == 0 && seconds <= -60 && !by.is_empty()), "{lock:?}");
    }
}
