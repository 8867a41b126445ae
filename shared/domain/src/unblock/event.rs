//! The report as an event for programs, and the events beside it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Escalation, EscalationWithdrawal, PreviousFigures, UnblockRecord, undo_input};
use crate::estate::Unblock;
use crate::name::Scope;

/// How many entries of a list an event carries: with the longest texts that are kept, it stays far below the 256 KiB of
/// an event (EventBridge quotas).
pub const LISTED: usize = 50;

/// The event about a run. The fields before `watchkeeper` are those that listeners of the estate's own daily rhythm know.
pub fn detail(scope: &Scope, record: &UnblockRecord, section: Option<&Unblock>, now: Timestamp) -> Value {
    let figures = record.figures();
    let window = section.and_then(|section| section.blockers.as_ref()).map(|blockers| blockers.impediments_of.signed());
    let recent = |since: Timestamp| window.is_none_or(|window| now.duration_since(since) <= window);
    let impediments: Vec<Value> = record
        .blockers
        .iter()
        .filter(|blocker| recent(blocker.since))
        .map(|blocker| {
            json!({
                "id": blocker.item, "action": "blocked", "details": blocker.reason,
                "created_at": blocker.since, "user_name": blocker.owner, "project_name": blocker.item,
            })
        })
        .collect();
    let stuck = record.stuck.iter().take(LISTED).map(|stuck| {
        json!({
            "id": stuck.item, "name": stuck.item, "last_updated": stuck.activity, "lead_name": stuck.owner,
            "days_blocked": now.duration_since(stuck.activity).as_hours() / 24,
        })
    });
    let violations =
        record.violations.iter().take(LISTED).map(
            |it| json!({ "pod_id": it.pod, "item_type": it.lock_type, "current_count": it.held, "limit": it.limit }),
        );
    json!({
        "date": now,
        "type": "daily_unblock",
        "summary": {
            "blocked_items_count": figures.stuck,
            "impediments_count": impediments.len(),
            "wip_violations_count": figures.violations,
        },
        "blocked_items": stuck.collect::<Vec<_>>(),
        "impediments": impediments.iter().take(LISTED).collect::<Vec<_>>(),
        "wip_violations": violations.collect::<Vec<_>>(),
        "action_required": needs_a_person(record),
        "watchkeeper": own(scope, record, &figures, now),
    })
}

fn own(scope: &Scope, record: &UnblockRecord, figures: &PreviousFigures, now: Timestamp) -> Value {
    let blockers = record.blockers.iter().take(LISTED).map(|blocker| {
        json!({
            "item": blocker.item, "owner": blocker.owner, "reason": blocker.reason, "since": blocker.since,
            "hours": now.duration_since(blocker.since).as_hours(),
        })
    });
    let findings: Vec<_> = record.findings.oldest_first().into_iter().take(LISTED).collect();
    let news = record.news.as_ref();
    json!({
        "estate": scope.estate,
        "environment": scope.environment,
        "region": scope.region,
        "run": record.header.id,
        "trigger": record.header.trigger,
        "mode": record.mode,
        "held_back": record.held_back,
        "instant": record.instant,
        "outcome": record.end.map(|(end, _)| end),
        "done": record.done(),
        "locks": record.locks,
        "queues": record.queues.iter().take(LISTED).collect::<Vec<_>>(),
        "own": record.own,
        "freed": record.freed.iter().take(LISTED).collect::<Vec<_>>(),
        "blockers": blockers.collect::<Vec<_>>(),
        "patterns": news.map(|news| news.patterns.iter().take(LISTED).collect::<Vec<_>>()),
        "escalated": news.map_or(0, |news| news.escalated.len()),
        "withdrawn": news.map_or(0, |news| news.withdrawn.len()),
        "findings": findings,
        "findings_more": record.findings.count() as usize - findings.len(),
        "figures": figures,
        "before": record.before,
        "undo": (record.locks.released > 0 && record.applies()).then(|| undo_input(scope, &record.header.id)),
    })
}

/// The event about capacity that was freed.
pub fn freed_capacity(scope: &Scope, record: &UnblockRecord, section: &Unblock) -> Value {
    let freed = record.freed.iter().take(LISTED).map(|freed| {
        let limit = super::limits::limit(section, &freed.pod, &freed.lock_type);
        json!({
            "pod_id": freed.pod, "item_type": freed.lock_type, "released": freed.locks,
            "current_count": limit.map(|_| record.held.of(&freed.pod, &freed.lock_type)), "limit": limit,
        })
    });
    json!({
        "estate": scope.estate, "environment": scope.environment, "run": record.header.id,
        "released": record.locks.released, "freed": freed.collect::<Vec<_>>(),
    })
}

/// The event about an item that somebody has to hear of, or has to hear no more of.
pub fn escalated(scope: &Scope, run: &str, news: Result<&Escalation, &EscalationWithdrawal>) -> Value {
    let mut event = json!({ "estate": scope.estate, "environment": scope.environment, "run": run });
    let more = match news {
        Ok(escalation) => json!(escalation),
        Err(withdrawal) => json!(withdrawal),
    };
    if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
        event.extend(more);
    }
    event
}

/// Whether a person has something to do.
fn needs_a_person(record: &UnblockRecord) -> bool {
    record.findings.count() > 0
        || !record.violations.is_empty()
        || !record.stuck.is_empty()
        || !record.blockers.is_empty()
}
