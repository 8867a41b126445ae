//! What people ask for during a night.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::capacity::Capacity;

use super::night::later;
use crate::drill::step::{DrillStep, asleep, difference, line};
use crate::harness::{StageError, listed};

/// A plan first, then an hour awake that ends by itself.
pub(super) async fn play(act: &mut DrillStep<'_>, original: &Capacity) -> Result<(), StageError> {
    let mark = act.mark().await?;
    let plan = act.by_hand("a plan by hand", json!({ "want": "awake", "until": "1h", "mode": "plan" })).await?;
    let deeds = act.deeds(mark).await?;
    let planned = plan.outcome() == "planned" && deeds.writes().is_empty();
    let detail = if deeds.writes().is_empty() { first_line(plan.says()).to_owned() } else { listed(&deeds.writes()) };
    act.check("a plan tells, and writes nothing", planned, detail);

    let run = act.by_hand("awake by hand", json!({ "want": "awake", "until": "1h", "reason": "drill" })).await?;
    let found = act.capacity().await?;
    let done = run.outcome() == "done" && found == *original;
    let detail = if done { line(&found) } else { format!("{}; {}", run.says(), difference(original, &found)) };
    act.check("a person wakes it for an hour", done, detail);

    let now = act.stack.control().now().await?;
    act.tick("the override has expired", later(now, SignedDuration::from_mins(65))).await?;
    let found = act.capacity().await?;
    act.check("the override ends by itself", asleep(&found), line(&found));
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
