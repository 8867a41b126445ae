//! The section of one environment, at nine o'clock in New York.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{BlockerPolicy, Unblock};
use watchkeeper_domain::unblock::{Blocker, ItemAttribute, LockItem, LockStanding, UnblockMemory, judge};

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// Monday, 23 November 2026, 09:00 in New York.
pub(crate) const NOW: &str = "2026-11-23T14:00:00Z";

pub(crate) fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

pub(crate) fn section() -> Unblock {
    let section = serde_json::json!({
        "at": "09:00", "days": "mon-fri", "zone": "America/New_York",
        "limits": {"Ratio": {"projects": 3, "pull_requests": 5}},
        "blockers": blockers_json(),
        "report": {"bus": "clos-v2-event-bus", "source": "clos.daily-rhythm", "detail-type": "Daily Unblock Report"},
    });
    serde_json::from_value(section).unwrap()
}

pub(crate) fn blockers_json() -> serde_json::Value {
    serde_json::json!({
        "table": "clos-v2-ideas", "item": "idea_id", "since": "blocked_at", "status": "status", "finished": ["done"],
        "activity": "last_activity_at", "owner": "owner", "reason": "blocked_by", "stuck-after": "3d",
        "impediments-of": "7d", "tell-after": "24h", "escalate-after": "48h", "systemic": 3,
        "integrator": "integrator pod", "leadership": "leadership",
    })
}

pub(crate) fn blockers() -> BlockerPolicy {
    serde_json::from_value(blockers_json()).unwrap()
}

pub(crate) fn lock(expires: i64) -> LockItem {
    LockItem {
        pod: text("Ratio"),
        item: text("p-1"),
        lock_type: text("projects"),
        acquired_by: text("ada"),
        acquired_at: text("2026-11-01T09:00:00Z"),
        expires_at: ItemAttribute::Number((at(NOW).as_second() + expires).to_string()),
        released_at: ItemAttribute::Absent,
    }
}

pub(crate) fn judged(lock: &LockItem, status: Option<&str>) -> LockStanding {
    judge(lock, status, &UnblockMemory::default(), at(NOW))
}

pub(crate) fn blocker(item: &str, hours: i64) -> Blocker {
    let since = at(NOW) - SignedDuration::from_hours(hours);
    Blocker { item: item.to_owned(), owner: Some("grace".to_owned()), reason: format!("ticket {item}"), since }
}
