//! A day on which nobody uses it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::intent::idle::USAGE_PERIOD;

use super::{TICK, long_night, quiet, sleeps, wakes};
use crate::harness::HarnessError;
use crate::scenarios::{Harness, Played, Unplayed, later};

/// Where CloudWatch can be told how much an environment is used.
pub trait UsageHarness: Harness {
    /// CloudWatch has figures of each period from `from` to `to`: of an environment that nobody uses, and whose targets are healthy.
    async fn report_unused(&mut self, from: Timestamp, to: Timestamp) -> Result<(), HarnessError>;
}

/// After its night nobody uses it: it sleeps once it had the chance to be used for as long as its document says, and is awake again,
/// exactly as it was, when somebody wakes it.
pub async fn a_day_without_use(harness: &mut impl UsageHarness) -> Played {
    let Some(rule) = harness.environment().document().sleep_when_idle else {
        return Err(Unplayed::new("no `sleep-when-idle`", "`sleep-when-idle` beside `wake-page`").into());
    };
    let night = long_night(harness).await?;
    let (after, morning) = (rule.after.signed(), night.morning);
    let hour = SignedDuration::from_hours(1);
    let ends = harness.environment().calendar().and_then(|calendar| calendar.at(morning).until);
    if ends.is_some_and(|ends| ends.duration_since(morning) <= after + hour) {
        return Err(Unplayed::new("a day that is hardly longer than `after`", "a longer one in `awake`").into());
    }
    let original = harness.capacity().await?;
    sleeps(harness, later(night.evening, TICK)).await?;
    wakes(harness, morning, &original).await?;
    harness.report_unused(morning, later(morning, after + hour)).await?;
    quiet(harness, "it is not asked before it could have been used", later(morning, after - TICK)).await?;
    harness.told().await?;
    let asleep = later(morning, after + USAGE_PERIOD);
    sleeps(harness, asleep).await?;
    let told = harness.told().await?;
    let says = told.iter().any(|(_, text)| text.contains("idle, "));
    harness.check("a person is told why", says, format!("{told:?}"));
    quiet(harness, "the next tick writes nothing", later(asleep, TICK)).await?;
    let wake = harness.input(json!({ "want": "awake", "until": "30m", "reason": "somebody came" }));
    let run = harness.start(&wake).await?;
    harness.run_ended("somebody wakes it", Some(&run), "done");
    harness.same("it is awake, exactly as it was", &original).await?;
    quiet(harness, "it stays awake while that holds", later(asleep, TICK * 2)).await?;
    quiet(harness, "and is not asked until it could be used again", later(asleep, TICK * 8)).await?;
    harness.same("it is still awake", &original).await
}
