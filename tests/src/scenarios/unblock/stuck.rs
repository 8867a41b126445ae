//! What is stuck on a morning: locks, items that wait, dead letters.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{LockSchema, Unblock};
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem, UnblockHour};

use super::UnblockHarness;
use super::needs::{self, UnblockParts};
use crate::scenarios::{Played, later};

/// Who holds what nobody has a limit for.
pub(super) const POD: &str = "drill";

/// Locks that a run frees, and how many hours before it they ran out.
pub(super) const LEFT: [(&str, i64); 2] = [("expired-an-hour-ago", -1), ("expired-for-days", -70)];
/// One of an item that is finished.
pub(super) const FINISHED: &str = "of-a-finished-item";
const LIVE: &str = "live";
const RENEWED: &str = "renewed-during-the-run";

/// An item that waits, and nobody has to hear of it yet.
pub(super) const YOUNG: &str = "blocked-lately";
/// One of which the owner hears.
pub(super) const OLD: &str = "blocked-for-long";
/// One of which leadership hears.
pub(super) const OLDEST: &str = "blocked-for-ever";

/// A morning of an environment, before anything is done on it.
#[derive(Debug, Clone)]
pub(super) struct Morning {
    /// The section of its document.
    pub(super) section: Unblock,
    /// When its run is due.
    pub(super) due: Timestamp,
}

impl Morning {
    /// Twenty minutes before the first run that is due in an hour or later, with nothing stuck.
    pub(super) async fn of(harness: &mut impl UnblockHarness) -> Played<Self> {
        let section = needs::section(harness.environment())?.clone();
        harness.build(&section).await?;
        let soon = later(harness.now().await?, SignedDuration::from_hours(1));
        let due = next_due(&section, later(soon, -SignedDuration::from_secs(1)));
        harness.at(later(due, SignedDuration::from_mins(-20))).await?;
        let morning = Self { section, due };
        morning.forgotten(harness).await?;
        Ok(morning)
    }

    /// Nobody remembers what was told and heard until now.
    pub(super) async fn forgotten(&self, harness: &mut impl UnblockHarness) -> Played {
        harness.told().await?;
        if let Some(report) = &self.section.report {
            harness.heard(report, 0).await?;
        }
        Ok(())
    }

    /// What of its section is played.
    pub(super) fn parts(&self) -> UnblockParts<'_> {
        UnblockParts::of(&self.section)
    }

    /// The id of the run that is due.
    pub(super) fn id(&self) -> String {
        self.due.strftime("unblock-%Y%m%dT%H%M%SZ").to_string()
    }

    /// A lock of a pod without limits that runs out so many hours after the run.
    pub(super) fn lock(&self, item: &str, hours: i64) -> LockItem {
        let expires = later(self.due, SignedDuration::from_hours(hours));
        LockItem {
            pod: text(POD),
            item: text(item),
            lock_type: text("projects"),
            acquired_by: text("ada"),
            acquired_at: text(&later(self.due, SignedDuration::from_hours(-300)).to_string()),
            expires_at: ItemAttribute::Number(expires.as_second().to_string()),
            released_at: ItemAttribute::Absent,
        }
    }

    /// The lock that is renewed while the run works, as it is then.
    pub(super) fn renewed(&self) -> LockItem {
        self.lock(RENEWED, 24)
    }

    /// Locks that a run leaves as they are: one that is held, one that is not written as it should be, one that is released.
    pub(super) fn kept(&self) -> [LockItem; 3] {
        let malformed = LockItem { expires_at: text("tomorrow"), ..self.lock("malformed", -90) };
        let released = LockItem { released_at: text("2026-01-01T00:00:00Z"), ..self.lock("released-before", -90) };
        [self.lock(LIVE, 40), malformed, released]
    }

    /// The items whose locks a run frees.
    pub(super) fn freed(schema: &LockSchema) -> Vec<&'static str> {
        let left = LEFT.iter().map(|(item, _)| *item);
        left.chain(schema.finished.as_ref().map(|_| FINISHED)).collect()
    }

    /// An item that has waited for so long before an instant.
    pub(super) fn blocked(item: &str, since: Timestamp) -> BlockerItem {
        let since = text(&since.to_string());
        BlockerItem {
            item: text(item),
            activity: since.clone(),
            since,
            owner: text("grace"),
            reason: text(&format!("the answer about {item}")),
            status: text("waits for an answer"),
        }
    }

    /// Everything is stuck that can be.
    pub(super) async fn fill(&self, harness: &mut impl UnblockHarness) -> Played {
        let parts = self.parts();
        if let Ok(schema) = parts.locks {
            self.leave_locks(harness, schema).await?;
        }
        if let Ok(blockers) = parts.blockers {
            let (tell, escalate) = (blockers.tell_after.signed(), blockers.escalate_after.signed());
            // Not yet long enough for anybody, for the owner, and for leadership.
            let waits = [(YOUNG, tell / 2), (OLD, (tell + escalate) / 2), (OLDEST, escalate + tell / 2)];
            for (item, waits) in waits {
                harness.put_item(blockers, &Self::blocked(item, later(self.due, -waits))).await?;
            }
        }
        if let Ok(queue) = parts.queue {
            for (body, returns) in [("new", None), ("came back", Some(1)), ("poison", Some(queue.poison()))] {
                harness.fail(queue, body, returns).await?;
            }
        }
        Ok(())
    }

    /// Locks of every kind.
    async fn leave_locks(&self, harness: &mut impl UnblockHarness, schema: &LockSchema) -> Played {
        let mut locks: Vec<LockItem> = LEFT.iter().map(|(item, hours)| self.lock(item, *hours)).collect();
        locks.push(self.lock(RENEWED, -1));
        locks.extend(self.kept());
        if let Ok((pod, kind, limit)) = self.parts().limit {
            let own =
                |n: u32| LockItem { pod: text(&pod), lock_type: text(&kind), ..self.lock(&format!("work-{n}"), 90) };
            locks.extend((0..=limit).map(own));
        }
        if let Some(finished) = &schema.finished {
            locks.push(self.lock(FINISHED, 40));
            let done = finished.values.first().map(ToString::to_string).unwrap_or_default();
            harness.put_status(finished, FINISHED, &done).await?;
        }
        Ok(harness.put_locks(schema, &locks).await?)
    }
}

/// The first run that is due after an instant.
pub(super) fn next_due(section: &Unblock, after: Timestamp) -> Timestamp {
    let hour = UnblockHour::of(section);
    // A week has a day of every name.
    let days = (0..=8).map(|day| later(after, SignedDuration::from_hours(24 * day)));
    days.filter_map(|day| hour.last_due(day)).find(|due| *due > after).unwrap_or(after)
}

pub(super) fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}
