//! Production beside it: never touched, and refused by name to whoever asks.

use serde_json::json;
use watchkeeper_domain::capacity::Capacity;

use crate::drill::step::{DrillStep, difference, line};
use crate::harness::HarnessError;

/// Nothing was written to it all the while, and a run that asks for its sleep is refused.
pub(super) async fn play(drill: &mut DrillStep<'_>, before: &Capacity) -> Result<(), HarnessError> {
    let ask = json!({ "want": "asleep", "until": "1h", "reason": "drill" });
    let run = drill.by_hand("asleep by hand", ask).await?;
    let refused = run.outcome() == "Guardrail.Refused" && run.says().contains("production-never-sleeps");
    drill.check("production refuses to sleep, by name", refused, format!("{}: {}", run.outcome(), run.says()));
    let api_calls = drill.api_calls(0).await?;
    let writes = drill.writes(&api_calls).len();
    let found = drill.capacity().await?;
    let same = found == *before && writes == 0;
    let detail = if same { format!("{writes} writes; {}", line(&found)) } else { difference(before, &found) };
    drill.check("production was never touched", same, detail);
    Ok(())
}
