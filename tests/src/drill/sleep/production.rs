//! Production beside it: never touched, and refused by name to whoever asks.

use serde_json::json;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::name::Scope;

use crate::drill::step::{DrillStep, difference, line};
use crate::harness::{SandboxHarness, StageError, scope};

/// The production environments of the chosen estates in the regions on stage, and how they are now.
pub(super) async fn before(stage: &SandboxHarness, chosen: &[Scope]) -> Result<Vec<(Scope, Capacity)>, StageError> {
    let mut kept = Vec::new();
    for (estate, environment) in stage.at_home() {
        let of_chosen = chosen.iter().any(|scope| scope.estate == *estate.name());
        let Ok(stack) = stage.stack(environment.document().regions.primary.as_str()) else { continue };
        if environment.kind() == EnvironmentKind::Production && of_chosen && environment.has_resources(stack.region()) {
            kept.push((scope(estate, environment, stack.region()), stack.capacity(environment).await?));
        }
    }
    Ok(kept)
}

/// Nothing was written to it all the while, and a run that asks for its sleep is refused.
pub(super) async fn play(act: &mut DrillStep<'_>, before: &Capacity) -> Result<(), StageError> {
    let ask = json!({ "want": "asleep", "until": "1h", "reason": "drill" });
    let run = act.by_hand("asleep by hand", ask).await?;
    let refused = run.outcome() == "Guardrail.Refused" && run.says().contains("production-never-sleeps");
    act.check("production refuses to sleep, by name", refused, format!("{}: {}", run.outcome(), run.says()));
    let deeds = act.deeds(0).await?;
    let writes = act.writes(&deeds).len();
    let found = act.capacity().await?;
    let same = found == *before && writes == 0;
    let detail = if same { format!("{writes} writes; {}", line(&found)) } else { difference(before, &found) };
    act.check("production was never touched", same, detail);
    Ok(())
}
