//! The proof: a table is restored with its items and compared, an instant is restored beside the original, and what a drill
//! made is gone afterwards.

use serde_json::{Value, json};
use watchkeeper_domain::backup::{BackupSource, ResourceKind};

use crate::drill::scene::SandboxScene;
use crate::harness::{EndedExecution, HarnessError};
use crate::scenarios::{Unplayed, millis};

/// Restores, where the environment has a table with a drill, and what databases allow.
pub(super) async fn play(drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    let policies = super::month::policies(drill);
    let drilled = policies.iter().filter(|policy| policy.drill.is_some());
    let sources: Vec<BackupSource> = drilled.map(|policy| policy.subject.source.clone()).collect();
    if sources.is_empty() {
        drill.leave_out("the proof that it can be restored", &Unplayed::new("no job with `drill`", "`drill` at a job"));
    }
    for source in &sources {
        if source.kind == ResourceKind::Dynamodb {
            table(drill, source).await?;
        }
        restore_drill(drill, source).await?;
    }
    Ok(())
}

fn input(drill: &SandboxScene<'_>, source: &BackupSource, mut more: Value) -> Value {
    more["estate"] = drill.scope.estate.to_string().into();
    more["environment"] = drill.scope.environment.to_string().into();
    more["resource"] = source.to_string().into();
    more
}

/// A person restores the newest backup into a new name: the same items, and nothing over what exists.
async fn table(drill: &mut SandboxScene<'_>, source: &BackupSource) -> Result<(), HarnessError> {
    let original = source.name.as_str();
    let target = format!("{original}-restored");
    let site = drill.stack.site();
    let before = site.items(original).await?;
    let request = input(drill, source, json!({ "into": target }));
    let stack = drill.stack;
    let ended = drill
        .step(&format!("the newest backup of {original} is restored into {target}"), stack.restore(&request))
        .await?;
    let after = site.items(&target).await?;
    let same = before == after && !after.is_empty();
    drill.check("the restored table has the same items", same, format!("{} of {} items", after.len(), before.len()));
    let set = ended.output["evidence"]["reapplied"].as_array().map_or(0, Vec::len);
    drill.check("what a restore loses is set again", set >= 3, ended.output["evidence"]["reapplied"].to_string());
    let again = drill.step("the same name again", stack.restore(&request)).await?;
    drill.check("nothing is restored over what exists", again.outcome() == "Request.Invalid", again.says().to_owned());
    Ok(())
}

/// The drill of a resource.
async fn restore_drill(drill: &mut SandboxScene<'_>, source: &BackupSource) -> Result<(), HarnessError> {
    let request = input(drill, source, json!({}));
    let stack = drill.stack;
    let ended: EndedExecution = drill.step(&format!("the drill of {source}"), stack.restore(&request)).await?;
    let evidence = &ended.output["evidence"];
    let passed = ended.outcome() == "passed";
    drill.check(
        &format!("the drill of {source} passes"),
        passed,
        if passed { evidence["checks"].to_string() } else { ended.says().to_owned() },
    );
    let (rto, rpo) = (evidence["rto-seconds"].as_u64(), evidence["rpo-seconds"].as_u64());
    let measured = format!("restored in {} s (the sandbox's), of an age of {} s", rto.unwrap_or(0), rpo.unwrap_or(0));
    drill.check("time to restore and age are measured", rto.is_some() && rpo.is_some(), measured);
    if source.kind == ResourceKind::Dynamodb {
        let scratch = evidence["target"].as_str().unwrap_or_default().to_owned();
        let left = stack.site().has_table(&scratch).await?;
        let there = stack.site().has_table(source.name.as_str()).await?;
        drill.check("what the drill made is gone, and the original is there", !left && there, scratch);
    }
    drill.report.figures.insert("drill_ms", millis(ended.took));
    Ok(())
}
