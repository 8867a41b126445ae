//! What must change nothing.

use serde_json::json;
use watchkeeper_domain::estate::DetectionMode;

use super::{FailoverHarness, begun, detected};
use crate::scenarios::{Played, Unplayed};

/// The probe fails, and the region is well by all other evidence: nothing fails over, and it says so, once.
pub async fn a_false_alarm(harness: &mut impl FailoverHarness) -> Played {
    if harness.failover()?.detect == DetectionMode::Off {
        return Err(Unplayed::new("`detect: off`", "`automatic` or `ask`").into());
    }
    let before = begun(harness).await?;
    harness.block_home(true).await?;
    let stage = detected(harness).await?;
    harness.check("it is a false alarm", stage.ending() == "false-alarm", stage.says());
    let evidence = stage.says().contains("is not lost") && stage.says().contains("ECS");
    harness.check("it says why: the region's own ECS is well", evidence, stage.says());
    harness.untouched("nothing was changed", &before).await?;
    let told = harness.told().await?;
    let letter = told.iter().find(|(subject, _)| subject.contains("false alarm"));
    let told = letter.is_some_and(|(_, text)| text.contains("Nothing was changed"));
    harness.check("a person is told", told, letter.map_or("no message", |(subject, _)| subject.as_str()));
    harness.minute().await?;
    let again = harness.detected().await?;
    harness.check("while it lasts, it is not looked into at every tick", again.is_none(), format!("{again:?}"));
    harness.block_home(false).await?;
    harness.minute().await?;
    Ok(())
}

/// A plan shows every step, and changes nothing.
pub async fn a_plan_of_a_failover(harness: &mut impl FailoverHarness) -> Played {
    let before = begun(harness).await?;
    let mark = harness.mark().await?;
    let stage = harness.fail_over(&harness.input(json!({ "mode": "plan" }))).await?;
    let steps = ["begin", "fence", "scale", "verify", "traffic", "outside", "settle"];
    let missing: Vec<&str> = steps.into_iter().filter(|step| !stage.says().contains(&format!("\n  {step}"))).collect();
    let planned = stage.ending() == "planned" && missing.is_empty();
    let seen = if planned { "7 kinds of steps, each with what it calls" } else { stage.says() };
    harness.check("a plan shows every step", planned, seen);
    let waves = harness.environment().order().waves;
    let unnamed: Vec<_> = waves.iter().flatten().filter(|service| !stage.says().contains(service.as_str())).collect();
    harness.check("and every service of every wave", unnamed.is_empty(), format!("{unnamed:?}"));
    let (writes, told) = (harness.capacity_writes(mark).await?, harness.told().await?);
    harness.check(
        "it writes nothing, and tells nobody",
        writes.is_empty() && told.is_empty(),
        format!("{writes:?} {told:?}"),
    );
    harness.untouched("nothing was changed", &before).await
}
