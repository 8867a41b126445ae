//! What people ask for during a night.

use jiff::SignedDuration;
use serde_json::json;

use super::{TICK, is_asleep, long_night, sleeps, wakes};
use crate::scenarios::{Harness, Played, later, listed, parted};

/// A person keeps it awake in the evening, and that ends by itself.
pub async fn an_override_that_expires(harness: &mut impl Harness) -> Played {
    let night = long_night(harness).await?;
    let original = harness.capacity().await?;
    harness.at(later(night.evening, SignedDuration::from_mins(-30))).await?;
    let end = later(night.evening, SignedDuration::from_hours(2));
    let until = end.to_zoned(harness.environment().zone().rules().clone()).strftime("%Y-%m-%dT%H:%M").to_string();
    let run = harness.start(&harness.input(json!({ "want": "awake", "until": until, "reason": "release" }))).await?;
    harness.run_ended("a person keeps it awake", Some(&run), "done");
    harness.tick(later(night.evening, TICK)).await?;
    harness.same("it is awake in the evening", &original).await?;
    harness.tick(end).await?;
    is_asleep(harness).await?;
    wakes(harness, night.morning, &original).await
}

/// A person wakes it at night, and gives it back before that ends.
pub async fn a_wake_by_hand_that_is_given_back(harness: &mut impl Harness) -> Played {
    let night = long_night(harness).await?;
    let original = harness.capacity().await?;
    sleeps(harness, later(night.evening, TICK)).await?;
    harness.at(later(night.evening, SignedDuration::from_mins(30))).await?;
    let run = harness.start(&harness.input(json!({ "want": "awake", "until": "2h" }))).await?;
    harness.run_ended("a person wakes it", Some(&run), "done");
    harness.same("it is awake at night", &original).await?;
    let run = harness.start(&harness.input(json!({ "want": "as-scheduled" }))).await?;
    harness.run_ended("a person gives it back to the schedule", Some(&run), "done");
    is_asleep(harness).await?;
    wakes(harness, night.morning, &original).await
}

/// Two pipelines wake it at night, each for its release; the first one ends early, and it sleeps once the second has ended.
pub async fn releases_of_two_pipelines(harness: &mut impl Harness) -> Played {
    let night = long_night(harness).await?;
    let original = harness.capacity().await?;
    sleeps(harness, later(night.evening, TICK)).await?;
    harness.at(later(night.evening, SignedDuration::from_mins(30))).await?;
    let awake = |id: &str, until: &str| json!({ "want": "awake", "until": until, "for-release": id });
    let over = |id: &str| json!({ "want": "as-scheduled", "for-release": id });
    let run = harness.start(&harness.input(awake("octo/shop-1-1", "45m"))).await?;
    harness.run_ended("a pipeline wakes it, and its execution ends", Some(&run), "done");
    harness.same("it is up when the execution has ended", &original).await?;
    let run = harness.start(&harness.input(awake("octo/shop-2-1", "90m"))).await?;
    harness.run_ended("a second pipeline finds it awake", Some(&run), "done");
    let run = harness.start(&harness.input(over("octo/shop-1-1"))).await?;
    harness.run_ended("the first one ends early", Some(&run), "done");
    harness.same("it stays awake for the second", &original).await?;
    let run = harness.start(&harness.input(over("octo/shop-2-1"))).await?;
    harness.run_ended("the second one ends early", Some(&run), "done");
    is_asleep(harness).await?;
    let run = harness.start(&harness.input(over("octo/shop-2-1"))).await?;
    harness.run_ended("to end it again changes nothing", Some(&run), "nothing");
    let said = run.says.contains("nothing to end, for no release octo/shop-2-1 holds it");
    harness.check("it says that there was nothing to end", said, run.says);
    is_asleep(harness).await?;
    wakes(harness, night.morning, &original).await
}

/// A plan by hand tells every write and makes none.
pub async fn a_plan(harness: &mut impl Harness) -> Played {
    let night = long_night(harness).await?;
    harness.at(night.day).await?;
    let (before, mark) = (harness.capacity().await?, harness.mark().await?);
    let run = harness.start(&harness.input(json!({ "want": "asleep", "until": "2h", "mode": "plan" }))).await?;
    harness.run_ended("a plan by hand is made", Some(&run), "planned");
    let (free, _) = parted(harness.environment(), &before);
    let falling = free.services.iter().filter(|(_, service)| service.desired > 0);
    let counts = falling.map(|(id, service)| format!("{}: {} -> 0 tasks", id.service, service.desired));
    let stops = free.databases.keys().map(|id| format!("{id}: stop"));
    let missing: Vec<String> = counts.chain(stops).filter(|words| !run.says.contains(words)).collect();
    harness.check(
        "it tells every write",
        missing.is_empty(),
        format!("left out: {}; it says: {}", listed(&missing), run.says),
    );
    let writes = harness.writes(mark).await?;
    harness.check("it makes none", writes == 0, format!("{writes} writes"));
    harness.same("nothing is changed", &before).await
}
