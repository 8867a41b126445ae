//! What people ask for during a night.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::capacity::Capacity;

use super::night::later;
use crate::drill::step::{DrillStep, asleep, difference, line};
use crate::harness::{HarnessError, listed};

/// A plan first, then an hour awake that ends by itself.
pub(super) async fn play(drill: &mut DrillStep<'_>, original: &Capacity) -> Result<(), HarnessError> {
    let mark = drill.mark().await?;
    let plan = drill.by_hand("a plan by hand", json!({ "want": "awake", "until": "1h", "mode": "plan" })).await?;
    let api_calls = drill.api_calls(mark).await?;
    let planned = plan.outcome() == "planned" && api_calls.writes().is_empty();
    let detail =
        if api_calls.writes().is_empty() { first_line(plan.says()).to_owned() } else { listed(&api_calls.writes()) };
    drill.check("a plan tells, and writes nothing", planned, detail);

    let run = drill.by_hand("awake by hand", json!({ "want": "awake", "until": "1h", "reason": "drill" })).await?;
    let found = drill.capacity().await?;
    let done = run.outcome() == "done" && found == *original;
    let detail = if done { line(&found) } else { format!("{}; {}", run.says(), difference(original, &found)) };
    drill.check("a person wakes it for an hour", done, detail);

    let now = drill.stack.control().now().await?;
    drill.tick("the override has expired", later(now, SignedDuration::from_mins(65))).await?;
    let found = drill.capacity().await?;
    drill.check("the override ends by itself", asleep(drill.environment, &found), line(&found));
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
