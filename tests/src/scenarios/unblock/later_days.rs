//! What comes after a morning.

use jiff::SignedDuration;
use serde_json::Value;
use serde_json::json;

use super::UnblockHarness;
use super::stuck::{Morning, OLD, OLDEST, next_due};
use crate::scenarios::{Played, later};

/// The ticks of a morning are lost for hours: its run is made up for, once. What is resolved by then is withdrawn, once, and what
/// is blocked anew begins anew.
pub async fn a_morning_that_is_missed(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    let parts = morning.parts();
    morning.fill(harness).await?;
    let run = harness.unblock(&harness.input(json!({}))).await?;
    harness.check("what is blocked is told of", run.succeeded, run.says.clone());
    morning.forgotten(harness).await?;

    if let Ok(blockers) = parts.blockers {
        harness.remove_item(blockers, OLDEST).await?;
        let waits = (blockers.tell_after.signed() + blockers.escalate_after.signed()) / 2;
        let anew = later(next_due(&morning.section, morning.due), -waits);
        harness.put_item(blockers, &Morning::blocked(OLD, anew)).await?;
    }
    let lost_until = later(next_due(&morning.section, morning.due), SignedDuration::from_hours(3));
    let made = harness.unblock_tick(lost_until).await?;
    let once = made.len() == 1 && made.iter().all(|run| run.succeeded);
    harness.check("after three hours without a tick the run is made up for", once, format!("{made:?}"));
    let again = harness.unblock_tick(later(lost_until, SignedDuration::from_mins(5))).await?;
    harness.check("once", again.is_empty(), format!("{} executions more", again.len()));
    let (Ok(report), true) = (parts.bus, parts.blockers.is_ok()) else { return Ok(()) };

    let events = harness.heard(report, 3).await?;
    let about = |kind: &str, item: &str| -> Vec<Value> {
        let ours = events.iter().filter(|event| event["detail-type"] == kind && event["detail"]["item"] == item);
        ours.map(|event| event["detail"]["level"].clone()).collect()
    };
    let withdrawn = about("Blocker Resolved", OLDEST).len();
    harness.check("what is resolved is withdrawn", withdrawn == 1, format!("{withdrawn} events"));
    let (resolved, levels) = (about("Blocker Resolved", OLD).len(), about("Blocker Escalated", OLD));
    let anew = resolved == 0 && levels == ["owner"];
    harness.check("what is blocked anew is escalated anew", anew, format!("{levels:?}, {resolved} withdrawn"));
    harness.unblock(&harness.input(json!({}))).await?;
    let events = harness.heard(report, 1).await?;
    let more = events.iter().filter(|event| event["detail-type"] == "Blocker Resolved").count();
    harness.check("nothing is withdrawn twice", more == 0, format!("{more} events"));
    Ok(())
}
