//! What waits for somebody, how long, and who hears of it when.

use jiff::SignedDuration;
use watchkeeper_domain::unblock::{
    Blocker, BlockerItem, EscalationLevel, ItemAttribute, UnblockMemory, escalate, look,
};

use super::scene::{NOW, at, blocker, blockers, text};

fn item(reason: ItemAttribute, since: ItemAttribute, activity: &str, status: &str) -> BlockerItem {
    BlockerItem {
        item: text("idea-1"),
        activity: text(activity),
        since,
        owner: text("grace"),
        reason,
        status: text(status),
    }
}

#[test]
fn an_item_waits_since_it_is_blocked_or_since_it_was_touched_last() {
    let since = text("2026-11-22T08:00:00Z");
    let waits = look(&item(text("legal"), since, "2026-11-23T13:00:00Z", "open"), &blockers(), at(NOW));
    assert_eq!(waits.blocker.unwrap().since, at("2026-11-22T08:00:00Z"));
    let unsaid =
        look(&item(text("legal"), ItemAttribute::Absent, "2026-11-23T13:00:00Z", "open"), &blockers(), at(NOW));
    assert_eq!(unsaid.blocker.unwrap().since, at("2026-11-23T13:00:00Z"));
    let nobody_knows = look(&item(text("legal"), text("soon"), "later", "open"), &blockers(), at(NOW));
    assert!(nobody_knows.malformed.unwrap().contains("\"soon\""));
}

#[test]
fn an_item_that_nobody_touches_for_three_days_is_stuck_unless_it_is_finished() {
    let untouched = |days: i64, status: &str| {
        let touched = at(NOW) - SignedDuration::from_hours(24 * days);
        look(&item(ItemAttribute::Absent, ItemAttribute::Absent, &touched.to_string(), status), &blockers(), at(NOW))
            .stuck
    };
    assert!(untouched(3, "open").is_some());
    assert!(untouched(2, "open").is_none());
    assert!(untouched(30, "done").is_none());
}

fn told(memory: &mut UnblockMemory, all: &[Blocker], complete: bool) -> (Vec<(String, EscalationLevel)>, Vec<String>) {
    let news = escalate(memory, all, complete, &blockers(), at(NOW));
    let escalated = news.escalated.into_iter().map(|it| (it.blocker.item, it.level)).collect();
    (escalated, news.withdrawn.into_iter().map(|it| it.item).collect())
}

#[test]
fn each_level_is_told_once_and_taken_back_when_it_is_over() {
    let mut memory = UnblockMemory::default();
    let first = [blocker("a", 10), blocker("b", 24), blocker("c", 48)];
    let (escalated, _) = told(&mut memory, &first, true);
    let expected = [("c", EscalationLevel::Owner), ("c", EscalationLevel::Leadership), ("b", EscalationLevel::Owner)];
    assert_eq!(escalated, expected.map(|(item, level)| (item.to_owned(), level)));
    assert_eq!(told(&mut memory, &first, true), (vec![], vec![]));
    // Half of the table was read: what was not seen may be there still.
    assert_eq!(told(&mut memory, &[], false), (vec![], vec![]));
    let later = [Blocker { since: first[1].since, ..blocker("b", 0) }];
    assert_eq!(told(&mut memory, &later, true), (vec![], vec!["c".to_owned()]));
    assert_eq!(told(&mut memory, &[], true), (vec![], vec!["b".to_owned()]));
    assert_eq!(memory, UnblockMemory::default());
}

#[test]
fn reasons_that_differ_in_numbers_only_are_alike() {
    let pattern = |reason: &str| Blocker { reason: reason.to_owned(), ..blocker("x", 1) }.pattern();
    assert_eq!(pattern("Review by Legal (#12)"), pattern("review by legal #7!"));
    assert_eq!(pattern("Waiting for ACME-1, ACME-22"), "waiting for acme # acme #");
    assert_ne!(pattern("review by legal"), pattern("review by security"));
}
