//! The proof: what was taken is restored beside the original and compared, and what a drill made is gone afterwards.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::backup::{BackupSource, JobPolicy, KnownCopy};

use super::{BackupHarness, needs};
use crate::scenarios::{Played, later, millis};

/// Each drill of the document: the newest backup is restored under a scratch name, checked, measured, and removed.
pub async fn a_restore_drill(harness: &mut impl BackupHarness) -> Played {
    for policy in needs::drilled(harness.scope(), harness.environment())? {
        let source = &policy.subject.source;
        taken(harness, &policy).await?;
        harness.told().await?;
        let run = harness.restore(&harness.about(source, json!({}))).await?;
        let evidence = &run.output["evidence"];
        let seen = if run.outcome == "passed" { evidence["checks"].to_string() } else { run.says.clone() };
        harness.check(&format!("the drill of {source} passes"), run.outcome == "passed", seen);
        let (rto, rpo) = (evidence["rto-seconds"].as_u64(), evidence["rpo-seconds"].as_u64());
        let seen = format!("restored in {} s, of an age of {} s", rto.unwrap_or(0), rpo.unwrap_or(0));
        harness.check("time to restore and age are measured", rto.is_some() && rpo.is_some(), seen);
        let scratch = evidence["target"].as_str().unwrap_or_default().to_owned();
        let left = harness.exists(source, &scratch).await?;
        let there = harness.exists(source, source.name.as_str()).await?;
        harness.check("what it made is gone, and the original is there", !left && there, scratch);
        let proved = harness.backup_memory(source).await?.drilled;
        let seen = format!("{proved:?}");
        harness.check(
            "the proof is remembered",
            proved.is_some_and(|proof| proof.ok && !proof.checks.is_empty()),
            seen,
        );
        let told = harness.told().await?;
        let subject = harness.subject(&format!(": restore drill of {source} passed"));
        harness.check("a person is told", told.iter().any(|(told, _)| *told == subject), format!("{told:?}"));
        harness.measured("drill_ms", millis(run.took));
    }
    Ok(())
}

/// A person restores the newest backup of a table into a new name: the same items, with what a restore loses set again, and nothing
/// over what exists.
pub async fn a_table_that_is_restored(harness: &mut impl BackupHarness) -> Played {
    let policy = needs::table(harness.scope(), harness.environment())?;
    let source = &policy.subject.source;
    taken(harness, &policy).await?;
    let input = harness.about(source, json!({ "into": target(harness, source).await? }));
    let restored = harness.restore(&input).await?;
    harness.check("the newest backup is restored", restored.outcome == "passed", restored.to_string());
    same(harness, source, &input["into"]).await?;
    let set = &restored.output["evidence"]["reapplied"];
    let again = harness.lost_by_a_restore().iter().all(|what| set.to_string().contains(what));
    harness.check("what a restore loses is set again", again, set.to_string());
    let original = harness.about(source, json!({ "into": source.name }));
    for (input, names) in [(&input, "a name that is free"), (&original, "-drill or -restored")] {
        let refused = harness.restore(input).await?;
        let named = refused.outcome == "Request.Invalid" && refused.says.contains(names);
        harness.check("nothing is restored over what exists", named, refused.to_string());
    }
    Ok(())
}

/// A person restores the state of an instant into a new name, where recovery reaches it.
pub async fn an_instant_that_is_restored(harness: &mut impl BackupHarness) -> Played {
    let policy = needs::table(harness.scope(), harness.environment())?;
    let source = &policy.subject.source;
    // Recovery reaches to whole seconds.
    let now = harness.now().await?.as_second();
    let now = Timestamp::from_second(now).unwrap_or_default();
    let into = target(harness, source).await?;
    for (input, names) in [
        (json!({ "into": into, "to": "1969-07-20T20:17:40Z" }), "an instant from"),
        (json!({ "into": into, "to": later(now, SignedDuration::from_hours(24)) }), "an instant from"),
        (json!({ "to": now }), "a new name for the state of `to`"),
    ] {
        let refused = harness.restore(&harness.about(source, input.clone())).await?;
        let named = refused.outcome == "Request.Invalid" && refused.says.contains(names);
        harness.check(&format!("{input} is refused, by name"), named, refused.to_string());
    }
    let input = harness.about(source, json!({ "into": into, "to": now }));
    let restored = harness.restore(&input).await?;
    harness.check("the instant is restored", restored.outcome == "passed", restored.to_string());
    same(harness, source, &input["into"]).await
}

/// There is a good backup of a resource: a person takes one, where there is none.
async fn taken(harness: &mut impl BackupHarness, policy: &JobPolicy) -> Played {
    let source = &policy.subject.source;
    if !harness.backup_memory(source).await?.copies.iter().any(KnownCopy::is_good) {
        let run = harness.back_up(&harness.about(source, json!({}))).await?;
        harness.check(&format!("{source} is backed up by hand"), run.outcome == "done", run.to_string());
    }
    Ok(())
}

/// A name that nobody has restored into.
async fn target(harness: &impl BackupHarness, source: &BackupSource) -> Played<String> {
    Ok(format!("{}-{}-restored", source.name, harness.now().await?.as_second()))
}

async fn same(harness: &mut impl BackupHarness, source: &BackupSource, into: &serde_json::Value) -> Played {
    let target = into.as_str().unwrap_or_default();
    let items = harness.same_items(source.name.as_str(), target).await?;
    harness.check("the restored table has the same items", items.is_some_and(|items| items > 0), format!("{items:?}"));
    Ok(())
}
