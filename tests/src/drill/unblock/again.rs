//! Later: the tick again, a run by hand the same day, an undo, and the next morning.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::unblock::{ItemAttribute, UnblockHour};

use super::morning::{memory, record};
use super::scene::{UnblockScene, later};
use crate::drill::step::DrillStep;
use crate::harness::StageError;

/// What the morning released.
const RELEASED: &str = "expired-an-hour-ago";

/// The rest of the day, and the next one.
pub(super) async fn play(act: &mut DrillStep<'_>, scene: &UnblockScene) -> Result<(), StageError> {
    let Some(done) = memory(act).await?.done else {
        act.check("the morning's run is remembered", false, "it is not");
        return Ok(());
    };
    let bus = scene.bus.bus.as_str();
    let before = scene.yard.released(&scene.locks).await?;
    let again = act.stack.unblock_tick(later(done, SignedDuration::from_mins(5)), &act.scope).await?;
    act.check("the next tick starts nothing", again.is_empty(), format!("{} executions", again.len()));

    let run = act.unblock("once more by hand, the same day", json!({})).await?;
    let second = record(act, &run.name).await?;
    let news = second.news.clone().unwrap_or_default();
    let quiet = second.done().is_empty() && news.escalated.is_empty() && news.withdrawn.is_empty();
    act.check("a second run the same day frees nothing", quiet && run.succeeded, run.says());
    let after = scene.yard.released(&scene.locks).await?;
    let events = scene.yard.heard(bus).await?;
    let escalated = events.iter().filter(|event| event["detail-type"] == "Blocker Escalated").count();
    act.check("and escalates nothing again", escalated == 0 && after == before, format!("{escalated} escalations"));

    let id = done.strftime("unblock-%Y%m%dT%H%M%SZ").to_string();
    let undo = json!({ "undo": id, "lock": format!("drill/{RELEASED}") });
    let undone = act.unblock("one release is undone", undo).await?;
    let lock = scene.yard.lock(&scene.locks, &scene.lock(RELEASED, 0)).await?;
    let held = lock.is_some_and(|lock| lock.released_at == ItemAttribute::Absent);
    act.check("it is held again, as it was", held && undone.succeeded, undone.says());

    scene.yard.remove_item(&scene.blockers, "blocked-60h").await?;
    act.prepare("blocked-60h is resolved").await?;
    let hour = UnblockHour::of(&scene.section);
    let days = (1..=8).map(|day| later(done, SignedDuration::from_hours(24 * day + 2)));
    let next = days.filter_map(|day| hour.last_due(day)).find(|due| *due > done).unwrap_or(done);
    // The tick that was due is lost, and so are those of the hours after it.
    let late = later(next, SignedDuration::from_hours(3));
    let ended = act.stack.unblock_tick(late, &act.scope).await?;
    let detail = format!("{} execution, three hours late", ended.len());
    act.check("after an outage the run is made up for, once", ended.len() == 1 && ended[0].succeeded, detail);
    let again = act.stack.unblock_tick(later(late, SignedDuration::from_mins(5)), &act.scope).await?;
    act.check("and not twice", again.is_empty(), format!("{} executions more", again.len()));
    let events = scene.yard.heard(bus).await?;
    let resolved: Vec<_> = events.iter().filter(|event| event["detail-type"] == "Blocker Resolved").collect();
    let withdrawn = resolved.len() == 1 && resolved[0]["detail"]["item"] == "blocked-60h";
    act.check("what is resolved is withdrawn", withdrawn, format!("{} event", resolved.len()));
    let lock = scene.yard.lock(&scene.locks, &scene.lock(RELEASED, 0)).await?;
    let still = lock.is_some_and(|lock| lock.released_at == ItemAttribute::Absent);
    act.check("what a person took back is left alone", still, RELEASED);
    Ok(())
}
