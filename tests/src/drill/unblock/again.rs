//! Later: the tick again, a run by hand the same day, an undo, and the next morning.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::unblock::{ItemAttribute, UnblockHour};

use super::morning::{memory, record};
use super::scene::{OLDEST, UnblockScene, later};
use crate::drill::scene::SandboxScene;
use crate::harness::HarnessError;

/// What the morning released.
const RELEASED: &str = "expired-an-hour-ago";

/// The rest of the day, and the next one.
pub(super) async fn play(drill: &mut SandboxScene<'_>, scene: &UnblockScene) -> Result<(), HarnessError> {
    let Some(done) = memory(drill).await?.done else {
        drill.check("the morning's run is remembered", false, "it is not");
        return Ok(());
    };
    let before = scene.released().await?;
    let again = drill.stack.unblock_tick(later(done, SignedDuration::from_mins(5)), &drill.scope).await?;
    drill.check("the next tick starts nothing", again.is_empty(), format!("{} executions", again.len()));

    let run = drill.unblock("once more by hand, the same day", json!({})).await?;
    let second = record(drill, &run.name).await?;
    let news = second.news.clone().unwrap_or_default();
    let quiet = second.done().is_empty() && news.escalated.is_empty() && news.withdrawn.is_empty();
    drill.check("a second run the same day frees nothing", quiet && run.succeeded, run.says());
    let after = scene.released().await?;
    let events = scene.heard().await?;
    let escalated = events.iter().filter(|event| event["detail-type"] == "Blocker Escalated").count();
    drill.check("and escalates nothing again", escalated == 0 && after == before, format!("{escalated} escalations"));

    if scene.locks.is_some() {
        undone(drill, scene, done).await?;
    }
    tomorrow(drill, scene, done).await
}

/// A person takes one release back.
async fn undone(drill: &mut SandboxScene<'_>, scene: &UnblockScene, done: Timestamp) -> Result<(), HarnessError> {
    let id = done.strftime("unblock-%Y%m%dT%H%M%SZ").to_string();
    let undo = json!({ "undo": id, "lock": format!("drill/{RELEASED}") });
    let undone = drill.unblock("one release is undone", undo).await?;
    let lock = scene.lock_now(&scene.lock(RELEASED, 0)).await?;
    let held = lock.is_some_and(|lock| lock.released_at == ItemAttribute::Absent);
    drill.check("it is held again, as it was", held && undone.succeeded, undone.says());
    Ok(())
}

/// The next run that is due is missed, and made up for.
async fn tomorrow(drill: &mut SandboxScene<'_>, scene: &UnblockScene, done: Timestamp) -> Result<(), HarnessError> {
    if let Some(blockers) = &scene.blockers {
        scene.fixtures.remove_item(blockers, OLDEST).await?;
        drill.prepare(&format!("{OLDEST} is resolved")).await?;
    }
    let hour = UnblockHour::of(&scene.section);
    let days = (1..=8).map(|day| later(done, SignedDuration::from_hours(24 * day + 2)));
    let next = days.filter_map(|day| hour.last_due(day)).find(|due| *due > done).unwrap_or(done);
    // The tick that was due is lost, and so are those of the hours after it.
    let late = later(next, SignedDuration::from_hours(3));
    let ended = drill.stack.unblock_tick(late, &drill.scope).await?;
    let detail = format!("{} execution, three hours late", ended.len());
    drill.check("after an outage the run is made up for, once", ended.len() == 1 && ended[0].succeeded, detail);
    let again = drill.stack.unblock_tick(later(late, SignedDuration::from_mins(5)), &drill.scope).await?;
    drill.check("and not twice", again.is_empty(), format!("{} executions more", again.len()));
    let events = scene.heard().await?;
    if scene.blockers.is_some() && scene.bus.is_some() {
        let resolved: Vec<_> = events.iter().filter(|event| event["detail-type"] == "Blocker Resolved").collect();
        let withdrawn = resolved.len() == 1 && resolved[0]["detail"]["item"] == OLDEST;
        drill.check("what is resolved is withdrawn", withdrawn, format!("{} event", resolved.len()));
    }
    if scene.locks.is_some() {
        let lock = scene.lock_now(&scene.lock(RELEASED, 0)).await?;
        let still = lock.is_some_and(|lock| lock.released_at == ItemAttribute::Absent);
        drill.check("what a person took back is left alone", still, RELEASED);
    }
    Ok(())
}
