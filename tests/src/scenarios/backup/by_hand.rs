//! What a person starts: a plan; and a halt.

use serde_json::json;

use super::{BackupHarness, needs};
use crate::scenarios::Played;

/// A plan says why each copy stays, those of others too, and writes nothing.
pub async fn a_plan_of_backups(harness: &mut impl BackupHarness) -> Played {
    let source = needs::table(harness.scope(), harness.environment())?.subject.source;
    harness.back_up_by_hand(&source, "before-the-migration").await?;
    let taken = harness.back_up(&harness.about(&source, json!({}))).await?;
    harness.check("a backup is taken by hand", taken.outcome == "done", taken.to_string());
    let (before, mark) = (harness.kept_copies().await?, harness.mark().await?);
    let plan = harness.back_up(&harness.about(&source, json!({ "mode": "plan" }))).await?;
    let whys = ["stays: the last good one", "before-the-migration", "stays: not ours"];
    let said = plan.outcome == "nothing" && whys.iter().all(|why| plan.says.contains(why));
    harness.check("a plan says why each copy stays", said, plan.to_string());
    let writes = harness.writes(mark).await?;
    let same = harness.kept_copies().await? == before;
    harness.check("it writes nothing", writes == 0 && same, format!("{writes} writes"));
    let other = harness.scope().estate.to_string();
    let unknown = harness.back_up(&harness.input(json!({ "resource": format!("dynamodb:{other}-none-such") }))).await?;
    let named = unknown.outcome == "Request.Invalid" && unknown.says.contains(&source.to_string());
    harness.check("a resource that no job names is refused, with those that are", named, unknown.to_string());
    Ok(())
}

/// Under a halt nothing is backed up.
pub async fn a_halt_of_backups(harness: &mut impl BackupHarness) -> Played {
    let source = needs::policies(harness.scope(), harness.environment())?.remove(0).subject.source;
    let halt = |on: bool| json!({ "halt": on, "reason": "migration", "by": "ada" });
    harness.start(&harness.input(halt(true))).await?;
    let before = harness.kept_copies().await?;
    let refused = harness.back_up(&harness.about(&source, json!({}))).await?;
    harness.start(&harness.input(json!({ "halt": false }))).await?;
    let named = refused.outcome == "Guardrail.Refused" && refused.says.contains("migration");
    harness.check("a backup is refused under a halt, by name", named, refused.to_string());
    let same = harness.kept_copies().await? == before;
    harness.check("nothing is taken", same, format!("{} shelves", before.len()));
    Ok(())
}
